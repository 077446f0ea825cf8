//! The engine in memory: kept as long as the process lives.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use movex_core::ids::{AppId, ResourceKey, Rid};
use movex_core::item::{Base, Record};

use crate::{Append, AppendId, Appended, Log, Store, StoreError};

/// Keeps logs in memory. An append is kept at once.
#[derive(Default)]
pub struct MemoryStore {
    logs: Mutex<BTreeMap<ResourceKey, Log>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn logs(&self) -> MutexGuard<'_, BTreeMap<ResourceKey, Log>> {
        // No code of ours that holds the lock can leave a log half changed.
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn append(&self, key: &ResourceKey, _: AppendId, append: Append) -> Appended {
        let mut logs = self.logs();
        match append {
            Append::Begin { epoch, base, records } => {
                logs.insert(key.clone(), Log { epoch, base, records });
            }
            Append::Records { epoch, records } => match logs.get_mut(key) {
                Some(log) if log.epoch == epoch => log.records.extend(records),
                _ => {
                    return Appended::Failed(StoreError::NoSuchLog {
                        rid: key.rid.to_string(),
                    });
                }
            },
        }
        Appended::Kept
    }

    fn read(&self, key: &ResourceKey) -> Result<Option<Log>, StoreError> {
        Ok(self.logs().get(key).cloned())
    }

    fn truncate(&self, key: &ResourceKey, base: Base) -> Result<(), StoreError> {
        let mut logs = self.logs();
        let log = logs.get_mut(key).ok_or_else(|| StoreError::NoSuchLog {
            rid: key.rid.to_string(),
        })?;
        log.records.retain(|record| match record {
            Record::Item(item) => item.seq() > base.seq,
            Record::Note(note) => note.seq > base.seq,
        });
        log.base = base;
        Ok(())
    }

    fn list(&self, app: &AppId) -> Result<Vec<Rid>, StoreError> {
        Ok(self
            .logs()
            .keys()
            .filter(|key| key.app == *app)
            .map(|key| key.rid.clone())
            .collect())
    }

    fn delete(&self, key: &ResourceKey) -> Result<(), StoreError> {
        self.logs().remove(key);
        Ok(())
    }
}
