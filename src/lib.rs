//! Forepost runs Microsoft Sentinel analytic rules, unmodified, on AWS CloudTrail logs.
//!
//! ```text
//! bytes ──source──▶ records ──prefilter──▶ candidates ──table──▶ rows ──kql──▶ results ──rule──▶ alerts ──host──▶ caller
//! ```

mod checked;
pub mod detector;
pub mod host;
pub mod rule;

#[cfg(test)]
#[path = "../tests/support/kql.rs"]
mod random_kql;

#[cfg(test)]
#[path = "../tests/support/property.rs"]
mod property;
