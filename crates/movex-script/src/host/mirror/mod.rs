//! The mirror: what Rust knows of the states in the JavaScript heap.
//!
//! For each array and object of a living state there is a node, found by the object's address. It holds a reference to
//! the object, so that the address can't be used again while the node lives, the object's JSON text, so that a v0
//! checksum or a snapshot never asks the engine, and its v1 hash. What a reducer returns is walked until an object that has a node:
//! there the walk stops, since what has a node is frozen, and everything below it too. "Has a node" is the only such
//! mark: an app may have frozen an object itself, but not what the object holds.
//!
//! So the cost of taking in a state is that of what changed. Dropping the last handle to a state frees just the nodes
//! that no other state shares.

#![allow(unsafe_code)]

mod copy;
mod layout;
mod plan;
mod walk;

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::{Rc, Weak};

use movex_core::checksum::v1::Lanes;
use rquickjs::qjs;

pub(crate) use copy::{deep_copy, deep_freeze};
use layout::Layout;
pub(crate) use layout::Order;
use plan::Plans;
use walk::Walk;
pub(crate) use walk::{Stop, with_text, write_scalar};

use super::limits::Meter;
use super::value::{JsRef, address};

/// An address is spread well by one multiplication; nobody outside chooses it.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }

    fn write_usize(&mut self, address: usize) {
        let spread = (address as u64 >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = spread ^ (spread >> 32);
    }
}

type Table = RefCell<HashMap<usize, Weak<Node>, BuildHasherDefault<AddressHasher>>>;

/// What all nodes of an engine share.
struct Shared {
    table: Table,
    meter: Rc<Meter>,
}

/// One array or object of a state: checked, frozen, written.
pub(crate) struct Node {
    value: JsRef,
    sorted: Layout,
    /// When it differs from `sorted`.
    inserted: Option<Layout>,
    children: Box<[Rc<Node>]>,
    /// The length of the text; the same in each order.
    pub(crate) bytes: usize,
    /// The v1 hash: see [`movex_core::checksum::v1`].
    pub(crate) hash: Lanes,
    /// What the node itself takes, counted as the engine's memory: the mirror of a state is larger than its text.
    booked_bytes: usize,
    shared: Rc<Shared>,
}

impl Node {
    /// The JSON text.
    pub(crate) fn write(&self, order: Order, out: &mut String) {
        let layout = match (order, &self.inserted) {
            (Order::Inserted, Some(inserted)) => inserted,
            _ => &self.sorted,
        };
        layout.write(out, |child, out| self.children[child as usize].write(order, out));
    }

    /// Whether the two orders give two texts, here or below. (A large container may say so of its own keys alone; it
    /// is never asked for more, since only small ones are written whole.)
    fn differs(&self) -> bool {
        self.inserted.is_some()
    }

    pub(crate) fn value(&self) -> &JsRef {
        &self.value
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.shared.table.borrow_mut().remove(&self.value.address());
        self.shared.meter.give(self.booked_bytes);
    }
}

/// The nodes of one engine.
pub(crate) struct Mirror {
    shared: Rc<Shared>,
    plans: RefCell<Plans>,
    runtime: *mut qjs::JSRuntime,
    object_prototype: usize,
    object_class: qjs::JSClassID,
    array_class: qjs::JSClassID,
    bytes_max: usize,
}

impl Mirror {
    /// A mirror for the engine of a context. Taken before any of the app's code has run, so that what it takes for
    /// plain objects is the engine's own idea of them.
    ///
    /// # Safety
    /// The context is alive; the mirror is dropped before its runtime.
    pub(crate) unsafe fn new(context: *mut qjs::JSContext, meter: Rc<Meter>, bytes_max: usize) -> Self {
        // SAFETY: the caller vouches for the context; all values made here are owned and dropped here.
        unsafe {
            let object = JsRef::own(context, qjs::JS_NewObject(context));
            let array = JsRef::own(context, qjs::JS_NewArray(context));
            let prototype = JsRef::own(context, qjs::JS_GetPrototype(context, object.raw()));
            Self {
                shared: Rc::new(Shared { table: Table::default(), meter }),
                plans: RefCell::default(),
                runtime: qjs::JS_GetRuntime(context),
                object_prototype: prototype.address(),
                object_class: qjs::JS_GetClassID(object.raw()),
                array_class: qjs::JS_GetClassID(array.raw()),
                bytes_max,
            }
        }
    }

    /// Takes in an array or object: everything new in it is checked, frozen and written. With a stop, the path to
    /// where it stands.
    ///
    /// # Safety
    /// The context is alive and of this mirror's engine, and `object` is an alive object of it.
    pub(crate) unsafe fn take_in(
        &self,
        context: *mut qjs::JSContext,
        object: qjs::JSValue,
    ) -> Result<Rc<Node>, (Stop, String)> {
        let mut walk = Walk { mirror: self, context, path: Vec::new() };
        // SAFETY: as the caller vouches.
        unsafe { walk.node(object, 0) }.map_err(|stop| {
            let path: String = walk.path.iter().rev().map(String::as_str).collect();
            (stop, path.trim_start_matches('.').to_owned())
        })
    }

    fn known(&self, address: usize) -> Option<Rc<Node>> {
        self.shared.table.borrow().get(&address).and_then(Weak::upgrade)
    }

    /// Makes a node. The engine may have no memory left for it.
    fn keep(
        &self,
        value: JsRef,
        sorted: Layout,
        inserted: Option<Layout>,
        children: Vec<Rc<Node>>,
        bytes: usize,
        hash: Lanes,
    ) -> Result<Rc<Node>, Stop> {
        // The counts of an `Rc`, and a place in the table at its usual load.
        let around = 2 * size_of::<usize>() + 2 * size_of::<(usize, Weak<Node>)>();
        let texts = sorted.heap_bytes() + inserted.as_ref().map_or(0, Layout::heap_bytes);
        let booked_bytes = size_of::<Node>() + around + texts + size_of_val(children.as_slice());
        if !self.shared.meter.book(booked_bytes) {
            return Err(Stop::Engine);
        }
        let at = address(value.raw());
        let node = Rc::new(Node {
            value,
            sorted,
            inserted,
            children: children.into_boxed_slice(),
            bytes,
            hash,
            booked_bytes,
            shared: self.shared.clone(),
        });
        self.shared.table.borrow_mut().insert(at, Rc::downgrade(&node));
        Ok(node)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.shared.table.borrow().len()
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.plans.get_mut().clear(self.runtime);
    }
}
