//! G3: an action is in the log at most once, an acknowledged one exactly once, and each ends in one outcome.

use std::collections::HashMap;

use movex_core::client::{Ended, UnknownCause};
use movex_core::ids::{ClientId, ClientSeq, SessionId};
use movex_core::item::{Entry, Item, Record};

use super::Say;
use super::live::Number;
use crate::plan::Keeping;
use crate::world::{Person, Side, World};

pub(super) fn check(world: &World, say: &mut Say<'_>) {
    let entries = entries(world);
    let mut numbers: Vec<(&Number, &Vec<Entry>)> = entries.iter().collect();
    numbers.sort_by_key(|(number, _)| (*number).clone());
    for ((author, session, number), found) in numbers {
        // A cheat may give its number once more, to an epoch that has lost it.
        let cheats = world
            .people
            .iter()
            .any(|person| person.session == *session && matches!(person.side, Side::Cheat(_)));
        let again = cheats && found.iter().any(|entry| is_lost(world, entry));
        if found.len() > 1 && !author.is_master() && !again {
            let places: Vec<_> = found.iter().map(|entry| entry.seq).collect();
            say("G3", format!("{session} {number} of {author} is in the log at {places:?}"));
        }
    }
    for person in &world.people {
        match &person.side {
            Side::V1(_) => check_outcomes(world, person, &entries, say),
            Side::V0(legacy) => {
                for (seq, body) in &legacy.acknowledged {
                    let there = entries
                        .values()
                        .flatten()
                        .any(|entry| entry.seq == *seq && entry.author == person.id && entry.body == *body);
                    if !there {
                        say("G3", format!("{} was acknowledged {seq}, which is not it", person.id));
                    }
                }
            }
            Side::Cheat(_) => {}
        }
    }
}

/// Every entry that was ever promised, by its number; one that a new epoch took over counts once.
fn entries(world: &World) -> HashMap<Number, Vec<Entry>> {
    let chapters = world.store.chapters();
    let kept = chapters.iter().flat_map(|chapter| &chapter.records).filter_map(|record| match record {
        Record::Item(Item::Entry(entry)) => Some(entry),
        _ => None,
    });
    let lost = world.store.lost().filter_map(|item| match item {
        Item::Entry(entry) => Some(entry),
        Item::PhaseEnd { .. } => None,
    });
    let mut entries: HashMap<(ClientId, SessionId, ClientSeq), Vec<Entry>> = HashMap::new();
    for entry in kept.chain(lost) {
        let number = (entry.author.clone(), entry.session.clone(), entry.client_seq);
        let found = entries.entry(number).or_default();
        if !found.contains(entry) {
            found.push(entry.clone());
        }
    }
    entries
}

fn is_lost(world: &World, entry: &Entry) -> bool {
    world.store.lost().any(|item| matches!(item, Item::Entry(lost) if lost == entry))
}

fn check_outcomes(world: &World, person: &Person, entries: &HashMap<Number, Vec<Entry>>, say: &mut Say<'_>) {
    let who = &person.session;
    for (number, sent) in &person.sent {
        let key = (person.id.clone(), person.session.clone(), *number);
        let there = entries.get(&key).map_or(&[][..], |found| &found[..]);
        let Some((end, _)) = person.ended.get(number) else {
            if !person.gone {
                say("G3", format!("{who} {number} has no outcome"));
            }
            continue;
        };
        match end {
            Ended::Acknowledged(seq) => match there {
                [entry] if entry.seq == *seq && entry.body == sent.body => {}
                _ => {
                    let places: Vec<_> = there.iter().map(|entry| entry.seq).collect();
                    say("G3", format!("{who} {number} was acknowledged at {seq} and is at {places:?}"));
                }
            },
            Ended::Rejected(error) => {
                if let Some(entry) = there.first() {
                    say("G3", format!("{who} {number} was rejected ({error}) and is at {}", entry.seq));
                }
            }
            Ended::Unknown(cause) => {
                let may = match cause {
                    UnknownCause::EpochChanged => {
                        world.counts.contains_key("reloads")
                            || matches!(world.plan.keeping, Keeping::Relaxed(_))
                    }
                    UnknownCause::SessionForgotten => world.plan.limits.sessions_max < 100,
                    UnknownCause::IdentityChanged => false,
                };
                if !may {
                    say("G3", format!("{who} {number} is unknown: {cause:?}"));
                }
            }
        }
    }
}
