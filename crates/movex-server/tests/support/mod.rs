//! A server of native reducers on a free port, and a hand-written Socket.IO client that sends what it is told.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use movex_core::context::{Context, Stamp, TimeMs};
use movex_core::ids::AppVersion;
use movex_core::reducer::{Deadline, DynReducer, Native, Reducer, Rejection, ReportSink};
use movex_server::{App, LoadError, Loaded, Server, Settings};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Nothing that a test waits for takes as long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A list to which everybody adds.
pub(crate) struct List;

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "camelCase")]
pub(crate) enum ListAction {
    Push(i64),
    /// Carries much and changes nothing.
    Say(String),
    Refuse,
    Panic,
}

impl Reducer for List {
    type State = Vec<i64>;
    type Action = ListAction;

    fn init(&self, _: &Context) -> Vec<i64> {
        Vec::new()
    }

    fn validate(&self, _: &Vec<i64>, action: &ListAction, _: &Stamp) -> Result<(), Rejection> {
        match action {
            ListAction::Refuse => Err(Rejection::new("never")),
            _ => Ok(()),
        }
    }

    fn reduce(&self, state: &Vec<i64>, action: &ListAction, _: &Context) -> Vec<i64> {
        match action {
            ListAction::Push(value) => state.iter().copied().chain([*value]).collect(),
            ListAction::Panic => panic!("as it was asked to"),
            ListAction::Say(_) | ListAction::Refuse => state.clone(),
        }
    }
}

/// The same, but it adds the negative.
pub(crate) struct Negative;

impl Reducer for Negative {
    type State = Vec<i64>;
    type Action = ListAction;

    fn init(&self, _: &Context) -> Vec<i64> {
        Vec::new()
    }

    fn reduce(&self, state: &Vec<i64>, action: &ListAction, context: &Context) -> Vec<i64> {
        match action {
            ListAction::Push(value) => List.reduce(state, &ListAction::Push(-value), context),
            other => List.reduce(state, other, context),
        }
    }
}

/// A timer that rings once after that many milliseconds.
pub(crate) struct Timer;

#[derive(Serialize, Deserialize)]
pub(crate) struct Ringing {
    at: Option<u64>,
    ticks: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "camelCase")]
pub(crate) enum TimerAction {
    Start(u64),
    Tick,
}

impl Reducer for Timer {
    type State = Ringing;
    type Action = TimerAction;

    fn init(&self, _: &Context) -> Ringing {
        Ringing { at: None, ticks: 0 }
    }

    fn reduce(&self, state: &Ringing, action: &TimerAction, context: &Context) -> Ringing {
        match action {
            TimerAction::Start(in_ms) => {
                Ringing { at: Some(context.stamp.time.0 + in_ms), ticks: state.ticks }
            }
            TimerAction::Tick => Ringing { at: None, ticks: state.ticks + 1 },
        }
    }

    fn deadline(&self) -> Option<Deadline<Ringing>> {
        Some(|state| state.at.map(TimeMs))
    }
}

fn app<R: Reducer>(make: fn() -> R, version: &'static str) -> Arc<dyn App> {
    Arc::new(move |_: ReportSink| -> Result<Loaded, LoadError> {
        let list: Rc<dyn DynReducer> = Rc::new(Native::new(make()));
        let timer: Rc<dyn DynReducer> = Rc::new(Native::new(Timer));
        Ok(Loaded {
            reducers: [("list".to_owned(), list), ("timer".to_owned(), timer)].into(),
            version: AppVersion::new(version),
        })
    })
}

/// The app of these tests.
pub(crate) fn lists() -> Arc<dyn App> {
    app(|| List, "1")
}

/// Its next version.
pub(crate) fn negative_lists() -> Arc<dyn App> {
    app(|| Negative, "2")
}

/// Starts a server.
pub(crate) async fn serve(change: impl FnOnce(&mut Settings)) -> Server {
    let mut settings = Settings { engines: 2, ..Settings::default() };
    change(&mut settings);
    Server::start(lists(), settings).await.expect("a free port is there")
}

/// One Socket.IO connection.
pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last_ack: u64,
    /// Received while something else was waited for.
    kept: VecDeque<String>,
}

impl Client {
    /// Opens the transport, and no more.
    pub(crate) async fn dial(server: &Server, query: &str) -> Self {
        let url = format!("ws://{}/socket.io/?EIO=4&transport=websocket{query}", server.address());
        let (socket, _) = tokio_tungstenite::connect_async(url).await.expect("it listens");
        let mut client = Self { socket, last_ack: 0, kept: VecDeque::new() };
        let open = client.receive().await.expect("it opens");
        assert!(open.starts_with("0{"), "{open}");
        client
    }

    /// A client of that name that is let in.
    pub(crate) async fn connect(server: &Server, id: &str) -> Self {
        let mut client = Self::dial(server, &format!("&clientId={id}&clientInfo=%7B%7D")).await;
        client.send_raw("40").await;
        client.until("40{").await;
        client.until(r#"42["onReady""#).await;
        client
    }

    pub(crate) async fn send_raw(&mut self, text: &str) {
        self.send_message(Message::text(text.to_owned())).await;
    }

    pub(crate) async fn send_message(&mut self, message: Message) {
        self.socket.send(message).await.expect("the connection takes it");
    }

    /// Sends an event without waiting; tells what its answer begins with.
    pub(crate) async fn event(&mut self, name: &str, argument: &Value) -> String {
        let id = self.last_ack;
        self.last_ack += 1;
        self.send_raw(&format!(r#"42{id}["{name}",{argument}]"#)).await;
        format!("43{id}[")
    }

    /// Sends an event and waits for its answer.
    pub(crate) async fn ask(&mut self, name: &str, argument: &Value) -> Value {
        let answer = self.event(name, argument).await;
        let text = self.until(&answer).await;
        let [answer] = serde_json::from_str(&text[answer.len() - 1..]).expect("an answer is JSON, and one");
        answer
    }

    pub(crate) async fn dispatch(&mut self, rid: &str, action: Value) -> Value {
        let argument = serde_json::json!({ "rid": rid, "action": action });
        self.ask("emitActionDispatch", &argument).await
    }

    pub(crate) async fn create(&mut self, id: &str) {
        let argument = serde_json::json!({ "resourceType": "list", "resourceId": id, "resourceState": [] });
        let answer = self.ask("createResource", &argument).await;
        assert_eq!(answer["ok"], true, "{answer}");
    }

    pub(crate) async fn subscribe(&mut self, rid: &str) {
        let answer = self.ask("addResourceSubscriber", &serde_json::json!({ "rid": rid })).await;
        assert_eq!(answer["ok"], true, "{answer}");
    }

    pub(crate) async fn state(&mut self, rid: &str) -> Value {
        let answer = self.ask("getResourceState", &serde_json::json!({ "rid": rid })).await;
        answer["val"][0].clone()
    }

    /// The next event of that name; its argument.
    pub(crate) async fn next(&mut self, name: &str) -> Value {
        let begins = format!(r#"42["{name}","#);
        let text = self.until(&begins).await;
        serde_json::from_str(&text[begins.len()..text.len() - 1]).expect("an argument is JSON")
    }

    /// The first frame, not taken yet, that begins so.
    pub(crate) async fn until(&mut self, begins: &str) -> String {
        if let Some(at) = self.kept.iter().position(|text| text.starts_with(begins)) {
            return self.kept.remove(at).expect("it is there");
        }
        loop {
            let text = self.receive().await.unwrap_or_else(|| panic!("closed before {begins}"));
            if text.starts_with(begins) {
                return text;
            }
            self.kept.push_back(text);
        }
    }

    /// Everything up to the end of the connection.
    pub(crate) async fn until_closed(&mut self) -> Vec<String> {
        let mut all: Vec<String> = self.kept.drain(..).collect();
        while let Some(text) = self.receive().await {
            all.push(text);
        }
        all
    }

    /// The next frame; none at the end.
    pub(crate) async fn receive(&mut self) -> Option<String> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("something comes");
            match next {
                Some(Ok(Message::Text(text))) if text == "2" => self.send_raw("3").await,
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }
}
