//! The checksum of protocol v1: a structural hash of 64 bits that a JavaScript engine computes as fast as Rust.
//!
//! Two lanes of 32 bits, so that JavaScript needs `Math.imul` and nothing wider. Strings are hashed by UTF-16 code unit,
//! numbers by the bits of the 64-bit float (with one zero), so the form in which a number was written does not matter.
//! An object is a sum over its members and an array a sum over its elements with their places: the order of keys does
//! not show (M6), and one changed element of a long list costs its own term.
//!
//! A sum of well mixed terms was chosen over a polynomial for arrays: modulo 2^32, `M^i - M^j` has as many trailing zero
//! bits as `i - j` (and two more), so swapping two elements that stand 1,024 apart would leave 20 bits of each lane to
//! tell. The tests of this file examine that and what else could collide.
//!
//! It finds replicas that went apart. It is no proof against somebody who makes states collide on purpose.

use std::fmt;

use serde_json::Value;

/// A hash under construction, and finished: the two lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lanes(pub u32, pub u32);

/// A state's checksum.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChecksumV1(pub u64);

impl fmt::Display for ChecksumV1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for ChecksumV1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Lanes> for ChecksumV1 {
    fn from(Lanes(high, low): Lanes) -> Self {
        Self(u64::from(high) << 32 | u64::from(low))
    }
}

/// `undefined`.
pub const UNDEFINED: Lanes = Lanes(0x2545_f491, 0x4f6c_dd1d);
/// `null`.
pub const NULL: Lanes = Lanes(0x9e37_79b9, 0x7f4a_7c15);
/// `true`.
pub const TRUE: Lanes = Lanes(0xbf58_476d, 0x1ce4_e5b9);
/// `false`.
pub const FALSE: Lanes = Lanes(0x94d0_49bb, 0x1331_11eb);

const NUMBER: Lanes = Lanes(0x6a09_e667, 0xbb67_ae85);
const STRING: Lanes = Lanes(0x3c6e_f372, 0xa54f_f53a);
const ARRAY: Lanes = Lanes(0x510e_527f, 0x9b05_688c);
const OBJECT: Lanes = Lanes(0x1f83_d9ab, 0x5be0_cd19);

/// The finaliser of MurmurHash3: every bit of the input moves every bit of the output.
fn mix(mut h: u32) -> u32 {
    h ^= h >> 16;
    h = h.wrapping_mul(0x85eb_ca6b);
    h ^= h >> 13;
    h = h.wrapping_mul(0xc2b2_ae35);
    h ^ h >> 16
}

/// Two pairs of lanes to one, neither lane of which tells the other.
fn join(Lanes(a, b): Lanes, Lanes(c, d): Lanes) -> Lanes {
    let high = mix(a ^ mix(c.wrapping_add(0x9e37_79b1)).wrapping_add(d.rotate_left(16)));
    let low = mix(b ^ mix(d.wrapping_add(0x85eb_ca77)).wrapping_add(c.rotate_left(11)) ^ high.rotate_left(7));
    Lanes(high, low)
}

/// A number. Both zeros are one, as JSON has it.
pub fn number(number: f64) -> Lanes {
    // `-0 + 0` is `0`.
    let bits = (number + 0.0).to_bits();
    join(NUMBER, Lanes((bits >> 32) as u32, bits as u32))
}

/// A string, by its UTF-16 code units.
pub fn string(units: impl IntoIterator<Item = u16>) -> Lanes {
    let Lanes(mut a, mut b) = STRING;
    let mut length = 0_u32;
    for unit in units {
        a = (a ^ u32::from(unit)).wrapping_mul(0x0100_0193);
        b = (b.rotate_left(13) ^ u32::from(unit)).wrapping_mul(0x9e37_79b1);
        length = length.wrapping_add(1);
    }
    join(Lanes(a, b), Lanes(length, 0x27d4_eb2f))
}

/// A member of an object: a term of its sum. The key is hashed as a string.
pub fn member(key: Lanes, value: Lanes) -> Lanes {
    join(key, value)
}

/// An element of an array at its place: a term of its sum.
pub fn element(index: u32, value: Lanes) -> Lanes {
    join(value, Lanes(index, 0x1656_67b1))
}

/// One more term.
pub fn add(Lanes(a, b): Lanes, Lanes(c, d): Lanes) -> Lanes {
    Lanes(a.wrapping_add(c), b.wrapping_add(d))
}

/// An object, from the sum of its members and their number.
pub fn object(sum: Lanes, members: u32) -> Lanes {
    join(add(sum, OBJECT), Lanes(members, OBJECT.1))
}

/// An array, from the sum of its elements and their number.
pub fn array(sum: Lanes, elements: u32) -> Lanes {
    join(add(sum, ARRAY), Lanes(elements, ARRAY.1))
}

/// The checksum of a state; `None` is `undefined`.
pub fn checksum_v1(state: Option<&Value>) -> ChecksumV1 {
    state.map_or(UNDEFINED, lanes_of).into()
}

/// The lanes of a value.
pub fn lanes_of(value: &Value) -> Lanes {
    match value {
        Value::Null => NULL,
        Value::Bool(true) => TRUE,
        Value::Bool(false) => FALSE,
        Value::Number(value) => number(value.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => string(text.encode_utf16()),
        Value::Array(items) => {
            let terms = (0_u32..).zip(items).map(|(index, item)| element(index, lanes_of(item)));
            array(terms.fold(Lanes(0, 0), add), items.len() as u32)
        }
        Value::Object(map) => {
            let terms = map.iter().map(|(key, value)| member(string(key.encode_utf16()), lanes_of(value)));
            object(terms.fold(Lanes(0, 0), add), map.len() as u32)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;

    use super::*;

    fn of(value: &Value) -> u64 {
        checksum_v1(Some(value)).0
    }

    #[test]
    fn m6_the_order_of_keys_and_the_form_of_numbers_do_not_show() {
        assert_eq!(of(&json!({"a": 1, "b": [1.0, -0.0]})), of(&json!({"b": [1, 0], "a": 1.0})));
    }

    #[test]
    fn what_looks_alike_differs() {
        let alike = [
            json!(null),
            json!(false),
            json!(true),
            json!(0),
            json!(1),
            json!(""),
            json!("0"),
            json!([]),
            json!({}),
            json!([0]),
            json!([null]),
            json!([[]]),
            json!({"0": 0}),
            json!({"": null}),
            json!([0, 0]),
            json!("null"),
        ];
        let mut seen: HashSet<u64> = alike.iter().map(of).collect();
        assert!(seen.insert(checksum_v1(None).0));
        assert_eq!(seen.len(), alike.len() + 1);
    }

    /// Lanes of 32 bits collide by chance; that many of so many is what chance gives, with room for four deviations.
    fn examine(name: &str, values: impl Iterator<Item = Value>) {
        let (mut whole, mut high, mut low) = (HashSet::new(), HashSet::new(), HashSet::new());
        let mut count = 0_u64;
        for value in values {
            let hash = of(&value);
            assert!(whole.insert(hash), "{name}: two values have {hash:016x}, one is {value}");
            high.insert((hash >> 32) as u32);
            low.insert(hash as u32);
            count += 1;
        }
        let expected = (count * count) as f64 / 2.0 / 4_294_967_296.0;
        for (lane, distinct) in [("high", high.len()), ("low", low.len())] {
            let collided = count - distinct as u64;
            let most = expected + 4.0 * expected.sqrt() + 4.0;
            assert!(
                (collided as f64) < most,
                "{name}, {lane} lane: {collided} collide, by chance {expected:.1}"
            );
        }
    }

    #[test]
    fn states_of_games_do_not_collide() {
        const MANY: u64 = 50_000;
        examine("small integers", (0..MANY).map(|n| json!(n)));
        examine("negative and fractional", (0..MANY).map(|n| json!(-(n as f64) / 8.0)));
        examine("counters", (0..MANY).map(|n| json!({"count": n, "step": 1})));
        examine("two counters", (0..MANY).map(|n| json!({"a": n % 500, "b": n / 500})));
        examine("points", (0..MANY).map(|n| json!([n % 700, n / 700])));
        examine("ids", (0..MANY).map(|n| json!(format!("player-{n}"))));
        examine(
            "short texts",
            (0..MANY).map(|n| json!(String::from_utf16_lossy(&[(n % 900) as u16, (n / 900) as u16]))),
        );
        examine(
            "boards",
            (0..MANY).map(|n| json!((0..9).map(|at| n / 3_u64.pow(at) % 3).collect::<Vec<_>>())).take(19_683),
        );
        examine("nested", (0..MANY).map(|n| json!({"p": {"q": {"r": [{"n": n}]}}})));
        examine("keys", (0..MANY).map(|n| json!({format!("k{n}"): true})));
    }

    #[test]
    fn swaps_far_apart_do_not_collide() {
        let list: Vec<u64> = (0..2_048).collect();
        let swaps = (1..2_048_usize).map(|apart| {
            let mut list = list.clone();
            list.swap(0, apart);
            json!(list)
        });
        examine("swaps with the first", swaps);
        let neighbours = (0..2_047_usize).map(|at| {
            let mut list = list.clone();
            list.swap(at, at + 1);
            json!(list)
        });
        examine("swapped neighbours", neighbours);
        examine(
            "rotations",
            (0..2_048_usize).map(|by| {
                let mut list = list.clone();
                list.rotate_left(by);
                json!(list)
            }),
        );
    }

    #[test]
    fn values_exchanged_between_members_do_not_collide() {
        let names: Vec<String> = (0..200).map(|at| format!("player{at}")).collect();
        let exchanged =
            (0..200_usize).flat_map(|one| (one + 1..200).map(move |two| (one, two))).map(|(one, two)| {
                let score = |at: usize| {
                    if at == one {
                        two
                    } else if at == two {
                        one
                    } else {
                        at
                    }
                };
                Value::Object(
                    names.iter().enumerate().map(|(at, name)| (name.clone(), json!(score(at)))).collect(),
                )
            });
        examine("exchanged scores", exchanged);
    }

    #[test]
    fn one_bit_moves_half_of_the_bits() {
        let mut flipped = 0_u64;
        let mut pairs = 0_u64;
        for n in 0..2_000_u64 {
            for bit in 0..30 {
                let changed = of(&json!({"value": n})) ^ of(&json!({"value": n ^ 1 << bit}));
                flipped += u64::from(changed.count_ones());
                pairs += 1;
            }
        }
        let share = flipped as f64 / (pairs * 64) as f64;
        assert!((0.498..0.502).contains(&share), "{share}");
    }

    #[test]
    fn vectors() {
        // Other implementations replay these; a change here is a change of the protocol.
        for (json, checksum) in [
            ("null", "9e3779b97f4a7c15"),
            ("true", "bf58476d1ce4e5b9"),
            ("0", "1993e58985eeb773"),
            ("-1.5", "03eaf4198a28cac2"),
            (r#""""#, "a4664bdf5d1a7a19"),
            (r#""é😀""#, "b9ebc42c082fde2f"),
            ("[]", "d360b65caaed2f37"),
            ("{}", "3f2c5a00270a7010"),
            (r#"[1,[2,"3"],{"a":null}]"#, "b45f826bbbf42a15"),
            (r#"{"value":2,"list":["x",false]}"#, "5704c58e4e2e1239"),
        ] {
            let value: Value = serde_json::from_str(json).unwrap();
            assert_eq!(checksum_v1(Some(&value)).to_string(), checksum, "{json}");
        }
    }
}
