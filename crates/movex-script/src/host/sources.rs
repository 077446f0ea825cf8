//! From the engine's stack traces to the developer's source.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use movex_core::reducer::Location;

use crate::bundle::{Bundle, Module};
use crate::source::{Place, PositionMap, code_frame};

/// A place, and the source around it.
pub(crate) type Found = (Location, Option<String>);

/// The developer's source of a bundle. Maps are decoded when an error first needs them.
pub(crate) struct Sources {
    bundle: Bundle,
    maps: RefCell<HashMap<String, Option<Rc<PositionMap>>>>,
}

impl Sources {
    pub(crate) fn new(bundle: Bundle) -> Self {
        Self { bundle, maps: RefCell::default() }
    }

    /// The developer's place of a stack trace: the innermost frame in the app's own files, else in a package.
    pub(crate) fn locate(&self, stack: &str) -> Option<Found> {
        let frames: Vec<(&str, Place)> =
            stack.lines().filter_map(frame).filter(|(file, _)| !file.starts_with("movex:")).collect();
        let own = frames.iter().find(|(file, _)| !file.contains("node_modules/"));
        let (file, place) = own.or_else(|| frames.first())?;
        self.find(file, *place)
    }

    fn find(&self, file: &str, generated: Place) -> Option<Found> {
        let module = self.bundle.module(file)?;
        let generated = Place {
            line: generated.line.saturating_sub(module.lines_before).max(1),
            // On a module's first line QuickJS counts columns from 0, on all others from 1.
            column: generated.column + u32::from(generated.line == 1),
        };
        let place = match self.map(file, module) {
            Some(map) => map.source(generated)?,
            None => generated,
        };
        let location = Location { file: file.to_owned(), line: place.line, column: place.column };
        let source = module.source.as_deref().unwrap_or_else(|| own_text(module));
        Some((location, Some(code_frame(source, place))))
    }

    fn map(&self, file: &str, module: &Module) -> Option<Rc<PositionMap>> {
        let mut maps = self.maps.borrow_mut();
        maps.entry(file.to_owned())
            .or_insert_with(|| module.map.as_deref().and_then(PositionMap::decode).map(Rc::new))
            .clone()
    }
}

/// The developer's lines of a module that is kept as it was written, but for lines before it.
fn own_text(module: &Module) -> &str {
    let mut text = module.code.as_str();
    for _ in 0..module.lines_before {
        text = text.split_once('\n').map_or("", |(_, rest)| rest);
    }
    text
}

/// `    at name (file:line:column)` or `    at file:line:column`.
fn frame(line: &str) -> Option<(&str, Place)> {
    let rest = line.trim().strip_prefix("at ")?;
    let place = match rest.rsplit_once(" (") {
        Some((_, place)) => place.strip_suffix(')')?,
        None => rest,
    };
    let (place, column) = place.rsplit_once(':')?;
    let (file, line) = place.rsplit_once(':')?;
    Some((file, Place { line: line.parse().ok()?, column: column.parse().ok()? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read() {
        let place = Place { line: 3, column: 12 };
        assert_eq!(frame("    at reduce (src/a b.ts:3:12)"), Some(("src/a b.ts", place)));
        assert_eq!(frame("    at src/a.ts:3:12"), Some(("src/a.ts", place)));
        assert_eq!(frame("    at map (native)"), None);
    }
}
