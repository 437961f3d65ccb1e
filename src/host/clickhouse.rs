//! ClickHouse's functions in WebAssembly: its ABI `BUFFERED_V1` with `RowBinary`.
//!
//! The host calls [`clickhouse_create_buffer`] and writes the rows of a block there, calls [`forepost_sieve_rows`], reads the buffer that
//! comes back, and destroys both. A trap ends the query with an error, and no row is lost.
#![allow(unsafe_code, reason = "a C ABI passes pointers")]

use super::inside::PIPELINE;

/// Memory for the host: it reads the first two fields.
#[repr(C)]
pub struct Buffer {
    data: *const u8,
    size: u32,
    /// What `data` points into.
    bytes: Vec<u8>,
}

fn handed(bytes: Vec<u8>) -> *mut Buffer {
    let (data, size) = (bytes.as_ptr(), bytes.len() as u32);
    Box::into_raw(Box::new(Buffer { data, size, bytes }))
}

/// A buffer of so many bytes, which the host writes.
#[unsafe(no_mangle)]
pub extern "C" fn clickhouse_create_buffer(size: u32) -> *mut Buffer {
    let mut bytes = vec![0; size as usize];
    let data = bytes.as_mut_ptr().cast_const();
    Box::into_raw(Box::new(Buffer { data, size, bytes }))
}

/// Takes a buffer back.
///
/// # Safety
/// `buffer` is null or was handed to the host, and comes back once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clickhouse_destroy_buffer(buffer: *mut Buffer) {
    if !buffer.is_null() {
        // SAFETY: as the caller promised.
        drop(unsafe { Box::from_raw(buffer) });
    }
}

/// `String -> UInt8`: for each text 1 if it holds an event that a rule may need, or cannot be judged; else 0.
///
/// # Safety
/// `input` was handed to the host and not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forepost_sieve_rows(input: *const Buffer, rows: u32) -> *mut Buffer {
    // SAFETY: as the caller promised; one call at a time, and no reference outlives it.
    let (texts, pipeline) = unsafe { (&(*input).bytes, &mut *PIPELINE.0.get()) };
    let mut rest = texts.as_slice();
    let mut answers = Vec::with_capacity(rows as usize);
    for _ in 0..rows {
        let (Some(text), Some(pipeline)) = (next_text(&mut rest), pipeline.as_mut()) else {
            // Not a block of texts: an answer would be a guess.
            std::process::abort();
        };
        answers.push(u8::from(pipeline.keeps(text)));
    }
    handed(answers)
}

/// The next text of `RowBinary`: its length as LEB128, then its bytes.
fn next_text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut length = 0_usize;
    for shift in (0..).step_by(7).take(5) {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        length |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            let (text, behind) = rest.split_at_checked(length)?;
            *rest = behind;
            return Some(text);
        }
    }
    None
}
