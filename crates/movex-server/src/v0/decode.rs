//! What a v0 client says, as the master takes it. Actions and states stay the text that came.

use std::borrow::Cow;

use movex_core::action::{Action, ActionDraft, Draft};
use movex_core::error::{Code, Error};
use movex_core::ids::Rid;
use movex_core::json::{self, KeyOrder};
use movex_core::master::{Ask, RidForm};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::encode::Asked;
use crate::runtime::fresh_name;

/// An event's name and first argument.
pub(super) struct Call<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) argument: Option<&'a RawValue>,
}

/// What the master is asked, and how its answer is written.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) rid: Rid,
    pub(super) form: RidForm,
    pub(super) ask: Ask,
    pub(super) asked: Asked,
}

/// Why an event is not passed on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// There can be no such type.
    NoSuchType,
    /// Anything else.
    Error(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Reads `["name", argument, ...]`.
pub(super) fn call(json: &str) -> Result<Call<'_>, Error> {
    struct CallVisitor;
    impl<'de> Visitor<'de> for CallVisitor {
        type Value = Call<'de>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an array that begins with the event's name")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Call<'de>, A::Error> {
            let name = items.next_element::<Name<'de>>()?;
            let Name(name) = name.ok_or_else(|| serde::de::Error::invalid_length(0, &self))?;
            let argument = items.next_element()?;
            while items.next_element::<IgnoredAny>()?.is_some() {}
            Ok(Call { name, argument })
        }
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    let call = reader.deserialize_seq(CallVisitor);
    let call = call.and_then(|call| reader.end().map(|()| call));
    call.map_err(|error| bad_message(format!("this is no event: {error}")))
}

/// A text that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Argument<'a> {
    #[serde(borrow, default, deserialize_with = "given")]
    rid: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "given")]
    action: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "given")]
    resource_type: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "given")]
    resource_id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "given")]
    resource_state: Option<&'a RawValue>,
}

/// A `null` that was given is not a field that was left out.
fn given<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Reads one event but `ping`.
pub(super) fn wanted(call: &Call<'_>) -> Result<Wanted, Refused> {
    let argument = call.argument.map_or("", RawValue::get);
    let known = matches!(
        &*call.name,
        "createResource"
            | "addResourceSubscriber"
            | "getResource"
            | "getResourceState"
            | "getResourceSubscribers"
            | "emitActionDispatch"
    );
    if !known {
        let name: String = call.name.chars().take(40).collect();
        return Err(bad_message(format!("there is no event {name:?} in this protocol")).into());
    }
    if !argument.starts_with('{') {
        return Err(bad_message(format!("{} takes one object", call.name)).into());
    }
    let argument: Argument<'_> = serde_json::from_str(argument)
        .map_err(|error| bad_message(format!("the argument of {} is malformed: {error}", call.name)))?;
    if call.name == "createResource" {
        return create(&argument);
    }
    let sent = argument.rid.ok_or_else(|| bad_rid("an object with a `rid` is needed"))?;
    let (rid, form) = rid(sent)?;
    let rid = short(rid)?;
    let (ask, asked) = match &*call.name {
        "addResourceSubscriber" => (Ask::Subscribe, Asked::Subscribe),
        "getResource" => (Ask::Resource, Asked::Resource { sent: sent.get().into() }),
        "getResourceState" => (Ask::Resource, Asked::State { sent: sent.get().into() }),
        "getResourceSubscribers" => (Ask::Subscribers, Asked::Subscribers { sent: sent.get().into() }),
        _ => {
            let action = argument.action.ok_or_else(|| Error::bad_action("an `action` is needed"))?;
            let (body, is_master) = draft(action.get())?;
            let ask = Ask::Dispatch { body, epoch: None, seen_reveal: None, number: None };
            (ask, Asked::Dispatch { is_master })
        }
    };
    Ok(Wanted { rid, form, ask, asked })
}

fn create(argument: &Argument<'_>) -> Result<Wanted, Refused> {
    let resource_type = argument.resource_type.ok_or_else(|| bad_message("a `resourceType` is needed"))?;
    let resource_type = text(resource_type).ok_or(Refused::NoSuchType)?;
    let id = match argument.resource_id {
        None => None,
        Some(raw) if raw.get() == "null" => None,
        Some(raw) => Some(id(raw).ok_or_else(|| bad_rid("a `resourceId` is a text or a number"))?),
    };
    let id = id.filter(|id| !id.is_empty()).unwrap_or_else(|| fresh_name().into());
    if resource_type.is_empty() || resource_type.contains(':') {
        return Err(Refused::NoSuchType);
    }
    let rid = Rid::new(&resource_type, &id).map_err(|error| bad_rid(error.to_string()))?;
    let rid = short(rid)?;
    let state = argument.resource_state.map(RawValue::get);
    if let Some(state) = state {
        json::check(state)?;
    }
    Ok(Wanted {
        rid,
        form: RidForm::Text,
        ask: Ask::Create { state: state.map(str::to_owned) },
        asked: Asked::Create,
    })
}

/// Names are kept as long as what they name, in more than one place (G9).
const RID_BYTES_MAX: usize = 1024;

fn short(rid: Rid) -> Result<Rid, Error> {
    if rid.as_str().len() > RID_BYTES_MAX {
        return Err(bad_rid(format!("a `rid` has at most {RID_BYTES_MAX} bytes")));
    }
    Ok(rid)
}

/// Reads `"type:id"` or `{"resourceType","resourceId"}`.
fn rid(raw: &RawValue) -> Result<(Rid, RidForm), Error> {
    let json = raw.get();
    if json.starts_with('"') {
        let text = text(raw).ok_or_else(|| bad_rid("the `rid` is no text that all can read"))?;
        let rid = Rid::parse(&text).map_err(|error| bad_rid(error.to_string()))?;
        return Ok((rid, RidForm::Text));
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Object<'a> {
        #[serde(borrow)]
        resource_type: &'a RawValue,
        #[serde(borrow)]
        resource_id: &'a RawValue,
    }
    let malformed = || bad_rid("a `rid` is \"type:id\" or an object with `resourceType` and `resourceId`");
    if !json.starts_with('{') {
        return Err(malformed());
    }
    let object: Object<'_> = serde_json::from_str(json).map_err(|_| malformed())?;
    let resource_type = text(object.resource_type).ok_or_else(malformed)?;
    let id = id(object.resource_id).ok_or_else(malformed)?;
    let rid = Rid::new(&resource_type, &id).map_err(|error| bad_rid(error.to_string()))?;
    Ok((rid, RidForm::Object))
}

/// A JSON string; none when it is none, or half a surrogate pair is in it.
fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Name<'_>>(raw.get()).ok().map(|Name(text)| text)
}

/// A text, or a number as JavaScript writes it.
fn id(raw: &RawValue) -> Option<Cow<'_, str>> {
    text(raw).or_else(|| {
        let number: f64 = serde_json::from_str(raw.get()).ok()?;
        let mut text = String::new();
        json::write_js_number(number, &mut text);
        Some(text.into())
    })
}

/// Reads an action or a pair, and whether it is one master action.
fn draft(json: &str) -> Result<(Draft, bool), Error> {
    if !json.starts_with('[') {
        let (action, is_master) = half(json, Half::Public)?;
        return Ok((Draft::Public(action), is_master));
    }
    let pair: Vec<&RawValue> =
        serde_json::from_str(json).map_err(|error| Error::bad_action(error.to_string()))?;
    let [private, public] = pair[..] else {
        return Err(Error::bad_action(
            "a pair has two actions: the private one, and the public one that all others see in its place",
        ));
    };
    let (private, _) = half(private.get(), Half::Private)?;
    let (public, _) = half(public.get(), Half::Public)?;
    Ok((Draft::Private { private, public }, false))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Public,
    Private,
}

/// Reads one action; marks that only the wire knows are dropped.
fn half(json: &str, half: Half) -> Result<(ActionDraft, bool), Error> {
    let action = Action::from_json(json)?;
    let marked = json.contains("_isMaster") || (half == Half::Private && json.contains("isPrivate"));
    if !marked {
        return Ok((ActionDraft::Ready(action), false));
    }
    let mut value: Value =
        serde_json::from_str(json).map_err(|error| Error::bad_action(error.to_string()))?;
    let mut is_master = false;
    let mut changed = false;
    if let Some(fields) = value.as_object_mut() {
        is_master = fields.get("_isMaster") == Some(&Value::Bool(true));
        changed |= is_master && fields.shift_remove("_isMaster").is_some();
        changed |= half == Half::Private && fields.shift_remove("isPrivate").is_some();
    }
    if is_master {
        return Ok((ActionDraft::AwaitsTime(value), true));
    }
    if !changed {
        return Ok((ActionDraft::Ready(action), false));
    }
    let mut text = String::with_capacity(json.len());
    json::write_js(&value, KeyOrder::Insertion, &mut text);
    Ok((ActionDraft::Ready(Action::from_json(text)?), false))
}

pub(super) fn bad_message(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Code::BadMessage, message)
}

fn bad_rid(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Code::BadRid, message)
}

#[cfg(test)]
mod tests;
