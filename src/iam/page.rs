//! The page of IAM documents: what to attach, how to fill it in, and a row for every action.

use std::fmt::Write as _;

use super::condition::Condition;
use super::document::Profile;
use super::grant::{Feature, Grant};
use super::{PARAMETERS, trust};
use crate::pages::table::{cell, code, table};

const START: &str = "\
# IAM

What the operator's role must be allowed to do. Every call that the operator makes has one row in its source; the policy
documents beside this page are made of these rows, and the tests run the operator against a simulated AWS that refuses
whatever the documents do not allow.

No document allows `*` as an action, and none needs `AmazonECS_FullAccess`. What creates must give the tag
`ecs-operator.dev/installation` with the operator's installation id; what changes or deletes works on resources with that
tag only, wherever IAM lets a policy look at it.

## Which documents

Attach one profile (`everything` is two, since a managed policy holds 6144 characters), and what you need beside it:

";

const FILLING: &str = "\
## Filling in

The documents have parameters. A `sed` puts them in (leave out what you do not use; Terraform's `templatefile` and
`envsubst` know the same notation):

```sh
";

const AFTER_FILLING: &str = "\
```

A document must have no `${` left: IAM would take it for a variable of its own. Several accounts or Regions: `*` in place
of the Region, one document for each account.

";

const NARROWER: &str = "\
## Narrower

- Clusters: list them in `ecs:cluster` of `ListInClusters`, and write `service/<cluster>/*` instead of `service/*`.
- Families: `task-definition/<prefix>*` in `RegisterTaskDefinitions`.
- Ceilings: `ecs:task-cpu`, `ecs:task-memory` and `ecs:privileged` at `RegisterTaskDefinition`; `ecs:subnet`,
  `ecs:auto-assign-public-ip` and `ecs:enable-execute-command` at `CreateService` and `UpdateService`.
- Roles: a path of their own (`role/shop/*`) keeps tasks from roles that are not meant for them. Never `role/*`.
- Alarms: `alarm:<prefix>*`.

";

const ELSEWHERE: &str = "\
## What needs no right of the operator

- `sts:GetCallerIdentity`, which IAM allows to everybody.
- Pulling images, writing logs and reading secrets: the execution role of the task does that.
- Scaling itself, and the alarms of target tracking: Application Auto Scaling does that with its service-linked role.
- `ecs.amazonaws.com` and `application-autoscaling.amazonaws.com` in a trust policy: Spinnaker's managed role asks for
  them. ECS and Application Auto Scaling work with their service-linked roles here, so a role made for Spinnaker can drop
  them once its last server group is gone.

## What these documents do not cover

Things that a manifest asks ECS to make on the caller's behalf with the caller's rights: a Cloud Map namespace that does
not exist yet (`serviceConnectDefaults`), and KMS keys of the account. Service control policies, permissions boundaries
and endpoint policies can take away what a document gives.
";

/// The page.
pub(super) fn page() -> String {
    let mut text = START.to_owned();
    let profiles = Profile::ALL.iter().map(|profile| {
        vec![format!("[`profiles/{0}.json`](iam/profiles/{0}.json)", profile.as_str()), cell(profile.doc())]
    });
    text += &table(&["Profile", "For"], profiles);
    text += "Or put them together from the documents of the features:\n\n";
    let features = Feature::ALL.iter().map(|feature| {
        let held = Profile::ALL.iter().filter(|profile| feature.grants().all(|grant| profile.has(grant)));
        let held: Vec<String> = held.map(|profile| code(profile.as_str())).collect();
        vec![format!("[`{0}.json`](iam/{0}.json)", feature.as_str()), cell(feature.doc()), held.join(", ")]
    });
    text += &table(&["Document", "For", "Whole in"], features);
    text += FILLING;
    text += &sed();
    text += AFTER_FILLING;
    let parameters = PARAMETERS.iter().map(|&(name, example, means)| vec![code(name), cell(means), code(example)]);
    text += &table(&["Parameter", "Is", "Example"], parameters);
    text += NARROWER;
    text += "## Every action\n\n";
    text += &table(
        &["Operation", "Action", "Statement", "On", "If", "Why"],
        Grant::ALL.iter().flat_map(|&grant| rows(grant)),
    );
    text += "## Trust policies\n\n";
    for one in trust::all() {
        let _ = writeln!(text, "- [`trust/{0}.json`](iam/trust/{0}.json): {1}", one.name, one.doc);
    }
    text += "\n";
    text += ELSEWHERE;
    text
}

/// The command that fills in the largest document.
fn sed() -> String {
    let mut text = "sed".to_owned();
    for (name, example, _) in PARAMETERS.iter().filter(|(_, _, means)| !means.starts_with("trust:")) {
        let _ = write!(text, " \\\n  -e 's|${{{name}}}|{example}|g'");
    }
    text + " \\\n  docs/iam/profiles/everything-ecs.json > everything-ecs.json\n"
}

fn rows(grant: Grant) -> Vec<Vec<String>> {
    let row = |operation: &str, action: &str| {
        let resources: Vec<String> = grant.resources().iter().map(|resource| code(short(resource))).collect();
        let conditions: Vec<String> = grant.conditions().iter().map(|&condition| told(condition)).collect();
        let why = cell(grant.why());
        vec![operation.to_owned(), code(action), code(grant.sid()), resources.join(", "), conditions.join(" and "), why]
    };
    let of = |op: crate::aws::Op| row(op.name(), &super::rows::permission(op));
    let mut rows: Vec<_> = grant.operations().map(of).collect();
    rows.extend(grant.besides().iter().map(|action| row("", action)));
    rows
}

/// An ARN from its resource on.
fn short(resource: &str) -> &str {
    resource.splitn(6, ':').last().unwrap_or(resource)
}

fn told(condition: Condition) -> String {
    let (operator, key, values) = condition.parts();
    let values: Vec<String> = values.iter().map(|value| code(short(value))).collect();
    match operator {
        "Null" => format!("no `{key}`"),
        "ForAllValues:StringLike" => format!("every `{key}` is {}", values.join(" or ")),
        _ => format!("`{key}` is {}", values.join(" or ")),
    }
}
