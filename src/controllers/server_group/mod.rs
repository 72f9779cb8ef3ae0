//! `ServerGroup`: observe (io) → decide (pure) → act (io) → status (pure).

pub mod desired;
pub mod health;
pub mod measure;
pub mod name;
pub mod render;
pub mod traffic;
