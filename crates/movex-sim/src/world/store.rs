//! A store that keeps at once, late, in batches, or says so before it has, and what a crash leaves of it.

use std::collections::VecDeque;

use movex_core::ids::{Epoch, Seq};
use movex_core::item::{Base, Item, Record};
use movex_core::master::{Append, AppendId};
use movex_core::worker::Log;

/// One append: all of it is kept or none.
#[derive(Clone, Debug)]
enum Unit {
    Begin { epoch: Epoch, base: Base, records: Vec<Record> },
    Records { epoch: Epoch, records: Vec<Record> },
}

/// The store of one resource.
#[derive(Default)]
pub(crate) struct Store {
    /// In the order in which they came; of these the first are kept.
    units: Vec<Unit>,
    kept: usize,
    /// Whom the master waits for.
    waiting: VecDeque<AppendId>,
    /// Where the log begins since it was cut last.
    cut: Option<(Epoch, Base)>,
    /// What a relaxed store had promised and lost.
    lost: Vec<Unit>,
}

/// One epoch's log from its very beginning, for the checkers.
pub(crate) struct Chapter {
    pub(crate) epoch: Epoch,
    pub(crate) base: Base,
    pub(crate) records: Vec<Record>,
}

impl Store {
    /// Takes an append; it is not kept yet.
    pub(crate) fn append(&mut self, append: Append) {
        self.units.push(match append {
            Append::Begin { epoch, base, records } => Unit::Begin { epoch, base, records },
            Append::Records { epoch, records } => Unit::Records { epoch, records },
        });
    }

    /// The master waits for it.
    pub(crate) fn awaited(&mut self, id: AppendId) {
        self.waiting.push_back(id);
    }

    pub(crate) fn waits(&self) -> bool {
        self.kept < self.units.len()
    }

    /// Keeps the first that wait; gives those of which the master is to be told.
    pub(crate) fn keep(&mut self, at_most: usize) -> Vec<AppendId> {
        let units = (self.units.len() - self.kept).min(at_most);
        self.kept += units;
        let told = units.min(self.waiting.len());
        self.waiting.drain(..told).collect()
    }

    /// Loses all that waits; gives those of which the master is to be told.
    pub(crate) fn fail(&mut self) -> Vec<AppendId> {
        self.units.truncate(self.kept);
        self.waiting.drain(..).collect()
    }

    /// Power is lost: what was kept is there, and as many more as chance has it.
    pub(crate) fn crash(&mut self, survive: impl FnOnce(u64) -> u64, promised: bool) {
        let open = (self.units.len() - self.kept) as u64;
        let gone = self.units.split_off(self.kept + survive(open + 1).min(open) as usize);
        if promised {
            self.lost.extend(gone);
        }
        self.kept = self.units.len();
        self.waiting.clear();
    }

    pub(crate) fn cut(&mut self, base: Base) {
        if let Some(epoch) = self.units.iter().rev().find_map(Unit::begins) {
            self.cut = Some((epoch, base));
        }
    }

    /// What a master that comes back gets.
    pub(crate) fn log(&self) -> Option<Log> {
        let chapters = chapters(&self.units[..self.kept]);
        let Chapter { epoch, mut base, mut records } = chapters.into_iter().next_back()?;
        if let Some((of, cut)) = &self.cut
            && *of == epoch
            && cut.seq > base.seq
        {
            base = cut.clone();
            records.retain(|record| seq_of(record) > base.seq);
        }
        Some(Log { epoch, base, records })
    }

    /// Begins the log anew in another epoch, as a recovery does that can't prove that nothing was lost (M23).
    pub(crate) fn begin_anew(&mut self, epoch: Epoch) {
        if let Some(Log { base, records, .. }) = self.log() {
            self.units.push(Unit::Begin { epoch, base, records });
            self.kept = self.units.len();
        }
    }

    /// The place of the last item that is kept, and its log.
    pub(crate) fn head(&self) -> Option<(Epoch, Seq)> {
        let log = self.log()?;
        let last = log.records.iter().filter_map(|record| match record {
            Record::Item(item) => Some(item.seq()),
            Record::Note(_) => None,
        });
        Some((log.epoch, last.max().unwrap_or(log.base.seq)))
    }

    /// Every epoch's log.
    pub(crate) fn chapters(&self) -> Vec<Chapter> {
        chapters(&self.units)
    }

    /// Items that a relaxed store had promised and lost.
    pub(crate) fn lost(&self) -> impl Iterator<Item = &Item> {
        self.lost
            .iter()
            .flat_map(|unit| match unit {
                Unit::Begin { records, .. } | Unit::Records { records, .. } => records,
            })
            .filter_map(|record| match record {
                Record::Item(item) => Some(item),
                Record::Note(_) => None,
            })
    }
}

impl Unit {
    fn begins(&self) -> Option<Epoch> {
        match self {
            Unit::Begin { epoch, .. } => Some(*epoch),
            Unit::Records { .. } => None,
        }
    }
}

fn chapters(units: &[Unit]) -> Vec<Chapter> {
    let mut chapters: Vec<Chapter> = Vec::new();
    for unit in units {
        match unit {
            Unit::Begin { epoch, base, records } => {
                chapters.push(Chapter { epoch: *epoch, base: base.clone(), records: records.clone() })
            }
            Unit::Records { epoch, records } => {
                if let Some(chapter) = chapters.last_mut().filter(|chapter| chapter.epoch == *epoch) {
                    chapter.records.extend(records.iter().cloned());
                }
            }
        }
    }
    chapters
}

fn seq_of(record: &Record) -> Seq {
    match record {
        Record::Item(item) => item.seq(),
        Record::Note(note) => note.seq,
    }
}
