//! The Query protocol: forms in, XML out.

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

/// The answer of `action`; lists become `member` elements.
pub fn write_answer(action: &str, namespace: &str, request_id: &str, result: &Value) -> Vec<u8> {
    let mut text = format!("<{action}Response xmlns=\"{namespace}\"><{action}Result>");
    element_content(&mut text, result);
    text.extend([format!(
        "</{action}Result><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
    )]);
    text.into_bytes()
}

/// An error answer.
pub fn write_error(namespace: &str, request_id: &str, code: &str, message: &str) -> Vec<u8> {
    let (code, message) = (escape(code), escape(message));
    format!(
        "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    .into_bytes()
}

fn element_content(text: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&number.to_string()),
        Value::String(content) => text.push_str(&escape(content)),
        Value::Array(items) => items.iter().for_each(|item| element(text, "member", item)),
        Value::Object(members) => members.iter().for_each(|(name, member)| element(text, name, member)),
    }
}

fn element(text: &mut String, name: &str, value: &Value) {
    text.extend([format!("<{name}>")]);
    element_content(text, value);
    text.extend([format!("</{name}>")]);
}

fn escape(content: &str) -> String {
    content.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
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

    #[test]
    fn answers_escape_text_and_wrap_list_items() {
        let xml = write_answer("Get", "urn:x", "id", &json!({ "Names": ["a<b"], "Deep": { "On": true } }));
        let xml = String::from_utf8(xml).unwrap();
        assert!(xml.contains("<Names><member>a&lt;b</member></Names>"), "{xml}");
        assert!(xml.contains("<Deep><On>true</On></Deep>"), "{xml}");
    }
}
