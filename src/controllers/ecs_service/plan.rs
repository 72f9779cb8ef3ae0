//! Decides what to do about a service: desired × observed × facts × asks → plan. Pure.

use std::time::Duration;

use aws_sdk_ecs::operation::update_service::builders::UpdateServiceInputBuilder;
use aws_sdk_ecs::types::Service;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use uuid::Uuid;

use super::content::{Comparison, compare};
use super::desired::{Desired, Reference};
use super::observe::Observed;
use super::requests::{self, Requests};
use super::rollout::{follow, primary};
use super::step::Step;
use super::{removal, scaling, verdict};
use crate::api::EcsServiceSpec;
use crate::api::condition::Reason;
use crate::api::policy::ManagementMode;
use crate::api::status::{EcsServiceStatus, Held, InFlight, Rollout};
use crate::controllers::context::{tag_list, tag_map};
use crate::controllers::directive::Directive;
use crate::controllers::facts::Facts;
use crate::controllers::ownership::Ownership;
use crate::controllers::report::{Course, Plan, Requeue, Verdict};
use crate::controllers::seen::Seen;
use crate::controllers::tagging::Tagging;

const SOON: Duration = Duration::from_secs(2);

/// What a plan may read besides desired and observed.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    /// The circumstances of the pass.
    pub facts: &'a Facts,
    /// What annotations ask.
    pub directive: &'a Directive,
    /// The status as it was.
    pub status: &'a EcsServiceStatus,
    /// How many times ECS refused a deletion.
    pub refused: u32,
    /// Time between two looks at something that is changing.
    pub follow: Duration,
}

/// The plan of one pass.
#[must_use]
pub fn plan(desired: &Desired, observed: &Observed, at: &Situation<'_>) -> Plan<Step> {
    if at.facts.deleting {
        return removal::plan(desired, observed, at.facts, at.refused);
    }
    match &observed.service {
        Seen::Unreadable(error) => {
            Plan::rest(Verdict::underway(Reason::ProgressingWithRetry, error.to_string()), Requeue::After(SOON))
        }
        Seen::Absent if at.status.arn.is_some() && !observed.gone_for_sure => {
            let message = format!("Service `{}` is not in ECS any more; looking once more.", desired.name);
            Plan::rest(Verdict::underway(Reason::Progressing, message), Requeue::After(SOON))
        }
        Seen::Absent => creation(desired, at, ""),
        Seen::Present(live) => match live.status.as_deref() {
            Some("ACTIVE") => upkeep(desired, observed, live, at),
            Some("DRAINING") => Plan::rest(
                Verdict::underway(
                    Reason::Progressing,
                    format!("A service `{}` is still DRAINING; ECS keeps its name until then.", desired.name),
                ),
                Requeue::After(at.follow),
            ),
            _ => creation(desired, at, &live.created_at.map(|at| at.secs().to_string()).unwrap_or_default()),
        },
    }
}

/// Makes the service. `before` tells an earlier service of that name from none.
fn creation(desired: &Desired, at: &Situation<'_>, before: &str) -> Plan<Step> {
    let facts = at.facts;
    if facts.mode == ManagementMode::Observe {
        let message = format!("ECS has no service `{}`; `managementMode: Observe` does not make one", desired.name);
        return Plan::rest(Verdict::stuck(Reason::ResourceMissing, message), Requeue::Sweep);
    }
    for reference in [&desired.cluster, &desired.task_definition] {
        if let Reference::Waits(what) = reference {
            return Plan::rest(Verdict::underway(Reason::DependencyNotReady, format!("{what}.")), Requeue::Sweep);
        }
    }
    let Some(cluster) = desired.cluster.value() else {
        let message = "`clusterRef` or `cluster` must be set";
        return Plan::rest(Verdict::stuck(Reason::InvalidSpec, message), Requeue::Sweep);
    };
    let mut tags = desired.tags.clone();
    tags.extend(facts.owner.tags());
    let spec = EcsServiceSpec { desired_count: desired.initial_count(), ..desired.spec.clone() };
    let request = match spec.to_create(cluster, &desired.name, desired.task_definition.value()) {
        Ok(request) => request.client_token(token(desired, at, before)).set_tags(Some(tag_list(&tags))),
        Err(incomplete) => {
            return Plan::rest(Verdict::stuck(Reason::InvalidSpec, incomplete.to_string()), Requeue::Sweep);
        }
    };
    Plan {
        steps: vec![Step::Claim, Step::Create(Box::new(request))],
        verdict: Verdict::underway(Reason::Progressing, format!("Service `{}` is being created.", desired.name)),
        requeue: Requeue::After(SOON),
    }
}

/// The same for every repeat of the same creation, another for another life of the service: derived from the object, its
/// generation, its task definition, and what tells of the life before. That is the service which ECS still shows as
/// INACTIVE, for a read that lags shows it also after the creation; only without one it is the last followed deployment.
fn token(desired: &Desired, at: &Situation<'_>, before: &str) -> String {
    let last = at.status.rollout.as_ref().filter(|_| before.is_empty()).map_or("", |rollout| rollout.id.as_str());
    let runs = desired.task_definition.value().unwrap_or("");
    let namespace = Uuid::parse_str(&at.facts.owner.uid).unwrap_or(Uuid::NAMESPACE_OID);
    let seed = format!("CreateService/{}/{}/{runs}/{last}/{before}", at.facts.owner.uid, at.facts.generation);
    Uuid::new_v5(&namespace, seed.as_bytes()).to_string()
}

/// Since when too few tasks run though nothing rolls.
pub(super) fn short_since(live: &Service, rollout: Option<&Rollout>, at: &Situation<'_>) -> Option<Timestamp> {
    let before = at.status.short_since.as_ref().map(|since| since.0);
    verdict::short_since(before, live, rollout, at.facts)
}

/// What an existing, ACTIVE service needs.
fn upkeep(desired: &Desired, observed: &Observed, live: &Service, at: &Situation<'_>) -> Plan<Step> {
    let facts = at.facts;
    if let Some(plan) = ownership(desired, live, facts) {
        return plan;
    }
    let comparison = compare(desired, live, observed.revision.as_ref(), &facts.owned_fields);
    let rollout = rollout(desired, observed, live, &comparison, at);
    let asked = requests::judge(at.directive, at.status, rollout.as_ref(), observed);
    let asked = if desired.waits() { asked.without_rolling() } else { asked };
    let held = held(at.status, rollout.as_ref(), asked.retry);
    let short = short_since(live, rollout.as_ref(), at);
    let verdict = verdict::judge(desired, live, rollout.as_ref(), held.as_ref(), &comparison, observed, short, facts);
    let mut steps = Vec::new();
    if facts.mode != ManagementMode::Observe {
        if !facts.claimed {
            steps.push(Step::Claim);
        }
        let is_barred = is_barred(&comparison, held.as_ref(), rollout.as_ref());
        match corrections(desired, observed, live, &comparison, is_barred, &asked, at) {
            Ok(corrections) => steps.extend(corrections),
            Err(message) => return Plan::rest(Verdict::stuck(Reason::InvalidSpec, message), Requeue::Sweep),
        }
        steps.extend(gates(rollout.as_ref(), &asked));
    }
    let requeue = match verdict.course {
        Course::Settled => Requeue::Sweep,
        Course::Underway => Requeue::After(at.follow),
        // A deployment that is stuck may still move.
        Course::Stuck => match &rollout {
            Some(open) if open.finished_at.is_none() => Requeue::After(at.follow),
            _ => Requeue::Sweep,
        },
    };
    let requeue = if steps.iter().any(Step::is_call) { Requeue::After(SOON) } else { requeue };
    Plan { steps, verdict, requeue }
}

/// The rollout as this pass sees it.
pub(super) fn rollout(
    desired: &Desired,
    observed: &Observed,
    live: &Service,
    comparison: &Comparison,
    at: &Situation<'_>,
) -> Option<Rollout> {
    // The PRIMARY deployment brings what the spec asks for if nothing is left that would start another.
    let brings = comparison.rolling().next().is_none() && !desired.waits() && desired.fixed_ports.is_empty();
    let content = brings.then_some(comparison.rolling_hash.as_str());
    follow(at.status.rollout.as_ref(), live, observed.deployment.as_ref(), content, at.facts.now)
}

/// Content that failed: what was held before, or what this rollout's end adds.
pub(super) fn held(status: &EcsServiceStatus, rollout: Option<&Rollout>, retry: bool) -> Option<Held> {
    use super::rollout::{Ending, ending};
    let before = status.held.clone().filter(|_| !retry);
    let Some(rollout) = rollout else { return before };
    let reason = match ending(rollout) {
        Ending::Failed => Reason::DeploymentFailed,
        Ending::RolledBack => Reason::DeploymentRolledBack,
        // Other content went live since: asking for the failed content again is a new decision.
        Ending::Completed => return None,
        Ending::Open | Ending::Stopped => return before,
    };
    let Some(content_hash) = rollout.content_hash.clone() else { return before };
    if retry && status.held.as_ref().is_some_and(|held| held.rollout == rollout.id) {
        return None;
    }
    let brings = rollout.task_definition.as_deref().unwrap_or("?");
    let why = rollout.reason.as_deref().unwrap_or("ECS gave no reason.");
    let message = match (reason, rollout.previous_task_definition.as_deref()) {
        (Reason::DeploymentRolledBack, Some(previous)) => {
            format!("Deployment {} of {brings} failed and ECS went back to {previous}. ECS: {why}", rollout.id)
        }
        _ => format!("Deployment {} of {brings} failed. ECS: {why}", rollout.id),
    };
    Some(Held { content_hash, rollout: rollout.id.clone(), reason: reason.to_string(), message })
}

/// Has what the spec asks for failed, or is ECS just taking it back? Then another deployment of it would only fight
/// the rollback.
fn is_barred(comparison: &Comparison, held: Option<&Held>, rollout: Option<&Rollout>) -> bool {
    let falls = rollout.filter(|rollout| rollout.state == "ROLLING_BACK").and_then(|r| r.content_hash.as_deref());
    let failed = held.map(|held| held.content_hash.as_str());
    [failed, falls].contains(&Some(comparison.rolling_hash.as_str()))
}

/// Whose the service is. `None` = ours.
fn ownership(desired: &Desired, live: &Service, facts: &Facts) -> Option<Plan<Step>> {
    if facts.mode == ManagementMode::Observe {
        return None;
    }
    let what = format!("ECS service `{}`", desired.name);
    match facts.owner.judge(&tag_map(live.tags()), facts.adoption, &what) {
        Ownership::Ours => None,
        Ownership::Refused(reason, message) => Some(Plan::rest(Verdict::stuck(reason, message), Requeue::Sweep)),
        taken @ (Ownership::Reclaim | Ownership::Adopt) => {
            let arn = live.service_arn.clone().unwrap_or_default();
            Some(Plan {
                steps: vec![Step::Claim, Step::Tag(Tagging::taking_over(&arn, &what, &facts.owner, &taken))],
                verdict: Verdict::underway(Reason::Progressing, format!("{what} is being taken over.")),
                requeue: Requeue::After(SOON),
            })
        }
    }
}

/// The calls that bring the service in line, a restart included.
fn corrections(
    desired: &Desired,
    observed: &Observed,
    live: &Service,
    comparison: &Comparison,
    is_barred: bool,
    asked: &Requests,
    at: &Situation<'_>,
) -> Result<Vec<Step>, String> {
    let facts = at.facts;
    let mut steps = Vec::new();
    // Before the revision is known the rest of the edit would roll with the old one, and if that failed nothing would be
    // held, for nobody asked for that content.
    let comparison = if is_barred || desired.waits() { comparison.without_rolling() } else { comparison.clone() };
    let rolls = comparison.rolling().next().is_some();
    if facts.corrects() || asked.retry || rolls_by_reference(desired, &comparison) {
        let arn = live.service_arn.clone().unwrap_or_default();
        let what = format!("service `{}`", desired.name);
        let tags = tag_map(live.tags());
        steps.extend(Tagging::of(&arn, &what, &desired.tags, &tags, &facts.owner, &facts.owned_fields).map(Step::Tag));
        if !comparison.sent.is_empty() {
            let request = update(desired, live, &comparison)?;
            steps.push(Step::Update(Box::new(request), comparison.sent.clone()));
        }
    }
    steps.extend(scaling::plan(desired, &observed.scaling, live, facts).into_iter().map(Step::Scaling));
    // What failed may be what stands in ECS (nothing was rolled back, or to the same content): only force tries it again.
    let again = || at.directive.retry.clone().filter(|_| asked.retry);
    // A deployment that starts anyway is the restart.
    if !rolls
        && !is_barred
        && let Some(value) = asked.restart.clone().or_else(again)
    {
        steps.extend(restart(live, &value, asked.restart.is_none(), at));
    }
    Ok(steps)
}

/// A new revision of a referenced task definition is an edit too, though not of this object.
fn rolls_by_reference(desired: &Desired, comparison: &Comparison) -> bool {
    desired.spec.task_definition_ref.is_some() && comparison.rolling().any(|change| change.member() == "taskDefinition")
}

fn update(desired: &Desired, live: &Service, comparison: &Comparison) -> Result<UpdateServiceInputBuilder, String> {
    let mut document = comparison.target.document.clone();
    if let (Some(members), Some(count)) = (document.as_object_mut(), desired.spec.desired_count) {
        members.insert("desiredCount".to_owned(), count.into());
    }
    let spec: EcsServiceSpec = serde_json::from_value(document).map_err(|error| error.to_string())?;
    let cluster = live.cluster_arn.clone().unwrap_or_default();
    let service = live.service_arn.clone().unwrap_or_default();
    let request = spec
        .to_update(&comparison.members(), &cluster, &service, desired.task_definition.value())
        .map_err(|incomplete| incomplete.to_string())?;
    Ok(if comparison.needs_force() { request.force_new_deployment(true) } else { request })
}

/// A forced deployment is not repeatable, so it is written down first.
fn restart(live: &Service, value: &str, is_retry: bool, at: &Situation<'_>) -> Vec<Step> {
    let record = InFlight {
        request: if is_retry { "retry" } else { "restartedAt" }.to_owned(),
        value: value.to_owned(),
        before: primary(live).and_then(|primary| primary.id.clone()),
        started_at: Time(at.facts.now),
    };
    let request = UpdateServiceInputBuilder::default()
        .set_cluster(live.cluster_arn.clone())
        .set_service(live.service_arn.clone())
        .force_new_deployment(true);
    vec![Step::Record(record), Step::Force(Box::new(request))]
}

/// Answers to gates and calls to stop.
fn gates(rollout: Option<&Rollout>, asked: &Requests) -> Vec<Step> {
    let Some((rollout, deployment)) = rollout.and_then(|r| Some((r, r.service_deployment_arn.clone()?))) else {
        return Vec::new();
    };
    match (&rollout.promote_with, &asked.promote) {
        (Some(hook), _) if asked.abort => {
            vec![Step::Continue { deployment, hook: hook.clone(), roll_back: true }]
        }
        (_, Some(hook)) => vec![Step::Continue { deployment, hook: hook.clone(), roll_back: false }],
        _ if asked.abort => vec![Step::Stop(deployment)],
        _ => Vec::new(),
    }
}
