//! Forepost runs Microsoft Sentinel analytic rules, unmodified, on AWS CloudTrail logs.
//!
//! ```text
//! bytes ──source──▶ records ──sieve──▶ candidates ──table──▶ rows ──kql──▶ results ──rule──▶ alerts ──host──▶ caller
//! ```

pub mod detector;
pub mod exec;
pub mod host;
pub mod kql;
pub mod rule;
pub mod sieve;
pub mod source;
pub mod table;
pub mod value;

#[cfg(test)]
#[path = "../tests/support/random.rs"]
mod random;
