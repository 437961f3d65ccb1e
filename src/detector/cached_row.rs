//! A row that decodes each column once.

use cloudtrail::source::Record;
use cloudtrail::table::aws_cloudtrail::EventRow;
use cloudtrail::table::log_row::LogRow;
use cloudtrail::table::logs::Log;
use kql::exec::program::Columns;
use kql::value::Value;
use serde::de::IgnoredAny;
use std::cell::RefCell;

/// A record's row that decodes each column once, however many leaves ask.
pub struct CachedRow<R> {
    pub(super) row: R,
    /// The columns that were read, mostly a few.
    cells: RefCell<Vec<(usize, Value)>>,
}

impl<R> CachedRow<R> {
    pub(super) fn from(row: R) -> CachedRow<R> {
        CachedRow { row, cells: RefCell::default() }
    }
}

impl<'a> CachedRow<EventRow<'a>> {
    /// The row of an event from a source.
    pub(super) fn of(record: &Record<'a>) -> CachedRow<EventRow<'a>> {
        CachedRow::from(EventRow::of(record))
    }

    /// `TimeGenerated` in ticks.
    pub fn time(&self) -> Option<i64> {
        self.row.time()
    }

    /// Whether a column that was read stands in the event as something else than JSON. The scan that found the event's end has seen
    /// to strings and brackets.
    pub(super) fn read_damage(&self) -> bool {
        let damaged = |(index, _): &(usize, Value)| {
            let raw = self.row.raw_column(*index).unwrap_or(b"null");
            !raw.starts_with(b"\"") && serde_json::from_slice::<IgnoredAny>(raw).is_err()
        };
        self.cells.borrow().iter().any(damaged)
    }

    /// What `TimeGenerated` is read from, as JSON.
    pub fn raw_time(&self) -> Option<&'a [u8]> {
        self.row.raw_time()
    }
}

impl<'a> CachedRow<LogRow<'a>> {
    /// The row of another log's record.
    pub(super) fn of_log(log: Log, raw: &'a [u8]) -> CachedRow<LogRow<'a>> {
        CachedRow::from(LogRow::new(log, raw))
    }
}

impl<R: Columns> Columns for CachedRow<R> {
    fn column(&self, index: usize) -> Value {
        if let Some((_, value)) = self.cells.borrow().iter().find(|(i, _)| *i == index) {
            return value.clone();
        }
        let value = self.row.column(index);
        self.cells.borrow_mut().push((index, value.clone()));
        value
    }
}
