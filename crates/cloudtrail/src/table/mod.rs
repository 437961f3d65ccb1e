//! Records to rows.

pub mod aws_cloudtrail;
pub mod user;
