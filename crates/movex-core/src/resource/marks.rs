//! What the master remembers of sessions, so that each dispatch is decided once (M20, M21).

use std::collections::{BTreeMap, HashMap};

use crate::context::TimeMs;
use crate::effect::Outcome;
use crate::error::{Code, Error};
use crate::ids::{ClientId, ClientSeq, Seq, SessionId};
use crate::item::MarkRecord;

/// What a v1 dispatch or subscription says of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// When the session was created, by its signed word.
    pub created: TimeMs,
    /// The session needs no outcome below this any more.
    pub floor: ClientSeq,
}

/// What is known of a number of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing: decide it.
    New,
    /// It was decided.
    Decided(Outcome),
    /// It may have been decided once; nobody knows (M21).
    Forgotten,
}

#[derive(Clone, Debug)]
struct Mark {
    created: TimeMs,
    high: ClientSeq,
    outcomes: BTreeMap<ClientSeq, Outcome>,
    /// The newest item when each was rejected; of those that were since the log was read.
    rejected_at: BTreeMap<ClientSeq, Seq>,
}

/// Every session's mark in one resource.
#[derive(Clone, Debug)]
pub(super) struct Marks {
    marks: HashMap<(ClientId, SessionId), Mark>,
    horizon: TimeMs,
    sessions_max: usize,
    outcomes_max: usize,
}

impl Marks {
    pub(super) fn new(sessions_max: usize, outcomes_max: usize) -> Self {
        Self { marks: HashMap::new(), horizon: TimeMs(0), sessions_max, outcomes_max }
    }

    pub(super) fn look(
        &self,
        author: &ClientId,
        session: &SessionId,
        created: TimeMs,
        number: ClientSeq,
    ) -> Known {
        let Some(mark) = self.marks.get(&(author.clone(), session.clone())) else {
            return if created < self.horizon { Known::Forgotten } else { Known::New };
        };
        if number > mark.high {
            return Known::New;
        }
        Known::Decided(mark.outcomes.get(&number).cloned().unwrap_or_else(superseded))
    }

    /// The outcomes of a session since its floor, and whether the session is forgotten.
    pub(super) fn outcomes(
        &mut self,
        author: &ClientId,
        session: &SessionId,
        claim: Claim,
    ) -> (Vec<(ClientSeq, Outcome)>, bool) {
        match self.marks.get_mut(&(author.clone(), session.clone())) {
            Some(mark) => {
                mark.outcomes = mark.outcomes.split_off(&claim.floor);
                (mark.outcomes.iter().map(|(number, outcome)| (*number, outcome.clone())).collect(), false)
            }
            None => (Vec::new(), claim.created < self.horizon),
        }
    }

    pub(super) fn decided(
        &mut self,
        author: &ClientId,
        session: &SessionId,
        claim: Claim,
        number: ClientSeq,
        outcome: Outcome,
    ) {
        let key = (author.clone(), session.clone());
        // A refold comes by entries of sessions that were let go since. A mark of some of their numbers would say of
        // the others that they were not decided.
        if claim.created < self.horizon && !self.marks.contains_key(&key) {
            return;
        }
        let mark = self.marks.entry(key).or_insert_with(|| Mark {
            created: claim.created,
            high: ClientSeq(0),
            outcomes: BTreeMap::new(),
            rejected_at: BTreeMap::new(),
        });
        mark.high = mark.high.max(number);
        mark.outcomes.insert(number, outcome);
        if claim.floor > ClientSeq(0) {
            mark.outcomes = mark.outcomes.split_off(&claim.floor);
        }
        while mark.outcomes.len() > self.outcomes_max {
            mark.outcomes.pop_first();
        }
        if self.marks.len() > self.sessions_max {
            self.advance_horizon();
        }
    }

    /// A dispatch was rejected where `head` was the newest item.
    pub(super) fn rejected(
        &mut self,
        author: &ClientId,
        session: &SessionId,
        claim: Claim,
        number: ClientSeq,
        (head, error): (Seq, Error),
    ) {
        self.decided(author, session, claim, number, Outcome::Rejected(error));
        if let Some(mark) = self.marks.get_mut(&(author.clone(), session.clone())) {
            mark.rejected_at.insert(number, head);
            if let Some((first, _)) = mark.outcomes.first_key_value() {
                mark.rejected_at = mark.rejected_at.split_off(first);
            }
        }
    }

    /// The log was read again while connections live: what had been rejected up to its head was told, and stands. What
    /// was rejected behind it depends on what is lost, and was told to nobody (M23).
    pub(super) fn keep_rejections(&mut self, before: &Marks, head: Seq) {
        self.horizon = self.horizon.max(before.horizon);
        for (key, mark) in &before.marks {
            for (number, at) in mark.rejected_at.iter().filter(|(_, at)| **at <= head) {
                let Some(outcome) = mark.outcomes.get(number) else {
                    continue;
                };
                let kept = self.marks.entry(key.clone()).or_insert_with(|| Mark {
                    created: mark.created,
                    high: ClientSeq(0),
                    outcomes: BTreeMap::new(),
                    rejected_at: BTreeMap::new(),
                });
                kept.high = kept.high.max(*number);
                kept.outcomes.entry(*number).or_insert_with(|| outcome.clone());
                kept.rejected_at.insert(*number, *at);
            }
        }
    }

    /// Lets go of the oldest tenth of the sessions: first the horizon moves past them, then their marks go (M21).
    fn advance_horizon(&mut self) {
        let mut created: Vec<TimeMs> = self.marks.values().map(|mark| mark.created).collect();
        created.sort_unstable();
        let oldest_kept = created[(created.len() / 10).max(1).min(created.len() - 1)];
        self.horizon = self.horizon.max(TimeMs(oldest_kept.0 + 1));
        let horizon = self.horizon;
        self.marks.retain(|_, mark| mark.created >= horizon);
    }

    pub(super) fn to_records(&self) -> (Vec<MarkRecord>, TimeMs) {
        let mut records: Vec<MarkRecord> = self
            .marks
            .iter()
            .map(|((author, session), mark)| MarkRecord {
                author: author.clone(),
                session: session.clone(),
                created: mark.created,
                high: mark.high,
                outcomes: mark.outcomes.iter().map(|(number, outcome)| (*number, outcome.clone())).collect(),
            })
            .collect();
        records.sort_by(|a, b| (&a.author, &a.session).cmp(&(&b.author, &b.session)));
        (records, self.horizon)
    }

    pub(super) fn take_in(&mut self, records: &[MarkRecord], horizon: TimeMs) {
        self.horizon = horizon;
        for record in records {
            let mark = Mark {
                created: record.created,
                high: record.high,
                outcomes: record.outcomes.iter().cloned().collect(),
                rejected_at: BTreeMap::new(),
            };
            self.marks.insert((record.author.clone(), record.session.clone()), mark);
        }
    }
}

fn superseded() -> Outcome {
    Outcome::Rejected(Error::new(
        Code::Superseded,
        "a later action of this session was decided already; its own outcome is not known any more",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(created: u64, floor: u64) -> Claim {
        Claim { created: TimeMs(created), floor: ClientSeq(floor) }
    }

    fn decide(marks: &mut Marks, session: &str, created: u64, floor: u64, number: u64) {
        let (author, session) = (ClientId::new("ann"), SessionId::new(session));
        let outcome = Outcome::Acknowledged(Seq(number * 10));
        marks.decided(&author, &session, claim(created, floor), ClientSeq(number), outcome);
    }

    fn look(marks: &Marks, session: &str, created: u64, number: u64) -> Known {
        marks.look(&ClientId::new("ann"), &SessionId::new(session), TimeMs(created), ClientSeq(number))
    }

    #[test]
    fn m20_what_is_at_or_below_the_mark_is_never_decided_again() {
        let mut marks = Marks::new(10, 10);
        assert_eq!(look(&marks, "s", 5, 1), Known::New);
        decide(&mut marks, "s", 5, 1, 1);
        decide(&mut marks, "s", 5, 1, 3);
        assert_eq!(look(&marks, "s", 5, 1), Known::Decided(Outcome::Acknowledged(Seq(10))));
        assert_eq!(look(&marks, "s", 5, 2), Known::Decided(superseded()));
        assert_eq!(look(&marks, "s", 5, 4), Known::New);
        assert_eq!(look(&marks, "t", 5, 1), Known::New);
    }

    #[test]
    fn m20_outcomes_below_the_floor_are_let_go() {
        let mut marks = Marks::new(10, 10);
        for number in 1..=4 {
            decide(&mut marks, "s", 5, 1, number);
        }
        let (outcomes, forgotten) = marks.outcomes(&ClientId::new("ann"), &SessionId::new("s"), claim(5, 3));
        assert_eq!((outcomes.len(), forgotten), (2, false));
        assert_eq!(look(&marks, "s", 5, 1), Known::Decided(superseded()));
    }

    #[test]
    fn m21_a_mark_is_dropped_only_behind_the_horizon() {
        let mut marks = Marks::new(20, 10);
        for session in 0..=20 {
            decide(&mut marks, &format!("s{session}"), 100 + session, 1, 1);
        }
        assert_eq!(look(&marks, "s0", 100, 1), Known::Forgotten);
        assert_eq!(look(&marks, "s0", 100, 2), Known::Forgotten, "not decided anew");
        assert_eq!(look(&marks, "s20", 120, 1), Known::Decided(Outcome::Acknowledged(Seq(10))));
        assert_eq!(look(&marks, "fresh", 120, 1), Known::New);
        assert_eq!(look(&marks, "old and unknown", 90, 1), Known::Forgotten);
    }

    #[test]
    fn m21_a_refold_gives_a_session_behind_the_horizon_no_new_mark() {
        let mut marks = Marks::new(20, 10);
        for session in 0..=20 {
            decide(&mut marks, &format!("s{session}"), 100 + session, 1, 1);
        }
        // Its second number stands in the log behind the base, its first before it.
        decide(&mut marks, "s0", 100, 0, 2);
        assert_eq!(look(&marks, "s0", 100, 1), Known::Forgotten, "not superseded");
        assert_eq!(look(&marks, "s0", 100, 2), Known::Forgotten);
    }

    #[test]
    fn m20_a_rejection_that_was_told_stands_when_the_log_is_read_again() {
        let (ann, session) = (ClientId::new("ann"), SessionId::new("s"));
        let mut before = Marks::new(10, 10);
        let no = || Error::new(Code::Rejected, "no");
        before.rejected(&ann, &session, claim(5, 1), ClientSeq(1), (Seq(7), no()));
        decide(&mut before, "s", 5, 1, 2);
        before.rejected(&ann, &session, claim(5, 1), ClientSeq(3), (Seq(8), no()));
        // Number 2, item 8, is lost, and the second rejection depends on it.
        let mut again = Marks::new(10, 10);
        again.keep_rejections(&before, Seq(7));
        assert_eq!(look(&again, "s", 5, 1), Known::Decided(Outcome::Rejected(no())));
        assert_eq!(look(&again, "s", 5, 2), Known::New);
        assert_eq!(look(&again, "s", 5, 3), Known::New);
    }

    #[test]
    fn m20_marks_survive_as_records() {
        let mut marks = Marks::new(10, 10);
        decide(&mut marks, "s", 5, 1, 1);
        let (records, horizon) = marks.to_records();
        let mut again = Marks::new(10, 10);
        again.take_in(&records, horizon);
        assert_eq!(look(&again, "s", 5, 1), look(&marks, "s", 5, 1));
    }
}
