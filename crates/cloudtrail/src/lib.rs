//! AWS CloudTrail logs: bytes to records, records to rows of Sentinel's tables.
//!
//! ```text
//! bytes ──source (gzip, envelopes, framing)──▶ records ──prefilter──▶ candidates ──table──▶ rows
//! ```
//!
//! It knows JSON and the fields of a CloudTrail event, and of KQL only values and filters; it knows no rules and no hosts.

pub mod framing;
pub mod prefilter;
pub mod source;
mod structure;
pub mod table;
