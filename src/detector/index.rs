//! A compact index of the events that go by: what a table, its facets and its histogram need of each.
//!
//! Values repeat: a column holds the numbers of words, and each word is given to the caller once. The caller keeps what it
//! takes; between two calls only the words stay here.

use cloudtrail::source::{Problem, Record, Sink};
use cloudtrail::table::aws_cloudtrail::{self, EventRow};
use cloudtrail::table::log_row::LogRow;
use indexmap::IndexSet;
use kql::value::datetime;
use kql::value::{Value, text};

/// The columns of the index, in their order. `User` is not a column of the table: see [`user`]. Of a record of another log they hold
/// what it [tells in short](cloudtrail::table::logs::LogTable::in_short), and its table as the source.
pub const COLUMNS: [&str; 6] =
    ["EventName", "EventSource", "User", "SourceIpAddress", "AWSRegion", "ErrorCode"];

/// How many bytes of a value are kept as a word; the record has all of it.
const MAX_WORD: usize = 1024;
/// How many different words a column may have. A further value counts as [`OTHER`].
const MAX_WORDS: usize = 1_000_000;
/// The word of values beyond [`MAX_WORDS`].
const OTHER: &str = "…";

/// Ticks from year 1 to 1970, and per millisecond.
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
    /// The words that are new, for each of [`COLUMNS`].
    pub new_words: [Vec<String>; COLUMNS.len()],
}

/// Indexes the records it is offered.
#[derive(Debug)]
pub struct EventIndex {
    known: [IndexSet<String>; COLUMNS.len()],
    columns: [Option<usize>; COLUMNS.len()],
    batch: Batch,
}

impl Default for EventIndex {
    fn default() -> EventIndex {
        EventIndex {
            known: Default::default(),
            columns: COLUMNS.map(aws_cloudtrail::index_of),
            batch: Batch::default(),
        }
    }
}

impl EventIndex {
    /// Takes the events since the last call.
    pub fn take(&mut self) -> Batch {
        std::mem::take(&mut self.batch)
    }

    fn push_word(&mut self, column: usize, value: &str) {
        let number = self.word(column, value);
        self.batch.words.push(number);
    }

    fn word(&mut self, column: usize, value: &str) -> u32 {
        let (Some(known), Some(fresh)) = (self.known.get_mut(column), self.batch.new_words.get_mut(column))
        else {
            debug_assert!(false, "there is no column {column}");
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
        // The offsets in `raw` have 32 bits; a caller takes the batch long before it reaches 4 GiB.
        let Ok(end) = u32::try_from(self.batch.raw.len() + record.raw.len()) else { return };
        let time = match record.log {
            Some(log) => {
                let row = LogRow::new(log, record.raw);
                let [what, who, address, region, error] = [0, 1, 2, 3, 4].map(|n| row.in_short(n));
                let words = [&what, log.table().name, &who, &address, &region, &error];
                words.into_iter().enumerate().for_each(|(i, word)| self.push_word(i, word));
                row.time()
            }
            None => {
                let row = EventRow::of(&record);
                for i in 0..COLUMNS.len() {
                    let value = match self.columns.get(i).copied().flatten() {
                        Some(column) => row.column(column),
                        None => user(&row),
                    };
                    match &value {
                        Value::String(s) => self.push_word(i, s),
                        other => self.push_word(i, &text::scalar(other)),
                    }
                }
                row.time()
            }
        };
        let ms = time.map_or(f64::NAN, |ticks| (ticks - datetime::UNIX_EPOCH) as f64 / TICKS_PER_MS);
        self.batch.times.push(ms);
        self.batch.offsets.push(record.offset as f64);
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
