//! A JavaScript value held from Rust.

#![allow(unsafe_code)]

use rquickjs::qjs;

/// One reference to a JavaScript value. It may be dropped at any time on the engine's thread, in a call or outside:
/// freeing runs no script. Its engine must outlive it, which its holders ensure by holding the engine too.
pub(crate) struct JsRef {
    raw: qjs::JSValue,
    runtime: *mut qjs::JSRuntime,
}

impl JsRef {
    /// Takes over a reference that the caller owns.
    ///
    /// # Safety
    /// `raw` is an owned reference of the runtime of `context`, and that runtime outlives this value.
    pub(crate) unsafe fn own(context: *mut qjs::JSContext, raw: qjs::JSValue) -> Self {
        Self {
            raw,
            // SAFETY: the caller vouches for the context.
            runtime: unsafe { qjs::JS_GetRuntime(context) },
        }
    }

    /// Makes a second reference.
    ///
    /// # Safety
    /// `raw` is a live value of the runtime of `context`, and that runtime outlives this value.
    pub(crate) unsafe fn share(context: *mut qjs::JSContext, raw: qjs::JSValue) -> Self {
        // SAFETY: the caller vouches for both.
        unsafe { Self::own(context, qjs::JS_DupValue(context, raw)) }
    }

    /// The value, borrowed: valid while this is.
    pub(crate) fn raw(&self) -> qjs::JSValue {
        self.raw
    }

    /// The address of an object, by which it is told from others while it lives.
    pub(crate) fn address(&self) -> usize {
        address(self.raw)
    }
}

impl Drop for JsRef {
    fn drop(&mut self) {
        // SAFETY: the reference is owned, and the runtime lives: see `own`.
        unsafe { qjs::JS_FreeValueRT(self.runtime, self.raw) }
    }
}

/// The address of an object.
pub(crate) fn address(raw: qjs::JSValue) -> usize {
    // SAFETY: reads the value's bits only; the pointer is not followed.
    unsafe { qjs::JS_VALUE_GET_PTR(raw) as usize }
}

/// What a value is, as far as JSON knows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Undefined,
    Null,
    Bool(bool),
    Int(i32),
    Float(f64),
    String,
    Object,
    /// A symbol or a BigInt: no JSON.
    Other,
}

/// Looks at a value's tag.
pub(crate) fn kind(raw: qjs::JSValue) -> Kind {
    // SAFETY: these read the value's own bits, according to the tag just seen.
    unsafe {
        match qjs::JS_VALUE_GET_TAG(raw) {
            qjs::JS_TAG_UNDEFINED => Kind::Undefined,
            qjs::JS_TAG_NULL => Kind::Null,
            qjs::JS_TAG_BOOL => Kind::Bool(qjs::JS_VALUE_GET_BOOL(raw)),
            qjs::JS_TAG_INT => Kind::Int(qjs::JS_VALUE_GET_INT(raw)),
            qjs::JS_TAG_STRING | qjs::JS_TAG_STRING_ROPE => Kind::String,
            qjs::JS_TAG_OBJECT => Kind::Object,
            tag if qjs::JS_TAG_IS_FLOAT64(tag) => Kind::Float(qjs::JS_VALUE_GET_FLOAT64(raw)),
            _ => Kind::Other,
        }
    }
}
