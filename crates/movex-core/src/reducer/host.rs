//! The object-safe form of a reducer: what the master resource drives.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use crate::action::Action;
use crate::checksum::{ChecksumV0, ChecksumV1, checksum_v1};
use crate::context::{Context, TimeMs};
use crate::ids::ClientId;

/// A state, wherever its host keeps it. A clone is a second handle to the same value; dropping the last one lets the
/// host free it. Not `Send`: a state stays on the thread of its host.
#[derive(Clone)]
pub struct State(Rc<dyn Any>);

impl State {
    /// Wraps a host's own value or handle.
    pub fn new<T: 'static>(value: T) -> Self {
        Self(Rc::new(value))
    }

    /// The host's own value, if it is of that type.
    pub fn get<T: 'static>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }

    /// Whether both are handles to one value. Views that share their history share their state, and what was
    /// computed for one (a checksum, a text) holds for the other.
    pub fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A state may be a secret (G4): not even a debug line shows it.
        f.write_str("State(..)")
    }
}

/// Whose view a call computes. Decides where its printed lines and warnings may go (M10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold<'a> {
    /// The public state: what it prints is public.
    Public,
    /// The private view of this author: what it prints is as secret as the view.
    Private(&'a ClientId),
    /// The fold with all private actions in their places, at a reveal: public from now on.
    Revealed,
}

impl Fold<'_> {
    /// Whether everybody may see what the call prints.
    pub fn is_public(self) -> bool {
        !matches!(self, Fold::Private(_))
    }
}

/// What a reducer's type does beyond reducing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// It has a `can_reconcile`, so its secrets can be revealed (M2). Without, none ever is (M5).
    pub can_reconcile: bool,
    /// It has a `transform`: states are shown through it.
    pub transform: bool,
    /// It has a `deadline` (M26).
    pub deadline: bool,
    /// [`DynReducer::checksum_v1`] costs what changed, not what is there: it may go with every frame.
    pub cheap_checksum_v1: bool,
    /// `decide: public` (M7): only the public half is validated, so a dispatch discloses no verdict on a secret.
    pub decide_public: bool,
}

/// The reducer said no: a verdict on the action, no fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// A stable code of the app's own, or `rejected`.
    pub code: String,
    /// A sentence for people.
    pub reason: String,
}

impl Rejection {
    /// A rejection with the code `rejected`.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { code: "rejected".into(), reason: reason.into() }
    }
}

/// How a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// A script threw.
    Throw,
    /// A native reducer panicked.
    Panic,
    /// It ran into a limit of time, memory, stack or size. Depends on the engine, so it is decided once (M4).
    Limit,
    /// The state or action does not fit the reducer's type.
    Shape,
}

/// A place in the developer's own source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file, as the developer would write it, relative to the app's folder.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A call of app code that gave nothing. As secret as the fold in which it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// In which way.
    pub kind: FailureKind,
    /// A sentence for the app's developer.
    pub message: String,
    /// Where in the app's source, when that is known.
    pub location: Option<Location>,
    /// The source around it, with the place marked, when that is known.
    pub code_frame: Option<String>,
    /// It had read the entry's entropy before (M9): then the entry is accepted and has no effect.
    pub entropy_was_read: bool,
}

impl Failure {
    /// A failure of which nothing more is known.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), location: None, code_frame: None, entropy_was_read: false }
    }
}

/// What became of one action in one view.
#[derive(Clone, Debug)]
pub enum Applied {
    /// The next state (the same handle when nothing changed, where the host can tell).
    Next(State),
    /// `validate` said no; the view stays.
    Rejected(Rejection),
    /// The reducer failed; the view stays.
    Failed(Failure),
}

/// Which checksums a caller needs: none is computed for nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checksums {
    /// MD5 of the canonical text, for npm clients.
    pub v0: bool,
    /// The structural hash, for v1 clients.
    pub v1: bool,
}

/// A resource type's reducer as the master drives it, over states that stay with their host.
///
/// Every method may be called for any view, in any order; none may change a state that it was given. Calls of app
/// code return failures as values and never unwind.
pub trait DynReducer {
    /// What this type does beyond reducing; constant.
    fn features(&self) -> Features;

    /// The first state.
    ///
    /// # Errors
    /// When the app's code fails.
    fn init(&self, context: &Context) -> Result<State, Failure>;

    /// Takes in a state from its JSON text; `None` is JavaScript's `undefined`.
    ///
    /// # Errors
    /// [`FailureKind::Shape`] when it is no state of this type, [`FailureKind::Limit`] when it is too large.
    fn parse(&self, json: Option<&str>) -> Result<State, Failure>;

    /// The state's JSON text, keys in the state's own order (M6); `None` is JavaScript's `undefined`.
    ///
    /// # Errors
    /// When it has no text: it is too large, or app code in it (`toJSON`) fails.
    fn to_json(&self, state: &State) -> Result<Option<String>, Failure>;

    /// Validates and reduces: one action in one view.
    fn apply(&self, state: &State, action: &Action, context: &Context, fold: Fold<'_>) -> Applied;

    /// Whether the secrets may be revealed, judged from the public state (M2).
    ///
    /// # Errors
    /// When the app's code fails; the caller takes that for `false`.
    fn can_reconcile(&self, public: &State) -> Result<bool, Failure>;

    /// How the state is shown at a time; `None` when as it is. Presentation only.
    ///
    /// # Errors
    /// When the app's code fails; the caller shows the state untransformed.
    fn transform(&self, state: &State, now: TimeMs, fold: Fold<'_>) -> Result<Option<State>, Failure>;

    /// When the master should dispatch a tick by itself, derived from the public state (M26).
    ///
    /// # Errors
    /// When the app's code fails; the caller takes that for none.
    fn deadline(&self, public: &State) -> Result<Option<TimeMs>, Failure>;

    /// The checksum that npm clients compare: MD5 of the canonical text.
    ///
    /// # Errors
    /// As [`DynReducer::to_json`].
    fn checksum_v0(&self, state: &State) -> Result<ChecksumV0, Failure>;

    /// The checksum that v1 clients compare.
    ///
    /// # Errors
    /// As [`DynReducer::to_json`].
    fn checksum_v1(&self, state: &State) -> Result<ChecksumV1, Failure> {
        let Some(json) = self.to_json(state)? else {
            return Ok(checksum_v1(None));
        };
        let value = serde_json::from_str(&json).map_err(|error| {
            Failure::new(FailureKind::Shape, format!("the state's text is no JSON: {error}"))
        })?;
        Ok(checksum_v1(Some(&value)))
    }

    /// An older version's state, as JSON text, in this one's shape (M27). Without a `migrate` it is taken as it is.
    ///
    /// # Errors
    /// When the app's code fails or the state does not fit.
    fn migrate(&self, json: Option<&str>, from: &crate::ids::AppVersion) -> Result<State, Failure> {
        let _ = from;
        self.parse(json)
    }
}
