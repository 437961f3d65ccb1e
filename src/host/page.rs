//! Exports for hosts with many workers: readers index events and find candidates, one detector concludes.

use super::given::{given_context, refusal, rule_files};
use super::json;
use super::memory::with_staged;
use crate::detector::{self, Options, index};
use crate::rule;
use wasm_bindgen::prelude::wasm_bindgen;

/// Reads inputs: finds the candidates of the rules, and indexes all events if asked to.
#[wasm_bindgen]
pub struct EventReader {
    detector: detector::Detector,
    index: Option<index::EventIndex>,
    batch: index::Batch,
}

#[wasm_bindgen]
impl EventReader {
    /// From rule files and their context as JSON text, as for a detector.
    #[wasm_bindgen(constructor)]
    pub fn new(files: &str, index: bool, context: &str) -> Result<EventReader, String> {
        let context = given_context(context).map_err(refusal)?;
        let options = Options { candidates: true, context, ..Options::default() };
        let detector = detector::Detector::new(&rule_files(files)?, options).map_err(refusal)?;
        let index = index.then(index::EventIndex::default);
        Ok(EventReader { detector, index, batch: index::Batch::default() })
    }

    /// Only events from the tick `from` up to `to` count.
    #[wasm_bindgen(js_name = setSpan)]
    pub fn set_span(&mut self, from: i64, to: i64) {
        self.detector.set_span(from..to);
    }

    /// The first bytes of the [staging buffer](super::js::staging_buffer) are the next of the current input, cut anywhere.
    pub fn push(&mut self, length: usize) {
        with_staged(length, |bytes| match &mut self.index {
            Some(index) => self.detector.push_through(bytes, index),
            None => self.detector.push(bytes),
        });
    }

    /// The current input is complete.
    #[wasm_bindgen(js_name = endInput)]
    pub fn end_input(&mut self) {
        match &mut self.index {
            Some(index) => self.detector.end_input_through(index),
            None => self.detector.end_input(),
        }
    }

    /// The current input is read from this byte on; others read what comes before.
    #[wasm_bindgen(js_name = startAt)]
    pub fn start_at(&mut self, offset: f64) {
        self.detector.start_at(offset as u64);
    }

    /// The input is read on elsewhere, or `last`, it ends here. False, and the input goes on, if it cannot be parted here.
    #[wasm_bindgen(js_name = endPart)]
    pub fn end_part(&mut self, last: bool) -> bool {
        self.detector.end_part(last)
    }

    /// No further events are indexed; they are still read.
    #[wasm_bindgen(js_name = stopIndex)]
    pub fn stop_index(&mut self) {
        self.index = None;
    }

    /// The candidate records since the last call, one JSON object a line.
    #[wasm_bindgen(js_name = takeCandidates)]
    pub fn take_candidates(&mut self) -> Vec<u8> {
        self.detector.take_candidates()
    }

    /// From now on `takeCandidates` gives every event.
    #[wasm_bindgen(js_name = collectEverything)]
    pub fn collect_everything(&mut self) {
        self.detector.collect_everything();
    }

    /// What tells each rule's filters from those of others, as a JSON list.
    pub fn fingerprints(&self) -> String {
        json::texts(&self.detector.fingerprints())
    }

    /// What a detector's `takeOver` imports: everything since the last call.
    #[wasm_bindgen(js_name = handOver)]
    pub fn export_transfer(&mut self) -> Vec<u8> {
        self.detector.export_transfer()
    }

    /// About how many bytes `handOver` would give.
    pub fn waiting(&self) -> usize {
        self.detector.waiting()
    }

    /// What could not be read since the last call, one JSON object a line.
    #[wasm_bindgen(js_name = takeProblems)]
    pub fn take_problems(&mut self) -> String {
        json::problems(&self.detector.take_problems())
    }

    /// The counters so far, as a JSON object.
    pub fn stats(&self) -> String {
        json::stats(&self.detector.stats())
    }

    /// Sets the events since the last call aside for the getters below, and says how many they are.
    #[wasm_bindgen(js_name = takeBatch)]
    pub fn take_batch(&mut self) -> usize {
        self.batch = self.index.as_mut().map(index::EventIndex::take).unwrap_or_default();
        self.batch.ends.len()
    }

    /// See [`index::Batch`].
    #[wasm_bindgen(js_name = batchTimes)]
    pub fn batch_times(&mut self) -> Vec<f64> {
        std::mem::take(&mut self.batch.times)
    }

    /// See [`index::Batch`].
    #[wasm_bindgen(js_name = batchOffsets)]
    pub fn batch_offsets(&mut self) -> Vec<f64> {
        std::mem::take(&mut self.batch.offsets)
    }

    /// See [`index::Batch`].
    #[wasm_bindgen(js_name = batchWords)]
    pub fn batch_words(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.batch.words)
    }

    /// See [`index::Batch`].
    #[wasm_bindgen(js_name = batchRaw)]
    pub fn batch_raw(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.batch.raw)
    }

    /// See [`index::Batch`].
    #[wasm_bindgen(js_name = batchEnds)]
    pub fn batch_ends(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.batch.ends)
    }

    /// See [`index::Batch`].
    #[wasm_bindgen(js_name = batchNewWords)]
    pub fn batch_new_words(&mut self) -> String {
        json::words(&std::mem::take(&mut self.batch.new_words))
    }
}

/// What a rule says of itself: see [`json::rule_card`].
#[wasm_bindgen(js_name = describeRule)]
pub fn describe_rule(rule_text: &str) -> String {
    json::rule_card(rule::load(rule_text).rule.as_ref())
}

/// What a hunting query says of itself: see [`json::hunting_query`].
#[wasm_bindgen(js_name = describeHunt)]
pub fn describe_hunt(text: &str) -> String {
    json::hunting_query(rule::load(text).hunt.as_ref())
}

/// A YAML text as a tree: see [`json::yaml_tree`].
#[wasm_bindgen(js_name = readYaml)]
pub fn read_yaml(text: &str) -> String {
    json::yaml_tree(text)
}

/// The words of a query, for colours: see [`json::tokens`].
#[wasm_bindgen(js_name = queryTokens)]
pub fn query_tokens(query: &str) -> String {
    json::tokens(query)
}

/// The rules that ship inside the module: `[{"file","text"}]`.
#[wasm_bindgen(js_name = builtInRules)]
pub fn built_in_rules() -> String {
    json::built_in_rules(&detector::check::built_in())
}

/// The table's columns, for completion: see [`json::columns`].
#[wasm_bindgen(js_name = tableColumns)]
pub fn table_columns() -> String {
    json::columns()
}

/// The tables of AWS's other logs: see [`json::log_tables`].
#[wasm_bindgen(js_name = logTables)]
pub fn log_tables() -> String {
    json::log_tables()
}

/// The functions and aggregates that queries can call, for completion: see [`json::functions`].
#[wasm_bindgen(js_name = functionTable)]
pub fn function_table() -> String {
    json::functions()
}

/// The names of the functions that files of functions make, for completion, as a JSON list. Throws the findings as a detector does.
#[wasm_bindgen(js_name = savedFunctions)]
pub fn saved_functions(context: &str) -> Result<String, String> {
    let context = given_context(context).map_err(refusal)?;
    Ok(json::texts(&context.functions.iter().map(|function| function.name().to_string()).collect::<Vec<_>>()))
}
