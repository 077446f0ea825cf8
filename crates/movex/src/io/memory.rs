//! Connections within a process: a pair of ends. For the local master, and for tests, which can cut one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::{IoError, MovexIo};

/// Messages that wait in one direction; a sender waits beyond (G9).
const MESSAGES_MAX: usize = 1_024;

/// One direction.
#[derive(Default)]
struct Pipe {
    messages: VecDeque<String>,
    closed: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

type Shared = Arc<Mutex<Pipe>>;

/// One end of a connection in memory.
pub struct Memory {
    incoming: Shared,
    outgoing: Shared,
}

/// Cuts a connection in memory, as a network does: what is under way is lost.
#[derive(Clone)]
pub struct Scissors {
    pipes: [Shared; 2],
}

/// Two ends: what one sends the other receives.
///
/// ```
/// use std::collections::VecDeque;
/// use movex::io::{memory, receive, send_all};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let (mut here, mut there) = memory::pair();
/// send_all(&mut here, &mut VecDeque::from(["hello".to_owned()])).await?;
/// assert_eq!(receive(&mut there).await?, "hello");
/// # Ok::<(), movex::io::IoError>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn pair() -> (Memory, Memory) {
    let (one, other) = (Shared::default(), Shared::default());
    let here = Memory { incoming: one.clone(), outgoing: other.clone() };
    let there = Memory { incoming: other, outgoing: one };
    (here, there)
}

fn lock(pipe: &Shared) -> MutexGuard<'_, Pipe> {
    // Nothing in here panics between two changes that belong together.
    pipe.lock().unwrap_or_else(PoisonError::into_inner)
}

fn closed() -> IoError {
    IoError::Closed("the other end is gone".to_owned())
}

impl Pipe {
    fn close(&mut self) {
        self.closed = true;
        self.wake();
    }

    fn wake(&mut self) {
        for waker in [self.reader.take(), self.writer.take()].into_iter().flatten() {
            waker.wake();
        }
    }
}

impl Memory {
    /// What cuts this connection.
    pub fn scissors(&self) -> Scissors {
        Scissors { pipes: [self.incoming.clone(), self.outgoing.clone()] }
    }
}

impl Scissors {
    /// Cuts it.
    pub fn cut(&self) {
        for pipe in &self.pipes {
            let mut pipe = lock(pipe);
            pipe.messages.clear();
            pipe.close();
        }
    }
}

impl MovexIo for Memory {
    fn poll_send(
        &mut self,
        context: &mut Context<'_>,
        outbox: &mut VecDeque<String>,
    ) -> Poll<Result<(), IoError>> {
        let mut pipe = lock(&self.outgoing);
        if pipe.closed {
            return Poll::Ready(Err(closed()));
        }
        let room = MESSAGES_MAX.saturating_sub(pipe.messages.len());
        let taken = room.min(outbox.len());
        if taken > 0 {
            pipe.messages.extend(outbox.drain(..taken));
            if let Some(reader) = pipe.reader.take() {
                reader.wake();
            }
        }
        if outbox.is_empty() {
            return Poll::Ready(Ok(()));
        }
        pipe.writer = Some(context.waker().clone());
        Poll::Pending
    }

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Result<String, IoError>> {
        let mut pipe = lock(&self.incoming);
        if let Some(message) = pipe.messages.pop_front() {
            if let Some(writer) = pipe.writer.take() {
                writer.wake();
            }
            return Poll::Ready(Ok(message));
        }
        if pipe.closed {
            return Poll::Ready(Err(closed()));
        }
        pipe.reader = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        lock(&self.incoming).close();
        lock(&self.outgoing).close();
    }
}
