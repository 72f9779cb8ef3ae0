//! What the actions of ECS need: "Actions, resources, and condition keys for Amazon Elastic Container Service".

use serde_json::Value;

use super::{Demand, tags};
use crate::ecs::cluster::name_of;
use crate::ecs::tags::Tags;
use crate::ecs::{cluster, list, service, task_definition, text};
use crate::world::{Cx, Region};

/// Everything that a call needs.
pub(super) fn demands(region: &mut Region, cx: &Cx, action: &str, input: &Value) -> Vec<Demand> {
    let ask = Ask { cx, action, input };
    match action {
        "CreateCluster" => {
            let name = text(input, "clusterName").unwrap_or("default");
            ask.creation(Demand::new("ecs", action, cx.arn(&format!("cluster/{name}"))))
        }
        "RegisterTaskDefinition" => {
            let family = text(input, "family").unwrap_or_default();
            let mut all = ask.creation(ask.demand(cx.arn(&format!("task-definition/{family}:*"))));
            let roles = ["taskRoleArn", "executionRoleArn"].into_iter().filter_map(|member| text(input, member));
            all.extend(roles.map(|role| ask.pass(role, "ecs-tasks.amazonaws.com")));
            all
        }
        "CreateService" => {
            let name = text(input, "serviceName").unwrap_or_default();
            let mut all = ask.creation(ask.in_cluster(ask.within("service", name)));
            all.extend(ask.infrastructure());
            all
        }
        "UpdateService" => {
            let mut all = ask.on(region, "service", &["service"]);
            all.extend(ask.infrastructure());
            all
        }
        "DeleteService" | "ListServiceDeployments" => ask.on(region, "service", &["service"]),
        "DescribeServices" => ask.on(region, "service", &["services"]),
        "DescribeTasks" => ask.on(region, "task", &["tasks"]),
        "StopTask" => ask.on(region, "task", &["task"]),
        "DescribeContainerInstances" => ask.on(region, "container-instance", &["containerInstances"]),
        "DescribeServiceDeployments"
        | "DescribeServiceRevisions"
        | "StopServiceDeployment"
        | "ContinueServiceDeployment" => ask.of_services(region),
        "DescribeClusters" => {
            let named = names(input, &["clusters"]);
            let named = if named.is_empty() { vec![String::new()] } else { named };
            named.iter().map(|name| ask.cluster(region, Some(name))).collect()
        }
        "UpdateCluster" | "UpdateClusterSettings" | "PutClusterCapacityProviders" | "DeleteCluster" => {
            vec![ask.cluster(region, text(input, "cluster"))]
        }
        "ListTasks" | "ListServices" | "ListContainerInstances" => {
            vec![ask.in_cluster(ask.demand("*"))]
        }
        "TagResource" | "UntagResource" | "ListTagsForResource" => vec![ask.tagging(region)],
        _ => vec![ask.demand("*")],
    }
}

/// A call, as far as it matters here.
struct Ask<'a, 'b> {
    cx: &'a Cx<'b>,
    action: &'a str,
    input: &'a Value,
}

impl Ask<'_, '_> {
    fn demand(&self, resource: impl Into<String>) -> Demand {
        Demand::new("ecs", self.action, resource)
    }

    /// A creation with the tags it gives, which needs the right to give them.
    fn creation(&self, demand: Demand) -> Vec<Demand> {
        let given = tags(self.input.get("tags"));
        if given.is_empty() {
            return vec![demand];
        }
        let tagging = Demand::new("ecs", "TagResource", demand.resource.clone());
        vec![demand.requesting(&given), tagging.requesting(&given).with("ecs:CreateAction", self.action)]
    }

    fn cluster_name(&self) -> &str {
        name_of(text(self.input, "cluster"))
    }

    fn in_cluster(&self, demand: Demand) -> Demand {
        demand.with("ecs:cluster", self.cx.arn(&format!("cluster/{}", self.cluster_name())))
    }

    /// A resource of the call's cluster, named or by ARN.
    fn within(&self, kind: &str, name: &str) -> Demand {
        if name.starts_with("arn:") {
            return self.demand(name);
        }
        self.demand(self.cx.arn(&format!("{kind}/{}/{name}", self.cluster_name())))
    }

    /// Resources of the call's cluster, with their tags.
    fn on(&self, region: &mut Region, kind: &str, members: &[&str]) -> Vec<Demand> {
        let of = |name: &String| {
            let demand = self.in_cluster(self.within(kind, name));
            let tags = tags_of(region, self.cx, &demand.resource);
            demand.bearing(&tags)
        };
        names(self.input, members).iter().map(of).collect()
    }

    /// Deployments and revisions of services: both they and their services must be allowed, with the service's tags.
    fn of_services(&self, region: &mut Region) -> Vec<Demand> {
        let members = ["serviceDeploymentArn", "serviceDeploymentArns", "serviceRevisionArns"];
        let mut all = Vec::new();
        for arn in names(self.input, &members) {
            let mut path = arn.split('/').skip(1);
            let (cluster, service) = (path.next().unwrap_or_default(), path.next().unwrap_or_default());
            let (cluster, service) =
                (self.cx.arn(&format!("cluster/{cluster}")), self.cx.arn(&format!("service/{cluster}/{service}")));
            let tags = tags_of(region, self.cx, &service);
            all.push(self.demand(&service).with("ecs:cluster", &cluster).bearing(&tags));
            all.push(self.demand(arn).with("ecs:cluster", cluster).with("ecs:service", service).bearing(&tags));
        }
        all
    }

    fn cluster(&self, region: &mut Region, reference: Option<&str>) -> Demand {
        let arn = match reference {
            Some(arn) if arn.starts_with("arn:") => arn.to_owned(),
            other => self.cx.arn(&format!("cluster/{}", name_of(other))),
        };
        let tags = tags_of(region, self.cx, &arn);
        self.demand(arn).bearing(&tags)
    }

    fn tagging(&self, region: &mut Region) -> Demand {
        let arn = text(self.input, "resourceArn").unwrap_or_default();
        let bearing = tags_of(region, self.cx, arn);
        let keys = names(self.input, &["tagKeys"]);
        let demand = self.demand(arn).bearing(&bearing).requesting(&tags(self.input.get("tags")));
        keys.into_iter().fold(demand, |demand, key| demand.with("aws:TagKeys", key))
    }

    fn pass(&self, role: &str, to: &str) -> Demand {
        let arn = if role.starts_with("arn:") {
            role.to_owned()
        } else {
            format!("arn:{}:iam::{}:role/{role}", self.cx.key.partition(), self.cx.key.account)
        };
        Demand::new("iam", "PassRole", arn).with("iam:PassedToService", to)
    }

    /// Roles that ECS itself takes: `role`, and every `roleArn` wherever it stands.
    fn infrastructure(&self) -> Vec<Demand> {
        let mut roles: Vec<&str> = text(self.input, "role").into_iter().collect();
        role_arns(self.input, &mut roles);
        roles.into_iter().map(|role| self.pass(role, "ecs.amazonaws.com")).collect()
    }
}

fn role_arns<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    for (name, member) in value.as_object().into_iter().flatten() {
        if let Some(role) = member.as_str().filter(|_| name == "roleArn") {
            found.push(role);
        }
        role_arns(member, found);
    }
    for item in value.as_array().into_iter().flatten() {
        role_arns(item, found);
    }
}

/// The texts of members, single ones and lists.
fn names(input: &Value, members: &[&str]) -> Vec<String> {
    let of = |member: &&str| {
        let many = list(input, member).iter().filter_map(Value::as_str);
        text(input, member).into_iter().chain(many).map(str::to_owned).collect::<Vec<_>>()
    };
    members.iter().flat_map(of).collect()
}

/// The tags of a resource that there is.
fn tags_of(region: &mut Region, cx: &Cx, arn: &str) -> Tags {
    let prefix = cx.arn("");
    let found = match arn.strip_prefix(&prefix).and_then(|resource| resource.split_once('/')) {
        Some(("cluster", _)) => cluster::find(region, cx, Some(arn)).map(|found| found.tags.clone()),
        Some(("task-definition", name)) => task_definition::tags_mut(region, name).map(|tags| tags.clone()),
        Some(_) => service::tags_mut(region, arn).map(|tags| tags.clone()),
        None => None,
    };
    found.unwrap_or_default()
}
