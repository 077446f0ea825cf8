//! One resource type's reducer, as the master drives it.

#![allow(unsafe_code)]

use std::rc::Rc;

use movex_core::action::Action;
use movex_core::checksum::{ChecksumV0, checksum_v0};
use movex_core::context::{Context, TimeMs};
use movex_core::ids::AppVersion;
use movex_core::reducer::{Applied, DynReducer, Failure, FailureKind, Features, Fold, State};
use rquickjs::{Ctx, Value, qjs};

use super::call::About;
use super::engine::{Engine, Functions};
use super::value::JsRef;

/// A reducer function and its hooks. Its fields are dropped in order: the functions before their engine.
pub(crate) struct ScriptReducer {
    functions: Functions,
    name: Rc<str>,
    engine: Rc<Engine>,
}

/// A state in the JavaScript heap.
struct ScriptState {
    value: JsRef,
    engine: Rc<Engine>,
}

impl ScriptReducer {
    pub(crate) fn new(name: &str, functions: Functions, engine: Rc<Engine>) -> Self {
        Self {
            functions,
            name: Rc::from(name),
            engine,
        }
    }

    fn about<'c>(&self, fold: Fold<'c>, context: Option<&'c Context>, time_ms: u64) -> About<'c> {
        About {
            resource_type: self.name.clone(),
            fold,
            context,
            time_ms,
        }
    }

    fn of<'s>(&self, state: &'s State) -> Result<&'s ScriptState, Failure> {
        state
            .get::<ScriptState>()
            .filter(|state| Rc::ptr_eq(&state.engine, &self.engine))
            .ok_or_else(|| Failure::new(FailureKind::Shape, "the state is of another engine"))
    }

    fn hook<T>(
        &self,
        fold: Fold<'_>,
        time_ms: u64,
        call: impl FnOnce(Ctx<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.engine.enter(
            &self.about(fold, None, time_ms),
            self.engine.options.ticks_max,
            call,
        )
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
                qjs::JS_UNDEFINED,
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

    fn adopt(&self, ctx: &Ctx<'_>, value: &Value<'_>) -> State {
        State::new(ScriptState {
            // SAFETY: the value is alive, and the state keeps the engine.
            value: unsafe { JsRef::share(ctx.as_raw().as_ptr(), value.as_raw()) },
            engine: self.engine.clone(),
        })
    }

    fn parsed<'js>(&self, ctx: &Ctx<'js>, json: &str) -> Result<Value<'js>, Failure> {
        ctx.json_parse(json)
            .map_err(|error| self.engine.thrown(ctx, &error))
    }

    fn context_object<'js>(&self, ctx: &Ctx<'js>, context: &Context) -> Result<Value<'js>, Failure> {
        let make = || {
            let object = rquickjs::Object::new(ctx.clone())?;
            object.set("requestAt", context.stamp.time.0 as f64)?;
            object.set("author", context.stamp.author.as_str())?;
            Ok(object.into_value())
        };
        make().map_err(|error| self.engine.thrown(ctx, &error))
    }
}

impl DynReducer for ScriptReducer {
    fn features(&self) -> Features {
        Features {
            can_reconcile: self.functions.can_reconcile.is_some(),
            transform: self.functions.transform.is_some(),
            deadline: self.functions.deadline.is_some(),
            decide_public: self.functions.decide_public,
        }
    }

    fn init(&self, context: &Context) -> Result<State, Failure> {
        let about = self.about(Fold::Public, Some(context), 0);
        self.engine.enter(&about, self.engine.options.ticks_max, |ctx| {
            let action = self.parsed(&ctx, r#"{"type":"_init"}"#)?;
            let context = self.context_object(&ctx, context)?;
            let arguments = [qjs::JS_UNDEFINED, action.as_raw(), context.as_raw()];
            let state = self.call(&ctx, &self.functions.reduce, &arguments)?;
            Ok(self.adopt(&ctx, &state))
        })
    }

    fn parse(&self, json: Option<&str>) -> Result<State, Failure> {
        self.hook(Fold::Public, 0, |ctx| {
            let value = match json {
                Some(json) => self.parsed(&ctx, json)?,
                None => Value::new_undefined(ctx.clone()),
            };
            Ok(self.adopt(&ctx, &value))
        })
    }

    fn to_json(&self, state: &State) -> Result<Option<String>, Failure> {
        let state = self.of(state)?;
        self.hook(Fold::Public, 0, |ctx| {
            // SAFETY: the state's value is alive; the second reference is handed on.
            let value = unsafe {
                let context = ctx.as_raw().as_ptr();
                Value::from_raw(ctx.clone(), qjs::JS_DupValue(context, state.value.raw()))
            };
            let text = ctx
                .json_stringify(value)
                .map_err(|error| self.engine.thrown(&ctx, &error))?;
            text.map(|text| text.to_string().map_err(|error| self.engine.thrown(&ctx, &error)))
                .transpose()
        })
    }

    fn apply(&self, state: &State, action: &Action, context: &Context, fold: Fold<'_>) -> Applied {
        let called = self.of(state).and_then(|state| {
            let about = self.about(fold, Some(context), 0);
            self.engine.enter(&about, self.engine.options.ticks_max, |ctx| {
                let action = self.parsed(&ctx, action.json())?;
                let context = self.context_object(&ctx, context)?;
                let arguments = [state.value.raw(), action.as_raw(), context.as_raw()];
                let next = self.call(&ctx, &self.functions.reduce, &arguments)?;
                Ok(self.adopt(&ctx, &next))
            })
        });
        match called {
            Ok(next) => Applied::Next(next),
            Err(failure) => Applied::Failed(Failure {
                entropy_was_read: context.entropy_was_read(),
                ..failure
            }),
        }
    }

    fn can_reconcile(&self, public: &State) -> Result<bool, Failure> {
        let (state, Some(ask)) = (self.of(public)?, &self.functions.can_reconcile) else {
            return Ok(false);
        };
        self.hook(Fold::Public, 0, |ctx| {
            let answer = self.call(&ctx, ask, &[state.value.raw()])?;
            Ok(answer.as_bool() == Some(true))
        })
    }

    fn transform(&self, state: &State, now: TimeMs, fold: Fold<'_>) -> Result<Option<State>, Failure> {
        let (state, Some(transform)) = (self.of(state)?, &self.functions.transform) else {
            return Ok(None);
        };
        self.hook(fold, now.0, |ctx| {
            let context = self.parsed(&ctx, &format!("{{\"requestAt\":{}}}", now.0))?;
            let shown = self.call(&ctx, transform, &[state.value.raw(), context.as_raw()])?;
            Ok(Some(self.adopt(&ctx, &shown)))
        })
    }

    fn deadline(&self, public: &State) -> Result<Option<TimeMs>, Failure> {
        let (state, Some(deadline)) = (self.of(public)?, &self.functions.deadline) else {
            return Ok(None);
        };
        self.hook(Fold::Public, 0, |ctx| {
            let due = self.call(&ctx, deadline, &[state.value.raw()])?;
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
        let text = self.to_json(state)?;
        let value: Option<serde_json::Value> = text
            .map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|error| {
                Failure::new(FailureKind::Shape, format!("the state has no JSON form: {error}"))
            })?;
        Ok(checksum_v0(value.as_ref()))
    }

    fn migrate(&self, json: Option<&str>, from: &AppVersion) -> Result<State, Failure> {
        let Some(migrate) = &self.functions.migrate else {
            return self.parse(json);
        };
        self.hook(Fold::Public, 0, |ctx| {
            let old = match json {
                Some(json) => self.parsed(&ctx, json)?,
                None => Value::new_undefined(ctx.clone()),
            };
            let version = rquickjs::String::from_str(ctx.clone(), from.as_str())
                .map_err(|error| self.engine.thrown(&ctx, &error))?;
            let state = self.call(&ctx, migrate, &[old.as_raw(), version.as_raw()])?;
            Ok(self.adopt(&ctx, &state))
        })
    }
}
