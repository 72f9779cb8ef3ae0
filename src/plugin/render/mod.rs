//! Reports, plans, trees and tables → lines of text. Pure: width, colour and time are arguments.

pub mod plan;
pub mod report;
pub mod table;
pub mod text;
pub mod tree;

pub use text::{Line, Look};
