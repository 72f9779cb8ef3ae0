//! What stays of an accepted spec while a rollout is under way: enough to bring it to an end, not to make a version.
//!
//! Status is read by more people than specs are, and by far more than the `ConfigMap` of a document. So what is kept is
//! listed here, member by member; what a container gets, and the values of tags, are not among it. Pure.

use crate::api::server_group::template::Template;
use crate::api::{ServerGroupSpec, ServerGroupStatus};

/// Most characters of it, as the schema says.
const LONGEST: usize = 65_536;

/// The members that a rollout under way still needs.
#[must_use]
pub(super) fn kept(spec: &ServerGroupSpec) -> ServerGroupSpec {
    let template = spec.template.clone().unwrap_or_default();
    ServerGroupSpec {
        moniker: spec.moniker.clone(),
        cluster_ref: spec.cluster_ref.clone(),
        cluster: spec.cluster.clone(),
        account_ref: spec.account_ref.clone(),
        region: spec.region.clone(),
        capacity: spec.capacity,
        disabled: spec.disabled,
        // Which target groups the rules are to name; all else stands in the objects of the versions.
        template: Some(Template { target_group_mappings: template.target_group_mappings, ..Template::default() }),
        gate: spec.gate.clone(),
        rollback: spec.rollback.clone(),
        traffic: spec.traffic.clone(),
        scaling: spec.scaling.clone(),
        source: spec.source.clone(),
        drift_policy: spec.drift_policy,
        ..ServerGroupSpec::default()
    }
}

/// As it stands in the status; `None` when it would be too long for it.
#[must_use]
pub(super) fn text(spec: &ServerGroupSpec) -> Option<String> {
    serde_json::to_string(&kept(spec)).ok().filter(|text| text.chars().count() <= LONGEST)
}

/// What stands in the status; of a text that says more, only what is kept now.
#[must_use]
pub(super) fn read(status: &ServerGroupStatus) -> Option<ServerGroupSpec> {
    let spec: ServerGroupSpec = serde_json::from_str(status.accepted_spec.as_deref()?).ok()?;
    Some(kept(&spec))
}

/// Leaves in the status only what is kept now: an earlier operator may have written more.
pub(super) fn tidy(status: &mut ServerGroupStatus) {
    if status.accepted_spec.is_some() {
        status.accepted_spec = read(status).as_ref().and_then(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// Every member that a person can write, with the same word in each text.
    fn full() -> ServerGroupSpec {
        let container = json!({
            "image": "WORD", "environment": [{"name": "A", "value": "WORD"}], "command": ["WORD"],
            "entryPoint": ["WORD"], "dockerLabels": {"a": "WORD"}, "secrets": [{"name": "A", "valueFrom": "WORD"}],
            "environmentFiles": [{"value": "WORD", "type": "s3"}], "healthCheck": {"command": ["WORD"]},
            "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": "WORD"}},
            "repositoryCredentials": {"credentialsParameter": "WORD"},
        });
        serde_json::from_value(json!({
            "clusterRef": {"name": "prod"},
            "capacity": {"min": 1, "desired": 2, "max": 3},
            "tags": {"token": "WORD"},
            "strategy": {"canary": {"steps": [{"analysis": {"metrics": [
                {"name": "a", "web": {"url": "https://WORD"}, "success": "WORD"},
            ]}}]}},
            "traffic": {"listenerRules": ["rule"]},
            "gate": {"alarmNames": ["errors"]},
            "template": {
                "inputs": container,
                "artifact": {"inline": "WORD", "containerMappings": [{"containerName": "a", "image": "WORD"}]},
                "redeployToken": "WORD",
                "serviceConnectConfiguration": {"logConfiguration": {"options": {"a": "WORD"}}},
                "targetGroupMappings": [{"containerPort": 80, "targetGroup": "blue", "alternateTargetGroup": "green"}],
            },
        }))
        .unwrap()
    }

    #[test]
    fn nothing_of_what_a_container_gets_and_no_tag_is_kept() {
        let text = text(&full()).unwrap();
        assert!(!text.contains("WORD"), "{text}");
        let kept: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(kept["template"]["targetGroupMappings"][0]["alternateTargetGroup"], "green");
        assert_eq!((&kept["capacity"]["max"], &kept["gate"]["alarmNames"][0]), (&json!(3), &json!("errors")));
    }

    #[test]
    fn a_text_that_says_more_is_cut_down_and_one_that_cannot_be_read_goes() {
        let wordy = serde_json::to_string(&full()).unwrap();
        let mut status = ServerGroupStatus { accepted_spec: Some(wordy), ..ServerGroupStatus::default() };
        assert_eq!(read(&status), Some(kept(&full())));
        tidy(&mut status);
        assert_eq!(status.accepted_spec, text(&full()));
        tidy(&mut status);
        assert_eq!(status.accepted_spec, text(&full()));
        status.accepted_spec = Some("{\"WORD".to_owned());
        tidy(&mut status);
        assert_eq!(status.accepted_spec, None);
    }

    #[test]
    fn what_is_too_long_for_the_status_is_not_kept() {
        let mut spec = full();
        spec.gate.get_or_insert_default().alarm_names = Some(vec!["a".repeat(LONGEST)]);
        assert_eq!(text(&spec), None);
    }
}
