//! Fluent Bit's `filter_wasm`: the C ABI. The only file with `unsafe` code.
//!
//! The host calls `malloc` for the tag and for the record, copies both there with a terminating NUL, calls [`filter`] or
//! [`sieve`], copies the NUL-terminated text that they return, and calls `free`. They return the host's own buffer if nothing
//! changed, else one buffer of ours that is used again. `""` drops the record. A trap would lose the record, so nothing here
//! may trap; if one happens all the same, [`guarded`] notices at the next record.
//!
//! The rules are compiled when the module is built, not when it is loaded: Wizer calls [`forepost_init`] once and writes
//! what the memory then holds into the module that ships. That is what lets the module run on a stack on which the rules
//! could not even be parsed.
#![allow(unsafe_code, reason = "a C ABI passes pointers")]

use super::pipeline::{Counters, Pipeline, Verdict};
use crate::detector::{Finding, RuleFile};
use serde::Deserialize;
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

/// A WebAssembly module without threads runs one call at a time.
struct Single<T>(UnsafeCell<T>);
// SAFETY: there is one thread.
unsafe impl<T> Sync for Single<T> {}

static PIPELINE: Single<Option<Pipeline>> = Single(UnsafeCell::new(None));
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

/// What the module is made of.
#[derive(Deserialize)]
struct Parts {
    rules: Vec<Part>,
    keys: Vec<String>,
}

#[derive(Deserialize)]
struct Part {
    file: String,
    text: String,
}

/// What WASI reads or writes at once.
#[repr(C)]
struct Piece {
    at: *mut u8,
    length: usize,
}

const STDIN: u32 = 0;
const STDERR: u32 = 2;

// Only `forepost_init` calls these, and Wizer takes that out: the module that ships imports nothing.
#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn fd_read(file: u32, pieces: *const Piece, count: usize, done: *mut usize) -> u32;
    fn fd_write(file: u32, pieces: *const Piece, count: usize, done: *mut usize) -> u32;
    fn proc_exit(status: u32) -> !;
}

/// Builds the rules into the module: `{"rules":[{"file","text"}],"keys":["…"]}` from standard input. What is wrong with them
/// goes to standard error, a line each.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_init() {
    if let Err(why) = build(&standard_input()) {
        standard_error(why);
        // SAFETY: it takes no pointer.
        unsafe { proc_exit(1) }
    }
}

fn build(parts: &[u8]) -> Result<(), String> {
    let Parts { rules, keys } = serde_json::from_slice(parts).map_err(|e| format!("{e}\n"))?;
    let files: Vec<RuleFile> = rules.into_iter().map(|Part { file, text }| RuleFile { file, text }).collect();
    let line = |f: &Finding| {
        format!("{}:{}:{}: {} {} {}\n", f.file, f.line, f.column, f.severity.name(), f.code, f.message)
    };
    let made =
        Pipeline::new(&files, keys).map_err(|found| found.findings.iter().map(line).collect::<String>())?;
    made.precompile();
    // SAFETY: one call at a time, and no reference is kept.
    unsafe { *PIPELINE.0.get() = Some(made) };
    Ok(())
}

fn standard_input() -> Vec<u8> {
    let mut all = Vec::new();
    let mut buffer = vec![0_u8; 64 << 10];
    loop {
        let mut done = 0;
        let piece = Piece { at: buffer.as_mut_ptr(), length: buffer.len() };
        // SAFETY: the piece is the buffer, which outlives the call.
        let failed = unsafe { fd_read(STDIN, &piece, 1, &mut done) } != 0;
        match buffer.get(..done) {
            Some(read) if !failed && !read.is_empty() => all.extend_from_slice(read),
            _ => return all,
        }
    }
}

fn standard_error(mut text: String) {
    let mut done = 0;
    let piece = Piece { at: text.as_mut_ptr(), length: text.len() };
    // SAFETY: the piece is the text, which outlives the call. If it cannot be written, the status still says that it failed.
    let _ = unsafe { fd_write(STDERR, &piece, 1, &mut done) };
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
