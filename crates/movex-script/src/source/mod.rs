//! Places in the developer's source.

mod frame;
mod map;

pub(crate) use frame::code_frame;
pub(crate) use map::PositionMap;

/// A place in a text: line and column, both from 1. Columns count UTF-16 code units, as editors do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl Place {
    /// The place of a byte offset.
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: narrow(before.bytes().filter(|byte| *byte == b'\n').count()) + 1,
            column: narrow(before[line_start..].encode_utf16().count()) + 1,
        }
    }
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_utf16_code_units() {
        let text = "ab\n😀x";
        assert_eq!(Place::of(text, 0), Place { line: 1, column: 1 });
        assert_eq!(Place::of(text, 7), Place { line: 2, column: 3 });
        assert_eq!(Place::of(text, 999), Place { line: 2, column: 4 });
    }
}
