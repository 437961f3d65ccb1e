//! Memory that is shared with JavaScript, and memory that grows ahead of need.
//!
//! What is pushed stands in one place, the room: JavaScript writes there, or lets a file be read straight into it, and nothing
//! is allocated or copied for a push.
//!
//! The allocator asks for 64 KiB at a time, and a runtime may take a tenth of a millisecond to give it: with much evidence to
//! keep that was half of a scan, and more with several threads. Memory that nothing touches costs nothing.

#[cfg(target_arch = "wasm32")]
use std::cell::Cell;
use std::cell::RefCell;

#[cfg(target_arch = "wasm32")]
thread_local! {
    /// The pages there were the last time.
    static KNOWN: Cell<usize> = const { Cell::new(0) };
}

/// The kernel copies to the start of a cache line nearly twice as fast.
const LINE: usize = 64;

thread_local! {
    static ROOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn place(room: &[u8]) -> usize {
    room.as_ptr().align_offset(LINE).min(LINE)
}

/// The address of the room, which has at least `size` bytes from then on. It may move when a larger one is asked for.
pub fn room(size: usize) -> usize {
    ROOM.with_borrow_mut(|room| {
        if room.len() < size + LINE {
            // Twice as much each time, so that rooms that grow little by little are few.
            *room = vec![0; (size + LINE).max(2 * room.len())];
        }
        // By a pointer that may be written to: others will.
        room.as_mut_ptr() as usize + place(room)
    })
}

/// Reads the first bytes of the room, as many of them as there are.
pub fn with_room(length: usize, read: impl FnOnce(&[u8])) {
    ROOM.with_borrow(|room| {
        let bytes = room.get(place(room)..).unwrap_or_default();
        read(bytes.get(..length).unwrap_or(bytes));
    });
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
