//! Being called back, for apps that do not await.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use crate::app::Resource;
use crate::driver::Picture;
use crate::error::Error;
use crate::view::View;

/// Calls back as long as it lives: see [`crate::Bound::on_change`].
#[derive(Debug)]
#[must_use = "dropping it ends the calls"]
pub struct Callback {
    stopped: Arc<AtomicBool>,
}

impl Drop for Callback {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
    }
}

/// On a thread of its own, because the one that folds waits for nobody: a callback may dispatch.
pub(crate) fn call_back<R: Resource>(
    mut picture: watch::Receiver<Picture<R>>,
    mut call: impl FnMut(View<R>) + Send + 'static,
) -> Result<Callback, Error> {
    let failed = |error: std::io::Error| Error::System { what: "thread", why: error.to_string() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(failed)?;
    let stopped = Arc::new(AtomicBool::new(false));
    let callback = Callback { stopped: stopped.clone() };
    let calls = async move {
        while picture.changed().await.is_ok() && !stopped.load(Ordering::Acquire) {
            let view = match &*picture.borrow_and_update() {
                Picture::Shown(view) => view.clone(),
                Picture::Blank | Picture::Ended(..) => return,
            };
            call(view);
        }
    };
    let thread = std::thread::Builder::new().name("movex-callback".to_owned());
    thread.spawn(move || runtime.block_on(calls)).map_err(failed)?;
    Ok(callback)
}
