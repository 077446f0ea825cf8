//! How the client is connected.

use tokio::sync::watch;

use crate::error::Error;

/// How the client is connected. Whatever it is, the app may go on dispatching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// A connection is being made.
    Connecting,
    /// The master answers.
    Connected,
    /// There was none; it is tried again in a moment.
    Waiting {
        /// What went wrong last.
        why: Error,
    },
    /// It is not tried again.
    Closed {
        /// What went wrong, if it was not the app that closed it.
        why: Option<Error>,
    },
}

/// Follows the status of a connection.
#[derive(Clone, Debug)]
pub struct StatusWatch {
    pub(crate) receiver: watch::Receiver<Status>,
}

impl StatusWatch {
    /// The status now.
    pub fn current(&self) -> Status {
        self.receiver.borrow().clone()
    }

    /// Waits until it is another one than was seen last; none after [`Status::Closed`] was seen. Cancellation-safe.
    pub async fn changed(&mut self) -> Option<Status> {
        self.receiver.changed().await.ok()?;
        Some(self.receiver.borrow_and_update().clone())
    }

    /// Waits for a status like this.
    ///
    /// # Errors
    /// [`Error::Closed`] when none comes any more.
    pub async fn wait_for(&mut self, wanted: impl FnMut(&Status) -> bool) -> Result<Status, Error> {
        let status = self.receiver.wait_for(wanted).await.map_err(|_| Error::Closed)?;
        Ok(status.clone())
    }
}
