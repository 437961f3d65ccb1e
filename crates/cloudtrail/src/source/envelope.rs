//! Takes CloudTrail events out of whatever they were sent in, by what a value holds and never by its name.

use super::meter::Meter;
use super::{Problem, Record, Sink, Source, Stats};
use super::{guardduty, ocsf, rows};
use crate::framing::{Frame, Framer, Frames, Within};
use crate::table::logs::{GUARDDUTY, Log, Recogniser, SECURITY_HUB};
use kql::value::json::{self, Items};
use std::borrow::Cow;
use std::rc::Rc;

/// The one key of a line that `forepost sieve` writes before and behind the events it keeps.
pub const SIEVE: &str = "forepostSieve";

/// How many envelopes may stand around an event (SQS around SNS around EventBridge makes three).
pub const MAX_ENVELOPES: u8 = 4;

/// What an event came in: the envelope nearest to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// None: one record, one a line, or one after another.
    Bare,
    /// A JSON array of events.
    Array,
    /// `{"Records":[…]}`, as CloudTrail writes to S3.
    Records,
    /// `{"detail":{…}}`, as EventBridge delivers.
    EventBridge,
    /// `{"logEvents":[{"message":"…"}]}` or `{"awslogs":{"data":"…"}}`: a CloudWatch Logs subscription.
    CloudWatchLogs,
    /// `{"Events":[{"CloudTrailEvent":"…"}]}`: the answer of `LookupEvents`.
    LookupEvents,
    /// `{"Message":"…"}`: an SNS notification.
    Sns,
    /// `{"Messages":[{"Body":"…"}]}` or `{"Records":[{"body":"…"}]}`: SQS messages.
    Sqs,
    /// `{"Records":[{"kinesis":{"data":"…"}}]}`: a Kinesis batch.
    Kinesis,
    /// A log pipeline's record with the event in one of its fields, see [`WRAPPERS`].
    Pipeline,
    /// A row that has the columns of `AWSCloudTrail` already.
    Row,
    /// Such a row, or an event, from a CSV file.
    Csv,
    /// `{"records":[{"data":"…"}]}`: what Firehose sends.
    Firehose,
    /// A row of a query's result in JSON: Log Analytics, CloudTrail Lake, Athena.
    Table,
    /// A record of OCSF, as Security Lake has it, mapped back.
    Ocsf,
    /// A line of another log than CloudTrail, taken apart.
    Line,
}

impl Envelope {
    /// All of them, in the order of their numbers.
    pub const ALL: [Envelope; 16] = [
        Envelope::Bare,
        Envelope::Array,
        Envelope::Records,
        Envelope::EventBridge,
        Envelope::CloudWatchLogs,
        Envelope::LookupEvents,
        Envelope::Sns,
        Envelope::Sqs,
        Envelope::Kinesis,
        Envelope::Pipeline,
        Envelope::Row,
        Envelope::Csv,
        Envelope::Firehose,
        Envelope::Table,
        Envelope::Ocsf,
        Envelope::Line,
    ];

    /// For people and for machines.
    pub fn name(self) -> &'static str {
        match self {
            Envelope::Bare => "bare",
            Envelope::Array => "array",
            Envelope::Records => "records",
            Envelope::EventBridge => "eventbridge",
            Envelope::CloudWatchLogs => "cloudwatch-logs",
            Envelope::LookupEvents => "lookup-events",
            Envelope::Sns => "sns",
            Envelope::Sqs => "sqs",
            Envelope::Kinesis => "kinesis",
            Envelope::Pipeline => "pipeline",
            Envelope::Row => "row",
            Envelope::Csv => "csv",
            Envelope::Firehose => "firehose",
            Envelope::Table => "table",
            Envelope::Ocsf => "ocsf",
            Envelope::Line => "line",
        }
    }
}

/// How an event is held under a key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Held {
    /// As JSON, or as text of JSON.
    Json,
    /// Under a further key, in the same way.
    Under(&'static str),
    /// Under a further key as base64, often of gzip.
    Base64(&'static str),
    /// Itself as base64, which begins like JSON or gzip.
    Encoded,
}

/// The keys under which a wrapped event is looked for, the first that fits wins.
pub const WRAPPERS: &[(&str, Envelope, Held)] = &[
    ("CloudTrailEvent", Envelope::LookupEvents, Held::Json),
    ("detail", Envelope::EventBridge, Held::Json),
    ("Records", Envelope::Records, Held::Json),
    ("Events", Envelope::LookupEvents, Held::Json),
    ("logEvents", Envelope::CloudWatchLogs, Held::Json),
    ("records", Envelope::Records, Held::Json),
    ("awslogs", Envelope::CloudWatchLogs, Held::Base64("data")),
    ("kinesis", Envelope::Kinesis, Held::Base64("data")),
    ("Messages", Envelope::Sqs, Held::Json),
    ("Sns", Envelope::Sns, Held::Under("Message")),
    ("Message", Envelope::Sns, Held::Json),
    ("body", Envelope::Sqs, Held::Json),
    ("Body", Envelope::Sqs, Held::Json),
    ("eventJson", Envelope::Table, Held::Json),
    // Findings of Security Hub and of GuardDuty: in an event of EventBridge, and as their APIs give them.
    ("findings", Envelope::EventBridge, Held::Json),
    ("Findings", Envelope::Array, Held::Json),
    // What log pipelines and their exports call it.
    ("hits", Envelope::Pipeline, Held::Under("hits")),
    // Elastic keeps the event beside what it made of it.
    ("event", Envelope::Pipeline, Held::Under("original")),
    ("event.original", Envelope::Pipeline, Held::Json),
    ("_raw", Envelope::Pipeline, Held::Json),
    ("_source", Envelope::Pipeline, Held::Json),
    ("@message", Envelope::Pipeline, Held::Json),
    ("aws", Envelope::Pipeline, Held::Under("cloudtrail")),
    ("cloudtrail", Envelope::Pipeline, Held::Json),
    ("log", Envelope::Pipeline, Held::Json),
    ("message", Envelope::Pipeline, Held::Json),
    // A line that Fluent Bit reads from a command.
    ("exec", Envelope::Pipeline, Held::Json),
    ("MESSAGE", Envelope::Pipeline, Held::Json),
    ("msg", Envelope::Pipeline, Held::Json),
    ("raw", Envelope::Pipeline, Held::Json),
    ("line", Envelope::Pipeline, Held::Json),
    ("original", Envelope::Pipeline, Held::Json),
    ("event", Envelope::Pipeline, Held::Json),
    ("record", Envelope::Pipeline, Held::Json),
    ("result", Envelope::Pipeline, Held::Json),
    ("results", Envelope::Pipeline, Held::Json),
    ("payload", Envelope::Pipeline, Held::Json),
    ("data", Envelope::Pipeline, Held::Json),
    ("data", Envelope::Firehose, Held::Encoded),
];

const ELASTIC: &str =
    "an Elastic document without event.original; have Elastic keep the original event, or read the S3 logs";

/// Things that come to the same buckets and queues and are no events.
const STRANGERS: &[(&str, &str)] = &[
    ("configurationItems", "an AWS Config file"),
    ("s3", "an S3 notification"),
    ("SubscribeURL", "an SNS subscription message"),
    ("ecs", ELASTIC),
    ("event_version", ELASTIC),
    ("dataset", ELASTIC),
    (
        "class_uid",
        "an OCSF record that is not CloudTrail's, or not with its request as JSON; export the S3 logs",
    ),
];

/// Keys of a list of events, which may be null where there are none.
const LISTS: &[&str] = &["Records", "Events", "logEvents", "Messages", "records", "QueryResultRows"];

/// Columns by which a row of `AWSCloudTrail` is known; two of them must be there.
const ROW_COLUMNS: &[&str] = &[
    "TimeGenerated",
    "TimeGenerated [UTC]",
    "EventName",
    "EventSource",
    "AwsEventId",
    "SourceIpAddress",
    "UserIdentityArn",
    "UserIdentityType",
    "RequestParameters",
    "RecipientAccountId",
];

/// Whether a header or an object's keys are those of an `AWSCloudTrail` row.
pub fn is_row<'a>(names: impl IntoIterator<Item = &'a str>) -> bool {
    names.into_iter().filter(|n| ROW_COLUMNS.contains(n)).count() >= 2
}

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
    said: Vec<(String, u64, u64)>,
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

/// What an object turned out to be.
pub(super) enum Found<'a> {
    Event,
    Row,
    /// A record of another log.
    Log(Log),
    Wrapped(Envelope, Held, &'a [u8]),
    /// A query's result.
    Result(rows::Result),
    /// A CloudTrail digest file: it lists log files and holds no events.
    Digest,
    /// What [`SIEVE`] says of the events around it.
    Sieve(&'a [u8]),
    /// A list of events that is null.
    Nothing,
    Stranger(Cow<'static, str>),
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
                    Held::Base64(_) | Held::Encoded => match base64(text.as_bytes()) {
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

/// Other services' notifications look like events but for this prefix (`aws:s3`, `aws:sqs`).
fn is_event_source(value: &[u8]) -> bool {
    !value.starts_with(b"\"aws:")
}

fn value_behind_key(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii_start();
    text.strip_prefix(b":").unwrap_or(text).trim_ascii_start()
}

/// Looks at the keys of an object until they say what it is.
pub(super) fn find(raw: &[u8]) -> Found<'_> {
    let (mut name, mut id, mut kind, mut columns) = (false, false, false, 0);
    let mut source: Option<bool> = None;
    let mut wrapped: Option<(usize, &[u8])> = None;
    let mut stranger: Option<&str> = None;
    let (mut nothing, mut digest, mut tables, mut lists) = (false, false, None, (false, false));
    let mut sieve: Option<&[u8]> = None;
    let mut logs = Recogniser::new(raw);
    for item in Items::open(raw).into_iter().flatten() {
        let Ok((key, value)) = item else {
            return Found::Stranger(Cow::Borrowed("broken JSON"));
        };
        let key: Cow<'_, [u8]> = match memchr::memchr(b'\\', key) {
            Some(_) => Cow::Owned(json::unescape(key).into_owned().into_bytes()),
            None => Cow::Borrowed(key),
        };
        match &*key {
            b"eventName" => name = true,
            b"eventSource" => source = Some(is_event_source(value)),
            b"eventID" => id = true,
            b"eventType" => kind = true,
            // Fields of every event: nothing to look up.
            b"eventVersion" | b"userIdentity" | b"eventTime" | b"awsRegion" | b"eventCategory" => {}
            b"sourceIPAddress" | b"userAgent" | b"requestParameters" | b"responseElements" => {}
            b"digestStartTime" => digest = true,
            key if key == SIEVE.as_bytes() => sieve = Some(value),
            b"tables" | b"Tables" if value.starts_with(b"[") => tables = Some(rows::Result::Tables),
            b"QueryResultRows" if value.starts_with(b"[") => tables = Some(rows::Result::Lake),
            b"ResultSet" if value.starts_with(b"{") => tables = Some(rows::Result::Athena),
            b"columns" | b"Columns" | b"fields" if value.starts_with(b"[") => lists.0 = true,
            b"rows" | b"Rows" if value.starts_with(b"[") => lists.1 = true,
            b"Event" if value == b"\"s3:TestEvent\"" => stranger = Some("an S3 test notification"),
            other => {
                logs.key(other, value);
                if value == b"null" && LISTS.iter().any(|list| list.as_bytes() == other) {
                    nothing = true;
                }
                let mut wrappers = WRAPPERS.iter().enumerate().filter(|(_, w)| w.0.as_bytes() == other);
                if let Some((n, _)) = wrappers.find(|(_, w)| can_hold(value, w.2))
                    && wrapped.is_none_or(|(best, _)| n < best)
                {
                    wrapped = Some((n, value));
                } else if ROW_COLUMNS.iter().any(|c| c.as_bytes() == other) {
                    columns += 1;
                } else if let Some(s) = STRANGERS.iter().find(|s| s.0.as_bytes() == other) {
                    stranger = Some(s.1);
                }
            }
        }
        if name && source == Some(true) {
            return Found::Event;
        }
    }
    // Insights and some service events have no name of their own.
    if id && kind && source != Some(false) {
        return Found::Event;
    }
    if let Some(log) = logs.found() {
        return Found::Log(log);
    }
    match wrapped.and_then(|(n, value)| Some((WRAPPERS.get(n)?, value))) {
        // A row may have a column called as a pipeline's field, but not the other way round.
        Some((w, _)) if columns >= 2 && w.1 == Envelope::Pipeline => Found::Row,
        Some((w, value)) => Found::Wrapped(w.1, w.2, value),
        None if columns >= 2 => Found::Row,
        None if digest => Found::Digest,
        None if let Some(value) = sieve => Found::Sieve(value),
        None if lists == (true, true) => Found::Result(rows::Result::Rows),
        None if tables.is_some() => tables.map_or(Found::Nothing, Found::Result),
        None if nothing => Found::Nothing,
        None => Found::Stranger(match (stranger, source) {
            (Some(what), _) => Cow::Borrowed(what),
            (None, Some(false)) => Cow::Borrowed("another service's notification"),
            (None, _) => Cow::Owned(keys_of(raw)),
        }),
    }
}

/// The log that an object is a record of, if that is not CloudTrail.
pub(super) fn log_of(raw: &[u8]) -> Option<Log> {
    match find(raw) {
        Found::Log(log) => Some(log),
        _ => None,
    }
}

/// The first keys, to show what it was.
fn keys_of(raw: &[u8]) -> String {
    let keys: Vec<String> = Items::open(raw)
        .into_iter()
        .flatten()
        .flatten()
        .take(4)
        .map(|(key, _)| json::unescape(key).chars().take(40).collect())
        .collect();
    if keys.is_empty() {
        return "an empty object".to_owned();
    }
    format!("an object with the keys {}", keys.join(", "))
}

/// Whether an event can be in this value: JSON, or text that begins like JSON.
fn can_hold(value: &[u8], held: Held) -> bool {
    match (held, value.first()) {
        (Held::Base64(key), Some(b'{')) => member(value, key).is_some(),
        (Held::Under(key), Some(b'{')) => member(value, key).is_some_and(|v| can_hold(v, Held::Json)),
        (Held::Json, Some(b'{' | b'[')) => true,
        (Held::Encoded, Some(b'"')) => {
            let start = base64(unquoted(value).get(..8).unwrap_or_default()).unwrap_or_default();
            matches!(start.trim_ascii_start(), [b'{' | b'[', ..] | [0x1f, 0x8b, ..])
        }
        (Held::Json, Some(b'"')) => {
            let text = unquoted(value);
            matches!(text.trim_ascii_start().first(), Some(b'{' | b'[' | b'\\'))
                || text.starts_with(b"CWL CONTROL MESSAGE")
        }
        _ => false,
    }
}

pub(super) fn member<'a>(object: &'a [u8], key: &str) -> Option<&'a [u8]> {
    let mut items = Items::open(object)?;
    items.find_map(|item| item.ok().filter(|(k, _)| *k == key.as_bytes()).map(|(_, v)| v))
}

/// What stands between the quotes.
pub(super) fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\"")).unwrap_or_default()
}

/// Base64 of RFC 4648, padded or not, with white space anywhere; `None` if it is not.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    let mut ended = false;
    for b in text.iter().filter(|b| !b.is_ascii_whitespace()) {
        let six = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                ended = true;
                continue;
            }
            _ => return None,
        };
        if ended {
            return None;
        }
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    // A single sixtet left over is half a byte: cut.
    (count != 6).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_text() {
        assert_eq!(base64(b"Zm9vYg==").as_deref(), Some(&b"foob"[..]));
        assert_eq!(base64(b"Zm9v\nYmE").as_deref(), Some(&b"fooba"[..]));
        assert_eq!(base64(b"-_8="), base64(b"+/8="));
        assert_eq!(base64(b"").as_deref(), Some(&b""[..]));
        for bad in [&b"Z"[..], b"Zm9v!", b"Zg==Zg=="] {
            assert_eq!(base64(bad), None);
        }
    }
}
