//! Explanations, nearest misses and coverage for JavaScript.

use super::given::{given_context, refusal, rule_files};
use super::json;
use super::memory::with_staged;
use crate::detector::explain::{self, Case, Nearest, Request, Wanted};
use crate::detector::{self, Context};
use crate::rule;
use wasm_bindgen::prelude::wasm_bindgen;

/// The records in some bytes, each ending where `ends` says.
fn split<'b>(bytes: &'b [u8], ends: &[u32]) -> Vec<&'b [u8]> {
    let mut start = 0;
    let record = |end: &u32| {
        let end = (*end as usize).min(bytes.len());
        let record = bytes.get(start..end).unwrap_or_default();
        start = end;
        record
    };
    ends.iter().map(record).collect()
}

fn context_of(given: &str) -> Result<Context, String> {
    given_context(given).map_err(refusal)
}

/// Explains one rule on events: see [`explain::explain`]. A negative `event` is none; no `tick` is the run that comes farthest.
#[wasm_bindgen]
pub fn explain(
    rule_text: &str,
    records: &[u8],
    ends: &[u32],
    event: i32,
    tick: Option<i64>,
    context_json: &str,
) -> Result<String, String> {
    let (events, context) = (split(records, ends), context_of(context_json)?);
    let event = usize::try_from(event).ok();
    let request = Request { rule: rule_text, events: &events, event, tick, context: &context };
    Ok(json::explanation(&detector::explain(&request)))
}

/// Explains all rules on one event among others: see [`explain::explain_all`].
#[wasm_bindgen(js_name = explainAll)]
pub fn explain_all(
    files: &str,
    records: &[u8],
    ends: &[u32],
    event: i32,
    context_json: &str,
) -> Result<String, String> {
    let (events, context) = (split(records, ends), context_of(context_json)?);
    let event = usize::try_from(event).ok();
    let request = Request { rule: "", events: &events, event, tick: None, context: &context };
    Ok(json::explanations(&detector::explain_all(&rule_files(files)?, &request)))
}

/// What cases have tried of a rule: see [`explain::coverage`]. `cases` says how many events each case has.
#[wasm_bindgen]
pub fn coverage(
    rule_text: &str,
    records: &[u8],
    ends: &[u32],
    cases: &[u32],
    context_json: &str,
) -> Result<String, String> {
    let (events, context) = (split(records, ends), context_of(context_json)?);
    let mut events = events.into_iter();
    let cases: Vec<Case<'_>> = cases.iter().map(|n| events.by_ref().take(*n as usize).collect()).collect();
    Ok(json::coverage(&explain::coverage(rule_text, &cases, &context)))
}

/// What came nearest to a rule in a log: see [`Nearest`].
#[wasm_bindgen]
pub struct NearestMisses {
    nearest: Nearest,
    query: String,
}

#[wasm_bindgen]
impl NearestMisses {
    /// `id` is an `eventID`, `number` the place of an event from 1, `condition` KQL over `AWSCloudTrail`; at most one of them is
    /// given. Throws findings, or the diagnostics of the condition, as a JSON array.
    #[wasm_bindgen(constructor)]
    pub fn new(
        rule_text: &str,
        id: Option<String>,
        number: Option<f64>,
        condition: Option<String>,
        context_json: &str,
    ) -> Result<NearestMisses, String> {
        let wanted = match (id, number, condition) {
            (Some(id), ..) => Some(Wanted::Id(id)),
            (_, Some(number), _) => Some(Wanted::Number(number as u64)),
            (.., Some(kql)) => Some(Wanted::condition(&kql).map_err(|d| json::diagnostics(&d))?),
            _ => None,
        };
        let nearest = Nearest::new(rule_text, wanted, &context_of(context_json)?).map_err(refusal)?;
        let query = rule::load(rule_text).rule.map(|rule| rule.query.text).unwrap_or_default();
        Ok(NearestMisses { nearest, query })
    }

    /// The first bytes of the [staging buffer](super::js::staging_buffer) are the next of the current input, cut anywhere.
    pub fn push(&mut self, length: usize) {
        with_staged(length, |bytes| self.nearest.push(bytes));
    }

    /// The current input is complete.
    #[wasm_bindgen(js_name = endInput)]
    pub fn end_input(&mut self) {
        self.nearest.end_input();
    }

    /// What was found, in at most so many groups.
    pub fn report(&self, most: usize) -> String {
        json::nearest(&self.nearest.report(most), &self.query)
    }

    /// The events that pass every filter of their own columns, one a line.
    pub fn candidates(&self) -> Vec<u8> {
        self.nearest.candidates().0.to_vec()
    }

    /// Whether `candidates` has all of them.
    #[wasm_bindgen(js_name = isComplete)]
    pub fn is_complete(&self) -> bool {
        self.nearest.candidates().1
    }

    /// What could not be read since the last call, one JSON object a line.
    #[wasm_bindgen(js_name = takeProblems)]
    pub fn take_problems(&mut self) -> String {
        json::problems(&self.nearest.take_problems())
    }

    /// The counters so far, as a JSON object.
    pub fn stats(&self) -> String {
        json::stats(&self.nearest.stats())
    }
}
