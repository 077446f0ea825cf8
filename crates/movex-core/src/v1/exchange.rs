//! Between frames and the master: what a client's frame asks, and what the master's answers and events are as frames.
//! One place, so that a server and a local master say the same.

use super::{ClientFrame, ServerFrame};
use crate::effect::{ItemFrame, Outcome};
use crate::error::{Code, Error};
use crate::ids::{ClientSeq, Rid};
use crate::master::{Answer, Ask, Event};

/// What was asked, as far as its answer needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To make a resource.
    Create {
        /// The client's own number.
        request: u64,
        /// The resource.
        rid: Rid,
    },
    /// To be where the master is.
    Subscribe {
        /// In this resource.
        rid: Rid,
    },
    /// To decide an action.
    Dispatch {
        /// In this resource.
        rid: Rid,
        /// The session's number.
        number: ClientSeq,
    },
    /// What is answered only when it fails.
    Other {
        /// About this resource.
        rid: Rid,
    },
}

/// A frame that is for the master.
#[derive(Clone, Debug)]
pub struct Question {
    /// The resource.
    pub rid: Rid,
    /// What the answer needs.
    pub asked: Asked,
    /// What the master is asked.
    pub ask: Ask,
}

/// What is to be done with an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Say {
    /// Nothing: an own entry is its acknowledgement.
    Nothing,
    /// This.
    Frame(ServerFrame),
    /// This, and then close: what the client dispatched was not decided, and order is kept by its sending all of it anew.
    FrameAndClose(ServerFrame),
}

impl ClientFrame {
    /// What the frame asks of the master.
    ///
    /// # Errors
    /// The frame itself where it is for the transport: `hello` and `ping`.
    pub fn question(self) -> Result<Question, Self> {
        let (rid, asked, ask) = match self {
            ClientFrame::Hello { .. } | ClientFrame::Ping { .. } => return Err(self),
            ClientFrame::Create { request, rid, state } => {
                let state = state.map(|state| state.as_ref().to_owned());
                (rid.clone(), Asked::Create { request, rid }, Ask::Create { state })
            }
            ClientFrame::Subscribe { rid, from, floor } => {
                (rid.clone(), Asked::Subscribe { rid }, Ask::Follow { from, floor })
            }
            ClientFrame::Unsubscribe { rid } => (rid.clone(), Asked::Other { rid }, Ask::Unsubscribe),
            ClientFrame::Show { rid, value } => (rid.clone(), Asked::Other { rid }, Ask::Show { value }),
            ClientFrame::Dispatch { rid, epoch, number, floor, seen_reveal, body } => {
                let (body, epoch, numbered) = (body.into(), Some(epoch), Some((number, floor)));
                let ask = Ask::Dispatch { body, epoch, seen_reveal, number: numbered };
                (rid.clone(), Asked::Dispatch { rid, number }, ask)
            }
        };
        Ok(Question { rid, asked, ask })
    }
}

/// The answer to a question.
pub fn answer(asked: Asked, answer: Answer) -> Say {
    let frame = match (asked, answer) {
        (Asked::Dispatch { rid, .. }, Answer::Failed(error)) => return not_decided(rid, error),
        (Asked::Create { request, rid }, Answer::Failed(error)) => {
            ServerFrame::Error { request: Some(request), rid: Some(rid), error }
        }
        (Asked::Subscribe { rid } | Asked::Other { rid }, Answer::Failed(error)) => {
            ServerFrame::Error { request: None, rid: Some(rid), error }
        }
        (Asked::Create { request, rid }, Answer::Resource { .. }) => ServerFrame::Created { request, rid },
        (Asked::Subscribe { rid }, Answer::Subscribed { subscribed, subscribers, .. }) => {
            ServerFrame::Subscribed { rid, subscribed, subscribers }
        }
        (Asked::Dispatch { rid, number }, Answer::Rejected { error, .. }) => {
            let outcome = Outcome::Rejected(error);
            ServerFrame::Outcome { rid, number, outcome }
        }
        (Asked::Dispatch { rid, number }, Answer::Known(outcome)) => {
            ServerFrame::Outcome { rid, number, outcome }
        }
        (Asked::Dispatch { rid, number }, Answer::Undecided(why)) => {
            ServerFrame::Undecided { rid, number, why }
        }
        _ => return Say::Nothing,
    };
    Say::Frame(frame)
}

/// A dispatch that never reached its resource has no outcome (P-25).
fn not_decided(rid: Rid, error: Error) -> Say {
    let would_fail_again =
        matches!(error.code, Code::UnknownResource | Code::UnknownResourceType | Code::BadMessage);
    let frame = ServerFrame::Error { request: None, rid: Some(rid), error };
    if would_fail_again { Say::Frame(frame) } else { Say::FrameAndClose(frame) }
}

/// The frame of an event.
pub fn event(event: Event) -> ServerFrame {
    match event {
        Event::Entry { rid, frame, own, .. } => {
            ServerFrame::Item { rid, item: ItemFrame::Entry { frame, own } }
        }
        Event::PhaseEnd { rid, seq, time, frame, checksum_v1, .. } => {
            ServerFrame::Item { rid, item: ItemFrame::PhaseEnd { seq, time, frame, checksum_v1 } }
        }
        Event::Presence { rid, client, value } => ServerFrame::Shows { rid, client, value },
        Event::Refresh { rid, .. } => ServerFrame::Refresh { rid },
        Event::SubscriberAdded { rid, subscriber, .. } => ServerFrame::Joined { rid, subscriber },
        Event::SubscriberRemoved { rid, client } => ServerFrame::Left { rid, client },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_25_a_dispatch_that_was_not_decided_closes_the_connection_unless_it_would_fail_again() {
        let rid = Rid::parse("list:x").unwrap();
        let failed = |code| {
            let asked = Asked::Dispatch { rid: rid.clone(), number: ClientSeq(1) };
            answer(asked, Answer::Failed(Error::new(code, "a sentence")))
        };
        assert!(matches!(failed(Code::Overloaded), Say::FrameAndClose(ServerFrame::Error { .. })));
        assert!(matches!(failed(Code::StoreUnavailable), Say::FrameAndClose(_)));
        assert!(matches!(failed(Code::UnknownResource), Say::Frame(ServerFrame::Error { .. })));
    }

    #[test]
    fn hello_and_ping_are_for_the_transport() {
        let ping = ClientFrame::Ping { stamp: 5 };
        assert_eq!(ping.clone().question().unwrap_err(), ping);
    }
}
