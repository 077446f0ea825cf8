//! A Socket.IO client that is as thin as can be: text frames over a WebSocket, so that the load costs little.

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// One connection.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next_ack: u64,
}

/// What came.
pub(crate) enum Frame {
    /// The acknowledgement of a call, by its number; the arguments' JSON text.
    Ack(u64, String),
    /// An event: its arguments' JSON text, the name first.
    Event(String),
}

impl Socket {
    /// Connects as a client of that name, and waits until it is ready.
    pub(crate) async fn connect(port: u16, client: &str) -> Result<Self> {
        let url = format!(
            "ws://127.0.0.1:{port}/socket.io/?clientId={client}&clientInfo=%7B%7D&EIO=4&transport=websocket"
        );
        let (stream, _) = connect_async(url).await.context("the server can't be reached")?;
        if let MaybeTlsStream::Plain(tcp) = stream.get_ref() {
            tcp.set_nodelay(true)?;
        }
        let mut socket = Self { stream, next_ack: 0 };
        loop {
            let text = socket.text().await?;
            if text.starts_with('0') {
                socket.send("40".into()).await?;
            } else if text.starts_with("42[\"onReady\"") {
                return Ok(socket);
            } else if text.starts_with("44") {
                bail!("the server refused the connection: {text}");
            }
        }
    }

    /// Sends an event that wants an acknowledgement; gives its number.
    pub(crate) async fn emit(&mut self, event: &str, payload: &str) -> Result<u64> {
        let ack = self.next_ack;
        self.next_ack += 1;
        self.send(format!("42{ack}[\"{event}\",{payload}]")).await?;
        Ok(ack)
    }

    /// Sends an event and waits for its acknowledgement, whose value must be ok.
    pub(crate) async fn call(&mut self, event: &str, payload: &str) -> Result<String> {
        let wanted = self.emit(event, payload).await?;
        loop {
            if let Frame::Ack(ack, text) = self.next().await?
                && ack == wanted
            {
                if !text.contains("\"ok\":true") {
                    bail!("{event} was refused: {text}");
                }
                return Ok(text);
            }
        }
    }

    /// The next acknowledgement or event.
    pub(crate) async fn next(&mut self) -> Result<Frame> {
        loop {
            let text = self.text().await?;
            if let Some(ack) = text.strip_prefix("43") {
                let begin = ack.find('[').context("an acknowledgement without arguments")?;
                return Ok(Frame::Ack(ack[..begin].parse()?, ack[begin..].to_owned()));
            }
            if let Some(event) = text.strip_prefix("42") {
                return Ok(Frame::Event(event.to_owned()));
            }
        }
    }

    async fn text(&mut self) -> Result<String> {
        loop {
            match self.stream.next().await.context("the server closed the connection")?? {
                Message::Text(text) if text.as_str() == "2" => self.send("3".into()).await?,
                Message::Text(text) => return Ok(text.as_str().to_owned()),
                _ => {}
            }
        }
    }

    async fn send(&mut self, text: String) -> Result<()> {
        Ok(self.stream.send(Message::text(text)).await?)
    }
}
