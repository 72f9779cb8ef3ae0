//! Mutations of texts: of bytes, of lines, of tokens, of nesting.

use fastrand::Rng;

/// Nothing longer is made: SQS and Kubernetes carry no more.
const LONGEST: usize = 256 * 1024;

/// Words that parsers care about.
const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "'",
    "\\",
    "\n",
    "\t",
    "- ",
    "---\n",
    "&a ",
    "*a",
    "<<: *a",
    "!!binary ",
    "|",
    ">",
    "# ",
    "null",
    "true",
    "~",
    "0",
    "-1",
    "1e999",
    "9223372036854775808",
    "0x1F",
    "1_000",
    ".inf",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "é",
    "arn:aws:ecs:",
    "arn:aws:ecs:eu-west-1:123456789012:service/",
    "::",
    "//",
    "service:",
    "containerDefinitions",
    "family",
    "environment",
    "secrets",
    "Resources",
    "Fn::Sub",
    "${AWS::Region}",
    "{{ .Values.x }}",
    "aws.ecs",
    "detail",
    "resources",
    "ThrottlingException",
    "is unavailable",
    "kind: EcsService\n",
    "apiVersion: ecs-operator.dev/v1alpha1\n",
];

/// The text after one to eight mutations.
pub fn mutated(base: String, others: &[String], rng: &mut Rng) -> String {
    let mut text = base.into_bytes();
    let most = if rng.bool() { 1 } else { 8 };
    for _ in 0..rng.usize(1..=most) {
        once(&mut text, others, rng);
        text.truncate(LONGEST);
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn once(text: &mut Vec<u8>, others: &[String], rng: &mut Rng) {
    let (from, to) = range(text.len(), rng);
    match rng.u8(0..10) {
        0 => {
            if let Some(byte) = text.get_mut(from) {
                *byte ^= 1 << rng.u8(0..8);
            }
        }
        1 => drop(text.drain(from..to)),
        2 => {
            let part: Vec<u8> = text.get(from..to).unwrap_or_default().to_vec();
            let times = rng.usize(1..=20);
            insert(text, to, &part.repeat(times));
        }
        3 | 4 => {
            let token = TOKENS.get(rng.usize(0..TOKENS.len())).copied().unwrap_or_default();
            insert(text, from, token.as_bytes());
        }
        5 => {
            let other = others.get(rng.usize(0..others.len().max(1))).map(String::as_bytes).unwrap_or_default();
            let (start, end) = range(other.len(), rng);
            insert(text, from, other.get(start..end).unwrap_or_default());
        }
        6 => text.truncate(from),
        7 => {
            let open = ["[", "{\"a\":", "- ", "a: {"].get(rng.usize(0..4)).copied().unwrap_or_default();
            let deep = rng.usize(1..=5000);
            insert(text, from, open.repeat(deep).as_bytes());
        }
        8 => lines(text, rng),
        _ => number(text, rng),
    }
}

/// Two places in a text of this length, the first not after the second.
fn range(length: usize, rng: &mut Rng) -> (usize, usize) {
    let from = rng.usize(0..=length);
    let most = (length - from).min(rng.usize(1..=400));
    (from, from + rng.usize(0..=most))
}

fn insert(text: &mut Vec<u8>, at: usize, part: &[u8]) {
    let at = at.min(text.len());
    text.splice(at..at, part.iter().copied());
}

/// Two lines change places, or one is written twice.
fn lines(text: &mut Vec<u8>, rng: &mut Rng) {
    let mut all: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let (one, other) = (rng.usize(0..all.len()), rng.usize(0..all.len()));
    if rng.bool() {
        all.swap(one, other);
    } else if let Some(line) = all.get(one).cloned() {
        all.insert(other, line);
    }
    *text = all.join(&b'\n');
}

/// A number becomes another, or a text.
fn number(text: &mut Vec<u8>, rng: &mut Rng) {
    let digits: Vec<usize> = (0..text.len()).filter(|at| text.get(*at).is_some_and(u8::is_ascii_digit)).collect();
    let Some(at) = digits.get(rng.usize(0..digits.len().max(1))).copied() else { return };
    let values = ["-1", "0", "99999999999999999999", "1.5", "\"1\"", "null", "1e400", "2147483648"];
    let value = values.get(rng.usize(0..values.len())).copied().unwrap_or_default();
    text.splice(at..=at, value.bytes());
}
