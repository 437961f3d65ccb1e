//! Memory that grows ahead of need.
//!
//! The allocator asks for 64 KiB at a time, and a runtime may take a tenth of a millisecond to give it: with much evidence to
//! keep that was half of a scan, and more with several threads. Memory that nothing touches costs nothing.

#[cfg(target_arch = "wasm32")]
use std::cell::Cell;

#[cfg(target_arch = "wasm32")]
thread_local! {
    /// The pages there were the last time.
    static KNOWN: Cell<usize> = const { Cell::new(0) };
}

/// To be called between pieces of work: if memory had to grow meanwhile, it grows by another eighth at once.
#[cfg(target_arch = "wasm32")]
pub fn grow_ahead() {
    const PAGE: usize = 64 << 10;
    let pages = || core::arch::wasm32::memory_size::<0>();
    if pages() > KNOWN.get() {
        // What is freed at the end of the memory is what is given out next. Where there is no more, the work may still fit.
        let mut ahead = Vec::<u8>::new();
        let _ = ahead.try_reserve_exact(pages() / 8 * PAGE);
        std::hint::black_box(ahead);
        KNOWN.set(pages());
    }
}

/// Elsewhere the allocator knows better.
#[cfg(not(target_arch = "wasm32"))]
pub fn grow_ahead() {}
