//! What the tests share: both simulated worlds, the wires into them, and a driver that decides who runs next.

pub mod driver;
pub mod log;
pub mod manifests;
pub mod paused;
pub mod replica;
pub mod scaled;
pub mod wire;
pub mod witness;
pub mod world;
