//! `movex dev` and `movex serve`.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use movex_core::master::Takeover;
use movex_script::HostOptions;
use movex_server::{Audience, Listings, Server, Settings};

use crate::app::{ScriptApp, Source};
use crate::error::Failed;
use crate::options::{self, Options};
use crate::{file, identity, logs, watch};

/// For whom the app is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Its developer.
    Dev,
    /// Others.
    Serve,
}

/// How long what is under way may take when the process ends.
const PATIENCE: Duration = Duration::from_secs(3);

/// Items that `dev` keeps, from whose beginning a reload folds.
const DEV_ITEMS_KEPT: usize = 10_000;

pub(crate) fn run(mode: Mode, flags: Box<Options>) -> Result<(), Failed> {
    let options = file::complete(*flags)?;
    let _writing = logs::begin(options.log.unwrap_or_default())?;
    let done = serve(mode, &options);
    if let Err(failed) = &done
        && logs::are_json()
    {
        // Whoever reads the log by machine reads this by machine too.
        tracing::error!("{failed}{}", failed.hint_line());
    }
    done
}

fn serve(mode: Mode, options: &Options) -> Result<(), Failed> {
    if let Some(dir) = options.static_dir.as_ref().filter(|dir| !dir.is_dir()) {
        return Err(Failed::NoStaticDir(dir.clone()));
    }
    let source = Source::new(options.path.clone(), &options.env);
    let host = host_options(options);
    let bundle = match mode {
        Mode::Dev => watch::first_bundle(&source, &host)?,
        Mode::Serve => source.bundle()?,
    };
    let mut settings = settings(mode, options, &host);
    settings.identity_key = identity::key(options.path.as_deref())?;
    allow_connections(settings.master.connections_max);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let ended = ended()?;
        let app = ScriptApp::shared(bundle.clone(), host.clone());
        let server = Arc::new(Server::start(app, settings).await?);
        if mode == Mode::Serve {
            warn_of_v0(&server, options);
        }
        // Kept until the end: without it nothing is watched.
        let watching = match mode {
            Mode::Dev => Some(watch::begin(source, bundle, host, server.clone())?),
            Mode::Serve => None,
        };
        announce(server.address());
        ended.await;
        tracing::info!("ending");
        drop(watching);
        server.end(PATIENCE).await;
        Ok(())
    })
}

/// Each connection is an open file, of which a shell often allows a thousand and the system many more.
fn allow_connections(connections_max: usize) {
    let wanted =
        u64::try_from(connections_max).map_or(u64::MAX, |max| max.saturating_mul(2).saturating_add(256));
    match rlimit::increase_nofile_limit(wanted) {
        Ok(limit) if limit < wanted / 2 => tracing::warn!(
            limit,
            "the system allows too few open files for that many connections: raise the limit with `ulimit -n`"
        ),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the limit of open files can't be raised"),
    }
}

fn host_options(options: &Options) -> HostOptions {
    let default = HostOptions::default();
    HostOptions {
        memory_bytes_max: options.max_script_bytes.unwrap_or(default.memory_bytes_max),
        stack_bytes_max: options.max_script_stack_bytes.unwrap_or(default.stack_bytes_max),
        ticks_max: options.max_script_ticks.unwrap_or(default.ticks_max),
        state_bytes_max: options.max_state_bytes.unwrap_or(default.state_bytes_max),
        strict: options.strict,
        ..default
    }
}

fn settings(mode: Mode, options: &Options, host: &HostOptions) -> Settings {
    let mut settings = Settings {
        port: options.port.unwrap_or(3333),
        cors_origins: options.cors_origin.clone(),
        static_dir: options.static_dir.clone(),
        // Its own frames, and those of the master that calls it.
        engine_stack_bytes: host.stack_bytes_max + (2 << 20),
        ..Settings::default()
    };
    let host_default = match mode {
        Mode::Dev => "127.0.0.1",
        Mode::Serve => "0.0.0.0",
    };
    settings.host = options.host.clone().unwrap_or_else(|| host_default.into());
    settings.listings = match (&options.admin_key, mode) {
        (Some(key), _) if !key.is_empty() => Listings::Key(key.clone()),
        (_, Mode::Dev) => Listings::Open,
        (_, Mode::Serve) => Listings::Closed,
    };
    if mode == Mode::Dev {
        settings.audience = Audience::Developer;
        settings.limits.items_kept_max = DEV_ITEMS_KEPT;
    }
    let master = &mut settings.master;
    if options.v0_takeover == Some(options::Takeover::Deny) {
        master.takeover = Takeover::Deny;
    }
    set(&mut master.retention_ms, options.v0_retention_ms);
    set(&mut master.connections_max, options.max_connections);
    set(&mut master.requests_max, options.max_requests);
    set(&mut master.resources_max, options.max_resources);
    set(&mut master.resource_idle_ms_max, options.resource_idle_ms);
    set(&mut settings.engines, options.engines);
    set(&mut settings.message_bytes_max, options.max_message_bytes);
    set(&mut settings.unread_bytes_max, options.max_unread_bytes);
    set(&mut settings.log_bytes_max, options.max_log_bytes);
    settings
}

fn set<T>(setting: &mut T, option: Option<T>) {
    if let Some(value) = option {
        *setting = value;
    }
}

/// M28: what an operator must know before strangers play with secrets.
fn warn_of_v0(server: &Server, options: &Options) {
    let secret: Vec<&str> = server
        .resource_types()
        .iter()
        .filter(|(_, features)| features.can_reconcile)
        .map(|(name, _)| name.as_str())
        .collect();
    if secret.is_empty() {
        return;
    }
    let deny = match options.v0_takeover {
        Some(options::Takeover::Deny) => "a second connection under an id is refused while the first lives",
        _ => "`--v0-takeover deny` refuses a second connection under an id while the first lives",
    };
    tracing::warn!(
        "the app keeps secrets ({}), and npm movex clients prove no identity: whoever names a clientId is that client and \
         reads its private view, so give ids that can't be guessed; {deny}",
        secret.join(", ")
    );
}

/// The ready line, alone on stdout.
fn announce(address: SocketAddr) {
    let port = address.port();
    let line = if address.ip().is_unspecified() {
        let here = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let there = lan_address().map(|ip| format!(" and http://{}", SocketAddr::from((ip, port))));
        format!("movex is ready on http://{here}{}", there.unwrap_or_default())
    } else {
        format!("movex is ready on http://{address}")
    };
    // A closed stdout is no reason to end.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// The address under which others on this network reach us: the one from which we would reach them. Nothing is sent.
fn lan_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}

/// Waits for the signal to end.
#[cfg(unix)]
fn ended() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn ended() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without signals there is only the end by force.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
