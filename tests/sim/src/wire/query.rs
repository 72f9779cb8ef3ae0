//! Form bodies of the Query protocols to nested values, all of whose leaves are texts.

use serde_json::{Map, Value};

/// A form body as nested values. `A.member.1.B=x` becomes `{"A": [{"B": "x"}]}`; all leaves are texts.
pub fn parse(body: &[u8]) -> Value {
    let mut root = Map::new();
    for (key, value) in form_urlencoded::parse(body) {
        let mut place = &mut root;
        let mut parts = key.split('.').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                place.insert(part.to_owned(), Value::from(value.as_ref()));
                break;
            }
            let entry = place.entry(part).or_insert_with(|| Value::Object(Map::new()));
            if !entry.is_object() {
                *entry = Value::Object(Map::new());
            }
            let Value::Object(inner) = entry else { break };
            place = inner;
        }
    }
    fold(Value::Object(root))
}

/// Turns `{"member": {"1": …}}` and `{"1": …}` into lists.
fn fold(value: Value) -> Value {
    let Value::Object(mut members) = value else {
        return value;
    };
    if members.len() == 1
        && let Some(inner) = members.remove("member")
    {
        return fold(inner);
    }
    let numbered = !members.is_empty() && members.keys().all(|key| key.parse::<u32>().is_ok());
    if !numbered {
        return Value::Object(members.into_iter().map(|(key, member)| (key, fold(member))).collect());
    }
    let mut items: Vec<(u32, Value)> =
        members.into_iter().map(|(key, member)| (key.parse().unwrap_or(0), fold(member))).collect();
    items.sort_by_key(|item| item.0);
    Value::Array(items.into_iter().map(|item| item.1).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbered_members_become_lists_in_number_order() {
        let parsed = parse(b"Action=A&Arns.member.2=b&Arns.member.1=a&Arns.member.10=c&X.Y.member.1.K=v%26w");
        assert_eq!(parsed, json!({ "Action": "A", "Arns": ["a", "b", "c"], "X": { "Y": [{ "K": "v&w" }] } }));
    }
}
