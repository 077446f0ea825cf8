//! What clients send, and what is no message.

use super::*;

fn decoded(frame: &str) -> Result<Wanted, Refused> {
    wanted(&call(frame)?)
}

fn code(frame: &str) -> Code {
    match decoded(frame) {
        Err(Refused::Error(error)) => error.code,
        other => panic!("{frame} gives {other:?}"),
    }
}

fn dispatch(action: &str) -> Result<(Draft, bool), Refused> {
    let frame = format!(r#"["emitActionDispatch",{{"rid":"game:1","action":{action}}}]"#);
    let Wanted { ask, asked, .. } = decoded(&frame)?;
    match (ask, asked) {
        (Ask::Dispatch { body, .. }, Asked::Dispatch { is_master }) => Ok((body, is_master)),
        other => panic!("{action} gives {other:?}"),
    }
}

#[test]
fn a_rid_has_two_forms() {
    for (sent, form) in [
        (r#""chat:room:7""#, RidForm::Text),
        (r#"{"resourceType":"chat","resourceId":"room:7"}"#, RidForm::Object),
    ] {
        let wanted = decoded(&format!(r#"["getResource",{{"rid":{sent}}}]"#)).unwrap();
        assert_eq!((wanted.rid.as_str(), wanted.form), ("chat:room:7", form));
        assert_eq!(wanted.asked, Asked::Resource { sent: sent.into() });
    }
}

#[test]
fn malformed_rids_are_refused() {
    for rid in [
        "null",
        "7",
        r#""chat""#,
        r#""""#,
        r#""chat:""#,
        r#""\ud800:x""#,
        r#"{"resourceType":"chat"}"#,
        r#"{"resourceType":"a:b","resourceId":"x"}"#,
        r#"{"resourceType":{"a":1},"resourceId":"x"}"#,
        r#"["chat","x"]"#,
    ] {
        assert_eq!(code(&format!(r#"["getResource",{{"rid":{rid}}}]"#)), Code::BadRid, "{rid}");
    }
    assert_eq!(code(r#"["getResource",{}]"#), Code::BadRid);
    let long = format!(r#"["getResource",{{"rid":"a:{}"}}]"#, "x".repeat(RID_BYTES_MAX));
    assert_eq!(code(&long), Code::BadRid);
}

#[test]
fn events_that_are_none_are_refused() {
    for frame in [
        "",
        "[]",
        "{}",
        "[7,{}]",
        r#"["ping""#,
        r#"["getResource"]"#,
        r#"["getResource",null]"#,
        r#"["getResource",[]]"#,
        r#"["getResource",{"rid":"a:b","rid":"c:d"}]"#,
        r#"["removeResourceSubscriber",{"rid":"a:b"}]"#,
        r#"["createResource",{"resourceState":{}}]"#,
    ] {
        assert_eq!(code(frame), Code::BadMessage, "{frame}");
    }
}

#[test]
fn a_resource_is_created_with_a_state_and_an_id() {
    let created = |fields: &str| {
        let wanted = decoded(&format!(r#"["createResource",{{"resourceType":"n",{fields}}}]"#)).unwrap();
        match wanted.ask {
            Ask::Create { state } => (wanted.rid.id().to_owned(), state),
            other => panic!("{other:?}"),
        }
    };
    let (id, state) = created(r#""resourceState":{ "a": 1 },"resourceId":"my:id""#);
    assert_eq!((&*id, state.as_deref()), ("my:id", Some(r#"{ "a": 1 }"#)));
    assert_eq!(created(r#""resourceState":null,"resourceId":1e21"#), ("1e+21".into(), Some("null".into())));
    assert_eq!(created(r#""resourceId":7"#), ("7".into(), None));
    for missing in [r#""resourceId":"""#, r#""resourceId":null"#, r#""x":1"#] {
        assert!(uuid::Uuid::parse_str(&created(missing).0).is_ok(), "{missing}");
    }
    let no_type = r#"["createResource",{"resourceType":7,"resourceState":{}}]"#;
    assert_eq!(decoded(no_type).unwrap_err(), Refused::NoSuchType);
    let twice = r#"["createResource",{"resourceType":"n","resourceState":{"a":1,"a":2}}]"#;
    assert_eq!(code(twice), Code::AmbiguousJson);
}

#[test]
fn an_action_stays_the_text_that_came() {
    let text = r#"{ "payload": [1.0, "\u00e9"], "type": "a" }"#;
    match dispatch(text).unwrap() {
        (Draft::Public(ActionDraft::Ready(action)), false) => assert_eq!(action.json(), text),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_pair_loses_the_mark_of_its_private_half() {
    let pair = r#"[{"type":"submit","isPrivate":true,"payload":{"b":1,"a":2}},{"type":"submitted"}]"#;
    match dispatch(pair).unwrap() {
        (
            Draft::Private { private: ActionDraft::Ready(private), public: ActionDraft::Ready(public) },
            false,
        ) => {
            assert_eq!(private.json(), r#"{"type":"submit","payload":{"b":1,"a":2}}"#);
            assert_eq!(public.json(), r#"{"type":"submitted"}"#);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_master_action_waits_for_the_time() {
    use movex_core::context::TimeMs;
    let (draft, is_master) =
        dispatch(r#"{"type":"t","_isMaster":true,"payload":{"at":"$rqstAt$"}}"#).unwrap();
    assert!(is_master);
    assert_eq!(draft.stamp(TimeMs(7)).public().json(), r#"{"type":"t","payload":{"at":7}}"#);
    // A text that only looks like the mark is data.
    let (draft, is_master) = dispatch(r#"{"type":"t","payload":"_isMaster $rqstAt$"}"#).unwrap();
    assert!(!is_master);
    assert!(draft.stamp(TimeMs(7)).public().json().contains("$rqstAt$"));
}

#[test]
fn malformed_actions_are_refused() {
    for action in ["null", "[]", "[null,null]", r#"[{"type":"a"}]"#, "7", "{}", r#"{"type":null}"#] {
        match dispatch(action).unwrap_err() {
            Refused::Error(error) => assert_eq!(error.code, Code::BadAction, "{action}"),
            Refused::NoSuchType => panic!("{action}"),
        }
    }
    let deep = format!("{{\"type\":\"a\",\"payload\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(dispatch(&deep).is_err());
    assert_eq!(code(r#"["emitActionDispatch",{"rid":"a:b"}]"#), Code::BadAction);
}
