//! When to try again.

use std::time::Duration;

/// How long to wait between tries: twice as long each time, up to a limit, and by chance up to a half less, so that the
/// clients of a server that comes back do not all come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Before the second try.
    pub first: Duration,
    /// Never longer.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(250), longest: Duration::from_secs(10) }
    }
}

impl Backoff {
    /// How long to wait after so many failures in a row, from 0; `chance` is any number.
    pub(crate) fn delay(&self, failures: u32, chance: u64) -> Duration {
        let whole = self.first.saturating_mul(2_u32.saturating_pow(failures.min(20)));
        let whole = whole.min(self.longest);
        // 2^53 steps between a half and the whole.
        let share = (chance >> 11) as f64 / (1_u64 << 53) as f64;
        whole.mul_f64(0.5 + share / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_the_limit_and_is_cut_by_up_to_a_half() {
        let backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(1) };
        let spans: Vec<(u128, u128)> = (0..6)
            .map(|failures| (backoff.delay(failures, 0), backoff.delay(failures, u64::MAX)))
            .map(|(least, most)| (least.as_millis(), most.as_micros().div_ceil(1_000)))
            .collect();
        assert_eq!(spans, [(50, 100), (100, 200), (200, 400), (400, 800), (500, 1000), (500, 1000)]);
        assert!(backoff.delay(u32::MAX, 0) >= Duration::from_millis(500));
    }
}
