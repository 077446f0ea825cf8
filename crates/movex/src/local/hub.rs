//! A whole master without I/O: messages of protocol v1 in, messages out. Its log lives as long as the process.
//!
//! It trusts the process that it lives in, so a session's proof is the plain time; identities are proven by tokens all
//! the same, that what an app learns of others' ids makes it nobody else.

use std::collections::{BTreeMap, HashMap, VecDeque};

use movex_core::context::TimeMs;
use movex_core::error::{Code, Error as MasterError};
use movex_core::ids::{AppId, AppVersion, ClientId, IDENTITY_PREFIX, Rid, RidForm, SessionId};
use movex_core::master::{
    CloseCause, ConnectionId, Hello, Master, Output, Protocol, Request, Settings, Token,
};
use movex_core::reducer::{Report, ReportKind};
use movex_core::resource::{Limits, Reports, Setting};
use movex_core::v1::{self, Asked, ClientFrame, Question, Say, ServerFrame, Unreadable, VERSION};
use movex_core::worker::{Command, Worker};

use crate::app::App;
use crate::chance;
use crate::error::Error;

/// Larger messages end the connection (G9).
const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What a connection is to be told.
#[derive(Debug)]
pub(super) enum Said {
    /// A message.
    Message(String),
    /// That it is over.
    Close,
}

/// A client that was let in, or asks to be.
struct Guest {
    token: String,
    session_proof: String,
}

pub(super) struct Hub {
    master: Master,
    worker: Worker,
    out: VecDeque<(ConnectionId, Said)>,
    connections: u64,
    tokens: u64,
    guests: BTreeMap<ConnectionId, Option<Guest>>,
    /// What proves each identity that was given out.
    identities: HashMap<String, ClientId>,
    asked: HashMap<Token, (ConnectionId, Asked)>,
}

impl Hub {
    pub(super) fn new(app: &App) -> Result<Self, Error> {
        let setting = Setting {
            entropy_key: chance::entropy_key()?,
            version: AppVersion::new("local"),
            limits: Limits::default(),
            reports: Reports::default(),
        };
        Ok(Self {
            master: Master::new(AppId::new("local"), Settings::default()),
            worker: Worker::new(app.reducers(), setting),
            out: VecDeque::new(),
            connections: 0,
            tokens: 0,
            guests: BTreeMap::new(),
            identities: HashMap::new(),
            asked: HashMap::new(),
        })
    }

    /// The next thing to tell somebody.
    pub(super) fn poll(&mut self) -> Option<(ConnectionId, Said)> {
        self.out.pop_front()
    }

    pub(super) fn next_timeout(&self) -> TimeMs {
        let master = self.master.next_timeout();
        self.worker.next_wake().map_or(master, |wake| wake.min(master))
    }

    pub(super) fn timeout(&mut self, now: TimeMs) {
        let mut effects = Vec::new();
        self.worker.wake(now, &mut |rid, effect| effects.push((rid.clone(), effect)));
        for (rid, effect) in effects {
            self.master.effect(now, &rid, effect);
        }
        self.master.timeout(now);
        self.settle(now);
    }

    /// A connection came; it is let in when it has greeted.
    pub(super) fn connected(&mut self) -> ConnectionId {
        self.connections += 1;
        let connection = ConnectionId(self.connections);
        self.guests.insert(connection, None);
        connection
    }

    pub(super) fn disconnected(&mut self, now: TimeMs, connection: ConnectionId) {
        if self.guests.remove(&connection).is_some() {
            self.master.disconnected(now, connection);
            self.settle(now);
        }
    }

    pub(super) fn message(&mut self, now: TimeMs, connection: ConnectionId, text: &str) {
        let Some(guest) = self.guests.get(&connection) else {
            return;
        };
        let greeted = guest.is_some();
        if text.len() > MESSAGE_BYTES_MAX {
            let error = MasterError::new(Code::LimitExceeded, "the message is too large");
            return self.refuse(connection, error);
        }
        match ClientFrame::from_json(text) {
            Ok(hello @ ClientFrame::Hello { .. }) if !greeted => self.hello(now, connection, hello),
            Ok(frame) if greeted => self.frame(now, connection, frame),
            Ok(_) => {
                let error = MasterError::new(Code::BadMessage, "say hello first");
                self.refuse(connection, error);
            }
            // Of a later version.
            Err(Unreadable::Unknown(name)) => tracing::debug!(%name, "ignored a frame"),
            Err(Unreadable::Malformed(error)) => self.refuse(connection, error),
        }
        self.settle(now);
    }

    fn hello(&mut self, now: TimeMs, connection: ConnectionId, hello: ClientFrame) {
        let ClientFrame::Hello { versions: (from, to), session, session_proof, token, info } = hello else {
            return;
        };
        if !(from..=to).contains(&VERSION) {
            let error = MasterError::new(
                Code::BadMessage,
                format!("this master speaks version {VERSION} of the protocol alone"),
            );
            return self.refuse(connection, error);
        }
        let greeted = self.greet(now, connection, session, session_proof.as_deref(), token, info);
        if let Err(error) = greeted {
            let error = MasterError::new(Code::Overloaded, error.to_string());
            self.refuse(connection, error);
        }
    }

    fn greet(
        &mut self,
        now: TimeMs,
        connection: ConnectionId,
        session: SessionId,
        session_proof: Option<&str>,
        token: Option<String>,
        info: Option<std::sync::Arc<str>>,
    ) -> Result<(), Error> {
        let created = session_proof.and_then(|proof| proof.parse().ok()).map_or(now, TimeMs);
        let known = token.and_then(|token| Some((self.identities.get(&token)?.clone(), token)));
        let (named, fresh, token) = match known {
            Some((client, token)) => (Some(client.clone()), client, token),
            None => {
                let fresh = ClientId::new(format!("{IDENTITY_PREFIX}{}", chance::name()?));
                let token = chance::name()?;
                self.identities.insert(token.clone(), fresh.clone());
                (None, fresh, token)
            }
        };
        let guest = Guest { token, session_proof: created.0.to_string() };
        self.guests.insert(connection, Some(guest));
        self.master.connected(Hello {
            connection,
            protocol: Protocol::V1 { session_created: created },
            named,
            fresh,
            info: info.unwrap_or_else(|| "{}".into()),
            session,
        });
        Ok(())
    }

    fn frame(&mut self, now: TimeMs, connection: ConnectionId, frame: ClientFrame) {
        let Question { rid, asked, ask } = match frame.question() {
            Ok(question) => question,
            Err(ClientFrame::Ping { stamp }) => {
                return self.say(connection, &ServerFrame::Pong { stamp });
            }
            // A second hello says nothing new.
            Err(_) => return,
        };
        self.tokens += 1;
        let token = Token(self.tokens);
        self.asked.insert(token, (connection, asked));
        let request = Request { token, rid, form: RidForm::Text, ask };
        self.master.request(now, connection, request);
    }

    // ------------------------------------------------------------------------------------------ what the master says

    fn settle(&mut self, now: TimeMs) {
        loop {
            let outputs = self.master.take_outputs();
            if outputs.is_empty() {
                return;
            }
            for output in outputs {
                self.carry_out(now, output);
            }
        }
    }

    fn carry_out(&mut self, now: TimeMs, output: Output) {
        match output {
            Output::Send { to, event: happened } => {
                let text = v1::event(happened).to_json();
                for connection in to {
                    self.out.push_back((connection, Said::Message(text.clone())));
                }
            }
            Output::Welcome { to, client } => {
                if let Some(Some(guest)) = self.guests.get(&to) {
                    let welcome = ServerFrame::Welcome {
                        version: VERSION,
                        client: client.id,
                        token: guest.token.clone(),
                        session_proof: guest.session_proof.clone(),
                        time: now,
                        message_bytes_max: MESSAGE_BYTES_MAX as u64,
                    };
                    self.say(to, &welcome);
                }
            }
            Output::Answer { token, answer: told } => {
                let Some((connection, asked)) = self.asked.remove(&token) else {
                    return;
                };
                match v1::answer(asked, told) {
                    Say::Nothing => {}
                    Say::Frame(frame) => self.say(connection, &frame),
                    Say::FrameAndClose(frame) => {
                        self.say(connection, &frame);
                        self.close(connection);
                    }
                }
            }
            Output::Close { connection, cause: CloseCause::Refused(error) } => self.refuse(connection, error),
            Output::Close { connection, cause: CloseCause::TakenOver } => self.close(connection),
            Output::Command { rid, command, .. } => self.command(now, &rid, command),
            // Memory keeps at once.
            Output::Append { id, rid, .. } => self.master.kept(now, &rid, id, Ok(())),
            // The worker has all that there is, so what it lost is lost.
            Output::Recover { rid, .. } => self.command(now, &rid, Command::Recover { log: None }),
            Output::Truncate { .. } | Output::Forget { .. } => {}
            Output::Report(report) => print(&report),
        }
    }

    fn command(&mut self, now: TimeMs, rid: &Rid, command: Command) {
        let mut effects = Vec::new();
        self.worker.handle(now, rid, command, &mut |rid, effect| effects.push((rid.clone(), effect)));
        for (rid, effect) in effects {
            self.master.effect(now, &rid, effect);
        }
    }

    fn say(&mut self, connection: ConnectionId, frame: &ServerFrame) {
        self.out.push_back((connection, Said::Message(frame.to_json())));
    }

    fn refuse(&mut self, connection: ConnectionId, error: MasterError) {
        let (request, rid) = (None, None);
        self.say(connection, &ServerFrame::Error { request, rid, error });
        self.close(connection);
    }

    fn close(&mut self, connection: ConnectionId) {
        self.out.push_back((connection, Said::Close));
    }
}

/// What reducers say in public goes to the log; what they say in a private view goes nowhere (M10).
fn print(report: &Report) {
    if report.private_to.is_some() {
        return;
    }
    let (of, text) = (&report.resource_type, &report.text);
    match report.kind {
        ReportKind::Error => tracing::error!(%of, "{text}"),
        ReportKind::Warn => tracing::warn!(%of, "{text}"),
        ReportKind::Info | ReportKind::Log => tracing::info!(%of, "{text}"),
    }
}
