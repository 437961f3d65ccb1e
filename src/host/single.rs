//! What a module keeps between calls where the host knows an address.
#![allow(unsafe_code, reason = "memory that outlives a call")]

use std::cell::UnsafeCell;

/// A WebAssembly module without threads runs one call at a time.
pub struct Single<T>(pub UnsafeCell<T>);
// SAFETY: there is one thread.
unsafe impl<T> Sync for Single<T> {}
