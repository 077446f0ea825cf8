//! What a call may use: memory, stack, steps.
//!
//! Out-of-memory and stack overflow are exceptions that a script can catch, and QuickJS tells nobody. Both pass through
//! the allocator, though: the first is refused there, and the second makes an `Error`, so that an allocation happens
//! deep in the stack. So the allocator notes both, and a call in which either was noted has failed, whatever the script
//! made of it.

use std::cell::Cell;
use std::ptr;
use std::rc::Rc;

use rquickjs::allocator::{Allocator, RustAllocator};

/// How much deeper than the limit the engine's own check lies: the allocator must see the overflow before it.
pub(crate) const STACK_MARGIN_BYTES: usize = 64 * 1024;

/// A limit that a call ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exceeded {
    Ticks,
    Memory,
    Stack,
}

/// What is used and what was exceeded; shared by the engine, its allocator and its interrupt handler.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    used_bytes: Cell<usize>,
    max_bytes: Cell<usize>,
    ticks_left: Cell<u64>,
    /// An address: the stack grows down, and what lies below this is too deep. Zero: nothing is measured.
    stack_floor: Cell<usize>,
    exceeded: Cell<Option<Exceeded>>,
}

impl Meter {
    pub(crate) fn new(max_bytes: usize) -> Rc<Self> {
        let meter = Self::default();
        meter.max_bytes.set(max_bytes);
        Rc::new(meter)
    }

    /// Starts measuring a call.
    pub(crate) fn start(&self, ticks: u64, stack_bytes: usize) {
        self.ticks_left.set(ticks);
        self.stack_floor.set(here().saturating_sub(stack_bytes));
        self.exceeded.set(None);
    }

    /// Gives the running call its steps anew.
    pub(crate) fn refill(&self, ticks: u64) {
        self.ticks_left.set(ticks);
    }

    /// Ends measuring and says what was exceeded.
    pub(crate) fn stop(&self) -> Option<Exceeded> {
        self.stack_floor.set(0);
        self.exceeded.take()
    }

    /// Whether something was exceeded so far.
    pub(crate) fn exceeded(&self) -> Option<Exceeded> {
        self.exceeded.get()
    }

    /// One tick of the interpreter; `true` stops it.
    pub(crate) fn tick(&self) -> bool {
        let left = self.ticks_left.get();
        if left == 0 {
            self.note(Exceeded::Ticks);
            return true;
        }
        self.ticks_left.set(left - 1);
        // A script that caught the overflow or the lack of memory must not go on for long.
        self.exceeded.get().is_some()
    }

    fn note(&self, exceeded: Exceeded) {
        if self.exceeded.get().is_none() {
            self.exceeded.set(Some(exceeded));
        }
    }

    fn look_at_stack(&self) {
        if here() < self.stack_floor.get() {
            self.note(Exceeded::Stack);
        }
    }

    /// Books bytes, if they are there.
    fn take(&self, bytes: usize) -> bool {
        let used = self.used_bytes.get().saturating_add(bytes);
        if used > self.max_bytes.get() {
            self.note(Exceeded::Memory);
            return false;
        }
        self.used_bytes.set(used);
        true
    }

    fn give(&self, bytes: usize) {
        self.used_bytes.set(self.used_bytes.get().saturating_sub(bytes));
    }

    #[cfg(test)]
    pub(crate) fn used_bytes(&self) -> usize {
        self.used_bytes.get()
    }
}

/// Roughly where the stack's top is: the address of a local variable.
#[inline(never)]
fn here() -> usize {
    let local = 0_u8;
    ptr::from_ref(&local) as usize
}

/// An allocator that books what it gives.
pub(crate) struct MeteredAllocator {
    meter: Rc<Meter>,
}

impl MeteredAllocator {
    pub(crate) fn new(meter: Rc<Meter>) -> Self {
        Self { meter }
    }
}

#[allow(unsafe_code)]
// SAFETY: every block comes from `RustAllocator` and goes back to it; this only counts and refuses.
unsafe impl Allocator for MeteredAllocator {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        self.meter.look_at_stack();
        // Blocks are rounded up, and an empty one still needs an address.
        let Some(size) = size.max(1).checked_next_multiple_of(8) else {
            return ptr::null_mut();
        };
        if !self.meter.take(size) {
            return ptr::null_mut();
        }
        let block = RustAllocator.alloc(size);
        if block.is_null() {
            self.meter.give(size);
        }
        block
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        let Some(bytes) = count.checked_mul(size) else {
            return ptr::null_mut();
        };
        let block = self.alloc(bytes);
        if !block.is_null() {
            // SAFETY: the block has at least `bytes` bytes.
            unsafe { ptr::write_bytes(block, 0, bytes) };
        }
        block
    }

    unsafe fn dealloc(&mut self, block: *mut u8) {
        if block.is_null() {
            return;
        }
        // SAFETY: the caller got the block from `alloc`, which got it from `RustAllocator`.
        unsafe {
            self.meter.give(RustAllocator::usable_size(block));
            RustAllocator.dealloc(block);
        }
    }

    unsafe fn realloc(&mut self, block: *mut u8, new_size: usize) -> *mut u8 {
        if block.is_null() {
            return self.alloc(new_size);
        }
        self.meter.look_at_stack();
        let Some(new_size) = new_size.max(1).checked_next_multiple_of(8) else {
            return ptr::null_mut();
        };
        // SAFETY: the caller got the block from `alloc`, which got it from `RustAllocator`.
        let old_size = unsafe { RustAllocator::usable_size(block) };
        if new_size > old_size && !self.meter.take(new_size - old_size) {
            return ptr::null_mut();
        }
        // SAFETY: as above.
        let moved = unsafe { RustAllocator.realloc(block, new_size) };
        match (moved.is_null(), new_size > old_size) {
            (true, true) => self.meter.give(new_size - old_size),
            (false, false) => self.meter.give(old_size - new_size),
            _ => {}
        }
        moved
    }

    unsafe fn usable_size(block: *mut u8) -> usize {
        // SAFETY: the caller got the block from `alloc`, which got it from `RustAllocator`.
        unsafe { RustAllocator::usable_size(block) }
    }
}
