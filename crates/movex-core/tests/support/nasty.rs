//! A reducer whose actions depend on order, author, time and chance, and fail in every way there is.

use std::collections::BTreeMap;

use movex_core::action::Action;
use movex_core::checksum::ChecksumV0;
use movex_core::context::{Context, Stamp, TimeMs};
use movex_core::reducer::{
    Applied, CanReconcile, Deadline, DynReducer, Failure, FailureKind, Features, Fold, Native, Reducer,
    Rejection, State,
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    pub list: Vec<i64>,
    pub ready: u32,
    pub open: bool,
    pub money: BTreeMap<String, i64>,
    pub owner: BTreeMap<String, String>,
    pub deadline: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "camelCase")]
pub enum Move {
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

pub struct Nasty {
    pub can_reconcile: bool,
    pub decide_public: bool,
}

pub const READY: u32 = 3;

impl Reducer for Nasty {
    type State = Table;
    type Action = Move;

    fn init(&self, _: &Context) -> Table {
        Table::default()
    }

    fn validate(&self, state: &Table, action: &Move, stamp: &Stamp) -> Result<(), Rejection> {
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

    fn reduce(&self, state: &Table, action: &Move, context: &Context) -> Table {
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

    fn can_reconcile(&self) -> Option<CanReconcile<Table>> {
        self.can_reconcile.then_some(|state: &Table| {
            assert!(state.list.len() != 13, "an unlucky state to ask about");
            state.ready >= READY || state.open
        })
    }

    fn deadline(&self) -> Option<Deadline<Table>> {
        Some(|state: &Table| state.deadline.map(TimeMs))
    }

    fn decide_public(&self) -> bool {
        self.decide_public
    }
}

/// [`Nasty`] in a host with limits, into which [`Move::Burn`] runs.
pub struct Limited(pub Native<Nasty>);

impl Limited {
    pub fn new(can_reconcile: bool) -> Self {
        Self(Native::new(Nasty { can_reconcile, decide_public: false }))
    }
}

impl DynReducer for Limited {
    fn features(&self) -> Features {
        self.0.features()
    }

    fn init(&self, context: &Context) -> Result<State, Failure> {
        self.0.init(context)
    }

    fn parse(&self, json: Option<&str>) -> Result<State, Failure> {
        self.0.parse(json)
    }

    fn to_json(&self, state: &State) -> Result<Option<String>, Failure> {
        self.0.to_json(state)
    }

    fn apply(&self, state: &State, action: &Action, context: &Context, fold: Fold<'_>) -> Applied {
        if let Ok(Move::Burn(rest)) = serde_json::from_str(action.json())
            && state.get::<Table>().is_some_and(|table| table.list.len() % 3 == rest)
        {
            return Applied::Failed(Failure::new(FailureKind::Limit, "it took too long"));
        }
        self.0.apply(state, action, context, fold)
    }

    fn can_reconcile(&self, public: &State) -> Result<bool, Failure> {
        self.0.can_reconcile(public)
    }

    fn transform(&self, state: &State, now: TimeMs, fold: Fold<'_>) -> Result<Option<State>, Failure> {
        self.0.transform(state, now, fold)
    }

    fn deadline(&self, public: &State) -> Result<Option<TimeMs>, Failure> {
        self.0.deadline(public)
    }

    fn checksum_v0(&self, state: &State) -> Result<ChecksumV0, Failure> {
        self.0.checksum_v0(state)
    }
}
