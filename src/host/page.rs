//! Exports for hosts of many workers: readers index events and find candidates, one detector concludes.

use super::js::{given_tables, rule_files};
use super::memory::{grow_ahead, with_room};
use crate::detector::{self, Options, RuleFile, findings_json, index};
use cloudtrail::table::aws_cloudtrail;
use kql::value::{Value, json};
use kql::{aggregates, functions};
use wasm_bindgen::prelude::wasm_bindgen;

/// Reads inputs: finds the records that matter to the rules, and indexes all of them if asked to.
#[wasm_bindgen]
pub struct EventReader {
    detector: detector::Detector,
    index: Option<index::EventIndex>,
    batch: index::Batch,
}

#[wasm_bindgen]
impl EventReader {
    /// From rule files and tables as JSON text, as for a detector.
    #[wasm_bindgen(constructor)]
    pub fn new(files: &str, index: bool, tables: &str) -> Result<EventReader, String> {
        let tables = given_tables(tables).map_err(|f| findings_json(&f))?;
        let options = Options { candidates: true, tables, ..Options::default() };
        let detector =
            detector::Detector::new(&rule_files(files)?, options).map_err(|f| findings_json(&f))?;
        let index = index.then(index::EventIndex::default);
        Ok(EventReader { detector, index, batch: index::Batch::default() })
    }

    /// The first bytes of [`super::js::room`] are the next of the current input, cut anywhere.
    pub fn push(&mut self, length: usize) {
        with_room(length, |bytes| match &mut self.index {
            Some(index) => self.detector.push_through(bytes, index),
            None => self.detector.push(bytes),
        });
        grow_ahead();
    }

    /// The current input is complete.
    #[wasm_bindgen(js_name = endInput)]
    pub fn end_input(&mut self) {
        match &mut self.index {
            Some(index) => self.detector.end_input_through(index),
            None => self.detector.end_input(),
        }
    }

    /// No further events are indexed; they are still read.
    #[wasm_bindgen(js_name = stopIndex)]
    pub fn stop_index(&mut self) {
        self.index = None;
    }

    /// The records that matter since the last call, one JSON object a line.
    #[wasm_bindgen(js_name = takeCandidates)]
    pub fn take_candidates(&mut self) -> Vec<u8> {
        self.detector.take_candidates()
    }

    /// All that a detector's `takeOver` wants to know since the last call.
    #[wasm_bindgen(js_name = handOver)]
    pub fn hand_over(&mut self) -> Vec<u8> {
        self.detector.hand_over()
    }

    /// About how many bytes `handOver` would give.
    pub fn waiting(&self) -> usize {
        self.detector.waiting()
    }

    /// What could not be read since the last call, one JSON object a line.
    #[wasm_bindgen(js_name = takeProblems)]
    pub fn take_problems(&mut self) -> String {
        self.detector.take_problems()
    }

    /// What was seen so far, as a JSON object.
    pub fn stats(&self) -> String {
        self.detector.stats()
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
        std::mem::take(&mut self.batch.new_words)
    }
}

/// Explains one rule on one event: see [`detector::explain`].
#[wasm_bindgen]
pub fn explain(rule_text: &str, record: &[u8]) -> String {
    detector::explain(rule_text, record, &[])
}

/// What a rule says of itself: see [`index::describe`].
#[wasm_bindgen(js_name = describeRule)]
pub fn describe_rule(rule_text: &str) -> String {
    index::describe(rule_text)
}

/// The rules that ship inside the module: `[{"file","text"}]`.
#[wasm_bindgen(js_name = builtInRules)]
pub fn built_in_rules() -> String {
    let files = detector::check::built_in();
    let file =
        |f: &RuleFile| Value::object(&[("file", Value::text(&f.file)), ("text", Value::text(&f.text))]);
    json::to_text(&Value::array(files.iter().map(file).collect()))
}

/// The table's columns, for completion: `[{"name","type","doc","field"}]`; `field` is where the event has the value.
#[wasm_bindgen(js_name = tableColumns)]
pub fn table_columns() -> String {
    let columns = aws_cloudtrail::columns().iter().map(|c| {
        Value::object(&[
            ("name", Value::text(c.name)),
            ("type", Value::text(c.ty.name())),
            ("doc", Value::text(c.doc)),
            ("field", field(&c.origin).map_or(Value::Null, |path| Value::texts(path.into_iter()))),
        ])
    });
    json::to_text(&Value::array(columns.collect()))
}

/// The path of keys in an event; `null` where a column has no field of its own.
fn field(origin: &aws_cloudtrail::Origin) -> Option<Vec<&'static str>> {
    use aws_cloudtrail::{Origin, Place};
    let Origin::Field(place, key) = origin else {
        return match origin {
            Origin::Permission(_) | Origin::PermissionRange => {
                Some(vec!["requestParameters", "ipPermissions"])
            }
            _ => None,
        };
    };
    let mut path = match place {
        Place::Event => vec![],
        Place::UserIdentity => vec!["userIdentity"],
        Place::OnBehalfOf => vec!["userIdentity", "onBehalfOf"],
        Place::SessionContext => vec!["userIdentity", "sessionContext"],
        Place::SessionAttributes => vec!["userIdentity", "sessionContext", "attributes"],
        Place::SessionIssuer => vec!["userIdentity", "sessionContext", "sessionIssuer"],
        Place::TlsDetails => vec!["tlsDetails"],
    };
    path.push(key);
    Some(path)
}

/// The functions and aggregates that queries can call, for completion: `[{"name","call","doc","kind"}]`.
#[wasm_bindgen(js_name = functionTable)]
pub fn function_table() -> String {
    let entry = |kind: &str, name: &str, params: &[functions::Param], doc: &str| {
        let names: Vec<String> = (params.iter())
            .map(|p| {
                format!(
                    "{}{}",
                    p.name,
                    if p.repeated {
                        ", …"
                    } else if p.optional {
                        "?"
                    } else {
                        ""
                    }
                )
            })
            .collect();
        Value::object(&[
            ("name", Value::text(name)),
            ("call", Value::from(format!("{name}({})", names.join(", ")))),
            ("doc", Value::text(doc)),
            ("kind", Value::text(kind)),
        ])
    };
    let scalars = functions::FAMILIES.iter().flat_map(|family| family.functions);
    let mut all: Vec<_> = scalars.map(|f| entry("function", f.name, f.params, f.doc)).collect();
    all.extend(aggregates::sorted().into_iter().map(|a| entry("aggregate", a.name, a.params, a.doc)));
    json::to_text(&Value::array(all))
}
