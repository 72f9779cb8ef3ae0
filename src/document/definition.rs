//! A text that holds one task definition, in the shape of `RegisterTaskDefinition` or of its answers.

use serde_json::{Map, Value};

use super::kind::Kind;
use super::{Refused, fit, parse, spec};
use crate::api::EcsTaskDefinitionSpec;
use crate::api::quoted::unquoted;
use crate::preflight::Problem;

/// Members of our kind that no request of ECS has.
const OWN: &[&str] =
    &["region", "managementMode", "deletionPolicy", "adoptionPolicy", "driftPolicy", "revisionHistoryLimit"];

/// The task definition in a text, and what was dropped or converted; or every reason against it. The family may be
/// absent.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html>
pub fn task_definition(text: &str) -> Result<(EcsTaskDefinitionSpec, Vec<String>), Vec<String>> {
    let one = |refused: Refused| vec![refused.to_string()];
    let mut documents = parse::documents(text).map_err(one)?;
    let count = documents.len();
    let document = documents
        .pop()
        .filter(|_| count == 1)
        .ok_or_else(|| one(Refused::new(format!("has {count} documents"), "write exactly one task definition")))?;
    let mut problems = Vec::new();
    let members = unwrapped(document, &mut problems).map_err(one)?;
    let draft = spec::draft(Kind::TaskDefinition, &members, None);
    problems.extend(draft.problems.into_iter().filter(|problem| problem.path != "family"));
    let own = OWN.iter().filter(|name| draft.spec.contains_key(**name));
    problems.extend(own.map(|name| Problem::new(*name, "is not a member of a task definition in ECS", "remove it")));
    if !problems.is_empty() {
        return Err(problems.iter().map(ToString::to_string).collect());
    }
    let spec = serde_json::from_value(Value::Object(draft.spec)).map_err(|error| {
        one(Refused::new(format!("does not fit: {}", unquoted(&error.to_string())), "correct the member"))
    })?;
    Ok((spec, draft.notes))
}

/// The members, out of the answer's `{taskDefinition: …, tags: …}` where they stand in it.
fn unwrapped(document: Value, problems: &mut Vec<Problem>) -> Result<Map<String, Value>, Refused> {
    let what = fit::word(&document);
    let Value::Object(mut members) = document else {
        let reason = format!("is {what} and not a task definition");
        return Err(Refused::new(reason, "write an object with `containerDefinitions`"));
    };
    let wrapper = members.iter().find(|(name, value)| name.eq_ignore_ascii_case("taskDefinition") && value.is_object());
    let Some(name) = wrapper.map(|(name, _)| name.clone()) else { return Ok(members) };
    let Some(Value::Object(mut inner)) = members.remove(&name) else { return Ok(members) };
    for (beside, value) in members {
        if beside.eq_ignore_ascii_case("tags") {
            inner.entry("tags").or_insert(value);
        } else {
            problems.push(Problem::new(beside, "is not a member that is known here", "remove it"));
        }
    }
    Ok(inner)
}
