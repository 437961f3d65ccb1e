//! What is collected for other detectors, and what is taken over from them.

use super::{Feed, State};
use crate::detector::error::TransferError;
use crate::detector::leaf::{Keep, LeafState};
use crate::detector::transfer::{self, CandidateRecord, Found, Transfer};
use cloudtrail::source::{Record, embedded};
use kql::exec::row::{Evidence, Row};
use kql::value::json;
use std::borrow::Cow;

impl Feed {
    /// From now on [`Keep::Records`] keeps every event.
    pub fn collect_everything(&mut self) {
        self.state.everything = true;
    }

    /// The records that matter since the last call, one a line. Only [`Keep::Records`] collects them.
    pub fn take_collected(&mut self) -> Vec<u8> {
        let mut lines = Vec::new();
        self.take_candidates(&mut |CandidateRecord { raw, .. }| {
            lines.extend_from_slice(raw);
            lines.push(b'\n');
        });
        lines
    }

    /// The same one by one, each with its time and its leaves. Without what a pipeline added, and without blanks.
    pub fn take_candidates(&mut self, each: &mut dyn FnMut(CandidateRecord<'_>)) {
        let collected = std::mem::take(&mut self.state.collected);
        for CandidateRecord { time, leaves, raw } in CandidateRecord::read_all(&collected) {
            each(CandidateRecord {
                time,
                leaves,
                raw: &in_one_line(&json::minify(&embedded::without_added(raw))),
            });
        }
    }

    /// How many bytes wait for an export.
    pub fn waiting(&self) -> usize {
        self.state.collected.len()
    }

    /// Exports everything since the last call, for [`import_transfer`](Self::import_transfer).
    pub fn export_transfer(&mut self, question: &str) -> Vec<u8> {
        let state = &mut self.state;
        let (report, mut found) = (state.report.take(), std::mem::take(&mut state.collected));
        let leaves = state.leaves.iter_mut().enumerate().filter(|_| state.keep == Keep::RowsToHandOver);
        for (leaf, fold) in leaves.filter_map(|(leaf, state)| Some((leaf, state.found.fold.as_mut()?))) {
            let mut saved = Vec::new();
            fold.save(&mut saved);
            Found::Fold(&saved).write(leaf, &mut found);
        }
        let candidates = match state.keep {
            Keep::RowsToHandOver => std::mem::take(&mut state.candidates),
            Keep::Rows | Keep::Evidence | Keep::Records => 0,
        };
        transfer::seal(
            question,
            &Transfer { stats: self.source.take_stats(), report, candidates, found: &found }.write(),
        )
    }

    /// Imports what another feed of the same build and the same question has exported.
    pub fn import_transfer(&mut self, question: &str, bytes: &[u8]) -> Result<(), TransferError> {
        let found = self.import_counts(question, bytes)?;
        // The imported report already covers these records, so what reading them again reports is discarded.
        let report = self.state.report.take();
        for record in CandidateRecord::read_all(found) {
            self.offer(record.raw);
        }
        self.state.report = report;
        Ok(())
    }

    /// The same of a feed that hands over [rows](Keep::RowsToHandOver).
    pub fn import_rows(&mut self, question: &str, bytes: &[u8]) -> Result<(), TransferError> {
        let found = self.import_counts(question, bytes)?;
        let (leaves, room) = (&mut self.state.leaves, &mut self.state.room);
        let read = Found::read_all(found, &mut |leaf, found| {
            let Some(LeafState { found: rows, .. }) = leaves.get_mut(leaf) else { return false };
            match found {
                Found::Row(time, values) => {
                    rows.take(time, Row { values, evidence: Evidence::None }, room);
                    true
                }
                Found::Fold(saved) => rows.fold.as_mut().is_some_and(|fold| fold.merge(saved)),
            }
        });
        if read { Ok(()) } else { Err(TransferError::NoTransfer) }
    }

    fn import_counts<'a>(&mut self, question: &str, bytes: &'a [u8]) -> Result<&'a [u8], TransferError> {
        let body = transfer::open(question, bytes)?;
        let Transfer { stats, report, candidates, found } =
            Transfer::read(body).ok_or(TransferError::NoTransfer)?;
        self.source.add_stats(&stats);
        self.state.report.add(report);
        self.state.candidates += candidates;
        Ok(found)
    }
}

impl State {
    pub(super) fn collect(
        &mut self,
        record: &Record<'_>,
        time: Option<i64>,
        leaves: Vec<usize>,
        wanted: bool,
    ) {
        if wanted && self.keep == Keep::Records {
            CandidateRecord { time, leaves, raw: record.raw }.write(&mut self.collected);
        }
    }
}

/// A minified record without raw control characters: what there are stand in strings, where JSON wants them escaped.
fn in_one_line(minified: &[u8]) -> Cow<'_, [u8]> {
    if !minified.iter().any(|byte| *byte < b' ') {
        return Cow::Borrowed(minified);
    }
    let mut out = Vec::with_capacity(minified.len() + 8);
    for byte in minified {
        match byte {
            0..b' ' => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            byte => out.push(*byte),
        }
    }
    Cow::Owned(out)
}
