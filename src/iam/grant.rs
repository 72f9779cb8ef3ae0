//! The statements of the documents: where they apply, under which condition, and why they are needed.

use super::condition::Condition;
use super::document::{Policy, Statement};
use super::rows::{grants, permission};
use crate::aws::Op;

macro_rules! ours {
    ($($resource:literal),+) => { &[$(concat!("arn:${partition}:ecs:${region}:${account}:", $resource)),+] };
}

macro_rules! features {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal;)+) => {
        /// What a document is for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Feature { $($(#[doc = $doc])* $variant,)+ }

        impl Feature {
            /// Every feature, in the order of the page.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name of its document, without `.json`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it is for, in a sentence.
            pub const fn doc(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),*).trim_ascii(),)+ }
            }
        }
    };
}

features! {
    /// Reads of clusters, services, deployments and tasks of the account.
    Read = "read";
    /// Reads of ECS that IAM cannot limit to resources.
    ReadAny = "read-any";
    /// Revisions of task definitions.
    TaskDefinitions = "task-definitions";
    /// Services that this installation made or took over.
    Services = "services";
    /// Clusters that this installation made or took over.
    Clusters = "clusters";
    /// Stopping tasks of server groups on request.
    Tasks = "tasks";
    /// Tags of what is created, and of what is ours.
    Tagging = "tagging";
    /// Opt-in: taking over what nobody's tags mark, for `adoptionPolicy: Always`.
    Adoption = "adoption";
    /// Target groups, and the weights of listeners and rules for server groups.
    LoadBalancers = "load-balancers";
    /// Application Auto Scaling of services.
    Autoscaling = "autoscaling";
    /// Alarms of server groups, and the metrics that an analysis looks at.
    Alarms = "alarms";
    /// Subnets and security groups that server groups look up by tag.
    Network = "network";
    /// Roles that the templates of server groups name: whether they exist, and trust ECS.
    Roles = "roles";
    /// The roles of tasks, and those that ECS itself uses.
    PassRole = "pass-role";
    /// Roles of other accounts.
    Accounts = "accounts";
    /// Events of ECS from a queue, where there is one.
    Events = "events";
    /// Once an account: the service-linked roles of ECS and of its scaling, if they are not there yet.
    ServiceLinkedRoles = "service-linked-roles";
}

impl Feature {
    /// Its statements.
    pub fn grants(self) -> impl Iterator<Item = Grant> {
        Grant::ALL.iter().copied().filter(move |grant| grant.feature() == self)
    }

    /// Its document.
    pub fn policy(self) -> Policy {
        Policy::of(self.grants())
    }
}

macro_rules! statements {
    ($($(#[doc = $doc:literal])* $variant:ident = $feature:ident, $resources:expr, [$($condition:expr),*];)+) => {
        /// A statement of the documents.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Grant { $($(#[doc = $doc])* $variant,)+ }

        impl Grant {
            /// Every statement, in the order of the page.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its `Sid`.
            pub const fn sid(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)+ }
            }

            /// What it is for.
            pub const fn feature(self) -> Feature {
                match self { $(Self::$variant => Feature::$feature,)+ }
            }

            /// The resources it applies to, with parameters.
            pub const fn resources(self) -> &'static [&'static str] {
                match self { $(Self::$variant => $resources,)+ }
            }

            /// All of them hold.
            pub const fn conditions(self) -> &'static [Condition] {
                use Condition::*;
                match self { $(Self::$variant => &[$($condition),*],)+ }
            }

            /// Why it is needed, and what to know of it.
            pub const fn why(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),*).trim_ascii(),)+ }
            }
        }
    };
}

const ANY: &[&str] = &["*"];
const TASK_ROLES: &[&str] = &["arn:${partition}:iam::${account}:role/${task_roles}"];
const TARGETS: &[&str] = &["arn:${partition}:application-autoscaling:${region}:${account}:scalable-target/*"];
const ALARMS: &[&str] = &["arn:${partition}:cloudwatch:${region}:${account}:alarm:*"];
const BALANCED: &[&str] = &[
    "arn:${partition}:elasticloadbalancing:${region}:${account}:listener/*",
    "arn:${partition}:elasticloadbalancing:${region}:${account}:listener-rule/*",
];
const LINKED: &[&str] = &[
    "arn:${partition}:iam::${account}:role/aws-service-role/ecs.amazonaws.com/*",
    "arn:${partition}:iam::${account}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/*",
];

statements! {
    /// Every pass compares with what is there, also with what belongs to others: it must be told from ours.
    Read = Read, ours!("cluster/*", "service/*", "service-deployment/*", "service-revision/*", "task/*", "container-instance/*"), [];
    /// IAM knows no resource for these.
    ReadAny = ReadAny, ANY, [];
    /// Services and tasks of a cluster. Narrow `ecs:cluster` to the clusters that are used.
    ListInClusters = ReadAny, ANY, [InClusters];
    /// Only with the installation's tag. Narrow the resource to a prefix of families, if yours have one.
    RegisterTaskDefinitions = TaskDefinitions, ours!("task-definition/*"), [MarksAsOurs];
    /// IAM knows neither resource nor condition for it: only the operator's own look at the tags keeps it off
    /// revisions of others.
    DeregisterTaskDefinitions = TaskDefinitions, ANY, [];
    /// Only with the installation's tag.
    CreateServices = Services, ours!("service/*"), [MarksAsOurs];
    /// Edits, rolls, gates, roll-backs and deletion of our services only.
    ChangeServices = Services, ours!("service/*", "service-deployment/*"), [OfUs];
    /// Only with the installation's tag.
    CreateClusters = Clusters, ours!("cluster/*"), [MarksAsOurs];
    /// Our clusters only.
    ChangeClusters = Clusters, ours!("cluster/*"), [OfUs];
    /// Tasks bear the tag because server groups propagate the tags of their services; with `propagateTags: NONE`
    /// no task can be stopped.
    StopTasks = Tasks, ours!("task/*"), [OfUs];
    /// Creation with tags is tagging too.
    TagNew = Tagging, ours!("cluster/*", "service/*", "task-definition/*"), [MarksAsOurs, With(&["CreateCluster", "CreateService", "RegisterTaskDefinition"])];
    /// An edit of `tags` on what is ours.
    TagOurs = Tagging, ours!("cluster/*", "service/*", "task-definition/*"), [OfUs];
    /// Marks what no installation's tag marks, with our tags alone. Narrow the resource to what is to be taken over.
    Adopt = Adoption, ours!("cluster/*", "service/*", "task-definition/*"), [OfNobody, MarksAsOurs, OurTagsOnly];
    /// Which tasks take traffic, and who gets it. IAM knows no resource for these.
    ReadBalancing = LoadBalancers, ANY, [];
    /// Weights between versions. The operator makes neither listeners nor rules: give the installation's tag to those
    /// that a server group names.
    ShiftTraffic = LoadBalancers, BALANCED, [OfUs];
    /// IAM knows no resource for these.
    ReadScaling = Autoscaling, ANY, [];
    /// Whose a scalable target is.
    ReadScalingTags = Autoscaling, TARGETS, [];
    /// Targets, policies and schedules of ECS services. IAM cannot look at the tags of a scalable target.
    ChangeScaling = Autoscaling, TARGETS, [OfEcs];
    /// Our marks, at registration and later.
    TagScaling = Autoscaling, TARGETS, [OurTagsOnly];
    /// Alarms that stop rollouts, those that a server group declares or copies, and the metrics of analyses.
    /// `DescribeAlarms` tells of composite alarms only when it is allowed on all resources.
    ReadAlarms = Alarms, ANY, [];
    /// Whose an alarm is.
    ReadAlarmTags = Alarms, ALARMS, [];
    /// Alarms of server groups. IAM cannot look at the tags of an alarm: narrow the resource to a prefix of names.
    ChangeAlarms = Alarms, ALARMS, [];
    /// Our marks, at creation and when one is taken back.
    TagAlarms = Alarms, ALARMS, [MarksAsOurs];
    /// IAM knows no resource for these.
    ReadNetwork = Network, ANY, [];
    /// Without it, a role's name is taken for its ARN, and its trust is not looked at.
    ReadRoles = Roles, TASK_ROLES, [];
    /// `taskRoleArn` and `executionRoleArn` of task definitions. Whoever may name a role has its rights: list them.
    PassTaskRoles = PassRole, TASK_ROLES, [PassedTo("ecs-tasks.amazonaws.com")];
    /// `roleArn` of volumes, listener rules and lifecycle hooks, and `role`.
    PassInfrastructureRoles = PassRole, &["arn:${partition}:iam::${account}:role/${infrastructure_roles}"], [PassedTo("ecs.amazonaws.com")];
    /// `roleArn` of accounts; the other side's trust policy decides. List the accounts instead of `*`.
    AssumeRoles = Accounts, &["arn:${partition}:iam::*:role/${account_roles}"], [];
    /// The queue that a rule of `EventBridge` fills. A batch needs the right of the single action.
    ReadQueue = Events, &["arn:${partition}:sqs:${region}:${account}:${queue}"], [];
    /// AWS makes these roles for the first caller in an account, if that caller may.
    LinkRoles = ServiceLinkedRoles, LINKED, [LinkedTo(&["ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com"])];
}

impl Grant {
    /// The operations that it allows.
    pub fn operations(self) -> impl Iterator<Item = Op> {
        Op::ALL.iter().copied().filter(move |&op| grants(op).contains(&self))
    }

    /// Actions that IAM checks beside the operations.
    pub const fn besides(self) -> &'static [&'static str] {
        match self.feature() {
            Feature::PassRole => &["iam:PassRole"],
            Feature::Accounts => &["sts:TagSession"],
            Feature::ServiceLinkedRoles => &["iam:CreateServiceLinkedRole"],
            Feature::Read
            | Feature::ReadAny
            | Feature::TaskDefinitions
            | Feature::Services
            | Feature::Clusters
            | Feature::Tasks
            | Feature::Tagging
            | Feature::Adoption
            | Feature::LoadBalancers
            | Feature::Autoscaling
            | Feature::Alarms
            | Feature::Network
            | Feature::Roles
            | Feature::Events => &[],
        }
    }

    /// All its actions, in order.
    pub fn actions(self) -> Vec<String> {
        let mut all: Vec<String> = self.operations().map(permission).collect();
        all.extend(self.besides().iter().map(|&action| action.to_owned()));
        all.sort();
        all
    }

    /// Does it allow reading only?
    pub fn reads(self) -> bool {
        self.besides().is_empty() && self.operations().all(|op| !op.mutating())
    }

    /// It as a document writes it.
    pub fn statement(self) -> Statement {
        Statement::of(self)
    }
}
