//! What begins, with what, and what keeps it from beginning.

use super::super::sight::{Adoptable, Adoption, Asked, Child, Number, Rules, Sight};
use super::super::start::{Start, wanted};
use super::super::{Decision, decide};
use super::state::{V0, V1, V2, ago, asked, at_rest, child, shares, sight, version};
use crate::api::ServerGroupStatus;
use crate::api::condition::Reason;
use crate::api::status::{Hold, Remembered, Slot, Version, VersionFailure, VersionState};

/// V1 serves by slot B; V0 is retained behind A, V2 has failed.
fn after_one() -> ServerGroupStatus {
    let of = |name: &str, state, hash: &str, slot| Version {
        template_hash: hash.to_owned(),
        slot: Some(slot),
        ..version(name, state, 4)
    };
    ServerGroupStatus {
        current_version: Some(V1.to_owned()),
        versions: vec![
            of(V2, VersionState::Failed, "h2", Slot::A),
            of(V1, VersionState::Active, "h1", Slot::B),
            of(V0, VersionState::Disabled, "h0", Slot::A),
        ],
        ..ServerGroupStatus::default()
    }
}

fn pinned(name: &str) -> Asked {
    Asked { to_version: Some(name.to_owned()), ..asked(true) }
}

fn refused(start: Option<Start>) -> String {
    match start {
        Some(Start::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_pin_restores_what_is_retained_and_says_why_it_cannot() {
    let mut status = after_one();
    assert_eq!(wanted(&pinned(V1), &status), None);
    assert_eq!(wanted(&pinned(V0), &status), Some(Start::Restore(V0.to_owned())));
    let failed = refused(wanted(&pinned(V2), &status));
    assert!(failed.contains(&format!("{V2}` has failed; retained are {V1}, {V0}")), "{failed}");
    status.versions[0].failure = Some(VersionFailure { message: "no image".to_owned(), ..VersionFailure::default() });
    assert!(refused(wanted(&pinned(V2), &status)).contains("has failed (no image)"));
    assert!(refused(wanted(&pinned("shop-prod-v009"), &status)).contains("is not retained"));
    status.versions[2].slot = Some(Slot::B);
    assert!(refused(wanted(&pinned(V0), &status)).contains("shares the target group"));
    let unweighted = Asked { weighted: false, ..pinned(V0) };
    assert_eq!(wanted(&unweighted, &status), Some(Start::Restore(V0.to_owned())));
    assert!(refused(wanted(&pinned(V0), &ServerGroupStatus::default())).ends_with("retained are none"));
}

#[test]
fn a_template_that_is_retained_is_restored_unless_it_cannot_or_must_not_be() {
    let mut status = after_one();
    let template = |hash: &str| Asked { hash: hash.to_owned(), ..asked(true) };
    assert_eq!(wanted(&template("h1"), &status), None);
    assert_eq!(wanted(&template("h0"), &status), Some(Start::Restore(V0.to_owned())));
    assert_eq!(wanted(&template("h2"), &status), Some(Start::New), "what has failed is made anew");
    assert_eq!(wanted(&Asked { reuse_equal: false, ..template("h0") }, &status), Some(Start::New));
    assert_eq!(wanted(&Asked { disabled: true, ..template("h0") }, &status), None);
    status.versions[2].slot = Some(Slot::B);
    assert_eq!(wanted(&template("h0"), &status), Some(Start::New), "its target group is taken");
    status.hold = Some(Hold { hash: "h2".to_owned(), version: V2.to_owned(), ..Hold::default() });
    assert_eq!(wanted(&template("h2"), &status), None);
    assert_eq!(wanted(&template("h3"), &status), Some(Start::New), "another template is not held");
    assert_eq!(wanted(&Asked { retry: Some(V2.to_owned()), ..template("h2") }, &status), Some(Start::New));
}

/// A pass in which a new version, the second, may begin.
fn begun(asked: &Asked, status: &ServerGroupStatus, change: impl FnOnce(&mut Sight)) -> Decision {
    let mut sight = sight(status);
    sight.number = Number::Free(1);
    sight.rules = shares(&[0]);
    change(&mut sight);
    decide(asked, status, &sight, false)
}

fn blocked(asked: &Asked, status: &ServerGroupStatus, change: impl FnOnce(&mut Sight)) -> (Reason, String) {
    let decision = begun(asked, status, change);
    assert!(decision.status.rollout.is_none());
    decision.blocked.unwrap()
}

#[test]
fn what_stands_in_the_way_is_said_first_and_counted() {
    let blocked = |change: fn(&mut Sight)| blocked(&asked(true), &at_rest(), change);
    assert_eq!(blocked(|sight| sight.problems = vec!["a".to_owned()]), (Reason::InvalidSpec, "a".to_owned()));
    let two = |sight: &mut Sight| {
        sight.problems = vec!["a".to_owned()];
        sight.hindrances = vec!["b".to_owned()];
    };
    assert_eq!(blocked(two).1, "a (and 1 more)");
    assert!(blocked(|sight| sight.firing = vec!["busy".to_owned()]).1.contains("`busy` is already in ALARM"));
    assert_eq!(blocked(|sight| sight.waits = Some("soon".to_owned())).0, Reason::DependencyNotReady);
    assert_eq!(
        blocked(|sight| sight.refused = Some((Reason::RoleNotAllowed, "no".to_owned()))).0,
        Reason::RoleNotAllowed
    );
    assert_eq!(blocked(|sight| sight.number = Number::Busy("all taken".to_owned())).0, Reason::ProgressingWithRetry);
    let mut status = after_one();
    status.versions.remove(0);
    let back = Asked { hash: "h0".to_owned(), ..asked(true) };
    let hindered = begun(&back, &status, |sight| {
        sight.hindrances = vec!["b".to_owned()];
        sight.rules = shares(&[100]);
    });
    assert!(hindered.status.rollout.is_some(), "what is there already can be gone back to: {:?}", hindered.blocked);
}

#[test]
fn a_new_version_takes_the_slot_without_traffic() {
    let slot = |status: &ServerGroupStatus, b: &[i32]| {
        let mut decision = begun(&asked(true), status, |sight| sight.rules = shares(b));
        decision.status.versions.remove(0).slot
    };
    let none = ServerGroupStatus::default();
    assert_eq!((slot(&none, &[50]), slot(&none, &[51])), (Some(Slot::A), Some(Slot::B)));
    assert_eq!(slot(&at_rest(), &[0, 0]), Some(Slot::B));
    assert!(blocked(&asked(true), &at_rest(), |sight| sight.rules = shares(&[0, 1])).1.contains("rule-1"));
    let unusable = |sight: &mut Sight| sight.rules = Rules::Unusable(vec!["x".to_owned(), "y".to_owned()]);
    assert_eq!(blocked(&asked(true), &at_rest(), unusable).1, "RuleMismatch: x; y");
    let mut both = at_rest();
    both.versions.push(Version { slot: Some(Slot::B), ..version(V2, VersionState::Active, 4) });
    assert!(blocked(&asked(true), &both, |_| ()).1.starts_with("SlotBusy"));
    both.versions[1].state = VersionState::Disabled;
    assert_eq!(slot(&both, &[0]), Some(Slot::B));
}

#[test]
fn no_more_than_ten_versions_are_kept_and_what_failed_goes_first() {
    let mut status = at_rest();
    status.current_version = Some(V0.to_owned());
    for number in 1..10 {
        status.versions.push(version(&format!("shop-prod-v{number:03}"), VersionState::Active, 1));
    }
    let unweighted = asked(false);
    assert_eq!(
        blocked(&unweighted, &status, |_| ()),
        (Reason::InvalidSpec, "10 versions are active; destroy one first".to_owned())
    );
    let mut nine = status.clone();
    nine.versions.pop();
    assert!(begun(&unweighted, &nine, |_| ()).status.rollout.is_some());
    status.versions[3].state = VersionState::Disabled;
    status.versions[5].state = VersionState::Failed;
    let decision = begun(&unweighted, &status, |_| ());
    assert_eq!(decision.status.versions[5].state, VersionState::Destroying);
    assert_eq!(decision.status.versions[3].state, VersionState::Disabled);
    assert!(decision.blocked.unwrap().1.contains("shop-prod-v005 goes"));
    let waits = blocked(&unweighted, &decision.status, |_| ());
    assert_eq!(waits.0, Reason::Progressing);
    assert!(waits.1.contains("shop-prod-v005 is being destroyed"));
    status.versions[5].state = VersionState::Active;
    status.versions[3].created_at = ago(1);
    status.versions[7].state = VersionState::Disabled;
    let oldest = begun(&unweighted, &status, |_| ()).status;
    assert_eq!(
        (oldest.versions[7].state, oldest.versions[3].state),
        (VersionState::Destroying, VersionState::Disabled)
    );
}

#[test]
fn services_taken_in_become_versions_and_the_newest_that_runs_is_current() {
    let service = |name: &str, sequence: i32, desired: i32| Adoptable {
        name: name.to_owned(),
        sequence,
        desired,
        slot: Some(Slot::A),
    };
    let found = vec![service(V0, 0, 3), service(V2, 2, 0), service(V1, 1, 4)];
    let decision =
        begun(&asked(true), &ServerGroupStatus::default(), |sight| sight.adoption = Adoption::Services(found));
    let status = &decision.status;
    let seen: Vec<_> =
        status.versions.iter().map(|v| (v.name.as_str(), v.state, v.role.as_str(), v.capacity)).collect();
    assert_eq!(
        seen,
        [
            (V2, VersionState::Disabled, "", 0),
            (V1, VersionState::Active, "Current", 4),
            (V0, VersionState::Active, "", 3),
        ]
    );
    assert_eq!((status.current_version.as_deref(), status.last_sequence), (Some(V1), Some(2)));
    assert!(status.versions.iter().all(|version| version.adopted) && decision.said.len() == 3);
    let again = begun(&asked(true), &at_rest(), |sight| sight.adoption = Adoption::Services(vec![service(V2, 2, 1)]));
    assert!(
        again.status.versions.iter().all(|version| !version.adopted),
        "only a group without versions takes some in"
    );
}

#[test]
fn a_service_that_the_weights_cannot_reach_is_not_taken_in() {
    let none = ServerGroupStatus::default();
    let found = |slot: Option<Slot>| {
        let of = |name: &str, sequence: i32, slot| Adoptable { name: name.to_owned(), sequence, desired: 2, slot };
        Adoption::Services(vec![of(V0, 0, Some(Slot::A)), of(V1, 1, slot)])
    };
    let (reason, why) = blocked(&asked(true), &none, |sight| sight.adoption = found(None));
    assert_eq!(reason, Reason::InvalidSpec);
    for word in [V1, "adoptionPolicy", "targetGroupMappings", "alternateTargetGroup"] {
        assert!(why.contains(word), "{why}");
    }
    let kept = begun(&asked(true), &none, |sight| sight.adoption = found(None)).status;
    assert_eq!(kept, none, "nor is any other, for nobody looks again later");
    let slots = |decision: Decision| decision.status.versions.iter().map(|version| version.slot).collect::<Vec<_>>();
    let taken = begun(&asked(true), &none, |sight| sight.adoption = found(Some(Slot::B)));
    assert_eq!(slots(taken), [Some(Slot::B), Some(Slot::A)]);
    let shared = begun(&asked(false), &none, |sight| sight.adoption = found(None));
    assert_eq!(slots(shared), [None, Some(Slot::A)], "without weights it does not matter");
    let refused = |sight: &mut Sight| sight.adoption = Adoption::Refused("no target group".to_owned());
    assert_eq!(blocked(&asked(true), &none, refused), (Reason::InvalidSpec, "no target group".to_owned()));
}

#[test]
fn nothing_replaces_a_version_whose_target_group_is_not_known() {
    let mut lost = at_rest();
    lost.versions[0].slot = None;
    let (reason, why) = blocked(&asked(true), &lost, |_| ());
    assert!(reason == Reason::InvalidSpec && why.starts_with(&format!("`traffic`: `{V0}` is neither")), "{why}");
    assert!(begun(&asked(false), &lost, |_| ()).status.rollout.is_some());
    let mut back = after_one();
    back.versions[2].slot = None;
    let template = Asked { hash: "h0".to_owned(), ..asked(true) };
    assert_eq!(wanted(&template, &back), Some(Start::New), "nor is it restored");
}

#[test]
fn a_version_takes_the_slot_that_its_service_is_found_in() {
    let mut status = at_rest();
    status.versions[0].slot = None;
    let mut seen = sight(&status);
    seen.children.get_mut(V0).unwrap().slot = Some(Slot::B);
    let settled = Asked { hash: "h0".to_owned(), ..asked(true) };
    assert_eq!(decide(&settled, &status, &seen, false).status.versions[0].slot, Some(Slot::B));
    status.versions[0].slot = Some(Slot::A);
    assert_eq!(decide(&settled, &status, &seen, false).status.versions[0].slot, Some(Slot::A), "what is known stays");
}

#[test]
fn nothing_begins_while_services_that_may_be_taken_in_could_not_be_read() {
    let none = ServerGroupStatus::default();
    let unread = |sight: &mut Sight| sight.adoption = Adoption::Unread;
    let decision = begun(&asked(true), &none, unread);
    assert_eq!((decision.status, decision.said.len()), (none, 0), "a version that began would lose them for good");
    let later = begun(&asked(true), &at_rest(), unread);
    assert!(later.status.rollout.is_some(), "a group with versions takes none in");
}

/// Full size of the version that begins.
fn target(asked: &Asked, status: &ServerGroupStatus, change: impl FnOnce(&mut Sight)) -> i32 {
    begun(asked, status, change).status.rollout.unwrap().target
}

#[test]
fn full_size_is_what_the_spec_asks_or_what_runs_within_the_bounds() {
    let none = ServerGroupStatus::default();
    let managed = Asked { max: 9, source_count: Some(7), ..asked(false) };
    assert_eq!((target(&managed, &none, |_| ()), target(&managed, &at_rest(), |_| ())), (7, 4));
    let free = Asked { managed: false, max: 9, source_count: Some(7), ..asked(false) };
    assert_eq!(target(&free, &none, |_| ()), 7);
    let grown = |sight: &mut Sight| drop(sight.children.insert(V0.to_owned(), child(6)));
    assert_eq!(target(&free, &at_rest(), grown), 6);
    let stale = |tasks: i32| {
        move |sight: &mut Sight| drop(sight.children.insert(V0.to_owned(), Child { settled: false, ..child(tasks) }))
    };
    assert_eq!(target(&free, &at_rest(), stale(6)), 6, "it may have grown all the same");
    assert_eq!(target(&free, &at_rest(), stale(2)), 4, "what is not settled takes nothing away");
    let made =
        |sight: &mut Sight| drop(sight.children.insert(V0.to_owned(), Child { service: true, ..Child::default() }));
    assert_eq!(target(&free, &at_rest(), made), 4, "ECS says nothing yet");
    let mut ours = at_rest();
    ours.versions[0].remembered = Some(Remembered { desired: 4, ..Remembered::default() });
    assert_eq!(target(&free, &ours, stale(6)), 4, "a count that we bring about says what it is to be");
    assert_eq!(target(&managed, &at_rest(), stale(6)), 4);
    assert_eq!(target(&managed, &at_rest(), grown), 4);
    assert_eq!(target(&Asked { max: 5, min: 5, ..free }, &at_rest(), |_| ()), 5);
}

#[test]
fn an_old_version_that_grew_while_it_did_not_settle_keeps_all_its_tasks_during_the_rollout() {
    let status = ServerGroupStatus { versions: vec![version(V0, VersionState::Active, 2)], ..at_rest() };
    let free = Asked { managed: false, min: 2, desired: 2, max: 40, ..asked(false) };
    let grown = |sight: &mut Sight| drop(sight.children.insert(V0.to_owned(), Child { settled: false, ..child(30) }));
    let begun = begun(&free, &status, grown).status;
    let rollout = begun.rollout.unwrap();
    assert_eq!((rollout.target, rollout.replaces[0].desired), (30, 30));
    assert_eq!(begun.versions[1].capacity, 30, "whatever pins the count pins the one that there is");
}

#[test]
fn a_restored_version_keeps_its_tasks_and_a_new_one_begins_with_those_of_its_first_step() {
    let mut status = after_one();
    status.versions.remove(0);
    status.versions[1].remembered = Some(Remembered { desired: 6, ..Remembered::default() });
    let back = Asked { managed: false, max: 9, ..pinned(V0) };
    let restored = begun(&back, &status, |sight| sight.rules = shares(&[100])).status;
    assert_eq!((restored.versions[1].capacity, restored.versions[1].role.as_str()), (4, "Candidate"));
    assert_eq!(restored.pinned.as_deref(), Some(V0));
    assert_eq!(restored.rollout.unwrap().target, 6, "what it had before is remembered");
    let new = begun(&asked(true), &at_rest(), |_| ()).status;
    assert_eq!((new.versions[0].name.as_str(), new.versions[0].capacity, new.pinned), (V1, 4, None));
}
