//! What the master says.

use movex_core::client::FromMaster;
use movex_core::context::TimeMs;
use movex_core::error::{Code, Error};
use movex_core::ids::Rid;
use movex_core::v1::ServerFrame;

use super::{Event, Hangup, Identity, Link, Output, Session};

impl Session {
    /// A frame of the master's.
    pub fn receive(&mut self, now: TimeMs, frame: ServerFrame) {
        self.keepalive.heard(now);
        match frame {
            ServerFrame::Welcome { client, token, session_proof, time, message_bytes_max, .. } => {
                self.proof = Some(session_proof);
                self.ahead_ms = time.0.cast_signed().wrapping_sub(now.0.cast_signed());
                self.message_bytes_max = message_bytes_max;
                self.welcomed(now, Identity { client, token });
            }
            ServerFrame::Created { request, rid } => self.created(request, Ok(rid)),
            ServerFrame::Subscribed { rid, subscribed, subscribers } => {
                if let Some(binding) = self.bindings.get_mut(&rid) {
                    binding.subscribers = subscribers;
                    binding.retry_at = None;
                    self.machine(now, &rid, FromMaster::Subscribed(subscribed));
                    self.show_again(&rid);
                }
            }
            ServerFrame::Item { rid, item } => self.machine(now, &rid, FromMaster::Item(item)),
            ServerFrame::Outcome { rid, number, outcome } => {
                let client_seq = number;
                self.machine(now, &rid, FromMaster::Outcome { client_seq, outcome });
            }
            ServerFrame::Undecided { rid, number, why } => {
                let client_seq = number;
                self.machine(now, &rid, FromMaster::Undecided { client_seq, why });
            }
            ServerFrame::Refresh { rid } => self.machine(now, &rid, FromMaster::Refresh),
            ServerFrame::Joined { rid, subscriber } => {
                self.present(rid, |binding| binding.joined(subscriber))
            }
            ServerFrame::Left { rid, client } => self.present(rid, |binding| binding.left(&client)),
            ServerFrame::Shows { rid, client, value } => {
                self.present(rid, |binding| binding.shows(&client, value));
            }
            ServerFrame::Error { request, rid, error } => self.failed(now, request, rid, error),
            ServerFrame::Pong { .. } => {}
        }
    }

    fn welcomed(&mut self, now: TimeMs, identity: Identity) {
        let before = self.me.replace(identity.client.clone());
        let changed = before.is_some_and(|before| before != identity.client);
        self.token = Some(identity.token.clone());
        self.link = Link::Up;
        self.event(Event::Welcomed { identity, changed });
        let requests: Vec<u64> = self.creates.keys().copied().collect();
        for request in requests {
            self.send_create(request);
        }
        let rids: Vec<Rid> = self.bindings.keys().cloned().collect();
        for rid in rids {
            if changed {
                let (me, session) = (self.me.clone(), self.id.clone());
                self.drive(now, &rid, |machine, _, out| {
                    if let Some(me) = me {
                        machine.identity_changed(me, session, out);
                    }
                });
            }
            self.follow(now, &rid);
        }
        self.let_go();
    }

    /// An error: of a request, of a resource, or of the connection.
    fn failed(&mut self, now: TimeMs, request: Option<u64>, rid: Option<Rid>, error: Error) {
        if let Some(request) = request {
            return self.created(request, Err(error));
        }
        let passes = matches!(error.code, Code::Overloaded | Code::ShuttingDown | Code::StoreUnavailable);
        match rid {
            Some(rid) => {
                let Some(binding) = self.bindings.get_mut(&rid) else {
                    return;
                };
                let is_gone = matches!(error.code, Code::UnknownResource | Code::UnknownResourceType);
                if is_gone || !(passes || binding.is_live()) {
                    self.lose(&rid, error);
                } else {
                    // A dispatch may not have been decided: who asks again sends what has no outcome, in order.
                    binding.retry_later(now);
                }
            }
            None if self.link == Link::Greeting => {
                let retry = passes;
                self.out.push_back(Output::Hangup(Hangup::Refused { error, retry }));
            }
            None => self.event(Event::Complained { error }),
        }
    }
}
