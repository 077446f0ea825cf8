//! M26: wall time, read once at start and advanced by the monotonic clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use movex_core::context::TimeMs;

/// The time of everything that this process stamps.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start_ms: u64,
    since: Instant,
}

impl Clock {
    /// Reads the wall clock; it is never read again.
    pub fn start() -> Self {
        // A machine set before 1970 counts from there.
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start_ms: as_ms(wall), since: Instant::now() }
    }

    /// The time now.
    pub fn now(&self) -> TimeMs {
        TimeMs(self.start_ms + as_ms(self.since.elapsed()))
    }
}

fn as_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX / 2)
}
