//! The resources of one app that live with one engine.
//!
//! Commands in, effects out, all of which could cross a process boundary: a worker holds the app's code and states and
//! no connection, the [`crate::master`] holds connections and no state.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::context::{Draw, TimeMs};
use crate::effect::{Effect, Reply, RequestId};
use crate::error::{Code, Error};
use crate::ids::{AppVersion, ClientId, Epoch, Rid, Seq};
use crate::item::{Base, Record};
use crate::reducer::{DynReducer, Report, ReportKind};
use crate::resource::{InitialState, Input, RecoverError, Resource, Setting};

/// The reducers of an app, by resource type.
pub type Reducers = BTreeMap<String, Rc<dyn DynReducer>>;

/// What a worker can be told about a resource.
#[derive(Clone, Debug)]
pub enum Command {
    /// Make it.
    Create {
        /// Who waits.
        request: RequestId,
        /// Who asks.
        author: ClientId,
        /// Its state as JSON text; without, the reducer's own first one.
        state: Option<String>,
    },
    /// Ask it.
    Ask(Input),
    /// Go back to what the store has of it; `None` when it has nothing.
    Recover {
        /// The log.
        log: Option<Log>,
    },
    /// Forget it. Whoever holds the store forgets it there.
    Delete,
}

impl Command {
    /// The request that it answers.
    pub fn request(&self) -> Option<RequestId> {
        match self {
            Command::Create { request, .. } => Some(*request),
            Command::Ask(input) => input.request(),
            Command::Recover { .. } | Command::Delete => None,
        }
    }
}

/// A log as a store has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// Which.
    pub epoch: Epoch,
    /// Where it begins.
    pub base: Base,
    /// What stands in it since.
    pub records: Vec<Record>,
}

/// One engine's resources.
pub struct Worker {
    reducers: Reducers,
    setting: Rc<Setting>,
    resources: HashMap<Rid, Resource>,
    wakes: BTreeSet<(TimeMs, Rid)>,
    wake_of: HashMap<Rid, TimeMs>,
    /// Epochs drawn so far: with the time, no two logs have the same.
    epochs: u64,
}

/// Takes the effects of a resource, in order.
pub type Out<'o> = dyn FnMut(&Rid, Effect) + 'o;

impl Worker {
    /// A worker without resources.
    pub fn new(reducers: Reducers, setting: Setting) -> Self {
        Self {
            reducers,
            setting: Rc::new(setting),
            resources: HashMap::new(),
            wakes: BTreeSet::new(),
            wake_of: HashMap::new(),
            epochs: 0,
        }
    }

    /// Takes one command.
    pub fn handle(&mut self, now: TimeMs, rid: &Rid, command: Command, out: &mut Out<'_>) {
        match command {
            Command::Create { request, author, state } => self.create(now, rid, request, author, state, out),
            Command::Ask(input) => match self.resources.get_mut(rid) {
                Some(resource) => resource.handle(now, input, &mut |effect| out(rid, effect)),
                None => {
                    let error = self.unknown(rid);
                    if let Some(request) = input.request() {
                        out(rid, Effect::Reply { request, reply: Reply::Failed(error) });
                    }
                }
            },
            Command::Recover { log } => {
                let notes = self.recover(rid, log, out);
                out(rid, Effect::Recovered);
                if let Some((epoch, records)) = notes {
                    out(rid, Effect::Append { epoch, records });
                }
            }
            Command::Delete => {
                self.resources.remove(rid);
            }
        }
        self.schedule(rid);
    }

    fn create(
        &mut self,
        now: TimeMs,
        rid: &Rid,
        request: RequestId,
        author: ClientId,
        state: Option<String>,
        out: &mut Out<'_>,
    ) {
        let reply = match self.try_create(now, rid, author, state, out) {
            Ok(reply) => reply,
            Err(error) => Reply::Failed(error),
        };
        out(rid, Effect::Reply { request, reply });
    }

    fn try_create(
        &mut self,
        now: TimeMs,
        rid: &Rid,
        author: ClientId,
        state: Option<String>,
        out: &mut Out<'_>,
    ) -> Result<Reply, Error> {
        let Some(reducer) = self.reducers.get(rid.resource_type()) else {
            return Err(self.unknown(rid));
        };
        if self.resources.contains_key(rid) {
            return Err(Error::new(Code::ResourceExists, format!("{rid} exists already: choose another id")));
        }
        let reducer = reducer.clone();
        let initial = match &state {
            Some(json) => InitialState::Json(json),
            None => InitialState::Default { author },
        };
        let epoch = self.draw_epoch(now, rid);
        let created = Resource::create(
            rid.clone(),
            epoch,
            reducer,
            self.setting.clone(),
            initial,
            now,
            &mut |effect| out(rid, effect),
        );
        let resource = created.map_err(|failure| Error::new(Code::BadState, failure.message))?;
        let resource = self.resources.entry(rid.clone()).insert_entry(resource);
        resource.get().state_shown(now, None).map(Reply::Created)
    }

    /// Gives what the recovery has to append.
    fn recover(&mut self, rid: &Rid, log: Option<Log>, out: &mut Out<'_>) -> Option<(Epoch, Vec<Record>)> {
        let before = self.resources.remove(rid);
        let reducer = self.reducers.get(rid.resource_type()).cloned()?;
        let Log { epoch, base, records } = log?;
        match Resource::recover(rid.clone(), epoch, reducer, self.setting.clone(), &base, records) {
            Ok(mut resource) => {
                if let Some(before) = before {
                    resource.continue_from(&before);
                }
                let notes = resource.take_notes_anew();
                self.resources.insert(rid.clone(), resource);
                let records: Vec<Record> = notes.into_iter().map(Record::Note).collect();
                return (!records.is_empty()).then_some((epoch, records));
            }
            Err(error) => out(
                rid,
                Effect::Report(Report {
                    kind: ReportKind::Error,
                    resource_type: rid.resource_type().to_owned(),
                    text: error.to_string(),
                    location: None,
                    private_to: None,
                }),
            ),
        }
        None
    }

    /// A number that no earlier log of the resource had: from the keyed generator, so that a restart repeats none.
    /// 53 bits, which JavaScript holds exactly.
    fn draw_epoch(&mut self, now: TimeMs, rid: &Rid) -> Epoch {
        self.epochs += 1;
        let place = Seq(now.0.wrapping_shl(20) ^ self.epochs);
        Epoch(self.setting.entropy_key.draw(rid, Epoch(0), place, Draw::Public).0 >> 11)
    }

    fn unknown(&self, rid: &Rid) -> Error {
        let resource_type = rid.resource_type();
        if self.reducers.contains_key(resource_type) {
            return Error::new(Code::UnknownResource, format!("there is no {rid}: create it first"));
        }
        let known: Vec<&str> = self.reducers.keys().map(String::as_str).collect();
        Error::new(
            Code::UnknownResourceType,
            format!("the app has no resource type {resource_type:?}; it has {}", known.join(", ")),
        )
    }

    /// When [`Worker::wake`] should be called next.
    pub fn next_wake(&self) -> Option<TimeMs> {
        self.wakes.first().map(|(at, _)| *at)
    }

    /// Wakes every resource whose time has come.
    pub fn wake(&mut self, now: TimeMs, out: &mut Out<'_>) {
        let due: Vec<Rid> =
            self.wakes.iter().take_while(|(at, _)| *at <= now).map(|(_, rid)| rid.clone()).collect();
        for rid in due {
            if let Some(resource) = self.resources.get_mut(&rid) {
                resource.handle(now, Input::Wake, &mut |effect| out(&rid, effect));
            }
            self.schedule(&rid);
        }
    }

    fn schedule(&mut self, rid: &Rid) {
        let next = self.resources.get(rid).and_then(Resource::wake_at);
        if self.wake_of.get(rid).copied() == next {
            return;
        }
        if let Some(before) = self.wake_of.remove(rid) {
            self.wakes.remove(&(before, rid.clone()));
        }
        if let Some(next) = next {
            self.wake_of.insert(rid.clone(), next);
            self.wakes.insert((next, rid.clone()));
        }
    }

    /// Takes other code: each resource is folded again with it. One that can't be stays with the old code.
    pub fn reload(
        &mut self,
        now: TimeMs,
        reducers: Reducers,
        version: AppVersion,
        out: &mut Out<'_>,
    ) -> Vec<RecoverError> {
        let setting = Rc::new(Setting { version, ..(*self.setting).clone() });
        let mut rids: Vec<Rid> = self.resources.keys().cloned().collect();
        rids.sort();
        let mut errors = Vec::new();
        for rid in rids {
            let epoch = self.draw_epoch(now, &rid);
            let Some(resource) = self.resources.get(&rid) else {
                continue;
            };
            let Some(reducer) = reducers.get(rid.resource_type()) else {
                errors.push(RecoverError::TypeGone { rid: rid.to_string() });
                continue;
            };
            match resource.reloaded(epoch, reducer.clone(), setting.clone(), &mut |effect| out(&rid, effect))
            {
                Ok(next) => {
                    self.resources.insert(rid.clone(), next);
                    self.schedule(&rid);
                }
                Err(error) => errors.push(error),
            }
        }
        self.reducers = reducers;
        self.setting = setting;
        errors
    }

    /// The resource types, sorted.
    pub fn resource_types(&self) -> impl Iterator<Item = &str> {
        self.reducers.keys().map(String::as_str)
    }

    /// One of the resources.
    pub fn resource(&self, rid: &Rid) -> Option<&Resource> {
        self.resources.get(rid)
    }

    /// How many resources live here.
    pub fn len(&self) -> usize {
        self.resources.len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }
}
