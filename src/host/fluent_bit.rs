//! Fluent Bit's `filter_wasm`: the C ABI.
//!
//! The host calls `malloc` for the tag and for the record, copies both there with a terminating NUL, calls [`filter`] or
//! [`sieve`], copies the NUL-terminated text that they return, and calls `free`. They return the host's own buffer if nothing
//! changed, else one buffer of ours that is used again. `""` drops the record. A trap would lose the record, so nothing here
//! may trap; if one happens all the same, [`guarded`] notices at the next record.
//!
//! The rules are [inside](super::inside): that is what lets the module run on a stack on which they could not even be parsed.
#![allow(unsafe_code, reason = "a C ABI passes pointers")]

use super::inside::PIPELINE;
use super::pipeline::{Counters, Pipeline, Verdict};
use super::single::Single;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed};

/// Changes when the exported functions do.
const ABI_VERSION: u32 = 1;
/// After this many traps every record is passed on unevaluated: each trap may have lost a record and some of the stack.
const MAX_TRAPS: u32 = 3;
/// The bytes before each block that the host asked for; they hold its size.
const HEADER: usize = 16;
/// The text that drops a record.
static EMPTY: [u8; 1] = [0];
/// The host frees nothing bigger than it asked for, and asks for nothing bigger than this.
const MAX_BLOCK: usize = 1 << 30;

/// Texts handed to the host, NUL-terminated.
static TEXT: Single<Vec<u8>> = Single(UnsafeCell::new(Vec::new()));
static BUSY: AtomicBool = AtomicBool::new(false);
static TRAPS: AtomicU32 = AtomicU32::new(0);

/// Counts the bytes in use.
struct Counting;
static IN_USE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: all of it is the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promised.
        let block = unsafe { System.alloc(layout) };
        if !block.is_null() {
            let now = IN_USE.load(Relaxed) + layout.size();
            IN_USE.store(now, Relaxed);
            MOST.store(MOST.load(Relaxed).max(now), Relaxed);
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        IN_USE.store(IN_USE.load(Relaxed).saturating_sub(layout.size()), Relaxed);
        // SAFETY: the block is the caller's and has this size; it frees it.
        unsafe { System.dealloc(block, layout) };
    }
}

/// A text for the host; it holds until the next one.
fn text(mut text: String) -> *const u8 {
    text.push('\0');
    // SAFETY: one call at a time, and no reference is kept.
    unsafe {
        *TEXT.0.get() = text.into_bytes();
        (*TEXT.0.get()).as_ptr()
    }
}

/// Passes the record on, with the key `forepost` added if a rule matches.
///
/// # Safety
/// `record` points at `length` bytes and a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn filter(
    _tag: *const u8,
    _tag_length: u32,
    _seconds: u32,
    _nanoseconds: u32,
    record: *const u8,
    length: u32,
) -> *const u8 {
    // SAFETY: as the caller promised.
    unsafe { guarded(record, length, record) }
}

/// As [`filter`], but drops a record that matters to no rule. A record that could not be evaluated is passed on.
///
/// # Safety
/// `record` points at `length` bytes and a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sieve(
    _tag: *const u8,
    _tag_length: u32,
    _seconds: u32,
    _nanoseconds: u32,
    record: *const u8,
    length: u32,
) -> *const u8 {
    // SAFETY: as the caller promised.
    unsafe { guarded(record, length, EMPTY.as_ptr()) }
}

/// Evaluates a record; returns `nothing` if it matters to no rule.
///
/// # Safety
/// `record` points at `length` bytes.
unsafe fn guarded(record: *const u8, length: u32, nothing: *const u8) -> *const u8 {
    if record.is_null() || length == 0 {
        return record;
    }
    // Still busy: the last call ended in a trap.
    if BUSY.swap(true, Relaxed) {
        TRAPS.store(TRAPS.load(Relaxed).saturating_add(1), Relaxed);
    }
    let answer = if TRAPS.load(Relaxed) >= MAX_TRAPS {
        record
    } else {
        // SAFETY: as the caller promised; one call at a time, and no reference outlives it.
        unsafe {
            let bytes = std::slice::from_raw_parts(record, length as usize);
            match &mut *PIPELINE.0.get() {
                Some(pipeline) => evaluated(pipeline, bytes, nothing),
                None => record,
            }
        }
    };
    BUSY.store(false, Relaxed);
    answer
}

fn evaluated(pipeline: &mut Pipeline, record: &[u8], nothing: *const u8) -> *const u8 {
    match pipeline.record(record) {
        Verdict::Nothing => nothing,
        // The host would cut a record at a NUL inside it.
        Verdict::Changed(changed) if memchr::memchr(0, changed).is_none() => terminated(pipeline),
        Verdict::Changed(_) | Verdict::AsItIs => record.as_ptr(),
    }
}

/// The changed record with a terminating NUL.
fn terminated(pipeline: &mut Pipeline) -> *const u8 {
    pipeline.terminated().as_ptr()
}

/// Memory for the host; null if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn malloc(size: usize) -> *mut u8 {
    if size > MAX_BLOCK {
        return std::ptr::null_mut();
    }
    let Ok(layout) = Layout::from_size_align(size + HEADER, HEADER) else { return std::ptr::null_mut() };
    // SAFETY: the layout is not empty, and the header fits into the block.
    unsafe {
        let block = std::alloc::alloc(layout);
        if block.is_null() {
            return block;
        }
        block.cast::<usize>().write(size);
        block.add(HEADER)
    }
}

/// Takes memory back.
///
/// # Safety
/// `block` is null or came from [`malloc`], and is freed once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free(block: *mut u8) {
    if block.is_null() {
        return;
    }
    // SAFETY: as the caller promised, the size stands before the block.
    unsafe {
        let start = block.sub(HEADER);
        let size = start.cast::<usize>().read();
        if let Ok(layout) = Layout::from_size_align(size.saturating_add(HEADER), HEADER) {
            std::alloc::dealloc(start, layout);
        }
    }
}

/// The version of these functions.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_abi_version() -> u32 {
    ABI_VERSION
}

/// The counters so far, as a NUL-terminated JSON object.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_counters() -> *const u8 {
    // SAFETY: one call at a time, and no reference is kept.
    let counters = unsafe { (*PIPELINE.0.get()).as_ref().map(|p| (*p.counters(), p.rules())) };
    let (c, rules) = counters.unwrap_or((Counters::default(), 0));
    text(format!(
        "{{\"rules\":{rules},\"records\":{},\"lookedInto\":{},\"annotated\":{},\"alerts\":{},\"candidates\":{},\"unjudged\":{},\
         \"errors\":{},\"traps\":{},\"bytesInUse\":{},\"mostBytesInUse\":{}}}",
        c.records,
        c.looked_into,
        c.annotated,
        c.alerts,
        c.candidates,
        c.unjudged,
        c.errors,
        TRAPS.load(Relaxed),
        IN_USE.load(Relaxed),
        MOST.load(Relaxed)
    ))
}
