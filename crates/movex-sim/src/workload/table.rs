//! A reducer whose actions depend on order, author, time and chance, and fail in every way there is.

use std::collections::BTreeMap;

use movex_core::action::{Action, Body};
use movex_core::checksum::ChecksumV0;
use movex_core::context::{Context, Stamp, TimeMs};
use movex_core::reducer::{
    Applied, CanReconcile, Deadline, DynReducer, Failure, FailureKind, Features, Fold, Native, Reducer,
    Rejection, State,
};
use serde::{Deserialize, Serialize};

use super::{private, public};
use crate::chance::Chance;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Hand {
    list: Vec<i64>,
    ready: u32,
    open: bool,
    money: BTreeMap<String, i64>,
    owner: BTreeMap<String, String>,
    deadline: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "camelCase")]
pub(super) enum Move {
    Push(i64),
    Pop,
    Swap,
    Claim(i64),
    Earn(i64),
    Pay(i64),
    Even,
    Roll,
    /// Reads chance, then panics where it is not to its liking (M9).
    Gamble,
    Arm(u64),
    Tick,
    Open,
    Reset,
    /// The public half of a secret.
    Hidden,
    Secret(i64),
    /// Panics where the list's length leaves that remainder.
    Panic(usize),
    /// Runs into a limit where the list's length leaves that remainder (see [`Limited`]).
    Burn(usize),
}

/// The reducer without limits.
pub(super) struct Table {
    /// Without, no secret is ever revealed (M5).
    pub(super) reveals: bool,
}

const READY: u32 = 3;

impl Reducer for Table {
    type State = Hand;
    type Action = Move;

    fn init(&self, _: &Context) -> Hand {
        Hand::default()
    }

    fn validate(&self, state: &Hand, action: &Move, stamp: &Stamp) -> Result<(), Rejection> {
        let me = stamp.author.as_str();
        let no = |reason: &str| Err(Rejection::new(reason));
        match action {
            Move::Pop if state.list.is_empty() => no("empty"),
            Move::Swap if state.list.len() < 2 => no("short"),
            Move::Claim(what) if state.owner.contains_key(&what.to_string()) => no("taken"),
            Move::Pay(sum) if state.money.get(me).copied().unwrap_or(0) < *sum => no("poor"),
            Move::Even if state.list.len() % 2 == 1 => no("odd"),
            Move::Hidden if state.ready >= READY + 2 => no("full"),
            Move::Secret(what) if what % 7 == 0 && state.list.is_empty() => no("nothing to hide"),
            Move::Tick if !stamp.author.is_master() || state.deadline.is_none_or(|at| stamp.time.0 < at) => {
                no("no tick")
            }
            Move::Reset if !state.open && state.ready == 0 => no("nothing"),
            _ => Ok(()),
        }
    }

    fn reduce(&self, state: &Hand, action: &Move, context: &Context) -> Hand {
        let mut state = state.clone();
        let me = context.stamp.author.to_string();
        match action {
            Move::Push(what) => state.list.push(*what),
            Move::Pop => drop(state.list.pop()),
            Move::Swap => {
                let last = state.list.len() - 1;
                state.list.swap(0, last);
            }
            Move::Claim(what) => drop(state.owner.insert(what.to_string(), me)),
            Move::Earn(sum) => *state.money.entry(me).or_default() += sum,
            Move::Pay(sum) => {
                *state.money.entry(me).or_default() -= sum;
                state.list.push(-1);
            }
            Move::Even => state.list.push(state.list.len() as i64),
            Move::Roll => state.list.push((context.entropy().0 % 100) as i64 + context.stamp.time.0 as i64),
            Move::Gamble => {
                let drawn = context.entropy().0 % 3;
                assert!(drawn != 0, "not to my liking");
                state.list.push(drawn as i64);
            }
            Move::Arm(after) => state.deadline = Some(context.stamp.time.0 + after),
            Move::Tick => {
                state.deadline = None;
                state.open = !state.open;
                state.list.push(-2);
            }
            Move::Open => state.open = true,
            Move::Reset => {
                state.open = false;
                state.ready = 0;
            }
            Move::Hidden => {
                state.ready += 1;
                state.list.push(-3);
            }
            Move::Secret(what) => {
                state.ready += u32::from(what % 11 != 3);
                match what % 6 {
                    0 => state.list.push(*what),
                    1 if !state.list.is_empty() => drop(state.list.remove(0)),
                    2 => {
                        *state.money.entry(me.clone()).or_default() += what;
                        state.owner.insert((what % 4).to_string(), me);
                    }
                    3 => state.list.reverse(),
                    4 => {
                        state.deadline = None;
                        state.list.push((context.entropy().0 % 10) as i64);
                    }
                    _ => {}
                }
            }
            Move::Panic(rest) => {
                assert!(state.list.len() % 3 != *rest, "told to");
                state.list.push(-4);
            }
            Move::Burn(_) => state.list.push(-5),
        }
        if state.list.len() > 30 {
            state.list.drain(..10);
        }
        state
    }

    fn can_reconcile(&self) -> Option<CanReconcile<Hand>> {
        self.reveals.then_some(|state: &Hand| {
            assert!(state.list.len() != 13, "an unlucky state to ask about");
            state.ready >= READY || state.open
        })
    }

    fn deadline(&self) -> Option<Deadline<Hand>> {
        Some(|state: &Hand| state.deadline.map(TimeMs))
    }
}

/// [`Table`] in a host with limits, into which [`Move::Burn`] runs.
pub(super) struct Limited {
    native: Native<Table>,
    cheap_checksums: bool,
}

impl Limited {
    pub(super) fn new(reveals: bool, cheap_checksums: bool) -> Self {
        Self { native: Native::new(Table { reveals }), cheap_checksums }
    }
}

impl DynReducer for Limited {
    fn features(&self) -> Features {
        Features { cheap_checksum_v1: self.cheap_checksums, ..self.native.features() }
    }

    fn init(&self, context: &Context) -> Result<State, Failure> {
        self.native.init(context)
    }

    fn parse(&self, json: Option<&str>) -> Result<State, Failure> {
        self.native.parse(json)
    }

    fn to_json(&self, state: &State) -> Result<Option<String>, Failure> {
        self.native.to_json(state)
    }

    fn apply(&self, state: &State, action: &Action, context: &Context, fold: Fold<'_>) -> Applied {
        if let Ok(Move::Burn(rest)) = serde_json::from_str(action.json())
            && state.get::<Hand>().is_some_and(|table| table.list.len() % 3 == rest)
        {
            return Applied::Failed(Failure::new(FailureKind::Limit, "it took too long"));
        }
        self.native.apply(state, action, context, fold)
    }

    fn can_reconcile(&self, public: &State) -> Result<bool, Failure> {
        self.native.can_reconcile(public)
    }

    fn transform(&self, state: &State, now: TimeMs, fold: Fold<'_>) -> Result<Option<State>, Failure> {
        self.native.transform(state, now, fold)
    }

    fn deadline(&self, public: &State) -> Result<Option<TimeMs>, Failure> {
        self.native.deadline(public)
    }

    fn checksum_v0(&self, state: &State) -> Result<ChecksumV0, Failure> {
        self.native.checksum_v0(state)
    }
}

pub(super) fn body(chance: &mut Chance) -> Body {
    let what = chance.below(42);
    if chance.one_in(4) {
        let secret = match chance.below(8) {
            0 => format!(r#"{{"type":"burn","payload":{}}}"#, what % 3),
            1 => r#"{"type":"gamble"}"#.to_owned(),
            _ => format!(r#"{{"type":"secret","payload":{what}}}"#),
        };
        let placeholder = match chance.below(8) {
            0 => format!(r#"{{"type":"push","payload":{what}}}"#),
            _ => r#"{"type":"hidden"}"#.to_owned(),
        };
        return private(&secret, &placeholder);
    }
    public(&match chance.below(16) {
        0..3 => format!(r#"{{"type":"push","payload":{what}}}"#),
        3 => r#"{"type":"pop"}"#.into(),
        4 => r#"{"type":"swap"}"#.into(),
        5 => format!(r#"{{"type":"claim","payload":{}}}"#, what % 4),
        6 => format!(r#"{{"type":"earn","payload":{}}}"#, what % 5),
        7 => format!(r#"{{"type":"pay","payload":{}}}"#, 1 + what % 3),
        8 => r#"{"type":"roll"}"#.into(),
        9 => r#"{"type":"gamble"}"#.into(),
        10 => format!(r#"{{"type":"arm","payload":{}}}"#, 10 + what),
        11 => format!(r#"{{"type":"burn","payload":{}}}"#, what % 3),
        12 => r#"{"type":"even"}"#.into(),
        13 => format!(r#"{{"type":"panic","payload":{}}}"#, what % 3),
        14 if chance.one_in(3) => r#"{"type":"open"}"#.into(),
        _ => r#"{"type":"reset"}"#.into(),
    })
}
