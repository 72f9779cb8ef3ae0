//! Answers of the Query protocols: XML with the names that the service model gives.

use serde_json::Value;

use crate::model::{Service, Table};
use crate::refusal::Refusal;

/// The answer of `action`.
pub fn answer(service: Service, action: &str, request_id: &str, output: &Value) -> Vec<u8> {
    let table = service.table();
    let shape = table.operations.get(action).map_or("", |operation| operation.output.as_str());
    let mut content = String::new();
    write(table, &mut content, shape, output);
    let namespace = service.namespace();
    if service == Service::Ec2 {
        return format!(
            "<{action}Response xmlns=\"{namespace}\"><requestId>{request_id}</requestId>{content}</{action}Response>"
        )
        .into_bytes();
    }
    // An operation without an output has no result element.
    let result = if shape.is_empty() { content } else { format!("<{action}Result>{content}</{action}Result>") };
    format!(
        "<{action}Response xmlns=\"{namespace}\">{result}\
         <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
    )
    .into_bytes()
}

/// An error answer; a service that is not known answers like a Query service.
pub fn error(service: Option<Service>, request_id: &str, refusal: &Refusal) -> Vec<u8> {
    let (code, message) = (escape(&refusal.code), escape(&refusal.message));
    if service == Some(Service::Ec2) {
        return format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code>\
             <Message>{message}</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>"
        )
        .into_bytes();
    }
    let namespace = service.map_or("", Service::namespace);
    let kind = if refusal.status < 500 { "Sender" } else { "Receiver" };
    format!(
        "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{kind}</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    .into_bytes()
}

fn write(table: &Table, text: &mut String, shape_name: &str, value: &Value) {
    let shape = table.shapes.get(shape_name);
    let target = |name: &str| shape.and_then(|shape| shape.members.get(name)).map_or("", String::as_str);
    let called = |name: &str| shape.and_then(|shape| shape.wire.get(name)).cloned();
    match value {
        Value::Null => {}
        Value::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) if shape_name == "timestamp" => text.push_str(&time(number.as_f64().unwrap_or(0.0))),
        Value::Number(number) => text.push_str(&number.to_string()),
        Value::String(content) => text.push_str(&escape(content)),
        Value::Array(items) => {
            let name = called("item").unwrap_or_else(|| "member".to_owned());
            let of = shape.map_or("", |shape| shape.item.as_str());
            for item in items {
                element(table, text, &name, of, item);
            }
        }
        Value::Object(members) if shape.is_some_and(|shape| shape.kind == "map") => {
            let of = shape.map_or("", |shape| shape.item.as_str());
            for (key, member) in members {
                text.extend(["<entry><key>", &escape(key), "</key>"]);
                element(table, text, "value", of, member);
                text.push_str("</entry>");
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                element(table, text, &called(name).unwrap_or_else(|| name.clone()), target(name), member);
            }
        }
    }
}

fn element(table: &Table, text: &mut String, name: &str, shape_name: &str, value: &Value) {
    text.extend(["<", name, ">"]);
    write(table, text, shape_name, value);
    text.extend(["</", name, ">"]);
}

#[expect(clippy::cast_possible_truncation, reason = "times are far below 2^52 ms")]
fn time(seconds: f64) -> String {
    let at = jiff::Timestamp::from_millisecond((seconds * 1000.0).round() as i64).unwrap_or_default();
    format!("{at:.3}")
}

fn escape(content: &str) -> String {
    content.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(service: Service, action: &str, output: &Value) -> String {
        String::from_utf8(answer(service, action, "id", output)).unwrap()
    }

    #[test]
    fn answers_escape_text_and_wrap_list_items() {
        let output = json!({ "Rules": [{ "Priority": "a<b", "IsDefault": true }], "NextMarker": "&" });
        let xml = text(Service::Elbv2, "DescribeRules", &output);
        let rule = "<IsDefault>true</IsDefault><Priority>a&lt;b</Priority>";
        assert!(xml.contains(&format!("<Rules><member>{rule}</member></Rules>")), "{xml}");
        assert!(xml.contains("<NextMarker>&amp;</NextMarker>"), "{xml}");
    }

    #[test]
    fn ec2_has_its_own_envelope_and_names() {
        let tags = json!([{ "Key": "k", "Value": "v" }]);
        let output = json!({ "Subnets": [{ "SubnetId": "subnet-1", "Tags": tags }] });
        let xml = text(Service::Ec2, "DescribeSubnets", &output);
        let tag = "<tagSet><item><key>k</key><value>v</value></item></tagSet>";
        let set = format!("<subnetSet><item><subnetId>subnet-1</subnetId>{tag}</item></subnetSet>");
        assert!(xml.ends_with(&format!("<requestId>id</requestId>{set}</DescribeSubnetsResponse>")), "{xml}");
        let refusal = Refusal::new("InvalidSubnetID.NotFound", "no");
        let error = String::from_utf8(error(Some(Service::Ec2), "id", &refusal)).unwrap();
        assert!(error.contains("<Response><Errors><Error><Code>InvalidSubnetID.NotFound</Code>"), "{error}");
    }

    #[test]
    fn times_are_written_as_texts() {
        let output = json!({ "Credentials": { "Expiration": 1_800_000_000.5 } });
        let xml = text(Service::Sts, "AssumeRole", &output);
        assert!(xml.contains("<Expiration>2027-01-15T08:00:00.500Z</Expiration>"), "{xml}");
    }
}
