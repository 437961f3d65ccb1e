//! The real files of `../shared`, where they are.

use super::{Seen, read, read_chunks};
use cloudtrail::table::aws_cloudtrail::EventRow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The folder of shared test data, where it is.
fn shared() -> Option<PathBuf> {
    let path = std::env::var_os("FOREPOST_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let found = path.join("cloudtrail").is_dir();
    if !found {
        eprintln!("skipped: no shared test data at {}", path.display());
    }
    found.then_some(path)
}

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

#[test]
fn real_files() {
    let Some(shared) = shared() else { return };
    let mut paths = Vec::new();
    files(&shared.join("cloudtrail/real"), &mut paths);
    files(&shared.join("cloudtrail/cases"), &mut paths);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut broken = Vec::new();
    for path in &paths {
        let bytes = std::fs::read(path).expect("a file");
        let seen = read(&bytes);
        assert_eq!(read_chunks(bytes.chunks(1021)), seen, "{}", path.display());
        for (raw, envelope) in &seen.records {
            *counts.entry(envelope).or_default() += 1;
            let row = EventRow::new(raw.as_bytes());
            assert_eq!(row.problem(), None, "{}", path.display());
            // Those were exported with Logstash's @timestamp in the place of eventTime.
            let timeless = path.components().any(|c| c.as_os_str() == "otrf");
            assert!(row.time().is_some() != timeless, "{}: {raw}", path.display());
        }
        let name = path.strip_prefix(&shared).unwrap_or(path).display().to_string();
        if !seen.problems.is_empty() {
            eprintln!("{name}: {} events", seen.records.len());
        }
        for (code, offset, message) in &seen.problems {
            eprintln!("{name}: byte {offset}: {code}: {message}");
            broken.push((name.clone(), *code));
        }
        if seen.records.is_empty() && seen.problems.is_empty() {
            // Only files that say in JSON that they hold nothing.
            assert!(bytes.len() < 40, "{name}");
        }
    }
    eprintln!("{} files, events by envelope: {counts:?}", paths.len());
    assert!(counts.values().sum::<usize>() > 3500);
    let is_broken = |part: &str| broken.iter().any(|(name, _)| name.contains(part));
    for part in ["samples-large.json", "index.html", "script.js"] {
        assert!(is_broken(part), "{part}");
    }
    assert!(!is_broken("/AWSLogs/o-abcd/") && !is_broken("stratus") && !is_broken("boogy"));
}

#[test]
fn the_cases_are_the_same_in_every_envelope() {
    let Some(shared) = shared() else { return };
    let cases = shared.join("cloudtrail/cases");
    let of = |name: &str| read(std::fs::read(cases.join(name)).expect("a file"));
    let value = |raw: &str| serde_json::from_str::<serde_json::Value>(raw).expect("JSON");
    let values = |seen: &Seen| seen.records.iter().map(|r| value(&r.0)).collect::<Vec<_>>();
    let plain = of("put_image_scanning_cases.ndjson");
    assert_eq!((plain.records.len(), plain.problems.len()), (32, 0));
    let packed = of("123456789012_CloudTrail_us-east-1_20260311T0705Z_AbCdEfGhIjKlMnOp.json.gz");
    assert_eq!(values(&packed), values(&plain));
    let ids = |seen: &Seen| values(seen).iter().map(|v| v["eventID"].to_string()).collect::<Vec<_>>();
    let (decoded, logs) =
        (of("cloudwatch_logs_subscription.decoded.json"), of("cloudwatch_logs_subscription.json"));
    assert!(!decoded.records.is_empty());
    assert_eq!(values(&decoded), values(&logs));
    for (name, envelope) in [
        ("eventbridge.json", "eventbridge"),
        ("lookup_events.json", "lookup-events"),
        ("cloudwatch_logs_subscription.json", "cloudwatch-logs"),
    ] {
        let seen = of(name);
        assert!(seen.problems.is_empty() && seen.records.iter().all(|r| r.1 == envelope), "{name}");
        assert!(ids(&seen).iter().all(|id| ids(&plain).contains(id)), "{name}");
    }
    let bytes = std::fs::read(
        cases.join("123456789012_CloudTrail_us-east-1_20260311T0705Z_AbCdEfGhIjKlMnOp.json.gz"),
    )
    .expect("a file");
    for n in 0..=bytes.len() {
        assert_eq!(read_chunks([&bytes[..n], &bytes[n..]]), packed, "cut at {n}");
    }
    assert_eq!(read_chunks(bytes.chunks(1)), packed);
}
