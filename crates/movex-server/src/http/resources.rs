//! One resource, as everybody may see it.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use movex_core::error::{Code, Error};
use movex_core::ids::Rid;
use movex_core::master::Answer;
use tokio::sync::oneshot;

use super::{Desk, error, json};
use crate::runtime::{Hub, Reader};
use crate::v0;

pub(super) async fn resource(State(desk): State<Desk>, Path(rid): Path<String>) -> Response {
    answer(&desk.hub, &rid, Shape::Resource).await
}

pub(super) async fn state(State(desk): State<Desk>, Path(rid): Path<String>) -> Response {
    answer(&desk.hub, &rid, Shape::State).await
}

#[derive(Clone, Copy)]
enum Shape {
    Resource,
    State,
}

async fn answer(hub: &Hub, rid: &str, shape: Shape) -> Response {
    let rid = match Rid::parse(rid) {
        Ok(rid) => rid,
        Err(bad) => return error(StatusCode::BAD_REQUEST, Code::BadRid.as_str(), &bad.to_string()),
    };
    match read_public(hub, rid.clone(), Reader::Anybody).await {
        Answer::Resource { rid, state, subscribers } => {
            let text = match shape {
                Shape::Resource => v0::resource(&rid, &state, &subscribers),
                Shape::State => v0::state(&state),
            };
            json(StatusCode::OK, text)
        }
        Answer::Failed(error) if error.code == Code::UnknownResource => {
            let object = serde_json::json!({ "resourceType": rid.resource_type(), "resourceId": rid.id() });
            json(StatusCode::NOT_FOUND, v0::not_found(&object.to_string()))
        }
        Answer::Failed(failed) => error(status_of(&failed), failed.code.as_str(), &failed.message),
        _ => error(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the answer is of another kind"),
    }
}

fn status_of(error: &Error) -> StatusCode {
    match error.code {
        Code::UnknownResourceType | Code::BadRid => StatusCode::BAD_REQUEST,
        Code::UnknownResource => StatusCode::NOT_FOUND,
        Code::Overloaded | Code::ShuttingDown | Code::StoreUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Reads a resource's public view.
pub(super) async fn read_public(hub: &Hub, rid: Rid, reader: Reader) -> Answer {
    let (tell, told) = oneshot::channel();
    hub.read_public(
        rid,
        reader,
        Box::new(move |answer| {
            // Who asked may have gone.
            let _ = tell.send(answer);
        }),
    );
    told.await.unwrap_or_else(|_| {
        Answer::Failed(Error::new(Code::ShuttingDown, "the server is ending: try again in a moment"))
    })
}
