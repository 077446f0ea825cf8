//! What the tests of the core share: a reducer that is nasty on purpose, and a log's meaning told a second time.
#![allow(unreachable_pub, reason = "each test binary is a crate of its own")]
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping")]

pub mod nasty;
pub mod reference;
pub mod table;

use std::rc::Rc;

use movex_core::action::{Action, Body};
use movex_core::context::{EntropyKey, TimeMs};
use movex_core::effect::{Effect, RequestId};
use movex_core::ids::{AppVersion, ClientId, ClientSeq, Epoch, Rid, RidForm, SessionId};
use movex_core::item::{Base, Record};
use movex_core::reducer::DynReducer;
use movex_core::resource::{Dispatch, InitialState, Input, Limits, Reports, Resource, Setting};

pub fn action(json: &str) -> Action {
    Action::from_json(json).unwrap()
}

pub fn setting(limits: Limits) -> Setting {
    Setting {
        entropy_key: EntropyKey::new([1; 16], [2; 16]),
        version: AppVersion::new("v1"),
        limits,
        reports: Reports::default(),
    }
}

/// A resource with its log beside it, as a store would have it.
pub struct Bench {
    pub resource: Resource,
    pub reducer: Rc<dyn DynReducer>,
    /// The one that folds the log again.
    pub replayer: Rc<dyn DynReducer>,
    pub setting: Rc<Setting>,
    pub base: Base,
    pub log: Vec<Record>,
    pub effects: Vec<Effect>,
    pub now: u64,
    requests: u64,
    client_seq: u64,
}

impl Bench {
    pub fn new(reducer: Rc<dyn DynReducer>, limits: Limits) -> Self {
        let setting = Rc::new(setting(limits));
        let rid = Rid::parse("nasty:1").unwrap();
        let mut effects = Vec::new();
        let author = ClientId::new("creator");
        let resource = Resource::create(
            rid,
            Epoch(1),
            reducer.clone(),
            setting.clone(),
            InitialState::Default { author },
            TimeMs(1_000),
            &mut |effect| effects.push(effect),
        )
        .unwrap();
        let Some(Effect::Begin { base, .. }) = effects.first() else { panic!("a log is begun first") };
        let base = base.clone();
        Self {
            resource,
            replayer: reducer.clone(),
            reducer,
            setting,
            base,
            log: Vec::new(),
            effects,
            now: 1_000,
            requests: 0,
            client_seq: 0,
        }
    }

    pub fn input(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.resource.handle(TimeMs(self.now), input, &mut |effect| effects.push(effect));
        for effect in &effects {
            if let Effect::Append { records, .. } = effect {
                self.log.extend(records.iter().cloned());
            }
        }
        self.effects.extend(effects.iter().cloned());
        effects
    }

    pub fn request(&mut self) -> RequestId {
        self.requests += 1;
        RequestId(self.requests)
    }

    pub fn dispatch(&mut self, author: &str, body: Body) -> Vec<Effect> {
        let origin = Some(self.request());
        self.client_seq += 1;
        let dispatch = Dispatch {
            author: ClientId::new(author),
            session: SessionId::new(format!("session of {author}")),
            client_seq: ClientSeq(self.client_seq),
            body: body.into(),
            epoch: None,
            seen_reveal: None,
            form: RidForm::Text,
            claim: None,
            origin,
        };
        self.input(Input::Dispatch(dispatch))
    }

    pub fn public(&mut self, author: &str, json: &str) -> Vec<Effect> {
        self.dispatch(author, Body::Public(action(json)))
    }

    pub fn private(&mut self, author: &str, private: &str, public: &str) -> Vec<Effect> {
        self.dispatch(author, Body::Private { private: action(private), public: action(public) })
    }

    /// A viewer's state as JSON text; `None` is a spectator.
    pub fn view(&self, viewer: Option<&str>) -> String {
        let viewer = viewer.map(ClientId::new);
        let shown = self.resource.state_shown(TimeMs(self.now), viewer.as_ref()).unwrap();
        shown.json.map_or_else(|| "undefined".into(), |json| json.to_string())
    }

    /// The same log, folded again from its base.
    pub fn recovered(&self) -> Resource {
        Resource::recover(
            self.resource.rid().clone(),
            self.resource.epoch(),
            self.replayer.clone(),
            self.setting.clone(),
            &self.base,
            self.log.clone(),
        )
        .unwrap()
    }
}

/// Whether the effects say that the dispatch was rejected, and with which code.
pub fn rejection(effects: &[Effect]) -> Option<&'static str> {
    effects.iter().find_map(|effect| match effect {
        Effect::Reply { reply: movex_core::effect::Reply::Rejected { error, .. }, .. } => {
            Some(error.code.as_str())
        }
        _ => None,
    })
}
