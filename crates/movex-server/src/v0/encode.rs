//! What the master says, as v0 writes it. Actions, states and infos are put in as the text that they are.

use std::fmt::Write as _;

use movex_core::action::Action;
use movex_core::checksum::ChecksumV0;
use movex_core::context::TimeMs;
use movex_core::effect::{EntryFrame, PhaseEndFrame, ViewState};
use movex_core::error::{Code, Error};
use movex_core::ids::Rid;
use movex_core::json;
use movex_core::master::{Answer, Event, RidForm, Subscriber};

use super::packet;

/// What an answer answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Create,
    Subscribe,
    /// With the rid's text as it was sent.
    Resource {
        sent: Box<str>,
    },
    State {
        sent: Box<str>,
    },
    Subscribers {
        sent: Box<str>,
    },
    Dispatch {
        is_master: bool,
    },
}

/// JSON of a text.
pub(super) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    json::write_js_string(text, &mut out);
    out
}

/// The argument of an ack that went well; `None` is `undefined`.
pub(super) fn ok(value: Option<&str>) -> String {
    match value {
        Some(value) => format!(r#"{{"ok":true,"err":false,"val":{value}}}"#),
        None => r#"{"ok":true,"err":false}"#.into(),
    }
}

/// The argument of an ack that did not.
pub(super) fn failed(value: &str) -> String {
    format!(r#"{{"ok":false,"err":true,"val":{value}}}"#)
}

/// The value of an error that v0 has no name for.
pub(super) fn error(error: &Error) -> String {
    let (code, message) = (error.code.as_str(), text(&error.message));
    format!(r#"{{"code":"{code}","message":{message}}}"#)
}

/// What npm says of a type that the app does not have.
pub(super) const NO_SUCH_TYPE: &str = r#""MasterResourceInexistent""#;
const UNKNOWN_ERROR: &str = r#""UnknownError""#;

/// What npm says of a resource that is not there; `rid` is JSON.
pub(crate) fn not_found(rid: &str) -> String {
    format!(r#"{{"type":"MovexStoreError","reason":"ResourceInexistent","content":{{"rid":{rid}}}}}"#)
}

/// The argument of the ack that carries an answer.
pub(super) fn ack(asked: &Asked, answer: &Answer) -> String {
    match answer {
        Answer::Acknowledged { frame, .. } => ok(Some(&acknowledged(asked, frame))),
        Answer::PhaseEnded { time, frame, checksum } => {
            let ended = phase_end(frame, checksum.as_ref(), *time);
            ok(Some(&format!(r#"{{"type":"reconciliation",{ended}}}"#)))
        }
        // M28: the npm client ignores error answers, so it is given the checksum of what is, and takes the state anew.
        Answer::Rejected { checksum, time, .. } => ok(Some(&plain_ack(checksum.as_ref(), *time))),
        Answer::Resource { rid, state: shown, subscribers } => ok(Some(&match asked {
            Asked::State { .. } => state(shown),
            _ => resource(rid, shown, subscribers),
        })),
        Answer::Subscribers(subscribers) => ok(Some(&self::subscribers(subscribers))),
        Answer::Done => ok(None),
        Answer::Failed(error) => failed(&failure(asked, error)),
        // Answers to what v0 has no words to ask.
        Answer::Subscribed { .. } | Answer::Known(_) | Answer::Undecided(_) => failed(UNKNOWN_ERROR),
    }
}

fn failure(asked: &Asked, error: &Error) -> String {
    match (error.code, asked) {
        (Code::UnknownResourceType, _) => NO_SUCH_TYPE.into(),
        (
            Code::UnknownResource,
            Asked::Resource { sent } | Asked::State { sent } | Asked::Subscribers { sent },
        ) => not_found(sent),
        (Code::UnknownResource, _) => UNKNOWN_ERROR.into(),
        _ => self::error(error),
    }
}

fn acknowledged(asked: &Asked, frame: &EntryFrame) -> String {
    let checksum = frame.checksum.as_ref();
    match asked {
        Asked::Dispatch { is_master: true } => format!(
            r#"{{"type":"masterActionAck","nextCheckedAction":{{"checksum":{},"action":{}}},{}}}"#,
            quoted(checksum),
            frame.action.json(),
            context(frame.time),
        ),
        _ => plain_ack(checksum, frame.time),
    }
}

fn plain_ack(checksum: Option<&ChecksumV0>, time: TimeMs) -> String {
    format!(r#"{{"type":"ack","nextChecksum":{},{}}}"#, quoted(checksum), context(time))
}

/// The event that tells the author why.
pub(super) fn rejected(rid: &Rid, form: RidForm, error: &Error) -> String {
    let argument = format!(
        r#"{{"rid":{},"code":"{}","reason":{}}}"#,
        named(rid, form),
        error.code.as_str(),
        text(&error.message),
    );
    packet::event("movexRejected", &argument)
}

/// The first event of a connection.
pub(super) fn ready(client: &Subscriber) -> String {
    packet::event("onReady", &subscriber(client))
}

/// An event as a frame; `None` when v0 does not tell of it.
pub(super) fn event(event: &Event) -> Option<String> {
    match event {
        // The end of the phase follows, and tells all that this would.
        Event::Entry { frame, .. } if frame.secret && frame.ends_phase => None,
        Event::Entry { rid, form, frame, .. } => {
            let argument = format!(
                r#"{{"rid":{},"action":{},"checksum":{},{}}}"#,
                named(rid, *form),
                frame.action.json(),
                quoted(frame.checksum.as_ref()),
                context(frame.time),
            );
            Some(packet::event("onFwdAction", &argument))
        }
        Event::PhaseEnd { rid, form, time, frame, checksum, .. } => {
            let ended = phase_end(frame, checksum.as_ref(), *time);
            let argument = format!(r#"{{"rid":{},{ended}}}"#, named(rid, *form));
            Some(packet::event("onReconciliateActions", &argument))
        }
        Event::Refresh { rid, time, checksum, .. } => {
            let ended = reconciliation("", checksum.as_ref(), *time);
            let argument = format!(r#"{{"rid":{},{ended}}}"#, named(rid, RidForm::Text));
            Some(packet::event("onReconciliateActions", &argument))
        }
        Event::SubscriberAdded { rid, form, subscriber: added, time } => {
            let argument = format!(
                r#"{{"rid":{},"client":{},{}}}"#,
                named(rid, *form),
                subscriber(added),
                context(*time),
            );
            Some(packet::event("onResourceSubscriberAdded", &argument))
        }
        Event::SubscriberRemoved { rid, client } => {
            let argument =
                format!(r#"{{"rid":{},"clientId":{}}}"#, text(rid.as_str()), text(client.as_str()));
            Some(packet::event("onResourceSubscriberRemoved", &argument))
        }
        // v0 has no word for it.
        Event::Presence { .. } => None,
    }
}

/// A forfeit tells nothing: the empty list and the checksum make the client take the state anew.
fn phase_end(frame: &PhaseEndFrame, checksum: Option<&ChecksumV0>, time: TimeMs) -> String {
    let actions: Vec<&str> = match frame {
        PhaseEndFrame::Reveal { secrets, .. } => {
            secrets.iter().map(|one| Action::json(&one.private)).collect()
        }
        PhaseEndFrame::Forfeit { .. } => Vec::new(),
    };
    reconciliation(&actions.join(","), checksum, time)
}

fn reconciliation(actions: &str, checksum: Option<&ChecksumV0>, time: TimeMs) -> String {
    format!(r#""actions":[{actions}],"finalChecksum":{},{}"#, quoted(checksum), context(time))
}

/// A resource's shape.
pub(crate) fn resource(rid: &Rid, shown: &ViewState, subscribers: &[Subscriber]) -> String {
    format!(
        r#"{{"rid":{},"state":{},"subscribers":{}}}"#,
        text(rid.as_str()),
        state(shown),
        self::subscribers(subscribers),
    )
}

/// A state with its checksum. `undefined` is `null` in an array, as JSON.stringify has it.
pub(crate) fn state(shown: &ViewState) -> String {
    let json = shown.json.as_deref().unwrap_or("null");
    format!("[{json},{}]", quoted(Some(&shown.checksum)))
}

fn subscribers(subscribers: &[Subscriber]) -> String {
    let mut out = String::from("{");
    for one in subscribers {
        if out.len() > 1 {
            out.push(',');
        }
        write!(out, "{}:{}", text(one.id.as_str()), subscriber(one)).expect("a String takes all");
    }
    out.push('}');
    out
}

fn subscriber(client: &Subscriber) -> String {
    format!(r#"{{"id":{},"info":{}}}"#, text(client.id.as_str()), client.info)
}

fn named(rid: &Rid, form: RidForm) -> String {
    match form {
        RidForm::Text => text(rid.as_str()),
        RidForm::Object => {
            format!(r#"{{"resourceType":{},"resourceId":{}}}"#, text(rid.resource_type()), text(rid.id()))
        }
    }
}

fn context(time: TimeMs) -> String {
    format!(r#""masterContext":{{"requestAt":{}}}"#, time.0)
}

/// A checksum that could not be taken matches none, so that the client takes the state anew.
fn quoted(checksum: Option<&ChecksumV0>) -> String {
    format!(r#""{}""#, checksum.map_or("", ChecksumV0::as_str))
}

#[cfg(test)]
mod tests;
