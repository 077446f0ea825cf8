//! What handles ask of the driver.

use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use movex_core::action::Body;
use movex_core::client::{DispatchOptions, Ended};
use movex_core::ids::{ClientSeq, Rid};
use movex_core::reducer::DynReducer;
use tokio::sync::oneshot;

use super::screen::Screen;
use crate::error::Error;

/// One holder of a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HolderId(pub(crate) u64);

pub(crate) type Reply<T> = oneshot::Sender<Result<T, Error>>;

pub(crate) enum Command {
    Create {
        rid: Rid,
        state: Option<Arc<str>>,
        fresh_id: bool,
        reply: Reply<Rid>,
    },
    Bind {
        rid: Rid,
        holder: HolderId,
        reducer: fn() -> Rc<dyn DynReducer>,
        /// Taken if the resource has none yet.
        screen: Arc<dyn Screen>,
        /// The one that it has.
        reply: Reply<Arc<dyn Any + Send + Sync>>,
    },
    Unbind {
        rid: Rid,
        holder: HolderId,
    },
    Dispatch {
        rid: Rid,
        body: Body,
        options: DispatchOptions,
        ended: oneshot::Sender<Ended>,
        /// Told when the state that is shown has changed.
        shown: SyncSender<Option<ClientSeq>>,
    },
    Show {
        rid: Rid,
        value: Option<Arc<str>>,
    },
    Close {
        reply: oneshot::Sender<()>,
    },
}
