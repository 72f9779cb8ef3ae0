//! Text → objects, whatever is wrong with them: what is understood, and beside it what is not.

use super::{Draft, Intake, Refused, drafts};
use crate::preflight::Problem;

/// What was understood of one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// The object, without the members of which a problem speaks.
    pub intake: Intake,
    /// Name in ECS, where the document has one.
    pub ecs_name: Option<String>,
    /// Members that could not be taken over, or are missing.
    pub problems: Vec<Problem>,
}

/// The objects of a text, in order; an `Err` stands for one of which nothing is understood.
pub fn take(text: &str) -> Vec<Result<Taken, Refused>> {
    drafts(text).into_iter().map(|draft| draft.map(taken)).collect()
}

fn taken(mut draft: Draft) -> Taken {
    let problems = std::mem::take(&mut draft.problems);
    Taken { ecs_name: draft.name.clone(), intake: draft.intake(), problems }
}
