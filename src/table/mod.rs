//! Records to rows.

pub mod cloudtrail;
pub mod user;
