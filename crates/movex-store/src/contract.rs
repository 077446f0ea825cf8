//! What every engine does. An engine's own test calls [`check`] with a way to make an empty store.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use movex_core::action::{Action, Body};
use movex_core::context::{Entropy, TimeMs};
use movex_core::effect::Outcome;
use movex_core::ids::{AppId, AppVersion, ClientId, ClientSeq, Epoch, ResourceKey, Rid, Seq, SessionId};
use movex_core::item::{Base, Entry, Item, MarkRecord, Note, NoteKind, NoteScope, PhaseEnd, Record};

use crate::{Append, AppendId, Appended, Completion, Log, Store, StoreError};

/// Runs the whole suite; `make` gives an empty store that tells the completion what it answered with `Later`.
///
/// # Panics
/// When the engine breaks the contract.
pub fn check(make: impl Fn(Completion) -> Arc<dyn Store>) {
    let suite = || Suite::new(&make);
    suite().what_is_kept_is_read_back();
    suite().records_need_their_log();
    suite().a_new_epoch_replaces_the_log();
    suite().a_log_can_lose_its_beginning();
    suite().apps_and_resources_are_apart();
    suite().a_deleted_log_is_gone();
}

type Told = (ResourceKey, AppendId, Result<(), StoreError>);

struct Suite {
    store: Arc<dyn Store>,
    told: Receiver<Told>,
    next: std::cell::Cell<u64>,
}

impl Suite {
    fn new(make: &impl Fn(Completion) -> Arc<dyn Store>) -> Self {
        let (tell, told) = channel();
        let completion: Completion = Box::new(move |key, id, outcome| {
            // The suite may have ended already; then nobody listens.
            let _ = tell.send((key.clone(), id, outcome));
        });
        Self { store: make(completion), told, next: std::cell::Cell::new(0) }
    }

    /// Appends, and waits until the engine has said what became of it.
    fn append(&self, key: &ResourceKey, append: Append) -> Result<(), StoreError> {
        let id = AppendId(self.next.get());
        self.next.set(id.0 + 1);
        match self.store.append(key, id, append) {
            Appended::Kept => Ok(()),
            Appended::Failed(error) => Err(error),
            Appended::Later => {
                let (told_key, told_id, outcome) =
                    self.told.recv().expect("the engine says what became of it");
                assert_eq!((&told_key, told_id), (key, id), "appends are told in their order");
                outcome
            }
        }
    }

    fn begin(&self, key: &ResourceKey, epoch: u64) {
        let append = Append::Begin { epoch: Epoch(epoch), base: base(0), records: Vec::new() };
        assert_eq!(self.append(key, append), Ok(()));
    }

    fn records(&self, key: &ResourceKey, epoch: u64, records: Vec<Record>) -> Result<(), StoreError> {
        self.append(key, Append::Records { epoch: Epoch(epoch), records })
    }

    fn what_is_kept_is_read_back(&self) {
        let key = key("app", "game:1");
        assert_eq!(self.store.read(&key), Ok(None));
        self.begin(&key, 7);
        assert_eq!(self.records(&key, 7, vec![entry(1), note(1)]), Ok(()));
        assert_eq!(self.records(&key, 7, vec![entry(2), reveal(3)]), Ok(()));
        let records = vec![entry(1), note(1), entry(2), reveal(3)];
        let log = Log { epoch: Epoch(7), base: base(0), records };
        assert_eq!(self.store.read(&key), Ok(Some(log)));
    }

    fn records_need_their_log(&self) {
        let key = key("app", "game:1");
        let no_log = Err(StoreError::NoSuchLog { rid: "game:1".into() });
        assert_eq!(self.records(&key, 7, vec![entry(1)]), no_log);
        self.begin(&key, 7);
        assert_eq!(self.records(&key, 8, vec![entry(1)]), no_log);
    }

    fn a_new_epoch_replaces_the_log(&self) {
        let key = key("app", "game:1");
        self.begin(&key, 7);
        assert_eq!(self.records(&key, 7, vec![entry(1)]), Ok(()));
        let begin = Append::Begin { epoch: Epoch(8), base: base(4), records: vec![entry(5)] };
        assert_eq!(self.append(&key, begin), Ok(()));
        assert_eq!(
            self.store.read(&key),
            Ok(Some(Log { epoch: Epoch(8), base: base(4), records: vec![entry(5)] }))
        );
    }

    fn a_log_can_lose_its_beginning(&self) {
        let key = key("app", "game:1");
        self.begin(&key, 7);
        let records = vec![entry(1), note(1), entry(2), reveal(3), entry(4), note(4)];
        assert_eq!(self.records(&key, 7, records), Ok(()));
        assert_eq!(self.store.truncate(&key, base(3)), Ok(()));
        let log = Log { epoch: Epoch(7), base: base(3), records: vec![entry(4), note(4)] };
        assert_eq!(self.store.read(&key), Ok(Some(log)));
        let absent = self::key("app", "game:2");
        assert_eq!(
            self.store.truncate(&absent, base(3)),
            Err(StoreError::NoSuchLog { rid: "game:2".into() })
        );
    }

    fn apps_and_resources_are_apart(&self) {
        let keys = [key("a", "game:2"), key("a", "game:1"), key("b", "game:1")];
        for (at, key) in keys.iter().enumerate() {
            self.begin(key, at as u64);
        }
        for (at, key) in keys.iter().enumerate() {
            let log = self.store.read(key).expect("it can be read").expect("it is there");
            assert_eq!(log.epoch, Epoch(at as u64));
        }
        let rids = |app: &str| {
            let list = self.store.list(&AppId::new(app)).expect("it can be listed");
            list.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(rids("a"), ["game:1", "game:2"]);
        assert_eq!(rids("b"), ["game:1"]);
        assert_eq!(rids("c"), [""; 0]);
    }

    fn a_deleted_log_is_gone(&self) {
        let (one, two) = (key("app", "game:1"), key("app", "game:2"));
        self.begin(&one, 7);
        self.begin(&two, 7);
        assert_eq!(self.store.delete(&one), Ok(()));
        assert_eq!(self.store.delete(&one), Ok(()), "it is deleted already");
        assert_eq!(self.store.read(&one), Ok(None));
        assert!(self.store.read(&two).expect("it can be read").is_some());
    }
}

fn key(app: &str, rid: &str) -> ResourceKey {
    ResourceKey { app: AppId::new(app), rid: Rid::parse(rid).expect("the suite's own rids are well formed") }
}

fn base(seq: u64) -> Base {
    Base {
        seq: Seq(seq),
        time: TimeMs(1_000 + seq),
        public: Some(r#"{"b":1,"a":[2.5,"ü"]}"#.into()),
        forks: vec![(ClientId::new("alice"), None), (ClientId::new("bob"), Some("3".into()))],
        version: AppVersion::new("v1"),
        marks: vec![MarkRecord {
            author: ClientId::new("alice"),
            session: SessionId::new("s"),
            created: TimeMs(900),
            high: ClientSeq(2),
            outcomes: vec![(ClientSeq(1), Outcome::Acknowledged(Seq(1)))],
        }],
        horizon: TimeMs(5),
        last_reveal: Seq(0),
        stopped: Vec::new(),
    }
}

fn entry(seq: u64) -> Record {
    let action = |json: &str| Action::from_json(json).expect("the suite's own actions are well formed");
    Record::Item(Item::Entry(Entry {
        seq: Seq(seq),
        author: ClientId::new("alice"),
        session: SessionId::new("s"),
        client_seq: ClientSeq(seq),
        time: TimeMs(1_000 + seq),
        entropy: Entropy(u64::MAX),
        private_entropy: Some(Entropy(seq)),
        body: Body::Private {
            private: action(r#"{"type":"play","payload":"rock"}"#),
            public: action(r#"{"type":"played"}"#),
        },
        version: AppVersion::new("v1"),
        session_created: Some(TimeMs(900)),
    }))
}

fn reveal(seq: u64) -> Record {
    Record::Item(Item::PhaseEnd { seq: Seq(seq), time: TimeMs(1_000 + seq), end: PhaseEnd::Reveal })
}

fn note(seq: u64) -> Record {
    let scope = NoteScope::Fork(ClientId::new("bob"));
    Record::Note(Note { seq: Seq(seq), scope, kind: NoteKind::Limit })
}
