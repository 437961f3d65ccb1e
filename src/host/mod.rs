//! The outside world: thin rooms that let a host drive the engine. No other room imports this one.

#[cfg(feature = "js")]
pub mod js;
#[cfg(feature = "js")]
pub mod page;
