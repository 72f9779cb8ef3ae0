//! Printer columns, subresources and selectable fields of each kind.

use serde_json::{Map, Value, json};

/// Name, type, path, description; wide columns are shown by `-o wide` only.
struct Column(&'static str, &'static str, &'static str, &'static str, Wide);

#[derive(PartialEq)]
enum Wide {
    No,
    Yes,
}

const READY: Column = Column(
    "Ready",
    "string",
    r#".status.conditions[?(@.type=="Ready")].status"#,
    "Whether AWS does what the spec asks and the result is healthy",
    Wide::No,
);
const REASON: Column =
    Column("Reason", "string", r#".status.conditions[?(@.type=="Ready")].reason"#, "Why it is ready or not", Wide::No);
const AGE: Column = Column("Age", "date", ".metadata.creationTimestamp", "Time since the object was created", Wide::No);
const ARN: Column = Column("ARN", "string", ".status.arn", "ARN of the AWS resource", Wide::Yes);
const MESSAGE: Column = Column(
    "Message",
    "string",
    r#".status.conditions[?(@.type=="Ready")].message"#,
    "What there is to say about Ready",
    Wide::Yes,
);

const ACCOUNT: &[Column] = &[
    READY,
    REASON,
    Column("Account", "string", ".status.accountId", "AWS account id", Wide::No),
    AGE,
    Column("Role", "string", ".spec.roleArn", "Role that is assumed", Wide::Yes),
    MESSAGE,
];

const CLUSTER: &[Column] = &[
    READY,
    REASON,
    Column("Services", "integer", ".status.activeServicesCount", "Active services in the cluster", Wide::No),
    Column("Tasks", "integer", ".status.runningTasksCount", "Running tasks in the cluster", Wide::No),
    AGE,
    ARN,
    Column("Account", "string", ".status.account.id", "AWS account of the cluster", Wide::Yes),
    Column("Region", "string", ".status.account.region", "AWS Region of the cluster", Wide::Yes),
    MESSAGE,
];

const TASK_DEFINITION: &[Column] = &[
    READY,
    REASON,
    Column("Family", "string", ".status.family", "Family in ECS", Wide::No),
    Column("Revision", "integer", ".status.revision", "Revision with the current content", Wide::No),
    Column("CPU", "string", ".status.cpu", "CPU units of the task", Wide::No),
    Column("Memory", "string", ".status.memory", "Memory of the task in MiB", Wide::No),
    AGE,
    ARN,
    MESSAGE,
];

const SERVICE: &[Column] = &[
    READY,
    REASON,
    Column("Desired", "integer", ".status.desiredCount", "Tasks that ECS is asked for", Wide::No),
    Column("Running", "integer", ".status.runningCount", "Tasks running", Wide::No),
    Column("Pending", "integer", ".status.pendingCount", "Tasks pending", Wide::No),
    Column("TaskDef", "string", ".status.taskDefinition", "Task definition that runs", Wide::No),
    Column("Rollout", "string", ".status.rollout.display", "Deployment in progress, or the last one", Wide::No),
    AGE,
    Column("Cluster", "string", ".status.cluster", "Cluster the service runs in", Wide::Yes),
    Column("Launch", "string", ".status.launch", "Launch type or capacity providers", Wide::Yes),
    Column("Mode", "string", ".status.effective.managementMode", "How much the operator may do", Wide::Yes),
    ARN,
    MESSAGE,
];

const SERVER_GROUP: &[Column] = &[
    READY,
    REASON,
    Column("Current", "string", ".status.currentVersion", "Version that serves", Wide::No),
    Column("Tasks", "string", ".status.ready", "Running of desired tasks", Wide::No),
    Column("Traffic", "string", ".status.traffic", "Who receives which share of the traffic", Wide::No),
    Column("Rollout", "string", ".status.rollout.display", "Rollout under way", Wide::No),
    AGE,
    Column("Group", "string", ".status.groupName", "Name of the group", Wide::Yes),
    Column("Hold", "string", ".status.hold.version", "Version whose template failed and is held", Wide::Yes),
    MESSAGE,
];

/// Paths of the scale subresource: wanted, running.
type Scale = Option<(&'static str, &'static str)>;

/// Adds what kube-derive is not told about to one version of a CRD.
pub(super) fn add(kind: &str, version: &mut Map<String, Value>) {
    let (columns, selectable, scale): (&[Column], &[&str], Scale) = match kind {
        "AwsAccount" => (ACCOUNT, &[], None),
        "EcsCluster" => (CLUSTER, &[".spec.accountRef.name"], None),
        "EcsTaskDefinition" => (TASK_DEFINITION, &[".spec.accountRef.name"], None),
        "EcsService" => (
            SERVICE,
            &[".spec.clusterRef.name", ".spec.taskDefinitionRef.name", ".spec.accountRef.name", ".spec.launchType"],
            Some((".spec.desiredCount", ".status.runningCount")),
        ),
        "ServerGroup" => (
            SERVER_GROUP,
            &[".spec.clusterRef.name", ".spec.accountRef.name"],
            Some((".spec.capacity.desired", ".status.runningCount")),
        ),
        _ => (&[], &[], None),
    };
    let columns: Vec<Value> = columns.iter().map(column).collect();
    version.insert("additionalPrinterColumns".to_owned(), Value::Array(columns));
    let fields: Vec<Value> = selectable.iter().map(|path| json!({ "jsonPath": path })).collect();
    version.insert("selectableFields".to_owned(), Value::Array(fields));
    let mut subresources = json!({ "status": {} });
    if let (Some((wanted, running)), Some(map)) = (scale, subresources.as_object_mut()) {
        let paths = json!({
            "specReplicasPath": wanted,
            "statusReplicasPath": running,
            "labelSelectorPath": ".status.selector",
        });
        map.insert("scale".to_owned(), paths);
    }
    version.insert("subresources".to_owned(), subresources);
}

fn column(Column(name, kind, path, description, wide): &Column) -> Value {
    let mut column = json!({ "name": name, "type": kind, "jsonPath": path, "description": description });
    if let (Wide::Yes, Some(column)) = (wide, column.as_object_mut()) {
        column.insert("priority".to_owned(), json!(1));
    }
    column
}
