//! Actions: JSON text that the master passes on as it came.

use std::fmt;
use std::sync::Arc;

use crate::error::Error;
use crate::json;

/// One action, `{ "type": ..., "payload": ... }`, as the text that came. A clone shares the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Action {
    json: Arc<str>,
}

/// What a dispatch carries, and an entry keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// One action, the same for everybody.
    Public(Action),
    /// A pair: the author's own action, and what everybody else sees in its place (M1).
    Private {
        /// For the author only, until the reveal.
        private: Action,
        /// The placeholder.
        public: Action,
    },
}

impl Action {
    /// Takes the text of an action.
    ///
    /// # Errors
    /// `bad_action` when it is no object with a `type` that is a string, `ambiguous_json` (M6) when JavaScript and
    /// Rust could read it differently.
    pub fn from_json(text: impl Into<Arc<str>>) -> Result<Self, Error> {
        let json = text.into();
        json::check(&json)?;
        #[derive(serde::Deserialize)]
        struct Shape<'a> {
            #[serde(rename = "type", borrow)]
            _type: std::borrow::Cow<'a, str>,
        }
        match serde_json::from_str::<Shape<'_>>(&json) {
            Ok(_) => Ok(Self { json }),
            Err(_) => Err(Error::bad_action(
                "an action is an object with a `type` that is a string",
            )),
        }
    }

    /// The tick that the master dispatches when a deadline has come (M26).
    pub fn tick() -> Self {
        Self {
            json: Arc::from(r#"{"type":"tick"}"#),
        }
    }

    /// The text as it came.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// Whether both are the same text in memory, so that what was decoded for one holds for the other.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.json, &other.json)
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It may be a secret (G4).
        f.write_str("Action(..)")
    }
}

impl Body {
    /// What everybody may see.
    pub fn public(&self) -> &Action {
        match self {
            Body::Public(action) | Body::Private { public: action, .. } => action,
        }
    }

    /// What the author's view counts.
    pub fn own(&self) -> &Action {
        match self {
            Body::Public(action) | Body::Private { private: action, .. } => action,
        }
    }

    /// Whether it has a secret half.
    pub fn is_private(&self) -> bool {
        matches!(self, Body::Private { .. })
    }
}
