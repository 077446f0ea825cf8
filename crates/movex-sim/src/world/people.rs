//! Those who take part: the real client resource, the model of an npm client, and the cheat.

use std::collections::BTreeMap;

use movex_core::action::Body;
use movex_core::client::{
    ClientResource, DispatchOptions, Divergence, Effect, Ended, FromMaster, ToMaster, UnknownCause,
};
use movex_core::context::TimeMs;
use movex_core::error::{Code, Error};
use movex_core::ids::{ClientId, ClientSeq, Epoch, Seq, SessionId};
use movex_core::master::Ask;

use super::{Down, Legacy, Up, World};
use crate::plan::{Guest, Kind, Plan};

/// How somebody is connected.
pub(crate) enum Side {
    V1(Box<ClientResource>),
    V0(Legacy),
    /// The log that it has heard of, and its own count.
    Cheat(Option<(Epoch, Seq)>),
}

/// A dispatch of the app's.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) body: Body,
    /// When, counted in things that happened.
    pub(crate) at: u64,
    pub(crate) doubtful: bool,
}

pub(crate) struct Person {
    pub(crate) id: ClientId,
    pub(crate) session: SessionId,
    pub(crate) side: Side,
    pub(crate) link: Option<u64>,
    pub(crate) connections: u64,
    pub(crate) slow_until: u64,
    /// Vanished for good.
    pub(crate) gone: bool,
    pub(crate) sent: BTreeMap<ClientSeq, Sent>,
    pub(crate) ended: BTreeMap<ClientSeq, (Ended, u64)>,
    requests: u64,
}

impl Person {
    pub(super) fn new(guest: &Guest, plan: &Plan) -> Self {
        let id = ClientId::new(guest.id.as_str());
        let session = SessionId::new(guest.session.as_str());
        let reducer = plan.workload.on_client();
        let side = match guest.kind {
            Kind::V1 => Side::V1(Box::new(ClientResource::new(id.clone(), session.clone(), reducer, None))),
            Kind::V0 => Side::V0(Legacy::new(id.clone(), reducer)),
            Kind::Cheat => Side::Cheat(None),
        };
        Self {
            id,
            session,
            side,
            link: None,
            connections: 0,
            slow_until: 0,
            gone: false,
            sent: BTreeMap::new(),
            ended: BTreeMap::new(),
            requests: 0,
        }
    }
}

impl World {
    /// A connection is there: ask for where the master is.
    pub(super) fn greet(&mut self, who: usize) {
        let now = TimeMs(self.now);
        let mut said = Vec::new();
        match &mut self.people[who].side {
            Side::V1(machine) => machine.connected(now, &mut |effect| said.push(effect)),
            Side::V0(legacy) => {
                let ask = legacy.connected();
                return self.ask(who, ask);
            }
            Side::Cheat(_) => {
                return self.ask(who, Ask::Follow { from: None, floor: ClientSeq(0) });
            }
        }
        self.carry_out_client(who, said);
    }

    pub(super) fn disconnected(&mut self, who: usize) {
        if let Side::V1(machine) = &mut self.people[who].side {
            machine.disconnected();
        }
    }

    pub(super) fn ask(&mut self, who: usize, ask: Ask) {
        let person = &mut self.people[who];
        person.requests += 1;
        let (request, link) = (person.requests, person.link);
        if let Some(link) = link {
            self.send_up(link, Up::Ask(request, ask));
        }
    }

    pub(super) fn dispatch(&mut self, who: usize, body: Body, options: DispatchOptions) {
        let now = TimeMs(self.now);
        let at = self.count;
        let mut said = Vec::new();
        let person = &mut self.people[who];
        if person.gone {
            return;
        }
        match &mut person.side {
            Side::V1(machine) => {
                let number = machine.dispatch(now, body.clone(), options, &mut |effect| said.push(effect));
                let sent = Sent { body, at, doubtful: false };
                person.sent.insert(number, sent);
                self.counted("actions");
                self.carry_out_client(who, said);
            }
            Side::V0(legacy) => {
                // An app on npm movex shows nothing before it has the state, so nobody acts.
                if person.link.is_none() || legacy.state.is_none() {
                    return;
                }
                let ask = legacy.dispatch(person.requests + 1, body, now);
                self.counted("actions");
                self.counted("actions by v0");
                self.ask(who, ask);
            }
            Side::Cheat(_) => {}
        }
    }

    pub(super) fn receive_down(&mut self, who: usize, down: Down) {
        let now = TimeMs(self.now);
        let mut said = Vec::new();
        match (&mut self.people[who].side, down) {
            (Side::V1(machine), Down::V1(mut frame)) => {
                let Some(()) = self.saboteur.at_client(machine, &mut frame) else {
                    return;
                };
                let subscribed = matches!(frame, FromMaster::Subscribed(_));
                machine.receive(now, frame, &mut |effect| said.push(effect));
                self.carry_out_client(who, said);
                if subscribed {
                    self.check_nothing_shown_twice(who);
                }
                self.look_for_doubts(who);
            }
            (Side::V0(legacy), Down::Event(event)) => {
                let before = legacy.state.is_some();
                if let Some(ask) = legacy.event(&event) {
                    if before {
                        self.counted("v0 refetches");
                    }
                    self.ask(who, ask);
                }
            }
            (Side::V0(legacy), Down::Answer(request, answer)) => {
                if let Some(ask) = legacy.answer(request, &answer) {
                    self.counted("v0 refetches");
                    self.ask(who, ask);
                }
            }
            (Side::Cheat(known), Down::V1(FromMaster::Subscribed(subscribed))) => {
                *known = Some((subscribed.epoch, subscribed.head));
            }
            _ => {}
        }
    }

    pub(super) fn carry_out_client(&mut self, who: usize, said: Vec<Effect>) {
        for effect in said {
            match effect {
                Effect::Send(frame) => {
                    if let ToMaster::Dispatch { epoch, client_seq, .. } = &frame {
                        let person = &self.people[who];
                        let key = (person.session.clone(), *client_seq, *epoch);
                        if !self.watch.sent.insert(key) {
                            self.counted("dispatched again");
                        }
                    }
                    if let Some(link) = self.people[who].link {
                        self.send_up(link, Up::V1(frame));
                    }
                }
                Effect::Ended { client_seq, .. } if self.dropped.contains(&(who, client_seq)) => {}
                Effect::Ended { client_seq, end } => self.ended(who, client_seq, end),
                Effect::Diverged(divergence) => self.diverged(who, divergence),
                Effect::Voided { .. } => self.counted("voided"),
                Effect::Changed | Effect::Outdated { .. } => {}
            }
        }
    }

    fn ended(&mut self, who: usize, client_seq: ClientSeq, end: Ended) {
        self.counted(match &end {
            Ended::Acknowledged(_) => "acknowledged",
            Ended::Rejected(_) => "rejected",
            Ended::Unknown(_) => "unknown",
        });
        match &end {
            Ended::Rejected(error) if error.code == Code::StalePhase => self.counted("stale phase"),
            Ended::Rejected(error) if error.code == Code::PhaseFull => self.counted("phase full"),
            Ended::Rejected(error) if error.code == Code::Superseded => self.counted("superseded"),
            Ended::Unknown(UnknownCause::SessionForgotten) => self.counted("session forgotten"),
            Ended::Unknown(UnknownCause::EpochChanged) => self.counted("epoch changed"),
            _ => {}
        }
        let id = self.people[who].session.clone();
        self.tell(|| format!("   {id} {client_seq} ended: {end:?}"));
        let at = self.count;
        if let Some((before, _)) = self.people[who].ended.get(&client_seq).cloned() {
            return self.violation("G3", format!("{id} {client_seq} ended twice: {before:?}, then {end:?}"));
        }
        self.people[who].ended.insert(client_seq, (end, at));
    }

    fn diverged(&mut self, who: usize, divergence: Divergence) {
        self.counted("diverged");
        let id = self.people[who].session.clone();
        self.violation("M16", format!("{id} diverged: {divergence:?}"));
    }

    /// M14: a doubtful action is skipped in the display and tried again; it may still be accepted.
    fn look_for_doubts(&mut self, who: usize) {
        let Side::V1(machine) = &self.people[who].side else {
            return;
        };
        let doubtful: Vec<ClientSeq> =
            machine.pending().filter(|(_, doubtful)| *doubtful).map(|(number, _)| number).collect();
        for number in doubtful {
            if let Some(sent) = self.people[who].sent.get_mut(&number)
                && !std::mem::replace(&mut sent.doubtful, true)
            {
                self.counted("doubtful");
                if self.saboteur.drops_doubtful() {
                    self.dropped.insert((who, number));
                    let error = Error::new(Code::Rejected, "the own view rejects it");
                    self.ended(who, number, Ended::Rejected(error));
                }
            }
        }
    }

    /// M17: what the master had decided when it made a snapshot is not pending over it any more.
    fn check_nothing_shown_twice(&mut self, who: usize) {
        let Side::V1(machine) = &self.people[who].side else {
            return;
        };
        let Some((epoch, seq)) = machine.position() else {
            return;
        };
        let person = &self.people[who];
        let mut twice = Vec::new();
        for (number, _) in machine.pending() {
            let key = (person.id.clone(), person.session.clone(), number);
            if let Some((of, place)) = self.watch.decided.get(&key)
                && *of == epoch
                && *place <= seq
            {
                twice.push((number, *place));
            }
        }
        for (number, place) in twice {
            let session = self.people[who].session.clone();
            self.violation(
                "M17",
                format!("{session} {number} is in what was confirmed at {place}, and pending"),
            );
        }
    }
}
