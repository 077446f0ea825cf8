//! The state machines of Movex: resources, views, reveals and checksums.
//!
//! Everything here is `input -> effects`. There is no socket, file, clock, thread, randomness or async in this crate:
//! time, the entropy key and every message are arguments, so that a server, a browser and a simulator run the same
//! code. The rules that the code keeps are named as in the design: M1-M29 for the model, G1-G9 for the guarantees.
#![forbid(unsafe_code)]

pub mod action;
pub mod checksum;
pub mod client;
pub mod context;
pub mod effect;
pub mod error;
pub mod ids;
pub mod item;
pub mod json;
pub mod master;
pub mod reducer;
pub mod resource;
pub mod v1;
pub mod worker;
