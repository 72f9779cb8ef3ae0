//! What manifests name in AWS. Pure.

use serde_json::{Map, Value};

use crate::plugin::foresee::manifests::Manifest;
use crate::plugin::kind::Kind;

/// Something that has to be there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Want {
    /// A role that tasks of ECS may assume: ARN or name.
    Role(String),
    /// A secret of Secrets Manager: `valueFrom`.
    Secret(String),
    /// A parameter of Systems Manager: `valueFrom`.
    Parameter(String),
    /// A log group, in a Region if one is named.
    LogGroup(String, Option<String>),
    /// Subnets, and security groups of their VPC.
    Network(Vec<String>, Vec<String>),
    /// A target group by name or ARN, the type that it has to have, and subnets in its VPC.
    TargetGroup(String, Option<&'static str>, Vec<String>),
    /// A cluster by name or ARN.
    Cluster(String),
    /// A capacity provider of a cluster.
    Provider(String, String),
    /// An image.
    Image(String),
    /// Something that the files do not say enough of.
    Unknown(String, String),
}

/// Something that an object names, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// `kind/name`.
    pub object: String,
    /// The member.
    pub field: String,
    /// What has to be there.
    pub want: Want,
}

impl Want {
    /// In words: `role ecsTaskRole`.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::Role(name) => format!("role {name}"),
            Self::Secret(name) => format!("secret {name}"),
            Self::Parameter(name) => format!("parameter {name}"),
            Self::LogGroup(name, _) => format!("log group {name}"),
            Self::Network(subnets, groups) if groups.is_empty() => format!("subnets {}", subnets.join(", ")),
            Self::Network(subnets, groups) => {
                format!("subnets {}, security groups {}", subnets.join(", "), groups.join(", "))
            }
            Self::TargetGroup(name, ..) => format!("target group {name}"),
            Self::Cluster(name) => format!("cluster {name}"),
            Self::Provider(name, _) => format!("capacity provider {name}"),
            Self::Image(name) => format!("image {name}"),
            Self::Unknown(what, _) => what.clone(),
        }
    }
}

/// Everything that manifests name, in their order.
#[must_use]
pub fn wants(manifests: &[Manifest]) -> Vec<Named> {
    manifests.iter().flat_map(|manifest| of(manifest, manifests)).collect()
}

fn of(manifest: &Manifest, others: &[Manifest]) -> Vec<Named> {
    let spec = manifest.object.get("spec").unwrap_or(&Value::Null);
    let mut walk = Walk { object: manifest.address(), vpc: network(spec), cluster: None, found: Vec::new() };
    walk.cluster = walk.cluster_of(manifest, spec, others);
    if manifest.kind != Kind::Account {
        walk.value(spec, "spec");
    }
    walk.found
}

/// Subnets and security groups of a spec, wherever it declares its network.
fn network(spec: &Value) -> Option<(Vec<String>, Vec<String>)> {
    let pointers = ["/networkConfiguration", "/template/networkConfiguration"];
    let vpc = pointers.into_iter().find_map(|pointer| spec.pointer(pointer)?.get("awsvpcConfiguration"))?;
    Some((texts(vpc.get("subnets")), texts(vpc.get("securityGroups"))))
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

struct Walk {
    object: String,
    vpc: Option<(Vec<String>, Vec<String>)>,
    cluster: Option<String>,
    found: Vec<Named>,
}

impl Walk {
    fn add(&mut self, field: &str, want: Want) {
        self.found.push(Named { object: self.object.clone(), field: field.to_owned(), want });
    }

    /// The cluster of a service or group, by its name in ECS.
    fn cluster_of(&mut self, manifest: &Manifest, spec: &Value, others: &[Manifest]) -> Option<String> {
        let text = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        if manifest.kind == Kind::Cluster {
            return text(spec, "/clusterName").or_else(|| Some(manifest.name().to_owned()));
        }
        if let Some(name) = text(spec, "/cluster") {
            self.add("spec.cluster", Want::Cluster(name.clone()));
            return Some(name);
        }
        let name = text(spec, "/clusterRef/name")?;
        let found = others.iter().find(|other| other.kind == Kind::Cluster && other.name() == name);
        if found.is_none() {
            let why = format!("EcsCluster `{name}` is not in these files; `plan` asks Kubernetes for it");
            self.add("spec.clusterRef", Want::Unknown(format!("cluster of EcsCluster {name}"), why));
        }
        found.map(|found| text(&found.object, "/spec/clusterName").unwrap_or(name))
    }

    fn value(&mut self, value: &Value, path: &str) {
        match value {
            Value::Object(members) => {
                self.object(members, path);
                for (name, member) in members {
                    self.text(name, member, &format!("{path}.{name}"));
                    self.value(member, &format!("{path}.{name}"));
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    let name = item.get("name").and_then(Value::as_str).map_or_else(|| at.to_string(), str::to_owned);
                    self.value(item, &format!("{path}[{name}]"));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Members that name something by themselves.
    fn text(&mut self, name: &str, value: &Value, path: &str) {
        let Some(text) = value.as_str().filter(|text| !text.is_empty()) else { return };
        let text = text.to_owned();
        let want = match name {
            "taskRoleArn" | "executionRoleArn" => Want::Role(text),
            "credentialsParameter" => Want::Secret(text),
            "valueFrom" if text.contains(":secretsmanager:") => Want::Secret(text),
            "valueFrom" => Want::Parameter(text),
            "image" => Want::Image(text),
            "targetGroupArn" | "alternateTargetGroupArn" | "targetGroup" | "alternateTargetGroup" => {
                let subnets = self.vpc.as_ref().map(|vpc| vpc.0.clone()).unwrap_or_default();
                Want::TargetGroup(text, self.vpc.as_ref().map(|_| "ip"), subnets)
            }
            "capacityProvider" => match self.cluster.clone() {
                Some(cluster) => Want::Provider(text, cluster),
                None => return,
            },
            _ => return,
        };
        self.add(path, want);
    }

    /// Objects whose members belong together.
    fn object(&mut self, members: &Map<String, Value>, path: &str) {
        if let Some(vpc) = members.get("awsvpcConfiguration") {
            let (subnets, groups) = (texts(vpc.get("subnets")), texts(vpc.get("securityGroups")));
            self.add(&format!("{path}.awsvpcConfiguration"), Want::Network(subnets, groups));
        }
        let Some(options) = members.get("options") else { return };
        let text = |name: &str| options.get(name).and_then(Value::as_str).map(str::to_owned);
        let is_logs = members.get("logDriver").and_then(Value::as_str) == Some("awslogs");
        let made = text("awslogs-create-group").as_deref() == Some("true");
        if let Some(group) = text("awslogs-group").filter(|_| is_logs && !made) {
            self.add(&format!("{path}.options.awslogs-group"), Want::LogGroup(group, text("awslogs-region")));
        }
    }
}
