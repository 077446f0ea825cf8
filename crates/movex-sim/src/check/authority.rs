//! G7: whatever a client sends, the author of an entry is the connection that sent it, in the log that it named (M22).

use std::collections::HashSet;

use movex_core::ids::SessionId;
use movex_core::item::{Item, Record};

use super::Say;
use super::live::text_of;
use crate::world::{Side, World};

pub(super) fn check(world: &World, say: &mut Say<'_>) {
    let honest: HashSet<&SessionId> = world
        .people
        .iter()
        .filter(|person| matches!(person.side, Side::V1(_)))
        .map(|person| &person.session)
        .collect();
    let mut before: HashSet<(SessionId, movex_core::ids::ClientSeq)> = HashSet::new();
    for chapter in world.store.chapters() {
        for record in &chapter.records {
            let Record::Item(Item::Entry(entry)) = record else {
                continue;
            };
            let asked = (entry.author.clone(), text_of(&entry.body));
            if !entry.author.is_master() && !world.watch.asked.contains(&asked) {
                say("G7", format!("{} is by {}, who never asked for it", entry.seq, entry.author));
            }
            // A new epoch takes over what was decided in the one before.
            let taken_over = !before.insert((entry.session.clone(), entry.client_seq));
            let named = (entry.session.clone(), entry.client_seq, chapter.epoch);
            if honest.contains(&entry.session) && !taken_over && !world.watch.sent.contains(&named) {
                say(
                    "M22",
                    format!(
                        "{} {} is decided in a log that its author never named",
                        entry.session, entry.client_seq
                    ),
                );
            }
        }
    }
}
