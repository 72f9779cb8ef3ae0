//! What the operator would do with manifests: its own passes, over a shadow of Kubernetes, on a wire to AWS that only reads.
//!
//! Nothing is decided here. Passes observe, plan and act as in the operator; what they write to Kubernetes stays in
//! [`shadow`], and what they would change in AWS is written down and answered by [`wire`].

pub mod answers;
pub mod forecast;
pub mod manifests;
pub mod merge;
pub mod value;
pub mod wire;

pub mod shadow;
