//! What a host holds by number, and what it can ask of it.

use super::options::{self, Refusal, misuse};
use crate::detector::{Candidate, Detector, QueryRun};
use crate::host::json;
use kql::value::datetime;
use std::collections::BTreeMap;

/// What reads inputs.
pub enum Reader {
    /// Runs rules.
    Detector(Detector),
    /// Finds what rules need, for detectors elsewhere.
    Candidates(Detector),
    /// Answers a query.
    Query(QueryRun),
    /// Finds what a query needs, for one elsewhere.
    Rows(QueryRun),
}

/// The bytes that a call answers with.
pub type Answer = Result<Vec<u8>, Refusal>;

/// All readers of an instance. A number is never given twice, so that one that was dropped cannot be taken for another.
#[derive(Default)]
pub struct Readers {
    readers: BTreeMap<u32, Reader>,
    last: u32,
}

const NOTHING: Answer = Ok(Vec::new());

impl Readers {
    /// Makes a detector of its options; a reader of candidates, if another concludes.
    pub fn add_detector(&mut self, given: &[u8], candidates: bool) -> Result<u32, Refusal> {
        let detector = options::detector(given, candidates)?;
        self.add(if candidates { Reader::Candidates(detector) } else { Reader::Detector(detector) })
    }

    /// Makes a query of its options; a reader of rows, if another answers.
    pub fn add_query(&mut self, given: &[u8], reads_only: bool) -> Result<u32, Refusal> {
        let query = options::query(given, reads_only)?;
        self.add(if reads_only { Reader::Rows(query) } else { Reader::Query(query) })
    }

    fn add(&mut self, reader: Reader) -> Result<u32, Refusal> {
        self.last = self.last.checked_add(1).ok_or_else(|| misuse("the numbers of readers are used up"))?;
        self.readers.insert(self.last, reader);
        Ok(self.last)
    }

    /// Forgets a reader. There need not be one.
    pub fn drop(&mut self, number: u32) {
        self.readers.remove(&number);
    }

    fn reader(&mut self, number: u32) -> Result<&mut Reader, Refusal> {
        self.readers.get_mut(&number).ok_or_else(|| misuse(&format!("there is no reader {number}")))
    }

    /// The detector of a number.
    fn detector(&mut self, number: u32) -> Result<&mut Detector, Refusal> {
        match self.reader(number)? {
            Reader::Detector(detector) => Ok(detector),
            _ => Err(misuse(&format!("reader {number} is no detector"))),
        }
    }

    /// Reads bytes of the current input.
    pub fn push(&mut self, number: u32, bytes: &[u8]) -> Answer {
        #[cfg(feature = "panic-test")]
        crate::host::panic_test::panic_if_asked(bytes);
        match self.reader(number)? {
            Reader::Detector(of) | Reader::Candidates(of) => of.push(bytes),
            Reader::Query(of) | Reader::Rows(of) => of.push(bytes),
        }
        NOTHING
    }

    /// The current input is complete.
    pub fn end_input(&mut self, number: u32) -> Answer {
        match self.reader(number)? {
            Reader::Detector(of) | Reader::Candidates(of) => of.end_input(),
            Reader::Query(of) | Reader::Rows(of) => of.end_input(),
        }
        NOTHING
    }

    /// What could not be read or run since the last call.
    pub fn take_problems(&mut self, number: u32) -> Answer {
        let problems = match self.reader(number)? {
            Reader::Detector(of) | Reader::Candidates(of) => of.take_problems(),
            Reader::Query(of) | Reader::Rows(of) => of.take_problems(),
        };
        Ok(json::problems(&problems).into_bytes())
    }

    /// The counters.
    pub fn stats(&mut self, number: u32) -> Answer {
        let stats = match self.reader(number)? {
            Reader::Detector(of) | Reader::Candidates(of) => json::stats(&of.stats()),
            Reader::Query(of) | Reader::Rows(of) => json::query_stats(&of.stats()),
        };
        Ok(stats.into_bytes())
    }

    /// What is odd about rules or a query that run.
    pub fn warnings(&mut self, number: u32) -> Answer {
        let warnings = match self.reader(number)? {
            Reader::Detector(of) | Reader::Candidates(of) => json::findings(of.warnings()),
            Reader::Query(of) | Reader::Rows(of) => json::diagnostics(of.warnings()),
        };
        Ok(warnings.into_bytes())
    }

    /// All that a reader for others has found since the last call.
    pub fn hand_over(&mut self, number: u32) -> Answer {
        match self.reader(number)? {
            Reader::Candidates(of) => Ok(of.export_transfer()),
            Reader::Rows(of) => Ok(of.export_transfer()),
            _ => Err(misuse(&format!("reader {number} answers itself, and hands nothing over"))),
        }
    }

    /// About how many bytes `hand_over` would give.
    pub fn waiting(&mut self, number: u32) -> usize {
        match self.readers.get(&number) {
            Some(Reader::Candidates(of)) => of.waiting(),
            Some(Reader::Rows(of)) => of.waiting(),
            _ => 0,
        }
    }

    /// Takes over what another reader has handed over.
    pub fn take_over(&mut self, number: u32, bytes: &[u8]) -> Answer {
        let taken = match self.reader(number)? {
            Reader::Detector(of) => of.import_transfer(bytes),
            Reader::Query(of) => of.import_transfer(bytes),
            _ => return Err(misuse(&format!("reader {number} hands over itself, and takes nothing over"))),
        };
        taken.map_err(|error| options::refused("FP405", &error.to_string()))?;
        NOTHING
    }

    /// The candidate records since the last call, each with its rules and its time: see `docs/abi.md`.
    pub fn take_candidates(&mut self, number: u32) -> Answer {
        let Reader::Candidates(of) = self.reader(number)? else {
            return Err(misuse(&format!("reader {number} finds no candidates for others")));
        };
        let mut lines = Vec::new();
        of.take_marked_candidates(&mut |Candidate { time, rules, raw }| {
            for (i, rule) in rules.iter().enumerate() {
                let comma = if i > 0 { "," } else { "" };
                lines.extend_from_slice(format!("{comma}{rule}").as_bytes());
            }
            lines.push(b'\t');
            lines.extend_from_slice(time.map(datetime::format).unwrap_or_default().as_bytes());
            lines.push(b'\t');
            lines.extend_from_slice(raw);
            lines.push(b'\n');
        });
        Ok(lines)
    }

    /// Counts a period that others have read.
    pub fn observe(&mut self, number: u32, first: i64, last: i64) -> Answer {
        self.detector(number)?.observe(first, last);
        NOTHING
    }

    /// Only the runs at ticks in a span happen.
    pub fn limit_runs(&mut self, number: u32, from: i64, to: i64) -> Answer {
        self.detector(number)?.limit_runs(from..to);
        NOTHING
    }

    /// When the rules run, and which of them can be split.
    pub fn schedules(&mut self, number: u32) -> Answer {
        match self.reader(number)? {
            Reader::Detector(of) | Reader::Candidates(of) => {
                Ok(json::schedules(&of.schedules()).into_bytes())
            }
            _ => Err(misuse(&format!("reader {number} has no rules"))),
        }
    }

    /// The host's clock: windows that ended before it conclude.
    pub fn advance_to(&mut self, number: u32, now: i64) -> Answer {
        self.detector(number)?.advance_to(now);
        NOTHING
    }

    /// There is no more input.
    pub fn finish(&mut self, number: u32) -> Answer {
        self.detector(number)?.finish();
        NOTHING
    }

    /// Begins anew with the same rules.
    pub fn restart(&mut self, number: u32) -> Answer {
        match self.reader(number)? {
            Reader::Detector(of) | Reader::Candidates(of) => of.restart(),
            _ => return Err(misuse(&format!("reader {number} is a query, and cannot begin anew"))),
        }
        NOTHING
    }

    /// The alerts since the last call.
    pub fn take_alerts(&mut self, number: u32) -> Answer {
        Ok(json::alerts(&self.detector(number)?.take_alerts()).into_bytes())
    }

    /// The answer to a query.
    pub fn result(&mut self, number: u32) -> Answer {
        match self.reader(number)? {
            Reader::Query(of) => Ok(json::answer(&of.result()).into_bytes()),
            _ => Err(misuse(&format!("reader {number} answers no query"))),
        }
    }

    /// Whether further input changes nothing.
    pub fn is_complete(&mut self, number: u32) -> bool {
        matches!(self.readers.get(&number), Some(Reader::Query(of)) if of.is_complete())
    }
}
