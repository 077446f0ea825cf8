//! The JSON text of a container, with holes where its children's texts stand.

/// A container of at most so many bytes keeps its text whole; a larger one asks its children. So a change at a leaf
/// rewrites a bounded text, and the texts of one state together stay a small multiple of its size.
pub(crate) const WHOLE_BYTES_MAX: usize = 2 * 1024;

/// In which order the keys of objects stand. Keys that are array indexes come first in both, as in JavaScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// As npm movex sorts them for its checksum.
    Sorted,
    /// The state's own (M6).
    Inserted,
}

/// Text with holes. The holes are byte offsets into `text`, ascending, each with the number of a child.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    pub(crate) text: Box<str>,
    pub(crate) holes: Box<[(u32, u32)]>,
}

/// A layout being written.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) text: String,
    pub(crate) holes: Vec<(u32, u32)>,
}

impl Draft {
    pub(crate) fn hole(&mut self, child: u32) {
        // A state is at most as large as its limit, far below 4 GiB.
        let offset = u32::try_from(self.text.len()).expect("a state's text is shorter than its limit");
        self.holes.push((offset, child));
    }

    pub(crate) fn finish(self) -> Layout {
        Layout { text: self.text.into_boxed_str(), holes: self.holes.into_boxed_slice() }
    }
}

impl Layout {
    /// What it takes beside itself.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.text.len() + size_of_val(&*self.holes)
    }

    /// Writes the text, asking for the children's.
    pub(crate) fn write(&self, out: &mut String, mut child: impl FnMut(u32, &mut String)) {
        let mut written = 0;
        for (offset, number) in &self.holes {
            let offset = *offset as usize;
            out.push_str(&self.text[written..offset]);
            child(*number, out);
            written = offset;
        }
        out.push_str(&self.text[written..]);
    }
}
