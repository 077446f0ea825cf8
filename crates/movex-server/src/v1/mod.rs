//! Protocol v1 over WebSocket: one frame of `movex_core::v1` in each text message, at [`PATH`].

mod gate;
mod notary;
mod peer;

pub(crate) use gate::{Gate, router};
pub(crate) use notary::Notary;

/// Where v1 is spoken.
pub(crate) const PATH: &str = "/movex/v1";
