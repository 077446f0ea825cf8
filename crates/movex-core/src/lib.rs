//! The state machines of Movex, without I/O.
#![forbid(unsafe_code)]
