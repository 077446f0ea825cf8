//! Showing a view: its text and checksum, transformed for the time.

use std::sync::Arc;

use super::Resource;
use super::view::View;
use crate::checksum::{ChecksumV0, ChecksumV1};
use crate::context::TimeMs;
use crate::effect::{Effect, Reply, RequestId, ViewState};
use crate::error::Error;
use crate::ids::ClientId;
use crate::reducer::{Failure, Fold};

use super::refusal;

impl Resource {
    pub(super) fn read(
        &self,
        now: TimeMs,
        request: RequestId,
        viewer: Option<&ClientId>,
        out: &mut dyn FnMut(Effect),
    ) {
        let reply = match self.state_shown(now, viewer) {
            Ok(state) => Reply::State(state),
            Err(error) => Reply::Failed(error),
        };
        self.flush_reports(None, out);
        out(Effect::Reply { request, reply });
    }

    /// A viewer's state as it is shown at that time; `None` is the public view.
    ///
    /// # Errors
    /// When the state has no text.
    pub fn state_shown(&self, now: TimeMs, viewer: Option<&ClientId>) -> Result<ViewState, Error> {
        let (view, fold) = match viewer {
            Some(viewer) => (self.view_of(viewer), self.fold_of(viewer)),
            None => (&self.public, Fold::Public),
        };
        let (json, checksum) = self.shown(view, now, fold).map_err(|failure| refusal(&failure))?;
        Ok(ViewState { epoch: self.epoch, seq: self.head, json, checksum, time: now })
    }

    fn shown(
        &self,
        view: &View,
        time: TimeMs,
        fold: Fold<'_>,
    ) -> Result<(Option<Arc<str>>, ChecksumV0), Failure> {
        let transformed = self.transformed(view, time, fold);
        let view = transformed.as_ref().unwrap_or(view);
        Ok((view.json(&*self.reducer)?, view.checksum_v0(&*self.reducer)?))
    }

    /// The checksum of a view as shown at that time, where checksums are wanted. A failure is the developer's to
    /// see; the frame then goes without.
    pub(super) fn checksum_shown(&self, view: &View, time: TimeMs, fold: Fold<'_>) -> Option<ChecksumV0> {
        if !self.checksums.v0 {
            return None;
        }
        let transformed = self.transformed(view, time, fold);
        match transformed.as_ref().unwrap_or(view).checksum_v0(&*self.reducer) {
            Ok(checksum) => Some(checksum),
            Err(failure) => {
                self.report_failure("the checksum of a state", &failure, fold);
                None
            }
        }
    }

    /// The v1 checksum of a view, of the state before any transformation.
    pub(super) fn checksum_v1(&self, view: &View, fold: Fold<'_>) -> Option<ChecksumV1> {
        match view.checksum_v1(&*self.reducer) {
            Ok(checksum) => Some(checksum),
            Err(failure) => {
                self.report_failure("the checksum of a state", &failure, fold);
                None
            }
        }
    }

    /// The view through `transform`; as it is where there is none, or where it fails.
    fn transformed(&self, view: &View, time: TimeMs, fold: Fold<'_>) -> Option<View> {
        if !self.features.transform {
            return None;
        }
        match self.reducer.transform(view.state(), time, fold) {
            Ok(state) => state.map(View::new),
            Err(failure) => {
                self.report_failure("`transform`", &failure, fold);
                None
            }
        }
    }
}
