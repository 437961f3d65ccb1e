//! For the tests of how a panic is told.

/// Panics over an input that asks for it, for the tests of how a panic is told. No package that is published has it.
#[allow(clippy::panic, reason = "it is what the function is for")]
pub fn panic_if_asked(pushed: &[u8]) {
    if memchr::memmem::find(pushed, b"please panic").is_some() {
        panic!("a panic on purpose");
    }
}
