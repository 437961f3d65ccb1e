//! What CloudTrail events are sent in, and what an object is: told by what it holds, never by its name.

use super::{base64, rows};
use crate::table::logs::{Log, Recogniser};
use kql::value::json::{self, Items};
use std::borrow::Cow;

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

/// Other services' notifications look like events but for this prefix (`aws:s3`, `aws:sqs`).
pub(super) fn is_event_source(value: &[u8]) -> bool {
    !value.starts_with(b"\"aws:")
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
pub(super) fn can_hold(value: &[u8], held: Held) -> bool {
    match (held, value.first()) {
        (Held::Base64(key), Some(b'{')) => member(value, key).is_some(),
        (Held::Under(key), Some(b'{')) => member(value, key).is_some_and(|v| can_hold(v, Held::Json)),
        (Held::Json, Some(b'{' | b'[')) => true,
        (Held::Encoded, Some(b'"')) => {
            let start = base64::decode(unquoted(value).get(..8).unwrap_or_default()).unwrap_or_default();
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
