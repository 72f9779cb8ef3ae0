//! A snapshot → one text per thing, so that a change of the text is a line worth printing. Pure.

use std::collections::BTreeMap;

use crate::groups::Group;
use crate::observe::{Object, Snapshot};
use crate::words::short;

/// Texts by thing.
pub type Facts = BTreeMap<String, String>;

/// What is worth a line of its own.
pub fn facts(snapshot: &Snapshot) -> Facts {
    let mut facts = Facts::new();
    for (kind, objects) in
        [("cluster", &snapshot.clusters), ("definition", &snapshot.task_definitions), ("service", &snapshot.services)]
    {
        // What a group made is told by the group.
        for object in objects.iter().filter(|object| object.group.is_empty()) {
            facts.insert(format!("{kind} {}", object.name), object_text(object));
        }
    }
    for group in &snapshot.groups {
        group_facts(group, &mut facts);
    }
    for (service, ecs) in &snapshot.ecs {
        for it in &ecs.deployments {
            let failed = if it.failed > 0 { format!(", {} failed", it.failed) } else { String::new() };
            let text = format!("{} {} {}/{} running{failed}", it.status, it.state, it.running, it.desired);
            facts.insert(format!("  {service} > {}", it.task_definition), text);
            // The states between are seen on a terminal; as lines they would be too many.
            for task in it.tasks.iter().filter(|task| ["RUNNING", "STOPPED"].contains(&task.status.as_str())) {
                let what = if task.failed { &task.reason } else { &task.image };
                let text = format!("{} {} {what}", task.status, task.health);
                facts.insert(format!("    {service} > {} > {}", it.task_definition, short(&task.id)), text);
            }
        }
    }
    facts
}

fn group_facts(group: &Group, facts: &mut Facts) {
    let name = &group.object.name;
    facts.insert(format!("group {name}"), object_text(&group.object));
    if let Some(rollout) = &group.rollout {
        let key = format!("  {name} > rollout of {}", rollout.to);
        if let Some(why) = &rollout.back {
            facts.insert(format!("{key}, back because"), why.clone());
        }
        facts.insert(key, rollout.line());
    }
    for version in &group.versions {
        let text = [version.state.clone(), version.share(), version.tasks()].join(" ");
        facts.insert(format!("  {name} > {}", version.short()), text.split_whitespace().collect::<Vec<_>>().join(" "));
    }
}

fn object_text(object: &Object) -> String {
    if object.deleting {
        let says = if object.reason.starts_with("Delet") { object.message.as_str() } else { "" };
        return format!("being deleted {says}").trim_end().to_owned();
    }
    if !object.current {
        return "changed, not seen yet".to_owned();
    }
    let quiet = object.ready == "True" || object.reason == "Progressing";
    let message = if quiet { "" } else { object.message.as_str() };
    let text = format!("Ready={} {} {} {message}", object.ready, object.reason, object.detail);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The lines for what changed, objects first.
pub fn changes(before: &Facts, after: &Facts) -> Vec<String> {
    let changed = after.iter().filter(|(key, text)| before.get(*key) != Some(*text));
    let mut lines: Vec<String> = changed.map(|(key, text)| format!("{key}: {text}")).collect();
    // Tasks come and go in numbers; for them the deployment's line says enough.
    // For a rollout that ended the group's line does.
    let told = |key: &&String| key.matches(" > ").count() < 2 && !key.contains(" > rollout of ");
    let gone = before.keys().filter(|key| !after.contains_key(*key)).filter(told);
    lines.extend(gone.map(|key| format!("{key}: gone")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_told() {
        let object = |ready: &str| Object {
            name: "web".to_owned(),
            ready: ready.to_owned(),
            reason: "Progressing".to_owned(),
            current: true,
            ..Object::default()
        };
        let with = |services: Vec<Object>| facts(&Snapshot { services, ..Snapshot::default() });
        let (first, second) = (with(vec![object("False")]), with(vec![object("True")]));
        assert_eq!(changes(&Facts::new(), &first), ["service web: Ready=False Progressing"]);
        assert!(changes(&first, &first).is_empty());
        assert_eq!(changes(&first, &second), ["service web: Ready=True Progressing"]);
        assert_eq!(changes(&second, &with(Vec::new())), ["service web: gone"]);
    }
}
