//! What values take is counted as it is: a budget that overlooks the small ones ends with the host's memory.

use kql::value::{bytes, json};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);

#[allow(unsafe_code, reason = "an allocator is nothing else")]
// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn small_values_count_with_what_keeps_them() {
    let pairs =
        |n: usize| format!("{{{}}}", (0..n).map(|i| format!("\"k{i}\":{i}")).collect::<Vec<_>>().join(","));
    for item in [
        "{}",
        "[]",
        "\"a\"",
        "1",
        "null",
        "[1]",
        "[[]]",
        "{\"a\":1}",
        "{\"a\":{}}",
        "{\"a\":\"b\"}",
        "\"twenty-four letters here\"",
        &pairs(40),
    ] {
        let text = format!("[{}]", vec![item; 10_000].join(","));
        let before = HELD.load(Ordering::Relaxed);
        let value = json::parse(text.as_bytes()).expect("JSON");
        let held = HELD.load(Ordering::Relaxed) - before;
        let told = bytes(std::slice::from_ref(&value));
        assert!(told * 10 >= held * 8, "{item:.30}: {told} bytes are counted of {held}");
        assert!(told <= held * 2, "{item:.30}: {told} bytes are counted for {held}");
    }
}
