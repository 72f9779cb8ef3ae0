//! One story a strategy, and one for each way in which things go wrong.

use super::super::present;
use super::model::{Fate, World, analysis, asked, canary, highlander, none, red_black, rolling, warm};
use crate::api::server_group::strategy::{CanaryStep, Pause, StepCapacity, Strategy};
use crate::api::status::{StepKind, VersionState};
use crate::controllers::server_group::measure::Outcome;

const V0: &str = "shop-prod-v000";
const V1: &str = "shop-prod-v001";
const V2: &str = "shop-prod-v002";

fn world(strategy: &Strategy, weighted: bool) -> World {
    let mut world = World::new(asked(strategy, 4, weighted));
    world.deploy_first();
    world.template("h2");
    world
}

fn state(world: &World, name: &str) -> Option<VersionState> {
    world.status.versions.iter().find(|version| version.name == name).map(|version| version.state)
}

#[test]
fn the_first_version_is_current_once_all_of_its_tasks_are_healthy() {
    let mut world = World::new(asked(&red_black(), 4, true));
    world.run(|world| {
        if world.current() == V0 {
            assert_eq!(world.healthy(V0), 4);
        }
    });
    assert_eq!((world.current(), world.b), (V0, 0));
    assert!(world.status.rollout.is_none() && world.status.hold.is_none());
}

#[test]
fn none_leaves_both_versions_active() {
    let mut world = world(&none(), false);
    world.run(|_| ());
    assert_eq!(world.current(), V1);
    assert_eq!(world.serving(), [V1, V0]);
    assert_eq!((world.healthy(V0), world.healthy(V1)), (4, 4));
}

#[test]
fn highlander_destroys_every_other_version() {
    let mut world = world(&highlander(), false);
    world.run(|_| ());
    assert_eq!(world.services.keys().collect::<Vec<_>>(), [V1]);
    assert_eq!(world.current(), V1);
    assert!(world.status.history.iter().any(|entry| entry.version == V0 && entry.result == "Destroyed"));
}

#[test]
fn red_black_keeps_the_old_version_disabled_and_prunes_beyond_two() {
    let mut world = world(&red_black(), false);
    world.run(|_| ());
    assert_eq!((state(&world, V0), world.services[V0].running), (Some(VersionState::Disabled), 0));
    assert_eq!(world.status.versions[1].remembered.as_ref().unwrap().desired, 4);
    world.template("h3");
    world.run(|_| ());
    assert_eq!(world.current(), V2);
    assert_eq!(world.services.keys().collect::<Vec<_>>(), [V1, V2]);
}

#[test]
fn a_warm_standby_keeps_its_tasks_and_serves_again_within_a_shift_of_weights() {
    let mut world = world(&warm(), true);
    world.run(|_| ());
    assert_eq!((world.services[V0].running, world.b), (4, 100));
    assert_eq!(state(&world, V0), Some(VersionState::Disabled));
    world.template("h1");
    world.run(|world| assert!(world.services[V0].running == 4, "the standby never lost a task"));
    assert_eq!((world.current(), world.b), (V0, 0));
    assert_eq!(world.services.len(), 2, "no third version was made");
}

#[test]
fn a_reverted_template_restores_the_retained_version() {
    let mut world = world(&red_black(), false);
    world.run(|_| ());
    world.template("h1");
    world.run(|_| ());
    assert_eq!((world.current(), world.healthy(V0), world.services[V1].running), (V0, 4, 0));
    assert_eq!(state(&world, V1), Some(VersionState::Disabled));
}

#[test]
fn rolling_moves_capacity_in_steps_and_never_falls_below_the_old_size() {
    let mut world = world(&rolling(vec![25, 50, 100]), false);
    let mut sizes = Vec::new();
    world.run(|world| {
        let both = world.healthy(V0) + world.healthy(V1);
        assert!(both >= 4, "{both}");
        let pair = (world.services[V0].asked, world.services.get(V1).map_or(0, |service| service.asked));
        if sizes.last() != Some(&pair) {
            sizes.push(pair);
        }
    });
    assert_eq!(sizes, [(4, 0), (4, 1), (3, 1), (3, 2), (2, 2), (2, 4), (0, 4)]);
}

fn weight(percent: i32) -> CanaryStep {
    CanaryStep { set_weight: Some(percent), ..CanaryStep::default() }
}

fn capacity(count: i32) -> CanaryStep {
    CanaryStep { set_capacity: Some(StepCapacity { count: Some(count), percent: None }), ..CanaryStep::default() }
}

fn pause() -> CanaryStep {
    CanaryStep { pause: Some(Pause::default()), ..CanaryStep::default() }
}

fn analyse() -> CanaryStep {
    CanaryStep { analysis: Some(analysis()), ..CanaryStep::default() }
}

#[test]
fn a_canary_takes_its_steps_waits_for_a_person_and_goes_to_full_size() {
    let mut world = world(&canary(vec![weight(25), pause(), analyse(), weight(50)]), true);
    world.run(|_| ());
    assert_eq!((world.b, world.services[V1].asked), (25, 1));
    let gate = world.rollout().promote_with.clone().unwrap();
    assert!(gate.starts_with(&format!("{V1}.")), "{gate}");
    world.asked.promote = Some("other".to_owned());
    world.run(|_| ());
    assert!(world.at(StepKind::Paused), "a wrong value opens nothing");
    world.asked.promote = Some(gate);
    let mut weights = vec![25];
    world.run(|world| {
        if weights.last() != Some(&world.b) {
            weights.push(world.b);
        }
    });
    assert_eq!(weights, [25, 50, 100]);
    assert_eq!((world.current(), world.healthy(V1), world.services[V0].running), (V1, 4, 0));
}

#[test]
fn promoting_to_full_skips_what_is_left_but_not_the_gate() {
    let mut world = world(&canary(vec![capacity(1), pause(), weight(50), pause()]), true);
    world.run(|_| ());
    world.asked.promote = Some(format!("{V1}/full"));
    world.run(|world| assert!(world.b == 0 || world.healthy(V1) == 4));
    assert_eq!((world.current(), world.b), (V1, 100));
}

#[test]
fn failed_metrics_take_the_traffic_back_before_the_tasks() {
    let mut world = world(&canary(vec![weight(25), analyse()]), true);
    world.metric = Outcome::Bad("5 % errors".to_owned());
    let mut had_traffic = false;
    world.run(|world| {
        had_traffic |= world.b > 0;
        assert!(world.b == 0 || world.healthy(V1) > 0, "no weight without a healthy task");
        assert_eq!(world.healthy(V0), 4);
    });
    assert!(had_traffic);
    assert_eq!((world.current(), world.b, world.services[V1].asked), (V0, 0, 0));
    let hold = world.status.hold.as_ref().unwrap();
    assert_eq!((hold.version.as_str(), hold.reason.as_str()), (V1, "DeploymentRolledBack"));
    assert!(hold.message.contains("5 % errors"), "{}", hold.message);
    assert_eq!(state(&world, V1), Some(VersionState::Failed));
}

#[test]
fn inconclusive_metrics_wait_for_a_person() {
    let mut world = world(&canary(vec![weight(25), analyse()]), true);
    world.metric = Outcome::Inconclusive("no data".to_owned());
    world.run(|_| ());
    let gate = world.rollout().promote_with.clone().unwrap();
    assert!(world.rollout().message.contains("no data"));
    world.asked.promote = Some(gate);
    world.run(|_| ());
    assert_eq!(world.current(), V1);
}

#[test]
fn a_template_whose_tasks_die_is_held_and_tried_again_only_when_asked() {
    let mut world = world(&red_black(), false);
    world.fates.insert("h2".to_owned(), Fate::Dies);
    world.run(|world| assert_eq!(world.healthy(V0), 4));
    let hold = world.status.hold.clone().unwrap();
    assert!(hold.message.contains("exit 1"), "the last stop is told: {}", hold.message);
    assert_eq!((world.current(), world.services[V1].asked), (V0, 0));
    world.run(|_| ());
    assert!(world.status.rollout.is_none() && world.services.len() == 2, "no further try");
    world.fates.clear();
    world.asked.retry = Some(V1.to_owned());
    world.run(|_| ());
    assert_eq!(world.current(), V2, "a new number");
    assert!(world.status.hold.is_none());
}

#[test]
fn an_ill_version_fails_at_the_progress_deadline() {
    let mut world = world(&red_black(), false);
    world.fates.insert("h2".to_owned(), Fate::Ill);
    world.run(|world| assert_eq!(world.healthy(V0), 4));
    let hold = world.status.hold.as_ref().unwrap();
    assert_eq!(hold.reason, "ProgressDeadlineExceeded");
    assert!(hold.message.contains("0 of 4 tasks"), "{}", hold.message);
}

#[test]
fn a_wait_longer_than_the_deadline_is_no_failure() {
    let mut long = highlander();
    long.highlander.as_mut().unwrap().delay_before_destroy_seconds = Some(9000);
    let mut world = world(&long, false);
    world.run(|_| ());
    assert_eq!((world.current(), state(&world, V0)), (V1, None));
    assert!(world.status.hold.is_none());
}

#[test]
fn destroy_latest_leaves_nothing_of_a_failed_version() {
    let mut world = world(&red_black(), false);
    world.asked.destroy_latest = true;
    world.fates.insert("h2".to_owned(), Fate::Dies);
    world.run(|_| ());
    assert_eq!(world.services.keys().collect::<Vec<_>>(), [V0]);
    assert_eq!(world.status.hold.as_ref().unwrap().hash, "h2", "the template is held all the same");
    assert!(world.status.rollout.is_none());
}

#[test]
fn an_alarm_rolls_back_and_one_that_fires_before_lets_nothing_begin() {
    let mut world = world(&canary(vec![weight(25), pause()]), true);
    world.firing = vec!["errors".to_owned()];
    world.run(|_| ());
    assert_eq!(world.services.len(), 1, "nothing was made");
    assert!(world.blocked.as_ref().unwrap().contains("already in ALARM"));
    world.firing.clear();
    world.run(|_| ());
    assert_eq!(world.b, 25);
    world.firing = vec!["errors".to_owned()];
    world.pass();
    world.run(|_| ());
    assert_eq!((world.current(), world.b), (V0, 0));
}

#[test]
fn abort_restores_shrunk_versions_before_the_candidate_goes() {
    let mut settings = rolling(vec![50, 100]);
    settings.rolling_red_black.as_mut().unwrap().pause_between_steps = Some(true);
    let mut world = world(&settings, false);
    world.run(|_| ());
    assert_eq!((world.services[V0].running, world.healthy(V1)), (2, 2));
    world.asked.abort = Some(V1.to_owned());
    world.run(|world| assert!(world.healthy(V0) + world.healthy(V1) >= 4));
    assert_eq!((world.current(), world.healthy(V0), world.services[V1].asked), (V0, 4, 0));
    assert_eq!(world.status.history[0].result, "Aborted");
}

#[test]
fn a_new_template_supersedes_a_rollout_without_a_hold() {
    let mut world = world(&canary(vec![weight(25), pause()]), true);
    world.run(|_| ());
    world.template("h3");
    world.run(|world| assert_eq!(world.healthy(V0), 4));
    assert_eq!(world.rollout().to, V2);
    assert!(world.status.hold.is_none());
    assert!(world.status.history.iter().any(|entry| entry.version == V1 && entry.result == "Superseded"));
}

#[test]
fn a_disabled_group_has_no_tasks_and_comes_back_with_its_size() {
    let mut world = world(&red_black(), false);
    world.template("h1");
    world.asked.disabled = true;
    world.run(|_| ());
    assert_eq!(world.services[V0].running, 0);
    assert_eq!(state(&world, V0), Some(VersionState::Disabled));
    world.asked.disabled = false;
    world.run(|_| ());
    assert_eq!((world.healthy(V0), state(&world, V0)), (4, Some(VersionState::Active)));
    assert_eq!(world.services.len(), 1);
}

#[test]
fn capacity_is_set_in_place() {
    let mut world = World::new(asked(&red_black(), 4, false));
    world.deploy_first();
    (world.asked.desired, world.asked.max) = (7, 7);
    world.run(|_| ());
    assert_eq!((world.healthy(V0), world.services.len()), (7, 1));
    assert!(world.status.rollout.is_none());
}

#[test]
fn a_larger_count_in_a_canary_grows_the_serving_version_at_once_and_the_new_one_from_the_next_gate_on() {
    let mut world = world(&canary(vec![weight(25), pause(), weight(50)]), true);
    world.run(|_| ());
    assert_eq!((world.services[V0].asked, world.services[V1].asked), (4, 1));
    (world.asked.desired, world.asked.max) = (10, 10);
    world.run(|_| ());
    assert!(world.at(StepKind::Paused));
    assert_eq!((world.healthy(V0), world.healthy(V1)), (10, 1));
    world.asked.promote = Some(world.rollout().promote_with.clone().unwrap());
    let mut steps = Vec::new();
    world.run(|world| {
        assert!(world.healthy(V0) == 10 || world.healthy(V1) == 10);
        let pair = (world.b, world.services[V1].asked);
        if steps.last() != Some(&pair) {
            steps.push(pair);
        }
    });
    assert_eq!(steps, [(25, 1), (25, 5), (50, 5), (50, 10), (100, 10)]);
}

#[test]
fn a_smaller_count_in_a_canary_waits_for_its_end() {
    let mut world = world(&canary(vec![weight(50), pause()]), true);
    world.run(|_| ());
    (world.asked.min, world.asked.desired) = (1, 1);
    world.asked.promote = Some(world.rollout().promote_with.clone().unwrap());
    world.run(|world| assert!(world.current() == V1 || world.healthy(V0).max(world.healthy(V1)) == 4));
    assert_eq!((world.current(), world.healthy(V1)), (V1, 1));
}

#[test]
fn a_pin_serves_a_retained_version_and_its_end_acts_on_the_template_as_it_is_then() {
    let mut world = world(&red_black(), false);
    world.run(|_| ());
    world.asked.to_version = Some(V0.to_owned());
    world.run(|_| ());
    assert_eq!((world.current(), world.status.pinned.as_deref()), (V0, Some(V0)));
    world.template("h9");
    world.run(|_| ());
    assert_eq!(world.services.len(), 2, "edits wait behind the pin");
    world.asked.to_version = None;
    world.run(|_| ());
    assert_eq!(world.current(), V2);
    world.asked.to_version = Some("shop-prod-v077".to_owned());
    world.run(|_| ());
    assert!(world.blocked.as_ref().unwrap().contains("VersionNotFound"));
}

#[test]
fn a_version_deleted_by_hand_is_deployed_anew_under_another_number() {
    let mut world = World::new(asked(&red_black(), 4, false));
    world.deploy_first();
    world.services.clear();
    world.run(|_| ());
    assert_eq!((world.current(), world.healthy(V1)), (V1, 4));
    let mut world = self::world(&canary(vec![capacity(1), pause()]), false);
    world.run(|_| ());
    world.services.remove(V1);
    world.run(|world| assert_eq!(world.healthy(V0), 4));
    assert!(world.status.hold.as_ref().unwrap().message.contains("deleted by hand"));
}

#[test]
fn onfailure_false_leaves_everything_where_it_is() {
    let mut world = world(&canary(vec![weight(25), analyse()]), true);
    world.asked.on_failure = false;
    world.metric = Outcome::Bad("errors".to_owned());
    world.run(|_| ());
    assert_eq!((world.b, world.services[V1].asked, world.services[V0].asked), (25, 1, 4));
    assert_eq!(state(&world, V1), Some(VersionState::Failed));
    assert!(world.status.hold.is_some());
}

#[test]
fn weights_edited_by_hand_come_back_in_a_settled_group() {
    let mut world = World::new(asked(&red_black(), 4, true));
    world.deploy_first();
    world.b = 30;
    world.run(|_| ());
    assert_eq!(world.b, 0);
}

#[test]
fn a_rollout_shows_its_steps() {
    let mut world = world(&canary(vec![weight(25), pause()]), true);
    world.run(|_| ());
    let rollout = world.rollout();
    let kinds: Vec<String> = rollout.steps.iter().map(|step| step.step.to_string()).collect();
    assert_eq!(
        kinds.join(" "),
        "FreeingSlot Creating Gating Shifting Paused Gating Shifting DisablingOld Pruning Finishing"
    );
    assert_eq!(present(rollout).unwrap().step, StepKind::Paused);
    assert_eq!(rollout.display, "Paused 5/10");
}

/// Passes and ticks until the rollout stands at a step.
fn until(world: &mut World, kind: StepKind) {
    for _ in 0..200 {
        if world.at(kind) {
            return;
        }
        if !world.pass() {
            world.tick();
        }
    }
    panic!("never at {kind}");
}

#[test]
fn a_weight_that_was_granted_is_not_written_once_the_tasks_fall_ill() {
    let mut world = world(&canary(vec![weight(50), pause()]), true);
    until(&mut world, StepKind::Shifting);
    assert!(world.pass(), "the weight is granted, not yet written");
    assert_eq!((world.rollout().weight, world.b), (50, 0));
    world.lapse = Some(V1.to_owned());
    for _ in 0..4 {
        world.pass();
    }
    assert_eq!(world.b, 0, "nobody healthy would receive it");
    world.lapse = None;
    world.pass();
    world.pass();
    assert_eq!(world.b, 50);
}

#[test]
fn an_old_version_stays_in_service_while_the_new_one_is_ill_at_the_last_moment() {
    let mut settings = red_black();
    settings.red_black = Some(crate::api::server_group::strategy::RedBlack {
        delay_before_disable_seconds: Some(15),
        ..Default::default()
    });
    let mut world = world(&settings, false);
    until(&mut world, StepKind::Waiting);
    world.tick();
    world.tick();
    world.lapse = Some(V1.to_owned());
    world.pass();
    assert!(world.at(StepKind::DisablingOld));
    for _ in 0..4 {
        world.pass();
        world.tick();
        assert_eq!(state(&world, V0), Some(VersionState::Active));
    }
    world.lapse = None;
    world.run(|_| ());
    assert_eq!(world.current(), V1);
}

#[test]
fn a_step_says_what_it_waits_for_from_its_first_moment() {
    let mut world = world(&canary(vec![capacity(1), pause()]), false);
    until(&mut world, StepKind::Paused);
    let rollout = world.rollout();
    assert!(rollout.message.contains(rollout.promote_with.as_ref().unwrap()), "{}", rollout.message);
}
