//! One app on one address.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::HeaderValue;
use engineioxide::config::EngineIoConfig;
use engineioxide::service::EngineIoService;
use movex_core::reducer::Features;
use movex_store::{MemoryStore, Store};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};

use crate::http;
use crate::net::{Door, Patience};
use crate::runtime::{self, App, EngineSettings, Hub, HubSettings, LoadError, ResourceTypes};
use crate::settings::Settings;
use crate::v0::{Handler, HandlerSettings};
use crate::v1::{self, Notary};

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken.
    #[error("port {port} of {host} is in use by another program: stop that one, or choose another port")]
    PortInUse {
        /// As it was set.
        host: String,
        /// As it was set.
        port: u16,
    },
    /// The address can't be listened on for another reason.
    #[error("can't listen on {host}:{port}: {error}")]
    Listen {
        /// As it was set.
        host: String,
        /// As it was set.
        port: u16,
        /// What the system says.
        error: std::io::Error,
    },
    /// The app's code can't be loaded.
    #[error(transparent)]
    App(#[from] LoadError),
    /// An origin is no origin.
    #[error("{0:?} is no origin: write it as https://game.example")]
    BadOrigin(String),
    /// The system gives no threads or no random bytes.
    #[error("the system refuses: {0}")]
    System(String),
}

/// A server that runs.
pub struct Server {
    hub: Arc<Hub>,
    address: SocketAddr,
    types: ResourceTypes,
    ending: watch::Sender<bool>,
    serving: Mutex<Option<JoinHandle<std::io::Result<()>>>>,
    ticking: JoinHandle<()>,
}

/// A client answers a ping every 25 seconds, and one that polls asks as often.
const SILENCE_MAX: Duration = Duration::from_secs(120);

/// How often connections let go of what has left.
const SETTLE_EVERY: Duration = Duration::from_secs(1);

/// How long connections may take to close.
const CLOSING_MAX: Duration = Duration::from_secs(1);

impl Server {
    /// Loads the app and begins to listen.
    ///
    /// # Errors
    /// When the address is taken, the app can't be loaded, or a setting is malformed.
    pub async fn start(app: Arc<dyn App>, settings: Settings) -> Result<Self, StartError> {
        let cors = cors(&settings.cors_origins)?;
        let listener = listen(&settings.host, settings.port).await?;
        let address = listener.local_addr().map_err(system)?;
        let hub_settings = HubSettings {
            master: settings.master.clone(),
            engine: EngineSettings {
                engines: settings.engines,
                stack_bytes: settings.engine_stack_bytes,
                entropy_key: runtime::entropy_key().map_err(system)?,
                limits: settings.limits.clone(),
            },
            queued_bytes_max: settings.queued_bytes_max,
            audience: settings.audience,
        };
        let log_bytes_max = settings.log_bytes_max;
        let store = |_| -> Arc<dyn Store> { Arc::new(MemoryStore::bounded(log_bytes_max)) };
        let (hub, starting) =
            Hub::start(settings.app.clone(), &app, store, hub_settings, Handle::current()).map_err(system)?;
        let types = match starting.loaded().await {
            Ok(types) => types,
            Err(error) => {
                hub.stop();
                return Err(error.into());
            }
        };
        // Some more than are let in, so that those beyond are told why.
        let transports_max = settings.master.connections_max.saturating_mul(9) / 8 + 8;
        let handler = HandlerSettings { transports_max, unread_bytes_max: settings.unread_bytes_max };
        let handler = Arc::new(Handler::new(hub.clone(), handler));
        let identity_key = match settings.identity_key {
            Some(key) => key,
            None => runtime::fresh_key().map_err(system)?,
        };
        let gate = v1::Gate::new(hub.clone(), Notary::new(&identity_key), &settings);
        let http = http::router(hub.clone(), &settings).merge(v1::router(gate));
        // One service around all routes, not a layer of each: the sessions of clients that poll are in it.
        let sockets =
            EngineIoService::with_config_inner(http, handler, engine_io(settings.message_bytes_max));
        let router = Router::new().fallback_service(sockets).layer(cors);
        let patience = Patience {
            write_stall_max: Duration::from_secs(settings.write_stall_secs.max(1)),
            silence_max: SILENCE_MAX,
        };
        // A browser opens several beside its socket, for the page.
        let door = Door::new(listener, patience, transports_max.saturating_mul(4));
        let (ending, mut told) = watch::channel(false);
        let serving = axum::serve(door, router).with_graceful_shutdown(async move {
            // The sender going away is an end too.
            let _ = told.wait_for(|ending| *ending).await;
        });
        let serving = tokio::spawn(async move { serving.await });
        let ticking = tokio::spawn(tick(hub.clone()));
        Ok(Self { hub, address, types, ending, serving: Mutex::new(Some(serving)), ticking })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The resource types of the app that it began with, sorted, and what each does beyond reducing.
    pub fn resource_types(&self) -> &[(String, Features)] {
        &self.types
    }

    /// Gives it other code: connections and resources stay, each resource is folded again. Tells which resources kept
    /// the old code, and why.
    ///
    /// # Errors
    /// When the new code can't be loaded; then all stays as it was.
    pub async fn reload(&self, app: Arc<dyn App>) -> Result<Vec<String>, LoadError> {
        self.hub.reload(&app).await
    }

    /// Refuses what is new, waits until what is under way has its answer, at most that long, and closes everything.
    pub async fn end(&self, patience: Duration) {
        if tokio::time::timeout(patience, self.hub.finish()).await.is_err() {
            tracing::warn!("some requests had no answer yet when the server ended");
        }
        self.hub.stop();
        self.ticking.abort();
        // It listens no more when the receiver is gone.
        let _ = self.ending.send(true);
        let serving = self.serving.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut serving) = serving
            && tokio::time::timeout(CLOSING_MAX, &mut serving).await.is_err()
        {
            serving.abort();
        }
    }
}

fn system(error: impl std::fmt::Display) -> StartError {
    StartError::System(error.to_string())
}

async fn listen(host: &str, port: u16) -> Result<TcpListener, StartError> {
    TcpListener::bind((host, port)).await.map_err(|error| {
        let host = host.to_owned();
        match error.kind() {
            std::io::ErrorKind::AddrInUse => StartError::PortInUse { host, port },
            _ => StartError::Listen { host, port, error },
        }
    })
}

fn cors(origins: &[String]) -> Result<CorsLayer, StartError> {
    // `*` would not cover the header with the admin key.
    let layer = CorsLayer::new().allow_methods(Any).allow_headers(AllowHeaders::mirror_request());
    if origins.is_empty() || origins.iter().any(|origin| origin == "*") {
        return Ok(layer.allow_origin(Any));
    }
    let parse = |origin: &String| {
        let origin = origin.trim_end_matches('/');
        let value = HeaderValue::from_str(origin).ok().filter(|_| origin.contains("://"));
        value.ok_or_else(|| StartError::BadOrigin(origin.to_owned()))
    };
    let origins: Vec<HeaderValue> = origins.iter().map(parse).collect::<Result<_, _>>()?;
    Ok(layer.allow_origin(AllowOrigin::list(origins)))
}

fn engine_io(message_bytes_max: usize) -> EngineIoConfig {
    EngineIoConfig::builder()
        .req_path("/socket.io")
        .ping_interval(Duration::from_millis(25_000))
        .ping_timeout(Duration::from_millis(20_000))
        .max_buffer_size(crate::v0::PACKETS_MAX)
        .max_payload(message_bytes_max as u64)
        .ws_max_message_size(message_bytes_max)
        .ws_max_frame_size(message_bytes_max)
        .build()
}

async fn tick(hub: Arc<Hub>) {
    loop {
        tokio::time::sleep(hub.until_due().min(SETTLE_EVERY)).await;
        hub.tick();
    }
}
