//! Visibility lag: reads that are answered from an earlier state.

use std::collections::{BTreeMap, VecDeque};

use serde::Deserialize;

use crate::rng::Rng;
use crate::world::{Region, RegionKey};

/// How far behind a read may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Profile {
    /// Reads see every write.
    #[default]
    None,
    /// Up to 2 s.
    Mild,
    /// Up to 60 s.
    Harsh,
}

impl Profile {
    fn longest_ms(self) -> i64 {
        match self {
            Self::None => 0,
            Self::Mild => 2_000,
            Self::Harsh => 60_000,
        }
    }
}

/// Earlier states, and what each caller has seen.
#[derive(Debug, Clone, Default)]
pub struct Lag {
    /// How far behind reads may be.
    pub profile: Profile,
    /// Whether a caller may see an older state than before.
    pub may_go_back: bool,
    past: BTreeMap<RegionKey, VecDeque<(i64, Region)>>,
    seen: BTreeMap<(RegionKey, String), i64>,
}

impl Lag {
    /// Keeps `region` as it is at `now`, before or after a change.
    pub fn record(&mut self, key: &RegionKey, now: i64, region: &Region) {
        if self.profile == Profile::None {
            return;
        }
        let past = self.past.entry(key.clone()).or_default();
        past.retain(|(at, _)| *at != now);
        past.push_back((now, region.clone()));
        let horizon = now - 2 * self.profile.longest_ms();
        while past.len() > 1 && past.get(1).is_some_and(|(at, _)| *at <= horizon) {
            past.pop_front();
        }
    }

    /// The state that `actor` sees when reading at `now`; none = the present one.
    pub fn view(&mut self, key: &RegionKey, actor: &str, action: &str, now: i64, rng: &mut Rng) -> Option<Region> {
        if self.profile == Profile::None || !is_read(action) {
            return None;
        }
        // Describe is the freshest path, tags the stalest.
        let longest = self.profile.longest_ms();
        let longest = match action {
            "ListTagsForResource" => longest,
            list if list.starts_with("List") => longest * 3 / 4,
            _ => longest / 2,
        };
        let place = (key.clone(), actor.to_owned());
        let oldest = if self.may_go_back { i64::MIN } else { self.seen.get(&place).copied().unwrap_or(i64::MIN) };
        let at = (now - rng.between(0, longest)).max(oldest);
        self.seen.insert(place, at);
        let past = self.past.get(key)?;
        let newest = past.back()?.0;
        if at >= newest {
            return None;
        }
        past.iter().rev().find(|(time, _)| *time <= at).or_else(|| past.front()).map(|(_, region)| region.clone())
    }
}

/// Whether an action only reads.
pub fn is_read(action: &str) -> bool {
    action.starts_with("Describe") || action.starts_with("List") || action.starts_with("Get")
}
