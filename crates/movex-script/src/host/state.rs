//! A state in the JavaScript heap, and how one is taken in.

#![allow(unsafe_code)]

use std::cell::OnceCell;
use std::rc::Rc;

use movex_core::checksum::v1::{self, Lanes};
use movex_core::checksum::{ChecksumV0, ChecksumV1, checksum_v0_of_text};
use movex_core::reducer::{Failure, FailureKind};
use rquickjs::{Ctx, Value, qjs};

use super::engine::Engine;
use super::mirror::{Node, Order, Stop, with_text, write_scalar};
use super::value::{JsRef, Kind, kind};

/// A state. Its fields are dropped in order: what refers to the heap before the engine.
pub(crate) struct ScriptState {
    root: Root,
    checksum: OnceCell<ChecksumV0>,
    engine: Rc<Engine>,
}

enum Root {
    Undefined,
    /// A number, string, boolean or null, with its JSON text.
    Scalar {
        value: JsRef,
        json: Box<str>,
        hash: Lanes,
    },
    /// An array or object.
    Container(Rc<Node>),
}

impl ScriptState {
    /// The value, borrowed: valid while the state is.
    pub(crate) fn raw(&self) -> qjs::JSValue {
        match &self.root {
            Root::Undefined => qjs::JS_UNDEFINED,
            Root::Scalar { value, .. } => value.raw(),
            Root::Container(node) => node.value().raw(),
        }
    }

    pub(crate) fn is_of(&self, engine: &Rc<Engine>) -> bool {
        Rc::ptr_eq(&self.engine, engine)
    }

    /// Whether the value is this very state: the reducer changed nothing.
    pub(crate) fn is(&self, value: &Value<'_>) -> bool {
        let raw = value.as_raw();
        match &self.root {
            Root::Container(node) => {
                kind(raw) == Kind::Object && node.value().address() == super::value::address(raw)
            }
            Root::Undefined => kind(raw) == Kind::Undefined,
            Root::Scalar { value, .. } => match (kind(value.raw()), kind(raw)) {
                (Kind::String, Kind::String) => {
                    super::value::address(value.raw()) == super::value::address(raw)
                }
                (old, new) => old == new && new != Kind::Object,
            },
        }
    }

    /// The JSON text, in the state's own order. Asks nothing of the engine.
    pub(crate) fn json(&self) -> Option<String> {
        match &self.root {
            Root::Undefined => None,
            Root::Scalar { json, .. } => Some(json.to_string()),
            Root::Container(node) => Some(text(node, Order::Inserted)),
        }
    }

    /// The checksum of npm movex: see [`movex_core::checksum`].
    pub(crate) fn checksum_v0(&self) -> ChecksumV0 {
        self.checksum
            .get_or_init(|| match &self.root {
                Root::Undefined => ChecksumV0(String::new()),
                Root::Scalar { json, .. } => {
                    let string: Option<String> = serde_json::from_str(json).ok();
                    checksum_v0_of_text(string.as_deref().unwrap_or(json))
                }
                Root::Container(node) => {
                    // SAFETY: the node's value is alive.
                    let is_array = unsafe { qjs::JS_IsArray(node.value().raw()) };
                    // npm movex sorts the keys of an object and of what is in it, but not those in a top-level array.
                    let order = if is_array { Order::Inserted } else { Order::Sorted };
                    checksum_v0_of_text(&text(node, order))
                }
            })
            .clone()
    }
}

impl ScriptState {
    /// The checksum of protocol v1: see [`movex_core::checksum::v1`].
    pub(crate) fn checksum_v1(&self) -> ChecksumV1 {
        let hash = match &self.root {
            Root::Undefined => v1::UNDEFINED,
            Root::Scalar { hash, .. } => *hash,
            Root::Container(node) => node.hash,
        };
        hash.into()
    }
}

fn text(node: &Node, order: Order) -> String {
    let mut text = String::with_capacity(node.bytes);
    node.write(order, &mut text);
    text
}

impl Engine {
    /// Takes in what the app's code gave as a state.
    pub(crate) fn adopt<'js>(
        self: &Rc<Self>,
        ctx: &Ctx<'js>,
        value: &Value<'js>,
    ) -> Result<ScriptState, Failure> {
        let context = ctx.as_raw().as_ptr();
        let raw = value.as_raw();
        let root = match kind(raw) {
            Kind::Undefined => Root::Undefined,
            Kind::Object => match self.container(ctx, raw) {
                Ok(node) => Root::Container(node),
                Err((Stop::NotPlain(what), path)) => return self.adopt_as_json(ctx, value, what, &path),
                Err((stop, path)) => return Err(self.stopped(ctx, &stop, &path)),
            },
            kind => {
                let mut json = String::new();
                // SAFETY: the value is alive and of that kind.
                match unsafe { write_scalar(context, raw, kind, &mut json) } {
                    Ok(_) if json.len() > self.options.state_bytes_max => {
                        return Err(self.stopped(ctx, &Stop::TooLarge, ""));
                    }
                    Ok(hash) => Root::Scalar {
                        hash,
                        // SAFETY: the value is alive, and the state keeps the engine.
                        value: unsafe { JsRef::share(context, raw) },
                        json: json.into_boxed_str(),
                    },
                    Err(Stop::NotPlain(what)) => return self.adopt_as_json(ctx, value, what, ""),
                    Err(stop) => return Err(self.stopped(ctx, &stop, "")),
                }
            }
        };
        Ok(ScriptState { root, checksum: OnceCell::new(), engine: self.clone() })
    }

    fn container(&self, ctx: &Ctx<'_>, raw: qjs::JSValue) -> Result<Rc<Node>, (Stop, String)> {
        // SAFETY: the context is alive and this engine's, and the caller holds the value.
        unsafe { self.mirror.take_in(ctx.as_raw().as_ptr(), raw) }
    }

    /// Takes in what is not plain as what JSON makes of it: so it would come back from a snapshot too, and a state
    /// that changes on the way to a client is worse than one that is plain from the start.
    fn adopt_as_json<'js>(
        self: &Rc<Self>,
        ctx: &Ctx<'js>,
        value: &Value<'js>,
        what: &str,
        path: &str,
    ) -> Result<ScriptState, Failure> {
        let shape = |message: String| Failure::new(FailureKind::Shape, message);
        if value.is_promise() {
            return Err(shape(
                "the reducer is async: a state must be there at once, so do what waits before dispatching"
                    .to_owned(),
            ));
        }
        let text = match ctx.json_stringify(value.clone()) {
            Ok(Some(text)) => text,
            Ok(None) => {
                return Err(shape(format!("{what} is no state: a state is what JSON can write")));
            }
            Err(error) => {
                let failure = self.thrown(ctx, &error);
                return Err(shape(format!(
                    "the state has {what}{}, and JSON can't write it: {}",
                    at(path),
                    failure.message
                )));
            }
        };
        self.calls.warn_once(
            "not plain",
            format!(
                "the state has {what}{}: it becomes what JSON makes of it, as it would on its way to a client",
                at(path)
            ),
            None,
        );
        // SAFETY: the text is an alive string.
        let parsed = unsafe { with_text(ctx.as_raw().as_ptr(), text.as_raw(), |text| ctx.json_parse(text)) };
        match parsed {
            Ok(Ok(plain)) => self.adopt_plain(ctx, &plain),
            Ok(Err(error)) => Err(self.thrown(ctx, &error)),
            Err(stop) => Err(self.stopped(ctx, &stop, "")),
        }
    }

    /// Takes in what came from JSON text, which can't be anything but plain.
    fn adopt_plain<'js>(self: &Rc<Self>, ctx: &Ctx<'js>, plain: &Value<'js>) -> Result<ScriptState, Failure> {
        if kind(plain.as_raw()) != Kind::Object {
            return self.adopt(ctx, plain);
        }
        match self.container(ctx, plain.as_raw()) {
            Ok(node) => Ok(ScriptState {
                root: Root::Container(node),
                checksum: OnceCell::new(),
                engine: self.clone(),
            }),
            Err((stop, path)) => Err(self.stopped(ctx, &stop, &path)),
        }
    }

    /// Why a value is no state, as a failure.
    pub(crate) fn stopped(&self, ctx: &Ctx<'_>, stop: &Stop, path: &str) -> Failure {
        let shape = |message: String| Failure::new(FailureKind::Shape, message);
        match stop {
            Stop::NotPlain(what) => {
                shape(format!("the state has {what}{}, which JSON can't write", at(path)))
            }
            Stop::LoneSurrogate => shape(format!(
                "a text{} has half of a surrogate pair: was an emoji cut in two? Cut with `[...text]`, not with `slice`",
                at(path)
            )),
            Stop::TooDeep => shape(format!(
                "the state nests deeper than {} arrays and objects, or contains itself: make it flatter",
                movex_core::json::DEPTH_MAX
            )),
            Stop::TooLarge => Failure::new(
                FailureKind::Limit,
                format!(
                    "the state's JSON text is larger than {} KiB, the most that is kept",
                    self.options.state_bytes_max >> 10
                ),
            ),
            Stop::Engine => self.thrown(ctx, &rquickjs::Error::Exception),
        }
    }
}

fn at(path: &str) -> String {
    // A path leads through keys, which may be anything: only its beginning is shown.
    match path.char_indices().nth(200) {
        _ if path.is_empty() => String::new(),
        Some((end, _)) => format!(" at `{} ...`", &path[..end]),
        None => format!(" at `{path}`"),
    }
}
