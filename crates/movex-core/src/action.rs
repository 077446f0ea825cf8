//! Actions: JSON text that the master passes on as it came.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::context::TimeMs;
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
            Err(_) => Err(Error::bad_action("an action is an object with a `type` that is a string")),
        }
    }

    /// The tick that the master dispatches when a deadline has come (M26).
    pub fn tick() -> Self {
        Self { json: Arc::from(r#"{"type":"tick"}"#) }
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

/// An action as it is dispatched: it may still wait for the master's time.
#[derive(Clone, Debug)]
pub enum ActionDraft {
    /// Ready as it is.
    Ready(Action),
    /// A master action of v0: each string leaf [`TIME_PLACEHOLDER`] of its payload becomes the entry's time.
    AwaitsTime(Value),
}

/// What v0 writes where the master's time goes.
pub const TIME_PLACEHOLDER: &str = "$rqstAt$";

impl ActionDraft {
    /// The action as of that time.
    fn stamp(self, time: TimeMs) -> Action {
        match self {
            ActionDraft::Ready(action) => action,
            ActionDraft::AwaitsTime(mut action) => {
                if let Some(payload) = action.get_mut("payload") {
                    fill_in(payload, time);
                }
                let mut json = String::new();
                json::write_js(&action, json::KeyOrder::Insertion, &mut json);
                Action { json: json.into() }
            }
        }
    }
}

fn fill_in(value: &mut Value, time: TimeMs) {
    match value {
        Value::String(text) if text == TIME_PLACEHOLDER => *value = Value::from(time.0),
        Value::Array(items) => items.iter_mut().for_each(|item| fill_in(item, time)),
        Value::Object(map) => map.values_mut().for_each(|item| fill_in(item, time)),
        _ => {}
    }
}

/// A body as it is dispatched.
#[derive(Clone, Debug)]
pub enum Draft {
    /// One action.
    Public(ActionDraft),
    /// A pair.
    Private {
        /// For the author only.
        private: ActionDraft,
        /// The placeholder.
        public: ActionDraft,
    },
}

impl Draft {
    /// The body as of that time.
    pub fn stamp(self, time: TimeMs) -> Body {
        match self {
            Draft::Public(action) => Body::Public(action.stamp(time)),
            Draft::Private { private, public } => {
                Body::Private { private: private.stamp(time), public: public.stamp(time) }
            }
        }
    }

    /// Whether it has a secret half.
    pub fn is_private(&self) -> bool {
        matches!(self, Draft::Private { .. })
    }
}

impl From<Body> for Draft {
    fn from(body: Body) -> Self {
        match body {
            Body::Public(action) => Draft::Public(ActionDraft::Ready(action)),
            Body::Private { private, public } => {
                Draft::Private { private: ActionDraft::Ready(private), public: ActionDraft::Ready(public) }
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_filled_in_everywhere() {
        let action = serde_json::json!({
            "type": "$rqstAt$",
            "payload": {"a~1b": "$rqstAt$", "list": ["$rqstAt$", ["$rqstAt$", "x$rqstAt$"]], "n": 1},
        });
        let Body::Private { private, public } = (Draft::Private {
            private: ActionDraft::AwaitsTime(action.clone()),
            public: ActionDraft::AwaitsTime(action),
        })
        .stamp(TimeMs(7)) else {
            panic!("a pair stays a pair")
        };
        let expected = r#"{"type":"$rqstAt$","payload":{"a~1b":7,"list":[7,[7,"x$rqstAt$"]],"n":1}}"#;
        assert_eq!((private.json(), public.json()), (expected, expected));
    }

    #[test]
    fn an_action_needs_a_type() {
        for text in ["null", "[]", "{}", r#"{"type":1}"#, "5"] {
            assert_eq!(Action::from_json(text).unwrap_err().code, crate::error::Code::BadAction, "{text}");
        }
        assert!(Action::from_json(r#"{"payload":1,"type":"a\"b"}"#).is_ok());
    }
}
