//! What goes over a connection, as text: for a trace, and to compare two runs to the byte (M8).

use movex_core::action::Action;
use movex_core::client::{FromMaster, ToMaster};
use movex_core::effect::{EntryFrame, ItemFrame, OwnHalf, PhaseEndFrame};
use movex_core::item::{Item, Record};
use movex_core::master::{Answer, Event};

use crate::world::{Down, Up};

fn action(action: &Action) -> &str {
    action.json()
}

fn entry(frame: &EntryFrame, own: Option<&OwnHalf>) -> String {
    let own = own.map(|own| {
        let private = own.private.as_ref().map(|(private, entropy)| (action(private), entropy.0));
        format!(" own {} {} {private:?}", own.session, own.client_seq)
    });
    format!("entry {frame:?} {}{}", action(&frame.action), own.unwrap_or_default())
}

fn phase_end(frame: &PhaseEndFrame) -> String {
    match frame {
        PhaseEndFrame::Reveal { secrets, without_effect } => {
            let secrets: Vec<String> = secrets
                .iter()
                .map(|secret| {
                    format!(
                        "{} {} {} {}",
                        secret.seq,
                        secret.author,
                        secret.entropy.0,
                        action(&secret.private)
                    )
                })
                .collect();
            format!("reveal {secrets:?} without effect {without_effect:?}")
        }
        PhaseEndFrame::Forfeit { .. } => format!("{frame:?}"),
    }
}

fn item(item: &ItemFrame) -> String {
    match item {
        ItemFrame::Entry { frame, own } => entry(frame, own.as_ref()),
        ItemFrame::PhaseEnd { seq, time, frame, checksum_v1 } => {
            format!("end {seq} {} {checksum_v1:?} {}", time.0, phase_end(frame))
        }
    }
}

/// An event that nobody asked for.
pub(crate) fn event(event: &Event) -> String {
    match event {
        Event::Entry { frame, own, .. } => entry(frame, own.as_ref()),
        Event::PhaseEnd { seq, time, frame, checksum, checksum_v1, .. } => {
            format!("end {seq} {} {checksum:?} {checksum_v1:?} {}", time.0, phase_end(frame))
        }
        other => format!("{other:?}"),
    }
}

/// An answer.
pub(crate) fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Acknowledged { frame, own } => format!("acknowledged {}", entry(frame, own.as_ref())),
        Answer::PhaseEnded { time, frame, checksum } => {
            format!("ended {} {checksum:?} {}", time.0, phase_end(frame))
        }
        Answer::Subscribed { subscribed, .. } => {
            let items: Vec<String> = subscribed.items.iter().map(item).collect();
            format!(
                "subscribed {} {} {:?} {items:?} {:?} {:?}",
                subscribed.epoch.0,
                subscribed.head,
                subscribed.base,
                subscribed.checksum_v1,
                subscribed.outcomes
            )
        }
        other => format!("{other:?}"),
    }
}

/// What a client sends.
pub(crate) fn up(up: &Up) -> String {
    match up {
        Up::V1(ToMaster::Dispatch { client_seq, floor, epoch, body, .. }) => format!(
            "dispatch {client_seq} floor {floor} epoch {epoch} {} | {}",
            action(body.own()),
            action(body.public())
        ),
        other => format!("{other:?}"),
    }
}

/// What a client gets.
pub(crate) fn down(down: &Down) -> String {
    match down {
        Down::V1(FromMaster::Item(of)) => item(of),
        Down::V1(other) => format!("{other:?}"),
        Down::Event(of) => event(of),
        Down::Answer(request, of) => format!("answer {request} {}", answer(of)),
    }
}

/// What is appended.
pub(crate) fn record(record: &Record) -> String {
    match record {
        Record::Item(Item::Entry(entry)) => format!(
            "{} of {:?} {} {} at {}: {} | {}",
            entry.seq,
            entry.author,
            entry.session,
            entry.client_seq,
            entry.time.0,
            action(entry.body.own()),
            action(entry.body.public())
        ),
        other => format!("{other:?}"),
    }
}
