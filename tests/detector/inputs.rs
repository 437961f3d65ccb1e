//! What a detector says of its inputs: times that cannot be read, files beside the logs, and inputs that are empty.

use super::{Detector, Options, alerts, detector, ecr, event, gzip, problems, rule, scan_off};
use forepost::detector::{Context, NamedTable};
use serde_json::{Value, json};

fn said(d: &mut Detector) -> Vec<(String, String, Option<u64>)> {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let problem = |line: &str| serde_json::from_str::<Value>(line).expect("JSON");
    problems(d)
        .lines()
        .map(problem)
        .map(|p| (text(&p["code"]), text(&p["message"]), p["offset"].as_u64()))
        .collect()
}

/// A detector that starts anew answers as another one would: nothing of what it read before is left, whatever it was in the middle of.
#[test]
fn restarted() {
    let rules = [
        rule(
            "AWSCloudTrail | summarize n = count() by EventName",
            "queryFrequency: 1h\nqueryPeriod: 5h\nsuppressionEnabled: true\nsuppressionDuration: 2h\n",
        ),
        rule("AWSCloudTrail | where EventName == 'Nothing'", "triggerOperator: eq\ntriggerThreshold: 0\n"),
    ];
    let rules = rules.map(|mut r| {
        r.text = r.text.replace("abcd", &format!("{:04x}", r.text.len()));
        r
    });
    let events = |d: &mut Detector, from: u32| {
        (from..from + 3).for_each(|i| {
            d.push(scan_off(i, &format!("2026-03-{:02}T07:00:00Z", i + 1)).to_string().as_bytes())
        });
    };
    let fresh = |from: u32| {
        let mut d = detector(&rules, Options::default());
        events(&mut d, from);
        d.finish();
        (alerts(&mut d), d.stats())
    };
    let mut d = detector(&rules, Options::default());
    for from in [1, 5, 1] {
        // Left in the middle of an event, with alerts nobody took, and windows concluded.
        events(&mut d, 7);
        d.push(b"{\"eventVersion\":\"1.11\",\"eventNam");
        d.finish();
        d.restart();
        assert_eq!(alerts(&mut d), Vec::<Value>::new());
        events(&mut d, from);
        d.finish();
        assert_eq!((alerts(&mut d), d.stats()), fresh(from), "{from}");
        d.restart();
    }
}

/// So does one that was given a table: its rows are there again after their windows have gone, and what cannot be made of them is told again.
#[test]
fn restarted_with_a_table() {
    let rows = "At,Name\n2026-03-02T06:30:00Z,PutImageScanningConfiguration\n2026-03-06T06:30:00Z,PutImageScanningConfiguration\n";
    let table = NamedTable::read(
        "Known",
        "TimeGenerated:datetime, Name:string",
        rows.replace("At", "TimeGenerated").as_bytes(),
        false,
    );
    let ours = rule(
        "AWSCloudTrail | join kind=inner Known on $left.EventName == $right.Name",
        "queryFrequency: 1h\nqueryPeriod: 5h\n",
    );
    let read = |d: &mut Detector| {
        (1..8).for_each(|i| d.push(scan_off(i, &format!("2026-03-{i:02}T07:00:00Z")).to_string().as_bytes()));
        d.finish();
        (alerts(d), said(d), d.stats())
    };
    let options = || Options {
        context: Context::of_tables(vec![table.clone().expect("a table")]),
        ..Options::default()
    };
    let mut d = detector(&[ours], options());
    let first = read(&mut d);
    assert!(first.0.len() >= 2, "{first:?}");
    for _ in 0..3 {
        d.restart();
        assert_eq!(read(&mut d), first);
    }
}

/// A reader of candidates that starts anew, the same: also from the middle of a file.
#[test]
fn restarted_candidates() {
    let mut d = detector(&ecr(), Options { candidates: true, ..Options::default() });
    let read = |d: &mut Detector, from: u32| {
        (from..from + 3).for_each(|i| {
            d.push(scan_off(i, &format!("2026-03-{:02}T07:00:00Z", i + 1)).to_string().as_bytes())
        });
        d.end_input();
        (String::from_utf8_lossy(&d.take_candidates()).into_owned(), said(d), d.stats())
    };
    let first = read(&mut d, 1);
    assert_eq!((first.0.lines().count(), first.2.ingest.candidates), (3, 3));
    d.restart();
    read(&mut d, 5);
    d.push(b"{\"eventVersion\":\"1.11\",\"eventNam");
    d.restart();
    assert_eq!(read(&mut d, 1), first);
}

#[test]
fn times_that_cannot_be_read() {
    let mut without = scan_off(1, "");
    without.as_object_mut().expect("an object").remove("eventTime");
    let with = |time: Value| {
        let mut event = scan_off(1, "");
        event["eventTime"] = time;
        event
    };
    for (event, want) in [
        (with(json!(1_773_396_060)), "cannot be read: 1773396060;"),
        (with(json!(1_773_396_060_000_u64)), "cannot be read: 1773396060000;"),
        (with(json!("1773396060")), "cannot be read: \"1773396060\";"),
        (with(json!({"$date": "2026-03-13T10:01:00Z"})), "cannot be read: {\"$date\":"),
        (with(json!("01/02/2026, 10:00:00")), "cannot be read: \"01/02/2026"),
        (with(json!("x".repeat(100))), "x…;"),
        (with(json!(null)), "has no eventTime;"),
        (without, "has no eventTime;"),
    ] {
        // Also an event that no rule can need has a place.
        for name in ["PutImageScanningConfiguration", "GetObject"] {
            let mut event = event.clone();
            event["eventName"] = json!(name);
            let timed = scan_off(2, "2026-03-13T10:01:00Z");
            let bytes = format!("{timed}\n{event}\n{timed}\n");
            for size in [bytes.len(), 100] {
                let mut d = detector(&ecr(), Options::default());
                bytes.as_bytes().chunks(size).for_each(|chunk| d.push(chunk));
                d.end_input();
                let said = said(&mut d);
                assert_eq!(said.len(), 1, "{said:?}");
                let (code, message, offset) = &said[0];
                assert!(code == "bad_time" && message.contains(want), "{want}: {said:?}");
                assert_eq!(*offset, Some(timed.to_string().len() as u64 + 1));
                assert_eq!((d.stats().ingest.untimed, d.stats().ingest.events), (1, 3));
            }
        }
    }
    // Forms that Kusto reads are times.
    for time in [
        "2026-03-13 10:01:00.000",
        "2026-03-13T10:01:00+05:30",
        "Mar 13, 2026 10:01:00 AM",
        "13/03/2026, 10:01:00",
    ] {
        let mut d = detector(&ecr(), Options::default());
        d.push(with(json!(time)).to_string().as_bytes());
        d.finish();
        assert_eq!((said(&mut d), alerts(&mut d).len()), (vec![], 1), "{time}");
    }
}

#[test]
fn many_times_that_cannot_be_read_are_counted() {
    let event = event(1, "soon", "GetObject", "eve").to_string() + "\n";
    let mut d = detector(&ecr(), Options::default());
    for (times, want) in [(10, None), (11, Some("1 more event has")), (500, Some("490 more events have"))] {
        d.push(event.repeat(times).as_bytes());
        d.end_input();
        let said = said(&mut d);
        assert_eq!(said.len(), 10 + usize::from(want.is_some()));
        assert!(want.is_none_or(|want| said[10].1.starts_with(want)), "{:?}", said.last());
    }
    assert_eq!(d.stats().ingest.untimed, 521);
}

#[test]
fn inputs_without_events() {
    let mut d = detector(&ecr(), Options::default());
    let digest = br#"{"digestStartTime":"a","digestEndTime":"b","logFiles":[]}"#;
    for bytes in [digest.to_vec(), gzip(digest)] {
        d.push(&bytes);
        d.end_input();
    }
    assert_eq!((said(&mut d), d.stats().ingest.digests, d.stats().ingest.problems), (vec![], 2, 0));
    let stats: Value = serde_json::from_str(&super::host_json::stats(&d.stats())).expect("JSON");
    assert_eq!(stats["digests"], 2);
    // An input of no bytes, whether or not some were pushed; and the end of all is not one more.
    d.end_input();
    d.push(b"");
    d.end_input();
    d.push(b" \n");
    d.finish();
    d.finish();
    let codes: Vec<_> = said(&mut d).into_iter().map(|(code, ..)| code).collect();
    assert_eq!(codes, ["empty", "empty", "empty"]);
}

/// A value inside an event that is no JSON hides the event from a rule, so it is told; also where the rule finds it all the same.
#[test]
fn values_that_are_no_json() {
    let good = scan_off(1, "2026-03-13T10:01:00Z").to_string();
    for wrong in [
        "NaN",
        "Infinity",
        "-Infinity",
        "01",
        "-01",
        "+1",
        "1.",
        ".5",
        "1e",
        "0x1",
        "tru",
        "True",
        "nul",
        "undefined",
        "'a'",
        "\"a\tb\"",
        "[1,]",
        "[,1]",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\" 1}",
        "[1 2]",
    ] {
        for (before, after) in [("\"repositoryName\":", ","), ("\"deep\":[{\"x\":", "}],")] {
            let event =
                good.replacen("\"repositoryName\":\"shop/cart\",", &format!("{before}{wrong}{after}"), 1);
            assert_ne!(event, good);
            for bytes in
                [format!("{event}\n"), format!("{{\"Records\":[{event}]}}"), format!("[{event},{good}]")]
            {
                let mut d = detector(&ecr(), Options::default());
                d.push(bytes.as_bytes());
                d.finish();
                let said = said(&mut d);
                assert!(said.iter().any(|(code, ..)| code == "bad_json"), "{wrong}: {said:?}");
                // Whoever concludes elsewhere says it once as well.
                let mut finder = detector(&ecr(), Options { candidates: true, ..Options::default() });
                finder.push(bytes.as_bytes());
                finder.finish();
                let mut concluder = detector(&ecr(), Options::default());
                assert_eq!(concluder.import_transfer(&finder.export_transfer()), Ok(()));
                concluder.finish();
                assert_eq!(self::said(&mut concluder), said, "{wrong}");
            }
        }
    }
}
