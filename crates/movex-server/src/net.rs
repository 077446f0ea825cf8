//! TCP connections: as many as are allowed, each with `TCP_NODELAY`, and none that stalls for ever (G9).

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep_until};

/// How long connections may be quiet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// While something is written to it, a connection may take nothing for this long.
    pub(crate) write_stall_max: Duration,
    /// A connection may say nothing for this long: longer than pings are apart.
    pub(crate) silence_max: Duration,
}

/// Accepts connections.
pub(crate) struct Door {
    listener: TcpListener,
    patience: Patience,
    room: Arc<Semaphore>,
}

impl Door {
    pub(crate) fn new(listener: TcpListener, patience: Patience, connections_max: usize) -> Self {
        Self {
            listener,
            patience,
            room: Arc::new(Semaphore::new(connections_max.min(Semaphore::MAX_PERMITS))),
        }
    }
}

impl Listener for Door {
    type Io = Conversation<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = Listener::accept(&mut self.listener).await;
            let Ok(place) = self.room.clone().try_acquire_owned() else {
                tracing::warn!("too many connections: one more is closed");
                continue;
            };
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "no TCP_NODELAY for a connection");
            }
            return (Conversation::new(stream, self.patience, Some(place)), address);
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// A stream that fails when it makes no progress for too long. Without that, a client that stops reading keeps what was
/// written for it in memory for as long as it likes, and one that never finishes a request keeps its place.
pub(crate) struct Conversation<S> {
    stream: S,
    reading: Quiet,
    writing: Quiet,
    _place: Option<OwnedSemaphorePermit>,
}

/// How long nothing has moved in one direction.
struct Quiet {
    max: Duration,
    since: Option<Instant>,
    /// Made once and moved on seldom: progress is frequent, and only notes that there was some.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Quiet {
    fn new(max: Duration) -> Self {
        Self { max, since: None, alarm: None }
    }

    /// Passes a poll on, or fails when nothing has moved for too long.
    fn check<T>(&mut self, context: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.since = None;
            return poll;
        }
        let since = *self.since.get_or_insert_with(Instant::now);
        let until = since + self.max;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(until)));
        loop {
            match alarm.as_mut().poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) if alarm.deadline() >= until => {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
                // It was set before the last progress.
                Poll::Ready(()) => alarm.as_mut().reset(until),
            }
        }
    }
}

impl<S> Conversation<S> {
    fn new(stream: S, patience: Patience, place: Option<OwnedSemaphorePermit>) -> Self {
        Self {
            stream,
            reading: Quiet::new(patience.silence_max),
            writing: Quiet::new(patience.write_stall_max),
            _place: place,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Conversation<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.reading.check(context, poll)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Conversation<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.writing.check(context, poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.writing.check(context, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_flush(context);
        self.writing.check(context, poll)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

    use super::*;

    fn pair() -> (Conversation<DuplexStream>, DuplexStream) {
        let (ours, theirs) = tokio::io::duplex(4);
        let patience =
            Patience { write_stall_max: Duration::from_secs(30), silence_max: Duration::from_secs(120) };
        (Conversation::new(ours, patience, None), theirs)
    }

    #[tokio::test(start_paused = true)]
    async fn g9_a_write_without_progress_fails() {
        let (mut ours, mut theirs) = pair();
        let begin = Instant::now();
        let error = ours.write_all(b"too long").await.expect_err("nobody reads");
        assert_eq!((error.kind(), begin.elapsed().as_secs()), (io::ErrorKind::TimedOut, 30));
        let mut read = [0; 4];
        theirs.read_exact(&mut read).await.expect("what fitted is there");
        ours.write_all(b"more").await.expect("there is room again");
    }

    #[tokio::test(start_paused = true)]
    async fn g9_silence_ends_a_connection_and_a_word_begins_it_anew() {
        let (mut ours, mut theirs) = pair();
        let begin = Instant::now();
        let speaks = tokio::spawn(async move {
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_secs(100)).await;
                theirs.write_all(b"word").await.expect("it is read");
            }
            theirs
        });
        let mut read = [0; 4];
        for _ in 0..3 {
            ours.read_exact(&mut read).await.expect("a word in time");
        }
        let _open = speaks.await.expect("it spoke");
        let error = ours.read_exact(&mut read).await.expect_err("nothing comes");
        assert_eq!((error.kind(), begin.elapsed().as_secs()), (io::ErrorKind::TimedOut, 420));
    }
}
