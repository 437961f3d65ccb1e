//! Steps over events that matter to no leaf, one after another, without anything of theirs leaving this crate.

use crate::framing::MAX_RECORD;
use crate::prefilter::pair_cache::{Leaves, PairCache};
use crate::prefilter::record::{ScannedRecord, is_plain, scan_record};
use crate::prefilter::timestamp::TimestampReader;

/// The part of a prefilter that sees every byte: what it learnt of the pairs of name and source that occur in a log.
#[derive(Default)]
pub struct Scanner {
    pairs: PairCache,
    timestamps: TimestampReader,
}

/// What is asked about what is not known yet.
pub trait Oracle {
    /// The leaves that an event of this name and source can pass; both are plain text.
    fn leaves(&self, name: &[u8], source: &[u8]) -> Leaves;
    /// The ticks of a day's midnight, written `YYYY-MM-DD`; `None` if there is no such day.
    fn midnight(&self, day: &str) -> Option<i64>;
}

/// What a look at a raw record found.
pub struct Seen<'a> {
    /// The time of the event in ticks.
    pub time: Option<i64>,
    /// The leaves that it can pass.
    pub leaves: &'a Leaves,
}

/// The same, with the place where its leaves are remembered.
#[derive(Clone, Copy)]
struct Record {
    end: usize,
    time: Option<i64>,
    place: usize,
}

/// Events that were stepped over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// The byte behind the last of them; 0 if there is none.
    pub end: usize,
    /// How far was looked: beyond `end` in vain, and to the end of the bytes only if the record there does not end before.
    pub looked: usize,
    /// How many there are.
    pub events: u64,
    /// The earliest and the latest time, in ticks.
    pub times: Option<(i64, i64)>,
}

impl Scanner {
    /// Forgets what it learnt of pairs.
    pub fn clear(&mut self) {
        self.pairs.clear();
    }

    /// The leaves that an event of this name and source can pass: texts as they are, not as JSON spells them.
    pub fn leaves(&mut self, name: &[u8], source: &[u8], oracle: &dyn Oracle) -> Leaves {
        let place = self.place(name, source, oracle);
        let known = place.and_then(|place| self.pairs.leaves(place)).map(Leaves::clone);
        known.unwrap_or_else(|| oracle.leaves(name, source))
    }

    /// The same, if it is known already; see [`place`](Self::place).
    pub fn known(&self, name: &[u8], source: &[u8]) -> Option<&Leaves> {
        self.pairs.leaves(self.pairs.find(name, source)?)
    }

    /// Where it is remembered what a pair can pass. `None` if it is not to be: only plain texts are, for the raw bytes of a
    /// record must not be taken for a decoded text; and very long ones are not worth it.
    #[inline(always)]
    fn place(&mut self, name: &[u8], source: &[u8], oracle: &dyn Oracle) -> Option<usize> {
        // What is remembered was looked at closely when it came first.
        if let Some(place) = self.pairs.find(name, source) {
            return Some(place);
        }
        let fit = is_plain(name) && is_plain(source) && name.len() + source.len() <= 512;
        fit.then(|| self.pairs.insert(name, source, oracle.leaves(name, source)))
    }

    /// Looks at the record that the bytes begin with; `alone` if it stands by itself and not in a list. The error is
    /// how many bytes were looked at in vain: nothing is known then.
    pub fn look(&mut self, bytes: &[u8], alone: bool, oracle: &dyn Oracle) -> Result<Seen<'_>, usize> {
        let Record { end, time, place } = self.walk(bytes, alone, oracle, true).1?;
        let leaves = self.pairs.leaves(place).ok_or(end)?;
        Ok(Seen { time, leaves })
    }

    /// Steps over the events that the bytes begin with, as long as they have a time, matter to no leaf and stand close: with a line
    /// feed between them if they stand `alone`, or else with a comma.
    pub fn skip(&mut self, bytes: &[u8], alone: bool, oracle: &dyn Oracle) -> Skipped {
        self.walk(bytes, alone, oracle, false).0
    }

    /// Steps over the events that have a time and matter to no leaf, unless it looks for `any`, and gives the record that it stopped at, with its end
    /// from there on. One function for both, so that a host compiles one.
    fn walk(
        &mut self,
        bytes: &[u8],
        alone: bool,
        oracle: &dyn Oracle,
        any: bool,
    ) -> (Skipped, Result<Record, usize>) {
        let mut done = Skipped::default();
        let between = if alone { b'\n' } else { b',' };
        let mut at = 0;
        loop {
            let seen = self.seen(bytes.get(at..).unwrap_or_default(), alone, oracle);
            let (end, time) = match seen {
                Ok(Record { end, time: Some(time), place })
                    if !any
                        && end <= MAX_RECORD
                        && self.pairs.leaves(place).is_some_and(|l| l.is_empty()) =>
                {
                    (end, time)
                }
                _ => {
                    done.looked = at + seen.as_ref().map_or_else(|looked| *looked, |record| record.end);
                    return (done, seen);
                }
            };
            done.end = at + end;
            done.events += 1;
            let (first, last) = done.times.unwrap_or((time, time));
            done.times = Some((first.min(time), last.max(time)));
            at = done.end + 1;
            if bytes.get(done.end..=at) != Some(&[between, b'{']) {
                done.looked = done.end;
                return (done, Err(0));
            }
        }
    }

    #[inline(always)]
    fn seen(&mut self, bytes: &[u8], alone: bool, oracle: &dyn Oracle) -> Result<Record, usize> {
        let ScannedRecord { end, name, source, time } = scan_record(bytes, alone)?;
        let time = match time {
            Some(text) => Some(self.timestamps.read(text, |day| oracle.midnight(day)).ok_or(end)?),
            None => None,
        };
        let place = self.place(name, source, oracle).ok_or(end)?;
        Ok(Record { end, time, place })
    }
}
