//! The outside world: thin rooms that let a host drive the engine. No other room imports this one.

#[cfg(all(feature = "fluent-bit", target_arch = "wasm32"))]
pub mod fluent_bit;
#[cfg(feature = "js")]
pub mod js;
#[cfg(feature = "js")]
mod memory;
#[cfg(feature = "js")]
pub mod page;
pub mod pipeline;
