//! The connection as the driver has it: being made, open, or waited for.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::Sleep;

use crate::io::{Connecting, IoError, MovexIo};

pub(super) enum Line {
    Making(Connecting),
    Open(Box<dyn MovexIo>),
    /// Until the next try.
    Resting(Pin<Box<Sleep>>),
}

pub(super) enum LineEvent {
    Opened(Box<dyn MovexIo>),
    Message(String),
    Broken(IoError),
    Rested,
}

impl Line {
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        outbox: &mut VecDeque<String>,
    ) -> Poll<LineEvent> {
        match self {
            Line::Making(connecting) => connecting.as_mut().poll(context).map(|made| match made {
                Ok(io) => LineEvent::Opened(io),
                Err(error) => LineEvent::Broken(error),
            }),
            Line::Open(io) => {
                if let Poll::Ready(Err(error)) = io.poll_send(context, outbox) {
                    return Poll::Ready(LineEvent::Broken(error));
                }
                io.poll_receive(context).map(|received| match received {
                    Ok(message) => LineEvent::Message(message),
                    Err(error) => LineEvent::Broken(error),
                })
            }
            Line::Resting(rest) => rest.as_mut().poll(context).map(|()| LineEvent::Rested),
        }
    }
}
