//! A dispatch that ends once.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use movex_core::client::Ended;
use movex_core::ids::{ClientSeq, Seq};
use tokio::sync::oneshot;

use crate::error::{DispatchError, UnknownCause, outcome};

/// A dispatch under way. Drop it, and the dispatch goes on; await it, and it tells the one outcome that it has, across
/// any number of reconnections.
///
/// It is a future itself, so that `&mut dispatched` can stand in a `select!`. Once it has told, it is not awaited again.
#[derive(Debug)]
pub struct Dispatched {
    number: Option<ClientSeq>,
    state: State,
}

#[derive(Debug)]
enum State {
    Ended(Ended),
    Pending(oneshot::Receiver<Ended>),
    Told,
}

impl Dispatched {
    pub(crate) fn ended(end: Ended) -> Self {
        Self { number: None, state: State::Ended(end) }
    }

    pub(crate) fn pending(number: Option<ClientSeq>, outcome: oneshot::Receiver<Ended>) -> Self {
        Self { number, state: State::Pending(outcome) }
    }

    /// Its number among this client's dispatches; none where it was not sent at all.
    pub fn number(&self) -> Option<ClientSeq> {
        self.number
    }

    /// Waits for the master's word: its place in the log.
    ///
    /// # Errors
    /// When it is rejected, or nobody knows.
    pub async fn acknowledged(self) -> Result<Seq, DispatchError> {
        self.await
    }
}

impl Future for Dispatched {
    type Output = Result<Seq, DispatchError>;

    /// # Panics
    /// When it is polled after it has told.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let told = match std::mem::replace(&mut self.state, State::Told) {
            State::Ended(end) => outcome(end),
            State::Pending(mut ended) => match Pin::new(&mut ended).poll(context) {
                Poll::Ready(Ok(end)) => outcome(end),
                Poll::Ready(Err(_)) => Err(DispatchError::Unknown(UnknownCause::Closed)),
                Poll::Pending => {
                    self.state = State::Pending(ended);
                    return Poll::Pending;
                }
            },
            State::Told => panic!("a dispatch tells its outcome once"),
        };
        Poll::Ready(told)
    }
}
