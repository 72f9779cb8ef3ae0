//! Subnets and security groups, found as a client finds them.

use serde_json::{Value, json};

use crate::fixtures::Network;
use crate::model::Service::Ec2;
use crate::testing::Desk;

fn desk() -> Desk {
    let mut desk = Desk::new();
    let purpose = [("immutable_metadata", "{\"purpose\":\"internal\"}")];
    let fixtures = &mut desk.sim.region(&desk.key.clone()).fixtures;
    let subnet = |zone: &str| Network::subnet("vpc-1", zone).tagged(&purpose);
    fixtures.subnets.insert("subnet-1".to_owned(), subnet("eu-west-1a"));
    fixtures.subnets.insert("subnet-2".to_owned(), subnet("eu-west-1b"));
    let third = Network::subnet("vpc-2", "eu-west-1a").tagged(&[("Name", "shop.internal.eu-west-1a")]);
    fixtures.subnets.insert("subnet-3".to_owned(), third);
    fixtures.security_groups.insert("sg-1".to_owned(), Network::security_group("vpc-1", "web"));
    fixtures.security_groups.insert("sg-2".to_owned(), Network::security_group("vpc-2", "web"));
    desk
}

fn filters(filters: &[(&str, &[&str])]) -> Value {
    let filter = |(name, values): &(&str, &[&str])| json!({ "Name": name, "Values": values });
    json!({ "Filters": filters.iter().map(filter).collect::<Vec<_>>() })
}

fn found(desk: &mut Desk, input: &Value) -> Vec<String> {
    let answer = desk.ok(Ec2, "DescribeSubnets", input);
    let subnets = answer["Subnets"].as_array().unwrap();
    subnets.iter().map(|subnet| subnet["SubnetId"].as_str().unwrap().to_owned()).collect()
}

/// API reference, `Filter`: several values are joined with OR, several filters with AND.
#[test]
fn subnets_are_found_by_vpc_zone_and_tag() {
    let mut desk = desk();
    assert_eq!(found(&mut desk, &json!({})).len(), 3);
    assert_eq!(found(&mut desk, &filters(&[("vpc-id", &["vpc-1"])])), ["subnet-1", "subnet-2"]);
    let zones: &[&str] = &["eu-west-1a", "eu-west-1c"];
    assert_eq!(found(&mut desk, &filters(&[("availability-zone", zones)])), ["subnet-1", "subnet-3"]);
    assert_eq!(found(&mut desk, &filters(&[("availability-zone", zones), ("vpc-id", &["vpc-1"])])), ["subnet-1"]);
    assert_eq!(found(&mut desk, &filters(&[("tag:Name", &["*.internal.*"])])), ["subnet-3"]);
    assert_eq!(found(&mut desk, &filters(&[("tag-key", &["immutable_metadata"])])), ["subnet-1", "subnet-2"]);
    let one = desk.ok(Ec2, "DescribeSubnets", &json!({ "SubnetIds": ["subnet-2"] }));
    let tag = json!([{ "Key": "immutable_metadata", "Value": "{\"purpose\":\"internal\"}" }]);
    assert_eq!(one["Subnets"][0]["Tags"], tag);
    assert_eq!(desk.refused(Ec2, "DescribeSubnets", &filters(&[("colour", &["x"])])), "InvalidParameterValue");
}

#[test]
fn missing_ids_are_refused_with_the_codes_of_ec2() {
    let mut desk = desk();
    let subnets = json!({ "SubnetIds": ["subnet-1", "subnet-9"] });
    assert_eq!(desk.refused(Ec2, "DescribeSubnets", &subnets), "InvalidSubnetID.NotFound");
    assert_eq!(desk.refused(Ec2, "DescribeSecurityGroups", &json!({ "GroupIds": ["sg-9"] })), "InvalidGroup.NotFound");
    assert_eq!(desk.refused(Ec2, "DescribeSubnets", &json!({ "SubnetId": ["subnet-1"] })), "UnknownParameter");
}

#[test]
fn security_groups_are_found_by_name_in_a_vpc() {
    let mut desk = desk();
    let input = filters(&[("group-name", &["web"]), ("vpc-id", &["vpc-2"])]);
    let answer = desk.ok(Ec2, "DescribeSecurityGroups", &input);
    assert_eq!(answer["SecurityGroups"].as_array().unwrap().len(), 1);
    assert_eq!(answer["SecurityGroups"][0]["GroupId"], "sg-2");
}

/// API reference: `MaxResults` is 5 to 1000 and not allowed beside ids.
#[test]
fn subnets_come_in_pages() {
    let mut desk = desk();
    let fixtures = &mut desk.sim.region(&desk.key.clone()).fixtures;
    for n in 10..20 {
        fixtures.subnets.insert(format!("subnet-{n}"), Network::subnet("vpc-3", "eu-west-1a"));
    }
    let first = desk.ok(Ec2, "DescribeSubnets", &json!({ "MaxResults": 8 }));
    assert_eq!(first["Subnets"].as_array().unwrap().len(), 8);
    let rest = desk.ok(Ec2, "DescribeSubnets", &json!({ "MaxResults": 8, "NextToken": first["NextToken"] }));
    assert_eq!((rest["Subnets"].as_array().unwrap().len(), rest.get("NextToken")), (5, None));
    assert_eq!(desk.refused(Ec2, "DescribeSubnets", &json!({ "MaxResults": 4 })), "InvalidParameterValue");
    let both = json!({ "MaxResults": 8, "SubnetIds": ["subnet-1"] });
    assert_eq!(desk.refused(Ec2, "DescribeSubnets", &both), "InvalidParameterCombination");
}
