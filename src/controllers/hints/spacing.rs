//! Many hints about one object bring one visit forward, and then one in a while. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::controllers::sweep::Name;

/// Hints never make an object visited more often than that.
pub(super) const APART: Duration = Duration::from_secs(3);

/// Who is to be visited when.
#[derive(Debug, Default)]
pub(super) struct Spacing {
    due: BTreeMap<Name, Instant>,
    last: BTreeMap<Name, Instant>,
}

impl Spacing {
    /// Something was said about an object.
    pub(super) fn hint(&mut self, name: Name, now: Instant) {
        let earliest = self.last.get(&name).map_or(now, |last| (*last + APART).max(now));
        self.due.entry(name).or_insert(earliest);
    }

    /// When the next visit is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.due.values().min().copied()
    }

    /// Those that are due.
    pub(super) fn ready(&mut self, now: Instant) -> Vec<Name> {
        self.last.retain(|_, last| *last + APART > now);
        let ready: Vec<Name> = self.due.iter().filter(|(_, at)| **at <= now).map(|(name, _)| name.clone()).collect();
        for name in &ready {
            self.due.remove(name);
            self.last.insert(name.clone(), now);
        }
        ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_hint_counts_at_once_and_a_thousand_more_bring_one_visit_after_a_while() {
        let (mut spacing, start) = (Spacing::default(), Instant::now());
        let name = ("EcsService", "shop".to_owned(), "web".to_owned());
        spacing.hint(name.clone(), start);
        assert_eq!(spacing.ready(start), std::slice::from_ref(&name));
        for _ in 0..1000 {
            spacing.hint(name.clone(), start + Duration::from_secs(1));
        }
        assert_eq!(spacing.ready(start + Duration::from_secs(1)), Vec::<Name>::new());
        assert_eq!(spacing.next(), Some(start + APART));
        assert_eq!(spacing.ready(start + APART), std::slice::from_ref(&name));
        assert_eq!(spacing.next(), None);
        spacing.ready(start + 3 * APART);
        assert!(spacing.last.is_empty(), "memory does not grow");
    }
}
