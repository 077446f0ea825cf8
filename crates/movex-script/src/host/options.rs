//! What one engine may use.

/// Limits and habits of one engine. The defaults suit games and boards; a limit that is reached says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostOptions {
    /// All states and code of the app on this engine, in bytes, with what the host keeps for them: about ten times a
    /// state's JSON text.
    pub memory_bytes_max: usize,
    /// What one call may add to that, in bytes.
    pub call_memory_bytes_max: usize,
    /// How deep calls may nest, in bytes of stack. The thread needs half a megabyte more than this. At most 15 MiB.
    pub stack_bytes_max: usize,
    /// Steps of one call of a reducer or hook, in ticks: a tick is ten thousand jumps or calls; a turn of a loop has one or two. Ticks are
    /// counted, not timed, so that one call stops at one place on every machine.
    pub ticks_max: u64,
    /// As `ticks_max`, for loading the app.
    pub load_ticks_max: u64,
    /// The JSON text of one state, in bytes.
    pub state_bytes_max: usize,
    /// Reading the clock or chance is an error instead of a warning.
    pub strict: bool,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self {
            memory_bytes_max: 512 << 20,
            call_memory_bytes_max: 128 << 20,
            stack_bytes_max: 512 << 10,
            ticks_max: 2_000,
            load_ticks_max: 20_000,
            state_bytes_max: 8 << 20,
            strict: false,
        }
    }
}
