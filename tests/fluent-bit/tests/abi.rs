//! The module as Fluent Bit runs it: no import, no SIMD, 8 KB of stack, and no record lost.

use fluent_bit::host::{Host, Outcome};
use fluent_bit::{module, records, shared_module, stack};
use serde_json::{Value, json};

/// A record that goes on must be itself but for one added key.
fn check(record: &[u8], outcome: &Outcome) -> Option<Value> {
    let text = match outcome {
        Outcome::Same => return None,
        Outcome::Text(text) => text,
        lost => panic!("{lost:?}: {}", shown(record)),
    };
    let end = record.iter().rposition(|b| *b == b'}').expect("only objects change");
    let (head, tail) = record.split_at(end);
    let rest = text.strip_prefix(head).unwrap_or_else(|| panic!("altered: {}", shown(record)));
    let added = rest.strip_suffix(tail).unwrap_or_else(|| panic!("altered at its end: {}", shown(record)));
    let added = added.strip_prefix(b",").unwrap_or(added);
    let parsed: Value = serde_json::from_slice(&[b"{", added, b"}"].concat()).expect("one more key");
    // All of it is JSON if it was: of bytes that are not UTF-8 the host makes U+FFFD, too.
    if serde_json::from_str::<serde::de::IgnoredAny>(&String::from_utf8_lossy(record)).is_ok() {
        serde_json::from_str::<serde::de::IgnoredAny>(&String::from_utf8_lossy(text)).expect("valid JSON");
    }
    let (key, value) = parsed.as_object().and_then(|o| o.iter().next()).expect("a key");
    assert!(key.starts_with("forepost"), "{key}");
    assert_eq!(value["version"], engine_version());
    Some(value.clone())
}

fn shown(record: &[u8]) -> String {
    String::from_utf8_lossy(record).chars().take(200).collect()
}

fn limited(module: &[u8]) -> Host {
    let (module, _) = stack::limited(module, stack::DEFAULT).expect("a module without SIMD");
    Host::new(&module).expect("an instance")
}

#[test]
fn no_import_no_simd_and_the_exports() {
    for module in [Some(module()), shared_module()].into_iter().flatten() {
        // SIMD is off in this validator and in `wasmi`.
        stack::limited(&module, stack::DEFAULT).expect("valid without SIMD");
        let host = Host::new(&module).expect("no imports");
        let mut names: Vec<String> =
            host.instance.exports(&host.store).map(|e| e.name().to_owned()).collect();
        names.sort();
        let want =
            ["filter", "forepost_abi_version", "forepost_counters", "free", "malloc", "memory", "sieve"];
        assert_eq!(names, want);
    }
}

#[test]
fn what_each_record_becomes() {
    let mut host = limited(&module());
    let event = records::matching();
    let mut state =
        |record: &[u8]| check(record, &host.call(false, record)).map(|f| f["rules"][0]["state"].clone());
    for way in 0..4 {
        assert_eq!(state(&records::wrapped(&event, way)), Some(json!("alert")), "way {way}");
        assert_eq!(state(&records::wrapped(&records::harmless(way), way)), None);
    }
    let text = event.to_string();
    let swapped = |from: &str, to: &str| text.replace(from, to).into_bytes();
    assert_eq!(state(&swapped("PutImage", "Put\\u0049mage")), Some(json!("alert")));
    assert_eq!(state(&swapped("eventName", "event\\u004eame")), Some(json!("alert")));
    assert_eq!(state(&swapped("\"scanOnPush\":false", "\"scanOnPush\":true")), None);
    // Of equal keys the last counts.
    let twice = |name: &str| format!("{},\"eventName\":\"{name}\"}}", &text[..text.len() - 1]).into_bytes();
    assert_eq!(state(&twice("DescribeImages")), None);
    assert_eq!(state(&twice("PutImageScanningConfiguration")), Some(json!("alert")));
    // Without a time it is in no window: not for the filter to say.
    assert_eq!(state(&swapped("2026-03-12T07:15:00Z", "some day")), Some(json!("candidate")));

    let it = check(text.as_bytes(), &host.call(false, text.as_bytes())).expect("a match");
    let rule = &it["rules"][0];
    assert_eq!(rule["id"], "19602494-94af-43c8-90ba-eb0e14999612");
    assert_eq!(rule["severity"], "Medium");
    assert_eq!(rule["tactics"], json!(["DefenseEvasion"]));
    assert_eq!(rule["techniques"], json!(["T1562", "T1562.001"]));
    assert_eq!(rule["alertName"], "Amazon ECR image scanning disabled by mallory from 198.51.100.7");
    assert_eq!(rule["entities"][0]["Name"], "mallory");
    assert_eq!(rule["entities"][1]["Address"], "198.51.100.7");
    assert_eq!(rule["row"]["AccountUPNSuffix"], "example.com");

    let error = |host: &mut Host, record: &[u8]| {
        check(record, &host.call(false, record)).map(|f| f["error"]["code"].as_str().unwrap_or("").to_owned())
    };
    let deep = format!("{},\"x\":{}{}}}", &text[..text.len() - 1], "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(error(&mut host, deep.as_bytes()).as_deref(), Some("too_deep"));
    // As deep as Fluent Bit's own parser reads, and what it leaves as text.
    let nested = |levels: usize| {
        let deep = format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
        format!("{},\"responseElements\":{deep}}}", &text[..text.len() - 1])
    };
    for levels in [15, 30, 62] {
        let record = nested(levels);
        let it = check(record.as_bytes(), &host.call(true, record.as_bytes())).expect("a match");
        assert_eq!(it["rules"][0]["state"], "alert", "{levels}");
    }
    for levels in [64, 100, 1000] {
        let record = json!({"log": nested(levels)}).to_string();
        assert_eq!(error(&mut host, record.as_bytes()).as_deref(), Some("too_deep"), "{levels}");
    }
    let cut = json!({"log": &text[..text.len() - 9]}).to_string();
    assert_eq!(error(&mut host, cut.as_bytes()).as_deref(), Some("unread"));
    let large = format!("{},\"x\":\"{}\"}}", &text[..text.len() - 1], "y".repeat(1 << 20));
    assert_eq!(error(&mut host, large.as_bytes()).as_deref(), Some("too_large"));
    // A second filter behind the first one adds its own key.
    let Outcome::Text(once) = host.call(false, text.as_bytes()) else { panic!("a match") };
    let Outcome::Text(again) = host.call(false, &once) else { panic!("a match") };
    let again: Value = serde_json::from_slice(&again).expect("JSON");
    assert_eq!(again["forepost"]["rules"], again["forepost_2"]["rules"]);
}

#[test]
fn the_sieve_drops_only_what_is_sure() {
    let mut host = limited(&module());
    let event = records::matching();
    for way in 0..4 {
        assert!(matches!(host.call(true, &records::wrapped(&event, way)), Outcome::Text(_)));
        assert_eq!(host.call(true, &records::wrapped(&records::harmless(way), way)), Outcome::Dropped);
    }
    let right = event.to_string().replace("\"scanOnPush\":false", "\"scanOnPush\":true");
    assert_eq!(host.call(true, right.as_bytes()), Outcome::Dropped);
    for record in [
        &br#"{"log":"another program"}"#[..],
        br#"{"data":"H4sIAAAA"}"#,
        br#"{"eventName":"PutImageScanningConfiguration""#,
        b"17",
    ] {
        assert_eq!(host.call(true, record), Outcome::Same, "{}", shown(record));
    }
}

#[test]
fn a_hundred_thousand_records_on_8_kb_of_stack() {
    let hostile = records::hostile();
    let real = records::real();
    if real.is_empty() {
        println!("../shared is absent: synthetic events only");
    }
    for (name, module) in [("built-in", Some(module())), ("38 shared rules", shared_module())] {
        let Some(module) = module else {
            println!("{name}: not built, skipped");
            continue;
        };
        let mut host = limited(&module);
        let (mut annotated, mut errors, mut flat) = (0_u32, 0_u32, 0);
        let mut large = 0;
        for i in 0..100_000_usize {
            let made;
            let record: &[u8] = if i % 50 == 7 {
                // What is large, rarely.
                let one = &hostile[i / 50 % hostile.len()];
                if one.len() > 100_000 {
                    large += 1;
                }
                if one.len() > 100_000 && i > 40_000 { b"{}" } else { one }
            } else {
                made = match real.get(i % (real.len() + 1)) {
                    Some(event) => records::wrapped(event, i / 7),
                    None if i % 3 == 0 => records::wrapped(&records::matching(), i),
                    None => records::wrapped(&records::harmless(i), i),
                };
                &made
            };
            let outcome = host.call(false, record);
            if let Some(added) = check(record, &outcome) {
                annotated += u32::from(added["rules"].as_array().is_some_and(|r| !r.is_empty()));
                errors += u32::from(added.get("error").is_some());
            }
            if i == 40_000 {
                flat = host.memory_bytes();
            }
        }
        let counters = host.counters();
        println!(
            "{name}: {annotated} annotated, {errors} errors, {} bytes of stack at most, {} bytes of memory; {counters}",
            host.global(stack::MOST),
            host.memory_bytes()
        );
        assert!(annotated > 20 && errors > 20 && large > 0);
        assert_eq!(host.memory_bytes(), flat, "memory grew");
        assert_eq!(counters["traps"], 0);
        assert_eq!(counters["records"], 100_000 - empty(&hostile));
        assert_eq!(host.global("stack"), 0, "a call did not come back");
    }
}

/// Empty records are not even counted.
fn empty(hostile: &[Vec<u8>]) -> u32 {
    (0..100_000_usize).filter(|i| i % 50 == 7 && hostile[i / 50 % hostile.len()].is_empty()).count() as u32
}

/// As the engine's manifest has it.
fn engine_version() -> String {
    let manifest = std::fs::read_to_string(fluent_bit::root().join("Cargo.toml")).expect("Cargo.toml");
    let line = manifest.lines().find_map(|l| l.strip_prefix("version = ")).expect("a version");
    line.trim_matches('"').to_owned()
}
