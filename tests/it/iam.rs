//! The IAM documents: complete, valid, small, no wider than need be, and accepted by IAM's own list of actions.

mod documents;
mod enforced;
mod stories;
