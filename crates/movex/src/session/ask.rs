//! What the app asks.

use std::rc::Rc;
use std::sync::Arc;

use movex_core::action::Body;
use movex_core::client::DispatchOptions;
use movex_core::context::TimeMs;
use movex_core::error::{Code, Error};
use movex_core::ids::{ClientSeq, Rid};
use movex_core::reducer::DynReducer;
use movex_core::v1::ClientFrame;

use super::binding::{Binding, Shown};
use super::{Create, ENVELOPE_BYTES, Event, Link, Session};

impl Session {
    /// Makes a resource. `fresh_id`: its id was drawn at random for this.
    pub fn create(&mut self, rid: Rid, state: Option<Arc<str>>, fresh_id: bool) -> u64 {
        self.requests += 1;
        let request = self.requests;
        let size = state.as_deref().map_or(0, str::len) + rid.as_str().len() + ENVELOPE_BYTES;
        if size as u64 > self.message_bytes_max {
            let result = Err(self.too_large());
            self.event(Event::Created { request, result });
            return request;
        }
        let create = Create { rid, state, fresh_id, repeated: false };
        self.creates.insert(request, create);
        if self.link == Link::Up {
            self.send_create(request);
        }
        request
    }

    pub(super) fn send_create(&mut self, request: u64) {
        if let Some(Create { rid, state, .. }) = self.creates.get(&request) {
            let (rid, state) = (rid.clone(), state.clone());
            self.send(ClientFrame::Create { request, rid, state });
        }
    }

    pub(super) fn created(&mut self, request: u64, result: Result<Rid, Error>) {
        let Some(create) = self.creates.remove(&request) else {
            return;
        };
        let result = match result {
            Err(error) if error.code == Code::ResourceExists && create.repeated && create.fresh_id => {
                Ok(create.rid)
            }
            result => result,
        };
        self.event(Event::Created { request, result });
    }

    /// Looks at a resource; [`Event::Bound`] tells when there is a state, also when there was one already.
    pub fn bind(&mut self, now: TimeMs, rid: &Rid, reducer: impl FnOnce() -> Rc<dyn DynReducer>) {
        match self.bindings.get_mut(rid) {
            Some(binding) => {
                binding.wanted = true;
                if binding.shown_machine().is_some() {
                    self.event(Event::Bound { rid: rid.clone() });
                }
            }
            None => {
                self.bindings.insert(rid.clone(), Binding::new(reducer()));
                self.follow(now, rid);
            }
        }
    }

    /// Looks no more. What is pending still ends.
    pub fn unbind(&mut self, rid: &Rid) {
        if let Some(binding) = self.bindings.get_mut(rid) {
            binding.wanted = false;
            self.let_go();
        }
    }

    /// Dispatches; none where the app does not look. What is shown has changed when it returns.
    pub fn dispatch(
        &mut self,
        now: TimeMs,
        rid: &Rid,
        body: Body,
        options: DispatchOptions,
    ) -> Option<ClientSeq> {
        self.bindings.get(rid)?.shown_machine()?;
        let mut number = None;
        self.drive(now, rid, |machine, now, out| {
            number = Some(machine.dispatch(now, body, options, out));
        });
        number
    }

    /// Shows something of oneself to the others who look: JSON text, not in the log. It is shown again after a cut.
    pub fn show(&mut self, rid: &Rid, value: Option<Arc<str>>) {
        let Some(binding) = self.bindings.get_mut(rid) else {
            return;
        };
        binding.shown = Some(Shown { value: value.clone(), sent: false });
        if binding.is_live() {
            self.show_again(rid);
        } else if let Some(me) = self.me.clone() {
            self.present(rid.clone(), |binding| binding.shows(&me, value));
        }
    }
}
