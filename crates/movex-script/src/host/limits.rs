//! What a call may use: memory, stack, steps.
//!
//! Out-of-memory and stack overflow are exceptions that a script can catch, and QuickJS tells nobody. Both pass through
//! the allocator, though: the first is refused there, and the second makes an `Error` with a stack trace of 64 lines,
//! which is too large for QuickJS's own small blocks, so that an allocation happens deep in the stack. So the allocator
//! notes both, and a call in which either was noted has failed, whatever the script made of it.

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
    /// What one call may take.
    Memory,
    /// What the engine may take, with all that lives in it.
    Engine,
    Stack,
}

/// How a measured call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measured {
    /// Inside its limits.
    Within,
    Over(Exceeded),
    /// Inside or just over its budget of steps, depending on where in a tick it began: see [`Meter`].
    Unsure,
}

/// What one call may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub(crate) ticks: u64,
    pub(crate) stack_bytes: usize,
    pub(crate) memory_bytes: usize,
}

/// What is used and what was exceeded; shared by the engine, its allocator and its interrupt handler.
///
/// QuickJS counts steps through all calls and tells every ten thousandth, so a call begins somewhere in a tick that
/// others have begun, some of them in secret. What is over the budget must not depend on that (M7, M8): a call of `n`
/// whole ticks is told of `n` or `n + 1`, so one that is told of exactly one more than it has is measured again, from
/// the beginning of a tick. And memory is counted from where a call begins, so that it does not matter what else lives
/// in the engine, until the engine is full.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    used_bytes: Cell<usize>,
    engine_max_bytes: Cell<usize>,
    /// What `used_bytes` may come to in the running call.
    ceiling_bytes: Cell<usize>,
    ticks_max: Cell<u64>,
    ticks: Cell<u64>,
    /// The call began with a tick, so its ticks are exact.
    is_aligned: Cell<bool>,
    is_aligning: Cell<bool>,
    /// An address: the stack grows down, and what lies below this is too deep. Zero: nothing is measured.
    stack_floor: Cell<usize>,
    exceeded: Cell<Option<Exceeded>>,
}

impl Meter {
    pub(crate) fn new(engine_max_bytes: usize) -> Rc<Self> {
        let meter = Self::default();
        meter.engine_max_bytes.set(engine_max_bytes);
        meter.ceiling_bytes.set(engine_max_bytes);
        Rc::new(meter)
    }

    /// Starts measuring a call.
    pub(crate) fn start(&self, budget: Budget, is_aligned: bool) {
        self.ticks.set(0);
        self.ticks_max.set(budget.ticks);
        self.is_aligned.set(is_aligned);
        let ceiling = self.used_bytes.get().saturating_add(budget.memory_bytes);
        self.ceiling_bytes.set(ceiling.min(self.engine_max_bytes.get()));
        self.stack_floor.set(here().saturating_sub(budget.stack_bytes));
        self.exceeded.set(None);
    }

    /// Gives the running call its steps anew.
    pub(crate) fn refill(&self) {
        self.ticks.set(0);
    }

    /// Ends measuring.
    pub(crate) fn stop(&self) -> Measured {
        self.stack_floor.set(0);
        self.ceiling_bytes.set(self.engine_max_bytes.get());
        match self.exceeded.take() {
            Some(exceeded) => Measured::Over(exceeded),
            None if self.ticks.get() > self.ticks_max.get() => Measured::Unsure,
            None => Measured::Within,
        }
    }

    /// Whether something was exceeded so far.
    pub(crate) fn exceeded(&self) -> Option<Exceeded> {
        self.exceeded.get()
    }

    /// Runs a loop without end up to the beginning of a tick.
    pub(crate) fn align(&self, spin: impl FnOnce()) {
        self.is_aligning.set(true);
        spin();
        self.is_aligning.set(false);
    }

    /// One tick of the interpreter; `true` stops it.
    pub(crate) fn tick(&self) -> bool {
        if self.is_aligning.get() {
            return true;
        }
        self.ticks.set(self.ticks.get() + 1);
        let unsure = u64::from(!self.is_aligned.get());
        if self.ticks.get() > self.ticks_max.get() + unsure {
            self.note(Exceeded::Ticks);
        }
        // A script that caught an overflow or a lack of memory must not go on for long either.
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
        if used > self.ceiling_bytes.get() {
            let is_full = used > self.engine_max_bytes.get();
            self.note(if is_full { Exceeded::Engine } else { Exceeded::Memory });
            return false;
        }
        self.used_bytes.set(used);
        true
    }

    /// Books what the host itself keeps for a state. It counts for the engine and not for the call, which has no say
    /// in it.
    pub(crate) fn book(&self, bytes: usize) -> bool {
        let used = self.used_bytes.get().saturating_add(bytes);
        let engine_max = self.engine_max_bytes.get();
        if used > engine_max {
            self.note(Exceeded::Engine);
            return false;
        }
        self.used_bytes.set(used);
        let ceiling = self.ceiling_bytes.get().saturating_add(bytes);
        self.ceiling_bytes.set(ceiling.min(engine_max));
        true
    }

    pub(crate) fn give(&self, bytes: usize) {
        self.used_bytes.set(self.used_bytes.get().saturating_sub(bytes));
    }

    #[cfg(test)]
    pub(crate) fn set_engine_max_bytes(&self, bytes: usize) {
        self.engine_max_bytes.set(bytes);
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
