//! What every MovexIO keeps to: one suite, run over each of them.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping")]

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::Poll;

use movex::io::{IoError, MovexIo, memory, receive, send_all};

/// Both ends of a connection.
type Ends = (Box<dyn MovexIo>, Box<dyn MovexIo>);

async fn in_memory() -> Ends {
    let (here, there) = memory::pair();
    (Box::new(here), Box::new(there))
}

async fn over_websocket() -> Ends {
    use movex::io::Connect;
    use movex::io::websocket::{WebSocket, WebSocketIo};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("ws://{}", listener.local_addr().unwrap());
    let accept = async {
        let (stream, _) = listener.accept().await.unwrap();
        tokio_tungstenite::accept_async(stream).await.unwrap()
    };
    let (here, there) = tokio::join!(WebSocket::new(&address).unwrap().connect(), accept);
    (here.unwrap(), Box::new(WebSocketIo::new(there)))
}

async fn send(io: &mut dyn MovexIo, messages: impl IntoIterator<Item = String>) -> Result<(), IoError> {
    send_all(io, &mut messages.into_iter().collect()).await
}

/// Messages come whole, once, and in order, both ways at a time; the other end may be slow.
async fn messages_come_whole_and_in_order((mut here, mut there): Ends) {
    let text = |number: usize| format!("{number} \u{1F3B2} {}", "x".repeat(number % 97));
    let many = 5_000;
    let sending = async {
        let mut outbox: VecDeque<String> = (0..many).map(text).collect();
        for number in 0..many {
            // Sending goes on while it receives, as every user of the trait does.
            let message = poll_fn(|context| {
                if let Poll::Ready(sent) = here.poll_send(context, &mut outbox) {
                    sent.unwrap();
                }
                here.poll_receive(context)
            });
            assert_eq!(message.await.unwrap(), text(number));
        }
    };
    let echoing = async {
        for number in 0..many {
            let message = receive(&mut *there).await.unwrap();
            assert_eq!(message, text(number));
            send(&mut *there, [message]).await.unwrap();
        }
    };
    tokio::join!(sending, echoing);
}

/// Whether a message is empty or large makes no difference.
async fn any_size_of_message_is_carried((mut here, mut there): Ends) {
    let large = "y".repeat(3_000_000);
    let sending = send(&mut *here, [String::new(), large.clone()]);
    let receiving = async {
        assert_eq!(receive(&mut *there).await.unwrap(), "");
        assert_eq!(receive(&mut *there).await.unwrap().len(), large.len());
    };
    let (sent, ()) = tokio::join!(sending, receiving);
    sent.unwrap();
}

/// Who closes has said what was said; the other end reads it, and then learns of the end.
async fn an_end_that_is_dropped_is_told_after_what_came_before((mut here, mut there): Ends) {
    send(&mut *here, ["last".to_owned()]).await.unwrap();
    drop(here);
    assert_eq!(receive(&mut *there).await.unwrap(), "last");
    assert!(matches!(receive(&mut *there).await, Err(IoError::Closed(_))));
}

/// Who sends into a connection that is over is told, at the latest after some more.
async fn sending_into_nothing_fails((mut here, there): Ends) {
    drop(there);
    let failed = loop {
        match send(&mut *here, ["lost".to_owned()]).await {
            Ok(()) => tokio::task::yield_now().await,
            Err(error) => break error,
        }
    };
    assert!(matches!(failed, IoError::Closed(_)), "{failed:?}");
}

/// Nothing is taken from the outbox beyond what there is room for, so that who sends knows how far behind the other is.
async fn a_slow_reader_leaves_messages_in_the_outbox((mut here, mut there): Ends) {
    let message = "z".repeat(1_000);
    let many = 30_000;
    let mut outbox: VecDeque<String> = (0..many).map(|_| message.clone()).collect();
    let sent = poll_fn(|context| Poll::Ready(here.poll_send(context, &mut outbox))).await;
    assert!(sent.is_pending());
    let left = outbox.len();
    assert!(left > 0 && left < many);
    receive(&mut *there).await.unwrap();
}

macro_rules! contract {
    ($($rule:ident)*) => {
        mod memory_io {
            $(#[tokio::test] async fn $rule() { super::$rule(super::in_memory().await).await })*
        }
        mod websocket_io {
            $(#[tokio::test] async fn $rule() { super::$rule(super::over_websocket().await).await })*
        }
    };
}

contract! {
    messages_come_whole_and_in_order
    any_size_of_message_is_carried
    an_end_that_is_dropped_is_told_after_what_came_before
    sending_into_nothing_fails
    a_slow_reader_leaves_messages_in_the_outbox
}
