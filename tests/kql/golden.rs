//! The corpus of `../shared/kql`, where it is present: every case passes or is listed in `known_gaps.tsv` with the
//! reason it does not, and nothing that passes is listed. The comparison is that of `check.py`.
//!
//! `FOREPOST_UPDATE_GAPS=1 cargo test --test kql golden` writes the list anew: reasons that are there stay, new
//! misses get what the engine said.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The least share of each part that passes, in percent.
const THRESHOLDS: &[(&str, &str, f64)] =
    &[("golden", "core", 97.0), ("golden", "plugin", 90.0), ("golden", "rare-op", 80.0), ("peer", "", 96.5)];
/// Parts of the corpus outside what Forepost is for: their misses are not listed one by one.
const OUTSIDE: &[&str] = &["geo"];

fn shared() -> Option<PathBuf> {
    let given = std::env::var_os("FOREPOST_SHARED").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    given.into_iter().chain([beside]).find(|p| p.join("kql/golden.jsonl").is_file())
}

/// The corpus writes NaN and Infinity bare, as Python does.
fn quoted_reals(line: &str) -> String {
    let mut out = line.to_owned();
    for (open, close) in [("[", "]"), ("[", ","), (" ", "]"), (" ", ",")] {
        for word in ["NaN", "Infinity", "-Infinity"] {
            out = out.replace(&format!("{open}{word}{close}"), &format!("{open}\"{word}\"{close}"));
        }
    }
    out
}

/// `{"dynamic": x}` and its kin are `x`.
fn unwrap(v: &Value) -> &Value {
    match v.as_object() {
        Some(o) if o.len() == 1 => match o.iter().next() {
            Some((k, inner)) if ["dynamic", "dynamic_text", "real"].contains(&k.as_str()) => unwrap(inner),
            _ => v,
        },
        _ => v,
    }
}

/// The fraction of a time's text with all seven digits, or without one if it is zero.
fn padded(text: &str, keep_zero: bool) -> String {
    let (head, fraction) =
        text.split_once('.').filter(|(_, f)| f.bytes().all(|b| b.is_ascii_digit())).unwrap_or((text, ""));
    if !keep_zero && fraction.bytes().all(|b| b == b'0') {
        head.to_owned()
    } else {
        format!("{head}.{fraction:0<7}")
    }
}

fn canon(v: &Value, ty: &str) -> Value {
    let v = unwrap(v);
    match (ty, v) {
        ("dynamic", Value::String(s)) => serde_json::from_str(s).unwrap_or_else(|_| v.clone()),
        ("bool", Value::Number(n)) => json!(n.as_f64() != Some(0.0)),
        ("datetime", Value::String(s)) => {
            json!(padded(s.replace(' ', "T").trim_end_matches('Z'), true))
        }
        ("timespan", Value::String(s)) => {
            // The fraction is behind the last colon; a day stands before a dot too.
            let (head, seconds) = s.rsplit_once(':').unwrap_or(("", s));
            let head = head.strip_prefix("0.").or_else(|| head.strip_prefix("00.")).unwrap_or(head);
            json!(format!("{head}:{}", padded(seconds, false)))
        }
        ("string", Value::Null) => json!(""),
        ("string", Value::String(s)) => json!(s.split_whitespace().collect::<Vec<_>>().join(" ")),
        _ => v.clone(),
    }
}

fn number(v: &Value) -> Option<f64> {
    match v {
        Value::Number(n) => n.as_f64(),
        Value::String(s) => match s.trim().to_ascii_lowercase().as_str() {
            "infinity" | "inf" => Some(f64::INFINITY),
            "-infinity" | "-inf" => Some(f64::NEG_INFINITY),
            "nan" => Some(f64::NAN),
            s => s.parse().ok(),
        },
        _ => None,
    }
}

fn plain(v: &Value) -> String {
    v.as_str().map_or_else(|| v.to_string(), str::to_owned)
}

fn same(want: &Value, got: &Value, ty: &str, loose: bool) -> bool {
    let (a, b) = (canon(want, ty), canon(got, ty));
    if a == b {
        return true;
    }
    let empty = |v: &Value| v.is_null() || v == "";
    if empty(&a) && empty(&b) && ["string", "dynamic", ""].contains(&ty) {
        return true;
    }
    if a.is_boolean() != b.is_boolean() {
        return loose && plain(&a).eq_ignore_ascii_case(&plain(&b));
    }
    if let (Some(x), Some(y)) = (number(&a), number(&b)) {
        if x.is_nan() || y.is_nan() {
            return x.is_nan() && y.is_nan();
        }
        if x == y || (x - y).abs() <= 1e-9 * x.abs().max(y.abs()) {
            return true;
        }
        let digits = plain(&a).split_once('.').map_or(0, |(_, d)| d.len());
        return loose && digits > 0 && (x - y).abs() <= 0.6 * libm::pow(10.0, -(digits as f64));
    }
    match (&a, &b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(p, q)| same(p, q, "dynamic", loose))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(k, p)| b.get(k).is_some_and(|q| same(p, q, "dynamic", loose)))
        }
        _ => loose && plain(&a) == plain(&b),
    }
}

fn names(v: &Value) -> Vec<&str> {
    v.as_array().map(|items| items.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

/// Why an answer is not the one wanted.
fn verdict(case: &Value, answer: &Value) -> Option<String> {
    if let Some(error) = answer.get("error") {
        return Some(format!("{}: {}", plain(&error["code"]), plain(&error["message"])));
    }
    let loose = case["oracle"] != "emulator";
    let columns = answer["columns"].as_array().expect("columns");
    let got: Vec<&str> = columns.iter().filter_map(|c| c["name"].as_str()).collect();
    let want = names(&case["columns"]);
    if !want.is_empty() && got != want && !(loose && got.len() == want.len()) {
        return Some(format!("columns {got:?}, want {want:?}"));
    }
    let got_types: Vec<&str> = columns.iter().filter_map(|c| c["type"].as_str()).collect();
    let want_types = names(&case["types"]);
    if !loose && !want_types.is_empty() && got_types != want_types {
        return Some(format!("types {got_types:?}, want {want_types:?}"));
    }
    let types = if want_types.is_empty() { got_types } else { want_types };
    let row_same = |want: &Value, got: &Value| match (want.as_array(), got.as_array()) {
        (Some(w), Some(g)) => {
            let ty = |i: usize| types.get(i).copied().unwrap_or("");
            w.len() == g.len() && w.iter().zip(g).enumerate().all(|(i, (w, g))| same(w, g, ty(i), loose))
        }
        _ => false,
    };
    let (want, got) = (case["rows"].as_array().expect("rows"), answer["rows"].as_array().expect("rows"));
    if want.len() != got.len() {
        return Some(format!("{} rows, want {}", got.len(), want.len()));
    }
    let query = case["query"].as_str().unwrap_or_default();
    let words: Vec<&str> = query.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let sorted = ["sort", "order", "top"].iter().any(|w| words.contains(w));
    if sorted && !names(&case["flags"]).contains(&"unordered") {
        let bad = want.iter().zip(got).position(|(w, g)| !row_same(w, g))?;
        return Some(format!("row {bad}: {}, want {}", got[bad], want[bad]));
    }
    let mut rest: Vec<&Value> = got.iter().collect();
    for w in want {
        match rest.iter().position(|g| row_same(w, g)) {
            Some(at) => {
                rest.swap_remove(at);
            }
            None => return Some(format!("no row like {w}")),
        }
    }
    None
}

fn short(reason: &str) -> String {
    reason.replace(['\t', '\n'], " ").chars().take(160).collect()
}

#[test]
fn every_case_passes_or_is_a_known_gap() {
    let Some(shared) = shared() else {
        eprintln!("skipped: ../shared is not there");
        return;
    };
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kql/known_gaps.tsv");
    let text = std::fs::read_to_string(&list).unwrap_or_default();
    let known: BTreeMap<&str, &str> =
        text.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split_once('\t')).collect();
    let mut missed: BTreeMap<String, String> = BTreeMap::new();
    let mut tally: BTreeMap<(&str, String), (usize, usize)> = BTreeMap::new();
    for file in ["golden", "peer"] {
        let cases = std::fs::read_to_string(shared.join(format!("kql/{file}.jsonl"))).expect("cases");
        for line in cases.lines() {
            let case: Value = serde_json::from_str(&quoted_reals(line)).expect("a case is JSON");
            let (id, area) = (plain(&case["id"]), plain(&case["area"]));
            let why = verdict(&case, &super::answer(case["query"].as_str().unwrap_or_default()));
            let keys =
                if file == "peer" { [String::new(), area.clone()] } else { [area.clone(), "all".to_owned()] };
            for key in keys {
                let (passed, all) = tally.entry((file, key)).or_default();
                *passed += usize::from(why.is_none());
                *all += 1;
            }
            if let Some(why) = why
                && !OUTSIDE.contains(&area.as_str())
            {
                missed.insert(id, short(&why));
            }
        }
    }
    if std::env::var_os("FOREPOST_UPDATE_GAPS").is_some() {
        let mut out =
            "# Cases of ../shared/kql that do not pass, and why. Kept true by tests/kql/golden.rs.\n"
                .to_owned();
        for (id, why) in &missed {
            out += &format!("{id}\t{}\n", known.get(id.as_str()).copied().unwrap_or(why));
        }
        std::fs::write(&list, out).expect("the list is written");
        return;
    }
    for ((file, area), (passed, all)) in &tally {
        eprintln!("{file} {area:30} {passed} of {all}");
    }
    let unlisted: Vec<String> = missed
        .iter()
        .filter(|(id, _)| !known.contains_key(id.as_str()))
        .map(|(id, why)| format!("{id}: {why}"))
        .collect();
    assert!(unlisted.is_empty(), "not in known_gaps.tsv:\n{}", unlisted.join("\n"));
    let stale: Vec<&&str> = known.keys().filter(|id| !missed.contains_key(**id)).collect();
    assert!(stale.is_empty(), "listed in known_gaps.tsv but passing: {stale:?}");
    for (file, area, least) in THRESHOLDS {
        let (passed, all) = tally.get(&(*file, (*area).to_owned())).copied().unwrap_or((0, 0));
        let share = 100.0 * passed as f64 / all.max(1) as f64;
        assert!(share >= *least, "{file} {area}: {share:.1} %, want {least} %");
    }
}
