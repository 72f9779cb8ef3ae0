//! The score of each room, as a table.

use std::collections::BTreeMap;

use crate::plant::Mutant;
use crate::rooms::ROOMS;
use crate::trial::End;

/// Mutants of a room by what became of them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Score {
    caught: usize,
    timed_out: usize,
    missed: usize,
    unreached: usize,
    unviable: usize,
}

impl Score {
    fn all(&self) -> usize {
        self.caught + self.timed_out + self.missed + self.unreached
    }

    /// Of those that compile; 100 where there is none.
    pub(crate) fn per_cent(&self) -> f64 {
        let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        let caught = self.caught + self.timed_out;
        if self.all() == 0 { 100.0 } else { 100.0 * count(caught) / count(self.all()) }
    }
}

/// Scores by room; a mutant without an end is one that does not compile.
pub(crate) fn scores<'m>(
    mutants: impl Iterator<Item = &'m Mutant>,
    ends: &BTreeMap<usize, End>,
) -> BTreeMap<&'static str, Score> {
    let mut scores: BTreeMap<&'static str, Score> = BTreeMap::new();
    for mutant in mutants {
        let score = scores.entry(mutant.room).or_default();
        match ends.get(&mutant.id) {
            Some(End::Caught) => score.caught += 1,
            Some(End::TimedOut) => score.timed_out += 1,
            Some(End::Missed) => score.missed += 1,
            Some(End::Unreached) => score.unreached += 1,
            None => score.unviable += 1,
        }
    }
    scores
}

/// In the order of the rooms.
pub(crate) fn print(scores: &BTreeMap<&'static str, Score>) -> String {
    let mut text = format!(
        "{:12} {:>8} {:>8} {:>8} {:>9} {:>8} {:>9}\n",
        "room", "mutants", "caught", "missed", "unreached", "caught %", "unviable"
    );
    for (name, score) in ROOMS.iter().filter_map(|room| scores.get(room.name).map(|score| (room.name, score))) {
        let row = format!(
            "{name:12} {:>8} {:>8} {:>8} {:>9} {:>8.1} {:>9}\n",
            score.all(),
            score.caught + score.timed_out,
            score.missed,
            score.unreached,
            score.per_cent(),
            score.unviable
        );
        text.push_str(&row);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_limits_count_as_caught_unreached_as_missed_and_unviable_not_at_all() {
        let mutant = |id| Mutant {
            id,
            room: "classifier",
            file: "src/f.rs".to_owned(),
            line: 1,
            column: 1,
            what: "delete !".to_owned(),
        };
        let mutants: Vec<Mutant> = (1..=5).map(mutant).collect();
        let ends = [(1, End::Caught), (2, End::TimedOut), (3, End::Missed), (4, End::Unreached)].into();
        let scores = scores(mutants.iter(), &ends);
        assert!((scores["classifier"].per_cent() - 50.0).abs() < 0.01);
        let printed = print(&scores);
        let row: Vec<&str> = printed.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(row, ["classifier", "4", "2", "1", "1", "50.0", "1"]);
    }
}
