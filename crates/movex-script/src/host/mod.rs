//! An app in one engine on the current thread.

mod call;
mod engine;
mod exception;
mod globals;
mod limits;
mod loader;
mod mirror;
mod options;
mod random;
mod reducer;
mod sources;
mod state;
mod value;

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use movex_core::reducer::{DynReducer, Failure, ReportSink};

pub use options::HostOptions;

use self::call::Calls;
use self::engine::Engine;
use self::reducer::ScriptReducer;
use self::sources::Sources;
use crate::bundle::Bundle;

/// An app that can't be loaded into an engine. Its `Display` is what the developer should see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError(pub Failure);

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the app can't be loaded: {}", self.0.message)?;
        if let Some(location) = &self.0.location {
            write!(f, "\n  at {location}")?;
        }
        if let Some(frame) = &self.0.code_frame {
            write!(f, "\n{frame}")?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {}

/// An app in an engine of its own, on the thread that made it. A server has one for each app and core at most.
pub struct ScriptHost {
    engine: Rc<Engine>,
    reducers: BTreeMap<String, Rc<ScriptReducer>>,
}

impl ScriptHost {
    /// Evaluates the app. What its code prints goes to `sink`, after each call.
    ///
    /// # Errors
    /// When the app throws, runs into a limit, or does not export `{ resources: { name: reducer } }`.
    pub fn new(bundle: &Bundle, options: HostOptions, sink: ReportSink) -> Result<Self, LoadError> {
        let calls = Rc::new(Calls::new(Sources::new(bundle.clone()), sink));
        let (engine, resources) = Engine::load(bundle, options, calls).map_err(LoadError)?;
        let reducers = resources
            .into_iter()
            .map(|(name, functions)| {
                let reducer = ScriptReducer::new(&name, functions, engine.clone());
                (name, Rc::new(reducer))
            })
            .collect();
        Ok(Self { engine, reducers })
    }

    /// The names of the app's resource types, sorted.
    pub fn resource_types(&self) -> Vec<&str> {
        self.reducers.keys().map(String::as_str).collect()
    }

    /// The reducer of a resource type.
    pub fn reducer(&self, resource_type: &str) -> Option<Rc<dyn DynReducer>> {
        let reducer = self.reducers.get(resource_type)?;
        Some(reducer.clone())
    }

    /// Frees what an app left behind in cycles. The engine does so by itself as its heap grows; a server may call this
    /// when it is idle.
    pub fn collect_garbage(&self) {
        self.engine.collect();
    }
}

impl fmt::Debug for ScriptHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptHost").field("resource_types", &self.resource_types()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use movex_core::action::Action;
    use movex_core::context::{Context, Entropy, Stamp, TimeMs};
    use movex_core::ids::ClientId;
    use movex_core::reducer::{Applied, FailureKind, Fold};

    use super::*;
    use crate::bundle::BuildOptions;

    /// A host of one reducer, `it`.
    fn host(reducer: &str) -> ScriptHost {
        let file = std::env::temp_dir().join(format!(
            "movex-script-unit-{}-{:?}.js",
            std::process::id(),
            std::thread::current().id()
        ));
        std::fs::write(&file, format!("export default {{ resources: {{ it: {reducer} }} }};")).unwrap();
        let bundle = Bundle::build(&file, BuildOptions::default()).unwrap();
        std::fs::remove_file(&file).unwrap();
        ScriptHost::new(&bundle, HostOptions::default(), Rc::new(|_| {})).unwrap()
    }

    fn context() -> Context {
        let stamp = Stamp { time: TimeMs(0), author: ClientId::new("a") };
        Context::new(stamp, Entropy(0))
    }

    /// Lets memory run out at every place of a call in turn: each must give a failure or the right state, and leave
    /// an engine that goes on. (QuickJS cuts what is small from blocks of 4 KiB, so the texts here are large.)
    #[test]
    fn g8_memory_may_run_out_anywhere() {
        let host = host(
            "(state = { list: [{ n: 1, s: 'text' }], at: 0 }, action) => {
                if (action.type === 'mutate') { state.list.push({ m: action.payload, s: 'm'.repeat(900) + state.at }); return state }
                if (action.type === 'odd') return { ...state, date: new Date(5), list: [...state.list, [undefined, 'o'.repeat(900) + state.at]] };
                return { ...state, at: Math.random(), list: state.list.map((x) => ({ ...x, n: x.n + 1, deep: [[['d'.repeat(700) + x.n]]] })) };
            }",
        );
        let it = host.reducer("it").unwrap();
        let meter = &host.engine.meter;
        let max = HostOptions::default().memory_bytes_max;
        let state = it.parse(Some(r#"{"list":[{"n":1,"s":"text"},{"n":2}],"at":0}"#)).unwrap();
        for kind in ["plain", "mutate", "odd"] {
            let text = format!(r#"{{"type":"{kind}","payload":{{"a":[1]}}}}"#);
            let run =
                || it.apply(&state, &Action::from_json(text.as_str()).unwrap(), &context(), Fold::Public);
            let expected = match run() {
                Applied::Next(next) => it.to_json(&next),
                other => panic!("{other:?}"),
            };
            let (mut failed, mut went_well) = (0, 0);
            for bytes in (0..60_000).step_by(56) {
                meter.set_engine_max_bytes(meter.used_bytes() + bytes);
                let outcome = run();
                meter.set_engine_max_bytes(max);
                match outcome {
                    Applied::Failed(failure) if failure.kind == FailureKind::Limit => failed += 1,
                    Applied::Next(next) => {
                        assert_eq!(it.to_json(&next), expected, "{kind} with {bytes} bytes");
                        went_well += 1;
                    }
                    other => panic!("{kind} with {bytes} bytes: {other:?}"),
                }
            }
            assert!(failed > 10 && went_well > 10, "{kind}: {failed} failed, {went_well} went well");
            match run() {
                Applied::Next(next) => assert_eq!(it.to_json(&next), expected),
                other => panic!("{other:?}"),
            }
        }
        let meter = meter.clone();
        drop((state, it, host));
        assert_eq!(meter.used_bytes(), 0);
    }

    #[test]
    fn dropping_states_frees_their_nodes_and_values() {
        let host = host(
            "(state = { list: [] }, action) => action.type === 'add'
                ? { ...state, list: [...state.list, { n: state.list.length, cycle: 'x'.repeat(100) }] } : state",
        );
        let it = host.reducer("it").unwrap();
        let context = context();
        let first = it.init(&context).unwrap();
        let add = Action::from_json(r#"{"type":"add"}"#).unwrap();
        let run = || {
            let mut states = vec![first.clone()];
            for _ in 0..200 {
                match it.apply(&states[states.len() - 1], &add, &context, Fold::Public) {
                    Applied::Next(next) => states.push(next),
                    other => panic!("{other:?}"),
                }
            }
            states
        };
        drop(run());
        let (nodes, bytes) = (host.engine.mirror.len(), host.engine.meter.used_bytes());
        assert_eq!(nodes, 2, "the first state and its list");
        let states = run();
        // Each state has a root and a list of its own, and shares the members.
        assert_eq!(host.engine.mirror.len(), 2 + 200 * 3);
        assert!(host.engine.meter.used_bytes() > bytes + 200 * 100);
        drop(states);
        assert_eq!(host.engine.mirror.len(), nodes);
        let left = host.engine.meter.used_bytes().saturating_sub(bytes);
        assert!(left < 1024, "{left} bytes are left");
    }

    #[test]
    fn nothing_is_left_of_an_engine() {
        for _ in 0..3 {
            let host = host("(state = { a: [1, { b: 2 }] }, action) => ({ ...state, c: [state.a, action] })");
            let meter = host.engine.meter.clone();
            let it = host.reducer("it").unwrap();
            let state = it.parse(Some(r#"{"a":{"b":[]}}"#)).unwrap();
            drop(host);
            drop(it);
            assert!(meter.used_bytes() > 0, "a state keeps its engine");
            drop(state);
            assert_eq!(meter.used_bytes(), 0);
        }
    }
}
