//! KQL: text to a bound, typed plan.

pub mod diagnostic;
