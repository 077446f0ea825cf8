//! The steps of the plan.

use movex_core::client::DispatchOptions;
use movex_core::ids::{ClientId, ClientSeq, Epoch, Seq, SessionId};
use movex_core::master::{Ask, ConnectionId, Hello, Protocol};

use super::{Side, World};
use crate::chance::Chance;
use crate::plan::Step;

impl World {
    pub(super) fn take_step(&mut self, step: Step) {
        match step {
            Step::Dispatch { who, body, optimistic, refuse_stale_phase } => {
                self.dispatch(who, body, DispatchOptions { optimistic, refuse_stale_phase })
            }
            Step::Cut { who, noticed_after, back_after } => self.cut(who, noticed_after, back_after),
            Step::Drop { who, noticed_after } => {
                if let Some(link) = self.people[who].link {
                    self.counted("half-open");
                    self.break_off(link, noticed_after);
                }
            }
            Step::Vanish { who } => {
                self.counted("vanished");
                let link = self.people[who].link;
                self.people[who].gone = true;
                self.lose_link(who);
                if let Some(link) = link {
                    self.after(100, super::Happening::MasterNotices(link));
                }
            }
            Step::Slow { who, for_ms } => {
                self.counted("slow reader");
                self.people[who].slow_until = self.now + for_ms;
            }
            Step::Resend { who } => self.resend(who),
            Step::Crash { down_ms } => self.crash(down_ms),
            Step::StoreFails => self.store_fails(),
            Step::Skew { ms } => self.skew(ms),
            Step::Reload => self.reload(),
            Step::Forfeit => self.forfeit(),
            Step::Cheat { who, trick } => self.cheat(who, &mut Chance::new(trick)),
            Step::Look => self.look(),
        }
    }

    /// What somebody tries who speaks the protocol without the client resource (G7).
    fn cheat(&mut self, who: usize, chance: &mut Chance) {
        self.counted("cheats");
        let Side::Cheat(known) = &self.people[who].side else {
            return;
        };
        let (epoch, head) = known.unwrap_or((Epoch(1), Seq(0)));
        let body = match chance.below(4) {
            0 => crate::workload::public(r#"{"type":"tick"}"#),
            1 => crate::workload::public(r#"{"type":"no such thing","payload":{"author":"~ann"}}"#),
            _ => self.plan.workload.body(chance),
        };
        let number = ClientSeq(chance.pick(&[0, 1, 2, 3, 7, 1_000_000]) + chance.below(4));
        let epoch = chance.pick(&[epoch, epoch, Epoch(epoch.0 ^ 1)]);
        match chance.below(7) {
            0 => self.take_over(who, chance),
            1 => self
                .ask(who, Ask::Follow { from: Some((epoch, Seq(head.0 + chance.below(3)))), floor: number }),
            _ => self.ask(
                who,
                Ask::Dispatch {
                    body: body.into(),
                    epoch: Some(epoch),
                    seen_reveal: Some(Seq(chance.below(40))).filter(|_| chance.one_in(2)),
                    number: Some((number, ClientSeq(chance.below(number.0 + 2)))),
                },
            ),
        }
    }

    /// An id belongs to one protocol: naming a v1 identity over v0, which proves nothing, is refused (G7).
    fn take_over(&mut self, who: usize, chance: &mut Chance) {
        if !self.server.up {
            return;
        }
        let connection = ConnectionId(5_000_000 + self.count);
        let victim = ClientId::new(chance.pick(&["~ann", "~bob"]));
        self.server.master.connected(Hello {
            connection,
            protocol: Protocol::V0,
            named: Some(victim.clone()),
            fresh: ClientId::new("fresh"),
            info: "{}".into(),
            session: SessionId::new("cheat"),
        });
        let cheat = self.people[who].id.clone();
        let outputs = self.server.master.take_outputs();
        let welcomed =
            outputs.iter().any(|output| matches!(output, movex_core::master::Output::Welcome { .. }));
        if welcomed {
            self.violation("G7", format!("{cheat} is let in as {victim}"));
        }
    }
}
