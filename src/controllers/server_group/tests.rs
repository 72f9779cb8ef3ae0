//! What a pass decides beside the state machine: effects, deletion, the sentence on the group.

mod plans;
mod removals;
mod requests;
mod stage;
mod twins;
mod verdicts;
