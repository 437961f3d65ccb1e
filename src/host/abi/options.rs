//! What a host gives to make a reader: one JSON object, all of whose keys are known.

use super::clock;
use crate::detector::explain::Request;
use crate::detector::{self, Context, Detector, Options, QueryRun};
use crate::host::given::{self, File, Table, refusal};
use crate::host::json;
use cloudtrail::source::Limits;
use kql::diagnostic::{Diagnostic, Span};
use kql::value::datetime;
use serde::Deserialize;

/// Why a call was refused: findings or diagnostics as a JSON array.
pub type Refusal = String;

/// A refusal that no rule or query is to blame for.
pub fn refused(code: &'static str, message: &str) -> Refusal {
    json::diagnostics(&[Diagnostic::error(code, message.to_owned(), Span::default())])
}

/// The host's call makes no sense.
pub fn misuse(message: &str) -> Refusal {
    refused("FP404", message)
}

fn read<'a, T: Deserialize<'a>>(given: &'a [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(given).map_err(|error| misuse(&format!("the options cannot be read: {error}")))
}

/// What rules can refer to, and the rules: of a detector, of a check.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DetectorOptions {
    #[serde(default)]
    rules: Vec<File>,
    #[serde(default)]
    tables: Vec<Table>,
    #[serde(default)]
    functions: Vec<File>,
    evidence: Option<bool>,
    #[serde(default)]
    stream: bool,
    workspace: Option<String>,
    from: Option<String>,
    to: Option<String>,
    max_inflated_bytes: Option<u64>,
    max_events: Option<u64>,
    #[serde(default)]
    empty_tables: bool,
}

/// A time of the options, in ticks.
fn ticks(name: &str, text: Option<&str>) -> Result<Option<i64>, Refusal> {
    let read = |text: &str| {
        let wrong = || misuse(&format!("{name} is no time such as 2026-03-11T07:10:05Z: {text:?}"));
        datetime::parse(text).ok_or_else(wrong)
    };
    text.map(read).transpose()
}

/// A detector; one that keeps candidates for others, if asked to.
pub fn detector(given: &[u8], candidates: bool) -> Result<Detector, Refusal> {
    let o: DetectorOptions = read(given)?;
    let (from, to) = (ticks("from", o.from.as_deref())?, ticks("to", o.to.as_deref())?);
    let defaults = Options::default();
    let options = Options {
        evidence: o.evidence.unwrap_or(defaults.evidence),
        workspace: o.workspace.unwrap_or(defaults.workspace),
        stream: o.stream,
        clock: Some(clock),
        candidates,
        empty_tables: o.empty_tables,
        context: given::context(&o.tables, o.functions).map_err(refusal)?,
        limits: Limits {
            bytes: o.max_inflated_bytes.unwrap_or(u64::MAX),
            records: o.max_events.unwrap_or(u64::MAX),
        },
    };
    let mut detector = Detector::new(&given::files(o.rules), options).map_err(refusal)?;
    if from.is_some() || to.is_some() {
        detector.set_span(from.unwrap_or(i64::MIN)..to.unwrap_or(i64::MAX));
    }
    Ok(detector)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryOptions {
    query: String,
    /// What `now()` is.
    now: String,
    #[serde(default)]
    tables: Vec<Table>,
    #[serde(default)]
    functions: Vec<File>,
}

/// A query; one that reads for another, if asked to.
pub fn query(given: &[u8], reads_only: bool) -> Result<QueryRun, Refusal> {
    let o: QueryOptions = read(given)?;
    let now = ticks("now", Some(&o.now))?.unwrap_or_default();
    let context =
        given::context(&o.tables, o.functions).map_err(|errors| json::unplaced(&errors.findings))?;
    let run = if reads_only { QueryRun::reader } else { QueryRun::new };
    run(&o.query, now, &context).map_err(|invalid| json::diagnostics(&invalid.diagnostics))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckOptions {
    rules: Vec<File>,
    #[serde(default)]
    tables: Vec<Table>,
    #[serde(default)]
    functions: Vec<File>,
}

/// The findings about rules, as a JSON array.
pub fn check(given: &[u8]) -> Result<Vec<u8>, Refusal> {
    let o: CheckOptions = read(given)?;
    let context = given::context(&o.tables, o.functions).map_err(refusal)?;
    Ok(json::findings(&detector::check(&given::files(o.rules), &context)).into_bytes())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExplainOptions {
    /// The text of a rule.
    rule: String,
    /// The number of bytes of each event.
    lengths: Vec<usize>,
    /// The place of the event that is looked at.
    event: Option<usize>,
    /// The run to show.
    tick: Option<String>,
    #[serde(default)]
    tables: Vec<Table>,
    #[serde(default)]
    functions: Vec<File>,
}

/// Explains a rule on events, which stand one behind the other.
pub fn explain(given: &[u8], events: &[u8]) -> Result<Vec<u8>, Refusal> {
    let o: ExplainOptions = read(given)?;
    let tick = ticks("tick", o.tick.as_deref())?;
    let context: Context = given::context(&o.tables, o.functions).map_err(refusal)?;
    let mut rest = events;
    let split = o.lengths.iter().map(|length| {
        let (event, after) = rest.split_at_checked(*length)?;
        rest = after;
        Some(event)
    });
    let events: Vec<&[u8]> =
        split.collect::<Option<_>>().ok_or_else(|| misuse("the lengths are more than the events have"))?;
    if !rest.is_empty() {
        return Err(misuse("the events are more than the lengths say"));
    }
    let request = Request { rule: &o.rule, events: &events, event: o.event, tick, context: &context };
    let explained = detector::explain(&request).map_err(refusal)?;
    Ok(json::explanation(&Ok(explained)).into_bytes())
}
