//! The staging buffer that JavaScript writes into, and memory that grows ahead of need.
//!
//! JavaScript writes each chunk into the staging buffer, or lets a file be read straight into it. A push then allocates and
//! copies nothing.
//!
//! The allocator asks the runtime for 64 KiB at a time, and the runtime may take a tenth of a millisecond for it. In a scan
//! that keeps much evidence this was half of the time, and more with several threads. Untouched memory costs nothing.

use std::cell::RefCell;

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

/// The allocator of the module: Rust's own, which asks the runtime for no more than it needs. If it had to ask, it is made to ask
/// for another eighth of the memory at once, which it then keeps for what follows.
#[cfg(target_arch = "wasm32")]
mod ahead {
    #![allow(unsafe_code, reason = "an allocator is unsafe to implement; each call is passed on as it came")]

    use std::alloc::{GlobalAlloc, Layout, System};
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    const PAGE: usize = 64 << 10;

    struct GrowsAhead;

    #[global_allocator]
    static ALLOCATOR: GrowsAhead = GrowsAhead;

    /// How many pages the memory had when it was last looked at.
    static KNOWN: AtomicUsize = AtomicUsize::new(0);

    /// Whether memory that is given back is cleared.
    static CLEARS: AtomicBool = AtomicBool::new(false);

    /// Runs something whose memory is kept in a file afterwards: what it gives back is cleared, for leftovers would be in the file too.
    pub(crate) fn without_leftovers(run: impl FnOnce()) {
        CLEARS.store(true, Ordering::Relaxed);
        run();
        CLEARS.store(false, Ordering::Relaxed);
    }

    fn pages() -> usize {
        core::arch::wasm32::memory_size::<0>()
    }

    #[cold]
    fn grow() {
        if let Ok(layout) = Layout::from_size_align(pages() / 8 * PAGE, PAGE)
            && layout.size() > 0
        {
            // SAFETY: the layout has a size, and what it gives is given back with the same layout. If there is no room for so
            // much, what is needed next may still fit.
            unsafe {
                let reserved = System.alloc(layout);
                if !reserved.is_null() {
                    System.dealloc(reserved, layout);
                }
            }
        }
        KNOWN.store(pages(), Ordering::Relaxed);
    }

    fn grown(pointer: *mut u8) -> *mut u8 {
        if pages() != KNOWN.load(Ordering::Relaxed) {
            grow();
        }
        pointer
    }

    // SAFETY: every call is passed on to the system's allocator as it came, or is made of two that are. What is cleared is given back
    // at once, and has the layout's size.
    unsafe impl GlobalAlloc for GrowsAhead {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            grown(unsafe { System.alloc(layout) })
        }

        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            grown(unsafe { System.alloc_zeroed(layout) })
        }

        unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            if CLEARS.load(Ordering::Relaxed) {
                return unsafe { self.moved(pointer, layout, size) };
            }
            grown(unsafe { System.realloc(pointer, layout, size) })
        }

        unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
            if CLEARS.load(Ordering::Relaxed) {
                unsafe { pointer.write_bytes(0, layout.size()) };
            }
            unsafe { System.dealloc(pointer, layout) }
        }
    }

    impl GrowsAhead {
        /// What `realloc` does, with the old block given back as any other.
        ///
        /// # Safety
        /// That of `realloc`.
        unsafe fn moved(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            unsafe {
                let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
                if !new.is_null() {
                    new.copy_from_nonoverlapping(pointer, layout.size().min(size));
                    self.dealloc(pointer, layout);
                }
                new
            }
        }
    }
}

#[cfg(target_arch = "wasm32")]
pub(super) use ahead::without_leftovers;
/// Elsewhere no memory is kept.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn without_leftovers(run: impl FnOnce()) {
    run();
}
