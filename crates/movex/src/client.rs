//! The client: one connection, and what the app does with it.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use movex_core::ids::{ClientId, Rid, SessionId};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot, watch};

use crate::app::{App, Resource};
use crate::bound::{Bound, Holder};
use crate::driver::{self, Backoff, Command, HolderId, Picture, TypedScreen};
use crate::error::Error;
use crate::io::Connect;
use crate::local::LocalMaster;
use crate::session::{Identity, Start};
use crate::share::client_reducer;
use crate::status::{Status, StatusWatch};

/// A client of a master. A clone is the same client; it lives as long as one of its clones or of the resources that it
/// gave out.
///
/// It needs no particular async runtime: the work is done on a thread of its own, which also makes the connection anew
/// when it is cut. What is not acknowledged yet waits, and ends exactly once.
///
/// ```no_run
/// # use movex::prelude::*;
/// # async fn of<Counter: Resource>(action: Counter::Action) -> Result<(), Box<dyn std::error::Error>> {
/// let movex = Movex::connect("ws://localhost:3333").await?;
/// let counters = movex.resource::<Counter>();
/// let rid = counters.create_default().await?;
/// let mut counter = counters.bind(&rid).await?;
/// counter.dispatch(&action);
/// while let Some(view) = counter.changed().await {
///     println!("{} actions are under way", view.pending);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Movex {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    commands: mpsc::UnboundedSender<Command>,
    status: watch::Receiver<Status>,
    identity: watch::Receiver<Option<Identity>>,
    holders: AtomicU64,
}

impl Inner {
    /// Tells the driver; one that is gone tells by what it dropped.
    pub(crate) fn tell(&self, command: Command) {
        if self.commands.send(command).is_err() {
            tracing::debug!("the client is closed");
        }
    }
}

impl Movex {
    /// Connects to a server, `ws://host:port` or, with the feature `tls`, `wss://`.
    ///
    /// # Errors
    /// When the first connection does not come about. Later ones are tried for ever.
    #[cfg(feature = "websocket")]
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Self::builder().connect(url).await
    }

    /// A client of a master of its own, in this process: for one player, for tests, without a network. Use
    /// [`LocalMaster`] where several clients play in one process.
    ///
    /// # Errors
    /// When the system gives no thread or no random bytes.
    ///
    /// ```
    /// # use movex::prelude::*;
    /// # async fn of<Counter: Resource>() -> Result<(), movex::Error> {
    /// let movex = Movex::local(App::new().with::<Counter>()).await?;
    /// # Ok(()) }
    /// ```
    pub async fn local(app: App) -> Result<Self, Error> {
        LocalMaster::new(app)?.client().await
    }

    /// To say more than an address.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The resources of a type.
    pub fn resource<R: Resource>(&self) -> Resources<R> {
        Resources { inner: self.inner.clone(), of: PhantomData }
    }

    /// Who this client is. It can change when the server has lost its key (M15): then it is welcomed as somebody new.
    pub fn id(&self) -> ClientId {
        let identity = self.inner.identity.borrow();
        identity
            .as_ref()
            .map(|identity| identity.client.clone())
            .expect("a Movex is handed out after its first welcome")
    }

    /// Who this client is, with what proves it: keep it, and give it to [`Builder::token`] to come back as the same
    /// client after a restart. It is a secret.
    pub fn identity(&self) -> Identity {
        let identity = self.inner.identity.borrow();
        identity.clone().expect("a Movex is handed out after its first welcome")
    }

    /// How it is connected.
    pub fn status(&self) -> StatusWatch {
        StatusWatch { receiver: self.inner.status.clone() }
    }

    /// Waits, a few seconds at most, for the outcomes of what was dispatched, then closes the connection. Without it,
    /// the same happens unseen when the last handle is dropped.
    pub async fn close(self) {
        let (reply, closed) = oneshot::channel();
        self.inner.tell(Command::Close { reply });
        // An error says that it is closed already.
        let _ = closed.await;
    }
}

impl std::fmt::Debug for Movex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Movex")
            .field("identity", &*self.inner.identity.borrow())
            .field("status", &*self.inner.status.borrow())
            .finish()
    }
}

/// How a client is to be.
///
/// ```no_run
/// # async fn of() -> Result<(), movex::Error> {
/// let movex = movex::Movex::builder()
///     .info(&serde_json::json!({ "name": "Ann" }))?
///     .connect("ws://localhost:3333")
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Builder {
    token: Option<String>,
    info: Option<Arc<str>>,
    backoff: Backoff,
}

impl Builder {
    /// To be the client again that this proves: see [`Movex::identity`].
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// What the client says of itself to the others: an object.
    ///
    /// # Errors
    /// When it has no JSON form.
    pub fn info(mut self, info: &impl Serialize) -> Result<Self, Error> {
        self.info = Some(to_json(info)?);
        Ok(self)
    }

    /// How long to wait between tries when the connection is cut.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// As [`Movex::connect`].
    ///
    /// # Errors
    /// As there.
    #[cfg(feature = "websocket")]
    pub async fn connect(self, url: &str) -> Result<Movex, Error> {
        self.connect_over(crate::io::websocket::WebSocket::new(url)?).await
    }

    /// Connects over a transport of one's own.
    ///
    /// # Errors
    /// When the first connection does not come about, or the master lets the client not in.
    pub async fn connect_over(self, connector: impl Connect) -> Result<Movex, Error> {
        let (commands, receiver) = mpsc::unbounded_channel();
        let (status, status_receiver) = watch::channel(Status::Connecting);
        let (identity, identity_receiver) = watch::channel(None);
        let (ready, is_ready) = oneshot::channel();
        driver::spawn(driver::Setup {
            connector: Box::new(connector),
            start: Start {
                session: SessionId::new(crate::chance::name()?),
                token: self.token,
                info: self.info,
            },
            backoff: self.backoff,
            commands: receiver,
            status,
            identity,
            ready,
        })?;
        let inner = Inner {
            commands,
            status: status_receiver,
            identity: identity_receiver,
            holders: AtomicU64::new(0),
        };
        is_ready.await.map_err(|_| Error::Closed)??;
        Ok(Movex { inner: Arc::new(inner) })
    }
}

/// The resources of one type: see [`Movex::resource`].
pub struct Resources<R: Resource> {
    inner: Arc<Inner>,
    of: PhantomData<fn() -> R>,
}

impl<R: Resource> Resources<R> {
    /// Makes one with that state, under a random id. It is kept by the master's store when this returns. A call that is
    /// dropped may still make it.
    ///
    /// # Errors
    /// When the master refuses it.
    pub async fn create(&self, state: R::State) -> Result<Rid, Error> {
        self.make(None, Some(to_json(&state)?)).await
    }

    /// As [`Resources::create`], with the first state that the reducer gives.
    ///
    /// # Errors
    /// As there.
    pub async fn create_default(&self) -> Result<Rid, Error> {
        self.make(None, None).await
    }

    /// As [`Resources::create`], under an id of the app's own.
    ///
    /// # Errors
    /// As there, and when there is one already under that id. After a cut in the middle of the call that may be the very
    /// one that it made.
    pub async fn create_as(&self, id: &str, state: R::State) -> Result<Rid, Error> {
        self.make(Some(id), Some(to_json(&state)?)).await
    }

    async fn make(&self, id: Option<&str>, state: Option<Arc<str>>) -> Result<Rid, Error> {
        let fresh_id = id.is_none();
        let id = match id {
            Some(id) => id.to_owned(),
            None => crate::chance::name()?,
        };
        let rid = rid_of::<R>(&id)?;
        let (reply, created) = oneshot::channel();
        self.inner.tell(Command::Create { rid, state, fresh_id, reply });
        created.await.map_err(|_| Error::Closed)?
    }

    /// The rid of one under an id that is known.
    ///
    /// # Errors
    /// When the id is empty.
    pub fn rid(&self, id: &str) -> Result<Rid, Error> {
        rid_of::<R>(id)
    }

    /// Looks at one, and waits for its state. Dropping what it gives, and all its clones, looks away again.
    /// Cancellation-safe: a call that is dropped looks away.
    ///
    /// # Errors
    /// When there is none, or it is of another type.
    pub async fn bind(&self, rid: &Rid) -> Result<Bound<R>, Error> {
        let wrong_type = || Error::WrongType { rid: rid.to_string(), expected: R::TYPE };
        if rid.resource_type() != R::TYPE {
            return Err(wrong_type());
        }
        let id = HolderId(self.inner.holders.fetch_add(1, Ordering::Relaxed));
        let (reply, bound) = oneshot::channel();
        self.inner.tell(Command::Bind {
            rid: rid.clone(),
            holder: id,
            reducer: client_reducer::<R>,
            screen: Arc::new(TypedScreen::<R>::new()),
            reply,
        });
        let holder = Holder { inner: self.inner.clone(), rid: rid.clone(), id };
        let screen: Arc<dyn Any + Send + Sync> = bound.await.map_err(|_| Error::Closed)??;
        let screen = screen.downcast::<TypedScreen<R>>().map_err(|_| wrong_type())?;
        // Another type of the same name may be waited for; its states are none of this one's.
        if matches!(&*screen.picture.borrow(), Picture::Blank) {
            return Err(wrong_type());
        }
        Ok(Bound::new(holder, screen))
    }
}

impl<R: Resource> Clone for Resources<R> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), of: PhantomData }
    }
}

fn rid_of<R: Resource>(id: &str) -> Result<Rid, Error> {
    use movex_core::error::{Code, Error as MasterError};
    Rid::new(R::TYPE, id).map_err(|error| MasterError::new(Code::BadRid, error.to_string()).into())
}

pub(crate) fn to_json(value: &impl Serialize) -> Result<Arc<str>, Error> {
    let json = serde_json::to_string(value).map_err(|error| Error::Json(error.to_string()))?;
    Ok(json.into())
}
