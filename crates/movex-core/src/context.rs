//! What the master stamps on an entry: time, chance and the author. A reducer reads them from here alone.

use std::cell::Cell;
use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;

use crate::ids::{ClientId, Epoch, Rid, Seq};

/// Wall time in milliseconds since 1970-01-01 UTC (M26: it never runs back within a resource).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimeMs(pub u64);

/// 64 bits of chance, from which a reducer draws random numbers and ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Entropy(pub u64);

/// What `validate` may know of a dispatch: who and when. No chance (M9), so that an attempt can't probe the next draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When the master took the entry.
    pub time: TimeMs,
    /// Whose entry it is.
    pub author: ClientId,
}

/// What a reducer may know beside state and action.
#[derive(Debug)]
pub struct Context {
    /// Who and when.
    pub stamp: Stamp,
    entropy: Entropy,
    read: Cell<bool>,
}

impl Context {
    /// A context for one application of one action.
    pub fn new(stamp: Stamp, entropy: Entropy) -> Self {
        Self { stamp, entropy, read: Cell::new(false) }
    }

    /// The entry's chance. That it was read is remembered: a reducer that fails after it gives an entry without
    /// effect instead of a rejection (M9).
    pub fn entropy(&self) -> Entropy {
        self.read.set(true);
        self.entropy
    }

    /// Whether [`Context::entropy`] was called.
    pub fn entropy_was_read(&self) -> bool {
        self.read.get()
    }
}

/// The keys of the generator that draws every entry's entropies. Secret: who has them foretells every draw.
#[derive(Clone)]
pub struct EntropyKey {
    public: [u8; 16],
    private: [u8; 16],
}

/// Which of an entry's two entropies (M9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draw {
    /// For the public half, known to everybody.
    Public,
    /// For the private action, known to its author until the reveal.
    Private,
}

impl EntropyKey {
    /// A key for each half, so that no public draw tells anything of a private one.
    pub fn new(public: [u8; 16], private: [u8; 16]) -> Self {
        Self { public, private }
    }

    /// The entropy of one half of one entry: SipHash-2-4 as a keyed pseudorandom function over its place, so that
    /// it depends on no earlier draw and a rejected attempt moves nothing.
    pub fn draw(&self, rid: &Rid, epoch: Epoch, seq: Seq, draw: Draw) -> Entropy {
        let key = match draw {
            Draw::Public => &self.public,
            Draw::Private => &self.private,
        };
        let mut hash = SipHasher24::new_with_key(key);
        hash.write(rid.as_str().as_bytes());
        hash.write_u8(0xff);
        hash.write_u64(epoch.0);
        hash.write_u64(seq.0);
        hash.write_u8(draw as u8);
        Entropy(hash.finish())
    }
}

impl std::fmt::Debug for EntropyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EntropyKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m9_each_draw_is_its_own() {
        let key = EntropyKey::new([7; 16], [7; 16]);
        let rid = Rid::parse("a:b").unwrap();
        let mut seen = std::collections::HashSet::new();
        for seq in 0..500 {
            for draw in [Draw::Public, Draw::Private] {
                for epoch in [1, 2] {
                    assert!(seen.insert(key.draw(&rid, Epoch(epoch), Seq(seq), draw).0));
                }
            }
        }
    }

    #[test]
    fn a_key_is_never_printed() {
        assert_eq!(format!("{:?}", EntropyKey::new([9; 16], [8; 16])), "EntropyKey(..)");
    }
}
