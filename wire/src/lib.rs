//! What looks at every byte of a log: where values begin and end, what they hold, which records a quick look can name.
//!
//! A crate of its own so that it can be compiled for speed while the rest of the engine is compiled for size; it knows
//! JSON and the keys of a CloudTrail event, and nothing of KQL, rules or hosts.
//!
//! [`frame`] finds records in a stream by [`scan`]'s grammar; [`sift`] steps over those that matter to no leaf: [`glance`]
//! looks at one through blocks of 64 bytes, [`clock`] reads its time and [`memo`] remembers which leaves its name can pass;
//! [`json`] walks one. [`crc32`] is gzip's checksum, [`find`] looks for bytes.

mod block;
mod clock;
pub mod crc32;
pub mod find;
pub mod frame;
mod glance;
pub mod json;
mod memo;
pub mod scan;
pub mod sift;

pub use memo::Leaves;
