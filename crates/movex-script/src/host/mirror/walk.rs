//! One pass over what a reducer returned: check, freeze, write.

#![allow(unsafe_code)]

use std::fmt::Write as _;
use std::rc::Rc;

use movex_core::checksum::v1::{self, Lanes};
use movex_core::json::{DEPTH_MAX, write_js_number, write_js_string};
use rquickjs::qjs;

use super::layout::{Draft, WHOLE_BYTES_MAX};
use super::plan::Plan;
use super::{Mirror, Node, Order};
use crate::host::value::{JsRef, Kind, address, kind};

/// Why a value can't be taken as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It is nothing that JSON text gives back as it was: JSON.stringify decides what becomes of it.
    NotPlain(&'static str),
    /// A string has half of a surrogate pair, which no UTF-8 text can hold.
    LoneSurrogate,
    /// It nests too deep, or contains itself.
    TooDeep,
    /// Its text would be larger than a state may be.
    TooLarge,
    /// The engine has thrown: out of memory.
    Engine,
}

/// A list of an object's own enumerable string keys.
pub(super) struct Names {
    context: *mut qjs::JSContext,
    list: *mut qjs::JSPropertyEnum,
    count: u32,
}

impl Names {
    /// # Safety
    /// The context is alive, and `object` is an alive object of it.
    pub(super) unsafe fn of(context: *mut qjs::JSContext, object: qjs::JSValue) -> Result<Self, Stop> {
        let mut names = Self { context, list: std::ptr::null_mut(), count: 0 };
        let flags = (qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_ENUM_ONLY).cast_signed();
        // SAFETY: the caller vouches for context and object; the list is ours until it is dropped.
        let result = unsafe {
            qjs::JS_GetOwnPropertyNames(context, &raw mut names.list, &raw mut names.count, object, flags)
        };
        if result < 0 { Err(Stop::Engine) } else { Ok(names) }
    }

    pub(super) fn atoms(&self) -> Vec<u32> {
        if self.list.is_null() {
            return Vec::new();
        }
        // SAFETY: the list has `count` entries.
        let list = unsafe { std::slice::from_raw_parts(self.list, self.count as usize) };
        list.iter().map(|entry| entry.atom).collect()
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        if !self.list.is_null() {
            // SAFETY: the list came from this context and is freed once.
            unsafe { qjs::JS_FreePropertyEnum(self.context, self.list, self.count) };
        }
    }
}

/// One member of a container: its own text in a scratch buffer, or a child.
enum Member {
    Text(std::ops::Range<usize>),
    Child(u32),
}

/// A walk. Recursion is bounded by the depth that JSON text may have.
pub(crate) struct Walk<'m> {
    pub(crate) mirror: &'m Mirror,
    pub(crate) context: *mut qjs::JSContext,
    /// Where in the state it stopped, innermost first.
    pub(crate) path: Vec<String>,
}

impl Walk<'_> {
    /// The node of a container. What the table knows is checked, frozen and written already.
    ///
    /// # Safety
    /// The context is alive, and `object` is an alive object of it.
    pub(crate) unsafe fn node(&mut self, object: qjs::JSValue, depth: usize) -> Result<Rc<Node>, Stop> {
        if let Some(node) = self.mirror.known(address(object)) {
            return Ok(node);
        }
        if depth > DEPTH_MAX {
            return Err(Stop::TooDeep);
        }
        // SAFETY: the caller vouches for the object.
        let class = unsafe { qjs::JS_GetClassID(object) };
        let mut container = Container::new();
        let plan = if class == self.mirror.array_class {
            // SAFETY: as the caller vouches.
            unsafe { self.array(object, depth, &mut container) }?;
            None
        } else if class == self.mirror.object_class {
            // SAFETY: as the caller vouches.
            Some(unsafe { self.object(object, depth, &mut container) }?)
        } else {
            // SAFETY: as the caller vouches.
            let is_function = unsafe { qjs::JS_IsFunction(self.context, object) };
            return Err(Stop::NotPlain(if is_function { FUNCTION } else { OTHER }));
        };
        let node = self.finish(object, &container, plan.as_deref())?;
        // SAFETY: as the caller vouches.
        if unsafe { qjs::JS_FreezeObject(self.context, object) } < 0 {
            return Err(Stop::Engine);
        }
        Ok(node)
    }

    unsafe fn array(&mut self, array: qjs::JSValue, depth: usize, to: &mut Container) -> Result<(), Stop> {
        let mut length = 0_i64;
        // SAFETY: the caller vouches for the array.
        if unsafe { qjs::JS_GetLength(self.context, array, &raw mut length) } < 0 {
            return Err(Stop::Engine);
        }
        // Each element takes a byte of text and a comma: what can't fit is not looked at.
        let length =
            u32::try_from(length).ok().filter(|length| *length as usize <= self.mirror.bytes_max / 2);
        let length = length.ok_or(Stop::TooLarge)?;
        // SAFETY: as the caller vouches.
        let names = unsafe { Names::of(self.context, array) }?;
        if names.count != length {
            return Err(Stop::NotPlain("an array with holes or with names"));
        }
        drop(names);
        to.members.reserve(length as usize);
        for index in 0..length {
            // SAFETY: as the caller vouches; the result is owned.
            let element =
                unsafe { JsRef::own(self.context, qjs::JS_GetPropertyUint32(self.context, array, index)) };
            let read = match kind(element.raw()) {
                Kind::Undefined => Err(Stop::NotPlain("`undefined` in an array")),
                // SAFETY: the element is alive.
                kind => unsafe { self.member(element.raw(), kind, depth, to) },
            };
            match read {
                Ok(hash) => to.sum = v1::add(to.sum, v1::element(index, hash)),
                Err(stop) => {
                    self.path.push(format!("[{index}]"));
                    return Err(stop);
                }
            }
        }
        Ok(())
    }

    unsafe fn object(
        &mut self,
        object: qjs::JSValue,
        depth: usize,
        to: &mut Container,
    ) -> Result<Rc<Plan>, Stop> {
        // SAFETY: the caller vouches for the object; the prototype is owned.
        let prototype = unsafe { JsRef::own(self.context, qjs::JS_GetPrototype(self.context, object)) };
        match kind(prototype.raw()) {
            Kind::Null => {}
            Kind::Object if prototype.address() == self.mirror.object_prototype => {}
            _ => return Err(Stop::NotPlain("an instance of a class")),
        }
        // SAFETY: as the caller vouches.
        let names = unsafe { Names::of(self.context, object) }?;
        let atoms = names.atoms();
        // SAFETY: the atoms are alive while `names` is.
        let plan = unsafe { self.mirror.plans.borrow_mut().plan(self.context, &atoms) }?;
        to.members.reserve(atoms.len());
        for ((atom, key), key_hash) in atoms.iter().zip(&plan.keys).zip(&plan.hashes) {
            // SAFETY: object and atom are alive.
            let result = unsafe { self.own_value(object, *atom) };
            let read = match result {
                Err(stop) => Err(stop),
                Ok(value) => match kind(value.raw()) {
                    // JSON drops it.
                    Kind::Undefined => {
                        to.members.push(None);
                        continue;
                    }
                    // SAFETY: the value is alive.
                    kind => unsafe { self.member(value.raw(), kind, depth, to) },
                },
            };
            match read {
                Ok(hash) => to.sum = v1::add(to.sum, v1::member(*key_hash, hash)),
                Err(stop) => {
                    self.path.push(format!(".{}", key.trim_end_matches(':').trim_matches('"')));
                    return Err(stop);
                }
            }
        }
        Ok(plan)
    }

    /// A property's value, without running a getter.
    unsafe fn own_value(&self, object: qjs::JSValue, atom: u32) -> Result<JsRef, Stop> {
        let mut found = qjs::JSPropertyDescriptor {
            flags: 0,
            value: qjs::JS_UNDEFINED,
            getter: qjs::JS_UNDEFINED,
            setter: qjs::JS_UNDEFINED,
        };
        // SAFETY: the caller vouches for object and atom; the descriptor's values are owned from here on.
        unsafe {
            let result = qjs::JS_GetOwnProperty(self.context, &raw mut found, object, atom);
            if result < 0 {
                return Err(Stop::Engine);
            }
            let value = JsRef::own(self.context, found.value);
            drop(JsRef::own(self.context, found.getter));
            drop(JsRef::own(self.context, found.setter));
            if found.flags & qjs::JS_PROP_GETSET.cast_signed() != 0 {
                return Err(Stop::NotPlain("a getter"));
            }
            Ok(value)
        }
    }

    /// Reads one member: its text and its v1 hash.
    unsafe fn member(
        &mut self,
        value: qjs::JSValue,
        kind: Kind,
        depth: usize,
        to: &mut Container,
    ) -> Result<Lanes, Stop> {
        let hash = if kind == Kind::Object {
            // SAFETY: the caller vouches for the value.
            let node = unsafe { self.node(value, depth + 1) }?;
            let hash = node.hash;
            to.bytes += node.bytes;
            to.members
                .push(Some(Member::Child(u32::try_from(to.children.len()).map_err(|_| Stop::TooLarge)?)));
            to.children.push(node);
            hash
        } else {
            let start = to.scratch.len();
            // SAFETY: as the caller vouches.
            let hash = unsafe { write_scalar(self.context, value, kind, &mut to.scratch) }?;
            to.bytes += to.scratch.len() - start;
            to.members.push(Some(Member::Text(start..to.scratch.len())));
            hash
        };
        if to.bytes > self.mirror.bytes_max {
            return Err(Stop::TooLarge);
        }
        Ok(hash)
    }

    fn finish(
        &self,
        object: qjs::JSValue,
        container: &Container,
        plan: Option<&Plan>,
    ) -> Result<Rc<Node>, Stop> {
        // Braces, commas and keys come to what `member` has counted.
        let present = container.members.iter().flatten().count();
        let mut bytes = container.bytes + 2 + present.saturating_sub(1);
        if let Some(plan) = plan {
            let keys = plan.keys.iter().zip(&container.members);
            bytes += keys.filter(|(_, member)| member.is_some()).map(|(key, _)| key.len()).sum::<usize>();
        }
        if bytes > self.mirror.bytes_max {
            return Err(Stop::TooLarge);
        }
        let count = u32::try_from(present).map_err(|_| Stop::TooLarge)?;
        let hash = match plan {
            Some(_) => v1::object(container.sum, count),
            None => v1::array(container.sum, count),
        };
        let whole = bytes <= WHOLE_BYTES_MAX;
        let sorted = container.lay_out(plan, Order::Sorted, whole);
        let differs = plan.is_some_and(|plan| plan.sorted.is_some())
            || (whole && container.children.iter().any(|child| child.differs()));
        let inserted = differs.then(|| container.lay_out(plan, Order::Inserted, whole).finish());
        // SAFETY: the object is alive, and whoever keeps a node keeps the engine.
        let value = unsafe { JsRef::share(self.context, object) };
        self.mirror.keep(value, sorted.finish(), inserted, container.children.clone(), bytes, hash)
    }
}

/// A container's members as they are read.
struct Container {
    /// In the container's own order; `None` for what JSON drops.
    members: Vec<Option<Member>>,
    children: Vec<Rc<Node>>,
    /// The texts of the members that are no containers.
    scratch: String,
    bytes: usize,
    /// The terms of the v1 hash.
    sum: Lanes,
}

impl Container {
    fn new() -> Self {
        Self { members: Vec::new(), children: Vec::new(), scratch: String::new(), bytes: 0, sum: Lanes(0, 0) }
    }

    /// Writes the members in an order, children as holes unless the text is to be whole.
    fn lay_out(&self, plan: Option<&Plan>, order: Order, whole: bool) -> Draft {
        let mut draft = Draft::default();
        draft.text.push(if plan.is_some() { '{' } else { '[' });
        let mut is_first = true;
        let sorted = plan.and_then(|plan| plan.sorted.as_deref());
        let mut write = |at: usize| {
            let Some(member) = &self.members[at] else {
                return;
            };
            if !std::mem::take(&mut is_first) {
                draft.text.push(',');
            }
            if let Some(plan) = plan {
                draft.text.push_str(&plan.keys[at]);
            }
            match member {
                Member::Text(range) => draft.text.push_str(&self.scratch[range.clone()]),
                Member::Child(number) if whole => {
                    self.children[*number as usize].write(order, &mut draft.text)
                }
                Member::Child(number) => draft.hole(*number),
            }
        };
        match (order, sorted) {
            (Order::Sorted, Some(sorted)) => sorted.iter().for_each(|at| write(*at as usize)),
            _ => (0..self.members.len()).for_each(write),
        }
        draft.text.push(if plan.is_some() { '}' } else { ']' });
        draft
    }
}

/// Writes what is no container as JSON, and gives its v1 hash.
///
/// # Safety
/// The context is alive, and `value` is an alive value of it of the given kind.
pub(crate) unsafe fn write_scalar(
    context: *mut qjs::JSContext,
    value: qjs::JSValue,
    kind: Kind,
    out: &mut String,
) -> Result<Lanes, Stop> {
    let hash = match kind {
        Kind::Null => {
            out.push_str("null");
            v1::NULL
        }
        Kind::Bool(true) => {
            out.push_str("true");
            v1::TRUE
        }
        Kind::Bool(false) => {
            out.push_str("false");
            v1::FALSE
        }
        Kind::Int(number) => {
            write!(out, "{number}").expect("a String takes all");
            v1::number(number.into())
        }
        Kind::Float(number) if number.is_finite() => {
            write_js_number(number, out);
            v1::number(number)
        }
        Kind::Float(_) => return Err(Stop::NotPlain("a number that is not finite")),
        Kind::String => {
            let read = |text: &str| {
                write_js_string(text, out);
                v1::string(text.encode_utf16())
            };
            // SAFETY: as the caller vouches.
            unsafe { with_text(context, value, read) }?
        }
        Kind::Undefined | Kind::Object | Kind::Other => return Err(Stop::NotPlain("a symbol or BigInt")),
    };
    Ok(hash)
}

/// Reads a string.
///
/// # Safety
/// The context is alive, and `string` is an alive string of it.
pub(crate) unsafe fn with_text<T>(
    context: *mut qjs::JSContext,
    string: qjs::JSValue,
    read: impl FnOnce(&str) -> T,
) -> Result<T, Stop> {
    let mut length = 0;
    // SAFETY: the caller vouches for context and string. The text is read before it is given back.
    unsafe {
        let text = qjs::JS_ToCStringLen2(context, &raw mut length, string, false);
        if text.is_null() {
            return Err(Stop::Engine);
        }
        let bytes = std::slice::from_raw_parts(text.cast::<u8>(), length as usize);
        // A lone surrogate comes out as three bytes that are no UTF-8.
        let result = std::str::from_utf8(bytes).map(read).map_err(|_| Stop::LoneSurrogate);
        qjs::JS_FreeCString(context, text);
        result
    }
}

const FUNCTION: &str = "a function";
const OTHER: &str = "an object that is no plain one (a Date, a Map, a Set ...)";
