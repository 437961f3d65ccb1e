//! The engine inside WebAssembly: the exports that `js/` calls, run in Node by `wasm-pack test --node`.
#![cfg(all(target_arch = "wasm32", feature = "js"))]
#![allow(clippy::expect_used, clippy::panic, reason = "clippy does not know that these are tests")]

#[path = "support/property.rs"]
mod property;

use forepost::detector::{self, Options};
use forepost::host::js::{Detector, Query, check, query_batch_line, staging_buffer, version};
use forepost::host::json as host_json;
use property::changed;
use proptest::prelude::any;
use proptest::sample::Index;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use wasm_bindgen_test::wasm_bindgen_test;

const HIT: &str = r#"{"Records":[{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ana","userName":"ana"},"eventTime":"2026-06-17T10:00:00Z","eventSource":"ecr.amazonaws.com","eventName":"PutImageScanningConfiguration","awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.5","requestParameters":{"repositoryName":"team/ape","imageScanningConfiguration":{"scanOnPush":false}},"eventID":"e1","recipientAccountId":"111122223333"}]}"#;

/// No tables and no functions.
const NOTHING: &str = r#"{"tables":[],"functions":[]}"#;

fn built_in() -> Detector {
    Detector::new("[]", true, false, None, NOTHING, None, None).expect("the built-in rules load")
}

/// Writes where `push` reads; gives how much.
fn put(bytes: &[u8]) -> usize {
    staging_buffer(bytes.len()).copy_from(bytes);
    bytes.len()
}

fn alerts_of(chunks: &[&[u8]]) -> String {
    let mut detector = built_in();
    for chunk in chunks {
        detector.push(put(chunk));
    }
    detector.finish();
    detector.take_alerts()
}

#[wasm_bindgen_test]
fn the_built_in_rule_alerts() {
    let text = alerts_of(&[HIT.as_bytes()]);
    let alert: Value = serde_json::from_str(text.trim()).expect("one alert");
    assert_eq!(alert["AlertName"], "Amazon ECR image scanning disabled by ana from 203.0.113.5");
    assert_eq!(alert["Evidence"][0]["events"][0]["eventID"], "e1");
}

#[wasm_bindgen_test]
fn cutting_the_bytes_changes_nothing() {
    let whole = alerts_of(&[HIT.as_bytes()]);
    for at in 0..=HIT.len() {
        let (a, b) = HIT.as_bytes().split_at(at);
        assert_eq!(alerts_of(&[a, b]), whole, "cut at {at}");
    }
}

#[wasm_bindgen_test]
fn what_cannot_be_read_is_told() {
    let mut detector = built_in();
    detector.push(put(b"{\"Records\":[{"));
    detector.end_input();
    let problems = detector.take_problems();
    let problem: Value =
        serde_json::from_str(problems.lines().next().expect("a problem")).expect("an object");
    assert!(problem["offset"].is_u64() && problem["code"].is_string() && problem["message"].is_string());
    let stats: Value = serde_json::from_str(&detector.stats()).expect("an object");
    assert_eq!(stats["bytes"], 13);
}

#[wasm_bindgen_test]
fn a_bad_rule_is_refused_with_findings() {
    let refusal =
        Detector::new(r#"[{"file":"a.yaml","text":"name: [1"}]"#, true, false, None, NOTHING, None, None)
            .err()
            .expect("a refusal");
    let findings: Vec<Value> = serde_json::from_str(&refusal).expect("a list");
    assert!(findings.iter().any(|f| f["severity"] == "error" && f["file"] == "a.yaml" && f["line"].is_u64()));
    assert_eq!(check("[]", NOTHING).expect("nothing to check"), "[]");
}

#[wasm_bindgen_test]
fn queries_answer() {
    let mut query = Query::new("AWSCloudTrail | project EventName", 0, NOTHING).expect("a good query");
    query.push(put(HIT.as_bytes()));
    query.end_input();
    let answer: Value = serde_json::from_str(&query.result()).expect("an object");
    assert_eq!(answer["rows"][0][0], "PutImageScanningConfiguration");
    assert_eq!(query.take_problems(), "");

    let refusal = Query::new("print x = 1 | where Nme == 1", 0, NOTHING).err().expect("a refusal");
    assert_eq!(serde_json::from_str::<Value>(&refusal).expect("a list")[0]["code"], "KS142");

    let line: Value =
        serde_json::from_str(&query_batch_line(r#"{"id":7,"query":"print 1+1"}"#, 0)).expect("an object");
    assert_eq!((&line["id"], &line["rows"][0][0]), (&Value::from(7), &Value::from(2)));
}

#[wasm_bindgen_test]
fn the_version_is_the_crates() {
    assert_eq!(version(), env!("CARGO_PKG_VERSION"));
}

/// The sieve looks at raw bytes with SIMD here, and without it in the native tests.
#[wasm_bindgen_test]
fn the_sieve_hides_nothing() {
    let built_in = || match detector::Detector::new(&[], Options::default()) {
        Ok(detector) => detector,
        Err(errors) => panic!("the built-in rules: {errors}"),
    };
    let detectors = RefCell::new((built_in(), built_in()));
    detectors.borrow_mut().1.evaluate_everything();
    let record = HIT.strip_prefix("{\"Records\":[").and_then(|h| h.strip_suffix("]}")).expect("one record");
    let other = record.replace("PutImageScanningConfiguration", "DescribeRepositories");
    let events = [record, &other].into_iter().flat_map(|event| {
        (0..28).map(move |n| {
            event.replace("2026-06-17T10", &format!("2026-06-{:02}T{:02}", n + 1, n % 24)).into_bytes()
        })
    });
    let tried = Cell::new(0);
    let cases = (changed(events.collect(), 0..=2, b"\"\\{}[],:\nv\tE"), any::<Index>());
    property::check(3_000, cases, |(bytes, cut)| {
        tried.set(tried.get() + 1);
        let event = String::from_utf8_lossy(&bytes.0).replace("\"e1\"", &format!("\"e{}\"", tried.get()));
        let text = format!("{{\"Records\":[{event},{other}]}}\n{event}\n{other}");
        let (a, b) = text.as_bytes().split_at(cut.index(text.len()));
        let (with, without) = &mut *detectors.borrow_mut();
        for detector in [with, without] {
            detector.push(a);
            detector.push(b);
            detector.end_input();
        }
    });
    let (mut with, mut without) = detectors.into_inner();
    let found = |detector: &mut detector::Detector| {
        detector.finish();
        host_json::alerts(&detector.take_alerts())
    };
    let alerts = found(&mut without);
    assert!(alerts.lines().count() > 10);
    assert!(found(&mut with) == alerts);
}
