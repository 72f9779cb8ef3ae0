//! Takes values out of messages that quote them: of decoders, and of the API server. Pure.

/// What stands in place of a value.
const GONE: &str = "…";
/// What follows a name that is no value.
const AFTER_NAMES: &[&str] = &[" is invalid", " already exists", " not found", " is forbidden", " in API group"];
/// Before these a value stands in backticks.
const BEFORE_VALUES: &[&str] = &["integer `", "floating point `", "character `", "boolean `", "unsupported tag `"];
/// After these nothing but a value stands.
const VALUES_TO_THE_END: &[&str] = &["duplicate mapping key: "];

/// The message without what it quotes. Names of members and what was expected stay.
#[must_use]
pub fn unquoted(message: &str) -> String {
    let mut text = variants(message);
    for before in BEFORE_VALUES {
        text = ticked(&text, before);
    }
    for before in VALUES_TO_THE_END {
        if let Some((head, _)) = text.split_once(before) {
            text = format!("{head}{before}{GONE}");
        }
    }
    doubled(&text)
}

/// ``unknown variant `value`, expected …``, as `serde_json` and others say it: the value may itself have such marks.
fn variants(message: &str) -> String {
    for (before, after) in [("unknown variant `", "`, "), ("Unknown variant ", ". Expected ")] {
        if let Some((head, rest)) = message.split_once(before) {
            let tail = rest.rsplit_once(after).map_or("", |(_, tail)| tail);
            return format!("{head}{before}{GONE}{after}{tail}");
        }
    }
    message.to_owned()
}

fn ticked(message: &str, before: &str) -> String {
    let mut parts = message.split(before);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.split_once('`').map_or("", |(_, rest)| rest);
        out.push_str(before);
        out.push_str(GONE);
        out.push('`');
        out.push_str(rest);
    }
    out
}

/// Texts in double quotes, with escapes as JSON and Rust write them; one that does not end takes the rest along.
fn doubled(message: &str) -> String {
    let (mut out, mut rest) = (String::new(), message);
    while let Some((head, tail)) = rest.split_once('"') {
        out.push_str(head);
        let Some(end) = end_of(tail) else {
            out.push('"');
            out.push_str(GONE);
            return out;
        };
        let (quoted, after) = (tail.get(..end).unwrap_or_default(), tail.get(end + 1..).unwrap_or_default());
        let names = AFTER_NAMES.iter().any(|words| after.starts_with(words));
        out.push('"');
        out.push_str(if names { quoted } else { GONE });
        out.push('"');
        rest = after;
    }
    out.push_str(rest);
    out
}

fn end_of(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::unquoted;

    #[derive(Debug, Deserialize)]
    enum Word {
        One,
        Two,
    }

    fn told<T: for<'de> Deserialize<'de> + std::fmt::Debug>(value: serde_json::Value) -> String {
        unquoted(&serde_json::from_value::<T>(value).unwrap_err().to_string())
    }

    #[test]
    fn what_a_decoder_met_is_not_told_and_what_it_expected_is() {
        assert_eq!(told::<i32>("a \"b\" \\ secret".into()), "invalid type: string \"…\", expected i32");
        assert_eq!(told::<Word>("a `b`, expected secret".into()), "unknown variant `…`, expected `One` or `Two`");
        assert_eq!(told::<String>(4711.into()), "invalid type: integer `…`, expected a string");
        assert_eq!(told::<String>(47.5.into()), "invalid type: floating point `…`, expected a string");
    }

    #[test]
    fn what_the_api_server_quotes_goes_and_the_name_of_the_object_stays() {
        let said = "EcsService.ecs-operator.dev \"web\" is invalid: spec.tags.a: Invalid value: \"a \\\"b\": too long";
        let told = "EcsService.ecs-operator.dev \"web\" is invalid: spec.tags.a: Invalid value: \"…\": too long";
        assert_eq!(unquoted(said), told);
        assert_eq!(unquoted("cut: \"secr"), "cut: \"…");
        assert_eq!(
            unquoted("Unknown variant a. Expected secret. Expected one of Plan, Manage"),
            "Unknown variant …. Expected one of Plan, Manage"
        );
        assert_eq!(unquoted("unsupported tag `!secret`"), "unsupported tag `…`");
        assert_eq!(unquoted("duplicate mapping key: secret"), "duplicate mapping key: …");
        assert_eq!(unquoted("missing field `name`"), "missing field `name`");
    }
}
