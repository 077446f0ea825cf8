//! `wss://`: that there is a cryptography to speak it with.

#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping")]

use movex::io::IoError;
use movex::{Error, Movex};

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_no_connection() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://{}", listener.local_addr().unwrap());
    let hang_up = async { drop(listener.accept().await.unwrap()) };
    let (connected, ()) = tokio::join!(Movex::connect(&url), hang_up);
    let failed = connected.unwrap_err();
    assert!(matches!(failed, Error::Io(IoError::NotConnected(_))), "{failed}");
}
