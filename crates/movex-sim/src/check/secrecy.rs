//! G4 as non-interference (M8): two runs with the same verdicts, whose secrets, private chance and refused attempts
//! differ, tell everybody else the same, to the byte.

use movex_core::client::Ended;

use crate::plan::{Plan, Twin};
use crate::plant::Plant;
use crate::world::{Violation, World};

/// The line of a run in which the secrets are told.
pub(crate) const REVEALED: &str = "all secrets are told";

/// The public half of attempts that are refused.
const REFUSED: &str = r#"{"type":"push","payload":1}"#;

/// What came of a pair of runs.
pub(crate) enum Compared {
    /// The others were told the same.
    Same,
    /// Ann's own verdicts differ, which she discloses by acting (M7): nothing can be said.
    OtherVerdicts,
    /// They were not.
    Leak(Violation),
}

pub(crate) fn compare(seed: u64, plant: Option<Plant>) -> Compared {
    let run = |which| {
        let mut world = World::new(Plan::twin(seed, which), plant, false);
        world.run();
        world
    };
    let (first, second) = (run(Twin::First), run(Twin::Second));
    if accepted(&first) != accepted(&second) || arrived(&first) != arrived(&second) {
        return Compared::OtherVerdicts;
    }
    // The first reveal ends the secret: what comes after it depends on what it told.
    let mut told = first.seen.iter().zip(&second.seen).take_while(|(one, _)| *one != REVEALED);
    let differs = told.find(|(one, other)| one != other);
    let revealed = first.seen.iter().any(|one| one == REVEALED);
    let what = match differs {
        Some((one, other)) => format!("others see a secret: {one} where they would see {other}"),
        None if !revealed && first.seen.len() != second.seen.len() => "others are told more often".to_owned(),
        None => return Compared::Same,
    };
    Compared::Leak(Violation { rule: "M8", what })
}

/// When Ann acted: a client that takes its view anew (M11) sends later, and that is hers to disclose.
fn arrived(world: &World) -> Vec<&(u64, String)> {
    let dispatched = world.arrived.iter();
    dispatched.filter(|(_, public)| public != REFUSED).collect()
}

/// Which of Ann's dispatches were accepted, in their order; refused private attempts are nobody's business.
fn accepted(world: &World) -> Vec<(String, bool)> {
    let ann = &world.people[0];
    let dispatched = ann.sent.iter().map(|(number, sent)| {
        let accepted = matches!(ann.ended.get(number), Some((Ended::Acknowledged(_), _)));
        (sent.body.public().json().to_owned(), accepted)
    });
    dispatched.filter(|(public, accepted)| *accepted || public != REFUSED).collect()
}
