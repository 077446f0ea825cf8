//! A whole master at a table: connections, one worker, and a store that keeps, waits or fails as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use movex_core::action::{Body, Draft};
use movex_core::context::TimeMs;
use movex_core::error::Error;
use movex_core::ids::{AppId, ClientId, Rid, SessionId};
use movex_core::item::Base;
use movex_core::master::{
    Answer, Append, AppendId, Ask, ConnectionId, Event, Hello, Master, Output, Protocol, Request, RidForm,
    Settings, Token,
};
use movex_core::reducer::DynReducer;
use movex_core::resource::Setting;
use movex_core::worker::{Command, Log, Worker};

/// What the store does with an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// At once.
    Now,
    /// When [`Table::keep`] says so.
    Later,
}

pub struct Table {
    pub master: Master,
    pub worker: Worker,
    pub now: TimeMs,
    pub rid: Rid,
    pub keeping: Keeping,
    /// What the transports, HTTP and terminals were told, in order.
    pub said: Vec<Output>,
    waiting: VecDeque<(AppendId, Rid, Append)>,
    kept: BTreeMap<String, Log>,
    tokens: u64,
    connections: u64,
}

impl Table {
    pub fn new(reducer: Rc<dyn DynReducer>, setting: Setting, settings: Settings) -> Self {
        Self {
            master: Master::new(AppId::new("app"), settings),
            worker: Worker::new(BTreeMap::from([("nasty".to_owned(), reducer)]), setting),
            now: TimeMs(1_000),
            rid: Rid::parse("nasty:1").unwrap(),
            keeping: Keeping::Now,
            said: Vec::new(),
            waiting: VecDeque::new(),
            kept: BTreeMap::new(),
            tokens: 0,
            connections: 0,
        }
    }

    /// A connection that names its id.
    pub fn connect(&mut self, name: &str) -> ConnectionId {
        self.hello(Some(name))
    }

    /// One that may name none.
    pub fn hello(&mut self, name: Option<&str>) -> ConnectionId {
        self.connections += 1;
        let connection = ConnectionId(self.connections);
        self.master.connected(Hello {
            connection,
            protocol: Protocol::V0,
            named: name.map(ClientId::new),
            fresh: ClientId::new(format!("fresh{}", self.connections)),
            info: "{}".into(),
            session: SessionId::new(format!("session {}", self.connections)),
        });
        self.settle();
        connection
    }

    pub fn disconnect(&mut self, connection: ConnectionId) {
        self.master.disconnected(self.now, connection);
        self.settle();
    }

    pub fn ask(&mut self, who: ConnectionId, ask: Ask) -> Token {
        self.tokens += 1;
        let token = Token(self.tokens);
        self.ask_as(who, token, ask);
        token
    }

    /// Asks with a token of the caller's own.
    pub fn ask_as(&mut self, who: ConnectionId, token: Token, ask: Ask) {
        let (rid, form) = (self.rid.clone(), RidForm::Text);
        self.master.request(self.now, who, Request { token, rid, form, ask });
        self.settle();
    }

    pub fn dispatch(&mut self, who: ConnectionId, body: Body) -> Token {
        self.ask(who, dispatch(body))
    }

    /// What HTTP shows.
    pub fn read_public(&mut self) -> Token {
        self.tokens += 1;
        let token = Token(self.tokens);
        self.master.look(token, self.rid.clone());
        self.settle();
        token
    }

    pub fn timeout(&mut self) {
        self.master.timeout(self.now);
        self.settle();
    }

    /// The store has kept the oldest append that waits.
    pub fn keep(&mut self) {
        let (id, rid, append) = self.waiting.pop_front().expect("an append waits");
        self.write(&rid, append);
        self.master.kept(self.now, &rid, id, Ok(()));
        self.settle();
    }

    /// The store has lost the oldest append that waits, and all behind it.
    pub fn lose(&mut self, error: Error) {
        while let Some((id, rid, _)) = self.waiting.pop_front() {
            self.master.kept(self.now, &rid, id, Err(error.clone()));
        }
        self.settle();
    }

    pub fn appends_waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The answer to a request, if it came.
    pub fn answer(&self, to: Token) -> Option<&Answer> {
        self.said.iter().find_map(|output| match output {
            Output::Answer { token, answer } if *token == to => Some(answer),
            _ => None,
        })
    }

    /// The events that a connection was sent, in order.
    pub fn events(&self, of: ConnectionId) -> Vec<&Event> {
        let sent = self.said.iter().filter_map(|output| match output {
            Output::Send { to, event } if to.contains(&of) => Some(event),
            _ => None,
        });
        sent.collect()
    }

    fn write(&mut self, rid: &Rid, append: Append) {
        match append {
            Append::Begin { epoch, base, records } => {
                self.kept.insert(rid.to_string(), Log { epoch, base, records });
            }
            Append::Records { records, .. } => {
                let log = self.kept.get_mut(rid.as_str()).expect("a log is begun before it grows");
                log.records.extend(records);
            }
        }
    }

    fn settle(&mut self) {
        loop {
            let outputs = self.master.take_outputs();
            if outputs.is_empty() {
                return;
            }
            for output in outputs {
                self.carry_out(output);
            }
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Command { rid, command, .. } => self.command(&rid, command),
            Output::Append { id, rid, append } if self.keeping == Keeping::Later => {
                self.waiting.push_back((id, rid, append));
            }
            Output::Append { id, rid, append } => {
                self.write(&rid, append);
                self.master.kept(self.now, &rid, id, Ok(()));
            }
            Output::Recover { rid, .. } => {
                let log = self.kept.get(rid.as_str()).cloned();
                self.command(&rid, Command::Recover { log });
            }
            Output::Truncate { rid, base } => self.truncate(&rid, base),
            output => self.said.push(output),
        }
    }

    fn truncate(&mut self, rid: &Rid, base: Base) {
        let log = self.kept.get_mut(rid.as_str()).expect("a log is begun before it is cut");
        log.base = base;
    }

    fn command(&mut self, rid: &Rid, command: Command) {
        let mut effects = Vec::new();
        self.worker.handle(self.now, rid, command, &mut |_, effect| effects.push(effect));
        for effect in effects {
            self.master.effect(self.now, rid, effect);
        }
    }
}

pub fn dispatch(body: Body) -> Ask {
    let body: Draft = body.into();
    Ask::Dispatch { body, epoch: None, seen_reveal: None, number: None }
}
