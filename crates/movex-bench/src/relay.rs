//! The bare relay: what the transport alone costs. It counts, acknowledges and forwards; no reducer, no log, no MD5.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use axum::serve::ListenerExt;
use serde_json::{Value, json};
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, SocketRef};

type Counts = Arc<Mutex<HashMap<String, u64>>>;

/// Listens on a free port until it is killed.
pub(crate) async fn run() -> Result<()> {
    let counts = Counts::default();
    let (layer, io) = SocketIo::builder().max_payload(1 << 24).build_layer();
    io.ns("/", async move |socket: SocketRef| {
        socket.on("createResource", async |ack: AckSender| answer(ack, &Value::Null));
        socket.on(
            "addResourceSubscriber",
            async |socket: SocketRef, Data::<Value>(payload), ack: AckSender| {
                socket.join(room(&payload));
                answer(ack, &Value::Null);
            },
        );
        let counted = counts.clone();
        socket.on("getResourceState", async move |Data::<Value>(payload), ack: AckSender| {
            let count = counted.lock().unwrap_or_else(PoisonError::into_inner).get(&room(&payload)).copied();
            answer(ack, &json!([{ "value": count.unwrap_or(0) }, ""]));
        });
        socket.on(
            "emitActionDispatch",
            async move |socket: SocketRef, Data::<Value>(mut payload), ack: AckSender| {
                let room = room(&payload);
                let count = {
                    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
                    let count = counts.entry(room.clone()).or_default();
                    *count += 1;
                    *count
                };
                let (checksum, context) = (format!("{count:032x}"), json!({ "requestAt": count }));
                let forward = json!({
                    "rid": payload["rid"].take(),
                    "checksum": checksum,
                    "action": payload["action"].take(),
                    "masterContext": context,
                });
                // A client that left is no fault of the relay's.
                let _ = socket.to(room).emit("onFwdAction", &forward).await;
                answer(ack, &json!({ "type": "ack", "nextChecksum": checksum, "masterContext": context }));
            },
        );
        let _ = socket.emit("onReady", &json!({ "id": socket.id.to_string(), "info": {} }));
    });
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("a bare relay at http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, axum::Router::new().layer(layer)).await?)
}

fn room(payload: &Value) -> String {
    payload["rid"]["resourceId"].as_str().unwrap_or_default().to_owned()
}

fn answer(ack: AckSender, value: &Value) {
    let _ = ack.send(&json!({ "ok": true, "err": false, "val": value }));
}
