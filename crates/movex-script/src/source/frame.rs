//! The source around a place, with the place marked.

use std::fmt::Write as _;

use super::Place;

/// How many lines are shown before and after.
const AROUND: u32 = 2;
/// Minified packages have lines of many kilobytes: nobody reads those.
const WIDTH_MAX: usize = 160;

/// The lines around a place, numbered, with a caret under it.
pub(crate) fn code_frame(text: &str, place: Place) -> String {
    let first = place.line.saturating_sub(AROUND).max(1);
    let last = place.line + AROUND;
    let width = last.to_string().len();
    let mut frame = String::new();
    for (number, line) in (1u32..).zip(text.lines()) {
        if number < first || number > last {
            continue;
        }
        let marker = if number == place.line { '>' } else { ' ' };
        let shown: String = line.chars().take(WIDTH_MAX).collect();
        writeln!(frame, "{marker} {number:width$} | {}", shown.trim_end()).expect("a String takes all");
        if number == place.line && (place.column as usize) <= WIDTH_MAX {
            // Tabs are kept, so that the caret stands under its character however wide a tab is.
            let indent: String = line
                .chars()
                .take(place.column.saturating_sub(1) as usize)
                .map(|character| if character == '\t' { '\t' } else { ' ' })
                .collect();
            writeln!(frame, "  {:width$} | {indent}^", "").expect("a String takes all");
        }
    }
    frame.truncate(frame.trim_end().len());
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_marked() {
        let frame = code_frame("a\nb\n\tcall()\nd\ne\nf", Place { line: 3, column: 2 });
        assert_eq!(frame, "  1 | a\n  2 | b\n> 3 | \tcall()\n    | \t^\n  4 | d\n  5 | e");
    }
}
