//! The wire protocol of npm `movex` 0.1.6: Socket.IO frames in, Socket.IO frames out.
//!
//! Built on Engine.IO, one layer below the Socket.IO crate: that one spawns a task for each event, so that pipelined
//! events overtake each other, and takes JSON apart which we pass on as the text that came. Here each frame reaches the
//! master in the read loop, in order, and Socket.IO itself is the few lines of [`packet`].

mod decode;
mod encode;
mod handler;
mod outbox;
mod packet;
mod peer;

pub(crate) use encode::{not_found, resource, state};
pub(crate) use handler::{Handler, HandlerSettings};
pub(crate) use outbox::PACKETS_MAX;
