//! G2: when messages stop, what every client has confirmed is the master's view for it, and the master's views are
//! what the log means.

use movex_core::context::TimeMs;
use movex_core::ids::ClientId;
use movex_core::reducer::DynReducer;

use super::{Say, reference};
use crate::world::{Person, Side, World};

pub(super) fn check(world: &World, say: &mut Say<'_>) {
    let Some(resource) = world.resource() else {
        return say("G5", "the resource is gone".into());
    };
    let reducer = world.plan.workload.on_client();
    let master = |viewer: &ClientId| {
        let shown = resource.state_shown(TimeMs(world.now), Some(viewer));
        shown.ok().and_then(|shown| shown.json).map(|json| json.to_string())
    };
    let mut viewers: Vec<&ClientId> = world.people.iter().map(|person| &person.id).collect();
    viewers.dedup();
    for viewer in viewers {
        let told = of_the_log(world, &*reducer, viewer);
        let has = master(viewer);
        if told != has {
            say("G2", format!("the view of {viewer} is {has:?}, and the log says {told:?}"));
        }
    }
    for person in world.people.iter().filter(|person| !person.gone) {
        let who = &person.session;
        let Some((state, problem)) = confirmed(person) else {
            continue;
        };
        if let Some(problem) = problem {
            say("G2", format!("{who} {problem}"));
        }
        let theirs = state.and_then(|state| reducer.to_json(state).ok().flatten());
        let has = master(&person.id);
        if theirs != has {
            say("G2", format!("{who} has {theirs:?}, and the master {has:?} for it"));
        }
        if let Side::V1(machine) = &person.side
            && machine.position() != Some((resource.epoch(), resource.head()))
        {
            let head = (resource.epoch(), resource.head());
            say("G2", format!("{who} is at {:?}, and the master at {head:?}", machine.position()));
        }
    }
}

/// What somebody has confirmed, and what is not at rest.
fn confirmed(person: &Person) -> Option<(Option<&movex_core::reducer::State>, Option<String>)> {
    match &person.side {
        Side::V1(machine) => {
            let pending: Vec<_> = machine.pending().collect();
            let problem = if !machine.is_live() {
                Some("is not subscribed".to_owned())
            } else if !pending.is_empty() {
                Some(format!("waits for {pending:?}"))
            } else {
                None
            };
            Some((machine.confirmed(), problem))
        }
        Side::V0(legacy) => Some((legacy.state.as_ref(), None)),
        Side::Cheat(_) => None,
    }
}

/// The meaning of the log for a viewer, told without the resource's code.
fn of_the_log(world: &World, reducer: &dyn DynReducer, viewer: &ClientId) -> Option<String> {
    let chapters = world.store.chapters();
    let chapter = chapters.last()?;
    let base = &chapter.base;
    let read = |json: &Option<String>| reducer.parse(json.as_deref()).ok();
    let fork = base.forks.iter().find(|(client, _)| client == viewer);
    let fork = fork.and_then(|(_, json)| read(json));
    let stopped = base.stopped.contains(viewer);
    let public = read(&base.public)?;
    let state = reference::fold(reducer, public, &chapter.records, Some(viewer), fork, stopped);
    reducer.to_json(&state).ok().flatten()
}
