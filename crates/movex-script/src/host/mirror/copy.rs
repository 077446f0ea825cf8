//! Deep copies for reducers that mutate, and deep freezing of actions.

#![allow(unsafe_code)]

use rquickjs::qjs;

use super::super::value::{JsRef, Kind, kind};
use super::walk::{Names, Stop};

/// A copy in which everything may be changed. For values that are known to be plain: states and actions.
///
/// # Safety
/// The context is alive, and `value` is an alive value of it, plain and bounded in depth.
pub(crate) unsafe fn deep_copy(context: *mut qjs::JSContext, value: qjs::JSValue) -> Result<JsRef, Stop> {
    // SAFETY: the caller vouches for context and value; each value read is held while it is used, and each value given
    // to the copy is an owned reference that the engine takes over, also when it fails.
    unsafe {
        if kind(value) != Kind::Object {
            return Ok(JsRef::share(context, value));
        }
        let is_array = qjs::JS_IsArray(value);
        let made = if is_array { qjs::JS_NewArray(context) } else { qjs::JS_NewObject(context) };
        let copy = JsRef::own(context, made);
        if kind(copy.raw()) != Kind::Object {
            return Err(Stop::Engine);
        }
        let names = Names::of(context, value)?;
        for atom in names.atoms() {
            let member = JsRef::own(context, qjs::JS_GetProperty(context, value, atom));
            let member = deep_copy(context, member.raw())?;
            let flags = qjs::JS_PROP_C_W_E.cast_signed();
            let given = qjs::JS_DupValue(context, member.raw());
            if qjs::JS_DefinePropertyValue(context, copy.raw(), atom, given, flags) < 0 {
                return Err(Stop::Engine);
            }
        }
        Ok(copy)
    }
}

/// Freezes a value and everything in it.
///
/// # Safety
/// The context is alive, and `value` is an alive value of it, plain and bounded in depth.
pub(crate) unsafe fn deep_freeze(context: *mut qjs::JSContext, value: qjs::JSValue) -> Result<(), Stop> {
    // SAFETY: the caller vouches for context and value; each value read is held while it is used.
    unsafe {
        if kind(value) != Kind::Object {
            return Ok(());
        }
        let names = Names::of(context, value)?;
        for atom in names.atoms() {
            let member = JsRef::own(context, qjs::JS_GetProperty(context, value, atom));
            deep_freeze(context, member.raw())?;
        }
        if qjs::JS_FreezeObject(context, value) < 0 {
            return Err(Stop::Engine);
        }
        Ok(())
    }
}
