//! Reads whose answer leaves out what does not exist, or refuses the whole request for one member's sake.

use std::collections::BTreeMap;
use std::future::Future;

use super::batcher::{Answers, Found};
use super::classify::Class;
use super::error::AwsError;

/// Asks for all names at once; where one member may have spoilt the request, for each alone.
/// What a whole answer does not contain is absent.
pub(super) async fn ask_each<T, A, Fut>(names: Vec<String>, ask: A, is: impl Fn(&T, &str) -> bool) -> Answers<T>
where
    T: Clone,
    A: Fn(Vec<String>) -> Fut,
    Fut: Future<Output = Result<Vec<T>, AwsError>>,
{
    let found = ask(names.clone()).await;
    // Not a refusal for want of permission: these reads are allowed for all things or for none.
    let spoilt = |class| matches!(class, Class::TargetMissing | Class::Permanent);
    if found.as_ref().is_err_and(|error| names.len() > 1 && spoilt(error.class)) {
        let mut answers = BTreeMap::new();
        for name in names {
            let found = ask(vec![name.clone()]).await;
            answers.insert(name.clone(), answer(&name, &found, &is));
        }
        return answers;
    }
    names.into_iter().map(|name| (name.clone(), answer(&name, &found, &is))).collect()
}

fn answer<T: Clone>(name: &str, found: &Result<Vec<T>, AwsError>, is: &impl Fn(&T, &str) -> bool) -> Found<T> {
    match found {
        Ok(all) => Ok(all.iter().find(|one| is(one, name)).cloned()),
        Err(error) if error.class == Class::TargetMissing => Ok(None),
        Err(error) => Err(error.clone()),
    }
}

/// All answers, or the first name's error: what cannot be read is not absent.
pub(super) fn whole<T>(answers: Vec<(String, Found<T>)>) -> Result<BTreeMap<String, Option<T>>, AwsError> {
    answers.into_iter().map(|(name, found)| found.map(|found| (name, found))).collect()
}
