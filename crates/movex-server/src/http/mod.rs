//! What can be read without a socket: public views only (M8).

mod listings;
mod resources;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use tower_http::services::{ServeDir, ServeFile};

use crate::runtime::Hub;
use crate::settings::{Listings, Settings};

/// What the answers are made of.
#[derive(Clone)]
struct Desk {
    hub: Arc<Hub>,
    listings: Arc<Listings>,
}

pub(crate) fn router(hub: Arc<Hub>, settings: &Settings) -> Router {
    let desk = Desk { hub, listings: Arc::new(settings.listings.clone()) };
    let api = Router::new()
        .route("/health", get(health))
        .route("/connections", get(listings::connections))
        .route("/store", get(listings::store))
        .route("/api/resources/{rid}", get(resources::resource))
        .route("/api/resources/{rid}/state", get(resources::state))
        .route("/api/{*rest}", get(unknown))
        .with_state(desk);
    match &settings.static_dir {
        Some(dir) => {
            let index = get(page).with_state(dir.join("index.html"));
            api.fallback_service(ServeDir::new(dir).fallback(index))
        }
        None => api.route("/", get(welcome)).fallback(unknown),
    }
}

async fn welcome() -> Response {
    json(StatusCode::OK, r#"{"message":"Welcome to Movex!"}"#.into())
}

/// A game with routes of its own is one page: what looks like a route is that page, what looks like a file is missing.
async fn page(State(index): State<PathBuf>, request: Request) -> Response {
    let last = request.uri().path().rsplit('/').next().unwrap_or_default();
    if last.contains('.') {
        return unknown().await;
    }
    match ServeFile::new(index).try_call(request).await {
        Ok(response) => response.map(Body::new),
        Err(_) => unknown().await,
    }
}

async fn health(State(desk): State<Desk>) -> Response {
    let (connections, resources) = desk.hub.counts();
    let (warnings, errors) = desk.hub.app_reports();
    json(
        StatusCode::OK,
        format!(
            r#"{{"status":"ok","connections":{connections},"resources":{resources},"app":{{"warnings":{warnings},"errors":{errors}}}}}"#
        ),
    )
}

async fn unknown() -> Response {
    error(
        StatusCode::NOT_FOUND,
        "unknown_path",
        "there is nothing here: see /api/resources/TYPE:ID and /api/resources/TYPE:ID/state",
    )
}

fn json(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn error(status: StatusCode, code: &str, message: &str) -> Response {
    json(status, serde_json::json!({ "code": code, "message": message }).to_string())
}
