use movex_core::action::Action;
use movex_core::client::DispatchOptions;
use movex_core::context::Entropy;
use movex_core::effect::{EntryFrame, ItemFrame, OwnHalf, Subscribed, ViewBase};
use movex_core::ids::{AppVersion, Epoch, Seq};
use movex_core::v1::ServerFrame;

use super::*;
use crate::counter::Counter;
use crate::share::{client_reducer, shared};

/// A session, and what it said since it was looked at last.
struct Bench {
    session: Session,
    now: TimeMs,
    rid: Rid,
}

impl Bench {
    fn new() -> Self {
        Self {
            session: Session::new(Start { session: SessionId::new("tab"), token: None, info: None }),
            now: TimeMs(1_000),
            rid: Rid::parse("counter:1").unwrap(),
        }
    }

    /// One that is welcomed, as somebody.
    fn welcomed(who: &str) -> Self {
        let mut bench = Self::new();
        bench.connect(who);
        bench.said();
        bench
    }

    /// One that looks at the counter.
    fn live() -> Self {
        let mut bench = Self::welcomed("~ann");
        bench.bind();
        bench.receive(bench.subscribed(7, 0));
        bench.said();
        bench
    }

    fn said(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.session.poll()).collect()
    }

    /// What it sent, as text.
    fn sent(&mut self) -> Vec<String> {
        let said = self.said().into_iter();
        said.filter_map(|output| match output {
            Output::Send(frame) => Some(frame.to_json()),
            Output::Hangup(_) | Output::Event(_) => None,
        })
        .collect()
    }

    /// What it told the app, but for changes.
    fn told(&mut self) -> Vec<Event> {
        let said = self.said().into_iter();
        said.filter_map(|output| match output {
            Output::Event(Event::Changed { .. }) | Output::Send(_) | Output::Hangup(_) => None,
            Output::Event(event) => Some(event),
        })
        .collect()
    }

    fn receive(&mut self, frame: ServerFrame) {
        self.session.receive(self.now, frame);
    }

    fn connect(&mut self, who: &str) {
        self.session.connected(self.now);
        self.receive(ServerFrame::Welcome {
            version: 1,
            client: ClientId::new(who),
            token: format!("token of {who}"),
            session_proof: "proof".to_owned(),
            time: TimeMs(500_000),
            message_bytes_max: 1_000,
        });
    }

    fn reconnect(&mut self, who: &str) {
        self.session.disconnected();
        self.connect(who);
    }

    fn bind(&mut self) {
        self.session.bind(self.now, &self.rid, client_reducer::<Counter>);
    }

    fn add(&mut self, by: &str) -> Option<ClientSeq> {
        let json = format!(r#"{{"type":"add","payload":{by}}}"#);
        let body = Body::Public(Action::from_json(json).unwrap());
        let options = DispatchOptions::of(&body);
        self.session.dispatch(self.now, &self.rid, body, options)
    }

    fn subscribed(&self, epoch: u64, head: u64) -> ServerFrame {
        let base = ViewBase {
            seq: Seq(head),
            json: Some(r#"{"value":5}"#.into()),
            checkpoint: false,
            stopped: false,
        };
        ServerFrame::Subscribed {
            rid: self.rid.clone(),
            subscribed: Subscribed {
                epoch: Epoch(epoch),
                head: Seq(head),
                version: AppVersion::new("1"),
                last_reveal: Seq(0),
                base: Some(base),
                items: Vec::new(),
                checksum_v1: None,
                outcomes: Vec::new(),
                forgotten: false,
            },
            subscribers: vec![self.subscriber("~ann")],
        }
    }

    fn subscriber(&self, who: &str) -> Subscriber {
        Subscriber { id: ClientId::new(who), info: "{}".into(), presence: None }
    }

    /// The own entry that acknowledges a dispatch.
    fn entry(&self, seq: u64, number: u64, by: i64) -> ServerFrame {
        let frame = EntryFrame {
            seq: Seq(seq),
            author: ClientId::new("~ann"),
            time: TimeMs(500_000),
            entropy: Entropy(1),
            action: Action::from_json(format!(r#"{{"type":"add","payload":{by}}}"#)).unwrap(),
            secret: false,
            checksum: None,
            checksum_v1: None,
            without_effect: false,
            ends_phase: false,
        };
        let own = OwnHalf { session: SessionId::new("tab"), client_seq: ClientSeq(number), private: None };
        ServerFrame::Item { rid: self.rid.clone(), item: ItemFrame::Entry { frame, own: Some(own) } }
    }

    fn failure(&self, request: Option<u64>, code: Code) -> ServerFrame {
        ServerFrame::Error {
            request,
            rid: Some(self.rid.clone()),
            error: Error::new(code, "as the test says"),
        }
    }

    fn value(&self) -> Option<i64> {
        let state = self.session.resource(&self.rid)?.state()?;
        shared::<Counter>(state).map(|count| count.value)
    }
}

fn ended(bench: &Bench, number: u64, end: Ended) -> Event {
    Event::Ended { rid: bench.rid.clone(), number: ClientSeq(number), end }
}

#[test]
fn p7_nothing_is_said_before_the_welcome_but_hello() {
    let mut bench = Bench::new();
    bench.bind();
    bench.session.create(Rid::parse("counter:2").unwrap(), None, true);
    assert_eq!(bench.said(), []);
    bench.session.connected(bench.now);
    assert_eq!(bench.sent(), [r#"{"hello":{"versions":[1,1],"session":"tab"}}"#]);
    bench.connect("~ann");
    assert_eq!(
        bench.sent()[1..],
        [r#"{"create":{"request":1,"rid":"counter:2"}}"#, r#"{"subscribe":{"rid":"counter:1","floor":1}}"#]
    );
}

#[test]
fn p8_token_and_proof_are_kept_over_connections() {
    let mut bench = Bench::welcomed("~ann");
    bench.session.disconnected();
    bench.session.connected(bench.now);
    let hello =
        r#"{"hello":{"versions":[1,1],"session":"tab","sessionProof":"proof","token":"token of ~ann"}}"#;
    assert_eq!(bench.sent(), [hello]);
}

#[test]
fn g6_a_session_that_comes_back_goes_on_from_where_it_was() {
    let mut bench = Bench::live();
    bench.receive(bench.entry(1, 99, 2));
    bench.add("1");
    assert_eq!(bench.sent().len(), 1);
    bench.reconnect("~ann");
    let subscribe = r#"{"subscribe":{"rid":"counter:1","epoch":7,"seq":1,"floor":1}}"#;
    assert_eq!(bench.sent()[1..], [subscribe], "M22: the dispatch waits for the answer");
    bench.receive(bench.subscribed(7, 1));
    assert!(bench.sent()[0].starts_with(r#"{"dispatch":"#), "and is sent again");
}

#[test]
fn m15_somebody_else_ends_what_is_pending_and_begins_afresh() {
    let mut bench = Bench::live();
    bench.add("1");
    bench.said();
    bench.reconnect("~bob");
    let said = bench.said();
    let unknown = Ended::Unknown(UnknownCause::IdentityChanged);
    assert!(said.contains(&Output::Event(ended(&bench, 1, unknown))));
    let asks = said
        .iter()
        .filter(|output| matches!(output, Output::Send(ClientFrame::Subscribe { from: None, .. })));
    assert_eq!((asks.count(), bench.value()), (1, None), "nothing of the one before is left");
    bench.receive(bench.subscribed(7, 3));
    assert_eq!(bench.add("1"), Some(ClientSeq(2)), "M20: numbers go on");
}

#[test]
fn a_resource_is_bound_when_it_has_a_state_and_again_at_once() {
    let mut bench = Bench::welcomed("~ann");
    bench.bind();
    assert_eq!(bench.told(), []);
    bench.receive(bench.subscribed(7, 0));
    let bound = Event::Bound { rid: bench.rid.clone() };
    assert_eq!((bench.told(), bench.value()), (vec![bound.clone()], Some(5)));
    bench.bind();
    assert_eq!(bench.told(), [bound]);
}

#[test]
fn m12_a_dispatch_shows_at_once_and_its_entry_ends_it() {
    let mut bench = Bench::live();
    assert_eq!((bench.add("2"), bench.value()), (Some(ClientSeq(1)), Some(7)));
    bench.said();
    bench.receive(bench.entry(1, 1, 2));
    let end = ended(&bench, 1, Ended::Acknowledged(Seq(1)));
    assert_eq!((bench.told(), bench.value()), (vec![end], Some(7)));
    assert!(bench.session.is_idle());
    bench.receive(bench.entry(1, 1, 2));
    assert_eq!((bench.told(), bench.value()), (vec![], Some(7)), "G3: a repeated frame is nothing new");
}

#[test]
fn p6_what_is_too_large_is_rejected_here_for_it_would_end_every_connection() {
    let mut bench = Bench::live();
    bench.add(&format!("1{}", " ".repeat(900)));
    let said = bench.said();
    assert!(!said.iter().any(|output| matches!(output, Output::Send(_))));
    let is_rejected = |output: &Output| {
        matches!(output, Output::Event(Event::Ended { end: Ended::Rejected(error), .. })
            if error.code == Code::LimitExceeded)
    };
    assert!(said.iter().any(is_rejected));
    let state = Some("1".repeat(900).into());
    bench.session.create(Rid::parse("counter:2").unwrap(), state, true);
    assert!(matches!(&bench.said()[..], [Output::Event(Event::Created { result: Err(_), .. })]));
}

#[test]
fn m20_a_create_that_was_cut_off_is_its_own_when_its_id_was_drawn() {
    for (fresh_id, repeated, succeeds) in [(true, true, true), (false, true, false), (true, false, false)] {
        let mut bench = Bench::welcomed("~ann");
        let request = bench.session.create(bench.rid.clone(), None, fresh_id);
        if repeated {
            bench.reconnect("~ann");
        }
        bench.said();
        bench.receive(bench.failure(Some(request), Code::ResourceExists));
        let [Event::Created { result, .. }] = &bench.told()[..] else { panic!("a create ends once") };
        assert_eq!(result.is_ok(), succeeds);
    }
}

#[test]
fn what_nobody_looks_at_is_left_when_nothing_is_pending() {
    let mut bench = Bench::live();
    bench.add("1");
    bench.session.unbind(&bench.rid.clone());
    assert!(!bench.sent().iter().any(|text| text.contains("unsubscribe")));
    bench.receive(bench.entry(1, 1, 1));
    assert_eq!(bench.sent(), [r#"{"unsubscribe":{"rid":"counter:1"}}"#]);
    bench.bind();
    bench.receive(bench.subscribed(7, 1));
    assert_eq!(bench.add("1"), Some(ClientSeq(2)), "M20: no number is used twice");
}

#[test]
fn p14_an_answer_under_way_never_comes_to_a_later_binding() {
    let mut bench = Bench::welcomed("~ann");
    bench.bind();
    bench.session.unbind(&bench.rid.clone());
    assert_eq!(bench.sent().len(), 1, "it waits for the answer");
    bench.bind();
    assert_eq!(bench.sent(), [] as [&str; 0], "and takes it, if it is wanted again");
    bench.session.unbind(&bench.rid.clone());
    bench.receive(bench.subscribed(7, 0));
    assert_eq!(bench.sent(), [r#"{"unsubscribe":{"rid":"counter:1"}}"#]);
}

#[test]
fn a_resource_that_is_gone_ends_what_is_pending() {
    let mut bench = Bench::live();
    bench.add("1");
    bench.reconnect("~ann");
    bench.said();
    bench.receive(bench.failure(None, Code::UnknownResource));
    let lost =
        Event::Lost { rid: bench.rid.clone(), error: Error::new(Code::UnknownResource, "as the test says") };
    let unknown = ended(&bench, 1, Ended::Unknown(UnknownCause::EpochChanged));
    assert_eq!(bench.told(), [unknown, lost]);
    assert_eq!(bench.add("1"), None);
}

#[test]
fn what_the_server_can_not_give_now_is_asked_for_again() {
    let mut bench = Bench::welcomed("~ann");
    bench.bind();
    bench.said();
    bench.receive(bench.failure(None, Code::Overloaded));
    assert_eq!(bench.said(), []);
    bench.now = bench.session.next_timeout().unwrap();
    bench.session.timeout(bench.now);
    assert_eq!(bench.sent(), [r#"{"subscribe":{"rid":"counter:1","floor":1}}"#]);
}

#[test]
fn p25_a_dispatch_that_was_not_decided_is_sent_again_in_order() {
    let mut bench = Bench::live();
    bench.add("1");
    bench.add("2");
    bench.said();
    bench.receive(bench.failure(None, Code::BadMessage));
    bench.now = bench.session.next_timeout().unwrap();
    bench.session.timeout(bench.now);
    bench.receive(bench.subscribed(7, 0));
    let sent = bench.sent();
    assert!(sent[0].starts_with(r#"{"subscribe""#));
    let numbers: Vec<bool> =
        [1, 2].map(|number| sent[number].contains(&format!(r#""number":{number}"#))).into();
    assert_eq!((sent.len(), numbers), (3, vec![true, true]));
}

#[test]
fn a_silent_master_is_asked_and_then_given_up() {
    let mut bench = Bench::welcomed("~ann");
    bench.now = bench.session.next_timeout().unwrap();
    bench.session.timeout(bench.now);
    assert_eq!(bench.sent(), [r#"{"ping":{"stamp":1}}"#]);
    bench.receive(ServerFrame::Pong { stamp: 1 });
    bench.now = bench.session.next_timeout().unwrap();
    bench.session.timeout(bench.now);
    assert_eq!(bench.sent(), [r#"{"ping":{"stamp":2}}"#]);
    bench.now = bench.session.next_timeout().unwrap();
    bench.session.timeout(bench.now);
    assert_eq!(bench.said(), [Output::Hangup(Hangup::Silent)]);
    bench.session.disconnected();
    assert_eq!(bench.session.next_timeout(), None);
}

#[test]
fn a_refusal_is_final_unless_it_may_pass() {
    for (code, passes) in [(Code::ShuttingDown, true), (Code::Overloaded, true), (Code::BadMessage, false)] {
        let mut bench = Bench::new();
        bench.session.connected(bench.now);
        bench.said();
        let (request, rid, error) = (None, None, Error::new(code, "no"));
        bench.receive(ServerFrame::Error { request, rid, error: error.clone() });
        assert_eq!(bench.said(), [Output::Hangup(Hangup::Refused { error, retry: passes })]);
    }
}

#[test]
fn p26_presence_follows_who_comes_shows_and_goes() {
    let mut bench = Bench::live();
    let who = |bench: &Bench| -> Vec<(String, Option<String>)> {
        let all = bench.session.subscribers(&bench.rid).iter();
        all.map(|one| (one.id.to_string(), one.presence.as_deref().map(str::to_owned))).collect()
    };
    let (rid, client) = (bench.rid.clone(), ClientId::new("~bob"));
    let subscriber = bench.subscriber("~bob");
    bench.receive(ServerFrame::Joined { rid: rid.clone(), subscriber });
    let value = Some("3".into());
    bench.receive(ServerFrame::Shows { rid: rid.clone(), client: client.clone(), value });
    bench.session.show(&rid, Some("4".into()));
    assert_eq!(bench.sent(), [r#"{"show":{"rid":"counter:1","value":4}}"#]);
    let (ann, bob) = ("~ann".to_owned(), "~bob".to_owned());
    assert_eq!(who(&bench), [(ann.clone(), Some("4".into())), (bob, Some("3".into()))]);
    bench.receive(ServerFrame::Left { rid, client });
    assert_eq!(who(&bench), [(ann, Some("4".into()))]);
    bench.reconnect("~ann");
    bench.said();
    bench.receive(bench.subscribed(7, 0));
    assert_eq!(bench.sent(), [r#"{"show":{"rid":"counter:1","value":4}}"#], "shown again after a cut");
}

#[test]
fn a_state_of_another_shape_is_told_and_left() {
    let mut bench = Bench::welcomed("~ann");
    bench.bind();
    let mut frame = bench.subscribed(7, 0);
    if let ServerFrame::Subscribed { subscribed, .. } = &mut frame {
        let base = subscribed.base.as_mut().unwrap();
        base.json = Some("[]".into());
    }
    bench.said();
    bench.receive(frame);
    let said = bench.said();
    assert!(matches!(&said[0], Output::Send(ClientFrame::Unsubscribe { .. })));
    assert!(matches!(&said[1], Output::Event(Event::Lost { error, .. }) if error.code == Code::BadState));
}
