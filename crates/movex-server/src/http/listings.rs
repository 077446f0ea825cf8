//! Who is here and what they look at: for operators.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use movex_core::master::Answer;
use serde_json::value::RawValue;
use subtle::ConstantTimeEq;

use super::resources::read_public;
use super::{Desk, error, json};
use crate::runtime::Reader;
use crate::settings::Listings;
use crate::v0;

/// Resources that one listing shows, and bytes of it after which it stops: it is for looking, not for copying.
const RESOURCES_MAX: usize = 1_000;
const LISTING_BYTES_MAX: usize = 16 << 20;

pub(super) async fn connections(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    if let Some(refused) = refuse(&desk.listings, &headers) {
        return refused;
    }
    let mut all = serde_json::Map::new();
    for one in desk.hub.connections() {
        let info: Option<Box<RawValue>> = serde_json::from_str(&one.client.info).ok();
        let subscriptions: Vec<&str> = one.subscriptions.iter().map(|rid| rid.as_str()).collect();
        all.insert(
            one.client.id.as_str().to_owned(),
            serde_json::json!({
                "id": one.client.id.as_str(),
                "info": info,
                "connected": one.connected,
                "subscriptions": subscriptions,
            }),
        );
    }
    json(StatusCode::OK, serde_json::Value::Object(all).to_string())
}

pub(super) async fn store(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    if let Some(refused) = refuse(&desk.listings, &headers) {
        return refused;
    }
    let mut text = String::from("{");
    for one in desk.hub.resources(RESOURCES_MAX) {
        if text.len() > LISTING_BYTES_MAX {
            break;
        }
        // One that went meanwhile is not there.
        if let Answer::Resource { rid, state, subscribers } =
            read_public(&desk.hub, one.rid, Reader::Listing).await
        {
            let comma = if text.len() > 1 { "," } else { "" };
            let key = serde_json::Value::from(rid.as_str());
            let resource = v0::resource(&rid, &state, &subscribers);
            write!(text, "{comma}{key}:{resource}").expect("a String takes all");
        }
    }
    text.push('}');
    json(StatusCode::OK, text)
}

fn refuse(listings: &Listings, headers: &HeaderMap) -> Option<Response> {
    match listings {
        Listings::Open => None,
        Listings::Closed => Some(error(
            StatusCode::FORBIDDEN,
            "closed",
            "this listing is closed: start the server with --admin-key and send it as a bearer token",
        )),
        Listings::Key(key) => {
            let sent = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
            let sent = sent.and_then(|value| value.strip_prefix(b"Bearer ")).unwrap_or_default();
            let right = bool::from(sent.ct_eq(key.as_bytes())) && !key.is_empty();
            (!right).then(|| {
                error(
                    StatusCode::UNAUTHORIZED,
                    "unauthorized",
                    "this listing needs the admin key as a bearer token",
                )
            })
        }
    }
}
