//! The one source of randomness of a run: a small generator seeded with 64 bits.

/// `SplitMix64`: same seed, same numbers.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// A generator that starts at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `low..=high`; `low` if the range is empty.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        if high <= low {
            return low;
        }
        let span = high.abs_diff(low).saturating_add(1);
        let drawn = self.next_u64() % span;
        low.saturating_add_unsigned(drawn)
    }

    /// True in `percent` of 100 cases.
    pub fn chance(&mut self, percent: u8) -> bool {
        self.next_u64() % 100 < u64::from(percent)
    }

    /// `digits` lower-case hexadecimal digits (task ids have 32).
    pub fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 16);
        while text.len() < digits {
            text.extend([format!("{:016x}", self.next_u64())]);
        }
        text.truncate(digits);
        text
    }

    /// `digits` decimal digits, the first not zero (deployment ids have 19).
    pub fn decimal(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits);
        for place in 0..digits {
            let low = u64::from(place == 0);
            let digit = low + self.next_u64() % (10 - low);
            text.push_str(&digit.to_string());
        }
        text
    }

    /// A random UUID's text form.
    pub fn uuid(&mut self) -> String {
        let (high, low) = (self.next_u64(), self.next_u64());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | ((low >> 48) & 0x3fff),
            low & 0xffff_ffff_ffff
        )
    }

    /// Puts `items` into a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            let other = usize::try_from(self.next_u64() % (index as u64 + 1)).unwrap_or(0);
            items.swap(index, other);
        }
    }
}
