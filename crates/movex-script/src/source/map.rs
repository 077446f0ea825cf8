//! From generated positions back to the developer's.

use super::Place;

/// A decoded source map, sorted by generated position.
#[derive(Debug, Default)]
pub(crate) struct PositionMap {
    /// Generated line and column, source line and column; all from 0.
    tokens: Vec<[u32; 4]>,
}

impl PositionMap {
    /// Decodes a source map's JSON text.
    pub(crate) fn decode(json: &str) -> Option<Self> {
        let map = oxc_sourcemap::SourceMap::from_json_string(json).ok()?;
        let mut tokens: Vec<[u32; 4]> = map
            .get_tokens()
            .map(|token| {
                [token.get_dst_line(), token.get_dst_col(), token.get_src_line(), token.get_src_col()]
            })
            .collect();
        tokens.sort_unstable();
        Some(Self { tokens })
    }

    /// The source's place for a generated one: that of the nearest token at or before it on its line.
    pub(crate) fn source(&self, generated: Place) -> Option<Place> {
        let key = [generated.line.checked_sub(1)?, generated.column.saturating_sub(1)];
        let after = self.tokens.partition_point(|token| [token[0], token[1]] <= key);
        let before = after.checked_sub(1).map(|at| self.tokens[at]);
        let token = before
            .filter(|token| token[0] == key[0])
            .or_else(|| self.tokens.get(after).copied().filter(|token| token[0] == key[0]))?;
        Some(Place { line: token[2] + 1, column: token[3] + 1 })
    }
}
