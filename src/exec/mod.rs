//! Running plans over rows.

pub mod row;
