//! Variables whose name says that their value is a secret.

use serde_json::{Map, Value};

/// Words that a secret's name has.
const WORDS: &[&str] =
    &["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "API_KEY", "APIKEY", "PRIVATE", "CREDENTIAL", "DSN"];
/// Endings of such names.
const ENDINGS: &[&str] = &["_KEY", "_PASS", "_PWD", "_AUTH"];

/// Does the name of a variable say so?
pub(super) fn is_named_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    // A file or an address of a secret is none.
    let about = ["_ARN", "_FILE", "_PATH", "_URL", "_NAME", "_ID"].iter().any(|ending| name.ends_with(ending));
    !about && (WORDS.iter().any(|word| name.contains(word)) || ENDINGS.iter().any(|ending| name.ends_with(ending)))
}

/// A warning for each container of a task definition that has such variables in plain text.
pub(super) fn warnings(spec: &Map<String, Value>) -> Vec<String> {
    let containers = spec.get("containerDefinitions").and_then(Value::as_array).into_iter().flatten();
    let told = containers.filter_map(|container| {
        let environment = container.get("environment").and_then(Value::as_array).into_iter().flatten();
        let filled = |pair: &&Value| pair.get("value").and_then(Value::as_str).is_some_and(|value| !value.is_empty());
        let names = environment.filter(filled).filter_map(|pair| pair.get("name")?.as_str());
        let names: Vec<&str> = names.filter(|name| is_named_secret(name)).collect();
        let container = container.get("name").and_then(Value::as_str).unwrap_or("?");
        (!names.is_empty()).then(|| {
            format!(
                "`containerDefinitions[{container}].environment` has in plain text what looks secret: {}; \
                 move it to Secrets Manager and name it in `secrets` before this goes to Git",
                names.join(", ")
            )
        })
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_from_names_about_secrets() {
        for name in ["DB_PASSWORD", "github_token", "STRIPE_API_KEY", "AWS_SECRET_ACCESS_KEY", "SIGNING_KEY"] {
            assert!(is_named_secret(name), "{name}");
        }
        for name in ["PORT", "KEYBOARD", "DB_PASSWORD_FILE", "TOKEN_URL", "SECRET_ARN", "MONKEY"] {
            assert!(!is_named_secret(name), "{name}");
        }
    }
}
