//! Golden vectors of the protocol, in `protocol/vectors/`: other implementations replay them.
//!
//! `UPDATE_VECTORS=1 cargo test -p movex-core --test vectors` writes them anew; a change is a change of the protocol.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping")]

use std::fs;
use std::path::PathBuf;

use movex_core::checksum::{checksum_v0, checksum_v1};
use movex_core::v1::{ClientFrame, ServerFrame};
use serde_json::{Value, json};

fn compare(name: &str, generated: &Value) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../protocol/vectors").join(name);
    let text = format!("{}\n", serde_json::to_string_pretty(generated).unwrap());
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    assert!(
        kept == text,
        "{name} is not what the code gives: run with UPDATE_VECTORS=1 and look at the difference"
    );
}

/// States whose text is told apart by what languages do differently.
const STATES: [&str; 30] = [
    "null",
    "true",
    "false",
    "0",
    "-0.0",
    "1",
    "-1.5",
    "5",
    "0.1",
    "1e21",
    "1e-7",
    "123456789012345680000",
    "9007199254740992",
    "5e-324",
    "1.7976931348623157e308",
    r#""""#,
    r#""abc""#,
    r#""é😀\u2028\u0000\n\"\\""#,
    "[]",
    "{}",
    r#"{"value":2}"#,
    r#"{"value":0}"#,
    r#"{"value":13.5}"#,
    r#"{"v":1e21}"#,
    r#"{"b":1,"10":1,"9":1,"a":1,"01":2}"#,
    r#"[{"b":1,"a":2},{"a":2,"b":1}]"#,
    r#"{"list":[1,[2,"3"],{"a":null}],"deep":{"er":{"est":[[[]]]}}}"#,
    r#"{"\ufffd":1,"😀":2,"z":3}"#,
    r#"{"4294967294":1,"4294967295":2,"-1":3,"1.5":4}"#,
    r#"{"players":{"ann":{"score":3,"hand":null},"bob":{"score":0,"hand":"rock"}},"turn":"ann"}"#,
];

#[test]
fn p_19_checksums() {
    let vectors = STATES.map(|text| {
        let state: Value = serde_json::from_str(text).unwrap();
        let (v0, v1) = (checksum_v0(Some(&state)), checksum_v1(Some(&state)));
        json!({ "json": text, "v0": v0.as_str(), "v1": v1.to_string() })
    });
    let undefined = json!({ "v0": checksum_v0(None).as_str(), "v1": checksum_v1(None).to_string() });
    compare("checksums.json", &json!({ "undefined": undefined, "states": vectors }));
}

/// One of each frame, and of each of its forms.
const FROM_CLIENTS: [&str; 10] = [
    r#"{"hello":{"versions":[1,1],"session":"s1"}}"#,
    r#"{"hello":{"versions":[1,2],"session":"s1","sessionProof":"500.ab","token":"~ann.cd","info":{"name":"Ann"}}}"#,
    r#"{"create":{"request":3,"rid":"chat:room:7","state":{"b":1,"a":[1.50,"ü"]}}}"#,
    r#"{"subscribe":{"rid":"chat:room:7","floor":1}}"#,
    r#"{"subscribe":{"rid":"chat:room:7","epoch":9,"seq":4,"floor":2}}"#,
    r#"{"unsubscribe":{"rid":"chat:room:7"}}"#,
    r#"{"dispatch":{"rid":"chat:room:7","epoch":9,"number":2,"floor":1,"action":{ "type" : "say", "payload": 1.0 }}}"#,
    r#"{"dispatch":{"rid":"chat:room:7","epoch":9,"number":2,"floor":1,"seenReveal":0,"action":{"type":"played"},"private":{"type":"play","payload":"rock"}}}"#,
    r#"{"show":{"rid":"chat:room:7","value":{"x":1}}}"#,
    r#"{"ping":{"stamp":5}}"#,
];

const FROM_SERVERS: [&str; 16] = [
    r#"{"welcome":{"version":1,"client":"~ann","token":"~ann.cd","sessionProof":"500.ab","time":600,"messageBytesMax":1000000}}"#,
    r#"{"created":{"request":3,"rid":"chat:room:7"}}"#,
    r#"{"subscribed":{"rid":"chat:room:7","epoch":9,"head":5,"version":"v1","lastReveal":2,"base":{"seq":5,"state":{"b":1,"a":2}},"items":[],"checksum":"0000000000000001","outcomes":[{"number":1,"acknowledged":3},{"number":2,"rejected":{"code":"rejected","message":"no"}}],"subscribers":[{"id":"~ann","info":{}}]}}"#,
    r#"{"subscribed":{"rid":"chat:room:7","epoch":9,"head":5,"version":"v1","lastReveal":2,"base":{"seq":4,"checkpoint":true,"stopped":true},"items":[{"entry":{"seq":5,"author":"~ann","time":600,"entropy":"fedcba9876543210","action":{"type":"say"},"secret":true}}],"outcomes":[],"forgotten":true,"subscribers":[]}}"#,
    r#"{"entry":{"rid":"chat:room:7","seq":5,"author":"~ann","time":600,"entropy":"fedcba9876543210","action":{ "type":"say" }}}"#,
    r#"{"entry":{"rid":"chat:room:7","seq":5,"author":"~ann","time":600,"entropy":"fedcba9876543210","action":{"type":"played"},"secret":true,"withoutEffect":true,"endsPhase":true,"checksum":"0123456789abcdef","own":{"session":"s1","number":2,"action":{"type":"play"},"entropy":"0000000000000001"}}}"#,
    r#"{"reveal":{"rid":"chat:room:7","seq":6,"time":700,"secrets":[{"seq":5,"author":"~ann","action":{"type":"play"},"entropy":"0000000000000001"}],"withoutEffect":[5],"checksum":"0000000000000001"}}"#,
    r#"{"forfeit":{"rid":"chat:room:7","seq":6,"time":700,"cause":"idle"}}"#,
    r#"{"outcome":{"rid":"chat:room:7","number":2,"acknowledged":5}}"#,
    r#"{"outcome":{"rid":"chat:room:7","number":2,"rejected":{"code":"stale_phase","message":"look again"}}}"#,
    r#"{"undecided":{"rid":"chat:room:7","number":2,"epoch":10}}"#,
    r#"{"undecided":{"rid":"chat:room:7","number":2,"forgotten":true}}"#,
    r#"{"refresh":{"rid":"chat:room:7"}}"#,
    r#"{"joined":{"rid":"chat:room:7","subscriber":{"id":"~ann","info":{"name":"Ann"},"shows":[1]}}}"#,
    r#"{"shows":{"rid":"chat:room:7","client":"~ann"}}"#,
    r#"{"error":{"request":3,"rid":"chat:room:7","code":"unknown_resource","message":"create it first"}}"#,
];

#[test]
fn p_2_p_3_frames_are_read_and_written_as_they_stand() {
    for text in FROM_CLIENTS {
        assert_eq!(ClientFrame::from_json(text).unwrap().to_json(), text);
    }
    for text in FROM_SERVERS {
        assert_eq!(ServerFrame::from_json(text).unwrap().to_json(), text);
    }
    compare("frames.json", &json!({ "fromClients": FROM_CLIENTS, "fromServers": FROM_SERVERS }));
}
