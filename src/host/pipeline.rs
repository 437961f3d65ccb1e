//! A record of a log pipeline goes in; the same record comes out, with one more key if a rule matches.
//!
//! The record's own bytes stay as they are: the key is inserted before the last bracket. Whatever fails inside, the record
//! is passed on.

use crate::detector::{Look, RuleErrors, RuleFile, SingleEventEvaluator, damage};
use cloudtrail::source::Outline;
use cloudtrail::source::embedded::{self, ADDED, ADDED_START};
use kql::value::json::{self, Items};
use kql::value::limits::{self, Limit};

/// The longest record that is evaluated, in bytes; CloudTrail's events have at most 256 KB. A longer record is passed on, with
/// an error if it holds a rule's literal.
pub const MAX_RECORD: usize = 1 << 20;
/// How many bytes may be added to a record. Matches that do not fit are only counted.
pub const MAX_ADDED: usize = 256 << 10;
const UNREAD: &str = "the record names an event that a rule may need, and the event in it is cut, is not JSON, or nests too deep to be read";
/// The output buffer is shrunk to this size after a larger record.
const MAX_KEPT: usize = 64 << 10;

/// What was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Records.
    pub records: u64,
    /// Records that hold a literal of a rule.
    pub looked_into: u64,
    /// Records that got an alert or a candidate added.
    pub annotated: u64,
    /// Matches that are alerts.
    pub alerts: u64,
    /// Matches that are candidates.
    pub candidates: u64,
    /// Records with a literal that were not evaluated: no event, cut, or compressed.
    pub unjudged: u64,
    /// Records that got an error added.
    pub errors: u64,
}

/// What happens to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It matters to no rule.
    Nothing,
    /// It is passed on as it is: it could not be evaluated and cannot take a key.
    AsItIs,
    /// It is passed on with the added key.
    Changed(&'a [u8]),
}

/// Evaluates records one by one.
pub struct Pipeline {
    evaluator: SingleEventEvaluator,
    reader: embedded::Reader,
    keys: Vec<String>,
    added: String,
    out: Vec<u8>,
    counters: Counters,
}

impl Pipeline {
    /// A pipeline with the rules in the files, or the built-in ones if there are none. `keys` are where a record may hold its
    /// event, besides those that pipelines commonly use.
    pub fn new(files: &[RuleFile], keys: Vec<String>) -> Result<Pipeline, RuleErrors> {
        let evaluator = SingleEventEvaluator::new(files)?;
        let (reader, counters) = (embedded::Reader::default(), Counters::default());
        Ok(Pipeline { evaluator, reader, keys, added: String::new(), out: Vec::new(), counters })
    }

    /// Compiles everything now, so that no record makes a rule compile anything: a host with little stack could not.
    pub fn precompile(&self) {
        self.evaluator.precompile();
        limits::set_ready();
    }

    /// The counters so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How many rules there are.
    pub fn rules(&self) -> usize {
        self.evaluator.len()
    }

    /// Evaluates a record. The result borrows a buffer that the next record overwrites.
    pub fn record(&mut self, record: &[u8]) -> Verdict<'_> {
        self.counters.records += 1;
        match self.evaluator.literal_prefilter().look(record) {
            Look::CanMatter => {}
            Look::Nothing => return Verdict::Nothing,
            Look::NoEvent => return Verdict::AsItIs,
        }
        self.counters.looked_into += 1;
        if record.len() > MAX_RECORD {
            let message =
                format!("the record has {} bytes; the filter checks at most {MAX_RECORD}", record.len());
            let end = self.reader.end_of_object(record);
            return self.failed(record, end, "too_large", &message);
        }
        self.look_into(record)
    }

    /// Whether a record goes on through a sieve: it holds an event that a rule may need, or cannot be judged.
    pub fn keeps(&mut self, record: &[u8]) -> bool {
        match self.evaluator.literal_prefilter().look(record) {
            Look::CanMatter => {}
            Look::Nothing => return false,
            Look::NoEvent => return true,
        }
        if record.len() > MAX_RECORD || self.reader.end_of_object(record).is_none() {
            return true;
        }
        let Pipeline { evaluator, reader, keys, .. } = self;
        let (mut events, mut keeps) = (0_u64, false);
        limits::take();
        let not_evaluated = reader.events(record, keys, &mut |event, outline| {
            events += 1;
            keeps = keeps
                || is_too_deep(event, outline)
                || damage(event).is_some()
                || evaluator.passes(event, outline).unwrap_or(true);
        });
        keeps || limits::take().is_some() || not_evaluated > 0 || events == 0
    }

    fn look_into(&mut self, record: &[u8]) -> Verdict<'_> {
        let Some(end) = self.reader.end_of_object(record) else {
            self.counters.unjudged += 1;
            return Verdict::AsItIs;
        };
        let Pipeline { evaluator, reader, keys, added, counters, .. } = self;
        begin(added);
        let (mut matches, mut events, mut left_out) = (0_u64, 0_u64, 0_u64);
        let mut failure: Option<(&str, String)> = None;
        limits::take();
        let not_evaluated = reader.events(record, keys, &mut |event, outline| {
            events += 1;
            if is_too_deep(event, outline) {
                failure = Some(("too_deep", format!("the event nests more than {} levels", json::MAX_DEPTH)));
                return;
            }
            if let Some(message) = damage(event) {
                failure = Some(("bad_json", message));
            }
            let done = evaluator.evaluate(event, outline, &mut |it| {
                match it.state {
                    crate::detector::MatchState::Alert => counters.alerts += 1,
                    crate::detector::MatchState::Candidate => counters.candidates += 1,
                }
                matches += 1;
                let length = added.len();
                added.push_str(if matches > 1 { "," } else { "" });
                super::json::matched(added, &it);
                if added.len() > MAX_ADDED {
                    added.truncate(length);
                    left_out += 1;
                }
            });
            if let Err(e) = done {
                failure = Some((e.code, e.message));
            }
        });
        match limits::take() {
            Some(Limit::Depth) => {
                let message =
                    format!("a JSON string in the event nests more than {} levels", json::MAX_DEPTH);
                failure = Some(("too_deep", message));
            }
            Some(Limit::Pattern) => {
                failure = Some((
                    "pattern",
                    "a rule takes its regular expression from the event; this filter cannot run it"
                        .to_owned(),
                ));
            }
            None => {}
        }
        if left_out > 0 {
            failure = Some(("too_large", format!("{left_out} more matches did not fit into the record")));
        }
        match failure {
            Some((code, message)) => self.failed(record, Some(end), code, &message),
            None if matches > 0 => {
                self.counters.annotated += 1;
                self.added.push_str("]}");
                self.annotate(record, Some(end))
            }
            None if not_evaluated > 0 || events == 0 => {
                self.counters.unjudged += 1;
                // Not a line of another program: whoever forwards only what has the key must not lose it.
                if self.evaluator.literal_prefilter().names_an_event(record) {
                    return self.failed(record, Some(end), "unread", UNREAD);
                }
                Verdict::AsItIs
            }
            None => Verdict::Nothing,
        }
    }

    /// Adds an error after the matches, if there are any. `end`: where the record's object ends, if it is one.
    fn failed(&mut self, record: &[u8], end: Option<usize>, code: &str, message: &str) -> Verdict<'_> {
        self.counters.errors += 1;
        if self.added.is_empty() {
            begin(&mut self.added);
        }
        self.added.push_str("],\"error\":{\"code\":");
        json::write_string(&mut self.added, code);
        self.added.push_str(",\"message\":");
        json::write_string(&mut self.added, message);
        self.added.push_str("}}");
        self.annotate(record, end)
    }

    /// The record with the added key; the buffer for what is added is empty afterwards.
    fn annotate(&mut self, record: &[u8], end: Option<usize>) -> Verdict<'_> {
        let added = std::mem::take(&mut self.added);
        self.out.clear();
        self.out.shrink_to(MAX_KEPT);
        let Some(key) = free_key(record) else { return Verdict::AsItIs };
        let Some((head, tail)) = end.and_then(|end| record.split_at_checked(end.checked_sub(1)?)) else {
            return Verdict::AsItIs;
        };
        let empty = head.trim_ascii() == b"{";
        self.out.reserve(record.len() + added.len() + 16);
        self.out.extend_from_slice(head);
        self.out.extend_from_slice(if empty { b"\"" } else { b",\"" });
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out.extend_from_slice(added.as_bytes());
        self.out.extend_from_slice(tail);
        Verdict::Changed(&self.out)
    }

    /// The record of the last [`Verdict::Changed`], terminated by a NUL for C.
    pub fn terminated(&mut self) -> &[u8] {
        if self.out.last() != Some(&0) {
            self.out.push(0);
        }
        &self.out
    }
}

/// An outline says that it is not.
fn is_too_deep(event: &[u8], outline: Option<Outline<'_>>) -> bool {
    outline.is_none() && json::depth(event) > json::MAX_DEPTH
}

fn begin(added: &mut String) {
    added.clear();
    added.push_str(ADDED_START);
}

/// A key that the record does not have yet: several filters may run one after the other.
fn free_key(record: &[u8]) -> Option<&'static str> {
    if !embedded::may_hold_added(record) {
        return ADDED.first().copied();
    }
    let mut taken = [false; ADDED.len()];
    for (key, _) in Items::open(record).into_iter().flatten().map_while(Result::ok) {
        let key = json::unescape(key);
        if let Some(slot) = ADDED.iter().position(|k| *k == key).and_then(|i| taken.get_mut(i)) {
            *slot = true;
        }
    }
    ADDED.iter().zip(taken).find(|(_, taken)| !taken).map(|(key, _)| *key)
}
