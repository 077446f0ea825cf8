//! Names and numbers, each a type of its own so that none can stand in another's place.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps the text as it is.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    };
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// The one after this.
            #[must_use]
            pub fn next(self) -> Self {
                Self(self.0 + 1)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

name! {
    /// The app that a name belongs to: every rid, client id and store key is scoped by it.
    AppId
}
name! {
    /// Who a connection is; the author of what it dispatches.
    ClientId
}
name! {
    /// One pending queue of a client (M19). v0 knows no sessions: there each connection is one.
    SessionId
}
name! {
    /// The hash of the app's code that decided an entry.
    AppVersion
}
number! {
    /// The place of an item in its log: 1, 2, 3 ... Zero is the state before the first item.
    Seq
}
number! {
    /// A session's own count of its dispatches, from 1.
    ClientSeq
}
number! {
    /// Identity of one log: a new log under the same rid has a new epoch.
    Epoch
}

/// The author of ticks (M26): no client can be called so, for ids of clients are never empty.
pub const MASTER: &str = "";

/// What the id of a v1 identity begins with.
pub const IDENTITY_PREFIX: char = '~';

impl ClientId {
    /// The author of ticks.
    pub fn master() -> Self {
        Self::new(MASTER)
    }

    /// Whether this is an identity of v1, which its holder proves; no v0 connection can name one (G7).
    pub fn is_identity(&self) -> bool {
        self.as_str().starts_with(IDENTITY_PREFIX)
    }

    /// Whether this is the master itself, not a client.
    pub fn is_master(&self) -> bool {
        self.as_str() == MASTER
    }
}

/// A resource's name, `type:id`, split at the first colon.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rid {
    text: Arc<str>,
    colon: usize,
}

/// Why a text is no rid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no resource identifier: write it as `type:id`, both not empty")]
pub struct BadRid(pub String);

impl Rid {
    /// Joins a type and an id.
    ///
    /// # Errors
    /// When one is empty, or the type has a colon.
    pub fn new(resource_type: &str, id: &str) -> Result<Self, BadRid> {
        let text = format!("{resource_type}:{id}");
        if resource_type.is_empty() || id.is_empty() || resource_type.contains(':') {
            return Err(BadRid(text));
        }
        Ok(Self { colon: resource_type.len(), text: text.into() })
    }

    /// Reads `type:id`.
    ///
    /// # Errors
    /// When there is no colon, or nothing before or after it.
    pub fn parse(text: &str) -> Result<Self, BadRid> {
        match text.split_once(':') {
            Some((resource_type, id)) if !resource_type.is_empty() && !id.is_empty() => {
                Ok(Self { text: text.into(), colon: resource_type.len() })
            }
            _ => Err(BadRid(text.to_owned())),
        }
    }

    /// What comes before the first colon.
    pub fn resource_type(&self) -> &str {
        &self.text[..self.colon]
    }

    /// What comes after the first colon.
    pub fn id(&self) -> &str {
        &self.text[self.colon + 1..]
    }

    /// The whole, `type:id`.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Rid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Rid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.text)
    }
}

/// How a v0 client wrote a rid; what it causes is told in the same form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RidForm {
    /// `"type:id"`.
    #[default]
    Text,
    /// `{"resourceType","resourceId"}`.
    Object,
}

/// A resource of an app: the key under which a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceKey {
    /// The app.
    pub app: AppId,
    /// The resource in it.
    pub rid: Rid,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rid_is_split_at_the_first_colon() {
        let rid = Rid::parse("chat:room:7").unwrap();
        assert_eq!((rid.resource_type(), rid.id()), ("chat", "room:7"));
        assert_eq!(Rid::new("chat", "room:7").unwrap(), rid);
    }

    #[test]
    fn a_rid_needs_both_sides() {
        for text in ["", ":", "chat", "chat:", ":7"] {
            assert_eq!(Rid::parse(text), Err(BadRid(text.into())));
        }
        assert!(Rid::new("a:b", "c").is_err());
    }
}
