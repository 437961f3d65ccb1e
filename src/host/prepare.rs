//! What is done while a module is built.

#[cfg(target_arch = "wasm32")]
use super::allocator::without_leftovers;
use crate::detector::{Context, check};

/// Elsewhere no memory is kept.
#[cfg(not(target_arch = "wasm32"))]
fn without_leftovers(run: impl FnOnce()) {
    run();
}

/// Compiles the built-in rules, which are kept. Wizer calls this while a module is built, takes it out and keeps the memory as
/// it is then: most of a first answer was the time a runtime takes to compile what compiles rules.
#[unsafe(no_mangle)]
#[allow(unsafe_code, reason = "a name that is not mangled counts as unsafe")]
pub extern "C" fn forepost_prepare() {
    without_leftovers(|| drop(check::compile_all(&[], &Context::default())));
}
