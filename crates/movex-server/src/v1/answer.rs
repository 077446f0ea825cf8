//! What the master answers and tells, as frames of v1.

use movex_core::effect::{ItemFrame, Outcome};
use movex_core::error::{Code, Error};
use movex_core::ids::{ClientSeq, Rid};
use movex_core::master::{Answer, Event};
use movex_core::v1::ServerFrame;

/// What was asked, as far as its answer needs it.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    Create {
        request: u64,
        rid: Rid,
    },
    Subscribe {
        rid: Rid,
    },
    Dispatch {
        rid: Rid,
        number: ClientSeq,
    },
    /// Nothing is answered when it was done.
    Other {
        rid: Rid,
    },
}

/// What is to be done with an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Say {
    Nothing,
    Frame(ServerFrame),
    /// The client must come again: what it dispatched was not decided, and order is kept by sending all of it anew.
    FrameAndClose(ServerFrame),
}

pub(super) fn answer(asked: Asked, answer: Answer) -> Say {
    match (asked, answer) {
        (Asked::Create { request, rid }, Answer::Resource { .. }) => {
            Say::Frame(ServerFrame::Created { request, rid })
        }
        (
            _,
            Answer::Subscribed {
                rid,
                subscribed,
                subscribers,
            },
        ) => Say::Frame(ServerFrame::Subscribed {
            rid,
            subscribed,
            subscribers,
        }),
        (Asked::Dispatch { rid, number }, Answer::Rejected { error, .. }) => {
            let outcome = Outcome::Rejected(error);
            Say::Frame(ServerFrame::Outcome { rid, number, outcome })
        }
        (Asked::Dispatch { rid, number }, Answer::Known(outcome)) => {
            Say::Frame(ServerFrame::Outcome { rid, number, outcome })
        }
        (Asked::Dispatch { rid, number }, Answer::Undecided(why)) => {
            Say::Frame(ServerFrame::Undecided { rid, number, why })
        }
        (Asked::Create { request, rid }, Answer::Failed(error)) => Say::Frame(ServerFrame::Error {
            request: Some(request),
            rid: Some(rid),
            error,
        }),
        (Asked::Dispatch { rid, .. }, Answer::Failed(error)) => undecided(rid, error),
        (Asked::Subscribe { rid } | Asked::Other { rid }, Answer::Failed(error)) => {
            Say::Frame(ServerFrame::Error {
                request: None,
                rid: Some(rid),
                error,
            })
        }
        // The own entry is the acknowledgement; the rest has no answer.
        _ => Say::Nothing,
    }
}

/// A dispatch that never reached its resource has no outcome.
fn undecided(rid: Rid, error: Error) -> Say {
    let known_to_all = matches!(
        error.code,
        Code::UnknownResource | Code::UnknownResourceType | Code::BadMessage
    );
    let frame = ServerFrame::Error {
        request: None,
        rid: Some(rid),
        error,
    };
    if known_to_all {
        Say::Frame(frame)
    } else {
        Say::FrameAndClose(frame)
    }
}

/// An event as a frame.
pub(super) fn event(event: &Event) -> Option<String> {
    let frame = match event.clone() {
        Event::Entry { rid, frame, own, .. } => ServerFrame::Item {
            rid,
            item: ItemFrame::Entry { frame, own },
        },
        Event::PhaseEnd {
            rid,
            seq,
            time,
            frame,
            checksum_v1,
            ..
        } => {
            let item = ItemFrame::PhaseEnd {
                seq,
                time,
                frame,
                checksum_v1,
            };
            ServerFrame::Item { rid, item }
        }
        Event::Refresh { rid, .. } => ServerFrame::Refresh { rid },
        Event::SubscriberAdded { rid, subscriber, .. } => ServerFrame::Joined { rid, subscriber },
        Event::SubscriberRemoved { rid, client } => ServerFrame::Left { rid, client },
        Event::Presence { rid, client, value } => ServerFrame::Shows { rid, client, value },
    };
    Some(frame.to_json())
}
