//! The v0 edge over real connections: order, takeover, limits, garbage, reload and the end.

mod support;

use std::time::Duration;

use movex_core::master::Takeover;
use movex_server::{LoadError, Server, Settings, StartError};
use serde_json::{Value, json};
use support::{Client, PATIENCE, lists, negative_lists, serve};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

#[tokio::test(flavor = "multi_thread")]
async fn g1_pipelined_dispatches_keep_their_order() {
    const COUNT: i64 = 2000;
    let server = serve(|_| ()).await;
    let mut peer = Client::connect(&server, "peer").await;
    peer.create("x").await;
    peer.subscribe("list:x").await;
    let mut sender = Client::connect(&server, "sender").await;
    let mut acks = Vec::new();
    for value in 0..COUNT {
        let argument = json!({ "rid": "list:x", "action": { "type": "push", "payload": value } });
        acks.push(sender.event("emitActionDispatch", &argument).await);
    }
    for ack in acks {
        let next = sender.receive().await.expect("every dispatch is answered");
        assert!(next.starts_with(&ack), "{next} instead of {ack}");
    }
    for value in 0..COUNT {
        let forwarded = peer.next("onFwdAction").await;
        assert_eq!(forwarded["action"]["payload"], value);
    }
    let expected: Vec<i64> = (0..COUNT).collect();
    assert_eq!(peer.state("list:x").await, json!(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn m24_all_subscribers_get_one_order() {
    let server = serve(|_| ()).await;
    let mut first = Client::connect(&server, "first").await;
    let mut second = Client::connect(&server, "second").await;
    let mut watcher = Client::connect(&server, "watcher").await;
    first.create("x").await;
    for client in [&mut first, &mut second, &mut watcher] {
        client.subscribe("list:x").await;
    }
    let push = |value: i64| json!({ "rid": "list:x", "action": { "type": "push", "payload": value } });
    for value in 0..200 {
        first.event("emitActionDispatch", &push(value)).await;
        second.event("emitActionDispatch", &push(-value)).await;
    }
    let mut seen = Vec::new();
    for _ in 0..400 {
        seen.push(watcher.next("onFwdAction").await["action"]["payload"].clone());
    }
    assert_eq!(watcher.state("list:x").await, Value::from(seen));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_connection_takes_over_or_is_refused() {
    let server = serve(|_| ()).await;
    let mut older = Client::connect(&server, "alice").await;
    let mut newer = Client::connect(&server, "alice").await;
    older.until("41").await;
    assert_eq!(newer.ask("ping", &Value::Null).await["ok"], true);

    let server = serve(|settings| settings.master.takeover = Takeover::Deny).await;
    let mut older = Client::connect(&server, "alice").await;
    let mut newer = Client::dial(&server, "&clientId=alice").await;
    newer.send_raw("40").await;
    let told = newer.until("44{").await;
    assert!(told.contains("rejected"), "{told}");
    // Who does not close by itself is closed.
    newer.until_closed().await;
    assert_eq!(older.ask("ping", &Value::Null).await["ok"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn g9_a_reader_too_slow_is_cut_off_and_nobody_waits_for_it() {
    let server = serve(|settings| {
        settings.unread_bytes_max = 2 << 20;
        settings.master.retention_ms = 0;
    })
    .await;
    let mut sender = Client::connect(&server, "sender").await;
    sender.create("x").await;
    sender.subscribe("list:x").await;
    // It subscribes, and never reads again.
    let mut deaf = Client::connect(&server, "deaf").await;
    deaf.subscribe("list:x").await;
    let text = "x".repeat(100_000);
    let mut sent = 0;
    let removed = loop {
        let action = json!({ "type": "say", "payload": text });
        assert_eq!(sender.dispatch("list:x", action).await["ok"], true);
        sent += 1;
        let subscribers = sender.ask("getResourceSubscribers", &json!({ "rid": "list:x" })).await;
        if subscribers["val"].get("deaf").is_none() {
            break sender.next("onResourceSubscriberRemoved").await;
        }
        assert!(sent < 2000, "it was never cut off");
    };
    assert_eq!(removed["clientId"], "deaf");
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_ends_at_most_its_own_connection() {
    let server = serve(|_| ()).await;
    let mut steady = Client::connect(&server, "steady").await;
    let binary = Message::Binary(vec![0xff, 0xfe].into());
    let not_utf8 = Frame::message(vec![b'4', b'2', 0xff], OpCode::Data(Data::Text), true);
    for message in [
        binary,
        Message::Frame(not_utf8),
        Message::text("4"),
        Message::text("z"),
        Message::text("451-[\"a\"]"),
    ] {
        let mut client = Client::connect(&server, "odd").await;
        client.send_message(message).await;
        client.until_closed().await;
    }
    // Malformed but answerable: the connection lives.
    for (frame, answer) in [
        (r#"4290["ping""#, "4390[{\"ok\":false"),
        ("4291[]", "4391[{\"ok\":false"),
        (r#"4292["getResource",{"rid":"\ud800:x"}]"#, "4392[{\"ok\":false"),
        (r#"4293["constructor",{}]"#, "4393[{\"ok\":false"),
    ] {
        steady.send_raw(frame).await;
        steady.until(answer).await;
    }
    assert_eq!(steady.ask("ping", &Value::Null).await["ok"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn g8_a_reducer_that_refuses_or_panics_costs_its_call() {
    let server = serve(|_| ()).await;
    let mut client = Client::connect(&server, "a").await;
    client.create("x").await;
    for (kind, code) in [("refuse", "rejected"), ("panic", "reducer_failed")] {
        let answer = client.dispatch("list:x", json!({ "type": kind })).await;
        assert_eq!((&answer["ok"], &answer["val"]["type"]), (&json!(true), &json!("ack")));
        assert_eq!(client.next("movexRejected").await["code"], code);
    }
    client.dispatch("list:x", json!({ "type": "push", "payload": 1 })).await;
    assert_eq!(client.state("list:x").await, json!([1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn g9_connections_beyond_the_limit_are_told_so() {
    let server = serve(|settings| settings.master.connections_max = 1).await;
    let _held = Client::connect(&server, "a").await;
    let mut beyond = Client::dial(&server, "&clientId=b").await;
    beyond.send_raw("40").await;
    let told = beyond.until("44{").await;
    assert!(told.contains("overloaded"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g9_a_full_store_refuses_and_the_state_stays_what_is_kept() {
    let server = serve(|settings| settings.log_bytes_max = 3_000).await;
    let mut client = Client::connect(&server, "a").await;
    client.create("x").await;
    client.subscribe("list:x").await;
    let mut kept = Vec::new();
    let refused = loop {
        let value = kept.len();
        let answer = client.dispatch("list:x", json!({ "type": "push", "payload": value })).await;
        if answer["ok"] == false {
            break answer;
        }
        kept.push(value);
        assert!(kept.len() < 100, "it never was full");
    };
    assert_eq!(refused["val"]["code"], "store_unavailable");
    assert_eq!(client.state("list:x").await, json!(kept));
    assert_eq!(client.ask("ping", &Value::Null).await["ok"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn m26_a_deadline_is_ticked_for_all() {
    let server = serve(|_| ()).await;
    let mut client = Client::connect(&server, "a").await;
    let create =
        json!({ "resourceType": "timer", "resourceId": "x", "resourceState": { "at": null, "ticks": 0 } });
    assert_eq!(client.ask("createResource", &create).await["ok"], true);
    client.subscribe("timer:x").await;
    client.dispatch("timer:x", json!({ "type": "start", "payload": 30 })).await;
    let ticked = client.next("onFwdAction").await;
    assert_eq!(ticked["action"], json!({ "type": "tick" }));
    assert_eq!(client.state("timer:x").await["ticks"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m27_other_code_folds_each_resource_again_and_connections_stay() {
    let server = serve(|_| ()).await;
    let mut client = Client::connect(&server, "a").await;
    client.create("x").await;
    client.subscribe("list:x").await;
    for value in [1, 2] {
        client.dispatch("list:x", json!({ "type": "push", "payload": value })).await;
    }
    let broken = |_| Err(LoadError("it does not load".into()));
    let refused = server.reload(std::sync::Arc::new(broken)).await;
    assert_eq!(refused, Err(LoadError("it does not load".into())));
    assert_eq!(client.state("list:x").await, json!([1, 2]));

    assert_eq!(server.reload(negative_lists()).await, Ok(Vec::new()));
    assert_eq!(client.next("onReconciliateActions").await["actions"], json!([]));
    assert_eq!(client.state("list:x").await, json!([-1, -2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_answers_what_is_under_way() {
    let server = serve(|_| ()).await;
    let mut client = Client::connect(&server, "a").await;
    client.create("x").await;
    let mut acks = Vec::new();
    for value in 0..100 {
        let argument = json!({ "rid": "list:x", "action": { "type": "push", "payload": value } });
        acks.push(client.event("emitActionDispatch", &argument).await);
    }
    // The read loop has come to the ping, so it has handed over all before.
    client.ask("ping", &Value::Null).await;
    server.end(PATIENCE).await;
    let told = client.until_closed().await;
    for ack in &acks {
        assert!(told.iter().any(|text| text.starts_with(ack)), "no answer {ack}");
    }
    // Not sent away, so that it comes back to the next process.
    assert_eq!(told.last().map(String::as_str), Some("1"), "the transport is closed");
    assert!(!told.iter().any(|text| text == "41"));
    assert!(tokio::net::TcpStream::connect(server.address()).await.is_err(), "it listens no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_a_sentence() {
    let server = serve(|_| ()).await;
    let settings = Settings { port: server.address().port(), ..Settings::default() };
    let Err(error) = Server::start(lists(), settings).await else { panic!("the port is taken") };
    assert!(matches!(error, StartError::PortInUse { .. }));
    assert!(error.to_string().contains("in use by another program"));
    server.end(Duration::ZERO).await;
}
