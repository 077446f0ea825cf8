//! What a master says, as frames of protocol v1.

use movex_core::effect::{ItemFrame, Outcome};
use movex_core::error::Code;
use movex_core::ids::{ClientSeq, Rid};
use movex_core::master::{Answer, Event};
use movex_core::v1::ServerFrame;

/// What was asked, for its answer.
pub(super) enum Asked {
    Create {
        request: u64,
        rid: Rid,
    },
    Follow {
        rid: Rid,
    },
    Dispatch {
        rid: Rid,
        number: ClientSeq,
    },
    /// What is answered only when it fails.
    Nothing {
        rid: Rid,
    },
}

/// The frame of an event.
pub(super) fn event(event: Event) -> ServerFrame {
    match event {
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
        } => ServerFrame::Item {
            rid,
            item: ItemFrame::PhaseEnd {
                seq,
                time,
                frame,
                checksum_v1,
            },
        },
        Event::Presence { rid, client, value } => ServerFrame::Shows { rid, client, value },
        Event::Refresh { rid, .. } => ServerFrame::Refresh { rid },
        Event::SubscriberAdded { rid, subscriber, .. } => ServerFrame::Joined { rid, subscriber },
        Event::SubscriberRemoved { rid, client } => ServerFrame::Left { rid, client },
    }
}

/// Whether the client must come again after this answer: its dispatch was not decided, and order is kept by sending all
/// of them anew (P-25).
pub(super) fn must_come_again(asked: &Asked, answer: &Answer) -> bool {
    let (Asked::Dispatch { .. }, Answer::Failed(error)) = (asked, answer) else {
        return false;
    };
    !matches!(
        error.code,
        Code::UnknownResource | Code::UnknownResourceType | Code::BadMessage
    )
}

/// The frame of an answer, where it has one: an entry of one's own is its acknowledgement.
pub(super) fn answer(asked: Asked, answer: Answer) -> Option<ServerFrame> {
    let (request, rid, error) = match (asked, answer) {
        (
            Asked::Follow { rid },
            Answer::Subscribed {
                subscribed,
                subscribers,
                ..
            },
        ) => {
            return Some(ServerFrame::Subscribed {
                rid,
                subscribed,
                subscribers,
            });
        }
        (Asked::Dispatch { rid, number }, Answer::Rejected { error, .. }) => {
            let outcome = Outcome::Rejected(error);
            return Some(ServerFrame::Outcome { rid, number, outcome });
        }
        (Asked::Dispatch { rid, number }, Answer::Known(outcome)) => {
            return Some(ServerFrame::Outcome { rid, number, outcome });
        }
        (Asked::Dispatch { rid, number }, Answer::Undecided(why)) => {
            return Some(ServerFrame::Undecided { rid, number, why });
        }
        (Asked::Create { request, rid }, Answer::Failed(error)) => (Some(request), Some(rid), error),
        (Asked::Create { request, rid }, _) => return Some(ServerFrame::Created { request, rid }),
        (
            Asked::Follow { rid } | Asked::Dispatch { rid, .. } | Asked::Nothing { rid },
            Answer::Failed(error),
        ) => (None, Some(rid), error),
        (Asked::Dispatch { .. } | Asked::Follow { .. } | Asked::Nothing { .. }, _) => return None,
    };
    Some(ServerFrame::Error { request, rid, error })
}
