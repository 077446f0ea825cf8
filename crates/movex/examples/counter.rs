//! A counter in the terminal: type a number to add it.
//!
//! Alone: `cargo run -p movex --example counter`. With others: `cargo run -p movex-server --example counter`, then
//! `cargo run -p movex --example counter ws://localhost:3333`, and in a second terminal the same with the rid behind it.

use movex::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
struct Count {
    count: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "camelCase")]
enum CountAction {
    Increment,
    Add(i64),
}

#[derive(Default)]
struct Counter;

impl Reducer for Counter {
    type State = Count;
    type Action = CountAction;

    fn init(&self, _: &Context) -> Count {
        Count::default()
    }

    fn reduce(&self, state: &Count, action: &CountAction, _: &Context) -> Count {
        let by = match action {
            CountAction::Increment => 1,
            CountAction::Add(by) => *by,
        };
        Count { count: state.count.wrapping_add(by) }
    }
}

impl Resource for Counter {
    const TYPE: &'static str = "counter";
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let movex = match args.next() {
        Some(url) => Movex::connect(&url).await?,
        None => Movex::local(App::new().with::<Counter>()).await?,
    };
    let counters = movex.resource::<Counter>();
    let rid = match args.next() {
        Some(rid) => Rid::parse(&rid)?,
        None => counters.create_default().await?,
    };
    println!("{rid}");
    let counter = counters.bind(&rid).await?;
    let _drawing = counter.on_change(|view| {
        let (count, people) = (view.state.count, view.subscribers.len());
        println!("{count}, seen by {people}");
    })?;
    for line in std::io::stdin().lines() {
        match line?.trim() {
            "" => drop(counter.dispatch(&CountAction::Increment)),
            number => match number.parse() {
                Ok(by) => drop(counter.dispatch(&CountAction::Add(by))),
                Err(error) => println!("{number} is no number: {error}"),
            },
        }
    }
    movex.close().await;
    println!("{} at the end", counter.state().count);
    Ok(())
}
