//! MovexIO: what carries messages, and knows nothing of what they say.
//!
//! A message is the text of one frame of protocol v1. An implementation carries messages whole and in order, or tells
//! that the connection is closed; it never resends, reconnects or reads one. Reconnecting is done once, above it.

pub mod memory;
#[cfg(feature = "websocket")]
pub mod websocket;

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Why a connection carries nothing any more, or did not come about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IoError {
    /// It was closed by the other side, or cut.
    #[error("the connection is closed: {0}")]
    Closed(String),
    /// It could not be made.
    #[error("no connection: {0}")]
    NotConnected(String),
    /// The address is none.
    #[error("`{address}` is no address to connect to: {why}")]
    BadAddress {
        /// What was given.
        address: String,
        /// What is wrong with it.
        why: String,
    },
    /// The other side broke the transport's own rules.
    #[error("the other side does not speak as it should: {0}")]
    Protocol(String),
}

impl IoError {
    /// Whether to try once more can help.
    pub fn is_worth_a_retry(&self) -> bool {
        !matches!(self, IoError::BadAddress { .. })
    }
}

/// One connection. Dropping it closes it.
///
/// Both methods are polled by one task; after an error neither is called again.
pub trait MovexIo: Send {
    /// Takes messages from the front of `outbox` as long as there is room, and hands them on.
    ///
    /// Ready when all are handed on.
    ///
    /// # Errors
    /// When the connection is closed; what was taken may be lost.
    fn poll_send(
        &mut self,
        context: &mut Context<'_>,
        outbox: &mut VecDeque<String>,
    ) -> Poll<Result<(), IoError>>;

    /// The next message.
    ///
    /// # Errors
    /// When the connection is closed and nothing is left of what came before.
    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Result<String, IoError>>;
}

/// What [`Connect::connect`] gives.
pub type Connecting = Pin<Box<dyn Future<Output = Result<Box<dyn MovexIo>, IoError>> + Send>>;

/// Makes connections to one place, again and again.
pub trait Connect: Send + 'static {
    /// Makes one.
    fn connect(&self) -> Connecting;
}

/// Hands on all of `outbox`.
///
/// # Errors
/// As [`MovexIo::poll_send`].
pub async fn send_all(io: &mut dyn MovexIo, outbox: &mut VecDeque<String>) -> Result<(), IoError> {
    poll_fn(|context| io.poll_send(context, outbox)).await
}

/// Waits for the next message.
///
/// # Errors
/// As [`MovexIo::poll_receive`].
pub async fn receive(io: &mut dyn MovexIo) -> Result<String, IoError> {
    poll_fn(|context| io.poll_receive(context)).await
}
