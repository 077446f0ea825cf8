//! The smallest app, from its file to a state.

mod app;

use app::{App, action_with, context};
use movex_core::checksum::checksum_v0;
use movex_core::reducer::Features;

const COUNTER: &str = "
type State = { value: number };
type Action = { type: 'increment' } | { type: 'incrementBy'; payload: number };
const initial: State = { value: 0 };
const counter = (state: State = initial, action: Action): State => {
    switch (action.type) {
        case 'increment': return { ...state, value: state.value + 1 };
        case 'incrementBy': return { ...state, value: state.value + action.payload };
        default: return state;
    }
};
export default { resources: { counter } };
";

#[test]
fn a_counter_counts() {
    let host = App::of(COUNTER).host();
    assert_eq!(host.host.resource_types(), ["counter"]);
    let counter = host.of("counter");
    let state = counter.init();
    assert_eq!(counter.json(&state), r#"{"value":0}"#);
    let state = counter.next(&state, "increment");
    let state = counter.next_by(&state, &action_with("incrementBy", "41"));
    assert_eq!(counter.json(&state), r#"{"value":42}"#);
    let value = serde_json::json!({"value": 42});
    assert_eq!(counter.0.checksum_v0(&state).unwrap(), checksum_v0(Some(&value)));
    assert_eq!(counter.0.features(), Features { cheap_checksum_v1: true, ..Features::default() });
    assert!(host.host.reducer("other").is_none());
    assert!(counter.0.init(&context()).is_ok());
}
