//! What is looked at while it happens: the order of frames on each connection (G1, M24), and snapshots where the log
//! still had the items (G6).

use std::collections::{HashMap, HashSet};

use movex_core::action::Body;
use movex_core::effect::{ItemFrame, Subscribed};
use movex_core::ids::{ClientId, ClientSeq, Epoch, Seq, SessionId};
use movex_core::item::{Base, Entry};
use movex_core::resource::Limits;

/// A dispatch by its number: whose, of which session, and which.
pub(crate) type Number = (ClientId, SessionId, ClientSeq);

#[derive(Default)]
pub(crate) struct Watch {
    /// Dispatches that client resources have sent, with the log that they named.
    pub(crate) sent: HashSet<(SessionId, ClientSeq, Epoch)>,
    /// Entries of the log as the master has it, kept or not.
    pub(crate) decided: HashMap<Number, (Epoch, Seq)>,
    /// What reached the master, and from whom.
    pub(crate) asked: HashSet<(ClientId, String)>,
    /// The last item that went out on each connection.
    last: HashMap<u64, Seq>,
    /// Connections that were told to take their view anew, and have not asked yet.
    refreshed: HashSet<u64>,
    /// Where the items that the master keeps begin, where that is known.
    keeps_from: Option<Seq>,
}

/// A body as text that is the same for the same body.
pub(crate) fn text_of(body: &Body) -> String {
    format!("{} {}", body.own().json(), body.public().json())
}

impl Watch {
    pub(crate) fn dispatched(&mut self, author: &ClientId, body: &Body) {
        self.asked.insert((author.clone(), text_of(body)));
    }

    pub(crate) fn decides(&mut self, epoch: Epoch, entry: &Entry) {
        let number = (entry.author.clone(), entry.session.clone(), entry.client_seq);
        self.decided.insert(number, (epoch, entry.seq));
    }

    /// What stood behind this is not in the log any more.
    pub(crate) fn lost_after(&mut self, epoch: Epoch, head: Seq) {
        self.decided.retain(|_, (of, seq)| *of == epoch && *seq <= head);
        self.keeps_from = None;
    }

    pub(crate) fn begins(&mut self, base: &Base) {
        self.keeps_from = Some(base.seq);
    }

    pub(crate) fn restarted(&mut self, base: &Base) {
        self.keeps_from = Some(base.seq);
    }

    pub(crate) fn cut(&mut self, base: &Base) {
        self.keeps_from = Some(base.seq);
    }

    /// G6: no snapshot where the log still had the items.
    pub(crate) fn subscribed(
        &mut self,
        link: u64,
        from: Option<(Epoch, Seq)>,
        subscribed: &Subscribed,
        limits: &Limits,
    ) -> Option<String> {
        self.last.insert(link, subscribed.head);
        self.refreshed.remove(&link);
        let (epoch, seq) = from?;
        let base = subscribed.base.as_ref()?;
        // A recovery may keep fewer than it read; where everything is kept it keeps everything.
        let keeps_from = match self.keeps_from {
            Some(seq) if limits.items_kept_max >= 1_000 => seq,
            _ => return None,
        };
        let had = epoch == subscribed.epoch && seq <= subscribed.head && seq >= keeps_from;
        (had && !base.stopped).then(|| {
            format!(
                "a snapshot at {} for a client that was at {seq}, with the items since {keeps_from} there",
                subscribed.head
            )
        })
    }

    pub(crate) fn refreshes(&mut self, link: u64) {
        self.refreshed.insert(link);
    }

    /// G1, M24: each item stands behind the one before it.
    pub(crate) fn item(&mut self, link: u64, item: &ItemFrame) -> Option<String> {
        let seq = item.seq();
        let before = self.last.insert(link, seq);
        let follows = before.map(Seq::next) == Some(seq) || self.refreshed.contains(&link);
        (!follows).then(|| format!("{seq} goes out behind {before:?}"))
    }
}
