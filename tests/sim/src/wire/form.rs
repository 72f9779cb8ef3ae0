//! What came as a form, with the names and types that the service model gives it.

use serde_json::{Map, Value};

use crate::model::{Service, Shape, Table};

/// Gives the members of a form their names and types. What does not fit stays as it came, for the check.
pub fn typed(service: Service, operation: &str, form: Value) -> Value {
    let table = service.table();
    let Some(modelled) = table.operations.get(operation) else {
        return form;
    };
    Reader { table, capital: service == Service::Ec2 }.value(&modelled.input, form)
}

struct Reader<'a> {
    table: &'a Table,
    /// The EC2 protocol writes names with a capital letter.
    capital: bool,
}

impl Reader<'_> {
    fn value(&self, shape_name: &str, value: Value) -> Value {
        let Some(shape) = self.table.shapes.get(shape_name) else {
            return scalar(shape_name, value);
        };
        match (shape.kind.as_str(), value) {
            // An empty list or structure is sent as its name and nothing.
            ("structure" | "map", Value::String(text)) if text.is_empty() => Value::Object(Map::new()),
            ("list", Value::String(text)) if text.is_empty() => Value::Array(Vec::new()),
            ("structure", Value::Object(members)) => {
                let read = members.into_iter().map(|(name, member)| self.member(shape, &name, member));
                Value::Object(read.collect())
            }
            ("list", Value::Array(items)) => {
                Value::Array(items.into_iter().map(|item| self.value(&shape.item, item)).collect())
            }
            ("map", Value::Object(mut members)) if members.len() == 1 && members.contains_key("entry") => {
                self.entries(shape, members.remove("entry"))
            }
            (kind, value) => scalar(kind, value),
        }
    }

    fn member(&self, shape: &Shape, name: &str, value: Value) -> (String, Value) {
        let found = shape.members.iter().find(|(member, _)| self.wire_name(shape, member) == name);
        match found {
            Some((member, target)) => (member.clone(), self.value(target, value)),
            // A member's own name where the wire has another one is as unknown as any.
            None if shape.members.contains_key(name) => (format!("{name} (in a form)"), value),
            None => (name.to_owned(), value),
        }
    }

    fn wire_name(&self, shape: &Shape, member: &str) -> String {
        if let Some(name) = shape.form.get(member) {
            return name.clone();
        }
        let name = shape.wire.get(member).map_or(member, String::as_str);
        if !self.capital {
            return name.to_owned();
        }
        let mut letters = name.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
    }

    fn entries(&self, shape: &Shape, entries: Option<Value>) -> Value {
        let Some(Value::Array(entries)) = entries else {
            return entries.unwrap_or(Value::Null);
        };
        let pair = |mut entry: Value| {
            let key = entry.get("key").and_then(Value::as_str).unwrap_or_default().to_owned();
            (key, self.value(&shape.item, entry.get_mut("value").map(Value::take).unwrap_or_default()))
        };
        Value::Object(entries.into_iter().map(pair).collect())
    }
}

fn scalar(kind: &str, value: Value) -> Value {
    let Value::String(text) = &value else {
        return value;
    };
    let read = match kind {
        "integer" | "long" => text.parse::<i64>().ok().map(Value::from),
        "float" | "double" => text.parse::<f64>().ok().map(Value::from),
        "boolean" => text.parse::<bool>().ok().map(Value::from),
        "timestamp" => text.parse::<jiff::Timestamp>().ok().map(|at| crate::world::timestamp(at.as_millisecond())),
        _ => None,
    };
    read.unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::query;

    #[test]
    fn query_leaves_get_the_types_of_the_model() {
        let body = b"RuleArn=r&Actions.member.1.Type=forward&Actions.member.1.Order=2\
            &Actions.member.1.ForwardConfig.TargetGroups.member.1.Weight=7\
            &Actions.member.1.ForwardConfig.TargetGroupStickinessConfig.Enabled=false&Conditions=\
            &Actions.member.1.AuthenticateOidcConfig.AuthenticationRequestExtraParams.entry.1.key=a\
            &Actions.member.1.AuthenticateOidcConfig.AuthenticationRequestExtraParams.entry.1.value=b";
        let forward = json!({ "TargetGroups": [{ "Weight": 7 }], "TargetGroupStickinessConfig": { "Enabled": false } });
        let oidc = json!({ "AuthenticationRequestExtraParams": { "a": "b" } });
        let action = json!({ "Type": "forward", "Order": 2, "ForwardConfig": forward, "AuthenticateOidcConfig": oidc });
        let expected = json!({ "RuleArn": "r", "Actions": [action], "Conditions": [] });
        assert_eq!(typed(Service::Elbv2, "ModifyRule", query::parse(body)), expected);
    }

    #[test]
    fn ec2_lists_are_flat_and_singular() {
        let body = b"SubnetId.1=subnet-1&Filter.1.Name=tag:Name&Filter.1.Value.1=a&DryRun=false&SubnetIds.1=x";
        let filter = json!({ "Name": "tag:Name", "Values": ["a"] });
        let expected =
            json!({ "SubnetIds": ["subnet-1"], "Filters": [filter], "DryRun": false, "SubnetIds (in a form)": ["x"] });
        assert_eq!(typed(Service::Ec2, "DescribeSubnets", query::parse(body)), expected);
    }

    #[test]
    fn times_are_read_and_what_does_not_fit_stays() {
        let body = b"StartTime=2027-01-15T08:00:00Z&MaxDatapoints=many";
        let expected = json!({ "StartTime": 1_800_000_000.0, "MaxDatapoints": "many" });
        assert_eq!(typed(Service::CloudWatch, "GetMetricData", query::parse(body)), expected);
    }
}
