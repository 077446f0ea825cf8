//! MovexIO over WebSocket: one text message for each frame.

use std::collections::VecDeque;
use std::task::{Context, Poll, ready};

use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, connect_async};

use super::{Connect, Connecting, IoError, MovexIo};

/// Where a server listens for protocol v1, unless the address says another path.
const PATH: &str = "/movex/v1";

/// Connects to a server.
#[derive(Clone, Debug)]
pub struct WebSocket {
    uri: Uri,
}

impl WebSocket {
    /// To that address: `ws://host:port`, `wss://host` with the feature `tls`; with a path where the server is not at
    /// its usual one.
    ///
    /// # Errors
    /// [`IoError::BadAddress`].
    pub fn new(address: &str) -> Result<Self, IoError> {
        let bad = |why: String| IoError::BadAddress { address: address.to_owned(), why };
        let uri: Uri =
            address.parse().map_err(|error| bad(format!("{error}; write it as ws://host:port")))?;
        match uri.scheme_str() {
            Some("ws") => {}
            Some("wss") if cfg!(feature = "tls") => {}
            Some("wss") => return Err(bad("wss:// needs the feature `tls` of the crate movex".to_owned())),
            _ => return Err(bad("it begins with ws:// or wss://".to_owned())),
        }
        if uri.path() != "/" {
            return Ok(Self { uri });
        }
        let mut parts = uri.into_parts();
        parts.path_and_query = Some(PATH.parse().map_err(|error| bad(format!("{error}")))?);
        let uri = Uri::from_parts(parts).map_err(|error| bad(error.to_string()))?;
        Ok(Self { uri })
    }

    /// The address, with its path.
    pub fn address(&self) -> String {
        self.uri.to_string()
    }
}

impl Connect for WebSocket {
    fn connect(&self) -> Connecting {
        let uri = self.uri.clone();
        Box::pin(async move {
            let connected = connect_async(uri).await;
            let (stream, _) = connected.map_err(|error| IoError::NotConnected(error.to_string()))?;
            Ok(Box::new(WebSocketIo::new(stream)) as Box<dyn MovexIo>)
        })
    }
}

/// One connection, of a client or of a server.
pub struct WebSocketIo<S> {
    stream: WebSocketStream<S>,
}

impl<S> WebSocketIo<S> {
    /// Over one that is made.
    pub fn new(stream: WebSocketStream<S>) -> Self {
        Self { stream }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> MovexIo for WebSocketIo<S> {
    fn poll_send(
        &mut self,
        context: &mut Context<'_>,
        outbox: &mut VecDeque<String>,
    ) -> Poll<Result<(), IoError>> {
        let mut sink = std::pin::Pin::new(&mut self.stream);
        while !outbox.is_empty() {
            ready!(sink.as_mut().poll_ready(context)).map_err(closed)?;
            if let Some(text) = outbox.pop_front() {
                sink.as_mut().start_send(Message::text(text)).map_err(closed)?;
            }
        }
        sink.poll_flush(context).map_err(closed)
    }

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Result<String, IoError>> {
        loop {
            let message = ready!(std::pin::Pin::new(&mut self.stream).poll_next(context));
            return Poll::Ready(match message {
                Some(Ok(Message::Text(text))) => Ok(text.as_str().to_owned()),
                Some(Ok(Message::Binary(_))) => {
                    Err(IoError::Protocol("a binary message where text was agreed on".to_owned()))
                }
                Some(Ok(Message::Close(frame))) => {
                    let why = frame.map(|frame| frame.reason.as_str().to_owned());
                    Err(IoError::Closed(why.unwrap_or_else(|| "it ended".to_owned())))
                }
                // Answered inside.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Err(error)) => Err(closed(error)),
                None => Err(IoError::Closed("it ended".to_owned())),
            });
        }
    }
}

fn closed(error: WsError) -> IoError {
    match error {
        // Most connections end so.
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            IoError::Closed("the other end is gone".to_owned())
        }
        WsError::Protocol(error) => IoError::Protocol(error.to_string()),
        WsError::Utf8(error) => IoError::Protocol(error),
        error => IoError::Closed(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_path_is_added_and_another_is_kept() {
        let address = |text: &str| WebSocket::new(text).map(|socket| socket.address());
        assert_eq!(address("ws://localhost:3333").unwrap(), "ws://localhost:3333/movex/v1");
        assert_eq!(address("ws://localhost:3333/").unwrap(), "ws://localhost:3333/movex/v1");
        assert_eq!(address("ws://host/app/v1?a=1").unwrap(), "ws://host/app/v1?a=1");
    }

    #[test]
    fn what_is_no_address_says_what_is_wrong() {
        for text in ["", "localhost:3333", "http://localhost", "ws://"] {
            let error = WebSocket::new(text).unwrap_err();
            assert!(matches!(error, IoError::BadAddress { .. }), "{text}: {error}");
            assert!(!error.is_worth_a_retry());
        }
    }
}
