//! A change of the app's version: a new epoch, folded from the oldest state kept (M27).

use std::rc::Rc;

use super::recover::{OnFailure, RecoverError};
use super::{Resource, Setting};
use crate::context::TimeMs;
use crate::effect::{Effect, RefreshCause, Viewers};
use crate::ids::{ClientId, Epoch};
use crate::item::{Base, Note, Record};
use crate::reducer::{DynReducer, Failure, Fold};

impl Resource {
    /// Where the retained log begins, as JSON text.
    ///
    /// # Errors
    /// When a state has no text.
    pub fn base(&self) -> Result<Base, Failure> {
        let cut = self.history.base();
        let mut forks = Vec::new();
        for (client, state) in &cut.forks {
            forks.push((client.clone(), self.reducer.to_json(state)?));
        }
        let (marks, horizon) = self.marks.to_records();
        Ok(Base {
            marks,
            horizon,
            last_reveal: cut.last_reveal,
            seq: cut.seq,
            time: cut.time,
            public: self.reducer.to_json(&cut.public)?,
            forks,
            stopped: cut.stopped.clone(),
            version: self.setting.version.clone(),
        })
    }

    /// The retained log since [`Resource::base`], notes included.
    pub fn records(&self) -> Vec<Record> {
        let items = self.history.items().cloned().map(Record::Item);
        items.chain(self.notes.iter().cloned().map(Record::Note)).collect()
    }

    /// The same resource under other code: the base migrated, everything since folded again, reveals and forfeits
    /// the facts that they were. On success the old one is to be dropped, and viewers are told to take their states
    /// anew.
    ///
    /// # Errors
    /// When the new code can't take the base in, or fails on an entry that was accepted: then the old resource stays
    /// as it is.
    pub fn reloaded(
        &self,
        epoch: Epoch,
        reducer: Rc<dyn DynReducer>,
        setting: Rc<Setting>,
        out: &mut dyn FnMut(Effect),
    ) -> Result<Self, RecoverError> {
        let base =
            self.base().map_err(|failure| RecoverError::Base { rid: self.rid.to_string(), failure })?;
        let items: Vec<_> = self.history.items().cloned().collect();
        let mut next = Self::begin(self.rid.clone(), epoch, reducer, setting, &base)?;
        next.checksums = self.checksums;
        // What ran into a limit then has no effect now either; what runs into one anew is noted by the refold.
        next.notes = self.notes.clone();
        let replayed = next.replay(items, OnFailure::Refuse);
        next.setting.reports.forget_prints();
        if let Err(error) = replayed {
            // The error says it; what led to it would be told as somebody else's.
            next.setting.reports.take();
            return Err(error);
        }
        next.marks.keep_rejections(&self.marks, self.head);
        next.rearm();
        next.tell_new_epoch(out)
            .map_err(|failure| RecoverError::Base { rid: self.rid.to_string(), failure })?;
        Ok(next)
    }

    fn tell_new_epoch(&self, out: &mut dyn FnMut(Effect)) -> Result<(), Failure> {
        out(Effect::Begin { epoch: self.epoch, base: self.base()?, records: self.records() });
        self.tell_refresh(self.time, out);
        self.flush_reports(None, out);
        Ok(())
    }

    fn tell_refresh(&self, time: TimeMs, out: &mut dyn FnMut(Effect)) {
        let why = RefreshCause::NewEpoch;
        let viewers = Viewers::Public { except: self.fork_holders.clone() };
        let checksum = self.checksum_shown(&self.public, time, Fold::Public);
        out(Effect::Refresh { viewers, time, checksum, why });
        let holders: Vec<ClientId> = self.fork_holders.to_vec();
        for holder in holders {
            let checksum = self.checksum_shown(self.view_of(&holder), time, Fold::Private(&holder));
            out(Effect::Refresh { viewers: Viewers::Author(holder), time, checksum, why });
        }
    }

    /// The notes beside the retained log.
    pub fn notes(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter()
    }
}
