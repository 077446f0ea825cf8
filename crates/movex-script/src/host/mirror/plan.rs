//! How the keys of an object are written. States have few kinds of objects, so the plans are kept.

#![allow(unsafe_code)]

use std::collections::HashMap;
use std::rc::Rc;

use movex_core::checksum::v1::{self, Lanes};
use movex_core::json::{array_index, write_js_string};
use rquickjs::qjs;

use super::walk::Stop;

/// Plans are forgotten when they hold so many keys together: an app that makes up keys must not fill the memory.
const KEYS_MAX: usize = 64 * 1024;

/// How the keys of one list are written.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Each key in quotes with its colon, in the list's order.
    pub(crate) keys: Box<[Box<str>]>,
    /// Each key's v1 hash, in the list's order.
    pub(crate) hashes: Box<[Lanes]>,
    /// The list's places in sorted order; `None` when that is the list's own.
    pub(crate) sorted: Option<Box<[u32]>>,
}

/// The plans by their lists of atoms. The atoms are kept alive: a freed one's number is used again.
#[derive(Debug, Default)]
pub(crate) struct Plans {
    plans: HashMap<Box<[u32]>, Rc<Plan>>,
    keys: usize,
}

impl Plans {
    /// The plan for a list of keys.
    ///
    /// # Safety
    /// The context is alive, and the atoms are alive atoms of it.
    pub(crate) unsafe fn plan(
        &mut self,
        context: *mut qjs::JSContext,
        atoms: &[u32],
    ) -> Result<Rc<Plan>, Stop> {
        if let Some(plan) = self.plans.get(atoms) {
            return Ok(plan.clone());
        }
        // SAFETY: the caller vouches for context and atoms.
        let plan = Rc::new(unsafe { make(context, atoms) }?);
        if self.keys + atoms.len() > KEYS_MAX {
            // SAFETY: the caller vouches for the context; the runtime is its own.
            self.clear(unsafe { qjs::JS_GetRuntime(context) });
        }
        if atoms.len() <= KEYS_MAX {
            for atom in atoms {
                // SAFETY: the caller vouches for context and atoms; `clear` gives the references back.
                unsafe { qjs::JS_DupAtom(context, *atom) };
            }
            self.keys += atoms.len();
            self.plans.insert(atoms.into(), plan.clone());
        }
        Ok(plan)
    }

    /// Forgets all plans.
    pub(crate) fn clear(&mut self, runtime: *mut qjs::JSRuntime) {
        for atom in self.plans.drain().flat_map(|(atoms, _)| atoms) {
            // SAFETY: `plan` took a reference for each atom of each list, and the runtime is the one it took it from.
            unsafe { qjs::JS_FreeAtomRT(runtime, atom) };
        }
        self.keys = 0;
    }
}

unsafe fn make(context: *mut qjs::JSContext, atoms: &[u32]) -> Result<Plan, Stop> {
    let mut names = Vec::with_capacity(atoms.len());
    for atom in atoms {
        // SAFETY: the caller vouches for context and atom.
        names.push(unsafe { name(context, *atom) }?);
    }
    let keys = names
        .iter()
        .map(|name| {
            let mut key = String::with_capacity(name.len() + 3);
            write_js_string(name, &mut key);
            key.push(':');
            key.into_boxed_str()
        })
        .collect();
    let count = u32::try_from(names.len()).map_err(|_| Stop::TooLarge)?;
    let mut sorted: Vec<u32> = (0..count).collect();
    sorted.sort_by(|a, b| compare(&names[*a as usize], &names[*b as usize]));
    let is_sorted = sorted.iter().zip(0..).all(|(place, at)| *place == at);
    Ok(Plan {
        keys,
        hashes: names.iter().map(|name| v1::string(name.encode_utf16())).collect(),
        sorted: (!is_sorted).then(|| sorted.into_boxed_slice()),
    })
}

/// As JavaScript leaves keys that were sorted and put into a new object: indexes first, by number; the rest by UTF-16
/// code units.
fn compare(a: &str, b: &str) -> std::cmp::Ordering {
    match (array_index(a), array_index(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => std::cmp::Ordering::Less,
        (None, Some(_)) => std::cmp::Ordering::Greater,
        (None, None) => a.encode_utf16().cmp(b.encode_utf16()),
    }
}

unsafe fn name(context: *mut qjs::JSContext, atom: u32) -> Result<String, Stop> {
    let mut length = 0;
    // SAFETY: the caller vouches for context and atom. The text is read before it is given back.
    unsafe {
        let text = qjs::JS_AtomToCStringLen(context, &raw mut length, atom);
        if text.is_null() {
            return Err(Stop::Engine);
        }
        let bytes = std::slice::from_raw_parts(text.cast::<u8>(), length as usize);
        let name = std::str::from_utf8(bytes).map(str::to_owned);
        qjs::JS_FreeCString(context, text);
        name.map_err(|_| Stop::LoneSurrogate)
    }
}
