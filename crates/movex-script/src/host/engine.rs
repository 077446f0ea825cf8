//! One QuickJS engine with one app in it.

#![allow(unsafe_code)]

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use movex_core::action::Action;
use movex_core::context::TimeMs;
use movex_core::ids::ClientId;
use movex_core::reducer::{Failure, FailureKind, Fold};
use rquickjs::{Context, Ctx, Function, Module, Object, Runtime, Value, qjs};

use super::call::{About, Calls};
use super::limits::{Budget, Exceeded, Measured, Meter, MeteredAllocator, STACK_MARGIN_BYTES};
use super::loader::BundleLoader;
use super::mirror::{Mirror, deep_freeze};
use super::options::HostOptions;
use super::value::JsRef;
use crate::bundle::{Bundle, ENTRY};

/// What a context's value depends on.
type ContextKey = (TimeMs, Option<ClientId>);

/// So many parsed actions are kept.
const ACTIONS_KEPT: usize = 4;

/// The engine. Its fields are dropped in order: what refers to the heap before the heap.
pub(crate) struct Engine {
    /// A function that loops without end.
    spin: JsRef,
    pub(crate) mirror: Mirror,
    /// The actions parsed last: one entry is applied to several views in a row.
    actions: RefCell<VecDeque<(Action, JsRef)>>,
    last_context: RefCell<Option<(ContextKey, JsRef)>>,
    context: Context,
    runtime: Runtime,
    pub(crate) meter: Rc<Meter>,
    pub(crate) calls: Rc<Calls>,
    pub(crate) options: HostOptions,
}

/// A reducer's functions.
pub(crate) struct Functions {
    pub(crate) reduce: JsRef,
    pub(crate) can_reconcile: Option<JsRef>,
    pub(crate) transform: Option<JsRef>,
    pub(crate) deadline: Option<JsRef>,
    pub(crate) migrate: Option<JsRef>,
    pub(crate) decide_public: bool,
}

/// What an app exports, by resource type.
pub(crate) type Resources = HashMap<String, Functions>;

impl Engine {
    /// Makes an engine and evaluates the app in it.
    pub(crate) fn load(
        bundle: &Bundle,
        options: HostOptions,
        calls: Rc<Calls>,
    ) -> Result<(Rc<Self>, Resources), Failure> {
        let broken = |error: rquickjs::Error| {
            Failure::new(FailureKind::Limit, format!("no engine could be made: {error}"))
        };
        let meter = Meter::new(options.memory_bytes_max);
        let runtime = Runtime::new_with_alloc(MeteredAllocator::new(meter.clone())).map_err(broken)?;
        runtime.set_max_stack_size(options.stack_bytes_max + STACK_MARGIN_BYTES);
        runtime.set_loader(BundleLoader(bundle.clone()), BundleLoader(bundle.clone()));
        let ticking = meter.clone();
        runtime.set_interrupt_handler(Some(Box::new(move || ticking.tick())));
        let context = Context::full(&runtime).map_err(broken)?;
        // SAFETY: the context is alive, and the engine drops its mirror first.
        let mirror = context.with(|ctx| unsafe {
            Mirror::new(ctx.as_raw().as_ptr(), meter.clone(), options.state_bytes_max)
        });
        let spin = context.with(|ctx| -> rquickjs::Result<JsRef> {
            let spin: Value<'_> = ctx.eval("(() => { for (;;); })")?;
            // SAFETY: the value is alive, and the engine drops its references first.
            Ok(unsafe { JsRef::share(ctx.as_raw().as_ptr(), spin.as_raw()) })
        });
        let engine = Rc::new(Self {
            spin: spin.map_err(broken)?,
            mirror,
            actions: RefCell::default(),
            last_context: RefCell::default(),
            context,
            runtime,
            meter,
            calls,
            options,
        });
        let loading = About { resource_type: Rc::from(""), fold: Fold::Public, context: None, time_ms: 0 };
        let resources = engine.enter_once(&loading, |ctx| {
            super::globals::install(&ctx, &engine.calls, bundle.env(), engine.options.strict)
                .map_err(|error| engine.thrown(&ctx, &error))?;
            engine.evaluate(&ctx)
        })?;
        Ok((engine, resources))
    }

    /// Runs something in the engine, inside the limits. A call that ran into one has failed, whatever it returned.
    ///
    /// It may be run twice: see [`Meter`].
    pub(crate) fn enter<T>(
        &self,
        about: &About<'_>,
        call: impl Fn(Ctx<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let result = self.calls.run(about, || {
            self.context.with(|ctx| {
                // SAFETY: the context is alive. rquickjs sets the top once, where the engine was made; a call may
                // come from anywhere on the thread.
                unsafe { qjs::JS_UpdateStackTop(qjs::JS_GetRuntime(ctx.as_raw().as_ptr())) };
                let ticks = self.options.ticks_max;
                match self.measure(&ctx, ticks, false, &call) {
                    (Measured::Within, result) => result,
                    (Measured::Over(exceeded), result) => Err(self.limit(exceeded, result.err())),
                    (Measured::Unsure, _) => {
                        self.calls.restart();
                        self.align(&ctx);
                        match self.measure(&ctx, ticks, true, &call) {
                            (Measured::Over(exceeded), result) => Err(self.limit(exceeded, result.err())),
                            (_, result) => result,
                        }
                    }
                }
            })
        });
        self.leave(result)
    }

    /// Runs the app's own code once: what it did can't be undone and done again.
    fn enter_once<T>(
        &self,
        about: &About<'_>,
        call: impl FnOnce(Ctx<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let result = self.calls.run(about, || {
            self.context.with(|ctx| {
                // SAFETY: as in `enter`.
                unsafe { qjs::JS_UpdateStackTop(qjs::JS_GetRuntime(ctx.as_raw().as_ptr())) };
                match self.measure(&ctx, self.options.load_ticks_max, true, call) {
                    (Measured::Over(exceeded), result) => Err(self.limit(exceeded, result.err())),
                    (_, result) => result,
                }
            })
        });
        self.leave(result)
    }

    fn measure<T>(
        &self,
        ctx: &Ctx<'_>,
        ticks: u64,
        is_aligned: bool,
        call: impl FnOnce(Ctx<'_>) -> Result<T, Failure>,
    ) -> (Measured, Result<T, Failure>) {
        let budget = Budget {
            ticks,
            stack_bytes: self.options.stack_bytes_max,
            memory_bytes: self.options.call_memory_bytes_max,
        };
        self.meter.start(budget, is_aligned);
        let mut result = call(ctx.clone());
        if result.is_ok() {
            result = self.run_jobs(ctx).and(result);
        }
        let measured = self.meter.stop();
        if measured != Measured::Within {
            drop(ctx.catch());
        }
        (measured, result)
    }

    /// Brings the engine's count of steps to the beginning of a tick.
    fn align(&self, ctx: &Ctx<'_>) {
        let context = ctx.as_raw().as_ptr();
        self.meter.align(|| {
            // SAFETY: the function is alive, and the result is owned and dropped. The loop ends with the next tick.
            unsafe {
                let ended =
                    qjs::JS_Call(context, self.spin.raw(), qjs::JS_UNDEFINED, 0, std::ptr::null_mut());
                drop(JsRef::own(context, ended));
            }
        });
        drop(ctx.catch());
    }

    fn leave<T>(&self, result: Result<T, Failure>) -> Result<T, Failure> {
        if matches!(&result, Err(failure) if failure.kind == FailureKind::Limit) {
            // What it left behind may hang together in cycles.
            self.runtime.run_gc();
        }
        self.calls.flush();
        result
    }

    /// Begins the running call anew: its budget, and what it said.
    pub(crate) fn restart(&self) {
        if self.meter.exceeded().is_none() {
            self.meter.refill();
        }
        self.calls.restart();
    }

    /// Runs what promises left to do: a reducer has no later.
    fn run_jobs(&self, ctx: &Ctx<'_>) -> Result<(), Failure> {
        let context = ctx.as_raw().as_ptr();
        // SAFETY: the context is alive; the job queue is its runtime's. rquickjs's own functions for this take the
        // runtime's lock, which `Context::with` holds.
        unsafe {
            let runtime = qjs::JS_GetRuntime(context);
            let mut ran_in = std::ptr::null_mut();
            loop {
                match qjs::JS_ExecutePendingJob(runtime, &raw mut ran_in) {
                    0 => return Ok(()),
                    result if result < 0 => {
                        return Err(self.thrown(ctx, &rquickjs::Error::Exception));
                    }
                    _ => {}
                }
            }
        }
    }

    fn limit(&self, exceeded: Exceeded, failure: Option<Failure>) -> Failure {
        let message = match exceeded {
            Exceeded::Ticks => "it ran for too long: is there a loop without end?".to_owned(),
            Exceeded::Engine => format!(
                "the app's memory on this engine is full ({} MiB): are there states that grow without end?",
                self.options.memory_bytes_max >> 20
            ),
            Exceeded::Memory => format!(
                "it took more memory than one call may ({} MiB): is there a list that grows without end?",
                self.options.call_memory_bytes_max >> 20
            ),
            Exceeded::Stack => "its calls nest too deep: is there a recursion without end?".to_owned(),
        };
        let mut limit = Failure::new(FailureKind::Limit, message);
        if let Some(failure) = failure {
            limit.location = failure.location;
            limit.code_frame = failure.code_frame;
        }
        limit
    }

    fn evaluate(&self, ctx: &Ctx<'_>) -> Result<Resources, Failure> {
        let module = Module::import(ctx, ENTRY).map_err(|error| self.thrown(ctx, &error))?;
        self.run_jobs(ctx)?;
        let namespace: Object<'_> = match module.result() {
            Some(Ok(namespace)) => namespace,
            Some(Err(error)) => return Err(self.thrown(ctx, &error)),
            None => {
                return Err(Failure::new(
                    FailureKind::Throw,
                    "the config waits for something that never comes (`await` at its top level): what it needs must be \
                     in its files",
                ));
            }
        };
        let mut reader = ResourceReader { engine: self, ctx };
        reader.read(&namespace)
    }

    /// An exception as a failure. With anything but an exception, the engine itself has failed.
    pub(crate) fn thrown(&self, ctx: &Ctx<'_>, error: &rquickjs::Error) -> Failure {
        if !matches!(error, rquickjs::Error::Exception) {
            return Failure::new(FailureKind::Throw, error.to_string());
        }
        super::exception::describe(ctx, &self.calls.sources, ctx.catch())
    }

    /// Parses JSON text.
    pub(crate) fn parse<'js>(&self, ctx: &Ctx<'js>, json: &str) -> Result<Value<'js>, Failure> {
        ctx.json_parse(json).map_err(|error| self.thrown(ctx, &error))
    }

    /// An action as a frozen value, parsed once for all the views that it is applied to.
    pub(crate) fn action<'js>(&self, ctx: &Ctx<'js>, action: &Action) -> Result<Value<'js>, Failure> {
        let context = ctx.as_raw().as_ptr();
        let known =
            self.actions.borrow().iter().find(|(of, _)| of.is_same(action)).map(|(_, value)| value.raw());
        if let Some(raw) = known {
            // SAFETY: the list holds the value, so it is alive, and the second reference is handed on.
            return Ok(unsafe { Value::from_raw(ctx.clone(), qjs::JS_DupValue(context, raw)) });
        }
        let value = self.parse(ctx, action.json())?;
        // SAFETY: the value is alive; the list keeps it only as long as the engine.
        let kept = unsafe {
            deep_freeze(context, value.as_raw()).map_err(|stop| self.stopped(ctx, &stop, ""))?;
            JsRef::share(context, value.as_raw())
        };
        let mut actions = self.actions.borrow_mut();
        actions.push_front((action.clone(), kept));
        actions.truncate(ACTIONS_KEPT);
        Ok(value)
    }

    /// What a reducer or hook gets as its context: `{ requestAt, author }`, frozen. One entry is applied to several
    /// views in a row, so the last one made is kept.
    pub(crate) fn context_value<'js>(
        &self,
        ctx: &Ctx<'js>,
        time: TimeMs,
        author: Option<&ClientId>,
    ) -> Result<Value<'js>, Failure> {
        let context = ctx.as_raw().as_ptr();
        let share = |value: &JsRef| {
            // SAFETY: the value is alive, and the second reference is handed on.
            unsafe { Value::from_raw(ctx.clone(), qjs::JS_DupValue(context, value.raw())) }
        };
        if let Some((of, value)) = &*self.last_context.borrow()
            && (of.0, of.1.as_ref()) == (time, author)
        {
            return Ok(share(value));
        }
        let make = || {
            let object = Object::new(ctx.clone())?;
            // Milliseconds since 1970 are exact as a 64-bit float for 285,000 years.
            object.set("requestAt", time.0 as f64)?;
            if let Some(author) = author {
                object.set("author", author.as_str())?;
            }
            Ok(object.into_value())
        };
        let value: Value<'js> = make().map_err(|error| self.thrown(ctx, &error))?;
        // SAFETY: the value is alive; it is kept only as long as the engine.
        let kept = unsafe {
            deep_freeze(context, value.as_raw()).map_err(|stop| self.stopped(ctx, &stop, ""))?;
            JsRef::share(context, value.as_raw())
        };
        *self.last_context.borrow_mut() = Some(((time, author.cloned()), kept));
        Ok(value)
    }

    /// Frees what hangs together in cycles.
    pub(crate) fn collect(&self) {
        self.runtime.run_gc();
    }
}

struct ResourceReader<'e, 'c, 'js> {
    engine: &'e Engine,
    ctx: &'c Ctx<'js>,
}

impl<'js> ResourceReader<'_, '_, 'js> {
    fn read(&mut self, namespace: &Object<'js>) -> Result<Resources, Failure> {
        let shape = |message: &str| Failure::new(FailureKind::Shape, message);
        let config: Value<'js> = self.get(namespace, "default")?;
        let resources = match config.as_object() {
            Some(config) => self.get(config, "resources")?,
            None => Value::new_undefined(self.ctx.clone()),
        };
        let Some(resources) = resources.as_object() else {
            return Err(shape(
                "the config's default export has no `resources`: write `export default { resources: { name: reducer } }`",
            ));
        };
        let mut read = Resources::new();
        for name in resources.keys::<String>() {
            let name = name.map_err(|error| self.engine.thrown(self.ctx, &error))?;
            let reducer = self.get(resources, &name)?;
            let Some(reducer) = reducer.as_function() else {
                return Err(shape(&format!(
                    "`resources.{name}` is no function: give it the reducer `(state, action) => state`"
                )));
            };
            if name.is_empty() || name.contains(':') {
                return Err(shape(&format!(
                    "`{name}` can't name a resource type: leave out the colon, which stands between type and id"
                )));
            }
            let functions = self.functions(&name, reducer)?;
            read.insert(name, functions);
        }
        Ok(read)
    }

    fn functions(&self, name: &str, reducer: &Function<'js>) -> Result<Functions, Failure> {
        let decide: Value<'js> = self.get(reducer, "$decide")?;
        let decide_public = match decide.as_string().map(rquickjs::String::to_string) {
            Some(Ok(word)) if word == "public" => true,
            None if decide.is_undefined() => false,
            _ => {
                return Err(Failure::new(
                    FailureKind::Shape,
                    format!("`$decide` of `resources.{name}` can only be 'public'"),
                ));
            }
        };
        Ok(Functions {
            reduce: self.keep(reducer.as_value()),
            can_reconcile: self.hook(name, reducer, "$canReconcileState")?,
            transform: self.hook(name, reducer, "$transformState")?,
            deadline: self.hook(name, reducer, "$deadline")?,
            migrate: self.hook(name, reducer, "$migrate")?,
            decide_public,
        })
    }

    fn hook(&self, name: &str, reducer: &Function<'js>, hook: &str) -> Result<Option<JsRef>, Failure> {
        let value: Value<'js> = self.get(reducer, hook)?;
        if value.is_undefined() || value.is_null() {
            return Ok(None);
        }
        if value.is_function() {
            return Ok(Some(self.keep(&value)));
        }
        Err(Failure::new(FailureKind::Shape, format!("`{hook}` of `resources.{name}` is no function")))
    }

    fn keep(&self, value: &Value<'js>) -> JsRef {
        // SAFETY: the value is alive, and whoever keeps a reference keeps the engine.
        unsafe { JsRef::share(self.ctx.as_raw().as_ptr(), value.as_raw()) }
    }

    fn get(&self, object: &Object<'js>, name: &str) -> Result<Value<'js>, Failure> {
        object.get(name).map_err(|error| self.engine.thrown(self.ctx, &error))
    }
}
