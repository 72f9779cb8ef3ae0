//! What is mutated: documents as people publish them, the samples, messages, ARNs, errors.

use std::path::{Path, PathBuf};

use ecs_operator::document::{Kind, read};
use serde_json::json;

/// What a target eats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Diet {
    /// Task definitions, services and manifests.
    Documents,
    /// Task definitions alone, as JSON, a member a line.
    Definitions,
    /// Events.
    Messages,
    /// ARNs and names.
    Arns,
    /// Error codes and messages of AWS.
    Errors,
}

/// The texts to begin with.
#[derive(Clone, Debug, Default)]
pub struct Seeds {
    documents: Vec<String>,
    definitions: Vec<String>,
    messages: Vec<String>,
    arns: Vec<String>,
    errors: Vec<String>,
}

impl Seeds {
    /// Those of the project, and of the directory that `ECS_DOCUMENTS` names, in the order of names.
    pub fn gather() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut places = vec![root.join("tests/fixtures/documents"), root.join("docs/samples")];
        places.extend(std::env::var_os("ECS_DOCUMENTS").map(PathBuf::from));
        let mut files = Vec::new();
        for place in places {
            below(&place, &mut files);
        }
        files.sort();
        let documents: Vec<String> = files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect();
        let definitions = definitions(&documents);
        let (arns, errors) = (ARNS, ERRORS);
        let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self { documents, definitions, messages: messages(), arns: own(arns), errors: own(errors) }
    }

    /// The texts of a diet.
    pub fn of(&self, diet: Diet) -> &[String] {
        match diet {
            Diet::Documents => &self.documents,
            Diet::Definitions => &self.definitions,
            Diet::Messages => &self.messages,
            Diet::Arns => &self.arns,
            Diet::Errors => &self.errors,
        }
    }
}

const ARNS: &[&str] = &[
    "arn:aws:ecs:eu-west-1:123456789012:service/prod/web",
    "arn:aws:ecs:eu-west-1:123456789012:service/web",
    "arn:aws-cn:ecs:cn-north-1:123456789012:cluster/prod",
    "arn:aws:ecs:us-east-1:123456789012:task-definition/web:7",
    "arn:aws:ecs:us-east-1:123456789012:service-deployment/prod/web/abc",
    "arn:aws:iam::123456789012:role/path/ecsTaskExecutionRole",
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef",
    "https://sqs.eu-west-1.amazonaws.com/123456789012/events",
    "web:7",
];

/// Code, message and status, one a line.
const ERRORS: &[&str] = &[
    "ThrottlingException\nRate exceeded\n400",
    "InvalidParameterException\nUnable to Start a service that is still Draining.\n400",
    "ClientException\nToo many concurrent attempts to create a new revision of the specified family.\n400",
    "AccessDeniedException\nUser: arn:aws:sts::1:assumed-role/x/y is not authorized to perform: ecs:CreateService\n403",
    "ServiceUnavailable\n<html><body>503</body></html>\n503",
    "\n\n0",
];

/// The task definitions of documents.
fn definitions(documents: &[String]) -> Vec<String> {
    let read = documents.iter().flat_map(|text| read(text)).flatten();
    let specs = read.filter(|intake| intake.kind == Kind::TaskDefinition);
    specs.filter_map(|intake| serde_json::to_string_pretty(intake.manifest.get("spec")?).ok()).collect()
}

fn messages() -> Vec<String> {
    let event = |kind: &str, resources: &[&str], detail: serde_json::Value| {
        json!({
            "version": "0", "id": "6a7e8feb", "detail-type": kind, "source": "aws.ecs", "account": "123456789012",
            "time": "2026-11-21T10:00:00Z", "region": "eu-west-1", "resources": resources, "detail": detail,
        })
        .to_string()
    };
    let cluster = "arn:aws:ecs:eu-west-1:123456789012:cluster/prod";
    let service = "arn:aws:ecs:eu-west-1:123456789012:service/prod/web";
    let task = "arn:aws:ecs:eu-west-1:123456789012:task/prod/0123456789abcdef0123456789abcdef";
    vec![
        event("ECS Task State Change", &[task], json!({"clusterArn": cluster, "group": "service:web", "version": 3})),
        event("ECS Service Action", &[service], json!({"eventType": "INFO", "eventName": "SERVICE_STEADY_STATE"})),
        event("ECS Deployment State Change", &[service], json!({"eventName": "SERVICE_DEPLOYMENT_FAILED"})),
        event(
            "AWS API Call via CloudTrail",
            &[],
            json!({"eventName": "UpdateService", "requestParameters": {"cluster": cluster, "service": "web"}}),
        ),
    ]
}

fn below(place: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(place) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            below(&path, found);
        } else if path.extension().is_some_and(|end| end == "json" || end == "yaml" || end == "yml") {
            found.push(path);
        }
    }
}
