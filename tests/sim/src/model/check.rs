//! Values against shapes: what does not fit, and how ECS says so.

use serde_json::Value;

use super::{Service, Shape, Table};
use crate::refusal::Refusal;

/// Why a value does not fit its shape.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Why {
    Unknown,
    Type { got: &'static str, want: String },
    Null,
    Enum { values: Vec<String>, got: String },
    Missing,
    Range,
    Union,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Mismatch {
    path: String,
    why: Why,
}

struct Checker<'a> {
    table: &'a Table,
    /// Lower limits of lists are meant for requests: AWS answers empty lists all the same.
    answer: bool,
    found: Vec<Mismatch>,
}

/// Whether `name` stands for a kind and not for a shape of the table.
#[cfg(test)]
pub(super) fn is_plain_kind(name: &str) -> bool {
    matches!(name, "string" | "integer" | "long" | "float" | "double" | "boolean" | "timestamp" | "blob" | "document")
}

/// Removes null members (read as absent) and checks the rest against the operation's input.
///
/// Errors: `UnknownOperationException`; `SerializationException` for unknown members and wrong types;
/// for the rest what the service says (`InvalidParameterException`, `ClientException` at
/// `RegisterTaskDefinition`, `ValidationException` at Application Auto Scaling). Services that speak
/// forms say `ValidationError` to all of it, EC2 `UnknownParameter`, `MissingParameter` and
/// `InvalidParameterValue`.
pub fn check_input(service: Service, operation: &str, input: &mut Value) -> Result<(), Refusal> {
    let table = service.table();
    let modelled = table.operations.get(operation).ok_or_else(Refusal::unknown_operation)?;
    strip_nulls(input);
    let mut checker = Checker { table, answer: false, found: Vec::new() };
    checker.value("", &modelled.input, input);
    // What cannot be read at all is refused before what reads but is not allowed.
    let unreadable = checker.found.iter().find(|one| matches!(one.why, Why::Unknown | Why::Type { .. } | Why::Null));
    match unreadable.or(checker.found.first()) {
        None => Ok(()),
        Some(mismatch) => Err(refusal(service, operation, mismatch)),
    }
}

/// What does not fit in an answer: unknown members, wrong types, values outside enums, nulls.
pub fn check_output(service: Service, operation: &str, output: &Value) -> Vec<String> {
    let table = service.table();
    let Some(modelled) = table.operations.get(operation) else {
        return vec![format!("{operation} is not modelled")];
    };
    let mut checker = Checker { table, answer: true, found: Vec::new() };
    checker.value("", &modelled.output, output);
    checker.found.iter().map(|one| format!("{operation}{}: {:?}", one.path, one.why)).collect()
}

/// Whether `code` is among the operation's errors, or one that any operation may give.
pub fn error_is_modelled(service: Service, operation: &str, code: &str) -> bool {
    let unmodelled: &[&str] = match service {
        Service::Ecs | Service::ApplicationAutoscaling => {
            &["ThrottlingException", "SerializationException", "MissingAuthenticationTokenException"]
        }
        Service::Sqs => &["SerializationException", "InvalidParameterValue", "MissingAuthenticationTokenException"],
        Service::Elbv2 | Service::Sts | Service::Iam => {
            &["ThrottlingException", "Throttling", "ValidationError", "AccessDenied", "MissingAuthenticationToken"]
        }
        Service::CloudWatch => {
            &["Throttling", "ValidationError", "SerializationException", "MissingAuthenticationToken"]
        }
        // The model of EC2 names no errors; these are of "Error codes for the Amazon EC2 API".
        Service::Ec2 => &[
            "RequestLimitExceeded",
            "UnknownParameter",
            "InvalidParameterValue",
            "InvalidParameterCombination",
            "MissingParameter",
            "InvalidSubnetID.NotFound",
            "InvalidSubnetID.Malformed",
            "InvalidGroup.NotFound",
            "InvalidGroupId.Malformed",
            "AuthFailure",
        ],
    };
    let denied = matches!(code, "AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation");
    denied
        || matches!(code, "UnknownOperationException" | "ExpiredTokenException" | "ExpiredToken" | "RequestExpired")
        || unmodelled.contains(&code)
        || service.table().operations.get(operation).is_some_and(|modelled| modelled.errors.iter().any(|e| e == code))
}

fn strip_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(strip_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn refusal(service: Service, operation: &str, mismatch: &Mismatch) -> Refusal {
    let member = mismatch.path.trim_start_matches('.');
    let name = member.rsplit('.').next().unwrap_or(member);
    let message = match &mismatch.why {
        Why::Unknown => format!("Unknown member: {member}"),
        Why::Type { got, want } => format!("{got} cannot be converted to {want} ({member})"),
        Why::Null => format!("NULL_VALUE cannot be converted ({member})"),
        Why::Enum { values, got } => {
            format!("'{got}' is not a valid value for {name}. The value must be one of [{}]", values.join(","))
        }
        Why::Missing => format!("{member} can not be null."),
        Why::Range => format!("{member} is outside its allowed range."),
        Why::Union => format!("{member} must have exactly one member."),
    };
    let unreadable = matches!(mismatch.why, Why::Unknown | Why::Type { .. } | Why::Null);
    match service {
        Service::Elbv2 | Service::Sts | Service::Iam => Refusal::new("ValidationError", message),
        Service::Ec2 => match mismatch.why {
            Why::Unknown => Refusal::new("UnknownParameter", message),
            Why::Missing => Refusal::new("MissingParameter", message),
            Why::Type { .. } | Why::Null | Why::Enum { .. } | Why::Range | Why::Union => {
                Refusal::new("InvalidParameterValue", message)
            }
        },
        _ if unreadable => Refusal::serialization(message),
        Service::CloudWatch => Refusal::new("ValidationError", message),
        Service::Sqs => Refusal::new("InvalidParameterValue", message),
        Service::ApplicationAutoscaling => Refusal::new("ValidationException", message),
        Service::Ecs if operation == "RegisterTaskDefinition" => Refusal::client(message),
        Service::Ecs => Refusal::invalid_parameter(message),
    }
}

impl Checker<'_> {
    fn report(&mut self, path: &str, why: Why) {
        self.found.push(Mismatch { path: path.to_owned(), why });
    }

    fn value(&mut self, path: &str, shape_name: &str, value: &Value) {
        if shape_name == "document" || shape_name.is_empty() {
            return;
        }
        if value.is_null() {
            return self.report(path, Why::Null);
        }
        let table = self.table;
        let Some(shape) = table.shapes.get(shape_name) else {
            return self.scalar(path, shape_name, value);
        };
        match (shape.kind.as_str(), value) {
            ("structure", Value::Object(_)) => self.structure(path, shape, value),
            ("list", Value::Array(items)) => {
                if !(self.answer && items.is_empty()) {
                    self.size(path, shape, items.len());
                }
                for (index, item) in items.iter().enumerate() {
                    self.value(&format!("{path}[{index}]"), &shape.item, item);
                }
            }
            ("map", Value::Object(members)) => {
                for (key, member) in members {
                    self.value(&format!("{path}.{key}"), &shape.item, member);
                }
            }
            (kind @ ("structure" | "list" | "map"), _) => self.wrong_type(path, kind, value),
            (kind, _) => {
                self.scalar(path, kind, value);
                self.limits(path, shape, value);
            }
        }
    }

    fn structure(&mut self, path: &str, shape: &Shape, value: &Value) {
        let Value::Object(members) = value else {
            return;
        };
        for (name, member) in members {
            let path = format!("{path}.{name}");
            match shape.members.get(name) {
                Some(target) => self.value(&path, target, member),
                None => self.report(&path, Why::Unknown),
            }
        }
        for name in &shape.required {
            if !members.contains_key(name) {
                self.report(&format!("{path}.{name}"), Why::Missing);
            }
        }
        if shape.union && members.len() != 1 {
            self.report(path, Why::Union);
        }
    }

    fn scalar(&mut self, path: &str, kind: &str, value: &Value) {
        let fits = match kind {
            "string" | "blob" => value.is_string(),
            "integer" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            "long" => value.is_i64() || value.is_u64(),
            "float" | "double" | "timestamp" => value.is_number(),
            "boolean" => value.is_boolean(),
            _ => true,
        };
        if !fits {
            self.wrong_type(path, kind, value);
        }
    }

    fn limits(&mut self, path: &str, shape: &Shape, value: &Value) {
        match value {
            Value::String(text) if !shape.values.is_empty() => {
                if !shape.values.contains(text) {
                    self.report(path, Why::Enum { values: shape.values.clone(), got: text.clone() });
                }
            }
            Value::String(text) => self.size(path, shape, text.chars().count()),
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or_default();
                if shape.min.is_some_and(|min| number < min) || shape.max.is_some_and(|max| number > max) {
                    self.report(path, Why::Range);
                }
            }
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {}
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^52")]
    fn size(&mut self, path: &str, shape: &Shape, length: usize) {
        let length = length as f64;
        if shape.min.is_some_and(|min| length < min) || shape.max.is_some_and(|max| length > max) {
            self.report(path, Why::Range);
        }
    }

    fn wrong_type(&mut self, path: &str, kind: &str, value: &Value) {
        let got = match value {
            Value::Null => "NULL_VALUE",
            Value::Bool(true) => "TRUE_VALUE",
            Value::Bool(false) => "FALSE_VALUE",
            Value::Number(_) => "NUMBER_VALUE",
            Value::String(_) => "STRING_VALUE",
            Value::Array(_) => "Start of list",
            Value::Object(_) => "Start of structure or map",
        };
        let want = match kind {
            "integer" => "Integer",
            "long" => "Long",
            "string" => "String",
            "boolean" => "Boolean",
            "double" | "float" => "Double",
            other => other,
        };
        self.report(path, Why::Type { got, want: want.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(operation: &str, mut input: Value) -> Refusal {
        check_input(Service::Ecs, operation, &mut input).expect_err("must be refused")
    }

    #[test]
    fn unknown_members_and_wrong_types_cannot_be_read() {
        assert_eq!(refused("CreateCluster", json!({ "clusterNam": "a" })).code, "SerializationException");
        let wrong = refused("CreateService", json!({ "serviceName": "a", "desiredCount": "3" }));
        assert_eq!(wrong.code, "SerializationException");
        assert!(wrong.message.contains("STRING_VALUE cannot be converted to Integer"), "{wrong}");
        assert_eq!(refused("DescribeClusters", json!({ "clusters": "a" })).code, "SerializationException");
    }

    #[test]
    fn values_outside_enums_and_missing_members_are_invalid() {
        let bad = refused("CreateService", json!({ "serviceName": "a", "launchType": "LAMBDA" }));
        assert_eq!(bad.code, "InvalidParameterException");
        assert_eq!(refused("CreateService", json!({ "desiredCount": 1 })).code, "InvalidParameterException");
        let pid =
            refused("RegisterTaskDefinition", json!({ "family": "a", "containerDefinitions": [], "pidMode": "" }));
        assert_eq!(pid.code, "ClientException");
        assert!(pid.message.contains("is not a valid value for pidMode"), "{pid}");
    }

    #[test]
    fn null_is_absent_in_requests_and_a_fault_in_answers() {
        let mut input = json!({ "clusterName": "a", "tags": null });
        check_input(Service::Ecs, "CreateCluster", &mut input).unwrap();
        assert_eq!(input, json!({ "clusterName": "a" }));
        assert_eq!(check_output(Service::Ecs, "ListClusters", &json!({ "nextToken": null })).len(), 1);
        assert_eq!(check_output(Service::Ecs, "ListClusters", &json!({ "clusterArns": ["a"] })).len(), 0);
        assert_eq!(check_output(Service::Ecs, "ListClusters", &json!({ "clusters": [] })).len(), 1);
    }
}
