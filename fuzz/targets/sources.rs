//! The bytes of a log: whole, in pieces and without the prefilter they give the same records, problems and alerts.
#![no_main]

use cloudtrail::source::{Limits, Problem, Record, Sink, Source};
use forepost::detector::{Detector, Options};
use libfuzzer_sys::fuzz_target;

/// A small file may hold very much: what the page and the worker read is limited too.
const LIMITS: Limits = Limits { bytes: 8 << 20, records: 100_000 };

#[derive(Default, Debug, PartialEq)]
struct Seen {
    records: Vec<(u64, Vec<u8>)>,
    problems: Vec<(u64, &'static str, String)>,
}

impl Sink for Seen {
    fn record(&mut self, record: Record<'_>) {
        self.records.push((record.offset, record.raw.to_vec()));
    }
    fn problem(&mut self, problem: Problem) {
        self.problems.push((problem.offset, problem.code, problem.message));
    }
}

fn read(bytes: &[u8], piece: usize) -> Seen {
    let (mut source, mut seen) = (Source::within(LIMITS), Seen::default());
    bytes.chunks(piece.max(1)).for_each(|chunk| source.push(chunk, &mut seen));
    source.finish(&mut seen);
    assert_eq!(source.stats().total() as usize, seen.records.len());
    seen
}

fn alerts(bytes: &[u8], piece: usize, everything: bool) -> (String, Vec<String>) {
    let options = Options { limits: LIMITS, ..Options::default() };
    let mut detector = Detector::new(&[], options).unwrap_or_else(|e| panic!("{e:?}"));
    if everything {
        detector.evaluate_everything();
    }
    bytes.chunks(piece.max(1)).for_each(|chunk| detector.push(chunk));
    detector.finish();
    // In which order different inputs within the input tell theirs depends on the pieces.
    let mut problems: Vec<String> = detector.take_problems().iter().map(|p| format!("{p:?}")).collect();
    problems.sort();
    (fuzz::alerts(&mut detector), problems)
}

fuzz_target!(|data: &[u8]| {
    let bytes = fuzz::input(data);
    // Pieces of few bytes make sense only of little.
    let piece = data.first().map_or(1, |b| usize::from(*b) + bytes.len() / 512);
    let whole = read(&bytes, bytes.len());
    assert_eq!(read(&bytes, piece), whole, "in pieces of {piece}");
    if whole.records.len() < 1000 && bytes.len() < 64 << 10 {
        let want = alerts(&bytes, bytes.len(), false);
        assert_eq!(alerts(&bytes, piece, false), want, "in pieces of {piece}");
        // What no rule can need is not looked into, so its own damage is not told.
        assert_eq!(alerts(&bytes, bytes.len(), true).0, want.0, "without the prefilter");
    }
});
