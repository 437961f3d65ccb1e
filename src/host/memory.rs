//! The staging buffer that JavaScript writes into, and memory that grows ahead of need.
//!
//! JavaScript writes each chunk into the staging buffer, or lets a file be read straight into it. A push then allocates and
//! copies nothing.
//!
//! The allocator asks the runtime for 64 KiB at a time, and the runtime may take a tenth of a millisecond for it. In a scan
//! that keeps much evidence this was half of the time, and more with several threads. Untouched memory costs nothing.

#[cfg(target_arch = "wasm32")]
use std::cell::Cell;
use std::cell::RefCell;

#[cfg(target_arch = "wasm32")]
thread_local! {
    /// How many pages the memory had at the last call.
    static KNOWN: Cell<usize> = const { Cell::new(0) };
}

/// The kernel copies nearly twice as fast to an address that starts a cache line.
const LINE: usize = 64;

thread_local! {
    static STAGING: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Where the aligned part of the buffer begins; the buffer has [`LINE`] bytes more than asked for.
fn aligned_offset(buffer: &[u8]) -> usize {
    buffer.as_ptr().align_offset(LINE).min(LINE)
}

/// The address of the staging buffer, which then has at least `size` bytes. Asking for more bytes may move it.
pub fn staging_buffer(size: usize) -> usize {
    STAGING.with_borrow_mut(|buffer| {
        if buffer.len() < size + LINE {
            // It doubles, so that sizes that grow little by little cause few allocations.
            *buffer = vec![0; (size + LINE).max(2 * buffer.len())];
        }
        // The pointer must come from a mutable borrow, because JavaScript writes through it.
        buffer.as_mut_ptr() as usize + aligned_offset(buffer)
    })
}

/// Reads the first `length` bytes of the staging buffer, or all of it if it has fewer.
pub fn with_staged(length: usize, read: impl FnOnce(&[u8])) {
    STAGING.with_borrow(|buffer| {
        // The buffer is empty until JavaScript has asked for it.
        let bytes = buffer.get(aligned_offset(buffer)..).unwrap_or(&[]);
        debug_assert!(length <= bytes.len(), "JavaScript pushed more bytes than it staged");
        let pushed = bytes.get(..length).unwrap_or(bytes);
        #[cfg(feature = "panic-test")]
        panic_if_asked(pushed);
        read(pushed);
    });
}

/// Panics over an input that asks for it, for the tests of how a panic is told. No package that is published has it.
#[cfg(feature = "panic-test")]
#[allow(clippy::panic, reason = "it is what the function is for")]
fn panic_if_asked(pushed: &[u8]) {
    if memchr::memmem::find(pushed, b"please panic").is_some() {
        panic!("a panic on purpose");
    }
}

/// A host calls this between pieces of work: if memory has grown since the last call, it grows by another eighth at once.
#[cfg(target_arch = "wasm32")]
pub fn grow_ahead() {
    const PAGE: usize = 64 << 10;
    let pages = || core::arch::wasm32::memory_size::<0>();
    if pages() > KNOWN.get() {
        // The allocator gives out freed memory at the end first. If this reservation fails, the work may still fit.
        let mut ahead = Vec::<u8>::new();
        let _ = ahead.try_reserve_exact(pages() / 8 * PAGE);
        std::hint::black_box(ahead);
        KNOWN.set(pages());
    }
}

/// Native allocators grow well by themselves.
#[cfg(not(target_arch = "wasm32"))]
pub fn grow_ahead() {}
