//! Takes CloudTrail events out of whatever they were sent in.

use super::envelope::{
    Envelope, Found, Held, MAX_ENVELOPES, can_hold, find, is_event_source, member, unquoted,
};
use super::meter::Meter;
use super::{Problem, Record, Sink, Source, Stats};
use super::{base64, guardduty, ocsf, rows};
use crate::framing::{Frame, Framer, Frames, Within};
use crate::table::logs::{GUARDDUTY, Log, SECURITY_HUB};
use kql::value::json::{self, Items};
use std::rc::Rc;

/// Reads values to records.
pub struct Reader<'s> {
    /// Where records go.
    pub sink: &'s mut dyn Sink,
    /// What is counted.
    pub stats: &'s mut Stats,
    /// How much may be read.
    pub(super) meter: &'s mut Meter,
    /// What a file has many of.
    pub tally: &'s mut Tally,
    /// The file of an archive that is being read.
    pub member: Option<Rc<str>>,
    /// How many envelopes are open.
    pub level: u8,
    /// The envelope around this stream of values, and where that began.
    pub outer: Option<(Envelope, u64)>,
    /// Whether one of the open envelopes was compressed.
    pub inflated: bool,
    /// When the event was sent that carries findings of Security Hub, as JSON.
    pub sent: Option<Vec<u8>>,
}

impl Frames for Reader<'_> {
    fn skip(&mut self, bytes: &[u8], within: Within) -> (usize, usize) {
        let skipped = self.sink.skip(bytes, within == Within::Stream);
        self.stats.count(self.envelope(within), skipped.events);
        (skipped.end, skipped.looked)
    }

    fn value(&mut self, frame: Frame<'_>) {
        let envelope = self.envelope(frame.within);
        let offset = self.outer.map_or(frame.offset, |(_, o)| o);
        // Most values are plain events, and the framer saw it already.
        let source = frame.source.and_then(|at| frame.raw.get(at..)).map(value_behind_key);
        if source.is_some_and(is_event_source) {
            self.record(Record { outline: frame.outline, ..Record::new(frame.raw, envelope, offset) });
        } else {
            self.read(frame.raw, offset, envelope, self.level, frame.salvaged);
        }
    }

    fn problem(&mut self, mut problem: Problem) {
        if let Some((envelope, offset)) = self.outer {
            problem.message = format!(
                "inside the {} format: {} (byte {} of its content)",
                envelope.name(),
                problem.message,
                problem.offset
            );
            problem.offset = offset;
        }
        self.say(problem);
    }
}

/// Things that are no events and that a file has many of: each kind is said once, and how many more there were at the end.
#[derive(Default)]
pub struct Tally {
    /// What it is, where the second is, how many there were but for the first.
    pub(super) said: Vec<(String, u64, u64)>,
}

impl Tally {
    const KINDS: usize = 64;

    /// Whether this need not be said, because it was; it is counted then.
    fn counts(&mut self, what: &str, offset: u64) -> bool {
        if let Some((_, second, more)) = self.said.iter_mut().find(|(said, ..)| said == what) {
            if *more == 0 {
                *second = offset;
            }
            *more += 1;
            return true;
        }
        if self.said.len() < Self::KINDS {
            self.said.push((what.to_owned(), offset, 0));
        }
        false
    }
}

impl Reader<'_> {
    fn envelope(&self, within: Within) -> Envelope {
        let inner = match within {
            Within::Stream => None,
            Within::Array => Some(Envelope::Array),
            Within::Key("Records" | "records") => Some(Envelope::Records),
            Within::Key("Events") => Some(Envelope::LookupEvents),
            Within::Key("logEvents") => Some(Envelope::CloudWatchLogs),
            Within::Key(_) => Some(Envelope::Sqs),
        };
        match (inner, self.outer) {
            // An array inside an envelope is that envelope's.
            (None | Some(Envelope::Array), Some((outer, _))) => outer,
            (inner, _) => inner.unwrap_or(Envelope::Bare),
        }
    }

    /// Reads one value in an envelope. The depth of this recursion is bounded by [`MAX_ENVELOPES`].
    fn read(&mut self, raw: &[u8], offset: u64, envelope: Envelope, level: u8, salvage: bool) {
        match raw.first() {
            Some(b'{') => match find(raw) {
                Found::Event => self.record(Record::new(raw, envelope, offset)),
                Found::Row => self.record(Record::new(raw, Envelope::Row, offset)),
                Found::Log(log) => self.record_of(log, raw, envelope, offset),
                Found::Result(form) => rows::result(form, raw, offset, self),
                Found::Digest => self.stats.digests += u64::from(!salvage),
                Found::Sieve(value) => self.sink.sieve(offset, value),
                Found::Nothing => {}
                Found::Wrapped(inner, held, value) => {
                    let message = unquoted(value);
                    if envelope == Envelope::CloudWatchLogs && message.starts_with(b"CWL CONTROL MESSAGE") {
                        // CloudWatch Logs says that it is alive: meant to be passed over.
                        return;
                    }
                    // The items of a batch say more exactly what they are than the list does.
                    let inner = match (envelope, inner) {
                        (Envelope::Bare | Envelope::Array | Envelope::Records, inner) => inner,
                        (outer, Envelope::Pipeline) => outer,
                        (_, inner) => inner,
                    };
                    let sent = if inner == Envelope::EventBridge { sent_by_security_hub(raw) } else { None };
                    let outer = sent.map(|time| self.sent.replace(time.to_vec()));
                    self.unwrap(value, held, offset, inner, level, salvage);
                    if let Some(outer) = outer {
                        self.sent = outer;
                    }
                }
                Found::Stranger(what) if !salvage => {
                    if let Some(event) = ocsf::event_of(raw) {
                        self.record(Record::new(event.as_bytes(), Envelope::Ocsf, offset));
                    } else if let Some(finding) = guardduty::exported(raw) {
                        self.record_of(GUARDDUTY, finding.as_bytes(), envelope, offset);
                    } else {
                        self.stranger(offset, &what);
                    }
                }
                Found::Stranger(_) => {}
            },
            Some(b'"') if !can_hold(raw, Held::Json) && !unquoted(raw).trim_ascii().is_empty() => {
                if !salvage {
                    self.stranger(offset, "a JSON string without an event in it");
                }
            }
            Some(b'[' | b'"') => self.unwrap(raw, Held::Json, offset, envelope, level, salvage),
            _ if salvage => {}
            _ => self.stranger(offset, "a JSON value that is not an object"),
        }
    }

    /// Something that holds no event. What a file has many of is said once and counted.
    pub(super) fn stranger(&mut self, offset: u64, what: &str) {
        if !self.tally.counts(what, offset) {
            self.report(offset, "not_cloudtrail", format!("not a CloudTrail event: {what}"));
        }
    }

    /// The file ended: says how many more there were of what it had many of.
    pub(super) fn say_tally(&mut self) {
        for (what, offset, more) in std::mem::take(&mut self.tally.said) {
            if more > 0 {
                let times = if more == 1 { "once more".to_owned() } else { format!("{more} times more") };
                self.report(offset, "not_cloudtrail", format!("not a CloudTrail event, {times}: {what}"));
            }
        }
    }

    /// Something in a table is wrong.
    pub(super) fn report_at(&mut self, offset: u64, code: &'static str, message: String) {
        self.report(self.place(offset), code, message);
    }

    fn place(&self, offset: u64) -> u64 {
        self.outer.map_or(offset, |(_, outer)| outer)
    }

    /// A row of a table.
    pub(super) fn row(&mut self, raw: &[u8], offset: u64, envelope: Envelope) {
        self.record(Record::new(raw, envelope, self.place(offset)));
    }

    /// A record of another log than CloudTrail.
    fn record_of(&mut self, log: Log, raw: &[u8], envelope: Envelope, offset: u64) {
        // Of when a finding was sent, only the event around it tells.
        let sent = self.sent.as_ref().filter(|_| log == SECURITY_HUB && raw.starts_with(b"{\""));
        let timed =
            sent.map(|time| [b"{\"time\":", &**time, b",", raw.get(1..).unwrap_or_default()].concat());
        let raw = timed.as_deref().unwrap_or(raw);
        self.record(Record { log: Some(log), ..Record::new(raw, envelope, offset) });
    }

    /// Whether a value is an event, or a record of a log, or holds such.
    pub(super) fn holds_record(&self, raw: &[u8]) -> bool {
        matches!(find(raw), Found::Event | Found::Row | Found::Log(_))
    }

    /// A line of a log, taken apart.
    pub(super) fn line(&mut self, log: Log, raw: &[u8], offset: u64) {
        let record = Record::new(raw, Envelope::Line, self.place(offset));
        self.record(Record { log: Some(log), ..record });
    }

    /// A line that is JSON among lines that are not.
    pub(super) fn json_line(&mut self, line: &[u8], offset: u64) {
        let mut framer = Framer::at(offset);
        framer.push(line, self);
        framer.finish(self);
    }

    /// An event in a column of a table.
    pub(super) fn text(&mut self, text: &str, offset: u64, envelope: Envelope) {
        if self.level >= MAX_ENVELOPES {
            let message = format!("the event is wrapped in more than {MAX_ENVELOPES} envelopes");
            return self.report(self.place(offset), "too_deep", message);
        }
        let mut inner = Source::inside(self.level + 1, (envelope, self.place(offset)), self.inflated);
        inner.read_all(text.as_bytes(), self);
    }

    fn report(&mut self, offset: u64, code: &'static str, mut message: String) {
        if let Some((envelope, _)) = self.outer {
            message = format!("inside the {} format: {message}", envelope.name());
        }
        self.say(Problem { offset, code, message });
    }

    fn say(&mut self, mut problem: Problem) {
        if let Some(member) = &self.member {
            problem.message = format!("in '{member}': {}", problem.message);
        }
        self.stats.problems += 1;
        self.sink.problem(problem);
    }

    fn record(&mut self, record: Record<'_>) {
        self.stats.count(record.envelope, 1);
        if let Some(n) = record.log.and_then(|log| self.stats.logs.get_mut(log.index())) {
            *n += 1;
        }
        self.sink.record(record);
    }

    fn unwrap(
        &mut self,
        value: &[u8],
        held: Held,
        offset: u64,
        envelope: Envelope,
        level: u8,
        salvage: bool,
    ) {
        if level >= MAX_ENVELOPES {
            let message = format!("the event is wrapped in more than {MAX_ENVELOPES} envelopes");
            self.report(offset, "too_deep", message);
            return;
        }
        let inside = match held {
            Held::Json | Held::Encoded => Some(value),
            Held::Under(key) | Held::Base64(key) => member(value, key),
        };
        match (inside.and_then(|v| v.first()), inside) {
            (Some(b'{'), Some(v)) => self.read(v, offset, envelope, level + 1, salvage),
            (Some(b'['), Some(v)) => {
                let mut items = Items::open(v);
                while let Some(Ok((_, item))) = items.as_mut().and_then(Iterator::next) {
                    self.read(item, offset, envelope, level + 1, salvage);
                }
            }
            (Some(b'"'), Some(v)) => {
                let text = json::unescape(unquoted(v));
                if text.trim_ascii().is_empty() {
                    if !salvage {
                        self.stranger(offset, "an empty string");
                    }
                    return;
                }
                let mut inner = Source::inside(level + 1, (envelope, offset), self.inflated);
                match held {
                    Held::Base64(_) | Held::Encoded => match base64::decode(text.as_bytes()) {
                        Some(bytes) => inner.read_all(&bytes, self),
                        None => self.report(offset, "bad_base64", "the data is not Base64".to_owned()),
                    },
                    _ => inner.read_all(text.as_bytes(), self),
                }
            }
            _ if salvage => {}
            _ => self.stranger(offset, "an empty envelope"),
        }
    }
}

/// When an event of EventBridge was sent, as JSON, if it carries findings of Security Hub.
fn sent_by_security_hub(raw: &[u8]) -> Option<&[u8]> {
    member(raw, "detail-type").filter(|kind| kind.starts_with(b"\"Security Hub Findings"))?;
    member(raw, "time").filter(|time| time.starts_with(b"\""))
}

fn value_behind_key(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii_start();
    text.strip_prefix(b":").unwrap_or(text).trim_ascii_start()
}
