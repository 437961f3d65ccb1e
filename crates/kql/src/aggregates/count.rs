//! Counts: of rows, and of different values.

use super::{ACCURACY, Aggregate, EXPR, PREDICATE, State, long, saved_long, value};
use crate::functions::{Naming, optional};
use crate::value::codec::{self, Decoder};
use crate::value::key::{self, KeySet};
use crate::value::{Type, Value};

/// The family.
pub static AGGREGATES: &[Aggregate] = &[
    aggregate!("cnt"() -> long, Naming::Fixed("cnt_"),
        "The same as count.", [("cnt()", "3")], |_| Box::new(Rows(0))),
    aggregate!("count"(optional(EXPR)) -> long, Naming::NameAndFirstArgument,
        "Counts the rows.", [("count()", "3")], |_| Box::new(Rows(0))),
    aggregate!("count_distinct"(EXPR) -> long, Naming::Prefix("count_distinct"),
        "Counts the distinct values exactly.", [("count_distinct(x)", "2")], |_| Box::<Distinct>::default()),
    aggregate!("count_distinctif"(EXPR, PREDICATE) -> long, Naming::Prefix("count_distinctif"),
        "Counts the distinct values of the rows where the predicate is true.",
        [("count_distinctif(x, x > 1)", "1")], |_| Box::<Distinct>::default()),
    aggregate!("countif"(PREDICATE) -> long, Naming::NameAndFirstArgument,
        "Counts the rows where the predicate is true.", [("countif(x > 1)", "2")], |_| Box::new(Rows(0))),
    aggregate!("dcount"(EXPR, ACCURACY) -> long, Naming::Prefix("dcount"),
        "Counts the distinct values. Forepost counts exactly; Kusto estimates.", [("dcount(x)", "2")],
        |_| Box::<Distinct>::default()),
    aggregate!("dcountif"(EXPR, PREDICATE, ACCURACY) -> long, Naming::Prefix("dcountif"),
        "Counts the distinct values of the rows where the predicate is true.", [("dcountif(x, x > 1)", "1")],
        |_| Box::<Distinct>::default()),
];

/// How many rows there are; nulls count.
struct Rows(i64);

impl State for Rows {
    fn takes_nulls(&self) -> bool {
        true
    }

    fn update(&mut self, _: &[Value]) {
        self.0 += 1;
    }

    fn save(&self, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(&self.0.to_le_bytes());
        true
    }

    fn merge(&mut self, saved: &mut Decoder<'_>) -> Option<()> {
        self.0 += saved_long(saved)?;
        Some(())
    }

    fn finish(self: Box<Self>, _: Type, _: usize) -> Vec<Value> {
        vec![Value::Long(self.0)]
    }
}

/// Keys of different values.
#[derive(Default)]
struct Distinct(KeySet);

impl State for Distinct {
    fn update(&mut self, args: &[Value]) {
        self.0.insert(key::key([value(args)]));
    }

    fn kept(&self) -> usize {
        self.0.len()
    }

    fn save(&self, out: &mut Vec<u8>) -> bool {
        codec::write_length(self.0.len(), out);
        self.0.iter().for_each(|key| codec::write_bytes(key, out));
        true
    }

    fn merge(&mut self, saved: &mut Decoder<'_>) -> Option<()> {
        for _ in 0..saved.length()? {
            self.0.insert(saved.bytes()?.into());
        }
        Some(())
    }

    fn finish(self: Box<Self>, _: Type, _: usize) -> Vec<Value> {
        vec![Value::Long(self.0.len() as i64)]
    }
}
