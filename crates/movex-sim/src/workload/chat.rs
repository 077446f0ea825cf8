//! A chat with whispers. The type has no reveal, so each author's view stays apart for ever (M5).

use movex_core::action::Body;
use movex_core::context::Context;
use movex_core::reducer::Reducer;
use serde::{Deserialize, Serialize};

use super::{private, public};
use crate::chance::Chance;

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Line {
    from: String,
    at: u64,
    text: String,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "camelCase")]
pub(super) enum Step {
    Say(String),
    Whispered,
    Retract,
}

pub(super) struct Chat;

impl Reducer for Chat {
    type State = Vec<Line>;
    type Action = Step;

    fn init(&self, _: &Context) -> Vec<Line> {
        Vec::new()
    }

    fn reduce(&self, state: &Vec<Line>, action: &Step, context: &Context) -> Vec<Line> {
        let mut lines = state.clone();
        let from = context.stamp.author.to_string();
        let at = context.stamp.time.0;
        match action {
            Step::Say(text) => lines.push(Line { from, at, text: text.clone() }),
            Step::Whispered => lines.push(Line { from, at, text: "...".into() }),
            Step::Retract => {
                if let Some(own) = lines.iter().rposition(|line| line.from == from) {
                    lines.remove(own);
                }
            }
        }
        if lines.len() > 20 {
            lines.drain(..10);
        }
        lines
    }
}

pub(super) fn body(chance: &mut Chance) -> Body {
    let say = format!(r#"{{"type":"say","payload":"word {}"}}"#, chance.below(1_000));
    match chance.below(6) {
        0 => private(&say, r#"{"type":"whispered"}"#),
        1 => public(r#"{"type":"retract"}"#),
        _ => public(&say),
    }
}
