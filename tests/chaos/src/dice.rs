//! Choices that follow from the seed and from where they are made, so that leaving one thing out of a schedule moves no
//! other.

use ecs_sim::rng::Rng;

/// The choices of one place of a schedule.
#[derive(Clone, Debug)]
pub struct Dice(Rng);

impl Dice {
    /// The choices of a seed at a place.
    pub fn at(seed: u64, place: u64) -> Self {
        let mut rng = Rng::new(seed ^ place.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        rng.next_u64();
        Self(rng)
    }

    /// A number below `bound`; 0 if there is none.
    pub fn below(&mut self, bound: usize) -> usize {
        if bound < 2 {
            return 0;
        }
        usize::try_from(self.0.next_u64() % bound as u64).unwrap_or(0)
    }

    /// One of several.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// True in so many of 100 cases.
    pub fn chance(&mut self, percent: u8) -> bool {
        self.0.chance(percent)
    }

    /// A number of this range, both ends included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.between(low, high)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }
}
