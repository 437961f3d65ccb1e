//! Records to rows: `AWSCloudTrail` over raw events, and tables a user declares.

pub mod cloudtrail;
pub mod user;
