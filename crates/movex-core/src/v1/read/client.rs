//! What clients say.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{OnlyRid, Read, Show, Stamp, Unreadable, action, checked, fields, open, rid};
use crate::action::Body;
use crate::ids::{ClientSeq, Epoch, Seq, SessionId};
use crate::v1::ClientFrame;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hello<'t> {
    versions: (u32, u32),
    session: String,
    session_proof: Option<String>,
    token: Option<String>,
    #[serde(borrow)]
    info: Option<Cow<'t, RawValue>>,
}

#[derive(Deserialize)]
struct Create<'t> {
    request: u64,
    rid: String,
    #[serde(borrow)]
    state: Option<Cow<'t, RawValue>>,
}

#[derive(Deserialize)]
struct Subscribe {
    rid: String,
    epoch: Option<Epoch>,
    seq: Option<Seq>,
    #[serde(default)]
    floor: ClientSeq,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dispatch<'t> {
    rid: String,
    epoch: Epoch,
    number: ClientSeq,
    #[serde(default)]
    floor: ClientSeq,
    seen_reveal: Option<Seq>,
    #[serde(borrow)]
    action: &'t RawValue,
    private: Option<&'t RawValue>,
}

impl ClientFrame {
    /// Reads a frame.
    ///
    /// # Errors
    /// [`Unreadable::Unknown`] for a frame of a later version, which is to be ignored; [`Unreadable::Malformed`] for what
    /// the client is to be told.
    pub fn from_json(text: &str) -> Read<Self> {
        let (name, body) = open(text)?;
        Ok(match name.as_str() {
            "hello" => {
                let Hello { versions, session, session_proof, token, info } = fields(&name, body)?;
                let info = checked(info)?;
                ClientFrame::Hello { versions, session: SessionId::new(session), session_proof, token, info }
            }
            "create" => {
                let Create { request, rid: named, state } = fields(&name, body)?;
                ClientFrame::Create { request, rid: rid(&named)?, state: checked(state)? }
            }
            "subscribe" => {
                let Subscribe { rid: named, epoch, seq, floor } = fields(&name, body)?;
                ClientFrame::Subscribe { rid: rid(&named)?, from: epoch.zip(seq), floor }
            }
            "unsubscribe" => {
                let OnlyRid { rid: named } = fields(&name, body)?;
                ClientFrame::Unsubscribe { rid: rid(&named)? }
            }
            "dispatch" => {
                let wanted: Dispatch<'_> = fields(&name, body)?;
                let public = action(wanted.action)?;
                let body = match wanted.private {
                    Some(private) => Body::Private { private: action(private)?, public },
                    None => Body::Public(public),
                };
                let Dispatch { epoch, number, floor, seen_reveal, .. } = wanted;
                ClientFrame::Dispatch { rid: rid(&wanted.rid)?, epoch, number, floor, seen_reveal, body }
            }
            "show" => {
                let Show { rid: named, value, .. } = fields(&name, body)?;
                ClientFrame::Show { rid: rid(&named)?, value: checked(value)? }
            }
            "ping" => ClientFrame::Ping { stamp: fields::<Stamp>(&name, body)?.stamp },
            _ => return Err(Unreadable::Unknown(name)),
        })
    }
}
