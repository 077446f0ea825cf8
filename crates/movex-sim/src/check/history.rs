//! A linear history: own actions stand in their order, and an action that was acknowledged before another was dispatched
//! stands before it.

use movex_core::client::Ended;
use movex_core::ids::Seq;

use super::Say;
use crate::world::World;

pub(super) fn check(world: &World, say: &mut Say<'_>) {
    // Places say something only within one log.
    if world.store.chapters().len() > 1 {
        return;
    }
    let mut done = Vec::new();
    for person in &world.people {
        let mut last = Seq(0);
        for (number, sent) in &person.sent {
            if let Some((Ended::Acknowledged(seq), acknowledged_at)) = person.ended.get(number) {
                if *seq <= last {
                    say("G1", format!("{} {number} stands at {seq}, behind {last}", person.session));
                }
                last = *seq;
                done.push((sent.at, *acknowledged_at, *seq));
            }
        }
    }
    let mut by_end = done.clone();
    by_end.sort_by_key(|(_, end, _)| *end);
    let mut by_begin = done;
    by_begin.sort_by_key(|(begin, _, _)| *begin);
    let mut newest = Seq(0);
    let mut ended = by_end.into_iter().peekable();
    for (begin, _, seq) in by_begin {
        while let Some((_, _, place)) = ended.next_if(|(_, end, _)| *end < begin) {
            newest = newest.max(place);
        }
        if seq < newest {
            say("G1", format!("{seq} was dispatched after {newest} had been acknowledged"));
        }
    }
}
