//! Hidden roles: everybody picks in secret, three picks reveal them all; a clock opens a round that takes too long.

use std::collections::BTreeMap;

use movex_core::action::Body;
use movex_core::context::{Context, Stamp, TimeMs};
use movex_core::reducer::{CanReconcile, Deadline, Reducer, Rejection};
use serde::{Deserialize, Serialize};

use super::{private, public};
use crate::chance::Chance;

#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Game {
    round: u64,
    picked: u32,
    open: bool,
    roles: BTreeMap<String, Vec<String>>,
    points: BTreeMap<String, u64>,
    closes_at: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "camelCase")]
pub(super) enum Step {
    /// The secret.
    Pick(String),
    /// Drawn, not chosen: the secret's own chance.
    Draw,
    /// Its placeholder.
    Picked,
    /// Begins the next round, once this one is open.
    Next,
    /// What is said at the table.
    Point(String),
    Tick,
}

pub(super) struct Roles;

impl Reducer for Roles {
    type State = Game;
    type Action = Step;

    fn init(&self, _: &Context) -> Game {
        Game::default()
    }

    fn validate(&self, state: &Game, action: &Step, stamp: &Stamp) -> Result<(), Rejection> {
        let mine = |state: &Game| state.roles.get(stamp.author.as_str()).map_or(0, Vec::len);
        match action {
            Step::Pick(_) | Step::Draw if mine(state) >= 2 => Err(Rejection::new("you have two roles")),
            Step::Picked if state.open => Err(Rejection::new("the round is open: begin the next")),
            Step::Next if !state.open && state.picked < 3 => Err(Rejection::new("the round is not over")),
            Step::Tick if !stamp.author.is_master() || state.closes_at.is_none_or(|at| stamp.time.0 < at) => {
                Err(Rejection::new("no tick"))
            }
            _ => Ok(()),
        }
    }

    fn reduce(&self, state: &Game, action: &Step, context: &Context) -> Game {
        let mut game = state.clone();
        let me = context.stamp.author.to_string();
        match action {
            Step::Pick(role) => {
                game.picked += 1;
                game.roles.entry(me).or_default().push(role.clone());
                game.closes_at = Some(context.stamp.time.0 + 150);
            }
            Step::Draw => {
                game.picked += 1;
                let drawn = format!("role {}", context.entropy().0 % 10);
                game.roles.entry(me).or_default().push(drawn);
                game.closes_at = Some(context.stamp.time.0 + 150);
            }
            Step::Picked => {
                game.picked += 1;
                game.closes_at = Some(context.stamp.time.0 + 150);
            }
            Step::Next => {
                game.round += 1;
                game.picked = 0;
                game.open = false;
                game.roles.clear();
                game.closes_at = None;
            }
            Step::Point(at) => *game.points.entry(at.clone()).or_default() += 1 + context.entropy().0 % 3,
            Step::Tick => {
                game.open = true;
                game.closes_at = None;
            }
        }
        game
    }

    fn can_reconcile(&self) -> Option<CanReconcile<Game>> {
        Some(|game: &Game| game.open || game.picked >= 3)
    }

    fn deadline(&self) -> Option<Deadline<Game>> {
        Some(|game: &Game| game.closes_at.map(TimeMs))
    }
}

pub(super) fn body(chance: &mut Chance) -> Body {
    match chance.below(9) {
        0..2 => {
            let role = chance.pick(&["wolf", "seer", "villager who has nothing to hide at all"]);
            private(&format!(r#"{{"type":"pick","payload":"{role}"}}"#), r#"{"type":"picked"}"#)
        }
        2 => private(r#"{"type":"draw"}"#, r#"{"type":"picked"}"#),
        3..5 => public(r#"{"type":"next"}"#),
        _ => {
            let at = chance.pick(&["~ann", "~bob", "~cyd"]);
            public(&format!(r#"{{"type":"point","payload":"{at}"}}"#))
        }
    }
}
