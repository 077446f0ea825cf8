//! One resource with subscribers who dispatch in turn, a fixed number of actions in flight.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::sync::mpsc;

use crate::server::Server;
use crate::socket::{Frame, Socket};

/// What to do.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    /// Who look at the resource, and dispatch in turn.
    pub(crate) subscribers: usize,
    /// Actions under way at a time.
    pub(crate) in_flight: usize,
    /// Not counted, first.
    pub(crate) warm_up: Duration,
    /// Counted.
    pub(crate) counted: Duration,
    /// The resource's first state.
    pub(crate) state: String,
}

/// What it cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Server CPU time, in microseconds.
    pub(crate) cpu_us_per_action: f64,
    /// The same for each acknowledgement and forward.
    pub(crate) cpu_us_per_message: f64,
    pub(crate) actions_per_s: f64,
    /// From the dispatch to its acknowledgement, in milliseconds.
    pub(crate) ack_ms_median: f64,
    /// Acknowledged actions that are not in the final state.
    pub(crate) lost: i64,
}

enum Told {
    Acknowledged(usize),
    Forwarded,
}

/// Puts the load on a server.
pub(crate) async fn put(server: &Server, load: &Load) -> Result<Cost> {
    let rid = format!("bench{}", std::process::id());
    let mut first = Socket::connect(server.port, "client0").await?;
    let state = &load.state;
    let create = format!(r#"{{"resourceType":"counter","resourceId":"{rid}","resourceState":{state}}}"#);
    first.call("createResource", &create).await?;
    let rid = format!(r#"{{"resourceType":"counter","resourceId":"{rid}"}}"#);

    let (told, mut tells) = mpsc::unbounded_channel();
    let mut dispatchers = Vec::new();
    let mut first = Some(first);
    for client in 0..load.subscribers {
        let mut socket = match first.take() {
            Some(first) => first,
            None => Socket::connect(server.port, &format!("client{client}")).await?,
        };
        socket.call("addResourceSubscriber", &format!(r#"{{"rid":{rid}}}"#)).await?;
        let (dispatch, dispatches) = mpsc::unbounded_channel::<()>();
        tokio::spawn(client_loop(socket, client, rid.clone(), dispatches, told.clone()));
        dispatchers.push(dispatch);
    }
    drop(told);

    let begun = Instant::now();
    let counted_from = begun + load.warm_up;
    let until = counted_from + load.counted;
    let mut turn = 0;
    let mut sent_at = vec![std::collections::VecDeque::new(); load.subscribers];
    let mut dispatch = |sent_at: &mut Vec<std::collections::VecDeque<Instant>>| {
        let client = turn % load.subscribers;
        turn += 1;
        sent_at[client].push_back(Instant::now());
        dispatchers[client].send(()).is_ok()
    };
    for _ in 0..load.in_flight {
        dispatch(&mut sent_at);
    }
    let (mut acknowledged, mut counted, mut messages) = (0_i64, 0_u64, 0_u64);
    let mut cpu_from = None;
    let mut waits = Vec::new();
    let mut under_way = load.in_flight;
    let (mut cpu_us, mut seconds) = (0.0, 0.0);
    while let Some(tell) = tells.recv().await {
        let now = Instant::now();
        if cpu_from.is_none() && now >= counted_from {
            cpu_from = Some((server.cpu_us()?, now));
        }
        let counts = cpu_from.is_some() && now < until;
        messages += u64::from(counts);
        if let Told::Acknowledged(client) = tell {
            acknowledged += 1;
            let sent = sent_at[client].pop_front();
            if counts {
                counted += 1;
                waits.extend(sent.map(|sent| now.duration_since(sent).as_secs_f64() * 1_000.0));
            }
            if now < until {
                dispatch(&mut sent_at);
            } else {
                under_way -= 1;
                if seconds == 0.0
                    && let Some((from, at)) = cpu_from
                {
                    cpu_us = server.cpu_us()? - from;
                    seconds = now.duration_since(at).as_secs_f64();
                }
                if under_way == 0 {
                    break;
                }
            }
        }
    }
    if counted == 0 {
        bail!("nothing was acknowledged in {:?}", load.counted);
    }
    let value = final_value(server, &rid).await?;
    waits.sort_unstable_by(f64::total_cmp);
    Ok(Cost {
        cpu_us_per_action: cpu_us / counted as f64,
        cpu_us_per_message: cpu_us / messages as f64,
        actions_per_s: counted as f64 / seconds,
        ack_ms_median: waits[waits.len() / 2],
        lost: acknowledged - value,
    })
}

async fn client_loop(
    mut socket: Socket,
    client: usize,
    rid: String,
    mut dispatches: mpsc::UnboundedReceiver<()>,
    told: mpsc::UnboundedSender<Told>,
) -> Result<()> {
    let payload = format!(r#"{{"rid":{rid},"action":{{"type":"increment","payload":1}}}}"#);
    loop {
        tokio::select! {
            dispatch = dispatches.recv() => {
                if dispatch.is_none() {
                    return Ok(());
                }
                socket.emit("emitActionDispatch", &payload).await?;
            }
            frame = socket.next() => {
                let tell = match frame? {
                    Frame::Ack(_, text) if text.contains("\"ok\":true") => Told::Acknowledged(client),
                    Frame::Ack(_, text) => bail!("a dispatch was refused: {text}"),
                    Frame::Event(text) if text.starts_with("[\"onFwdAction\"") => Told::Forwarded,
                    Frame::Event(_) => continue,
                };
                if told.send(tell).is_err() {
                    return Ok(());
                }
            }
        }
    }
}

async fn final_value(server: &Server, rid: &str) -> Result<i64> {
    let mut socket = Socket::connect(server.port, "reader").await?;
    let text = socket.call("getResourceState", &format!(r#"{{"rid":{rid}}}"#)).await?;
    let answer: serde_json::Value = serde_json::from_str(&text)?;
    Ok(answer[0]["val"][0]["value"].as_i64().unwrap_or(0))
}
