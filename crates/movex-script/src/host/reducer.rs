//! One resource type's reducer, as the master drives it.

#![allow(unsafe_code)]

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use movex_core::action::Action;
use movex_core::checksum::{ChecksumV0, ChecksumV1};
use movex_core::context::{Context, TimeMs};
use movex_core::ids::AppVersion;
use movex_core::reducer::{Applied, DynReducer, Failure, FailureKind, Features, Fold, State};
use rquickjs::{Ctx, Value, qjs};

use super::call::About;
use super::engine::{Engine, Functions};
use super::mirror::deep_copy;
use super::state::ScriptState;
use super::value::JsRef;

/// Types of actions are the app's to choose: so many are remembered as mutating.
const MUTATING_TYPES_MAX: usize = 256;

/// A reducer function and its hooks. Its fields are dropped in order: the functions before their engine.
pub(crate) struct ScriptReducer {
    functions: Functions,
    /// The types of actions for which it changes what it is given, by whether the fold was public.
    mutating: RefCell<HashSet<(bool, String)>>,
    name: Rc<str>,
    engine: Rc<Engine>,
}

impl ScriptReducer {
    pub(crate) fn new(name: &str, functions: Functions, engine: Rc<Engine>) -> Self {
        Self { functions, mutating: RefCell::default(), name: Rc::from(name), engine }
    }

    fn about<'c>(&self, fold: Fold<'c>, context: Option<&'c Context>, time_ms: u64) -> About<'c> {
        About { resource_type: self.name.clone(), fold, context, time_ms }
    }

    fn of<'s>(&self, state: &'s State) -> Result<&'s ScriptState, Failure> {
        state
            .get::<ScriptState>()
            .filter(|state| state.is_of(&self.engine))
            .ok_or_else(|| Failure::new(FailureKind::Shape, "the state is of another engine"))
    }

    fn hook<T>(
        &self,
        fold: Fold<'_>,
        time_ms: u64,
        call: impl Fn(Ctx<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.engine.enter(&self.about(fold, None, time_ms), call)
    }

    fn call<'js>(
        &self,
        ctx: &Ctx<'js>,
        function: &JsRef,
        arguments: &[qjs::JSValue],
    ) -> Result<Value<'js>, Failure> {
        let count = i32::try_from(arguments.len()).expect("hooks have at most three arguments");
        // SAFETY: function and arguments are alive values of this context; the call takes no ownership of them, and
        // gives an owned result.
        let result = unsafe {
            qjs::JS_Call(
                ctx.as_raw().as_ptr(),
                function.raw(),
                // Hooks are the reducer's methods in the npm package.
                self.functions.reduce.raw(),
                count,
                arguments.as_ptr().cast_mut(),
            )
        };
        // SAFETY: the result is owned and handed on.
        let value = unsafe { Value::from_raw(ctx.clone(), result) };
        if value.is_exception() {
            return Err(self.engine.thrown(ctx, &rquickjs::Error::Exception));
        }
        Ok(value)
    }

    fn adopt<'js>(&self, ctx: &Ctx<'js>, value: &Value<'js>) -> Result<State, Failure> {
        self.engine.adopt(ctx, value).map(State::new)
    }
}

impl ScriptReducer {
    /// One call of the reducer; a second on a working copy if it tried to change what it was given.
    fn reduce(
        &self,
        state: &State,
        action: &Action,
        context: &Context,
        fold: Fold<'_>,
    ) -> Result<State, Failure> {
        let old = self.of(state)?;
        let about = self.about(fold, Some(context), 0);
        self.engine.enter(&about, |ctx| {
            let frozen_action = self.engine.action(&ctx, action)?;
            let context = self.engine.context_value(&ctx, context.stamp.time, Some(&context.stamp.author))?;
            if !self.mutates(&ctx, &frozen_action, fold) {
                let arguments = [old.raw(), frozen_action.as_raw(), context.as_raw()];
                match self.call(&ctx, &self.functions.reduce, &arguments) {
                    Ok(next) if old.is(&next) => return Ok(state.clone()),
                    Ok(next) => return self.adopt(&ctx, &next),
                    Err(failure) if !is_mutation(&failure) => return Err(failure),
                    Err(failure) => {
                        self.engine.restart();
                        self.remember_mutation(&ctx, &frozen_action, fold, failure);
                    }
                }
            }
            let (state, action) = self.working_copy(&ctx, old.raw(), frozen_action.as_raw())?;
            let next =
                self.call(&ctx, &self.functions.reduce, &[state.raw(), action.raw(), context.as_raw()])?;
            self.adopt(&ctx, &next)
        })
    }

    /// Whether actions of this type are known to change what the reducer is given. What a private fold found out
    /// counts for private folds alone (M10).
    fn mutates(&self, ctx: &Ctx<'_>, action: &Value<'_>, fold: Fold<'_>) -> bool {
        if self.mutating.borrow().is_empty() {
            return false;
        }
        let kind = action_type(ctx, action);
        self.mutating.borrow().contains(&(fold.is_public(), kind))
    }

    fn remember_mutation(&self, ctx: &Ctx<'_>, action: &Value<'_>, fold: Fold<'_>, failure: Failure) {
        let mut mutating = self.mutating.borrow_mut();
        if mutating.len() < MUTATING_TYPES_MAX {
            mutating.insert((fold.is_public(), action_type(ctx, action)));
        }
        self.engine.calls.warn_once(
            "mutates",
            format!(
                "the reducer changes the state or action that it is given ({}): it works on a copy of its own, which \
                 costs time with every call; return a new value instead, or use immer",
                failure.message
            ),
            failure.location,
        );
    }

    fn working_copy(
        &self,
        ctx: &Ctx<'_>,
        state: qjs::JSValue,
        action: qjs::JSValue,
    ) -> Result<(JsRef, JsRef), Failure> {
        let context = ctx.as_raw().as_ptr();
        // SAFETY: state and action are alive, and plain: the one was taken in, the other came from JSON text.
        let copies =
            unsafe { deep_copy(context, state).and_then(|state| Ok((state, deep_copy(context, action)?))) };
        copies.map_err(|stop| self.engine.stopped(ctx, &stop, ""))
    }
}

/// What a write to a frozen value throws. An error of the app's own that reads so costs a second call, no more.
fn is_mutation(failure: &Failure) -> bool {
    const SAID: [&str; 5] = [
        "is read-only",
        "object is not extensible",
        "could not delete property",
        "not configurable",
        "no setter for property",
    ];
    let message = failure.message.strip_prefix("TypeError: ");
    message.is_some_and(|message| SAID.iter().any(|said| message.contains(said)))
}

fn action_type(ctx: &Ctx<'_>, action: &Value<'_>) -> String {
    let kind: Option<String> = action.as_object().and_then(|action| action.get("type").ok());
    drop(ctx.catch());
    kind.unwrap_or_default()
}

impl DynReducer for ScriptReducer {
    fn features(&self) -> Features {
        Features {
            can_reconcile: self.functions.can_reconcile.is_some(),
            transform: self.functions.transform.is_some(),
            deadline: self.functions.deadline.is_some(),
            decide_public: self.functions.decide_public,
            // The mirror has it.
            cheap_checksum_v1: true,
        }
    }

    fn init(&self, context: &Context) -> Result<State, Failure> {
        let about = self.about(Fold::Public, Some(context), 0);
        self.engine.enter(&about, |ctx| {
            let action = self.engine.parse(&ctx, r#"{"type":"_init"}"#)?;
            let context = self.engine.context_value(&ctx, context.stamp.time, Some(&context.stamp.author))?;
            let arguments = [qjs::JS_UNDEFINED, action.as_raw(), context.as_raw()];
            let state = self.call(&ctx, &self.functions.reduce, &arguments)?;
            self.adopt(&ctx, &state)
        })
    }

    fn parse(&self, json: Option<&str>) -> Result<State, Failure> {
        self.hook(Fold::Public, 0, |ctx| {
            let value = match json {
                Some(json) => self
                    .engine
                    .parse(&ctx, json)
                    .map_err(|failure| Failure { kind: FailureKind::Shape, ..failure })?,
                None => Value::new_undefined(ctx.clone()),
            };
            self.adopt(&ctx, &value)
        })
    }

    fn to_json(&self, state: &State) -> Result<Option<String>, Failure> {
        Ok(self.of(state)?.json())
    }

    fn apply(&self, state: &State, action: &Action, context: &Context, fold: Fold<'_>) -> Applied {
        match self.reduce(state, action, context, fold) {
            Ok(next) => Applied::Next(next),
            Err(failure) => {
                Applied::Failed(Failure { entropy_was_read: context.entropy_was_read(), ..failure })
            }
        }
    }

    fn can_reconcile(&self, public: &State) -> Result<bool, Failure> {
        let (state, Some(ask)) = (self.of(public)?, &self.functions.can_reconcile) else {
            return Ok(false);
        };
        self.hook(Fold::Public, 0, |ctx| {
            let answer = self.call(&ctx, ask, &[state.raw()])?;
            if answer.is_promise() {
                return Err(Failure::new(
                    FailureKind::Shape,
                    "`$canReconcileState` is async: the answer must be there at once",
                ));
            }
            // What counts as true in JavaScript counts, as in the npm package.
            // SAFETY: the answer is an alive value of this context.
            Ok(unsafe { qjs::JS_ToBool(ctx.as_raw().as_ptr(), answer.as_raw()) } == 1)
        })
    }

    fn transform(&self, state: &State, now: TimeMs, fold: Fold<'_>) -> Result<Option<State>, Failure> {
        let (state, Some(transform)) = (self.of(state)?, &self.functions.transform) else {
            return Ok(None);
        };
        self.hook(fold, now.0, |ctx| {
            let context = self.engine.context_value(&ctx, now, None)?;
            let shown = self.call(&ctx, transform, &[state.raw(), context.as_raw()])?;
            self.adopt(&ctx, &shown).map(Some)
        })
    }

    fn deadline(&self, public: &State) -> Result<Option<TimeMs>, Failure> {
        let (state, Some(deadline)) = (self.of(public)?, &self.functions.deadline) else {
            return Ok(None);
        };
        self.hook(Fold::Public, 0, |ctx| {
            let due = self.call(&ctx, deadline, &[state.raw()])?;
            if due.is_undefined() || due.is_null() {
                return Ok(None);
            }
            match due.as_number() {
                // The latest time that JavaScript's Date knows.
                Some(time) if (0.0..=8.64e15).contains(&time) => Ok(Some(TimeMs(time as u64))),
                _ => Err(Failure::new(
                    FailureKind::Shape,
                    "`$deadline` gives the time in milliseconds since 1970, or undefined for none",
                )),
            }
        })
    }

    fn checksum_v0(&self, state: &State) -> Result<ChecksumV0, Failure> {
        Ok(self.of(state)?.checksum_v0())
    }

    fn checksum_v1(&self, state: &State) -> Result<ChecksumV1, Failure> {
        Ok(self.of(state)?.checksum_v1())
    }

    fn migrate(&self, json: Option<&str>, from: &AppVersion) -> Result<State, Failure> {
        let Some(migrate) = &self.functions.migrate else {
            return self.parse(json);
        };
        self.hook(Fold::Public, 0, |ctx| {
            let old = match json {
                Some(json) => self.engine.parse(&ctx, json)?,
                None => Value::new_undefined(ctx.clone()),
            };
            let version = rquickjs::String::from_str(ctx.clone(), from.as_str())
                .map_err(|error| self.engine.thrown(&ctx, &error))?;
            let state = self.call(&ctx, migrate, &[old.as_raw(), version.as_raw()])?;
            self.adopt(&ctx, &state)
        })
    }
}
