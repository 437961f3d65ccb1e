//! The tables that leaves read: which of them there were records of, and of what times. Records of other logs than CloudTrail go from
//! here to the leaves of their own table.

use super::{Feed, State, TABLE};
use crate::detector::NOT_GIVEN;
use crate::detector::cached_row::CachedRow;
use crate::detector::ingest_report::joined;
use crate::detector::leaf::Input;
use cloudtrail::source::Record;
use cloudtrail::table::logs::Log;
use std::ops::Range;
use std::rc::Rc;

impl Feed {
    /// The times of the first and the last record that some leaves could have rows of; of all records, if they read no input.
    pub fn times(&self, range: Range<usize>) -> Option<(i64, i64)> {
        let report = &self.state.report;
        let inputs = self.inputs(range);
        if inputs.is_empty() {
            return report.all();
        }
        let of = |input: &Input| match input {
            Input::Log(log) => report.logs.get(log.index()).copied().flatten(),
            Input::Events | Input::Given => report.events,
        };
        inputs.iter().map(of).fold(report.elsewhere, joined)
    }

    /// Whether some of the leaves read the inputs.
    pub fn reads_inputs(&self, range: Range<usize>) -> bool {
        !self.inputs(range).is_empty()
    }

    /// Whether some of the leaves read a table that was given, whose rows have times.
    pub fn reads_timed_table(&self, range: Range<usize>) -> bool {
        let leaves = self.state.leaves.get(range).unwrap_or_default();
        leaves
            .iter()
            .any(|leaf| leaf.input == Input::Given && leaf.found.rows.iter().any(|(time, _)| time.is_some()))
    }

    /// Reports that a query reads a table of which there was no record.
    pub fn not_given(&mut self, table: &str) {
        let message = format!("no record of {table} was among the logs");
        self.state.report.problem(None, NOT_GIVEN, message);
    }

    /// What inputs some leaves read.
    fn inputs(&self, range: Range<usize>) -> Vec<Input> {
        let leaves = self.state.leaves.get(range).unwrap_or_default();
        leaves.iter().map(|leaf| leaf.input).filter(|input| *input != Input::Given).collect()
    }

    /// Others have read records of a table.
    pub fn observe_table(&mut self, name: &str) {
        self.seen_elsewhere.push(name.to_owned());
    }

    /// The tables that some leaves read and that no record was of, though there were records.
    pub fn unseen(&self, range: Range<usize>) -> Vec<&'static str> {
        let stats = self.source.stats();
        // Of what others have filtered, that a record is not there says nothing, unless they say what they have read.
        let filtered = self.state.report.elsewhere.is_some() && self.seen_elsewhere.is_empty();
        if filtered || stats.total() == 0 && self.seen_elsewhere.is_empty() {
            return Vec::new();
        }
        let name = |input: Input| match input {
            Input::Log(log) => (stats.of_log(log) == 0).then_some(log.table().name),
            Input::Events => (stats.events() == 0).then_some(TABLE),
            Input::Given => None,
        };
        let elsewhere = |name: &&str| self.seen_elsewhere.iter().any(|seen| seen == name);
        let mut names: Vec<_> =
            self.inputs(range).into_iter().filter_map(name).filter(|name| !elsewhere(name)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl State {
    /// Runs a record of another log than CloudTrail through the leaves that read its table.
    pub(super) fn offer_log(&mut self, record: &Record<'_>, log: Log) {
        if let Some(said @ false) = self.given.get_mut(log.index()).and_then(Option::as_mut) {
            *said = true;
            let message = format!(
                "the table {} was given; the records of it among the logs are not read",
                log.table().name
            );
            self.report.problem(Some(record.offset), "FP306", message);
        }
        let row = CachedRow::of_log(log, record.raw);
        let time = row.row.time();
        match time {
            Some(time) if self.is_outside(time) => return,
            Some(time) => self.report.observe_log(log, time, time),
            None => self.report.untimed(record.offset, Some(log), row.row.raw_time()),
        }
        let Some(leaves) = self.of_logs.get(log.index()).map(Rc::clone).filter(|leaves| !leaves.is_empty())
        else {
            return;
        };
        self.look_for_depth(record);
        self.look_for_damage(record);
        self.run(record, &row, time, &leaves);
    }
}
