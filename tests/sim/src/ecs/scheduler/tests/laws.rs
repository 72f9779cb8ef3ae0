//! Laws: time is one, the same script gives the same story, chaos breaks no invariant.

use proptest::prelude::*;
use serde_json::json;

use super::{World, behind};
use crate::fixtures::{AlarmState, ImageFate};

/// One thing that happens to the world.
#[derive(Clone, Debug)]
enum Move {
    Scale(i64),
    Deploy(u8),
    Force,
    Image(u8, u8),
    Alarm(bool),
    Kill(usize),
    Room(Option<i64>),
    Freeze(bool),
    Percents(i64, i64),
    Strategy(u8),
    Stop,
    Delete,
    Create,
    Wait(i64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        (0..6_i64).prop_map(Move::Scale),
        (1..4_u8).prop_map(Move::Deploy),
        Just(Move::Force),
        (1..4_u8, 0..4_u8).prop_map(|(image, fate)| Move::Image(image, fate)),
        any::<bool>().prop_map(Move::Alarm),
        (0..6_usize).prop_map(Move::Kill),
        prop::option::of(0..9_i64).prop_map(Move::Room),
        any::<bool>().prop_map(Move::Freeze),
        (0..=100_i64, 101..=300_i64).prop_map(|(least, most)| Move::Percents(least, most)),
        (0..4_u8).prop_map(Move::Strategy),
        Just(Move::Stop),
        Just(Move::Delete),
        Just(Move::Create),
        (1..90_i64).prop_map(Move::Wait),
    ];
    prop::collection::vec(one, 1..40)
}

impl World {
    fn make(&mut self, one: &Move, step: i64) {
        let web = json!({ "cluster": "c1", "service": "web" });
        let mut update = |more: serde_json::Value| {
            let mut input = web.clone();
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let _ = self.call("UpdateService", &input);
        };
        match one {
            Move::Scale(desired) => update(json!({ "desiredCount": desired })),
            Move::Deploy(revision) => {
                update(json!({ "taskDefinition": format!("web:{revision}") }));
            }
            Move::Force => update(json!({ "forceNewDeployment": true })),
            Move::Percents(least, most) => {
                update(
                    json!({ "deploymentConfiguration": { "minimumHealthyPercent": least, "maximumPercent": most } }),
                );
            }
            Move::Strategy(kind) => {
                let word = ["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"][usize::from(*kind)];
                update(json!({ "loadBalancers": [], "deploymentConfiguration": { "strategy": word } }));
            }
            Move::Image(image, fate) => {
                let fates = [
                    ImageFate::Runs,
                    ImageFate::Missing,
                    ImageFate::Unhealthy,
                    ImageFate::Exits { after_ms: 500, code: 2 },
                ];
                self.sim.set_image(&format!("web:{image}"), fates[usize::from(*fate)]);
            }
            Move::Alarm(rings) => {
                let state = if *rings { AlarmState::Alarm } else { AlarmState::Ok };
                self.fleet(|f| f.set_alarm("errors", state));
            }
            Move::Kill(nth) => {
                let tasks = self.ok("ListTasks", &json!({ "cluster": "c1" }))["taskArns"].clone();
                if let Some(task) = tasks.get(nth) {
                    self.ok("StopTask", &json!({ "cluster": "c1", "task": task }));
                }
            }
            Move::Room(slots) => self.fleet(|f| f.set_capacity("c1", *slots)),
            Move::Freeze(stands) => self.fleet(|f| {
                if *stands {
                    f.freeze("c1", "web");
                } else {
                    f.thaw("c1", "web");
                }
            }),
            Move::Stop => {
                let list = self.call("ListServiceDeployments", &web).unwrap_or_default();
                if let Some(newest) = list["serviceDeployments"].get(0) {
                    let _ = self.call(
                        "StopServiceDeployment",
                        &json!({ "serviceDeploymentArn": newest["serviceDeploymentArn"] }),
                    );
                }
            }
            Move::Delete => {
                let _ = self.call("DeleteService", &json!({ "cluster": "c1", "service": "web", "force": true }));
            }
            Move::Create => {
                let more = json!({
                    "loadBalancers": behind(),
                    "deploymentConfiguration": {
                        "deploymentCircuitBreaker": { "enable": true, "rollback": true },
                        "alarms": { "alarmNames": ["errors"], "enable": true, "rollback": true },
                    },
                });
                let _ = self.call("CreateService", &World::request("web", 3, &more));
            }
            Move::Wait(seconds) => {
                let to = self.sim.now() + seconds * 1000;
                while self.sim.now() < to {
                    self.sim.advance_to((self.sim.now() + step).min(to));
                }
            }
        }
    }

    fn play(moves: &[Move], step: i64) -> (String, Vec<String>) {
        let mut world = World::brisk();
        world.register("web:2");
        world.register("web:3");
        world.make(&Move::Create, step);
        for one in moves {
            world.make(one, step);
        }
        world.make(&Move::Wait(120), step);
        (world.story(), world.sim.violations())
    }

    fn story(&mut self) -> String {
        let service = self.ok("DescribeServices", &json!({ "cluster": "c1", "services": ["web"] }));
        let tasks = self.fleet(|f| format!("{:?} {:?}", f.tasks, f.traffic.log));
        format!("{service} {tasks}")
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn advancing_by_seconds_equals_advancing_at_once(moves in moves()) {
        let (at_once, broken) = World::play(&moves, i64::MAX / 2);
        prop_assert_eq!(broken, Vec::<String>::new());
        let (by_seconds, _) = World::play(&moves, 1000);
        prop_assert_eq!(at_once, by_seconds);
    }

    #[test]
    fn once_everything_is_well_again_the_service_settles(moves in moves()) {
        let mut world = World::brisk();
        world.register("web:2");
        world.register("web:3");
        world.make(&Move::Create, 1000);
        for one in &moves {
            world.make(one, 1000);
        }
        for image in 1..4 {
            world.make(&Move::Image(image, 0), 1000);
        }
        // Percentages that round to the desired count on both sides leave no room to roll.
        let room = [Move::Room(None), Move::Percents(50, 200)];
        let rest = [Move::Alarm(false), Move::Freeze(false), Move::Wait(60), Move::Create, Move::Force];
        for well in room.into_iter().chain(rest) {
            world.make(&well, 1000);
        }
        world.settled("web");
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let moves = [Move::Wait(30), Move::Deploy(2), Move::Kill(1), Move::Wait(20), Move::Scale(5)];
    assert_eq!(World::play(&moves, 1000), World::play(&moves, 1000));
}
