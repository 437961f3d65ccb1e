//! The outside world: what lets a host drive the engine. No other module uses this one, and no other writes JSON.

#[cfg(feature = "abi")]
pub mod abi;
#[cfg(all(any(feature = "js", feature = "abi"), target_arch = "wasm32"))]
mod allocator;
#[cfg(feature = "js")]
pub mod archive;
pub mod batch;
#[cfg(all(feature = "clickhouse", target_arch = "wasm32"))]
pub mod clickhouse;
#[cfg(feature = "js")]
pub mod explain;
#[cfg(all(feature = "fluent-bit", target_arch = "wasm32"))]
pub mod fluent_bit;
#[cfg(any(feature = "js", feature = "abi"))]
mod given;
#[cfg(all(any(feature = "fluent-bit", feature = "clickhouse"), target_arch = "wasm32"))]
pub mod inside;
#[cfg(feature = "js")]
pub mod js;
pub mod json;
#[cfg(feature = "js")]
mod memory;
#[cfg(feature = "js")]
pub mod page;
#[cfg(feature = "panic-test")]
mod panic_test;
pub mod pipeline;
#[cfg(any(feature = "js", feature = "abi"))]
pub mod prepare;
#[cfg(any(
    feature = "abi",
    all(any(feature = "fluent-bit", feature = "clickhouse"), target_arch = "wasm32")
))]
mod single;
