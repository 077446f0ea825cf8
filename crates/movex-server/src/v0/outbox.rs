//! What a connection has still to read, bounded in packets and in bytes (G9).

use std::collections::VecDeque;

use bytes::Bytes;
use engineioxide::Str;

/// Packets that a connection may leave unread; the transport counts them.
pub(crate) const PACKETS_MAX: usize = 4096;

/// Below, bytes are not counted: as many as may be unread come to 16 MiB at most.
const SMALL_BYTES: usize = 4096;

/// The large packets that were handed to the transport. It drops a packet when it has left, so one that we alone still
/// hold has; that is how bytes are counted, for the transport itself counts packets only.
pub(super) struct Outbox {
    handed: VecDeque<Bytes>,
    bytes: usize,
    bytes_max: usize,
}

/// Why a packet was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooSlow {
    #[error("more than {PACKETS_MAX} messages were left unread")]
    Packets,
    #[error("more than {0} bytes were left unread")]
    Bytes(usize),
}

/// What a transport says to a packet.
pub(super) enum Taken {
    Yes,
    Full,
    Closed,
}

impl Outbox {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { handed: VecDeque::new(), bytes: 0, bytes_max }
    }

    /// Hands a packet over.
    ///
    /// # Errors
    /// When too much is unread already.
    pub(super) fn push(&mut self, text: String, emit: impl FnOnce(Str) -> Taken) -> Result<(), TooSlow> {
        if text.len() < SMALL_BYTES {
            return match emit(Str::from(text)) {
                Taken::Full => Err(TooSlow::Packets),
                // The end of the connection is told elsewhere.
                Taken::Yes | Taken::Closed => Ok(()),
            };
        }
        self.settle();
        // One packet is always taken, however long: it is the rest that waits.
        if self.bytes + text.len() > self.bytes_max && !self.handed.is_empty() {
            return Err(TooSlow::Bytes(self.bytes_max));
        }
        let packet = Str::from(text);
        let held = Bytes::from(packet.clone());
        match emit(packet) {
            Taken::Yes => {
                self.bytes += held.len();
                self.handed.push_back(held);
                Ok(())
            }
            Taken::Full => Err(TooSlow::Packets),
            Taken::Closed => Ok(()),
        }
    }

    /// Lets go of what has left.
    pub(super) fn settle(&mut self) {
        while let Some(first) = self.handed.front()
            && first.is_unique()
            && let Some(gone) = self.handed.pop_front()
        {
            self.bytes -= gone.len();
        }
        if self.handed.is_empty() && self.handed.capacity() > 64 {
            self.handed.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(outbox: &mut Outbox, transport: &mut Vec<Str>, kib: usize) -> Result<(), TooSlow> {
        outbox.push("x".repeat(kib << 10), |packet| {
            transport.push(packet);
            Taken::Yes
        })
    }

    #[test]
    fn g9_bytes_are_counted_until_they_have_left() {
        let mut outbox = Outbox::new(10 << 10);
        let mut transport = Vec::new();
        assert_eq!(push(&mut outbox, &mut transport, 6), Ok(()));
        assert_eq!(push(&mut outbox, &mut transport, 4), Ok(()));
        let too_slow = Err(TooSlow::Bytes(10 << 10));
        assert_eq!(push(&mut outbox, &mut transport, 5), too_slow);
        // Small ones are bounded by their number.
        assert_eq!(push(&mut outbox, &mut transport, 1), Ok(()));
        transport.remove(0);
        assert_eq!(push(&mut outbox, &mut transport, 6), Ok(()));
        transport.clear();
        outbox.settle();
        assert_eq!((outbox.bytes, outbox.handed.len()), (0, 0));
        assert_eq!(push(&mut outbox, &mut transport, 20), Ok(()), "longer than all");
    }

    #[test]
    fn g9_a_full_transport_is_a_reader_too_slow() {
        let mut outbox = Outbox::new(10);
        for kib in [1, 8] {
            let text = || "x".repeat(kib << 10);
            assert_eq!(outbox.push(text(), |_| Taken::Full), Err(TooSlow::Packets));
            assert_eq!(outbox.push(text(), |_| Taken::Closed), Ok(()));
        }
        assert_eq!(outbox.bytes, 0);
    }
}
