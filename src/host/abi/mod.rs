//! Named exports and no imports: what any host of WebAssembly can call. `docs/abi.md` is the reference.
//!
//! Bytes go in as an address and a length in the module's memory, where the host has [room](forepost_alloc). What a call answers stands
//! where [`forepost_answer`] says until the next call. A call returns 0 if it did what it was asked to, and 1 if it refused: the answer
//! is then a JSON array of what is wrong. What makes a reader returns its number, and 0 if it refused.
#![allow(unsafe_code, reason = "an ABI passes pointers, and a name that is not mangled counts as unsafe")]

mod options;
mod readers;

use super::json;
use super::single::Single;
use crate::detector::check::built_in;
use crate::detector::fingerprint::BUILD;
use options::{Refusal, misuse};
use readers::{Answer, Readers};
use std::alloc::{Layout, alloc, dealloc};
use std::cell::{Cell, RefCell, UnsafeCell};

/// Changes when what stands here means something else; what is only added does not change it.
const ABI_VERSION: u32 = 1;
/// No host needs more at once.
const MAX_BLOCK: usize = 1 << 30;
/// What [`forepost_alloc`] gives lies on such a boundary.
const ALIGN: usize = 64;

const DONE: u32 = 0;
const REFUSED: u32 = 1;

/// An address and a length, which the host reads.
#[repr(C)]
struct Place {
    address: *const u8,
    length: usize,
}

const NOWHERE: Place = Place { address: std::ptr::null(), length: 0 };

static ANSWER: Single<Place> = Single(UnsafeCell::new(NOWHERE));
static PANIC: Single<Place> = Single(UnsafeCell::new(NOWHERE));

thread_local! {
    static READERS: RefCell<Readers> = RefCell::default();
    /// The bytes that [`ANSWER`] points at.
    static BYTES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    /// The host's clock, if it has told it.
    static NOW: Cell<Option<i64>> = const { Cell::new(None) };
}

impl Single<Place> {
    /// From now on it says where these bytes are, which must stay there.
    fn point_at(&self, bytes: &[u8]) {
        // SAFETY: one call at a time, and no reference is kept.
        unsafe { *self.0.get() = Place { address: bytes.as_ptr(), length: bytes.len() } };
    }
}

/// The host's clock, in ticks. Without one, no event is ahead of it.
fn clock() -> i64 {
    NOW.get().unwrap_or(i64::MAX)
}

/// Bytes of the module's memory.
///
/// # Safety
/// They stay as they are during the call.
unsafe fn bytes<'a>(address: *const u8, length: usize) -> Result<&'a [u8], Refusal> {
    if length == 0 {
        return Ok(&[]);
    }
    #[cfg(target_arch = "wasm32")]
    {
        let end = address as u64 + length as u64;
        if end > (core::arch::wasm32::memory_size::<0>() as u64) << 16 {
            return Err(misuse("the bytes lie outside the memory"));
        }
    }
    if address.is_null() {
        return Err(misuse("there is nothing at address 0"));
    }
    // SAFETY: as the caller promised; the memory has them.
    Ok(unsafe { std::slice::from_raw_parts(address, length) })
}

/// Leaves an answer for the host.
fn answered(answer: Answer) -> u32 {
    let (status, answer) = match answer {
        Ok(answer) => (DONE, answer),
        Err(refusal) => (REFUSED, refusal.into_bytes()),
    };
    BYTES.with_borrow_mut(|bytes| {
        *bytes = answer;
        ANSWER.point_at(bytes);
    });
    status
}

/// Asks the readers.
fn ask(question: impl FnOnce(&mut Readers) -> Answer) -> u32 {
    answered(READERS.with_borrow_mut(question))
}

/// Asks the readers for a new one.
fn made(make: impl FnOnce(&mut Readers) -> Result<u32, Refusal>) -> u32 {
    match READERS.with_borrow_mut(make) {
        Ok(number) => {
            answered(Ok(Vec::new()));
            number
        }
        Err(refusal) => {
            answered(Err(refusal));
            0
        }
    }
}

/// The version of these exports.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_abi_version() -> u32 {
    ABI_VERSION
}

/// Where the address and the length of the last call's answer stand: eight bytes.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_answer() -> *const u8 {
    ANSWER.0.get().cast()
}

/// Where the address and the length of what a panic says will stand: `{"message","location"}`. To be called before all others: from then
/// on it is kept.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_panic() -> *const u8 {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("a panic without a message");
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        let mut text = String::from("{\"message\":");
        kql::value::json::write_string(&mut text, message);
        text.push_str(",\"location\":");
        kql::value::json::write_string(&mut text, &location);
        text.push('}');
        // It stays: nothing runs after it.
        PANIC.point_at(text.leak().as_bytes());
    }));
    PANIC.0.get().cast()
}

/// Room for so many bytes of the host; 0 if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_alloc(size: usize) -> *mut u8 {
    match Layout::from_size_align(size.max(1), ALIGN) {
        // SAFETY: the layout has a size.
        Ok(layout) if size <= MAX_BLOCK => unsafe { alloc(layout) },
        _ => std::ptr::null_mut(),
    }
}

/// Takes room back.
///
/// # Safety
/// The address is 0, or came from [`forepost_alloc`] for this size and is given back once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forepost_free(address: *mut u8, size: usize) {
    if let (false, Ok(layout)) = (address.is_null(), Layout::from_size_align(size.max(1), ALIGN)) {
        // SAFETY: as the caller promised.
        unsafe { dealloc(address, layout) };
    }
}

/// Answers `{"version","build"}`: the build is what handovers are compared by.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_about() -> u32 {
    answered(Ok(
        format!("{{\"version\":\"{}\",\"build\":\"{BUILD}\"}}", env!("CARGO_PKG_VERSION")).into_bytes()
    ))
}

/// Answers the built-in rules: `[{"file","text"}]`.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_built_in_rules() -> u32 {
    answered(Ok(json::built_in_rules(&built_in()).into_bytes()))
}

/// Answers the tables of AWS's other logs, as a JSON array: see [`json::log_tables`].
#[unsafe(no_mangle)]
pub extern "C" fn forepost_log_tables() -> u32 {
    answered(Ok(json::log_tables().into_bytes()))
}

/// What a rule says of itself, as JSON; `null` if the text is no rule.
///
/// # Safety
/// The bytes stay as they are during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forepost_describe_rule(text: *const u8, length: usize) -> u32 {
    // SAFETY: as the caller promised.
    answered(unsafe { bytes(text, length) }.map(|text| {
        json::rule_card(crate::rule::load(&String::from_utf8_lossy(text)).rule.as_ref()).into_bytes()
    }))
}

/// Checks rules: answers the findings as a JSON array.
///
/// # Safety
/// The bytes stay as they are during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forepost_check(options: *const u8, length: usize) -> u32 {
    // SAFETY: as the caller promised.
    answered(unsafe { bytes(options, length) }.and_then(options::check))
}

/// Explains a rule on events.
///
/// # Safety
/// The bytes stay as they are during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forepost_explain(
    options: *const u8,
    length: usize,
    events: *const u8,
    events_length: usize,
) -> u32 {
    // SAFETY: as the caller promised.
    let given = unsafe { bytes(options, length).and_then(|o| Ok((o, bytes(events, events_length)?))) };
    answered(given.and_then(|(options, events)| options::explain(options, events)))
}

/// The host's clock, in ticks of 100 ns since 0001-01-01 UTC: for detectors that stream.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_set_clock(ticks: i64) {
    NOW.set(Some(ticks));
}

/// Makes a detector; returns its number.
///
/// # Safety
/// The bytes stay as they are during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forepost_detector_new(options: *const u8, length: usize) -> u32 {
    // SAFETY: as the caller promised.
    made(|readers| readers.add_detector(unsafe { bytes(options, length) }?, false))
}

/// Makes a reader of candidates for a detector elsewhere; returns its number.
///
/// # Safety
/// The bytes stay as they are during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forepost_reader_new(options: *const u8, length: usize) -> u32 {
    // SAFETY: as the caller promised.
    made(|readers| readers.add_detector(unsafe { bytes(options, length) }?, true))
}

/// Makes a query; returns its number.
///
/// # Safety
/// The bytes stay as they are during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forepost_query_new(options: *const u8, length: usize) -> u32 {
    // SAFETY: as the caller promised.
    made(|readers| readers.add_query(unsafe { bytes(options, length) }?, false))
}

/// Makes a reader for a query elsewhere; returns its number.
///
/// # Safety
/// The bytes stay as they are during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forepost_query_reader_new(options: *const u8, length: usize) -> u32 {
    // SAFETY: as the caller promised.
    made(|readers| readers.add_query(unsafe { bytes(options, length) }?, true))
}

/// Forgets a reader, and all it has.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_drop(reader: u32) {
    READERS.with_borrow_mut(|readers| readers.drop(reader));
}

/// Reads bytes of the current input, cut anywhere.
///
/// # Safety
/// The bytes stay as they are during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forepost_push(reader: u32, address: *const u8, length: usize) -> u32 {
    // SAFETY: as the caller promised.
    ask(|readers| readers.push(reader, unsafe { bytes(address, length) }?))
}

/// The current input is complete; the next bytes begin another.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_end_input(reader: u32) -> u32 {
    ask(|readers| readers.end_input(reader))
}

/// Answers what could not be read or run since the last call, one JSON object a line.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_take_problems(reader: u32) -> u32 {
    ask(|readers| readers.take_problems(reader))
}

/// Answers the counters so far, as a JSON object.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_stats(reader: u32) -> u32 {
    ask(|readers| readers.stats(reader))
}

/// Answers what is odd about rules or a query that run, as a JSON array.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_warnings(reader: u32) -> u32 {
    ask(|readers| readers.warnings(reader))
}

/// Of a reader for others: answers all it has found since the last call.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_hand_over(reader: u32) -> u32 {
    ask(|readers| readers.hand_over(reader))
}

/// About how many bytes [`forepost_hand_over`] would answer.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_waiting(reader: u32) -> usize {
    READERS.with_borrow_mut(|readers| readers.waiting(reader))
}

/// Of a detector or query: takes over what a reader has handed over, as if what it read had been pushed here.
///
/// # Safety
/// The bytes stay as they are during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forepost_take_over(reader: u32, address: *const u8, length: usize) -> u32 {
    // SAFETY: as the caller promised.
    ask(|readers| readers.take_over(reader, unsafe { bytes(address, length) }?))
}

/// Of a reader of candidates: answers them instead, a line each: the rules' numbers, a tab, the time, a tab, the event.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_take_candidates(reader: u32) -> u32 {
    ask(|readers| readers.take_candidates(reader))
}

/// Of a detector: counts a period that others have read, in ticks.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_observe(detector: u32, first: i64, last: i64) -> u32 {
    ask(|readers| readers.observe(detector, first, last))
}

/// Of a detector: only the runs from a time on and before another happen, in ticks.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_limit_runs(detector: u32, from: i64, to: i64) -> u32 {
    ask(|readers| readers.limit_runs(detector, from, to))
}

/// Of a detector or a reader of candidates: answers when each rule runs, as a JSON array: see [`json::schedules`].
#[unsafe(no_mangle)]
pub extern "C" fn forepost_schedules(reader: u32) -> u32 {
    ask(|readers| readers.schedules(reader))
}

/// Of a detector: concludes the windows that ended before a time, in ticks.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_advance_to(detector: u32, ticks: i64) -> u32 {
    ask(|readers| readers.advance_to(detector, ticks))
}

/// Of a detector: there is no more input, and all windows conclude.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_finish(detector: u32) -> u32 {
    ask(|readers| readers.finish(detector))
}

/// Of a detector or a reader of candidates: forgets all that was read and found, and begins anew with the same rules.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_restart(detector: u32) -> u32 {
    ask(|readers| readers.restart(detector))
}

/// Of a detector: answers alerts, one JSON object a line, about 16 MiB at once; nothing if none waits.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_take_alerts(detector: u32) -> u32 {
    ask(|readers| readers.take_alerts(detector))
}

/// Of a query: ends the input and answers `{"columns","rows"}`, or `{"error"}` if it failed while it ran.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_result(query: u32) -> u32 {
    ask(|readers| readers.result(query))
}

/// Of a query: 1 if further input changes nothing.
#[unsafe(no_mangle)]
pub extern "C" fn forepost_is_complete(query: u32) -> u32 {
    u32::from(READERS.with_borrow_mut(|readers| readers.is_complete(query)))
}
