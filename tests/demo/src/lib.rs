//! The operator at work: a real control plane, a simulated AWS, a play in acts and a live tree.

pub mod acts;
pub mod calls;
pub mod error;
pub mod facts;
pub mod groups;
pub mod observe;
pub mod operator;
pub mod options;
pub mod play;
pub mod samples;
pub mod screen;
pub mod shop;
pub mod stage;
pub mod summary;
pub mod tree;
pub mod words;

pub use error::DemoError;
