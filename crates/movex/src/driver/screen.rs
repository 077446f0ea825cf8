//! Where the driver puts what is shown of a resource, for the app to take.

use std::any::Any;
use std::sync::Arc;

use movex_core::client::{ClientResource, Divergence};
use movex_core::ids::ClientSeq;
use tokio::sync::{broadcast, watch};

use crate::app::Resource;
use crate::error::Error;
use crate::share::shared;
use crate::view::{Subscriber, View};

/// Notices that a slow reader may be behind; then it misses the oldest.
const NOTICES_KEPT: usize = 64;

/// What an app may want to know of a resource beside its state.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Notice {
    /// An own private action that was acknowledged turned out to be void when all was revealed (M4).
    Voided {
        /// Which: [`crate::Dispatched::number`].
        number: ClientSeq,
    },
    /// This client's state was not the master's, and was repaired by a snapshot (M16). In a correct app this never
    /// happens: a reducer is not pure, or not the master's.
    Diverged(Divergence),
}

/// The driver's side of a binding, whatever its type.
pub(crate) trait Screen: Any + Send + Sync {
    fn publish(&self, machine: &ClientResource, subscribers: &Arc<[Subscriber]>);
    fn notice(&self, notice: Notice);
    /// There will be nothing new. Told again, it is the first reason that stays.
    fn end(&self, error: Error);
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

/// What is shown, or why nothing is any more.
pub(crate) enum Picture<R: Resource> {
    /// There was no snapshot yet.
    Blank,
    Shown(View<R>),
    /// The last that was shown, if anything was, and why there is nothing new.
    Ended(Option<View<R>>, Error),
}

pub(crate) struct TypedScreen<R: Resource> {
    pub(crate) picture: watch::Sender<Picture<R>>,
    pub(crate) notices: broadcast::Sender<Notice>,
}

impl<R: Resource> TypedScreen<R> {
    pub(crate) fn new() -> Self {
        Self { picture: watch::Sender::new(Picture::Blank), notices: broadcast::Sender::new(NOTICES_KEPT) }
    }
}

impl<R: Resource> Screen for TypedScreen<R> {
    fn publish(&self, machine: &ClientResource, subscribers: &Arc<[Subscriber]>) {
        let Some(state) = machine.state().and_then(shared::<R>) else {
            return;
        };
        let (pending, doubtful) = machine.pending().fold((0, 0), |(pending, doubtful), (_, is_doubtful)| {
            (pending + 1, doubtful + usize::from(is_doubtful))
        });
        let view = View {
            state,
            subscribers: subscribers.clone(),
            seq: machine.position().map_or_else(Default::default, |(_, seq)| seq),
            pending,
            doubtful,
        };
        self.picture.send_replace(Picture::Shown(view));
    }

    fn notice(&self, notice: Notice) {
        // Nobody may be listening.
        let _ = self.notices.send(notice);
    }

    fn end(&self, error: Error) {
        self.picture.send_if_modified(|picture| {
            let last = match std::mem::replace(picture, Picture::Blank) {
                Picture::Blank => None,
                Picture::Shown(view) => Some(view),
                // The first reason is the one.
                ended @ Picture::Ended(..) => {
                    *picture = ended;
                    return false;
                }
            };
            *picture = Picture::Ended(last, error);
            true
        });
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}
