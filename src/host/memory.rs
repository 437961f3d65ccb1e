//! The staging buffer that JavaScript writes into.
//!
//! JavaScript writes each chunk into the staging buffer, or lets a file be read straight into it. A push then allocates and
//! copies nothing.

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
        super::panic_test::panic_if_asked(pushed);
        read(pushed);
    });
}
