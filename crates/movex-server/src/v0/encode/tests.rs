//! The frames of the protocol, letter by letter.

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
    Subscriber { id: ClientId::new("ali\"ce"), info: r#"{"name":"Alice"}"#.into(), presence: None }
}

const DISPATCH: Asked = Asked::Dispatch { is_master: false };

#[test]
fn acks_of_dispatches() {
    let answer = Answer::Acknowledged { frame: frame(false, false), own: None };
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
    let (one, two) = (r#"{"type":"submit","payload":1}"#, r#"{"type":"submit","payload":2}"#);
    let reveal =
        PhaseEndFrame::Reveal { secrets: vec![revealed(one), revealed(two)], without_effect: Vec::new() };
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
    let forfeit = PhaseEndFrame::Forfeit { cause: ForfeitCause::Idle, without_effect: Vec::new() };
    assert_eq!(
        told(forfeit).unwrap(),
        format!(r#"2["onReconciliateActions",{{"rid":"counter:x","actions":[],{tail}]"#)
    );
    let answer = Answer::PhaseEnded { time: TimeMs(7), frame: reveal, checksum: checksum() };
    assert_eq!(
        ack(&DISPATCH, &answer),
        format!(
            r#"{{"ok":true,"err":false,"val":{{"type":"reconciliation","actions":[{one},{two}],{tail}}}"#
        )
    );
}

#[test]
fn forwards_but_not_of_a_secret_that_ends_its_phase() {
    let told = |frame, form| event(&Event::Entry { rid: rid(), form, frame, own: None });
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
    let answer =
        Answer::Resource { rid: rid(), state: shown(Some(r#"{"value":2}"#)), subscribers: vec![alice()] };
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
    assert_eq!(ready(&alice()), r#"2["onReady",{"id":"ali\"ce","info":{"name":"Alice"}}]"#);
}

#[test]
fn comings_and_goings() {
    let added =
        Event::SubscriberAdded { rid: rid(), form: RidForm::Text, subscriber: alice(), time: TimeMs(7) };
    assert_eq!(
        event(&added).unwrap(),
        r#"2["onResourceSubscriberAdded",{"rid":"counter:x","client":{"id":"ali\"ce","info":{"name":"Alice"}},"masterContext":{"requestAt":7}}]"#
    );
    let removed = Event::SubscriberRemoved { rid: rid(), client: ClientId::new("ali\"ce") };
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
    for asked in [Asked::Create, Asked::Subscribe, Asked::State { sent: sent() }, DISPATCH] {
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
    for asked in
        [Asked::Resource { sent: sent() }, Asked::State { sent: sent() }, Asked::Subscribers { sent: sent() }]
    {
        assert_eq!(failed(&asked, Code::UnknownResource), not_found);
    }
}
