//! Memory that grows ahead of need: Rust's own allocator asks the runtime for no more than it needs, 64 KiB at a time, and the runtime may
//! take a tenth of a millisecond for it. In a scan that keeps much evidence this was half of the time, and more with several threads. So if
//! it had to ask, it is made to ask for another eighth of the memory at once, which it then keeps for what follows. Untouched memory costs
//! nothing.
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
