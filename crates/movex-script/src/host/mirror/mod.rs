//! The mirror: what Rust knows of the states in the JavaScript heap.
//!
//! For each array and object of a living state there is a node, found by the object's address. It holds a reference to
//! the object, so that the address can't be used again while the node lives, and the object's JSON text, so that a
//! checksum or a snapshot never asks the engine. What a reducer returns is walked until an object that has a node:
//! there the walk stops, since what has a node is frozen, and everything below it too. "Has a node" is the only such
//! mark: an app may have frozen an object itself, but not what the object holds.
//!
//! So the cost of taking in a state is that of what changed. Dropping the last handle to a state frees just the nodes
//! that no other state shares. The structural hash of protocol v1 will have its place in the node, beside the text.

#![allow(unsafe_code)]

mod copy;
mod layout;
mod plan;
mod walk;

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::{Rc, Weak};

use rquickjs::qjs;

pub(crate) use copy::{deep_copy, deep_freeze};
use layout::Layout;
pub(crate) use layout::Order;
use plan::Plans;
use walk::Walk;
pub(crate) use walk::{Stop, with_text, write_scalar};

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

/// One array or object of a state: checked, frozen, written.
pub(crate) struct Node {
    value: JsRef,
    sorted: Layout,
    /// When it differs from `sorted`.
    inserted: Option<Layout>,
    children: Box<[Rc<Node>]>,
    /// The length of the text; the same in each order.
    pub(crate) bytes: usize,
    table: Rc<Table>,
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
        self.table.borrow_mut().remove(&self.value.address());
    }
}

/// The nodes of one engine.
pub(crate) struct Mirror {
    table: Rc<Table>,
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
    pub(crate) unsafe fn new(context: *mut qjs::JSContext, bytes_max: usize) -> Self {
        // SAFETY: the caller vouches for the context; all values made here are owned and dropped here.
        unsafe {
            let object = JsRef::own(context, qjs::JS_NewObject(context));
            let array = JsRef::own(context, qjs::JS_NewArray(context));
            let prototype = JsRef::own(context, qjs::JS_GetPrototype(context, object.raw()));
            Self {
                table: Rc::default(),
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
        let mut walk = Walk {
            mirror: self,
            context,
            path: Vec::new(),
        };
        // SAFETY: as the caller vouches.
        unsafe { walk.node(object, 0) }.map_err(|stop| {
            let path: String = walk.path.iter().rev().map(String::as_str).collect();
            (stop, path.trim_start_matches('.').to_owned())
        })
    }

    fn known(&self, address: usize) -> Option<Rc<Node>> {
        self.table.borrow().get(&address).and_then(Weak::upgrade)
    }

    fn keep(
        &self,
        value: JsRef,
        sorted: Layout,
        inserted: Option<Layout>,
        children: Vec<Rc<Node>>,
        bytes: usize,
    ) -> Rc<Node> {
        let at = address(value.raw());
        let node = Rc::new(Node {
            value,
            sorted,
            inserted,
            children: children.into_boxed_slice(),
            bytes,
            table: self.table.clone(),
        });
        self.table.borrow_mut().insert(at, Rc::downgrade(&node));
        node
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.table.borrow().len()
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.plans.get_mut().clear(self.runtime);
    }
}
