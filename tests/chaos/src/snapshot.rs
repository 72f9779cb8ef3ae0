//! Both worlds at one moment, from which any number of schedules go on.

use std::sync::Mutex;

use ecs_sim::Sim;
use ecs_sim::kube::MemApi;
use jiff::Timestamp;

use crate::support::world::World;

/// Both worlds at one moment.
pub struct Snapshot {
    worlds: Mutex<(MemApi, Sim)>,
    at: Timestamp,
}

impl Snapshot {
    /// Worlds as they are now.
    pub fn of(world: &World) -> Self {
        let sim = world.aws.sim(|sim| sim.clone());
        Self { worlds: Mutex::new((world.api.with(|api| api.fork()), sim)), at: world.clock.exact() }
    }

    /// Worlds of their own that go on from here; nobody has called them yet.
    pub fn go_on(&self) -> World {
        let worlds = self.worlds.lock().unwrap();
        World::of(worlds.0.fork(), worlds.1.clone(), self.at, 7)
    }
}
