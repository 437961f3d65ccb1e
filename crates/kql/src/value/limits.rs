//! What a host with little stack cannot do. Where such a limit is met the value is null, as for anything that cannot be read;
//! the host that set the limit asks here whether that happened, and does not take the result for the truth.

use std::cell::Cell;

/// A limit of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// A JSON text nests deeper than [`super::json::MAX_DEPTH`].
    Depth,
    /// A pattern would have to be compiled after the rules were made ready.
    Pattern,
}

thread_local! {
    static MET: Cell<Option<Limit>> = const { Cell::new(None) };
    static READY: Cell<bool> = const { Cell::new(false) };
}

/// Notes that a limit was met.
pub fn meet(limit: Limit) {
    MET.set(Some(limit));
}

/// The limit that was met last, since this was asked last.
pub fn take() -> Option<Limit> {
    MET.take()
}

/// From now on no pattern is compiled on this thread.
pub fn set_ready() {
    READY.set(true);
}

/// Whether patterns can be compiled.
pub fn may_compile() -> bool {
    !READY.get()
}
