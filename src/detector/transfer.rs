//! The bytes that carry what one reader found to the one that concludes: the ingest report, the counts, and the raw candidate
//! records or the rows of a query's leaves. Who imports them then reports, counts and keeps what it would have if it had read the input.
//!
//! A number has 8 bytes, least significant first; a text follows its length. Of all this only the [seal] stays as it is from build to
//! build: it says which build wrote the rest, and about which rules or query, and any other is refused.

use super::error::TransferError;
use super::fingerprint::BUILD;
use super::ingest_report::{IngestReport, Problem};
use cloudtrail::source::Stats;
use kql::value::{Value, codec};

/// Everything since the last export.
#[derive(Default)]
pub struct Transfer<'a> {
    /// What the source counted.
    pub stats: Stats,
    /// The feed's report.
    pub report: IngestReport,
    /// The events that made rows which are handed over; of candidate records, the importing detector counts them.
    pub candidates: u64,
    /// The candidate records, as [`CandidateRecord::write`] writes them, or what leaves let through, as [`Found::write`] does.
    pub found: &'a [u8],
}

impl<'a> Transfer<'a> {
    /// As bytes.
    pub fn write(&self) -> Vec<u8> {
        let (stats, report) = (&self.stats, &self.report);
        let mut out = Vec::with_capacity(self.found.len() + 256);
        for n in [stats.bytes_in, stats.bytes_inflated, stats.problems, stats.digests]
            .iter()
            .chain(&stats.records)
            .chain(&stats.logs)
        {
            push_number(&mut out, *n);
        }
        for n in [
            self.candidates,
            report.problem_count,
            report.untimed,
            report.outside,
            report.untimed_of_parts,
            report.problems.len() as u64,
        ] {
            push_number(&mut out, n);
        }
        for (first, last) in std::iter::once(&report.events).chain(&report.logs).map(|times| times.unzip()) {
            push_optional(&mut out, first.map(i64::cast_unsigned));
            push_optional(&mut out, last.map(i64::cast_unsigned));
        }
        for Problem { offset, code, message, .. } in &report.problems {
            push_optional(&mut out, *offset);
            push_text(&mut out, code.as_bytes());
            push_text(&mut out, message.as_bytes());
        }
        out.extend_from_slice(self.found);
        out
    }

    /// From what [`write`](Self::write) made; `None` from anything else.
    pub fn read(bytes: &'a [u8]) -> Option<Transfer<'a>> {
        let mut texts = Texts(bytes);
        let mut of = Transfer::default();
        let Stats { bytes_in, bytes_inflated, problems, digests, records, logs } = &mut of.stats;
        for n in [bytes_in, bytes_inflated, problems, digests].into_iter().chain(records).chain(logs) {
            *n = texts.number()?;
        }
        of.candidates = texts.number()?;
        of.report.problem_count = texts.number()?;
        of.report.untimed = texts.number()?;
        of.report.outside = texts.number()?;
        of.report.untimed_of_parts = texts.number()?;
        let problems = texts.number()?;
        for times in std::iter::once(&mut of.report.events).chain(&mut of.report.logs) {
            let (first, last) = (texts.optional()?, texts.optional()?);
            *times = first.map(u64::cast_signed).zip(last.map(u64::cast_signed));
        }
        for _ in 0..problems {
            let offset = texts.optional()?;
            let code = String::from_utf8(texts.next()?.to_vec()).ok()?.into();
            let message = String::from_utf8(texts.next()?.to_vec()).ok()?;
            of.report.problems.push(Problem { offset, code, message, rule: None });
        }
        of.found = texts.0;
        Some(of)
    }
}

/// What every transfer begins with.
const MARK: &[u8] = b"forepost";

/// Bytes for another machine: who wrote them and what they are about stands before them.
pub fn seal(question: &str, body: &[u8]) -> Vec<u8> {
    let mut out = MARK.to_vec();
    push_text(&mut out, BUILD.as_bytes());
    push_text(&mut out, question.as_bytes());
    push_text(&mut out, body);
    out
}

/// What [`seal`] was given, if this build gave it about the same question.
pub fn open<'a>(question: &str, sealed: &'a [u8]) -> Result<&'a [u8], TransferError> {
    let mut texts = Texts(sealed.strip_prefix(MARK).ok_or(TransferError::NoTransfer)?);
    let build = texts.next().ok_or(TransferError::Cut)?;
    if build != BUILD.as_bytes() {
        return Err(TransferError::OtherBuild { build: String::from_utf8_lossy(build).into_owned() });
    }
    if texts.next().ok_or(TransferError::Cut)? != question.as_bytes() {
        return Err(TransferError::OtherQuestion);
    }
    let body = texts.next().ok_or(TransferError::Cut)?;
    if texts.0.is_empty() { Ok(body) } else { Err(TransferError::NoTransfer) }
}

fn push_number(out: &mut Vec<u8>, n: u64) {
    out.extend_from_slice(&n.to_le_bytes());
}

fn push_optional(out: &mut Vec<u8>, n: Option<u64>) {
    push_number(out, u64::from(n.is_some()));
    push_number(out, n.unwrap_or(0));
}

/// What a leaf let through.
pub enum Found<'a> {
    /// A row, and the time of its event in ticks.
    Row(Option<i64>, Vec<Value>),
    /// What a [`Fold`](kql::exec::fold::Fold) saved of the rows.
    Fold(&'a [u8]),
}

/// What stands before each.
mod tag {
    pub const UNTIMED: u8 = 0;
    pub const TIMED: u8 = 1;
    pub const FOLD: u8 = 2;
}

impl<'a> Found<'a> {
    /// Appends it.
    pub fn write(&self, leaf: usize, out: &mut Vec<u8>) {
        codec::write_length(leaf, out);
        match self {
            Found::Row(time, values) => {
                out.push(if time.is_some() { tag::TIMED } else { tag::UNTIMED });
                out.extend_from_slice(&time.unwrap_or(0).to_le_bytes());
                codec::write_row(values, out);
            }
            Found::Fold(saved) => {
                out.push(tag::FOLD);
                codec::write_bytes(saved, out);
            }
        }
    }

    /// Reads all that was written, each with its leaf; false if the bytes are something else, or `each` says so. Those before are given all the same.
    pub fn read_all(bytes: &'a [u8], each: &mut dyn FnMut(usize, Found<'a>) -> bool) -> bool {
        let mut decoder = codec::Decoder(bytes);
        while !decoder.0.is_empty() {
            if !Found::read(&mut decoder).is_some_and(|(leaf, found)| each(leaf, found)) {
                return false;
            }
        }
        true
    }

    fn read(from: &mut codec::Decoder<'a>) -> Option<(usize, Found<'a>)> {
        let leaf = from.length()?;
        let tag = from.byte()?;
        if tag == tag::FOLD {
            return Some((leaf, Found::Fold(from.bytes()?)));
        }
        let time = i64::from_le_bytes(from.fixed()?);
        Some((leaf, Found::Row((tag == tag::TIMED).then_some(time), from.row()?)))
    }
}

/// A candidate record: its time, and which leaves it passes.
pub struct CandidateRecord<'a> {
    /// In ticks.
    pub time: Option<i64>,
    /// The indices of the leaves.
    pub leaves: Vec<usize>,
    /// As it stood in its input.
    pub raw: &'a [u8],
}

impl<'a> CandidateRecord<'a> {
    /// Appends the record.
    pub fn write(&self, out: &mut Vec<u8>) {
        push_optional(out, self.time.map(i64::cast_unsigned));
        push_number(out, self.leaves.len() as u64);
        self.leaves.iter().for_each(|leaf| push_number(out, *leaf as u64));
        push_text(out, self.raw);
    }

    /// The records that [`write`](Self::write) wrote, up to what is something else.
    pub fn read_all(bytes: &'a [u8]) -> impl Iterator<Item = CandidateRecord<'a>> {
        let mut texts = Texts(bytes);
        std::iter::from_fn(move || {
            let time = texts.optional()?.map(u64::cast_signed);
            let leaves = (0..texts.number()?)
                .map(|_| usize::try_from(texts.number()?).ok())
                .collect::<Option<Vec<_>>>()?;
            Some(CandidateRecord { time, leaves, raw: texts.next()? })
        })
    }
}

/// Appends a text after its length.
fn push_text(out: &mut Vec<u8>, text: &[u8]) {
    push_number(out, text.len() as u64);
    out.extend_from_slice(text);
}

/// The texts that [`push_text`] wrote.
struct Texts<'a>(&'a [u8]);

impl Texts<'_> {
    fn number(&mut self) -> Option<u64> {
        let (n, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*n))
    }

    fn optional(&mut self) -> Option<Option<u64>> {
        let (some, n) = (self.number()?, self.number()?);
        Some((some > 0).then_some(n))
    }
}

impl<'a> Iterator for Texts<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }
}
