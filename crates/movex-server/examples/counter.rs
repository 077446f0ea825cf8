//! A server for one native reducer: `cargo run -p movex-server --example counter`, then connect any npm movex client.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use movex_core::context::Context;
use movex_core::ids::AppVersion;
use movex_core::reducer::{DynReducer, Native, Reducer, ReportSink};
use movex_server::{LoadError, Loaded, Server, Settings};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Count {
    count: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "camelCase")]
enum CountAction {
    Increment,
    Add(i64),
}

struct Counter;

impl Reducer for Counter {
    type State = Count;
    type Action = CountAction;

    fn init(&self, _: &Context) -> Count {
        Count { count: 0 }
    }

    fn reduce(&self, state: &Count, action: &CountAction, _: &Context) -> Count {
        let by = match action {
            CountAction::Increment => 1,
            CountAction::Add(by) => *by,
        };
        Count { count: state.count.wrapping_add(by) }
    }
}

fn load(_: ReportSink) -> Result<Loaded, LoadError> {
    let counter: Rc<dyn DynReducer> = Rc::new(Native::new(Counter));
    Ok(Loaded { reducers: [("counter".to_owned(), counter)].into(), version: AppVersion::new("1") })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(3333);
    let settings = Settings { port, ..Settings::default() };
    let server = Server::start(Arc::new(load), settings).await?;
    println!("http://{}", server.address());
    tokio::signal::ctrl_c().await?;
    server.end(Duration::from_secs(2)).await;
    Ok(())
}
