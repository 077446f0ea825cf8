//! Doing what the master says, in order.

use movex_core::error::Error;
use movex_core::ids::{ResourceKey, Rid};
use movex_core::master::{Output, store_error};
use movex_core::worker::Command;
use movex_store::{Appended, StoreError};

use super::hub::{Hub, Shared};
use super::peer::Outgoing;

impl Hub {
    /// Carries out one call's outputs in order, then tells the master what the store has kept meanwhile, and so on.
    pub(super) fn carry_out(&self, shared: &mut Shared) {
        loop {
            for output in shared.master.take_outputs() {
                self.carry_out_one(shared, output);
            }
            let Some((rid, id, outcome)) = shared.kept.pop_front() else {
                break;
            };
            shared.master.kept(self.now(), &rid, id, kept(outcome));
        }
        if shared.ending {
            self.quiet.notify_waiters();
        }
    }

    fn carry_out_one(&self, shared: &mut Shared, output: Output) {
        match output {
            Output::Send { to, event } => {
                let mut outgoing = Outgoing::new(&event);
                for connection in to {
                    if let Some(peer) = shared.peers.get(&connection) {
                        peer.event(&mut outgoing);
                    }
                }
            }
            Output::Welcome { to, client } => {
                if let Some(peer) = shared.peers.get(&to) {
                    peer.welcome(&client);
                }
            }
            Output::Answer { token, answer } => {
                if let Some(waiter) = shared.waiters.remove(&token) {
                    waiter(answer);
                }
            }
            Output::Close { connection, cause } => {
                if let Some(peer) = shared.peers.remove(&connection) {
                    peer.close(&cause);
                }
            }
            Output::Command { worker, rid, command } => self.engines.send(worker, rid, command),
            Output::Append { id, rid, append } => {
                let outcome = match self.store.append(&self.key(&rid), id, append) {
                    Appended::Kept => Ok(()),
                    Appended::Failed(error) => Err(error),
                    Appended::Later => return,
                };
                shared.kept.push_back((rid, id, outcome));
            }
            Output::Truncate { rid, base } => {
                // The log keeps what it could have lost; the next base tries again.
                if let Err(error) = self.store.truncate(&self.key(&rid), base) {
                    tracing::warn!(%rid, %error, "the beginning of a log could not be cut off");
                }
            }
            Output::Recover { worker, rid } => match self.store.read(&self.key(&rid)) {
                Ok(log) => self.engines.send(worker, rid, Command::Recover { log }),
                // Until it is read, every request for it is answered by an error.
                Err(error) => {
                    tracing::error!(%rid, %error, "a log can't be read: its resource is out of use")
                }
            },
            Output::Forget { rid } => {
                if let Err(error) = self.store.delete(&self.key(&rid)) {
                    tracing::warn!(%rid, %error, "the log of a deleted resource could not be deleted");
                }
            }
            Output::Report(report) => self.print(&report),
        }
    }

    fn key(&self, rid: &Rid) -> ResourceKey {
        ResourceKey { app: self.app.clone(), rid: rid.clone() }
    }
}

/// What the store said, as clients get it.
pub(super) fn kept(outcome: Result<(), StoreError>) -> Result<(), Error> {
    outcome.map_err(|error| store_error(&error.to_string()))
}
