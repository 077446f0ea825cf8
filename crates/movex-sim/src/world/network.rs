//! Connections: they delay, jitter, repeat, hang half open and break.

use movex_core::client::{FromMaster, ToMaster};
use movex_core::master::{Answer, Ask, ConnectionId, Event};

use super::{Happening, Side, World};
use crate::plan::Kind;

/// What a client's transport sends.
#[derive(Clone, Debug)]
pub(crate) enum Up {
    /// It is there.
    Hello,
    /// A frame of the client resource's.
    V1(ToMaster),
    /// A request under the client's own number.
    Ask(u64, Ask),
}

/// What a client's transport hears.
#[derive(Clone, Debug)]
pub(crate) enum Down {
    /// A frame for the client resource.
    V1(FromMaster),
    /// An event for a v0 client.
    Event(Event),
    /// The answer to the client's request of that number.
    Answer(u64, Answer),
}

/// A connection.
pub(crate) struct Link {
    pub(crate) who: usize,
    /// The client believes in it.
    at_client: bool,
    /// The master's side of it is there.
    pub(crate) at_master: bool,
    greeted: bool,
    /// When the last frame arrives, in either direction: none overtakes another.
    up_at: u64,
    down_at: u64,
    ups: u64,
    downs: u64,
    /// Frames that the client has not read yet.
    unread: u64,
    last_up: Option<Up>,
}

/// Frames that may wait for a client that does not read; then it is cut off (G9).
const UNREAD_MAX: u64 = 30;

impl World {
    /// A client opens a connection and says what it has to say.
    pub(super) fn connect(&mut self, who: usize) {
        let person = &mut self.people[who];
        if person.link.is_some() || person.gone {
            return;
        }
        person.connections += 1;
        let id = (who as u64) * 10_000 + person.connections;
        person.link = Some(id);
        if person.connections > 1 {
            self.counted("comes back");
        }
        self.links.insert(
            id,
            Link {
                who,
                at_client: true,
                at_master: true,
                greeted: false,
                up_at: self.now,
                down_at: self.now,
                ups: 0,
                downs: 0,
                unread: 0,
                last_up: None,
            },
        );
        self.send_up(id, Up::Hello);
        self.greet(who);
    }

    pub(super) fn send_up(&mut self, link: u64, up: Up) {
        let Some(state) = self.links.get(&link) else {
            return;
        };
        let delay = self.delay(link, 0, state.ups, state.who);
        let Some(state) = self.links.get_mut(&link) else {
            return;
        };
        if !state.at_client {
            return;
        }
        state.ups += 1;
        state.up_at = state.up_at.max(self.now + delay);
        let arrives = state.up_at - self.now;
        if !matches!(up, Up::Hello) {
            state.last_up = Some(up.clone());
        }
        self.after(arrives, Happening::ToMaster(link, up));
    }

    /// The transport sends what it had sent last once more.
    pub(super) fn resend(&mut self, who: usize) {
        let Some(link) = self.people[who].link else { return };
        // v0 has nothing by which a repeated dispatch is known for one: its transport repeats none.
        if matches!(self.people[who].side, Side::V0(_)) {
            return;
        }
        if let Some(up) = self.links.get(&link).and_then(|link| link.last_up.clone()) {
            self.counted("resent");
            self.send_up(link, up);
        }
    }

    pub(super) fn send_down(&mut self, link: u64, down: Down) {
        let Some(state) = self.links.get(&link).filter(|link| link.at_master) else {
            return;
        };
        let (who, nth) = (state.who, state.downs);
        let delay = self.delay(link, 1, nth, who);
        let slow_until = self.people[who].slow_until;
        // Some frames come twice: a client ignores what it has (M24).
        let again = matches!(down, Down::V1(FromMaster::Item(_)))
            && self.plan.twin.is_none()
            && self.chance(&[9, link, nth]).one_in(12);
        let Some(state) = self.links.get_mut(&link) else {
            return;
        };
        state.downs += 1;
        state.unread += 1;
        state.down_at = state.down_at.max(self.now + delay).max(slow_until);
        let (arrives, unread) = (state.down_at - self.now, state.unread);
        if again {
            state.unread += 1;
            self.counted("frames twice");
            self.after(arrives, Happening::ToClient(link, down.clone()));
        }
        self.after(arrives, Happening::ToClient(link, down));
        if unread > UNREAD_MAX {
            self.counted("slow reader cut off");
            self.break_off(link, 30);
        }
    }

    fn delay(&self, link: u64, direction: u64, nth: u64, who: usize) -> u64 {
        if let Some(ms) = self.plan.delay_ms {
            return ms;
        }
        // In a pair of runs Ann may send and get more frames in one than in the other: her delays are all alike.
        if self.plan.twin.is_some() && who == 0 {
            return 7;
        }
        1 + self.chance(&[3, link, direction, nth]).below(25)
    }

    /// The client's side is gone; what is under way to the master still arrives until the master notices.
    pub(super) fn cut(&mut self, who: usize, noticed_after: u64, back_after: u64) {
        let Some(link) = self.people[who].link else { return };
        self.counted("cuts");
        self.lose_link(who);
        self.after(noticed_after, Happening::MasterNotices(link));
        self.after(back_after, Happening::Connect(who));
    }

    /// The master's side is gone; the client notices after a while.
    pub(super) fn break_off(&mut self, link: u64, noticed_after: u64) {
        self.master_notices(link);
        self.after(noticed_after, Happening::ClientNotices(link));
    }

    /// The client's side of its connection is gone.
    pub(super) fn lose_link(&mut self, who: usize) {
        if let Some(link) = self.people[who].link.take()
            && let Some(state) = self.links.get_mut(&link)
        {
            state.at_client = false;
        }
        self.disconnected(who);
    }

    pub(super) fn client_notices(&mut self, link: u64) {
        let Some(who) = self.links.get(&link).map(|link| link.who) else {
            return;
        };
        if self.people[who].link == Some(link) {
            self.lose_link(who);
            let back = 5 + self.chance(&[4, link]).below(60);
            self.after(back, Happening::Connect(who));
        }
    }

    /// The master's side of a connection ends.
    pub(super) fn master_notices(&mut self, link: u64) {
        let Some(state) = self.links.get_mut(&link) else {
            return;
        };
        let knew = state.at_master && state.greeted;
        state.at_master = false;
        if knew && self.server.up {
            let now = self.wall();
            self.server.master.disconnected(now, ConnectionId(link));
            self.settle();
        }
    }

    /// The master closed it.
    pub(super) fn closed(&mut self, link: u64) {
        if let Some(state) = self.links.get_mut(&link) {
            state.at_master = false;
        }
        self.after(10, Happening::ClientNotices(link));
    }

    /// The process is gone, and all connections with it.
    pub(super) fn all_connections_end(&mut self) {
        let mut ended = Vec::new();
        for (id, link) in &mut self.links {
            if std::mem::take(&mut link.at_master) {
                ended.push(*id);
            }
        }
        for link in ended {
            let ms = 1 + self.chance(&[5, link]).below(60);
            self.after(ms, Happening::ClientNotices(link));
        }
    }

    pub(super) fn at_master(&mut self, link: u64, up: Up) {
        let Some(state) = self.links.get_mut(&link) else {
            return;
        };
        if !self.server.up {
            // Nobody listens: the client is told by its own system.
            state.at_master = false;
            return self.after(15, Happening::ClientNotices(link));
        }
        if !state.at_master {
            return;
        }
        let who = state.who;
        if matches!(up, Up::Hello) {
            state.greeted = true;
        }
        self.receive_up(link, who, up);
    }

    pub(super) fn at_client(&mut self, link: u64, down: Down) {
        let Some(state) = self.links.get_mut(&link) else {
            return;
        };
        state.unread = state.unread.saturating_sub(1);
        let who = state.who;
        if state.at_client && self.people[who].link == Some(link) {
            self.receive_down(who, down);
        }
    }

    /// Whose connection it is.
    pub(super) fn who(&self, link: u64) -> Option<usize> {
        self.links.get(&link).map(|link| link.who)
    }

    pub(super) fn kind_of(&self, link: u64) -> Option<Kind> {
        let link = self.links.get(&link)?;
        Some(self.plan.guests[link.who].kind)
    }
}
