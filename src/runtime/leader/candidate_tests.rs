//! Candidates whose clocks, answers and pauses are anything at all: never do two lead at once.

use proptest::prelude::*;

use super::*;

const ME: &str = "me";

fn lease(holder: Option<&str>, version: &str) -> Lease {
    Lease {
        metadata: ObjectMeta {
            name: Some("l".to_owned()),
            resource_version: Some(version.to_owned()),
            ..ObjectMeta::default()
        },
        spec: Some(LeaseSpec {
            holder_identity: holder.map(str::to_owned),
            lease_duration_seconds: Some(15),
            lease_transitions: Some(3),
            ..LeaseSpec::default()
        }),
    }
}

fn record(holder: &str, version: &str) -> Record {
    Record::of(&lease(Some(holder), version))
}

#[test]
fn what_nobody_holds_is_taken_at_once_and_what_is_ours_is_renewed() {
    let now = Instant::now();
    let mut candidate = Candidate::new(ME, Timing::default());
    assert_eq!(candidate.decide(None, now), Decision::Create);
    assert_eq!(candidate.decide(Some(&record("", "1")), now), Decision::Take);
    assert_eq!(candidate.decide(Some(&Record::of(&lease(None, "2"))), now), Decision::Take);
    assert_eq!(candidate.decide(Some(&record(ME, "3")), now), Decision::Renew);
}

#[test]
fn a_holder_is_waited_for_as_long_as_its_record_was_not_seen_to_stand_still() {
    let (began, second) = (Instant::now(), Duration::from_secs(1));
    let mut candidate = Candidate::new(ME, Timing::default());
    assert_eq!(candidate.decide(Some(&record("other", "1")), began), Decision::Wait);
    assert_eq!(candidate.decide(Some(&record("other", "1")), began + 15 * second), Decision::Wait);
    assert_eq!(candidate.decide(Some(&record("other", "2")), began + 16 * second), Decision::Wait);
    assert_eq!(candidate.decide(Some(&record("other", "2")), began + 31 * second), Decision::Wait);
    assert_eq!(candidate.decide(Some(&record("other", "2")), began + 32 * second), Decision::Take);
    // A record of another life under the same version is a new one.
    assert_eq!(candidate.decide(None, began + 33 * second), Decision::Create);
    assert_eq!(candidate.decide(Some(&record("other", "2")), began + 34 * second), Decision::Wait);
}

#[test]
fn the_holder_says_how_long_its_record_lasts() {
    let (began, second) = (Instant::now(), Duration::from_secs(1));
    let mut candidate = Candidate::new(ME, Timing::default());
    let long = Record { duration: Some(60 * second), ..record("other", "1") };
    assert_eq!(candidate.decide(Some(&long), began), Decision::Wait);
    assert_eq!(candidate.decide(Some(&long), began + 59 * second), Decision::Wait);
    assert_eq!(candidate.decide(Some(&long), began + 61 * second), Decision::Take);
}

#[test]
fn a_claim_keeps_what_is_not_ours_to_write() {
    let candidate = Candidate::new(ME, Timing::default());
    let mut read = lease(Some("other"), "7");
    read.metadata.labels = Some([("team".to_owned(), "shop".to_owned())].into());
    let taken = candidate.claim(Decision::Take, "l", Some(read.clone()), Timestamp::UNIX_EPOCH);
    assert_eq!(taken.metadata, read.metadata);
    let spec = taken.spec.clone().unwrap();
    assert_eq!((spec.holder_identity.as_deref(), spec.lease_transitions), (Some(ME), Some(4)));
    let later = Timestamp::from_second(9).unwrap();
    let renewed = candidate.claim(Decision::Renew, "l", Some(taken), later).spec.unwrap();
    assert_eq!((renewed.lease_transitions, renewed.acquire_time), (Some(4), spec.acquire_time));
    assert_eq!(renewed.renew_time, Some(MicroTime(later)));
}

#[test]
fn only_our_own_lease_is_released_and_its_holder_is_an_empty_text() {
    let candidate = Candidate::new(ME, Timing::default());
    assert!(candidate.release(lease(Some("other"), "1"), Timestamp::UNIX_EPOCH).is_none());
    let released = candidate.release(lease(Some(ME), "1"), Timestamp::UNIX_EPOCH).unwrap();
    let text = serde_json::to_value(&released).unwrap();
    assert_eq!(text["spec"]["holderIdentity"], "");
    assert_eq!(text["metadata"]["resourceVersion"], "1");
}

/// What one candidate, or the network, does next.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// Takes its next step: look, send, hear the answer.
    Step,
    /// Its request arrives, its answer does not.
    LoseAnswer,
    /// It gives its request up, which still is under way.
    GiveUp,
    /// The oldest request that was given up arrives.
    Arrive,
    /// It ends in order.
    Release,
}

/// A candidate with a clock of its own.
struct Runner {
    candidate: Candidate,
    /// Its clock: this much ahead, and so many of a thousand parts as fast.
    offset: u32,
    rate: u32,
    /// What it is about to send.
    read: Option<(Decision, Lease)>,
    /// What it sent, and when by its clock.
    sent: Option<(Lease, Instant)>,
}

/// Milliseconds of true time in which somebody leads.
#[derive(Clone, Copy, Debug)]
struct Term {
    who: usize,
    from: u64,
    to: u64,
}

struct World {
    epoch: Instant,
    now: u64,
    stored: Option<Lease>,
    version: u32,
    runners: Vec<Runner>,
    stray: Vec<Lease>,
    terms: Vec<Term>,
}

impl World {
    fn new(clocks: &[(u32, u32)]) -> Self {
        let runner = |(at, (offset, rate)): (usize, &(u32, u32))| Runner {
            candidate: Candidate::new(format!("c{at}"), Timing::default()),
            offset: *offset,
            rate: *rate,
            read: None,
            sent: None,
        };
        let runners = clocks.iter().enumerate().map(runner).collect();
        let epoch = Instant::now();
        Self { epoch, now: 0, stored: None, version: 0, runners, stray: Vec::new(), terms: Vec::new() }
    }

    fn local(&self, who: usize) -> Instant {
        let runner = &self.runners[who];
        self.epoch + Duration::from_millis(u64::from(runner.offset) + self.now * u64::from(runner.rate) / 1000)
    }

    /// The true time at which a candidate's clock shows this.
    fn true_time(&self, who: usize, local: Instant) -> u64 {
        let runner = &self.runners[who];
        let shown = u64::try_from(local.duration_since(self.epoch).as_millis()).unwrap();
        (shown - u64::from(runner.offset)) * 1000 / u64::from(runner.rate)
    }

    /// The server takes a request whose version is that of what it has.
    fn arrive(&mut self, lease: &Lease) -> bool {
        let has = self.stored.as_ref().and_then(|stored| stored.metadata.resource_version.clone());
        if lease.metadata.resource_version != has {
            return false;
        }
        self.version += 1;
        let mut stored = lease.clone();
        stored.metadata.resource_version = Some(self.version.to_string());
        self.stored = Some(stored);
        true
    }

    fn act(&mut self, who: usize, act: Act) {
        let local = self.local(who);
        let stored = self.stored.clone();
        match act {
            Act::Step if self.runners[who].sent.is_some() => {
                let (lease, sent) = self.runners[who].sent.take().unwrap();
                if self.arrive(&lease) {
                    let until = self.runners[who].candidate.leads_until(sent);
                    let term = Term { who, from: self.now, to: self.true_time(who, until) };
                    self.terms.extend(Some(term).filter(|term| term.from < term.to));
                }
            }
            Act::Step if self.runners[who].read.is_some() => {
                let runner = &mut self.runners[who];
                let (decision, read) = runner.read.take().unwrap();
                let read = Some(read).filter(|_| decision != Decision::Create);
                let lease = runner.candidate.claim(decision, "l", read, Timestamp::UNIX_EPOCH);
                runner.sent = Some((lease, local));
            }
            Act::Step => {
                let record = stored.as_ref().map(Record::of);
                let runner = &mut self.runners[who];
                let decision = runner.candidate.decide(record.as_ref(), local);
                runner.read = Some((decision, stored.unwrap_or_default())).filter(|_| decision != Decision::Wait);
            }
            Act::LoseAnswer => {
                if let Some((lease, _)) = self.runners[who].sent.take() {
                    self.arrive(&lease);
                }
            }
            Act::GiveUp => self.stray.extend(self.runners[who].sent.take().map(|(lease, _)| lease)),
            Act::Arrive if !self.stray.is_empty() => {
                let lease = self.stray.remove(0);
                self.arrive(&lease);
            }
            Act::Arrive => {}
            Act::Release => {
                // Its leadership ends before the release is sent; what it has under way is given up.
                let now = self.now;
                self.terms.iter_mut().filter(|term| term.who == who).for_each(|term| term.to = term.to.min(now));
                self.act(who, Act::GiveUp);
                self.runners[who].read = None;
                let released = stored.and_then(|s| self.runners[who].candidate.release(s, Timestamp::UNIX_EPOCH));
                if let Some(lease) = released {
                    self.arrive(&lease);
                }
            }
        }
    }

    /// Two terms of different candidates that overlap.
    fn overlap(&self) -> Option<(Term, Term)> {
        self.terms.iter().enumerate().find_map(|(at, one)| {
            let others = self.terms[at + 1..].iter().filter(|other| other.who != one.who);
            let mut same = others.filter(|other| one.from < other.to && other.from < one.to);
            same.next().map(|other| (*one, *other))
        })
    }
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        16 => Just(Act::Step),
        2 => Just(Act::LoseAnswer),
        2 => Just(Act::GiveUp),
        2 => Just(Act::Arrive),
        1 => Just(Act::Release),
    ]
}

/// Mostly the usual pace, sometimes a pause longer than everything.
fn pause() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0..2_500_u64, 2 => 2_500..12_000_u64, 1 => 12_000..40_000_u64]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_never_lead_at_once(
        clocks in proptest::collection::vec((0..1_000_000_u32, 900..1_100_u32), 2..4),
        acts in proptest::collection::vec((0..3_usize, act(), pause()), 1..150),
    ) {
        let mut world = World::new(&clocks);
        for (who, act, pause) in acts {
            world.now += pause;
            world.act(who % clocks.len(), act);
            prop_assert!(world.overlap().is_none(), "{:?}", world.overlap());
        }
    }

    #[test]
    fn somebody_leads_soon_after_the_leader_falls_silent(
        clocks in proptest::collection::vec((0..1_000_000_u32, 900..1_100_u32), 2..4),
        acts in proptest::collection::vec((0..3_usize, act(), pause()), 0..100),
    ) {
        let mut world = World::new(&clocks);
        for (who, act, pause) in acts {
            world.now += pause;
            world.act(who % clocks.len(), act);
        }
        let (silent, began) = (0, world.now);
        world.terms.clear();
        while world.terms.is_empty() {
            world.now += 100;
            for who in (0..clocks.len()).filter(|who| *who != silent) {
                world.act(who, Act::Step);
            }
            prop_assert!(world.now < began + 18_000, "nobody leads");
        }
    }
}

/// The property would notice: leaders that count from the answer, and not from the request, overlap.
#[test]
fn counting_from_the_answer_would_let_two_lead() {
    let mut world = World::new(&[(0, 1000), (0, 1000)]);
    world.act(0, Act::Step);
    world.act(0, Act::Step);
    let (lease, _) = world.runners[0].sent.clone().unwrap();
    assert!(world.arrive(&lease));
    world.act(1, Act::Step);
    // The answer comes 6 s late.
    world.now = 6_000;
    let honest = world.runners[0].candidate.leads_until(world.epoch);
    let careless = world.runners[0].candidate.leads_until(world.local(0));
    world.now = 15_001;
    for _ in 0..3 {
        world.act(1, Act::Step);
    }
    let other = world.terms[0];
    assert!(world.true_time(0, honest) < other.from && other.from < world.true_time(0, careless));
}
