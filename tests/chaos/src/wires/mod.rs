//! Both wires with a listener on them, and the faults of the schedule in them.

mod aws;
mod kube;

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Notify;

pub use self::aws::aws_line;
pub use self::kube::{kube_line, site};
use crate::dice::Dice;
use crate::facts;
use crate::faults::{Armed, Damage, Wire};
use crate::seen::{Pass, START, Trace, What, fnv};
use crate::support::world::{NAMESPACE, World, key};

tokio::task_local! {
    /// The pass that is running, in the task that runs it.
    pub static PASS: Pass;
}

/// What is shared by the wires of all processes of a schedule.
#[derive(Clone)]
pub struct Tap {
    /// Both worlds.
    pub world: Arc<World>,
    /// What was seen.
    pub trace: Trace,
    /// The faults of the schedule.
    pub faults: Arc<Mutex<Vec<Armed>>>,
    /// Told when a process dies in the middle of a call.
    pub died: Arc<Notify>,
    /// Calls take so many milliseconds at most, drawn anew for each; 0: none.
    pub jitter: Arc<Mutex<(i64, Dice)>>,
    matched: Arc<Mutex<BTreeMap<usize, Vec<String>>>>,
    /// Second pages of listings, by token.
    pages: Arc<Mutex<BTreeMap<String, String>>>,
    sites: Arc<Mutex<BTreeMap<String, usize>>>,
    /// Are calls marked that a fault may meet? Only a story that is told without one needs that.
    pub marking: bool,
    marks: Arc<Mutex<Vec<Mark>>>,
    /// May faults of calls strike?
    exposed: Arc<AtomicBool>,
}

/// A call that a fault may meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Which wire.
    pub wire: Wire,
    /// The place.
    pub site: String,
    /// The n-th call of that place, from 1.
    pub nth: usize,
    /// A hash of the answer.
    pub reply: u64,
}

impl Tap {
    /// A listener on the wires of these worlds.
    pub fn new(world: Arc<World>, faults: Vec<Armed>, seed: u64) -> Self {
        Self {
            world,
            trace: Trace::default(),
            faults: Arc::new(Mutex::new(faults)),
            died: Arc::default(),
            jitter: Arc::new(Mutex::new((0, Dice::at(seed, 77)))),
            matched: Arc::default(),
            pages: Arc::default(),
            sites: Arc::default(),
            marking: false,
            marks: Arc::default(),
            exposed: Arc::new(AtomicBool::new(true)),
        }
    }

    /// The same listener for a process that dies on its own.
    #[must_use]
    pub fn of_a_process(&self) -> Self {
        Self { died: Arc::new(Notify::new()), ..self.clone() }
    }

    /// Virtual milliseconds.
    pub fn now(&self) -> i64 {
        self.world.clock.exact().as_millisecond()
    }

    /// Notes a word of the schedule.
    pub fn word(&self, word: impl Into<String>) {
        self.trace.note(self.now(), None, What::Word(word.into()));
    }

    /// The places where calls were made: operation or method and resource.
    pub fn sites(&self) -> BTreeSet<String> {
        self.sites.lock().unwrap().keys().cloned().collect()
    }

    /// The calls that a fault may meet, in order.
    pub fn marks(&self) -> Vec<Mark> {
        self.marks.lock().unwrap().clone()
    }

    /// May faults of calls strike from now on?
    pub fn expose(&self, exposed: bool) {
        self.exposed.store(exposed, Ordering::SeqCst);
    }

    fn mark(&self, wire: Wire, site: &str, nth: usize, reply: &[u8]) {
        if self.marking && self.exposed.load(Ordering::SeqCst) {
            let reply = fnv(START, reply);
            self.marks.lock().unwrap().push(Mark { wire, site: site.to_owned(), nth, reply });
        }
    }

    /// What happens to a call, and the how many-th of its place it is.
    fn damage(&self, wire: Wire, site: &str) -> (Option<Damage>, usize) {
        let exposed = self.exposed.load(Ordering::SeqCst);
        let nth = {
            let mut sites = self.sites.lock().unwrap();
            let calls = sites.entry(format!("{wire:?} {site}")).or_default();
            *calls += usize::from(exposed);
            *calls
        };
        if !exposed {
            return (None, nth);
        }
        let now = self.now();
        (self.faults.lock().unwrap().iter_mut().find_map(|armed| armed.strikes(wire, site, now)), nth)
    }

    /// What damage does to whoever waits for an answer: the process dies, or nothing ever comes.
    async fn befall(&self, damage: Damage) {
        if matches!(damage, Damage::CrashBefore | Damage::CrashLost | Damage::CrashAfter) {
            self.died.notify_one();
        }
        if matches!(damage, Damage::Hang | Damage::LostHang | Damage::CrashBefore | Damage::CrashLost) {
            pending::<()>().await;
        }
    }

    async fn dawdle(&self) {
        let pause = {
            let mut jitter = self.jitter.lock().unwrap();
            let most = jitter.0;
            if most == 0 { 0 } else { jitter.1.between(0, most) }
        };
        if pause > 0 {
            tokio::time::sleep(Duration::from_millis(pause.unsigned_abs())).await;
        }
    }

    /// Puts a page without entries before the first of a listing.
    fn empty_page(&self, page: &[u8]) -> String {
        let mut pages = self.pages.lock().unwrap();
        let token = format!("page-{}", pages.len());
        pages.insert(token.clone(), String::from_utf8_lossy(page).into_owned());
        json!({"serviceArns": [], "taskArns": [], "taskDefinitionArns": [], "nextToken": token}).to_string()
    }

    /// The page that an earlier one told of, if it was ours.
    fn page(&self, asked: &Value) -> Option<String> {
        self.pages.lock().unwrap().get(asked["nextToken"].as_str()?).cloned()
    }

    /// Does the call set what the object of the pass leaves to somebody else?
    fn delegated(&self, operation: &str, body: &Value, pass: Option<&Pass>) -> bool {
        let counts = operation == "UpdateService" && body["desiredCount"].is_i64();
        let Some(pass) = pass.filter(|pass| counts && pass.key.0 == "EcsService") else { return false };
        let object = self.world.api.with(|api| facts::stored(api, pass.key.0, &pass.key.2));
        object.is_some_and(|object| facts::is_scaled(&object))
    }

    /// Compares AWS with the object of the pass, at this instant.
    fn compare(&self, pass: Option<&Pass>) {
        let Some(pass) = pass.filter(|pass| pass.key.0 == "EcsService") else { return };
        if self.matched.lock().unwrap().get(&pass.number).is_some_and(Vec::is_empty) {
            return;
        }
        let object = self.world.api.with(|api| facts::stored(api, pass.key.0, &pass.key.2));
        let Some(object) = object else { return };
        let differs =
            self.world.aws.sim(|sim| facts::differs(sim.region(&key()), &self.world.api, pass.key.0, &object));
        self.matched.lock().unwrap().insert(pass.number, differs);
    }
}

fn current() -> Option<Pass> {
    PASS.try_with(Clone::clone).ok()
}

/// The test's namespace, in which all objects are.
pub const HOME: &str = NAMESPACE;
