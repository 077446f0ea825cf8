//! JSON as JavaScript reads and writes it.

mod check;
mod write;

pub use check::{DEPTH_MAX, check};
pub use write::{KeyOrder, array_index, write_js, write_js_number, write_js_string};
