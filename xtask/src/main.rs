//! The one entry point for people: `cargo xtask demo | test | ci | bench`.
fn main() {}
