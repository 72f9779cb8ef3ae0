//! Whatever the strategy, the sizes, the failures and the crashes: the traffic invariants hold at every moment.

use proptest::prelude::*;

use super::super::intents;
use super::super::program::share;
use super::model::{Fate, World, analysis, asked, canary, highlander, none, red_black, rolling, warm};
use crate::api::server_group::strategy::{CanaryStep, Pause, StepCapacity, Strategy as Rollout};
use crate::api::status::VersionState;
use crate::controllers::server_group::measure::Outcome;

const V0: &str = "shop-prod-v000";

#[derive(Clone, Debug)]
struct Schedule {
    strategy: Rollout,
    tasks: i32,
    weighted: bool,
    fate: Fate,
    metric: u8,
    pace: i32,
    /// What is lost at each pass: 0 nothing, 1 the effects, 2 the status write.
    losses: Vec<u8>,
    abort_at: Option<usize>,
    /// The new version's tasks are ill in these turns.
    ill: Option<(usize, usize)>,
    /// At this turn the spec asks for so many tasks more.
    grows: Option<(usize, i32)>,
}

impl Schedule {
    /// Tasks that the spec asks for at the end.
    fn asked(&self) -> i32 {
        self.tasks + self.grows.map_or(0, |(_, more)| more)
    }
}

fn steps() -> impl Strategy<Value = Vec<CanaryStep>> {
    let step = prop_oneof![
        (0..=100).prop_map(|weight| CanaryStep { set_weight: Some(weight), ..CanaryStep::default() }),
        (0..=100).prop_map(|percent| CanaryStep {
            set_capacity: Some(StepCapacity { percent: Some(percent), count: None }),
            ..CanaryStep::default()
        }),
        (1..60).prop_map(|seconds| CanaryStep {
            pause: Some(Pause { duration_seconds: Some(seconds) }),
            ..CanaryStep::default()
        }),
        Just(CanaryStep { analysis: Some(analysis()), ..CanaryStep::default() }),
    ];
    prop::collection::vec(step, 1..6)
}

fn strategies() -> impl Strategy<Value = Rollout> {
    prop_oneof![
        Just(red_black()),
        Just(warm()),
        Just(highlander()),
        Just(none()),
        prop::collection::btree_set(1..100, 0..4).prop_map(|percents| {
            let mut percents: Vec<i32> = percents.into_iter().collect();
            percents.push(100);
            rolling(percents)
        }),
        steps().prop_map(canary),
    ]
}

fn schedules() -> impl Strategy<Value = Schedule> {
    let fate = prop_oneof![3 => Just(Fate::Healthy), 1 => Just(Fate::Dies), 1 => Just(Fate::Ill)];
    (
        strategies(),
        1..9,
        any::<bool>(),
        fate,
        0..3_u8,
        1..5,
        prop::collection::vec(prop_oneof![4 => Just(0_u8), 1 => Just(1), 1 => Just(2)], 1..60),
        prop::option::of(0..80_usize),
        (prop::option::of((0..60_usize, 1..9_usize)), prop::option::of((0..40_usize, 1..9))),
    )
        .prop_map(|(strategy, tasks, weighted, fate, metric, pace, losses, abort_at, (ill, grows))| Schedule {
            ill,
            grows: grows.map(|(turn, more)| (turn % losses.len(), more)),
            // Without weights a canary cannot set one.
            weighted: weighted || strategy.canary.is_some(),
            strategy,
            tasks,
            fate,
            metric,
            pace,
            losses,
            abort_at,
        })
}

/// One pass with a crash in it: the status write or the effects are lost.
fn crashing_pass(world: &mut World, loss: u8) {
    match loss {
        1 => {
            let decision = world.decide();
            if decision.status != world.status {
                world.status = decision.status;
            }
        }
        2 => {
            let decision = world.decide();
            if decision.status == world.status {
                world.carry_out();
            }
        }
        _ => {
            world.pass();
        }
    }
}

fn check(world: &World, schedule: &Schedule) {
    assert!(world.wrong.is_empty(), "{:?}", world.wrong);
    if schedule.ill.is_some() {
        // What falls ill by itself breaks promises that nobody else broke.
        return;
    }
    let tasks = schedule.tasks;
    let old = world.healthy(V0);
    let new: i32 = world.services.keys().filter(|name| *name != V0).map(|name| world.healthy(name)).sum();
    assert!(old + new >= tasks, "healthy capacity {old}+{new} below the promise of {tasks}");
    if !schedule.weighted {
        return;
    }
    for (slot_b, weight) in [(false, 100 - world.b), (true, world.b)] {
        if weight == 0 {
            continue;
        }
        let there = |name: &&String| (world.slot(name) == crate::api::status::Slot::B) == slot_b;
        let healthy: i32 = world.services.keys().filter(there).map(|name| world.healthy(name)).sum();
        assert!(healthy >= share(weight, tasks).min(tasks).max(1).min(healthy.max(1)), "{weight} % on {healthy} tasks");
        assert!(healthy > 0, "weight on an empty target group");
    }
}

fn play(schedule: &Schedule) -> World {
    let mut world = World::new(asked(&schedule.strategy, schedule.tasks, schedule.weighted));
    world.deploy_first();
    world.pace = schedule.pace;
    world.template("h2");
    world.fates.insert("h2".to_owned(), schedule.fate);
    world.metric = match schedule.metric {
        0 => Outcome::Bad("bad".to_owned()),
        _ => Outcome::Good("good".to_owned()),
    };
    for (turn, loss) in schedule.losses.iter().enumerate() {
        if schedule.abort_at == Some(turn)
            && let Some(rollout) = &world.status.rollout
        {
            world.asked.abort = Some(rollout.to.clone());
        }
        if schedule.grows.is_some_and(|(at, _)| at == turn) {
            (world.asked.desired, world.asked.max) = (schedule.asked(), schedule.asked());
        }
        let ill = schedule.ill.is_some_and(|(from, long)| (from..from + long).contains(&turn));
        world.lapse = world.status.rollout.as_ref().filter(|_| ill).map(|rollout| rollout.to.clone());
        crashing_pass(&mut world, *loss);
        check(&world, schedule);
        world.asked.abort = None;
        world.tick();
        check(&world, schedule);
    }
    world.lapse = None;
    world.run(|world| check(world, schedule));
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_schedule_breaks_an_invariant_and_every_one_ends(schedule in schedules()) {
        let world = play(&schedule);
        let serving = world.serving();
        if schedule.strategy.none.is_none() {
            prop_assert_eq!(serving.len(), 1, "two active versions after the end: {:?}", serving);
        }
        prop_assert!(serving.contains(&world.current()));
        prop_assert_eq!(world.healthy(world.current()), schedule.asked());
        if schedule.weighted && schedule.strategy.none.is_none() {
            let b = world.slot(world.current()) == crate::api::status::Slot::B;
            prop_assert_eq!(world.b, if b { 100 } else { 0 });
        }
        let held = world.status.hold.is_some();
        prop_assert_eq!(held, world.current() == V0, "either the new version serves, or its template is held");
        for version in &world.status.versions {
            // A version that was given up before it was made has only its record.
            let Some(service) = world.services.get(&version.name) else { continue };
            let serves = version.state == VersionState::Active || version.warm;
            let sizes = if serves { [schedule.tasks, schedule.asked()] } else { [0, 0] };
            prop_assert!(sizes.contains(&service.asked), "{} is {}", version.name, version.state);
        }
    }

    #[test]
    fn what_is_asked_is_the_same_however_often_it_is_asked(schedule in schedules()) {
        let mut world = World::new(asked(&schedule.strategy, schedule.tasks, schedule.weighted));
        world.deploy_first();
        world.template("h2");
        for loss in &schedule.losses {
            let once = intents::children(&world.asked, &world.status, &world.sight());
            let again = intents::children(&world.asked, &world.status, &world.sight());
            prop_assert_eq!(once, again);
            let decision = world.decide();
            prop_assert_eq!(&decision.status, &world.decide().status);
            crashing_pass(&mut world, *loss);
            world.tick();
        }
    }
}
