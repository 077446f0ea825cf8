//! Protocol v1 over real connections: the core's own client resource against the running server, beside v0.

mod support;

use std::rc::Rc;

use futures_util::{SinkExt as _, StreamExt as _};
use movex_core::action::{Action, Body};
use movex_core::client::{ClientResource, DispatchOptions, Effect, Ended, FromMaster, ToMaster};
use movex_core::context::TimeMs;
use movex_core::effect::Outcome;
use movex_core::error::Code;
use movex_core::ids::{ClientId, ClientSeq, Rid, Seq, SessionId};
use movex_core::reducer::Native;
use movex_core::v1::{ClientFrame, ServerFrame};
use movex_server::Server;
use serde_json::json;
use support::{Client, List, PATIENCE, serve};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// A connection that speaks v1.
struct V1 {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    client: ClientId,
    token: String,
    session_proof: String,
}

impl V1 {
    async fn connect(server: &Server, session: &str) -> Self {
        Self::come(server, session, None, None).await
    }

    /// With the proofs of an earlier connection.
    async fn again(server: &Server, session: &str, before: &Self) -> Self {
        Self::come(server, session, Some(before.token.clone()), Some(before.session_proof.clone())).await
    }

    async fn come(
        server: &Server,
        session: &str,
        token: Option<String>,
        session_proof: Option<String>,
    ) -> Self {
        let mut socket = Self::dial(server).await;
        let hello = ClientFrame::Hello {
            versions: (1, 1),
            session: SessionId::new(session),
            session_proof,
            token,
            info: Some(r#"{"name":"somebody"}"#.into()),
        };
        socket.send(Message::text(hello.to_json())).await.expect("the server listens");
        let ServerFrame::Welcome { client, token, session_proof, .. } = next(&mut socket).await else {
            panic!("a welcome first")
        };
        Self { socket, client, token, session_proof }
    }

    async fn dial(server: &Server) -> WebSocketStream<MaybeTlsStream<TcpStream>> {
        let url = format!("ws://{}/movex/v1", server.address());
        connect_async(url).await.expect("the server takes connections").0
    }

    async fn say(&mut self, frame: ClientFrame) {
        self.socket.send(Message::text(frame.to_json())).await.expect("the connection is there");
    }

    async fn hear(&mut self) -> ServerFrame {
        next(&mut self.socket).await
    }

    async fn create(&mut self, rid: &Rid) {
        self.say(ClientFrame::Create { request: 1, rid: rid.clone(), state: None }).await;
        assert_eq!(self.hear().await, ServerFrame::Created { request: 1, rid: rid.clone() });
    }

    /// A resource of the real client machine, brought to where the master is.
    async fn bind(&mut self, rid: &Rid, session: &str) -> Bound {
        let machine = ClientResource::new(
            self.client.clone(),
            SessionId::new(session),
            Rc::new(Native::new(List)),
            None,
        );
        let mut bound = Bound { rid: rid.clone(), machine, ended: Vec::new() };
        bound.begin(self).await;
        bound
    }
}

async fn next(socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>) -> ServerFrame {
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("in time");
        match message.expect("the connection is there").expect("it is whole") {
            Message::Text(text) => return ServerFrame::from_json(&text).expect("a frame that is known"),
            Message::Close(_) => panic!("the server closed the connection"),
            _ => {}
        }
    }
}

struct Bound {
    rid: Rid,
    machine: ClientResource,
    ended: Vec<(ClientSeq, Ended)>,
}

const NOW: TimeMs = TimeMs(0);

impl Bound {
    async fn begin(&mut self, over: &mut V1) {
        let mut said = Vec::new();
        self.machine.connected(NOW, &mut |effect| said.push(effect));
        self.carry_out(over, said).await;
        self.until(over, |bound| bound.machine.is_live()).await;
    }

    async fn dispatch(&mut self, over: &mut V1, json: &str) -> ClientSeq {
        let body = Body::Public(Action::from_json(json).expect("an action"));
        let mut said = Vec::new();
        let options = DispatchOptions::of(&body);
        let number = self.machine.dispatch(NOW, body, options, &mut |effect| said.push(effect));
        self.carry_out(over, said).await;
        number
    }

    async fn carry_out(&mut self, over: &mut V1, said: Vec<Effect>) {
        for effect in said {
            match effect {
                Effect::Send(ToMaster::Subscribe { from, floor }) => {
                    over.say(ClientFrame::Subscribe { rid: self.rid.clone(), from, floor }).await;
                }
                Effect::Send(ToMaster::Dispatch { epoch, client_seq, floor, seen_reveal, body }) => {
                    let (rid, number) = (self.rid.clone(), client_seq);
                    over.say(ClientFrame::Dispatch { rid, epoch, number, floor, seen_reveal, body }).await;
                }
                Effect::Ended { client_seq, end } => self.ended.push((client_seq, end)),
                Effect::Changed => {}
                other => panic!("in a correct app this never happens: {other:?}"),
            }
        }
    }

    /// Takes frames until that holds.
    async fn until(&mut self, over: &mut V1, holds: impl Fn(&Self) -> bool) {
        while !holds(self) {
            let frame = match over.hear().await {
                ServerFrame::Subscribed { subscribed, .. } => FromMaster::Subscribed(subscribed),
                ServerFrame::Item { item, .. } => FromMaster::Item(item),
                ServerFrame::Outcome { number, outcome, .. } => {
                    FromMaster::Outcome { client_seq: number, outcome }
                }
                ServerFrame::Undecided { number, why, .. } => {
                    FromMaster::Undecided { client_seq: number, why }
                }
                ServerFrame::Refresh { .. } => FromMaster::Refresh,
                ServerFrame::Joined { .. } | ServerFrame::Left { .. } | ServerFrame::Shows { .. } => continue,
                other => panic!("nothing of the resource's: {other:?}"),
            };
            let mut said = Vec::new();
            self.machine.receive(NOW, frame, &mut |effect| said.push(effect));
            self.carry_out(over, said).await;
        }
    }

    fn shown(&self) -> Vec<i64> {
        self.machine.state().and_then(|state| state.get::<Vec<i64>>()).cloned().expect("a state is shown")
    }
}

fn push(value: i64) -> String {
    format!(r#"{{"type":"push","payload":{value}}}"#)
}

fn rid() -> Rid {
    Rid::parse("list:x").expect("a rid")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_shows_at_once_and_is_acknowledged_by_its_own_entry() {
    let server = serve(|_| ()).await;
    let (mut ann, mut bob) = (V1::connect(&server, "a").await, V1::connect(&server, "b").await);
    ann.create(&rid()).await;
    let mut anns = ann.bind(&rid(), "a").await;
    let mut bobs = bob.bind(&rid(), "b").await;
    let number = anns.dispatch(&mut ann, &push(1)).await;
    assert_eq!(anns.shown(), [1], "at once");
    anns.until(&mut ann, |bound| !bound.ended.is_empty()).await;
    assert_eq!(anns.ended, [(number, Ended::Acknowledged(Seq(1)))]);
    bobs.until(&mut bob, |bound| bound.shown() == [1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_act_at_once_never_take_a_second_snapshot() {
    const EACH: i64 = 200;
    let server = serve(|_| ()).await;
    let (mut ann, mut bob) = (V1::connect(&server, "a").await, V1::connect(&server, "b").await);
    ann.create(&rid()).await;
    let mut anns = ann.bind(&rid(), "a").await;
    let mut bobs = bob.bind(&rid(), "b").await;
    for value in 0..EACH {
        anns.dispatch(&mut ann, &push(value)).await;
        bobs.dispatch(&mut bob, &push(-value)).await;
    }
    let all = 2 * EACH as usize;
    anns.until(&mut ann, |bound| bound.shown().len() == all && bound.ended.len() == EACH as usize).await;
    bobs.until(&mut bob, |bound| bound.shown().len() == all && bound.ended.len() == EACH as usize).await;
    assert_eq!(anns.shown(), bobs.shown());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_says_why_and_takes_the_change_back() {
    let server = serve(|_| ()).await;
    let mut ann = V1::connect(&server, "a").await;
    ann.create(&rid()).await;
    let mut anns = ann.bind(&rid(), "a").await;
    anns.dispatch(&mut ann, r#"{"type":"refuse"}"#).await;
    anns.until(&mut ann, |bound| !bound.ended.is_empty()).await;
    let Ended::Rejected(error) = &anns.ended[0].1 else { panic!("rejected: {:?}", anns.ended) };
    assert_eq!((error.code, &*error.message), (Code::Rejected, "never"));
    assert_eq!(anns.shown(), [0; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn g6_who_was_cut_off_gets_just_what_was_missed_and_each_outcome_once() {
    let server = serve(|_| ()).await;
    let (mut ann, mut bob) = (V1::connect(&server, "a").await, V1::connect(&server, "b").await);
    ann.create(&rid()).await;
    let mut anns = ann.bind(&rid(), "a").await;
    let mut bobs = bob.bind(&rid(), "b").await;
    // Ann's connection ends with two dispatches under way; whether the master has them nobody at her side knows.
    anns.dispatch(&mut ann, &push(1)).await;
    anns.dispatch(&mut ann, &push(2)).await;
    anns.machine.disconnected();
    let proofs = ann;
    bobs.dispatch(&mut bob, &push(3)).await;
    bobs.until(&mut bob, |bound| bound.ended.len() == 1).await;

    let mut ann = V1::again(&server, "a", &proofs).await;
    assert_eq!(ann.client, proofs.client);
    anns.begin(&mut ann).await;
    anns.until(&mut ann, |bound| bound.ended.len() == 2).await;
    assert!(anns.ended.iter().all(|(_, end)| matches!(end, Ended::Acknowledged(_))), "{:?}", anns.ended);
    let mut shown = anns.shown();
    shown.sort_unstable();
    assert_eq!(shown, [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn m20_a_dispatch_that_is_sent_again_gets_the_same_outcome() {
    let server = serve(|_| ()).await;
    let mut ann = V1::connect(&server, "a").await;
    ann.create(&rid()).await;
    let mut anns = ann.bind(&rid(), "a").await;
    anns.dispatch(&mut ann, &push(1)).await;
    anns.until(&mut ann, |bound| !bound.ended.is_empty()).await;
    let (epoch, _) = anns.machine.position().expect("it is bound");
    let body = Body::Public(Action::from_json(push(1)).expect("an action"));
    let (number, floor) = (ClientSeq(1), ClientSeq(1));
    ann.say(ClientFrame::Dispatch { rid: rid(), epoch, number, floor, seen_reveal: None, body }).await;
    let outcome = Outcome::Acknowledged(Seq(1));
    assert_eq!(ann.hear().await, ServerFrame::Outcome { rid: rid(), number, outcome });
}

#[tokio::test(flavor = "multi_thread")]
async fn m19_two_tabs_of_one_person_both_see_the_own_half() {
    let server = serve(|_| ()).await;
    let mut one = V1::connect(&server, "tab 1").await;
    one.create(&rid()).await;
    let mut two = V1::again(&server, "tab 2", &one).await;
    assert_eq!(one.client, two.client);
    let mut ones = one.bind(&rid(), "tab 1").await;
    let mut twos = two.bind(&rid(), "tab 2").await;
    ones.dispatch(&mut one, &push(1)).await;
    ones.until(&mut one, |bound| !bound.ended.is_empty()).await;
    twos.until(&mut two, |bound| bound.shown() == [1]).await;
    assert_eq!(twos.ended, [], "it is the other tab's");
}

#[tokio::test(flavor = "multi_thread")]
async fn g7_naming_somebody_does_not_make_you_them() {
    let server = serve(|_| ()).await;
    let ann = V1::connect(&server, "a").await;
    let forged = Some(format!("{}.{}", ann.client, "0".repeat(64)));
    let thief = V1::come(&server, "a", forged, Some(ann.session_proof.clone())).await;
    assert_ne!(thief.client, ann.client);
    // Nor over v0.
    let mut refused = Client::dial(&server, &format!("&clientId={}&clientInfo=%7B%7D", ann.client)).await;
    refused.send_raw("40").await;
    let said = refused.receive().await.expect("it is told why");
    assert!(said.starts_with("44{"), "v0 can't name an identity of v1: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn v0_and_v1_clients_share_a_resource() {
    let server = serve(|_| ()).await;
    let mut old = Client::connect(&server, "old").await;
    old.create("x").await;
    old.subscribe("list:x").await;
    let mut new = V1::connect(&server, "n").await;
    let mut news = new.bind(&rid(), "n").await;
    news.dispatch(&mut new, &push(1)).await;
    let forwarded = old.next("onFwdAction").await;
    assert_eq!(forwarded["action"], json!({ "type": "push", "payload": 1 }));
    old.dispatch("list:x", json!({ "type": "push", "payload": 2 })).await;
    news.until(&mut new, |bound| bound.shown() == [1, 2]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_is_shown_to_the_others_and_to_who_comes_later() {
    let server = serve(|_| ()).await;
    let (mut ann, mut bob) = (V1::connect(&server, "a").await, V1::connect(&server, "b").await);
    ann.create(&rid()).await;
    ann.bind(&rid(), "a").await;
    ann.say(ClientFrame::Show { rid: rid(), value: Some(r#"{"cursor":[1,2]}"#.into()) }).await;
    bob.say(ClientFrame::Subscribe { rid: rid(), from: None, floor: ClientSeq(1) }).await;
    let ServerFrame::Subscribed { subscribers, .. } = bob.hear().await else { panic!("subscribed") };
    let anns = subscribers.iter().find(|subscriber| subscriber.id == ann.client).expect("ann looks too");
    assert_eq!(anns.presence.as_deref(), Some(r#"{"cursor":[1,2]}"#));
    let ServerFrame::Joined { subscriber, .. } = ann.hear().await else { panic!("bob joined") };
    assert_eq!(subscriber.id, bob.client);
    bob.say(ClientFrame::Show { rid: rid(), value: Some("1".into()) }).await;
    let shows = ServerFrame::Shows { rid: rid(), client: bob.client.clone(), value: Some("1".into()) };
    assert_eq!(ann.hear().await, shows);
    bob.say(ClientFrame::Unsubscribe { rid: rid() }).await;
    assert_eq!(ann.hear().await, ServerFrame::Left { rid: rid(), client: bob.client.clone() });
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_answered_and_the_server_goes_on() {
    let server = serve(|_| ()).await;
    let mut socket = V1::dial(&server).await;
    socket.send(Message::text(r#"{"ping":{"stamp":1}}"#)).await.expect("the server listens");
    let ServerFrame::Error { error, .. } = next(&mut socket).await else { panic!("hello first") };
    assert_eq!(error.code, Code::BadMessage);

    let mut ann = V1::connect(&server, "a").await;
    for nonsense in ["", "{", r#"{"dispatch":{}}"#, r#"{"hello":{"versions":[1,1],"session":"a"}}"#] {
        ann.socket.send(Message::text(nonsense)).await.expect("the connection is there");
        assert!(matches!(ann.hear().await, ServerFrame::Error { .. }), "{nonsense}");
    }
    ann.socket.send(Message::text(r#"{"fromTheFuture":{}}"#)).await.expect("the connection is there");
    ann.say(ClientFrame::Subscribe { rid: rid(), from: None, floor: ClientSeq(1) }).await;
    let ServerFrame::Error { error, .. } = ann.hear().await else { panic!("there is no such resource") };
    assert_eq!(error.code, Code::UnknownResource);
    ann.say(ClientFrame::Ping { stamp: 7 }).await;
    assert_eq!(ann.hear().await, ServerFrame::Pong { stamp: 7 });
}
