//! A resource that the app looks at.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use movex_core::action::{Action, Body};
use movex_core::client::{DispatchOptions, Ended};
use movex_core::error::Error as MasterError;
use movex_core::ids::Rid;
use serde::Serialize;
use tokio::sync::{broadcast, oneshot, watch};

use crate::app::Resource;
use crate::callback::{Callback, call_back};
use crate::client::{Inner, to_json};
use crate::dispatched::Dispatched;
use crate::driver::{Command, HolderId, Notice, Picture, TypedScreen};
use crate::error::Error;
use crate::view::{Subscriber, View};

/// Looks away when it is dropped.
pub(crate) struct Holder {
    pub(crate) inner: Arc<Inner>,
    pub(crate) rid: Rid,
    pub(crate) id: HolderId,
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.inner.tell(Command::Unbind { rid: self.rid.clone(), holder: self.id });
    }
}

/// A resource that the app looks at, with a state from its first moment on. See [`crate::Resources::bind`].
///
/// A clone looks at the same resource, and has seen what this one has. When the last one is dropped the master is told;
/// what was dispatched still ends.
pub struct Bound<R: Resource> {
    holder: Arc<Holder>,
    screen: Arc<TypedScreen<R>>,
    picture: watch::Receiver<Picture<R>>,
}

impl<R: Resource> Bound<R> {
    pub(crate) fn new(holder: Holder, screen: Arc<TypedScreen<R>>) -> Self {
        let mut picture = screen.picture.subscribe();
        picture.mark_changed();
        Self { holder: Arc::new(holder), screen, picture }
    }

    /// Its name.
    pub fn rid(&self) -> &Rid {
        &self.holder.rid
    }

    /// What is to be drawn.
    pub fn view(&self) -> View<R> {
        match &*self.picture.borrow() {
            Picture::Shown(view) | Picture::Ended(Some(view), _) => view.clone(),
            Picture::Blank | Picture::Ended(None, _) => {
                unreachable!("a Bound is made after the first state, and none takes it away")
            }
        }
    }

    /// The state: what is pending over what the master confirmed.
    pub fn state(&self) -> Arc<R::State> {
        self.view().state
    }

    /// Who looks at it.
    pub fn subscribers(&self) -> Arc<[Subscriber]> {
        self.view().subscribers
    }

    /// Waits until there is something to draw that this handle has not given yet; at first, what there is. Changes that
    /// come faster than they are drawn are one. None when there will be nothing new: see [`Bound::why_ended`].
    /// Cancellation-safe.
    pub async fn changed(&mut self) -> Option<View<R>> {
        self.picture.changed().await.ok()?;
        match &*self.picture.borrow_and_update() {
            Picture::Shown(view) => Some(view.clone()),
            Picture::Blank | Picture::Ended(..) => None,
        }
    }

    /// Waits for a view like this one. Cancellation-safe.
    ///
    /// # Errors
    /// When there will be nothing new.
    pub async fn wait_for(&mut self, mut wanted: impl FnMut(&View<R>) -> bool) -> Result<View<R>, Error> {
        let waited = self.picture.wait_for(|picture| match picture {
            Picture::Blank => false,
            Picture::Shown(view) => wanted(view),
            Picture::Ended(..) => true,
        });
        match &*waited.await.map_err(|_| Error::Closed)? {
            Picture::Shown(view) => Ok(view.clone()),
            Picture::Ended(_, error) => Err(error.clone()),
            Picture::Blank => Err(Error::Closed),
        }
    }

    /// Calls back with what is to be drawn, now and after each change, on a thread of its own, until what it gives or the
    /// last handle of the resource is dropped. Changes that come faster than the calls return are one.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn on_change(&self, call: impl FnMut(View<R>) + Send + 'static) -> Result<Callback, Error> {
        let mut picture = self.picture.clone();
        picture.mark_changed();
        call_back(picture, call)
    }

    /// Why there will be nothing new: the resource is gone, or the client is closed. None while there may be.
    pub fn why_ended(&self) -> Option<Error> {
        if self.picture.has_changed().is_err() {
            return Some(Error::Closed);
        }
        match &*self.picture.borrow() {
            Picture::Ended(_, error) => Some(error.clone()),
            Picture::Blank | Picture::Shown(_) => None,
        }
    }

    /// What else happens to it.
    pub fn notices(&self) -> Notices {
        Notices { receiver: self.screen.notices.subscribe() }
    }

    /// Dispatches an action. What is shown has changed when this returns; it blocks for the microseconds that the
    /// reducer takes. Awaiting what it gives is optional.
    pub fn dispatch(&self, action: &R::Action) -> Dispatched {
        self.dispatch_with(action, Options::default())
    }

    /// As [`Bound::dispatch`], with options.
    pub fn dispatch_with(&self, action: &R::Action, options: Options) -> Dispatched {
        self.send(public(action), options)
    }

    /// Dispatches a secret: `private` for this client until the reveal, `placeholder` for everybody else in its place
    /// (M1). It is rejected with `stale_phase` if a reveal came since that this client had not seen (M25).
    pub fn dispatch_private(&self, private: &R::Action, placeholder: &R::Action) -> Dispatched {
        self.dispatch_private_with(private, placeholder, Options::default())
    }

    /// As [`Bound::dispatch_private`], with options.
    pub fn dispatch_private_with(
        &self,
        private: &R::Action,
        placeholder: &R::Action,
        options: Options,
    ) -> Dispatched {
        let body = action_of(private).and_then(|private| {
            let public = action_of(placeholder)?;
            Ok(Body::Private { private, public })
        });
        self.send(body, options)
    }

    fn send(&self, body: Result<Body, MasterError>, options: Options) -> Dispatched {
        let body = match body {
            Ok(body) => body,
            Err(error) => return Dispatched::ended(Ended::Rejected(error)),
        };
        let default = DispatchOptions::of(&body);
        let options = DispatchOptions {
            optimistic: options.optimistic,
            refuse_stale_phase: options.refuse_stale_phase.unwrap_or(default.refuse_stale_phase),
        };
        let (ended, outcome) = oneshot::channel();
        let (shown, is_shown) = sync_channel(1);
        self.holder.inner.tell(Command::Dispatch {
            rid: self.holder.rid.clone(),
            body,
            options,
            ended,
            shown,
        });
        // An error says that the client is closed; then the outcome says so too.
        let number = is_shown.recv().unwrap_or_default();
        Dispatched::pending(number, outcome)
    }

    /// Shows something of oneself to the others who look (a cursor, that one is typing): not in the log, gone when one
    /// looks away. `&()` or none shows nothing any more.
    ///
    /// # Errors
    /// When it has no JSON form.
    pub fn show(&self, value: &impl Serialize) -> Result<(), Error> {
        let json = to_json(value)?;
        let value = (&*json != "null").then_some(json);
        self.holder.inner.tell(Command::Show { rid: self.holder.rid.clone(), value });
        Ok(())
    }
}

fn action_of(action: &impl Serialize) -> Result<Action, MasterError> {
    let json = serde_json::to_string(action)
        .map_err(|error| MasterError::bad_action(format!("the action has no JSON form: {error}")))?;
    Action::from_json(json)
}

fn public(action: &impl Serialize) -> Result<Body, MasterError> {
    action_of(action).map(Body::Public)
}

impl<R: Resource> Clone for Bound<R> {
    fn clone(&self) -> Self {
        Self { holder: self.holder.clone(), screen: self.screen.clone(), picture: self.picture.clone() }
    }
}

impl<R: Resource> std::fmt::Debug for Bound<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bound({:?})", self.holder.rid)
    }
}

/// How a dispatch is to be treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Show it at once; otherwise what is shown changes with the master's word.
    pub optimistic: bool,
    /// Reject it if a reveal came since that this client had not seen (M25); without, secrets are and others are not.
    pub refuse_stale_phase: Option<bool>,
}

impl Default for Options {
    fn default() -> Self {
        Self { optimistic: true, refuse_stale_phase: None }
    }
}

impl Options {
    /// What is shown changes with the master's word.
    pub fn wait_for_master() -> Self {
        Self { optimistic: false, ..Self::default() }
    }
}

/// What happens to a resource beside its state: see [`Bound::notices`].
#[derive(Debug)]
pub struct Notices {
    receiver: broadcast::Receiver<Notice>,
}

impl Notices {
    /// Waits for the next; none when there will be none. A reader that is far behind misses the oldest.
    /// Cancellation-safe.
    pub async fn next(&mut self) -> Option<Notice> {
        loop {
            match self.receiver.recv().await {
                Ok(notice) => return Some(notice),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So do the futures that they give, to any runtime.
    #[test]
    fn futures_are_send() {
        fn is<T: Send>(_: T) {}
        async fn nothing<R: Resource>(resources: crate::Resources<R>, mut bound: Bound<R>, rid: Rid) {
            is(resources.bind(&rid));
            is(resources.create_default());
            is(bound.changed());
            is(bound.wait_for(|_| true));
            is(bound.notices().next());
            is(crate::Movex::local(crate::App::new()));
        }
        let _ = nothing::<crate::counter::Counter>;
    }

    /// Handles go wherever an app needs them.
    #[test]
    fn handles_are_send_and_sync() {
        fn all<T: Send + Sync>() {}
        fn of<R: Resource>() {
            all::<crate::Movex>();
            all::<crate::Resources<R>>();
            all::<Bound<R>>();
            all::<View<R>>();
            all::<Dispatched>();
        }
        let _ = of::<crate::counter::Counter>;
    }
}
