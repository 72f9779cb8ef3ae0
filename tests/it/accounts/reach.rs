//! Every member of a namespaced kind that is text: whether it can name something outside of the object, and what it is
//! held against then. A new member has to be entered here.

use std::collections::BTreeSet;

use ecs_operator::api::AwsAccountSpec;
use ecs_operator::api::aws_account::NamespaceSelection;
use ecs_operator::api::condition::Reason;
use ecs_operator::controllers::accounts::{
    Accounts, Ambient, Asked, Installation, Known, Place, Refused, check, resolve,
};

use super::*;

/// What a member is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// A list of roles of the account, and nothing of another account.
    Role(&'static str),
    /// A list of the account, and nothing of another account or Region; ARNs begin so.
    Listed(&'static str, &'static str),
    /// As [`Held::Listed`], for a bare name.
    ListedName(&'static str, &'static str),
    /// The account and the Region.
    Bound(&'static str),
    /// The Region, and the account or `foreignAccounts`.
    Region(&'static str),
    /// The account or `foreignAccounts`.
    Account(&'static str),
    /// The partition: the ARN says no more.
    Partition(&'static str),
    /// A name or id that means what it means in the account of the object: no call leaves that.
    Within,
    /// Ownership tags: the thing is made under this name, and not touched when another has it.
    Owned,
    /// An object of the same namespace.
    Neighbour,
    /// Who may use an account, and its Regions: a story in `resolution`.
    Resolved,
    /// `ECS_OPERATOR_METRIC_HOSTS`.
    Host,
    /// Text for a container, a metric, a label: the operator goes nowhere because of it.
    Inert,
}
use Held::{
    Account, Bound, Host, Inert, Listed, ListedName, Neighbour, Owned, Partition, Region, Resolved, Role, Within,
};

const GROUPS: &str = "elasticloadbalancing:R:A:targetgroup/billing/1";
const RULES: &str = "elasticloadbalancing:R:A:listener-rule/app/billing/1/2/3";

/// The end of a path, and what is held there; the longest that fits counts. `R` and `A` stand for Region and account.
const TABLE: &[(&[&str], Held)] = &[
    (&["taskRoleArn"], Role("allowedTaskRoles")),
    (&["executionRoleArn"], Role("allowedExecutionRoles")),
    (&["role", "roleArn"], Role("allowedInfrastructureRoles")),
    (&["targetGroupArn", "alternateTargetGroupArn"], Listed("allowedTargetGroups", GROUPS)),
    (&["targetGroup", "alternateTargetGroup"], Listed("allowedTargetGroups", GROUPS)),
    (&["productionListenerRule", "testListenerRule", "listenerRules"], Listed("allowedListenerRules", RULES)),
    (&["cluster"], Listed("allowedClusters", "ecs:R:A:cluster/billing")),
    (&["loadBalancerName"], ListedName("allowedTargetGroups", "billing")),
    (&["taskDefinition"], Bound("ecs:R:A:task-definition/billing:1")),
    (&["registryArn"], Region("servicediscovery:R:A:service/srv-1")),
    (
        &["serviceConnectConfiguration.namespace", "serviceConnectDefaults.namespace"],
        Region("servicediscovery:R:A:namespace/ns-1"),
    ),
    (&["hookTargetArn"], Region("lambda:R:A:function:hook")),
    (&["alarmActions"], Region("sns:R:A:topic")),
    (&["kmsKeyId", "fargateEphemeralStorageKmsKeyId", "kmsKey"], Region("kms:R:A:key/1")),
    (&["awsPcaAuthorityArn"], Region("acm-pca:R:A:certificate-authority/1")),
    (&["fileSystemArn"], Region("elasticfilesystem:R:A:file-system/fs-1")),
    (&["accessPointArn"], Region("elasticfilesystem:R:A:access-point/fsap-1")),
    (&["valueFrom", "credentialsParameter"], Account("secretsmanager:R:A:secret:db")),
    (&["environmentFiles[].value"], Partition("s3:::bucket/file.env")),
    (&["accountRef.name", "region"], Resolved),
    (&["source.accountRef.name", "source.region", "source.cluster", "source.serviceName"], Resolved),
    (&["clusterRef.name", "taskDefinitionRef.name", "configMapKeyRef.name", "configMapKeyRef.key"], Neighbour),
    (&["prometheus.address", "web.url"], Host),
    (&["clusterName", "serviceName", "family", "alarmName", "policyName", "scheduledActionName"], Owned),
    (&["moniker.application", "moniker.stack", "moniker.detail"], Owned),
    (
        &[
            "accessPointId",
            "alarmNames",
            "alarms",
            "capacityProvider",
            "capacityProviders",
            "cloudWatchLogGroupName",
            "discoveryName",
            "dnsName",
            "fileSystemId",
            "resourceLabel",
            "s3BucketName",
            "s3KeyPrefix",
            "securityGroupNames",
            "securityGroups",
            "snapshotId",
            "subnetNames",
            "subnetPurposes",
            "subnets",
            "availabilityZones",
            "metric.namespace",
            "customizedMetricSpecification.namespace",
            "cloudWatch.namespace",
            "alarms[].namespace",
            "metricName",
            "metricNames",
            "dimensions",
            "dimensions[].name",
            "dimensions[].value",
        ],
        Within,
    ),
    // Run or read by the container with its own roles and network.
    (
        &[
            "add",
            "command",
            "containerName",
            "containerPath",
            "containerPortRange",
            "credentialSpecs",
            "deviceName",
            "deviceType",
            "dnsSearchDomains",
            "dnsServers",
            "dockerLabels",
            "dockerSecurityOptions",
            "domain",
            "driver",
            "driverOpts",
            "drop",
            "entryPoint",
            "hostPath",
            "hostname",
            "image",
            "ipAddress",
            "labels",
            "links",
            "mountOptions",
            "options",
            "rootDirectory",
            "sourceContainer",
            "sourcePath",
            "sourceVolume",
            "user",
            "workingDirectory",
            "portName",
            "systemControls[].namespace",
            "healthCheckPath",
            "grpcCode",
            "httpCode",
            "volumeType",
            "exact",
        ],
        Inert,
    ),
    // Words, numbers and expressions. What an artifact holds is a task definition, and held as one.
    (
        &[
            "alarmDescription",
            "comparisonOperator",
            "endTime",
            "expression",
            "extendedStatistic",
            "failure",
            "field",
            "hookDetails",
            "id",
            "inline",
            "jsonPointer",
            "key",
            "label",
            "name",
            "platformVersion",
            "policies",
            "predefinedMetricType",
            "query",
            "redeployToken",
            "schedule",
            "startTime",
            "stat",
            "statistic",
            "success",
            "tags",
            "timezone",
            "toVersion",
            "treatMissingData",
            "unit",
            "value",
        ],
        Inert,
    ),
];

fn held(path: &str) -> Option<Held> {
    let fits = |end: &&&str| path.strip_suffix(**end).is_some_and(|front| front.ends_with('.'));
    let ends = TABLE.iter().flat_map(|(ends, held)| ends.iter().filter(fits).map(move |end| (end.len(), *held)));
    ends.max_by_key(|(length, _)| *length).map(|(_, held)| held)
}

/// Paths of all members that are text, lists of text or maps of text.
fn texts(node: &Value, path: &str, found: &mut Vec<String>) {
    let free = |node: &Value| node["type"] == "string" && node["enum"].is_null();
    for (name, below) in node["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        if free(below) || free(&below["items"]) || free(&below["additionalProperties"]) {
            found.push(path.clone());
        }
        texts(below, &path, found);
        if below["items"].is_object() {
            texts(&below["items"], &format!("{path}[]"), found);
        }
    }
}

fn all() -> Vec<String> {
    let mut found = Vec::new();
    for kind in ["EcsCluster", "EcsTaskDefinition", "EcsService", "ServerGroup"] {
        let schema = ecs_operator::api::schema::schema(kind).unwrap().unwrap();
        texts(&schema["properties"]["spec"], kind, &mut found);
    }
    found
}

/// A spec with one member, at a path such as `EcsService.loadBalancers[].targetGroupArn`.
fn spec(path: &str, value: &str) -> Value {
    let mut spec = json!(value);
    for part in path.split('.').skip(1).collect::<Vec<_>>().into_iter().rev() {
        let (name, list) = part.strip_suffix("[]").map_or((part, false), |name| (name, true));
        spec = json!({ name: if list { json!([spec]) } else { spec } });
    }
    spec
}

/// Where the objects of `shop` are: an account with empty lists.
fn narrow() -> Place {
    let known = Known {
        name: "shop-prod".to_owned(),
        spec: AwsAccountSpec {
            role_arn: Some(role(SHOP)),
            regions: Some(vec![REGION.to_owned()]),
            allowed_namespaces: Some(NamespaceSelection { names: Some(vec!["shop".to_owned()]), selector: None }),
            allowed_target_groups: Some(Vec::new()),
            allowed_listener_rules: Some(Vec::new()),
            allowed_clusters: Some(Vec::new()),
            ..AwsAccountSpec::default()
        },
        id: Some(SHOP.to_owned()),
        claimed: true,
        ..Known::default()
    };
    let accounts = Accounts { known: vec![known], ..Accounts::default() };
    let asked = Asked { namespace: "shop".to_owned(), account: Some("shop-prod".to_owned()), ..Asked::default() };
    let ambient = Ambient { namespaces: Vec::new(), ..Ambient::default() };
    resolve(&asked, &accounts, Installation { id: "i", region: REGION, ambient: &ambient }).unwrap()
}

fn refusal(path: &str, value: &str, place: &Place) -> Option<(Reason, String)> {
    match check(&spec(path, value), None, place)? {
        Refused::Stuck(reason, why) => Some((reason, why)),
        Refused::Waits(why) => panic!("{path}: {why}"),
    }
}

fn arn(rest: &str, region: &str, account: &str) -> String {
    format!("arn:aws:{}", rest.replace(":R:", &format!(":{region}:")).replace(":A:", &format!(":{account}:")))
}

#[test]
fn each_member_that_is_text_is_in_the_table_and_the_table_has_no_other() {
    let all = all();
    assert!(all.len() > 300, "{}", all.len());
    let unknown: Vec<_> = all.iter().filter(|path| held(path).is_none()).collect();
    assert!(unknown.is_empty(), "say in the table what these are held against: {unknown:#?}");
    let ends: BTreeSet<&str> = TABLE.iter().flat_map(|(ends, _)| ends.iter().copied()).collect();
    let idle: Vec<_> = ends.iter().filter(|end| !all.iter().any(|path| path.ends_with(&format!(".{end}")))).collect();
    assert!(idle.is_empty(), "no member ends so: {idle:?}");
    assert_eq!(ends.len(), TABLE.iter().map(|(ends, _)| ends.len()).sum::<usize>(), "an end stands twice");
}

#[test]
fn nothing_of_another_account_region_or_partition_can_be_named_and_nothing_that_is_not_listed() {
    let place = narrow();
    let far = "us-east-1";
    let mut looked = 0;
    for path in all() {
        let refused = |value: &str, reason: Reason, part: &str| {
            let found = refusal(&path, value, &place);
            let fits = found.as_ref().is_some_and(|(is, why)| *is == reason && why.contains(part));
            assert!(fits, "{path}: {value}: {found:?}, not {reason:?} {part}");
        };
        looked += 1;
        match held(&path).unwrap() {
            Role(list) => {
                refused(&format!("arn:aws:iam::{SHOP}:role/admin"), Reason::RoleNotAllowed, list);
                refused("admin", Reason::RoleNotAllowed, list);
                refused(&format!("arn:aws:iam::{OTHER}:role/admin"), Reason::InvalidSpec, OTHER);
                refused(&format!("arn:aws-cn:iam::{SHOP}:role/admin"), Reason::InvalidSpec, "partition");
            }
            Listed(list, rest) => {
                refused(&arn(rest, REGION, SHOP), Reason::AccountNotAllowed, list);
                refused(&arn(rest, REGION, OTHER), Reason::InvalidSpec, OTHER);
                refused(&arn(rest, far, SHOP), Reason::InvalidSpec, far);
            }
            ListedName(list, name) => refused(name, Reason::AccountNotAllowed, list),
            Bound(rest) | Region(rest) => {
                refused(&arn(rest, REGION, OTHER), Reason::InvalidSpec, OTHER);
                refused(&arn(rest, far, SHOP), Reason::InvalidSpec, far);
                assert_eq!(refusal(&path, &arn(rest, REGION, SHOP), &place), None, "{path}");
            }
            Account(rest) => {
                refused(&arn(rest, REGION, OTHER), Reason::InvalidSpec, OTHER);
                assert_eq!(refusal(&path, &arn(rest, far, SHOP), &place), None, "{path}");
            }
            Partition(rest) => {
                refused(&format!("arn:aws-cn:{rest}"), Reason::InvalidSpec, "partition");
                assert_eq!(refusal(&path, &format!("arn:aws:{rest}"), &place), None, "{path}");
            }
            Within | Owned | Neighbour | Resolved | Host | Inert => looked -= 1,
        }
    }
    assert!(looked > 50, "{looked}");
}

/// Members without a rule of their own are no way round: an ARN of another account is refused there, too.
#[test]
fn an_arn_of_another_account_is_refused_wherever_an_arn_can_stand() {
    let place = narrow();
    for path in all().iter().filter(|path| held(path) == Some(Within)) {
        let found = refusal(path, &format!("arn:aws:ecs:{REGION}:{OTHER}:capacity-provider/x"), &place);
        assert!(path.contains("imensions") || found.is_some_and(|(_, why)| why.contains(OTHER)), "{path}");
    }
}
