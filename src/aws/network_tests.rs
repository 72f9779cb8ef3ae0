//! EC2 over a scripted wire.

use super::*;
use crate::aws::classify::Class;
use crate::aws::test_wire::{Asked, Reply, Wire};
use crate::aws::{AccountKey, AwsSettings};

fn here() -> Scope {
    Scope::new("eu-west-1")
}

fn subnets(token: Option<&str>, ids: &[&str]) -> Reply {
    let item = |id: &&str| {
        format!(
            "<item><subnetId>{id}</subnetId><vpcId>vpc-1</vpcId><availabilityZone>eu-west-1a</availabilityZone>\
             <tagSet><item><key>Name</key><value>a.b &amp; c</value></item><item><key>empty</key><value/></item></tagSet>\
             </item>"
        )
    };
    let items: String = ids.iter().map(item).collect();
    let token = token.map(|token| format!("<nextToken>{token}</nextToken>")).unwrap_or_default();
    let names = "xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"";
    let body = format!("<requestId>r</requestId><subnetSet>{items}</subnetSet>{token}");
    Reply::Text(
        200,
        format!("<?xml version=\"1.0\"?><DescribeSubnetsResponse {names}>{body}</DescribeSubnetsResponse>"),
    )
}

#[test]
fn the_endpoint_is_the_partitions_own() {
    let config = SdkConfig::builder().build();
    let at = |region| endpoint(&config, region);
    assert_eq!(at("eu-west-1"), "https://ec2.eu-west-1.amazonaws.com");
    assert_eq!(at("cn-north-1"), "https://ec2.cn-north-1.amazonaws.com.cn");
    assert_eq!(at("eusc-de-east-1"), "https://ec2.eusc-de-east-1.amazonaws.eu");
}

#[tokio::test(start_paused = true)]
async fn subnets_are_read_to_the_last_page_signed_for_ec2() {
    let wire = Wire::new(|asked| match asked.text("NextToken") {
        "" => subnets(Some("2"), &["subnet-b"]),
        _ => subnets(None, &["subnet-a"]),
    });
    let filter = SubnetFilter { names: vec!["a.b & c".to_owned(), "50% *".to_owned()], ..SubnetFilter::default() };
    let found = wire.aws().subnets(&here(), &filter, Priority::Edit).await.unwrap();
    assert_eq!(found.iter().map(|subnet| subnet.id.as_str()).collect::<Vec<_>>(), ["subnet-a", "subnet-b"]);
    assert_eq!((found[0].vpc_id.as_str(), found[0].zone.as_str()), ("vpc-1", "eu-west-1a"));
    assert_eq!((found[0].tags["Name"].as_str(), found[0].tags["empty"].as_str()), ("a.b & c", ""));
    let asked: Vec<Asked> = wire.asked();
    assert_eq!(wire.operations(), ["DescribeSubnets", "DescribeSubnets"]);
    assert_eq!((asked[0].text("Version"), asked[0].text("Filter.1.Name")), ("2016-11-15", "tag:Name"));
    assert_eq!(asked[0].list("Filter.1.Value"), ["a.b & c", "50% \\*"], "names are not patterns");
    assert_eq!(asked[0].text("Filter.2.Name"), "");
    assert!(asked[0].host.starts_with("https://ec2.eu-west-1.amazonaws.com"), "{}", asked[0].host);
    assert!(
        asked[0].authorization.contains("AKIDTEST") && asked[0].authorization.contains("/eu-west-1/ec2/aws4_request")
    );
}

#[tokio::test(start_paused = true)]
async fn security_groups_are_looked_for_in_their_vpc_only() {
    let wire = Wire::new(|_| {
        let item =
            "<item><ownerId>1</ownerId><groupId>sg-1</groupId><groupName>web</groupName><vpcId>vpc-1</vpcId></item>";
        Reply::Text(200, format!("<R><securityGroupInfo>{item}</securityGroupInfo></R>"))
    });
    let names = ["web".to_owned(), "none".to_owned()];
    let found = wire.aws().security_groups(&here(), "vpc-1", &names, Priority::Edit).await.unwrap();
    let web = SecurityGroupSeen { id: "sg-1".to_owned(), name: "web".to_owned(), vpc_id: "vpc-1".to_owned() };
    assert_eq!(found, [web]);
    let asked = wire.asked();
    assert_eq!(
        (asked[0].list("Filter.1.Value"), asked[0].list("Filter.2.Value")),
        (vec!["vpc-1".to_owned()], names.to_vec())
    );
    assert!(wire.aws().security_groups(&here(), "vpc-1", &[], Priority::Edit).await.unwrap().is_empty());
    assert_eq!(wire.asked().len(), 1, "no names, no question");
}

#[tokio::test(start_paused = true)]
async fn refusals_of_ec2_have_their_class_and_are_sent_once() {
    let cases = [
        (403, "UnauthorizedOperation", Class::Permission),
        (503, "RequestLimitExceeded", Class::Throttled),
        (401, "AuthFailure", Class::Credentials),
        (500, "InternalError", Class::UnknownOutcome),
        (400, "InvalidParameterValue", Class::Permanent),
    ];
    for (status, code, class) in cases {
        let wire = Wire::new(move |_| {
            let error = format!("<Error><Code>{code}</Code><Message>text</Message></Error>");
            Reply::Text(status, format!("<Response><Errors>{error}</Errors><RequestID>r</RequestID></Response>"))
        });
        let error = wire.aws().subnets(&here(), &SubnetFilter::default(), Priority::Edit).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.message.as_str(), error.class), (code, "text", class));
        assert_eq!(error.request_id.as_deref(), Some("request-1"));
        assert_eq!(wire.asked().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn answers_of_ec2_that_are_no_xml_are_unknown_outcomes() {
    for (status, body) in [(200, "<html"), (200, ""), (502, "<html>bad</html>")] {
        let wire = Wire::new(move |_| Reply::Raw(status, body));
        let error = wire.aws().subnets(&here(), &SubnetFilter::default(), Priority::Edit).await.unwrap_err();
        assert_eq!(error.class, Class::UnknownOutcome, "{status} {body}: {error}");
    }
    let wire = Wire::new(|_| Reply::Hang);
    let error = wire.aws().subnets(&here(), &SubnetFilter::default(), Priority::Edit).await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::UnknownOutcome, code::TIMEOUT));
}

#[tokio::test(start_paused = true)]
async fn an_account_without_credentials_sends_nothing_to_ec2() {
    let wire = Wire::new(|_| subnets(None, &[]));
    let other = Scope::of(AccountKey::named("other"), "eu-west-1");
    let error = wire.aws().subnets(&other, &SubnetFilter::default(), Priority::Edit).await.unwrap_err();
    assert_eq!(error.class, Class::Credentials, "{error}");
    assert!(wire.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_endpoint_of_the_configuration_is_ec2s_too() {
    let wire = Wire::new(|_| subnets(None, &[]));
    let config = wire.config().to_builder().endpoint_url("http://127.0.0.1:4566").build();
    let aws = Aws::new(config, AwsSettings::default());
    aws.subnets(&here(), &SubnetFilter::default(), Priority::Edit).await.unwrap();
    assert!(wire.asked()[0].host.starts_with("http://127.0.0.1:4566/"), "{}", wire.asked()[0].host);
}
