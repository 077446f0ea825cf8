//! A list in which every action depends on what came before it, and on the master's time and chance.

use movex_core::action::Body;
use movex_core::context::{Context, Stamp};
use movex_core::reducer::{Reducer, Rejection};
use serde::{Deserialize, Serialize};

use super::public;
use crate::chance::Chance;

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "camelCase")]
pub(super) enum Step {
    Push(u64),
    Insert(u64),
    Pop,
    Reverse,
    Sum,
    Draw,
}

pub(super) struct List;

impl Reducer for List {
    type State = Vec<u64>;
    type Action = Step;

    fn init(&self, _: &Context) -> Vec<u64> {
        Vec::new()
    }

    fn validate(&self, state: &Vec<u64>, action: &Step, _: &Stamp) -> Result<(), Rejection> {
        match action {
            Step::Pop if state.is_empty() => Err(Rejection::new("the list is empty")),
            Step::Sum if state.len() % 4 == 3 => Err(Rejection::new("not at this length")),
            _ => Ok(()),
        }
    }

    fn reduce(&self, state: &Vec<u64>, action: &Step, context: &Context) -> Vec<u64> {
        let mut list = state.clone();
        match action {
            Step::Push(what) => list.push(*what),
            Step::Insert(what) => list.insert(*what as usize % (list.len() + 1), *what),
            Step::Pop => drop(list.pop()),
            Step::Reverse => list.reverse(),
            Step::Sum => list.push(list.iter().sum::<u64>() % 9_973),
            Step::Draw => list.push(context.entropy().0 % 100 + context.stamp.time.0 % 7),
        }
        if list.len() > 24 {
            list.drain(..12);
        }
        list
    }
}

pub(super) fn body(chance: &mut Chance) -> Body {
    let what = chance.below(50);
    match chance.below(8) {
        0 => public(r#"{"type":"pop"}"#),
        1 => public(r#"{"type":"reverse"}"#),
        2 => public(r#"{"type":"sum"}"#),
        3 => public(r#"{"type":"draw"}"#),
        4..6 => public(&format!(r#"{{"type":"insert","payload":{what}}}"#)),
        _ => public(&format!(r#"{{"type":"push","payload":{what}}}"#)),
    }
}
