//! What the two wires saw, in the order of virtual time: all that the oracles judge by.

use std::fmt;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::support::driver::Key;

/// A pass of one process over one object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pass {
    /// Which process.
    pub by: usize,
    /// Its number in the whole schedule.
    pub number: usize,
    /// The object.
    pub key: Key,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The answer came through, with this status.
    Status(u16),
    /// The connection broke, or no answer ever came.
    Lost,
}

/// What is known of the resource that a mutating call names, in the moment before it is applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Its ARN or name.
    pub name: String,
    /// Installation id and owner's UID, as its tags say.
    pub owner: Option<(String, String)>,
}

/// A call to AWS.
#[derive(Clone, Debug)]
pub struct AwsCall {
    /// The operation.
    pub operation: String,
    /// The request.
    pub body: Value,
    /// The SDK's id of the logical call.
    pub invocation: String,
    /// Did it reach AWS?
    pub applied: bool,
    /// Did AWS do what was asked?
    pub took: bool,
    /// What the caller saw.
    pub reply: Reply,
    /// The resources that it changes.
    pub targets: Vec<Target>,
    /// Does it set what the object of the pass leaves to somebody else?
    pub delegated: bool,
}

/// A call to Kubernetes.
#[derive(Clone, Debug)]
pub struct KubeCall {
    /// HTTP method.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// The request.
    pub body: Value,
    /// Did it reach the server, and did the server accept it?
    pub took: bool,
    /// What the caller saw.
    pub reply: Reply,
    /// The object as the server answered, where it did.
    pub object: Value,
    /// Of a write that takes the finalizer away: what AWS still holds of the object's, in words.
    pub left: Option<Vec<String>>,
    /// Of a write that says `Ready`: what AWS and the spec disagree about, at every instant of the pass.
    pub differs: Option<Vec<String>>,
    /// Of a version's service that is made: what AWS has under its name, with the owner's UID.
    pub taken: Option<String>,
}

impl KubeCall {
    /// Its place: verb and resource.
    pub fn site(&self) -> String {
        crate::wires::site(&self.method, &self.path, &self.body)
    }
}

/// What happened.
#[derive(Clone, Debug)]
pub enum What {
    /// A call to AWS.
    Aws(AwsCall),
    /// A call to Kubernetes.
    Kube(KubeCall),
    /// Weights and healthy targets of the groups of a rule, and how many tasks are wanted.
    Traffic {
        /// Weight and healthy targets of each group.
        groups: Vec<(i64, i64)>,
    },
    /// The process may not write any more.
    Fenced(usize),
    /// Faults are over.
    Healed,
    /// The n-th sweep after everything came to rest begins.
    Sweep(usize),
    /// A word of the schedule.
    Word(String),
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Virtual milliseconds since the epoch.
    pub at: i64,
    /// In which pass, if in one.
    pub pass: Option<Pass>,
    /// What.
    pub what: What,
}

impl Seen {
    /// The call to AWS, if it is one.
    pub fn aws(&self) -> Option<&AwsCall> {
        if let What::Aws(call) = &self.what { Some(call) } else { None }
    }

    /// The call to Kubernetes, if it is one.
    pub fn kube(&self) -> Option<&KubeCall> {
        if let What::Kube(call) = &self.what { Some(call) } else { None }
    }

    /// UID of the object of the pass, where the trace knows it.
    pub fn name(&self) -> &str {
        self.pass.as_ref().map_or("", |pass| &pass.key.2)
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pass = self.pass.as_ref().map_or_else(String::new, |pass| {
            format!(
                "{}#{} {}/{}",
                ["a", "b", "c", "d"].get(pass.by % 4).unwrap_or(&"?"),
                pass.number,
                pass.key.0,
                pass.key.2
            )
        });
        write!(f, "{:>12} {pass:<34} ", self.at % 100_000_000)?;
        match &self.what {
            What::Aws(call) => {
                write!(f, "{} {:?}{}", call.operation, call.reply, if call.took { "" } else { " (no effect)" })?;
                if !reads(&call.operation) {
                    write!(f, " {}", short(&call.body, f.alternate()))?;
                }
                Ok(())
            }
            What::Kube(call) => {
                write!(f, "{} {} {:?}", call.method, call.path, call.reply)?;
                if call.method != "GET" {
                    write!(f, " {}", short(&call.body, f.alternate()))?;
                }
                Ok(())
            }
            What::Traffic { groups } => write!(f, "traffic {groups:?}"),
            What::Fenced(by) => write!(f, "process {by} may not write any more"),
            What::Healed => f.write_str("-- no more faults"),
            What::Sweep(number) => write!(f, "-- sweep {number}"),
            What::Word(word) => write!(f, "-- {word}"),
        }
    }
}

fn short(body: &Value, whole: bool) -> String {
    let text = body.to_string();
    if whole { text } else { text.chars().take(420).collect() }
}

/// Does an operation of this name change nothing?
pub fn reads(operation: &str) -> bool {
    ["Describe", "List", "Get", "Assume"].iter().any(|verb| operation.starts_with(verb))
}

/// The trace of a schedule; each clone is the same.
#[derive(Clone, Debug, Default)]
pub struct Trace(Arc<Mutex<Vec<Seen>>>);

impl Trace {
    /// Adds what happened.
    pub fn note(&self, at: i64, pass: Option<Pass>, what: What) {
        self.0.lock().unwrap().push(Seen { at, pass, what });
    }

    /// All of it.
    pub fn all(&self) -> Vec<Seen> {
        self.0.lock().unwrap().clone()
    }

    /// Looks at it.
    pub fn with<T>(&self, look: impl FnOnce(&[Seen]) -> T) -> T {
        look(&self.0.lock().unwrap())
    }

    /// How much there is.
    pub fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Is there nothing?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A number that two equal traces share: FNV-1a over what was seen, without the SDK's ids of calls.
    pub fn hash(&self) -> u64 {
        let mut hash = START;
        for seen in self.0.lock().unwrap().iter() {
            let text = match &seen.what {
                What::Aws(call) => format!("{seen} {} {:?}", call.body, call.applied),
                What::Kube(call) => format!("{seen} {} {}", call.body, call.object),
                _ => seen.to_string(),
            };
            hash = fnv(hash, text.as_bytes());
        }
        hash
    }
}

/// Where FNV-1a begins.
pub const START: u64 = 0xcbf2_9ce4_8422_2325;

/// Goes on with a hash: FNV-1a.
pub fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
