//! A row that decodes each column once.

use cloudtrail::source::Record;
use cloudtrail::table::aws_cloudtrail::EventRow;
use kql::exec::program::Columns;
use kql::value::Value;
use std::cell::RefCell;

/// An event's row that decodes each column once, however many leaves ask.
pub struct CachedRow<'a> {
    pub(super) row: EventRow<'a>,
    /// The columns that were read, mostly a few.
    cells: RefCell<Vec<(usize, Value)>>,
}

impl<'a> CachedRow<'a> {
    /// The row of a raw record.
    pub fn new(raw: &'a [u8]) -> CachedRow<'a> {
        CachedRow::from(EventRow::new(raw))
    }

    /// The row of a record from a source.
    pub(super) fn of(record: &Record<'a>) -> CachedRow<'a> {
        CachedRow::from(EventRow::of(record))
    }

    fn from(row: EventRow<'a>) -> CachedRow<'a> {
        CachedRow { row, cells: RefCell::default() }
    }

    /// `TimeGenerated` in ticks.
    pub fn time(&self) -> Option<i64> {
        self.row.time()
    }

    /// What `TimeGenerated` is read from, as JSON.
    pub fn raw_time(&self) -> Option<&'a [u8]> {
        self.row.raw_time()
    }

    /// The columns that are needed; the others are null.
    pub fn needed(&self, needed: &[bool]) -> Vec<Value> {
        let value = |(i, needed): (usize, &bool)| if *needed { self.column(i) } else { Value::Null };
        needed.iter().enumerate().map(value).collect()
    }
}

impl Columns for CachedRow<'_> {
    fn column(&self, index: usize) -> Value {
        if let Some((_, value)) = self.cells.borrow().iter().find(|(i, _)| *i == index) {
            return value.clone();
        }
        let value = self.row.column(index);
        self.cells.borrow_mut().push((index, value.clone()));
        value
    }
}
