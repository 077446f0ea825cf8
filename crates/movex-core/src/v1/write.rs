//! Frames to JSON text. Written by hand because actions and states go in as the text that they are: a serialiser would
//! read each once more to be sure that it is JSON, which was made sure when it came.

use std::fmt::{Display, Write as _};

use super::{ClientFrame, ServerFrame};
use crate::action::Body;
use crate::checksum::ChecksumV1;
use crate::context::Entropy;
use crate::effect::{
    EntryFrame, ItemFrame, Outcome, OwnHalf, PhaseEndFrame, Revealed, Subscribed, Undecided, ViewBase,
};
use crate::error::Error;
use crate::ids::{Rid, Seq};
use crate::item::ForfeitCause;
use crate::json::write_js_string;
use crate::master::Subscriber;

/// An object under construction.
struct Object<'o> {
    out: &'o mut String,
    empty: bool,
}

impl<'o> Object<'o> {
    fn begin(out: &'o mut String) -> Self {
        out.push('{');
        Self { out, empty: true }
    }

    fn key(&mut self, key: &str) -> &mut String {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
        self.out
    }

    fn text(&mut self, key: &str, text: &str) -> &mut Self {
        write_js_string(text, self.key(key));
        self
    }

    fn number(&mut self, key: &str, number: impl Display) -> &mut Self {
        write!(self.key(key), "{number}").expect("a String takes all");
        self
    }

    /// JSON text as it is.
    fn raw(&mut self, key: &str, json: &str) -> &mut Self {
        self.key(key).push_str(json);
        self
    }

    /// Only where it is set: a reader takes what is not there for false.
    fn flag(&mut self, key: &str, flag: bool) -> &mut Self {
        if flag {
            self.key(key).push_str("true");
        }
        self
    }

    fn some<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) -> &mut Self {
        if let Some(value) = value {
            write(self, value);
        }
        self
    }

    fn list<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut String, T),
    ) -> &mut Self {
        let out = self.key(key);
        out.push('[');
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            write(out, item);
        }
        out.push(']');
        self
    }

    fn rid(&mut self, rid: &Rid) -> &mut Self {
        self.text("rid", rid.as_str())
    }

    fn checksum(&mut self, checksum: Option<ChecksumV1>) -> &mut Self {
        self.some(checksum, |object, checksum| {
            object.text("checksum", &checksum.to_string());
        })
    }

    /// As 16 hex digits: JavaScript's numbers do not hold 64 bits.
    fn entropy(&mut self, Entropy(entropy): Entropy) -> &mut Self {
        self.text("entropy", &format!("{entropy:016x}"))
    }

    fn seqs(&mut self, key: &str, seqs: &[Seq]) -> &mut Self {
        if seqs.is_empty() {
            return self;
        }
        self.list(key, seqs, |out, seq| write!(out, "{seq}").expect("a String takes all"))
    }

    fn end(self) {
        self.out.push('}');
    }
}

/// A frame: an object with one member.
fn frame(name: &str, write: impl FnOnce(&mut Object<'_>)) -> String {
    let mut out = String::with_capacity(256);
    out.push_str("{\"");
    out.push_str(name);
    out.push_str("\":");
    let mut object = Object::begin(&mut out);
    write(&mut object);
    object.end();
    out.push('}');
    out
}

fn object(out: &mut String, write: impl FnOnce(&mut Object<'_>)) {
    let mut object = Object::begin(out);
    write(&mut object);
    object.end();
}

impl ClientFrame {
    /// The frame's JSON text.
    pub fn to_json(&self) -> String {
        match self {
            ClientFrame::Hello { versions: (from, to), session, session_proof, token, info } => {
                frame("hello", |o| {
                    o.list("versions", [from, to], |out, version| {
                        write!(out, "{version}").expect("a String takes all")
                    });
                    o.text("session", session.as_str());
                    o.some(session_proof.as_deref(), |o, proof| {
                        o.text("sessionProof", proof);
                    });
                    o.some(token.as_deref(), |o, token| {
                        o.text("token", token);
                    });
                    o.some(info.as_deref(), |o, info| {
                        o.raw("info", info);
                    });
                })
            }
            ClientFrame::Create { request, rid, state } => frame("create", |o| {
                o.number("request", request).rid(rid);
                o.some(state.as_deref(), |o, state| {
                    o.raw("state", state);
                });
            }),
            ClientFrame::Subscribe { rid, from, floor } => frame("subscribe", |o| {
                o.rid(rid);
                o.some(*from, |o, (epoch, seq)| {
                    o.number("epoch", epoch).number("seq", seq);
                });
                o.number("floor", floor);
            }),
            ClientFrame::Unsubscribe { rid } => frame("unsubscribe", |o| {
                o.rid(rid);
            }),
            ClientFrame::Dispatch { rid, epoch, number, floor, seen_reveal, body } => {
                frame("dispatch", |o| {
                    o.rid(rid).number("epoch", epoch).number("number", number).number("floor", floor);
                    o.some(*seen_reveal, |o, seen| {
                        o.number("seenReveal", seen);
                    });
                    o.raw("action", body.public().json());
                    if let Body::Private { private, .. } = body {
                        o.raw("private", private.json());
                    }
                })
            }
            ClientFrame::Show { rid, value } => frame("show", |o| {
                o.rid(rid);
                o.some(value.as_deref(), |o, value| {
                    o.raw("value", value);
                });
            }),
            ClientFrame::Ping { stamp } => frame("ping", |o| {
                o.number("stamp", stamp);
            }),
        }
    }
}

impl ServerFrame {
    /// The frame's JSON text.
    pub fn to_json(&self) -> String {
        match self {
            ServerFrame::Welcome { version, client, token, session_proof, time, message_bytes_max } => {
                frame("welcome", |o| {
                    o.number("version", version).text("client", client.as_str()).text("token", token);
                    o.text("sessionProof", session_proof).number("time", time.0);
                    o.number("messageBytesMax", message_bytes_max);
                })
            }
            ServerFrame::Created { request, rid } => frame("created", |o| {
                o.number("request", request).rid(rid);
            }),
            ServerFrame::Subscribed { rid, subscribed, subscribers } => frame("subscribed", |o| {
                o.rid(rid);
                write_subscribed(o, subscribed);
                o.list("subscribers", subscribers, write_subscriber);
            }),
            ServerFrame::Item { rid, item } => {
                let (name, _) = item_name(item);
                frame(name, |o| {
                    o.rid(rid);
                    write_item(o, item);
                })
            }
            ServerFrame::Outcome { rid, number, outcome } => frame("outcome", |o| {
                o.rid(rid).number("number", number);
                write_outcome(o, outcome);
            }),
            ServerFrame::Undecided { rid, number, why } => frame("undecided", |o| {
                o.rid(rid).number("number", number);
                match why {
                    Undecided::EpochChanged(epoch) => o.number("epoch", epoch),
                    Undecided::Forgotten => o.flag("forgotten", true),
                };
            }),
            ServerFrame::Refresh { rid } => frame("refresh", |o| {
                o.rid(rid);
            }),
            ServerFrame::Joined { rid, subscriber } => frame("joined", |o| {
                o.rid(rid);
                write_subscriber(o.key("subscriber"), subscriber);
            }),
            ServerFrame::Left { rid, client } => frame("left", |o| {
                o.rid(rid).text("client", client.as_str());
            }),
            ServerFrame::Shows { rid, client, value } => frame("shows", |o| {
                o.rid(rid).text("client", client.as_str());
                o.some(value.as_deref(), |o, value| {
                    o.raw("value", value);
                });
            }),
            ServerFrame::Error { request, rid, error } => frame("error", |o| {
                o.some(*request, |o, request| {
                    o.number("request", request);
                });
                o.some(rid.as_ref(), |o, rid| {
                    o.rid(rid);
                });
                write_error(o, error);
            }),
            ServerFrame::Pong { stamp } => frame("pong", |o| {
                o.number("stamp", stamp);
            }),
        }
    }
}

/// The name of an item's frame, which is also what it is called in a list of items.
fn item_name(item: &ItemFrame) -> (&'static str, Seq) {
    match item {
        ItemFrame::Entry { frame, .. } => ("entry", frame.seq),
        ItemFrame::PhaseEnd { seq, frame: PhaseEndFrame::Reveal { .. }, .. } => ("reveal", *seq),
        ItemFrame::PhaseEnd { seq, frame: PhaseEndFrame::Forfeit { .. }, .. } => ("forfeit", *seq),
    }
}

fn write_subscribed(o: &mut Object<'_>, subscribed: &Subscribed) {
    let Subscribed { epoch, head, version, last_reveal, base, items, checksum_v1, outcomes, forgotten } =
        subscribed;
    o.number("epoch", epoch)
        .number("head", head)
        .text("version", version.as_str())
        .number("lastReveal", last_reveal);
    o.some(base.as_ref(), |o, base| object(o.key("base"), |o| write_base(o, base)));
    o.list("items", items, |out, item| {
        let (name, _) = item_name(item);
        object(out, |o| object(o.key(name), |o| write_item(o, item)));
    });
    o.checksum(*checksum_v1);
    o.list("outcomes", outcomes, |out, (number, outcome)| {
        object(out, |o| {
            o.number("number", number);
            write_outcome(o, outcome);
        });
    });
    o.flag("forgotten", *forgotten);
}

fn write_base(o: &mut Object<'_>, base: &ViewBase) {
    o.number("seq", base.seq);
    o.some(base.json.as_deref(), |o, json| {
        o.raw("state", json);
    });
    o.flag("checkpoint", base.checkpoint).flag("stopped", base.stopped);
}

fn write_item(o: &mut Object<'_>, item: &ItemFrame) {
    match item {
        ItemFrame::Entry { frame, own } => write_entry(o, frame, own.as_ref()),
        ItemFrame::PhaseEnd { seq, time, frame, checksum_v1 } => {
            o.number("seq", seq).number("time", time.0);
            match frame {
                PhaseEndFrame::Reveal { secrets, without_effect } => {
                    o.list("secrets", secrets, write_secret).seqs("withoutEffect", without_effect);
                }
                PhaseEndFrame::Forfeit { cause, without_effect } => {
                    o.text("cause", cause_name(*cause)).seqs("withoutEffect", without_effect);
                }
            }
            o.checksum(*checksum_v1);
        }
    }
}

fn write_entry(o: &mut Object<'_>, frame: &EntryFrame, own: Option<&OwnHalf>) {
    o.number("seq", frame.seq).text("author", frame.author.as_str()).number("time", frame.time.0);
    o.entropy(frame.entropy).raw("action", frame.action.json());
    o.flag("secret", frame.secret)
        .flag("withoutEffect", frame.without_effect)
        .flag("endsPhase", frame.ends_phase);
    o.checksum(frame.checksum_v1);
    o.some(own, |o, own| {
        object(o.key("own"), |o| {
            o.text("session", own.session.as_str()).number("number", own.client_seq);
            o.some(own.private.as_ref(), |o, (action, entropy)| {
                o.raw("action", action.json()).entropy(*entropy);
            });
        });
    });
}

fn write_secret(out: &mut String, secret: &Revealed) {
    object(out, |o| {
        o.number("seq", secret.seq).text("author", secret.author.as_str());
        o.raw("action", secret.private.json()).entropy(secret.entropy);
    });
}

fn write_outcome(o: &mut Object<'_>, outcome: &Outcome) {
    match outcome {
        Outcome::Acknowledged(seq) => {
            o.number("acknowledged", seq);
        }
        Outcome::Rejected(error) => object(o.key("rejected"), |o| write_error(o, error)),
    }
}

fn write_error(o: &mut Object<'_>, error: &Error) {
    o.text("code", error.code.as_str()).text("message", &error.message);
}

fn write_subscriber(out: &mut String, subscriber: &Subscriber) {
    object(out, |o| {
        o.text("id", subscriber.id.as_str()).raw("info", &subscriber.info);
        o.some(subscriber.presence.as_deref(), |o, value| {
            o.raw("shows", value);
        });
    });
}

/// How a forfeit's cause is called at the wire.
pub(super) fn cause_name(cause: ForfeitCause) -> &'static str {
    match cause {
        ForfeitCause::Full => "full",
        ForfeitCause::Idle => "idle",
        ForfeitCause::Operator => "operator",
    }
}
