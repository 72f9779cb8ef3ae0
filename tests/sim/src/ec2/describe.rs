//! `DescribeSubnets` and `DescribeSecurityGroups`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::filter;
use crate::ecs::{self, list, paging, set};
use crate::fixtures::Network;
use crate::refusal::Refusal;
use crate::world::{Cx, Region};

fn ids(input: &Value, member: &str) -> Vec<String> {
    list(input, member).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The networks with these ids, in any order; all without ids.
///
/// Errors: `…NotFound` for the first that is missing, as EC2 does.
fn chosen<'a>(
    all: &'a BTreeMap<String, Network>,
    asked: &[String],
    what: (&str, &str),
) -> Result<Vec<(&'a String, &'a Network)>, Refusal> {
    if let Some(id) = asked.iter().find(|id| !all.contains_key(*id)) {
        return Err(Refusal::new(what.0, format!("The {} '{id}' does not exist", what.1)));
    }
    Ok(all.iter().filter(|(id, _)| asked.is_empty() || asked.contains(id)).collect())
}

fn tags(network: &Network) -> Vec<Value> {
    network.tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

/// One page, by `NextToken` and `MaxResults`; without a size everything up to 1000.
fn page(cx: &mut Cx, action: &str, input: &Value, ids: &[String], found: Vec<Value>) -> Result<paging::Page, Refusal> {
    let mut asked = input.clone();
    if let Value::Object(members) = &mut asked {
        if members.contains_key("MaxResults") && !ids.is_empty() {
            let message = "The parameter MaxResults cannot be used with ids";
            return Err(Refusal::new("InvalidParameterCombination", message));
        }
        for (name, other) in [("NextToken", "nextToken"), ("MaxResults", "maxResults")] {
            if let Some(value) = members.remove(name) {
                members.insert(other.to_owned(), value);
            }
        }
    }
    paging::page(cx, action, &asked, found, 1000, 1000)
        .map_err(|refusal| Refusal::new("InvalidParameterValue", refusal.message))
}

fn answer(member: &str, page: paging::Page) -> Value {
    let mut answer = json!({ member: page.items });
    if let Some(next) = page.next {
        ecs::set(&mut answer, "NextToken", next);
    }
    answer
}

/// `DescribeSubnets`.
pub(super) fn subnets(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let asked = ids(input, "SubnetIds");
    let all = chosen(&region.fixtures.subnets, &asked, ("InvalidSubnetID.NotFound", "subnet ID"))?;
    let mut found = Vec::new();
    for (id, subnet) in all {
        let facts = [
            ("subnet-id", id.as_str()),
            ("vpc-id", &subnet.vpc_id),
            ("availability-zone", &subnet.zone),
            ("availabilityZone", &subnet.zone),
            ("state", "available"),
            ("owner-id", &cx.key.account),
        ];
        if filter::holds(input, subnet, &facts)? {
            found.push(json!({
                "SubnetId": id,
                "SubnetArn": cx.key.arn("ec2", &format!("subnet/{id}")),
                "VpcId": subnet.vpc_id,
                "AvailabilityZone": subnet.zone,
                "State": "available",
                "OwnerId": cx.key.account,
                "CidrBlock": "10.0.0.0/20",
                "AvailableIpAddressCount": 4000,
                "DefaultForAz": false,
                "MapPublicIpOnLaunch": false,
                "Tags": tags(subnet),
            }));
        }
    }
    Ok(answer("Subnets", page(cx, "DescribeSubnets", input, &asked, found)?))
}

/// `DescribeSecurityGroups`. `GroupNames` speaks of the default VPC only, which is not simulated.
pub(super) fn groups(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    if input.get("GroupNames").is_some() {
        let message = "GroupNames works in the default VPC only; use the filter group-name";
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let asked = ids(input, "GroupIds");
    let all = chosen(&region.fixtures.security_groups, &asked, ("InvalidGroup.NotFound", "security group"))?;
    let mut found = Vec::new();
    for (id, group) in all {
        let facts = [
            ("group-id", id.as_str()),
            ("group-name", &group.name),
            ("vpc-id", &group.vpc_id),
            ("owner-id", &cx.key.account),
        ];
        if filter::holds(input, group, &facts)? {
            let mut view = json!({
                "GroupId": id,
                "GroupName": group.name,
                "Description": "",
                "VpcId": group.vpc_id,
                "OwnerId": cx.key.account,
                "SecurityGroupArn": cx.key.arn("ec2", &format!("security-group/{id}")),
                "Tags": tags(group),
            });
            set(&mut view, "IpPermissions", Vec::<Value>::new());
            found.push(view);
        }
    }
    Ok(answer("SecurityGroups", page(cx, "DescribeSecurityGroups", input, &asked, found)?))
}
