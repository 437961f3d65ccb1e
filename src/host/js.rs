//! The JavaScript host: the exports that `js/` calls.
//!
//! Only bytes and text cross the boundary. Structured results cross as JSON text, so that numbers beyond 2^53 survive
//! and no object is built twice. A refusal (a bad rule, a bad query) is thrown as a *string* of JSON; any other exception
//! means that the instance is lost, and `js/instance.js` makes a new one.

use super::given::{columns_found, given_context, refusal, rule_files};
use super::memory::{self, with_staged};
use super::{batch, json};
use crate::detector::{self, InvalidQuery, Options, QueryRun};
use cloudtrail::source::Limits;
use kql::value::datetime;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// The version of the engine.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// From now on a panic is told before it ends in a trap, which has no words: what it says, and where (`src/a.rs:12:5`).
#[wasm_bindgen(js_name = onPanic)]
pub fn on_panic(tell: js_sys::Function) {
    std::panic::set_hook(Box::new(move |panic| {
        let message = panic.payload_as_str().unwrap_or("a panic without a message");
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        // The trap comes all the same, and says at least where it is.
        let _ = tell.call2(&JsValue::NULL, &message.into(), &location.into());
    }));
}

/// Where to write the bytes of the next push: `size` bytes of the engine's memory. Any other call may move it.
#[wasm_bindgen(js_name = room)]
pub fn staging_buffer(size: usize) -> js_sys::Uint8Array {
    let address = memory::staging_buffer(size);
    let buffer = js_sys::WebAssembly::Memory::from(wasm_bindgen::memory()).buffer();
    js_sys::Uint8Array::new_with_byte_offset_and_length(&buffer, address as u32, size as u32)
}

/// Checks rule files: `[{"file","text"}]` and `{"tables":[{"name","schema","text","partial"}],"functions":[{"file","text"}]}` in, a
/// JSON array of findings out.
#[wasm_bindgen]
pub fn check(files: &str, context: &str) -> Result<String, String> {
    let context = match given_context(context) {
        Ok(context) => context,
        Err(errors) => return Ok(json::findings(&errors.findings)),
    };
    Ok(json::findings(&detector::check(&rule_files(files)?, &context)))
}

/// Answers one line of `query --batch`; `now` is what `now()` is, in ticks.
#[wasm_bindgen(js_name = queryBatchLine)]
pub fn query_batch_line(line: &str, now: i64) -> String {
    batch::query_batch_line(line, now)
}

/// The host's clock, in ticks.
fn now() -> i64 {
    (js_sys::Date::now() as i64).saturating_mul(10_000).saturating_add(datetime::UNIX_EPOCH)
}

/// A detector, driven from JavaScript. See [`detector::Detector`] for what each call does.
#[wasm_bindgen]
pub struct Detector(detector::Detector);

#[wasm_bindgen]
impl Detector {
    /// Makes one of rule files, given as JSON text; `[]` means the built-in rules. `max_bytes` and `max_records` are its [`Limits`].
    /// Throws the findings as a JSON array.
    #[wasm_bindgen(constructor)]
    pub fn new(
        files: &str,
        evidence: bool,
        stream: bool,
        workspace: Option<String>,
        context: &str,
        max_bytes: Option<f64>,
        max_records: Option<f64>,
    ) -> Result<Detector, String> {
        let limit = |given: Option<f64>| given.map_or(u64::MAX, |n| n as u64);
        let mut options = Options {
            limits: Limits { bytes: limit(max_bytes), records: limit(max_records) },
            evidence,
            stream,
            clock: Some(now),
            context: given_context(context).map_err(refusal)?,
            ..Options::default()
        };
        if let Some(workspace) = workspace {
            options.workspace = workspace;
        }
        detector::Detector::new(&rule_files(files)?, options).map(Detector).map_err(refusal)
    }

    /// What is odd about rules that run: a JSON array of findings.
    pub fn warnings(&self) -> String {
        json::findings(self.0.warnings())
    }

    /// Only events from the tick `from` up to `to` count.
    #[wasm_bindgen(js_name = setSpan)]
    pub fn set_span(&mut self, from: i64, to: i64) {
        self.0.set_span(from..to);
    }

    /// A table without any record is empty: see [`detector::Options::empty_tables`].
    #[wasm_bindgen(js_name = emptyTables)]
    pub fn empty_tables(&mut self) {
        self.0.set_empty_tables();
    }

    /// The first bytes of the [staging buffer](staging_buffer) are the next of the current input, cut anywhere.
    pub fn push(&mut self, length: usize) {
        with_staged(length, |bytes| self.0.push(bytes));
    }

    /// The current input is complete.
    #[wasm_bindgen(js_name = endInput)]
    pub fn end_input(&mut self) {
        self.0.end_input();
    }

    /// The current input is read from this byte on; others read what comes before.
    #[wasm_bindgen(js_name = startAt)]
    pub fn start_at(&mut self, offset: f64) {
        self.0.start_at(offset as u64);
    }

    /// All parts of an input were taken over.
    #[wasm_bindgen(js_name = endParts)]
    pub fn end_parts(&mut self) {
        self.0.end_parts();
    }

    /// The host's clock, in ticks of 100 ns since 0001-01-01 UTC.
    #[wasm_bindgen(js_name = advanceTo)]
    pub fn advance_to(&mut self, ticks: i64) {
        self.0.advance_to(ticks);
    }

    /// The times of the first and last event that others have read, in ticks: see [`detector::Detector::observe`].
    pub fn observe(&mut self, first: i64, last: i64) {
        self.0.observe(first, last);
    }

    /// Others have read records of this table, whose candidates are pushed here.
    #[wasm_bindgen(js_name = observeTable)]
    pub fn observe_table(&mut self, name: &str) {
        self.0.observe_table(name);
    }

    /// Imports what a reader of the same rules has exported, as if the bytes it read had been pushed here.
    #[wasm_bindgen(js_name = takeOver)]
    pub fn import_transfer(&mut self, transfer: &[u8]) -> Result<(), String> {
        self.0.import_transfer(transfer).map_err(|error| error.to_string())
    }

    /// There is no more input.
    pub fn finish(&mut self) {
        self.0.finish();
    }

    /// Forgets all that was read and found, and begins anew with the same rules.
    pub fn restart(&mut self) {
        self.0.restart();
    }

    /// The alerts since the last call, one JSON object a line.
    #[wasm_bindgen(js_name = takeAlerts)]
    pub fn take_alerts(&mut self) -> String {
        json::alerts(&self.0.take_alerts())
    }

    /// What could not be read since the last call, one JSON object a line.
    #[wasm_bindgen(js_name = takeProblems)]
    pub fn take_problems(&mut self) -> String {
        json::problems(&self.0.take_problems())
    }

    /// The counters so far, as a JSON object.
    pub fn stats(&self) -> String {
        json::stats(&self.0.stats())
    }
}

fn invalid_query(invalid: InvalidQuery) -> String {
    json::diagnostics(&invalid.diagnostics)
}

/// A query over events, driven from JavaScript.
#[wasm_bindgen]
pub struct Query(QueryRun);

#[wasm_bindgen]
impl Query {
    /// `now` is what `now()` is, in ticks. Throws the diagnostics of a bad query as a JSON array.
    #[wasm_bindgen(constructor)]
    pub fn new(kql: &str, now: i64, context: &str) -> Result<Query, String> {
        let context = given_context(context).map_err(|errors| json::unplaced(&errors.findings))?;
        QueryRun::rereading(kql, now, &context).map(Query).map_err(invalid_query)
    }

    /// As `new`, of a query that another answers, whose `found` that is: this one hands over.
    pub fn reader(kql: &str, now: i64, context: &str, found: &str) -> Result<Query, String> {
        let context = given_context(context).map_err(|errors| json::unplaced(&errors.findings))?;
        QueryRun::reader_after(kql, now, &context, columns_found(found)?).map(Query).map_err(invalid_query)
    }

    /// Whether the inputs are read for the columns of a plug-in alone: when they have been read, `readAgain`, and then once more.
    #[wasm_bindgen(js_name = readsAgain)]
    pub fn reads_again(&self) -> bool {
        self.0.reads_again()
    }

    /// The inputs come again from the beginning. Throws as `new`.
    #[wasm_bindgen(js_name = readAgain)]
    pub fn read_again(&mut self) -> Result<(), String> {
        self.0.read_again().map_err(invalid_query)
    }

    /// The columns that earlier readings have shown, as JSON, for `reader`.
    pub fn found(&self) -> String {
        json::found_columns(self.0.found())
    }

    /// The current input is read from this byte on; others read what comes before.
    #[wasm_bindgen(js_name = startAt)]
    pub fn start_at(&mut self, offset: f64) {
        self.0.start_at(offset as u64);
    }

    /// The input is read on elsewhere, or `last`, it ends here. False, and the input goes on, if it cannot be parted here.
    #[wasm_bindgen(js_name = endPart)]
    pub fn end_part(&mut self, last: bool) -> bool {
        self.0.end_part(last)
    }

    /// All parts of an input were taken over.
    #[wasm_bindgen(js_name = endParts)]
    pub fn end_parts(&mut self) {
        self.0.end_parts();
    }

    /// Of a query that only reads: what the `takeOver` of one that answers imports, everything since the last call.
    #[wasm_bindgen(js_name = handOver)]
    pub fn export_transfer(&mut self) -> Vec<u8> {
        self.0.export_transfer()
    }

    /// About how many bytes `handOver` would give.
    pub fn waiting(&self) -> usize {
        self.0.waiting()
    }

    /// Imports what a reader of the same query has handed over, as if the bytes it read had been pushed here.
    #[wasm_bindgen(js_name = takeOver)]
    pub fn import_transfer(&mut self, transfer: &[u8]) -> Result<(), String> {
        self.0.import_transfer(transfer).map_err(|error| error.to_string())
    }

    /// What is odd about a query that runs: a JSON array of diagnostics.
    pub fn warnings(&self) -> String {
        json::diagnostics(self.0.warnings())
    }

    /// Whether the query reads events at all.
    #[wasm_bindgen(js_name = readsEvents)]
    pub fn reads_events(&self) -> bool {
        self.0.reads_events()
    }

    /// The first bytes of the [staging buffer](staging_buffer) are the next of the current input, cut anywhere.
    pub fn push(&mut self, length: usize) {
        with_staged(length, |bytes| self.0.push(bytes));
    }

    /// The current input is complete.
    #[wasm_bindgen(js_name = endInput)]
    pub fn end_input(&mut self) {
        self.0.end_input();
    }

    /// The counters so far, as a JSON object.
    pub fn stats(&self) -> String {
        json::query_stats(&self.0.stats())
    }

    /// Whether `takeRows` gives rows while the input is read.
    #[wasm_bindgen(js_name = isStreamed)]
    pub fn is_streamed(&self) -> bool {
        self.0.is_streamed()
    }

    /// Whether there may come to be an answer before all inputs are read.
    #[wasm_bindgen(js_name = canComplete)]
    pub fn can_complete(&self) -> bool {
        self.0.can_complete()
    }

    /// Whether further input changes nothing.
    #[wasm_bindgen(js_name = isComplete)]
    pub fn is_complete(&self) -> bool {
        self.0.is_complete()
    }

    /// The rows since the last call: `{"columns","rows"}` or `{"error"}`.
    #[wasm_bindgen(js_name = takeRows)]
    pub fn take_rows(&mut self) -> String {
        json::answer(&self.0.take_rows())
    }

    /// There is no more input: `{"columns","rows"}` or `{"error"}`.
    pub fn result(&mut self) -> String {
        json::answer(&self.0.result())
    }

    /// What could not be read since the last call, one JSON object a line.
    #[wasm_bindgen(js_name = takeProblems)]
    pub fn take_problems(&mut self) -> String {
        json::problems(&self.0.take_problems())
    }
}
