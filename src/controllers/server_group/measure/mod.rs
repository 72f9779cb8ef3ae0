//! Metrics of an analysis: what to read, what the values mean, and where the analysis stands.

mod course;
mod equality;
mod expression;
mod read;
mod tokens;
mod verdict;

pub use course::{Course, course, due, fold, next_at};
pub use read::measure;
pub use tokens::{Tokens, dimension, substitute};
pub use verdict::{Outcome, problems};
