//! `DescribeAlarms`.

use serde_json::{Value, json};

use super::alarm::Alarm;
use super::{invalid, page, with_token};
use crate::ecs::{self, list, text};
use crate::refusal::Refusal;
use crate::world::{Cx, Region};

/// `DescribeAlarms`: a name that does not exist is just not in the answer.
pub(super) fn describe(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    for member in ["ChildrenOfAlarmName", "ParentsOfAlarmName"] {
        if input.get(member).is_some() {
            return Err(invalid(format!("{member} is not simulated")));
        }
    }
    let names = list(input, "AlarmNames");
    let prefix = text(input, "AlarmNamePrefix");
    if !names.is_empty() && prefix.is_some() {
        return Err(invalid("AlarmNames and AlarmNamePrefix cannot be specified together"));
    }
    let types = list(input, "AlarmTypes");
    let shows = |alarm: &Alarm| {
        // "If you omit this parameter, only metric alarms are returned."
        let wanted = if alarm.composite { "CompositeAlarm" } else { "MetricAlarm" };
        if types.is_empty() { !alarm.composite } else { types.iter().any(|kind| kind == wanted) }
    };
    let acts = |alarm: &Alarm| {
        text(input, "ActionPrefix").is_none_or(|prefix| {
            let actions = alarm.definition.get("AlarmActions").and_then(Value::as_array);
            actions.into_iter().flatten().filter_map(Value::as_str).any(|action| action.starts_with(prefix))
        })
    };
    let found = region.fixtures.alarms.iter().filter(|(name, alarm)| {
        (names.is_empty() || names.iter().any(|asked| asked == name.as_str()))
            && prefix.is_none_or(|prefix| name.starts_with(prefix))
            && text(input, "StateValue").is_none_or(|state| alarm.state.as_str() == state)
            && shows(alarm)
            && acts(alarm)
    });
    let views = found.map(|(name, alarm)| json!([alarm.composite, alarm.view(cx.key, name)])).collect();
    let part = page(cx, "DescribeAlarms", input, views, ("MaxRecords", 50, 100))?;
    let (mut metric, mut composite) = (Vec::new(), Vec::new());
    for item in part.items {
        if let Value::Array(mut pair) = item
            && let Some(view) = pair.pop()
        {
            if pair.first() == Some(&Value::Bool(true)) { &mut composite } else { &mut metric }.push(view);
        }
    }
    let mut answer = json!({ "MetricAlarms": metric });
    ecs::set(&mut answer, "CompositeAlarms", composite);
    Ok(with_token(answer, part.next))
}
