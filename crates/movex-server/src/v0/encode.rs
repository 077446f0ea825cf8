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
        Answer::PhaseEnded {
            time,
            frame,
            checksum,
        } => {
            let ended = phase_end(frame, checksum.as_ref(), *time);
            ok(Some(&format!(r#"{{"type":"reconciliation",{ended}}}"#)))
        }
        // M28: the npm client ignores error answers, so it is given the checksum of what is, and takes the state anew.
        Answer::Rejected { checksum, time, .. } => ok(Some(&plain_ack(checksum.as_ref(), *time))),
        Answer::Resource {
            rid,
            state: shown,
            subscribers,
        } => ok(Some(&match asked {
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
    format!(
        r#"{{"type":"ack","nextChecksum":{},{}}}"#,
        quoted(checksum),
        context(time)
    )
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
        Event::PhaseEnd {
            rid,
            form,
            time,
            frame,
            checksum,
            ..
        } => {
            let ended = phase_end(frame, checksum.as_ref(), *time);
            let argument = format!(r#"{{"rid":{},{ended}}}"#, named(rid, *form));
            Some(packet::event("onReconciliateActions", &argument))
        }
        Event::Refresh {
            rid, time, checksum, ..
        } => {
            let ended = reconciliation("", checksum.as_ref(), *time);
            let argument = format!(r#"{{"rid":{},{ended}}}"#, named(rid, RidForm::Text));
            Some(packet::event("onReconciliateActions", &argument))
        }
        Event::SubscriberAdded {
            rid,
            form,
            subscriber: added,
            time,
        } => {
            let argument = format!(
                r#"{{"rid":{},"client":{},{}}}"#,
                named(rid, *form),
                subscriber(added),
                context(*time),
            );
            Some(packet::event("onResourceSubscriberAdded", &argument))
        }
        Event::SubscriberRemoved { rid, client } => {
            let argument = format!(
                r#"{{"rid":{},"clientId":{}}}"#,
                text(rid.as_str()),
                text(client.as_str())
            );
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
    format!(
        r#""actions":[{actions}],"finalChecksum":{},{}"#,
        quoted(checksum),
        context(time)
    )
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
        RidForm::Object => format!(
            r#"{{"resourceType":{},"resourceId":{}}}"#,
            text(rid.resource_type()),
            text(rid.id())
        ),
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
mod tests {
    use std::sync::Arc;

    use movex_core::context::Entropy;
    use movex_core::effect::{RefreshCause, Revealed};
    use movex_core::ids::{ClientId, Epoch, Seq};
    use movex_core::item::ForfeitCause;
    use movex_core::master::Refresh;

    use super::*;

    const C: &str = "5d872de403edb944a7b10450eda2f46a";

    fn rid() -> Rid {
        Rid::parse("counter:x").unwrap()
    }

    fn checksum() -> Option<ChecksumV0> {
        Some(ChecksumV0(C.into()))
    }

    fn frame(secret: bool, ends_phase: bool) -> EntryFrame {
        EntryFrame {
            seq: Seq(1),
            author: ClientId::new("alice"),
            time: TimeMs(7),
            entropy: Entropy(1),
            action: Action::from_json(r#"{"type":"add","payload":1}"#).unwrap(),
            secret,
            checksum: checksum(),
            checksum_v1: None,
            without_effect: false,
            ends_phase,
        }
    }

    fn shown(json: Option<&str>) -> ViewState {
        ViewState {
            epoch: Epoch(1),
            seq: Seq(1),
            json: json.map(Arc::from),
            checksum: ChecksumV0(json.map_or("", |_| C).into()),
            time: TimeMs(7),
        }
    }

    fn alice() -> Subscriber {
        Subscriber {
            id: ClientId::new("ali\"ce"),
            info: r#"{"name":"Alice"}"#.into(),
            presence: None,
        }
    }

    const DISPATCH: Asked = Asked::Dispatch { is_master: false };

    #[test]
    fn acks_of_dispatches() {
        let answer = Answer::Acknowledged {
            frame: frame(false, false),
            own: None,
        };
        assert_eq!(
            ack(&DISPATCH, &answer),
            format!(
                r#"{{"ok":true,"err":false,"val":{{"type":"ack","nextChecksum":"{C}","masterContext":{{"requestAt":7}}}}}}"#
            )
        );
        assert_eq!(
            ack(&Asked::Dispatch { is_master: true }, &answer),
            format!(
                r#"{{"ok":true,"err":false,"val":{{"type":"masterActionAck","nextCheckedAction":{{"checksum":"{C}","action":{{"type":"add","payload":1}}}},"masterContext":{{"requestAt":7}}}}}}"#
            )
        );
    }

    #[test]
    fn m28_a_rejection_is_an_ok_ack_of_what_is_and_an_event() {
        let error = Error::new(Code::Rejected, "not your turn");
        let answer = Answer::Rejected {
            rid: rid(),
            form: RidForm::Object,
            error: error.clone(),
            checksum: checksum(),
            time: TimeMs(7),
        };
        assert_eq!(
            ack(&Asked::Dispatch { is_master: true }, &answer),
            format!(
                r#"{{"ok":true,"err":false,"val":{{"type":"ack","nextChecksum":"{C}","masterContext":{{"requestAt":7}}}}}}"#
            )
        );
        assert_eq!(
            rejected(&rid(), RidForm::Object, &error),
            r#"2["movexRejected",{"rid":{"resourceType":"counter","resourceId":"x"},"code":"rejected","reason":"not your turn"}]"#
        );
    }

    #[test]
    fn the_end_of_a_phase() {
        let revealed = |payload: &str| Revealed {
            seq: Seq(1),
            author: ClientId::new("bob"),
            private: Action::from_json(payload).unwrap(),
            entropy: Entropy(1),
        };
        let (one, two) = (
            r#"{"type":"submit","payload":1}"#,
            r#"{"type":"submit","payload":2}"#,
        );
        let reveal = PhaseEndFrame::Reveal {
            secrets: vec![revealed(one), revealed(two)],
            without_effect: Vec::new(),
        };
        let told = |frame| {
            event(&Event::PhaseEnd {
                rid: rid(),
                form: RidForm::Text,
                seq: Seq(3),
                time: TimeMs(7),
                frame,
                checksum: checksum(),
                checksum_v1: None,
            })
        };
        let tail = format!(r#""finalChecksum":"{C}","masterContext":{{"requestAt":7}}}}"#);
        assert_eq!(
            told(reveal.clone()).unwrap(),
            format!(r#"2["onReconciliateActions",{{"rid":"counter:x","actions":[{one},{two}],{tail}]"#)
        );
        let forfeit = PhaseEndFrame::Forfeit {
            cause: ForfeitCause::Idle,
            without_effect: Vec::new(),
        };
        assert_eq!(
            told(forfeit).unwrap(),
            format!(r#"2["onReconciliateActions",{{"rid":"counter:x","actions":[],{tail}]"#)
        );
        let answer = Answer::PhaseEnded {
            time: TimeMs(7),
            frame: reveal,
            checksum: checksum(),
        };
        assert_eq!(
            ack(&DISPATCH, &answer),
            format!(
                r#"{{"ok":true,"err":false,"val":{{"type":"reconciliation","actions":[{one},{two}],{tail}}}"#
            )
        );
    }

    #[test]
    fn forwards_but_not_of_a_secret_that_ends_its_phase() {
        let told = |frame, form| {
            event(&Event::Entry {
                rid: rid(),
                form,
                frame,
                own: None,
            })
        };
        let tail = format!(
            r#""action":{{"type":"add","payload":1}},"checksum":"{C}","masterContext":{{"requestAt":7}}}}]"#
        );
        for (secret, ends_phase) in [(false, false), (true, false), (false, true)] {
            assert_eq!(
                told(frame(secret, ends_phase), RidForm::Text).unwrap(),
                format!(r#"2["onFwdAction",{{"rid":"counter:x",{tail}"#)
            );
        }
        assert_eq!(
            told(frame(false, false), RidForm::Object).unwrap(),
            format!(r#"2["onFwdAction",{{"rid":{{"resourceType":"counter","resourceId":"x"}},{tail}"#)
        );
        assert_eq!(told(frame(true, true), RidForm::Text), None);
    }

    #[test]
    fn a_refresh_is_an_empty_reconciliation() {
        let refresh = Event::Refresh {
            rid: rid(),
            time: TimeMs(7),
            checksum: None,
            why: Refresh::Resource(RefreshCause::NewEpoch),
        };
        assert_eq!(
            event(&refresh).unwrap(),
            r#"2["onReconciliateActions",{"rid":"counter:x","actions":[],"finalChecksum":"","masterContext":{"requestAt":7}}]"#
        );
    }

    #[test]
    fn shapes_and_subscribers() {
        let asked = Asked::Resource { sent: "".into() };
        let answer = Answer::Resource {
            rid: rid(),
            state: shown(Some(r#"{"value":2}"#)),
            subscribers: vec![alice()],
        };
        let listed = r#"{"ali\"ce":{"id":"ali\"ce","info":{"name":"Alice"}}}"#;
        assert_eq!(
            ack(&asked, &answer),
            format!(
                r#"{{"ok":true,"err":false,"val":{{"rid":"counter:x","state":[{{"value":2}},"{C}"],"subscribers":{listed}}}}}"#
            )
        );
        assert_eq!(
            ack(&Asked::State { sent: "".into() }, &answer),
            format!(r#"{{"ok":true,"err":false,"val":[{{"value":2}},"{C}"]}}"#)
        );
        assert_eq!(
            ack(&asked, &Answer::Subscribers(vec![alice()])),
            format!(r#"{{"ok":true,"err":false,"val":{listed}}}"#)
        );
        assert_eq!(state(&shown(None)), r#"[null,""]"#);
        assert_eq!(
            ready(&alice()),
            r#"2["onReady",{"id":"ali\"ce","info":{"name":"Alice"}}]"#
        );
    }

    #[test]
    fn comings_and_goings() {
        let added = Event::SubscriberAdded {
            rid: rid(),
            form: RidForm::Text,
            subscriber: alice(),
            time: TimeMs(7),
        };
        assert_eq!(
            event(&added).unwrap(),
            r#"2["onResourceSubscriberAdded",{"rid":"counter:x","client":{"id":"ali\"ce","info":{"name":"Alice"}},"masterContext":{"requestAt":7}}]"#
        );
        let removed = Event::SubscriberRemoved {
            rid: rid(),
            client: ClientId::new("ali\"ce"),
        };
        assert_eq!(
            event(&removed).unwrap(),
            r#"2["onResourceSubscriberRemoved",{"rid":"counter:x","clientId":"ali\"ce"}]"#
        );
    }

    #[test]
    fn errors_have_the_values_of_npm_where_it_has_one() {
        let failed = |asked: &Asked, code| ack(asked, &Answer::Failed(Error::new(code, "a sentence")));
        let sent = || r#"{"resourceType":"counter","resourceId":"x"}"#.into();
        let no_type = r#"{"ok":false,"err":true,"val":"MasterResourceInexistent"}"#;
        let unknown = r#"{"ok":false,"err":true,"val":"UnknownError"}"#;
        for asked in [
            Asked::Create,
            Asked::Subscribe,
            Asked::State { sent: sent() },
            DISPATCH,
        ] {
            assert_eq!(failed(&asked, Code::UnknownResourceType), no_type);
            assert_eq!(
                failed(&asked, Code::Overloaded),
                r#"{"ok":false,"err":true,"val":{"code":"overloaded","message":"a sentence"}}"#
            );
        }
        for asked in [Asked::Subscribe, DISPATCH] {
            assert_eq!(failed(&asked, Code::UnknownResource), unknown);
        }
        let not_found = r#"{"ok":false,"err":true,"val":{"type":"MovexStoreError","reason":"ResourceInexistent","content":{"rid":{"resourceType":"counter","resourceId":"x"}}}}"#;
        for asked in [
            Asked::Resource { sent: sent() },
            Asked::State { sent: sent() },
            Asked::Subscribers { sent: sent() },
        ] {
            assert_eq!(failed(&asked, Code::UnknownResource), not_found);
        }
    }
}
