//! A compact index of the events that go by: what a table, its facets and its histogram need of each.
//!
//! Values repeat, so a column holds numbers of words, and each word is handed over once. The caller keeps what it
//! takes; between two calls nothing but the words stays here.

use crate::rule::{self, EventGrouping, Kind};
use cloudtrail::source::{Problem, Record, Sink};
use cloudtrail::table::aws_cloudtrail::{self, EventRow};
use indexmap::IndexSet;
use kql::value::{Value, json, text, timespan};

/// The columns of the index, in their order. `User` is not a column of the table: see [`user`].
pub const COLUMNS: [&str; 6] =
    ["EventName", "EventSource", "User", "SourceIpAddress", "AWSRegion", "ErrorCode"];

/// How many bytes of a value are kept as a word; the record has all of it.
const MAX_WORD: usize = 1024;
/// How many different words a column may have. A further value counts as [`OTHER`].
const MAX_WORDS: usize = 1_000_000;
/// The word of values beyond [`MAX_WORDS`].
const OTHER: &str = "…";

/// Ticks from year 1 to 1970, and per millisecond.
const UNIX_EPOCH: i64 = 621_355_968_000_000_000;
const TICKS_PER_MS: f64 = 10_000.0;

/// The events since the last [`EventIndex::take`], as columns.
#[derive(Debug, Default)]
pub struct Batch {
    /// When, in milliseconds since 1970; NaN where an event has no readable time.
    pub times: Vec<f64>,
    /// Where the event begins: bytes in its input, inflated.
    pub offsets: Vec<f64>,
    /// The number of its word for each of [`COLUMNS`], event by event.
    pub words: Vec<u32>,
    /// The records, one after another.
    pub raw: Vec<u8>,
    /// Where each record ends in `raw`.
    pub ends: Vec<u32>,
    /// The words that are new, as a JSON list for each of [`COLUMNS`].
    pub new_words: String,
}

/// Indexes the records it is offered.
#[derive(Debug)]
pub struct EventIndex {
    known: [IndexSet<String>; COLUMNS.len()],
    fresh: [Vec<String>; COLUMNS.len()],
    columns: [Option<usize>; COLUMNS.len()],
    batch: Batch,
}

impl Default for EventIndex {
    fn default() -> EventIndex {
        EventIndex {
            known: Default::default(),
            fresh: Default::default(),
            columns: COLUMNS.map(aws_cloudtrail::index_of),
            batch: Batch::default(),
        }
    }
}

impl EventIndex {
    /// Takes the events since the last call.
    pub fn take(&mut self) -> Batch {
        let mut batch = std::mem::take(&mut self.batch);
        batch.new_words.push('[');
        for (i, words) in self.fresh.iter_mut().enumerate() {
            batch.new_words.push_str(if i > 0 { ",[" } else { "[" });
            for (j, word) in words.drain(..).enumerate() {
                if j > 0 {
                    batch.new_words.push(',');
                }
                json::write_string(&mut batch.new_words, &word);
            }
            batch.new_words.push(']');
        }
        batch.new_words.push(']');
        batch
    }

    fn word(&mut self, column: usize, value: &str) -> u32 {
        let (Some(known), Some(fresh)) = (self.known.get_mut(column), self.fresh.get_mut(column)) else {
            return 0;
        };
        let word = value.get(..value.floor_char_boundary(MAX_WORD)).unwrap_or(value);
        let full = known.len() >= MAX_WORDS && !known.contains(word);
        let word = if full { OTHER } else { word };
        let count = known.len();
        let (index, _) = known.insert_full(word.to_string());
        if index == count {
            fresh.push(word.to_owned());
        }
        index as u32
    }
}

impl Sink for EventIndex {
    fn record(&mut self, record: Record<'_>) {
        // The places in `raw` are 32 bits; a caller takes long before that.
        let Ok(end) = u32::try_from(self.batch.raw.len() + record.raw.len()) else { return };
        let row = EventRow::new(record.raw);
        let ms = row.time().map_or(f64::NAN, |ticks| (ticks - UNIX_EPOCH) as f64 / TICKS_PER_MS);
        self.batch.times.push(ms);
        self.batch.offsets.push(record.offset as f64);
        for i in 0..COLUMNS.len() {
            let value = match self.columns.get(i).copied().flatten() {
                Some(column) => row.column(column),
                None => user(&row),
            };
            let number = match &value {
                Value::String(s) => self.word(i, s),
                other => self.word(i, &text::scalar(other)),
            };
            self.batch.words.push(number);
        }
        self.batch.raw.extend_from_slice(record.raw);
        self.batch.ends.push(end);
    }

    /// The detector beside the index reports it.
    fn problem(&mut self, _: Problem) {}
}

/// Who did it, in a few words: the ARN's last part (`user/ada`, `assumed-role/deploy/build-7`, `root`), else the user's
/// name, else the service that called, else the principal's id or kind.
fn user(row: &EventRow<'_>) -> Value {
    let column = |name: &str| match aws_cloudtrail::index_of(name).map(|i| row.column(i)) {
        Some(Value::String(s)) if !s.is_empty() => Some(s),
        _ => None,
    };
    if let Some(arn) = column("UserIdentityArn") {
        let name = arn.splitn(6, ':').nth(5).unwrap_or(&arn);
        return Value::text(name);
    }
    let others =
        ["UserIdentityUserName", "UserIdentityInvokedBy", "UserIdentityPrincipalid", "UserIdentityType"];
    others.iter().find_map(|name| column(name)).map_or_else(Value::empty_text, Value::String)
}

/// What a rule says of itself, as one JSON object; `null` if the text holds no rule that can be read.
pub fn describe(rule_text: &str) -> String {
    let Some(rule) = rule::load(rule_text).rule else { return String::from("null") };
    let (line, column) = rule.query_position(0);
    let list = |items: &[String]| Value::texts(items.iter().map(String::as_str));
    let pair = |key: &str, value: &str| Value::texts([key, value].into_iter());
    let entities = rule.entity_mappings.iter().map(|m| {
        let fields = m.fields.iter().map(|(name, used)| pair(name, &used.column));
        Value::object(&[("type", Value::text(m.entity.name)), ("fields", Value::array(fields.collect()))])
    });
    let details = rule.custom_details.iter().map(|(key, column)| pair(key, column));
    let kind = if rule.kind == Kind::Nrt { "NRT" } else { "Scheduled" };
    let single = rule.grouping == EventGrouping::SingleAlert;
    json::to_text(&Value::object(&[
        ("id", Value::text(&rule.id)),
        ("name", Value::text(&rule.name)),
        ("description", Value::text(&rule.description)),
        ("severity", Value::text(rule.severity.name())),
        ("kind", Value::text(kind)),
        ("version", Value::text(&rule.version)),
        ("query", Value::text(&rule.query.text)),
        ("queryLine", Value::Long(line as i64)),
        ("queryColumn", Value::Long(column as i64)),
        ("frequency", Value::from(timespan::format(rule.schedule.frequency()))),
        ("period", Value::from(timespan::format(rule.schedule.period()))),
        (
            "trigger",
            Value::object(&[
                ("operator", Value::text(rule.trigger.operator.name())),
                ("threshold", Value::Long(rule.trigger.threshold.into())),
            ]),
        ),
        ("grouping", Value::text(if single { "SingleAlert" } else { "AlertPerResult" })),
        ("tactics", list(&rule.tactics)),
        ("techniques", list(&rule.techniques)),
        ("subTechniques", list(&rule.sub_techniques)),
        ("entityMappings", Value::array(entities.collect())),
        ("customDetails", Value::array(details.collect())),
    ]))
}
