//! The apps of the tests.

#![allow(dead_code, unreachable_pub, reason = "each test file takes what it needs")]

use std::collections::BTreeMap;

use movex::prelude::*;
use serde::{Deserialize, Serialize};

/// A list in which the order shows, that takes no number twice.
#[derive(Default)]
pub struct Line;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    pub numbers: Vec<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "camelCase")]
pub enum LineAction {
    Push(u64),
    Double,
    Panic,
}

impl Reducer for Line {
    type State = Numbers;
    type Action = LineAction;

    fn init(&self, _: &Context) -> Numbers {
        Numbers::default()
    }

    fn validate(&self, state: &Numbers, action: &LineAction, _: &Stamp) -> Result<(), Rejection> {
        match action {
            LineAction::Push(number) if state.numbers.contains(number) => {
                Err(Rejection::new(format!("{number} is taken")))
            }
            _ => Ok(()),
        }
    }

    fn reduce(&self, state: &Numbers, action: &LineAction, _: &Context) -> Numbers {
        let mut numbers = state.numbers.clone();
        match action {
            LineAction::Push(number) => numbers.push(*number),
            LineAction::Double => numbers.iter_mut().for_each(|number| *number *= 2),
            LineAction::Panic => panic!("as it was told"),
        }
        Numbers { numbers }
    }
}

impl Resource for Line {
    const TYPE: &'static str = "line";
}

/// Two people choose in secret; when both have, all is revealed.
#[derive(Default)]
pub struct Duel;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Choices {
    /// By author: what they chose, or an empty text for a secret.
    pub chosen: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "camelCase")]
pub enum DuelAction {
    Choose(String),
    Chosen,
}

impl Reducer for Duel {
    type State = Choices;
    type Action = DuelAction;

    fn init(&self, _: &Context) -> Choices {
        Choices::default()
    }

    fn reduce(&self, state: &Choices, action: &DuelAction, context: &Context) -> Choices {
        let choice = match action {
            DuelAction::Choose(choice) => choice.clone(),
            DuelAction::Chosen => String::new(),
        };
        let mut chosen = state.chosen.clone();
        chosen.insert(context.stamp.author.to_string(), choice);
        Choices { chosen }
    }

    fn can_reconcile(&self) -> Option<movex::CanReconcile<Choices>> {
        Some(|state| state.chosen.len() == 2)
    }
}

impl Resource for Duel {
    const TYPE: &'static str = "duel";
}

pub fn app() -> App {
    App::new().with::<Line>().with::<Duel>()
}

pub fn numbers(view: &View<Line>) -> Vec<u64> {
    view.state.numbers.clone()
}
