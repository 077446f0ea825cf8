//! Where v1 connections come in: the handshake, the reading and the writing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::any;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use movex_core::error::{Code, Error};
use movex_core::ids::{ClientId, RidForm, SessionId};
use movex_core::master::{Hello, Protocol};
use movex_core::v1::{ClientFrame, Question, Say, ServerFrame, Unreadable, VERSION, answer};
use tokio::sync::mpsc::{Receiver, channel};

use super::peer::{FRAMES_MAX, V1Peer, Write};
use super::{Notary, PATH};
use crate::runtime::Hub;
use crate::settings::Settings;

/// How long a connection may take to say hello.
const HELLO_MAX: Duration = Duration::from_secs(10);
/// How often a connection is asked whether it is there.
const PING_EVERY: Duration = Duration::from_secs(25);
/// How long a last frame may take to be written.
const PARTING_MAX: Duration = Duration::from_secs(2);
/// The longest id of a session.
const SESSION_BYTES_MAX: usize = 128;

/// What every connection needs.
#[derive(Clone)]
pub(crate) struct Gate {
    hub: Arc<Hub>,
    notary: Notary,
    message_bytes_max: usize,
    unread_bytes_max: usize,
}

impl Gate {
    pub(crate) fn new(hub: Arc<Hub>, notary: Notary, settings: &Settings) -> Self {
        Self {
            hub,
            notary,
            message_bytes_max: settings.message_bytes_max,
            unread_bytes_max: settings.unread_bytes_max,
        }
    }
}

pub(crate) fn router(gate: Gate) -> Router {
    Router::new().route(PATH, any(upgrade)).with_state(gate)
}

async fn upgrade(State(gate): State<Gate>, socket: WebSocketUpgrade) -> Response {
    let max = gate.message_bytes_max;
    socket.max_message_size(max).max_frame_size(max).on_upgrade(move |socket| serve(gate, socket))
}

/// A hello that was understood.
struct Coming {
    session: SessionId,
    session_proof: Option<String>,
    token: Option<String>,
    info: Option<Arc<str>>,
}

async fn serve(gate: Gate, socket: WebSocket) {
    let (mut sink, mut stream) = socket.split();
    let coming = match tokio::time::timeout(HELLO_MAX, hello(&mut stream)).await {
        Ok(Some(Ok(coming))) => coming,
        Ok(Some(Err(error))) => {
            let frame = ServerFrame::Error { request: None, rid: None, error };
            // It may be gone already; it was to be closed anyway.
            let _ = sink.send(Message::Text(frame.to_json().into())).await;
            let _ = sink.close().await;
            return;
        }
        Ok(None) | Err(_) => return,
    };
    let (writes, written) = channel(FRAMES_MAX);
    let unread = Arc::new(AtomicUsize::new(0));
    let proven = coming.token.as_deref().and_then(|token| gate.notary.client_of(token));
    let fresh = Notary::fresh_identity();
    let client: &ClientId = proven.as_ref().unwrap_or(&fresh);
    // A session that can't prove its age was created now (M21).
    let proof = coming.session_proof.as_deref();
    let created = proof.and_then(|proof| gate.notary.created(client, &coming.session, proof));
    let session_created = created.unwrap_or_else(|| gate.hub.now());
    let peer = Arc::new(V1Peer {
        id: gate.hub.next_connection(),
        session: coming.session.clone(),
        session_created,
        writes,
        unread: unread.clone(),
        unread_max: gate.unread_bytes_max,
        over: AtomicBool::new(false),
        hub: Arc::downgrade(&gate.hub),
        notary: gate.notary.clone(),
        message_bytes_max: gate.message_bytes_max,
    });
    let mut writing = tokio::spawn(write(sink, written, unread, peer.clone()));
    gate.hub.let_in(
        peer.clone(),
        Hello {
            connection: peer.id,
            protocol: Protocol::V1 { session_created },
            named: proven,
            fresh,
            info: coming.info.unwrap_or_else(|| Arc::from("{}")),
            session: coming.session,
        },
    );
    read(&gate.hub, &peer, &mut stream).await;
    gate.hub.disconnected(peer.id);
    peer.end();
    // What was said last is still written, if somebody reads it.
    if tokio::time::timeout(PARTING_MAX, &mut writing).await.is_err() {
        writing.abort();
    }
}

/// The first frame, which must be a hello that both understand.
async fn hello(stream: &mut SplitStream<WebSocket>) -> Option<Result<Coming, Error>> {
    let text = loop {
        match stream.next().await?.ok()? {
            Message::Text(text) => break text,
            Message::Binary(_) => return Some(Err(Error::new(Code::BadMessage, "v1 speaks text here"))),
            Message::Close(_) => return None,
            Message::Ping(_) | Message::Pong(_) => {}
        }
    };
    Some(match ClientFrame::from_json(&text) {
        Ok(ClientFrame::Hello { versions: (from, to), session, session_proof, token, info }) => {
            if !(from..=to).contains(&VERSION) {
                Err(Error::new(
                    Code::BadMessage,
                    format!(
                        "this server speaks version {VERSION}, you speak {from} to {to}: update the older one"
                    ),
                ))
            } else if session.as_str().is_empty() || session.as_str().len() > SESSION_BYTES_MAX {
                Err(Error::new(Code::BadMessage, "a session has an id of 1 to 128 bytes"))
            } else {
                Ok(Coming { session, session_proof, token, info })
            }
        }
        Ok(_) | Err(Unreadable::Unknown(_)) => Err(Error::new(Code::BadMessage, "say hello first")),
        Err(Unreadable::Malformed(error)) => Err(error),
    })
}

/// Hands every frame to the master in the order in which they come, until the connection ends.
async fn read(hub: &Arc<Hub>, peer: &Arc<V1Peer>, stream: &mut SplitStream<WebSocket>) {
    while let Some(Ok(message)) = stream.next().await {
        match message {
            Message::Text(text) => take(hub, peer, &text),
            Message::Close(_) => return,
            Message::Binary(_) => {
                let error = Error::new(Code::BadMessage, "v1 speaks text here");
                peer.send_frame(&ServerFrame::Error { request: None, rid: None, error });
            }
            Message::Ping(_) | Message::Pong(_) => {}
        }
        if peer.over.load(Ordering::Acquire) {
            return;
        }
    }
}

fn take(hub: &Arc<Hub>, peer: &Arc<V1Peer>, text: &str) {
    let frame = match ClientFrame::from_json(text) {
        Ok(frame) => frame,
        // A frame of a later version.
        Err(Unreadable::Unknown(_)) => return,
        Err(Unreadable::Malformed(error)) => {
            return peer.send_frame(&ServerFrame::Error { request: None, rid: None, error });
        }
    };
    let Question { rid, asked, ask } = match frame.question() {
        Ok(question) => question,
        Err(ClientFrame::Ping { stamp }) => return peer.send_frame(&ServerFrame::Pong { stamp }),
        Err(_) => {
            let error = Error::new(Code::BadMessage, "you said hello already");
            return peer.send_frame(&ServerFrame::Error { request: None, rid: None, error });
        }
    };
    let told = peer.clone();
    let waiter = Box::new(move |said| match answer(asked, said) {
        Say::Nothing => {}
        Say::Frame(frame) => told.send_frame(&frame),
        Say::FrameAndClose(frame) => {
            told.send_frame(&frame);
            told.end();
        }
    });
    hub.request(peer.id, rid, RidForm::Text, ask, waiter);
}

/// Writes what is to be written, and asks now and then whether somebody is there.
async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut writes: Receiver<Write>,
    unread: Arc<AtomicUsize>,
    peer: Arc<V1Peer>,
) {
    let mut ping = tokio::time::interval(PING_EVERY);
    ping.tick().await;
    loop {
        tokio::select! {
            write = writes.recv() => match write {
                Some(Write::Frame(text)) => {
                    let bytes = text.len();
                    let sent = sink.send(Message::Text(text.as_ref().into())).await;
                    unread.fetch_sub(bytes, Ordering::AcqRel);
                    if sent.is_err() {
                        break;
                    }
                }
                Some(Write::Close) | None => break,
            },
            _ = ping.tick() => {
                if sink.send(Message::Ping(Default::default())).await.is_err() {
                    break;
                }
            }
        }
        if peer.over.load(Ordering::Acquire) && writes.is_empty() {
            break;
        }
    }
    // Nobody may be there to be told.
    let _ = sink.close().await;
}
