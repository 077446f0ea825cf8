//! What servers say.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{OnlyRid, Read, Show, Stamp, Unreadable, action, checksum, entropy, fields, open, raw, rid};
use crate::context::TimeMs;
use crate::effect::{
    EntryFrame, ItemFrame, Outcome, OwnHalf, PhaseEndFrame, Revealed, Subscribed, Undecided, ViewBase,
};
use crate::error::{Code, Error};
use crate::ids::{AppVersion, ClientId, ClientSeq, Epoch, Seq, SessionId};
use crate::item::ForfeitCause;
use crate::master::Subscriber;
use crate::v1::ServerFrame;
use crate::v1::write::cause_name;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Welcome {
    version: u32,
    client: String,
    token: String,
    session_proof: String,
    time: TimeMs,
    message_bytes_max: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubscribedWire<'t> {
    rid: String,
    epoch: Epoch,
    head: Seq,
    version: String,
    #[serde(default)]
    last_reveal: Seq,
    #[serde(borrow)]
    base: Option<Base<'t>>,
    items: Vec<&'t RawValue>,
    checksum: Option<Cow<'t, str>>,
    #[serde(default)]
    outcomes: Vec<Numbered<'t>>,
    #[serde(default)]
    forgotten: bool,
    #[serde(default)]
    subscribers: Vec<SubscriberWire<'t>>,
}

#[derive(Deserialize)]
struct Base<'t> {
    seq: Seq,
    #[serde(borrow)]
    state: Option<Cow<'t, RawValue>>,
    #[serde(default)]
    checkpoint: bool,
    #[serde(default)]
    stopped: bool,
}

#[derive(Deserialize)]
struct Numbered<'t> {
    rid: Option<String>,
    number: ClientSeq,
    acknowledged: Option<Seq>,
    #[serde(borrow)]
    rejected: Option<ErrorWire<'t>>,
    epoch: Option<Epoch>,
}

#[derive(Deserialize)]
struct ErrorWire<'t> {
    request: Option<u64>,
    rid: Option<String>,
    #[serde(borrow)]
    code: Cow<'t, str>,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct SubscriberWire<'t> {
    id: String,
    #[serde(borrow)]
    info: Option<&'t RawValue>,
    shows: Option<&'t RawValue>,
}

#[derive(Deserialize)]
struct JoinedWire<'t> {
    rid: String,
    #[serde(borrow)]
    subscriber: SubscriberWire<'t>,
}

#[derive(Deserialize)]
struct LeftWire {
    rid: String,
    client: String,
}

#[derive(Deserialize)]
struct CreatedWire {
    request: u64,
    rid: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntryWire<'t> {
    rid: Option<String>,
    seq: Seq,
    author: String,
    time: TimeMs,
    #[serde(borrow)]
    entropy: Cow<'t, str>,
    action: &'t RawValue,
    #[serde(default)]
    secret: bool,
    #[serde(default)]
    without_effect: bool,
    #[serde(default)]
    ends_phase: bool,
    checksum: Option<Cow<'t, str>>,
    own: Option<OwnWire<'t>>,
}

#[derive(Deserialize)]
struct OwnWire<'t> {
    session: String,
    number: ClientSeq,
    #[serde(borrow)]
    action: Option<&'t RawValue>,
    entropy: Option<Cow<'t, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhaseEndWire<'t> {
    rid: Option<String>,
    seq: Seq,
    time: TimeMs,
    #[serde(borrow, default)]
    secrets: Vec<SecretWire<'t>>,
    cause: Option<Cow<'t, str>>,
    #[serde(default)]
    without_effect: Vec<Seq>,
    checksum: Option<Cow<'t, str>>,
}

#[derive(Deserialize)]
struct SecretWire<'t> {
    seq: Seq,
    author: String,
    #[serde(borrow)]
    action: &'t RawValue,
    entropy: Cow<'t, str>,
}

impl ServerFrame {
    /// Reads a frame.
    ///
    /// # Errors
    /// As [`ClientFrame::from_json`](crate::v1::ClientFrame::from_json).
    pub fn from_json(text: &str) -> Read<Self> {
        let (name, body) = open(text)?;
        Ok(match name.as_str() {
            "welcome" => {
                let Welcome { version, client, token, session_proof, time, message_bytes_max } =
                    owned(&name, body)?;
                let client = ClientId::new(client);
                ServerFrame::Welcome { version, client, token, session_proof, time, message_bytes_max }
            }
            "created" => {
                let CreatedWire { request, rid: named } = owned(&name, body)?;
                ServerFrame::Created { request, rid: rid(&named)? }
            }
            "subscribed" => subscribed(fields(&name, body)?)?,
            "entry" | "reveal" | "forfeit" => {
                let (named, item) = item(&name, body)?;
                let named = named.ok_or_else(|| Error::new(Code::BadMessage, "an item needs its rid"))?;
                ServerFrame::Item { rid: rid(&named)?, item }
            }
            "outcome" => {
                let numbered: Numbered<'_> = fields(&name, body)?;
                let named = rid(numbered.rid.as_deref().unwrap_or_default())?;
                ServerFrame::Outcome { rid: named, number: numbered.number, outcome: outcome(numbered)? }
            }
            "undecided" => {
                let numbered: Numbered<'_> = fields(&name, body)?;
                let why = match numbered.epoch {
                    Some(epoch) => Undecided::EpochChanged(epoch),
                    None => Undecided::Forgotten,
                };
                let named = rid(numbered.rid.as_deref().unwrap_or_default())?;
                ServerFrame::Undecided { rid: named, number: numbered.number, why }
            }
            "refresh" => ServerFrame::Refresh { rid: rid(&owned::<OnlyRid>(&name, body)?.rid)? },
            "joined" => {
                let JoinedWire { rid: named, subscriber: wire } = fields(&name, body)?;
                ServerFrame::Joined { rid: rid(&named)?, subscriber: subscriber(wire) }
            }
            "left" => {
                let LeftWire { rid: named, client } = owned(&name, body)?;
                ServerFrame::Left { rid: rid(&named)?, client: ClientId::new(client) }
            }
            "shows" => {
                let Show { rid: named, client, value } = fields(&name, body)?;
                let client = ClientId::new(client.unwrap_or_default());
                ServerFrame::Shows { rid: rid(&named)?, client, value: raw(value) }
            }
            "error" => {
                let wire: ErrorWire<'_> = fields(&name, body)?;
                let named = wire.rid.as_deref().map(rid).transpose()?;
                ServerFrame::Error { request: wire.request, rid: named, error: error(wire) }
            }
            "pong" => ServerFrame::Pong { stamp: fields::<Stamp>(&name, body)?.stamp },
            _ => return Err(Unreadable::Unknown(name)),
        })
    }
}

fn owned<T: DeserializeOwned>(name: &str, body: &RawValue) -> Read<T> {
    fields(name, body)
}

fn subscribed(wire: SubscribedWire<'_>) -> Read<ServerFrame> {
    let mut items = Vec::with_capacity(wire.items.len());
    for text in wire.items {
        let (name, body) = open(text.get())?;
        items.push(item(&name, body)?.1);
    }
    let mut outcomes = Vec::with_capacity(wire.outcomes.len());
    for numbered in wire.outcomes {
        outcomes.push((numbered.number, outcome(numbered)?));
    }
    let base = wire.base.map(|base| ViewBase {
        seq: base.seq,
        json: raw(base.state),
        checkpoint: base.checkpoint,
        stopped: base.stopped,
    });
    let subscribed = Subscribed {
        epoch: wire.epoch,
        head: wire.head,
        version: AppVersion::new(wire.version),
        last_reveal: wire.last_reveal,
        base,
        items,
        checksum_v1: checksum(wire.checksum)?,
        outcomes,
        forgotten: wire.forgotten,
    };
    let subscribers = wire.subscribers.into_iter().map(subscriber).collect();
    Ok(ServerFrame::Subscribed { rid: rid(&wire.rid)?, subscribed, subscribers })
}

/// One item, and the rid where it stands in a frame of its own.
fn item(name: &str, body: &RawValue) -> Read<(Option<String>, ItemFrame)> {
    if name == "entry" {
        let wire: EntryWire<'_> = fields(name, body)?;
        let own = wire.own.map(own_half).transpose()?;
        let frame = EntryFrame {
            seq: wire.seq,
            author: ClientId::new(wire.author),
            time: wire.time,
            entropy: entropy(&wire.entropy)?,
            action: action(wire.action)?,
            secret: wire.secret,
            checksum: None,
            checksum_v1: checksum(wire.checksum)?,
            without_effect: wire.without_effect,
            ends_phase: wire.ends_phase,
        };
        return Ok((wire.rid, ItemFrame::Entry { frame, own }));
    }
    let wire: PhaseEndWire<'_> = fields(name, body)?;
    let without_effect = wire.without_effect;
    let frame = match name {
        "reveal" => {
            let secrets = wire.secrets.into_iter().map(secret).collect::<Read<Vec<Revealed>>>()?;
            PhaseEndFrame::Reveal { secrets, without_effect }
        }
        "forfeit" => PhaseEndFrame::Forfeit { cause: cause(wire.cause.as_deref()), without_effect },
        _ => return Err(Unreadable::Unknown(name.to_owned())),
    };
    let checksum_v1 = checksum(wire.checksum)?;
    Ok((wire.rid, ItemFrame::PhaseEnd { seq: wire.seq, time: wire.time, frame, checksum_v1 }))
}

fn own_half(wire: OwnWire<'_>) -> Read<OwnHalf> {
    let private = match (wire.action, wire.entropy) {
        (Some(private), Some(hex)) => Some((action(private)?, entropy(&hex)?)),
        _ => None,
    };
    Ok(OwnHalf { session: SessionId::new(wire.session), client_seq: wire.number, private })
}

fn secret(wire: SecretWire<'_>) -> Read<Revealed> {
    Ok(Revealed {
        seq: wire.seq,
        author: ClientId::new(wire.author),
        private: action(wire.action)?,
        entropy: entropy(&wire.entropy)?,
    })
}

/// A cause of a later version is an operator's word to this one.
fn cause(name: Option<&str>) -> ForfeitCause {
    let known = [ForfeitCause::Full, ForfeitCause::Idle, ForfeitCause::Operator];
    known.into_iter().find(|cause| Some(cause_name(*cause)) == name).unwrap_or(ForfeitCause::Operator)
}

fn outcome(wire: Numbered<'_>) -> Read<Outcome> {
    match (wire.acknowledged, wire.rejected) {
        (Some(seq), _) => Ok(Outcome::Acknowledged(seq)),
        (None, Some(rejected)) => Ok(Outcome::Rejected(error(rejected))),
        (None, None) => Err(Error::new(Code::BadMessage, "an outcome is acknowledged or rejected").into()),
    }
}

fn error(wire: ErrorWire<'_>) -> Error {
    // A code of a later version is a rejection to this one; the sentence still says what to do.
    Error::new(Code::parse(&wire.code).unwrap_or(Code::Rejected), wire.message)
}

fn subscriber(wire: SubscriberWire<'_>) -> Subscriber {
    Subscriber {
        id: ClientId::new(wire.id),
        info: Arc::from(wire.info.map_or("{}", RawValue::get)),
        presence: wire.shows.map(|shows| Arc::from(shows.get())),
    }
}
