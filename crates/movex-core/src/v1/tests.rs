//! Each frame as it stands on the wire, there and back.

use super::*;
use crate::action::Action;
use crate::context::Entropy;
use crate::effect::{EntryFrame, OwnHalf, PhaseEndFrame, Revealed, ViewBase};
use crate::error::Code;
use crate::ids::AppVersion;
use crate::item::ForfeitCause;

fn rid() -> Rid {
    Rid::parse("chat:room:7").unwrap()
}

fn action(json: &str) -> Action {
    Action::from_json(json).unwrap()
}

fn client(frame: ClientFrame, json: &str) {
    assert_eq!(frame.to_json(), json);
    assert_eq!(ClientFrame::from_json(json), Ok(frame));
}

fn server(frame: ServerFrame, json: &str) {
    assert_eq!(frame.to_json(), json);
    assert_eq!(ServerFrame::from_json(json), Ok(frame));
}

fn entry(seq: u64, secret: bool) -> EntryFrame {
    EntryFrame {
        seq: Seq(seq),
        author: ClientId::new("~ann"),
        time: TimeMs(1_700_000_000_000),
        entropy: Entropy(0xfedc_ba98_7654_3210),
        action: action(r#"{ "type":"say", "payload":"hi" }"#),
        secret,
        checksum: None,
        checksum_v1: None,
        without_effect: false,
        ends_phase: false,
    }
}

const ENTRY: &str = r#""author":"~ann","time":1700000000000,"entropy":"fedcba9876543210","action":{ "type":"say", "payload":"hi" }"#;

#[test]
fn p_what_a_client_says() {
    client(
        ClientFrame::Hello {
            versions: (1, 1),
            session: SessionId::new("s1"),
            session_proof: Some("500.abc".into()),
            token: Some("tok".into()),
            info: Some(r#"{"name":"Ann"}"#.into()),
        },
        r#"{"hello":{"versions":[1,1],"session":"s1","sessionProof":"500.abc","token":"tok","info":{"name":"Ann"}}}"#,
    );
    client(
        ClientFrame::Create { request: 3, rid: rid(), state: Some(r#"{"lines":[]}"#.into()) },
        r#"{"create":{"request":3,"rid":"chat:room:7","state":{"lines":[]}}}"#,
    );
    client(
        ClientFrame::Subscribe { rid: rid(), from: Some((Epoch(9), Seq(4))), floor: ClientSeq(2) },
        r#"{"subscribe":{"rid":"chat:room:7","epoch":9,"seq":4,"floor":2}}"#,
    );
    client(
        ClientFrame::Subscribe { rid: rid(), from: None, floor: ClientSeq(1) },
        r#"{"subscribe":{"rid":"chat:room:7","floor":1}}"#,
    );
    client(ClientFrame::Unsubscribe { rid: rid() }, r#"{"unsubscribe":{"rid":"chat:room:7"}}"#);
    client(
        ClientFrame::Dispatch {
            rid: rid(),
            epoch: Epoch(9),
            number: ClientSeq(2),
            floor: ClientSeq(1),
            seen_reveal: Some(Seq(0)),
            body: Body::Private {
                private: action(r#"{"type":"play","payload":"rock"}"#),
                public: action(r#"{"type":"played"}"#),
            },
        },
        r#"{"dispatch":{"rid":"chat:room:7","epoch":9,"number":2,"floor":1,"seenReveal":0,"action":{"type":"played"},"private":{"type":"play","payload":"rock"}}}"#,
    );
    client(
        ClientFrame::Show { rid: rid(), value: Some(r#"{"x":1}"#.into()) },
        r#"{"show":{"rid":"chat:room:7","value":{"x":1}}}"#,
    );
    client(ClientFrame::Ping { stamp: 5 }, r#"{"ping":{"stamp":5}}"#);
}

#[test]
fn p_what_a_server_says() {
    server(
        ServerFrame::Welcome {
            version: 1,
            client: ClientId::new("~ann"),
            token: "tok".into(),
            session_proof: "500.abc".into(),
            time: TimeMs(600),
            message_bytes_max: 1_000_000,
        },
        r#"{"welcome":{"version":1,"client":"~ann","token":"tok","sessionProof":"500.abc","time":600,"messageBytesMax":1000000}}"#,
    );
    server(
        ServerFrame::Created { request: 3, rid: rid() },
        r#"{"created":{"request":3,"rid":"chat:room:7"}}"#,
    );
    server(
        ServerFrame::Item { rid: rid(), item: ItemFrame::Entry { frame: entry(5, false), own: None } },
        &format!(r#"{{"entry":{{"rid":"chat:room:7","seq":5,{ENTRY}}}}}"#),
    );
    let frame = EntryFrame {
        checksum_v1: Some(ChecksumV1(0x0123_4567_89ab_cdef)),
        without_effect: true,
        ends_phase: true,
        ..entry(5, true)
    };
    let private = Some((action(r#"{"type":"play"}"#), Entropy(1)));
    let own = Some(OwnHalf { session: SessionId::new("s1"), client_seq: ClientSeq(2), private });
    server(
        ServerFrame::Item { rid: rid(), item: ItemFrame::Entry { frame, own } },
        &format!(
            r#"{{"entry":{{"rid":"chat:room:7","seq":5,{ENTRY},"secret":true,"withoutEffect":true,"endsPhase":true,"checksum":"0123456789abcdef","own":{{"session":"s1","number":2,"action":{{"type":"play"}},"entropy":"0000000000000001"}}}}}}"#
        ),
    );
    let secrets = vec![Revealed {
        seq: Seq(5),
        author: ClientId::new("~ann"),
        private: action(r#"{"type":"play"}"#),
        entropy: Entropy(1),
    }];
    let frame = PhaseEndFrame::Reveal { secrets, without_effect: vec![Seq(5)] };
    let (seq, time, checksum_v1) = (Seq(6), TimeMs(700), Some(ChecksumV1(1)));
    server(
        ServerFrame::Item { rid: rid(), item: ItemFrame::PhaseEnd { seq, time, frame, checksum_v1 } },
        r#"{"reveal":{"rid":"chat:room:7","seq":6,"time":700,"secrets":[{"seq":5,"author":"~ann","action":{"type":"play"},"entropy":"0000000000000001"}],"withoutEffect":[5],"checksum":"0000000000000001"}}"#,
    );
    let frame = PhaseEndFrame::Forfeit { cause: ForfeitCause::Idle, without_effect: Vec::new() };
    server(
        ServerFrame::Item { rid: rid(), item: ItemFrame::PhaseEnd { seq, time, frame, checksum_v1: None } },
        r#"{"forfeit":{"rid":"chat:room:7","seq":6,"time":700,"cause":"idle"}}"#,
    );
    server(
        ServerFrame::Outcome { rid: rid(), number: ClientSeq(2), outcome: Outcome::Acknowledged(Seq(5)) },
        r#"{"outcome":{"rid":"chat:room:7","number":2,"acknowledged":5}}"#,
    );
    let error = Error::new(Code::Rejected, "not your turn");
    server(
        ServerFrame::Outcome { rid: rid(), number: ClientSeq(2), outcome: Outcome::Rejected(error.clone()) },
        r#"{"outcome":{"rid":"chat:room:7","number":2,"rejected":{"code":"rejected","message":"not your turn"}}}"#,
    );
    for (why, json) in [
        (Undecided::EpochChanged(Epoch(9)), r#"{"undecided":{"rid":"chat:room:7","number":2,"epoch":9}}"#),
        (Undecided::Forgotten, r#"{"undecided":{"rid":"chat:room:7","number":2,"forgotten":true}}"#),
    ] {
        server(ServerFrame::Undecided { rid: rid(), number: ClientSeq(2), why }, json);
    }
    server(ServerFrame::Refresh { rid: rid() }, r#"{"refresh":{"rid":"chat:room:7"}}"#);
    let subscriber = Subscriber {
        id: ClientId::new("~ann"),
        info: r#"{"name":"Ann"}"#.into(),
        presence: Some("[1]".into()),
    };
    server(
        ServerFrame::Joined { rid: rid(), subscriber },
        r#"{"joined":{"rid":"chat:room:7","subscriber":{"id":"~ann","info":{"name":"Ann"},"shows":[1]}}}"#,
    );
    let client = ClientId::new("~ann");
    server(
        ServerFrame::Left { rid: rid(), client: client.clone() },
        r#"{"left":{"rid":"chat:room:7","client":"~ann"}}"#,
    );
    server(
        ServerFrame::Shows { rid: rid(), client, value: None },
        r#"{"shows":{"rid":"chat:room:7","client":"~ann"}}"#,
    );
    server(
        ServerFrame::Error { request: Some(3), rid: Some(rid()), error },
        r#"{"error":{"request":3,"rid":"chat:room:7","code":"rejected","message":"not your turn"}}"#,
    );
    server(ServerFrame::Pong { stamp: 5 }, r#"{"pong":{"stamp":5}}"#);
}

#[test]
fn p_a_snapshot() {
    let subscribed = Subscribed {
        epoch: Epoch(9),
        head: Seq(5),
        version: AppVersion::new("v1"),
        last_reveal: Seq(2),
        base: Some(ViewBase {
            seq: Seq(4),
            json: Some(r#"{"b":1,"a":2}"#.into()),
            checkpoint: true,
            stopped: false,
        }),
        items: vec![ItemFrame::Entry { frame: entry(5, true), own: None }],
        checksum_v1: Some(ChecksumV1(1)),
        outcomes: vec![(ClientSeq(1), Outcome::Acknowledged(Seq(3)))],
        forgotten: true,
    };
    server(
        ServerFrame::Subscribed { rid: rid(), subscribed, subscribers: Vec::new() },
        &format!(
            r#"{{"subscribed":{{"rid":"chat:room:7","epoch":9,"head":5,"version":"v1","lastReveal":2,"base":{{"seq":4,"state":{{"b":1,"a":2}},"checkpoint":true}},"items":[{{"entry":{{"seq":5,{ENTRY},"secret":true}}}}],"checksum":"0000000000000001","outcomes":[{{"number":1,"acknowledged":3}}],"forgotten":true,"subscribers":[]}}}}"#
        ),
    );
}

#[test]
fn p_what_is_not_known_is_ignored() {
    assert_eq!(ClientFrame::from_json(r#"{"dance":{}}"#), Err(Unreadable::Unknown("dance".into())));
    let pong = ServerFrame::from_json(r#"{"pong":{"stamp":5,"later":true},"more":1}"#);
    assert_eq!(pong, Ok(ServerFrame::Pong { stamp: 5 }));
    let error = ServerFrame::from_json(r#"{"error":{"code":"from_the_future","message":"wait"}}"#);
    let Ok(ServerFrame::Error { error, .. }) = error else { panic!("an error: {error:?}") };
    assert_eq!((error.code, &*error.message), (Code::Rejected, "wait"));
}

#[test]
fn p_what_is_malformed_says_so() {
    for text in [
        "",
        "{}",
        "[]",
        "5",
        r#"{"dispatch":{}}"#,
        r#"{"dispatch":{"rid":"x","epoch":1,"number":1,"action":{"type":"a"}}}"#,
        r#"{"dispatch":{"rid":"a:b","epoch":1,"number":1,"action":{"type":"a","type":"b"}}}"#,
        r#"{"dispatch":{"rid":"a:b","epoch":1,"number":1,"action":null}}"#,
        r#"{"create":{"request":1,"rid":"a:b","state":{"n":9007199254740993}}}"#,
        r#"{"ping":{"stamp":-1}}"#,
    ] {
        let read = ClientFrame::from_json(text);
        assert!(matches!(read, Err(Unreadable::Malformed(_))), "{text}: {read:?}");
    }
}
