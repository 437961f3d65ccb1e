//! Bytes in, alerts out: the whole way through, over every envelope, every cut, every order, and the corners of
//! the schedule. The rules and events here are ours; those of `../shared` are read where they are present.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "helpers of tests fail loudly")]

#[path = "detector/answers.rs"]
mod answers;
#[path = "detector/hostile.rs"]
mod hostile;
#[path = "detector/inputs.rs"]
mod inputs;
#[path = "detector/many.rs"]
mod many;
#[path = "support/property.rs"]
mod property;
#[path = "detector/shared.rs"]
mod shared;

use flate2::Compression;
use flate2::write::GzEncoder;
use forepost::detector::{Detector, Options, RuleFile, check::built_in};
use forepost::host::json as host_json;
use kql::value::datetime;
use serde_json::{Value, json};
use std::io::Write;

fn ticks(text: &str) -> i64 {
    datetime::parse(text).expect("a datetime")
}

/// One of our own events, as CloudTrail writes it.
fn event(id: u32, time: &str, name: &str, who: &str) -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "principalId": "AIDAEXAMPLE", "arn": format!("arn:aws:iam::111122223333:user/{who}"),
            "accountId": "111122223333", "userName": who},
        "eventTime": time, "eventSource": "ecr.amazonaws.com", "eventName": name, "awsRegion": "eu-central-1",
        "sourceIPAddress": "198.51.100.7", "userAgent": "console \"quoted\" \\ back",
        "requestParameters": {"repositoryName": "shop/cart", "imageScanningConfiguration": {"scanOnPush": false}},
        "responseElements": null, "requestID": format!("r-{id}"), "eventID": format!("e-{id}"), "readOnly": false,
        "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": "111122223333"
    })
}

fn scan_off(id: u32, time: &str) -> Value {
    event(id, time, "PutImageScanningConfiguration", "dana")
}

fn ndjson(events: &[Value]) -> Vec<u8> {
    events.iter().flat_map(|e| format!("{e}\n").into_bytes()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).expect("memory");
    out.finish().expect("memory")
}

fn rule(query: &str, more: &str) -> RuleFile {
    let query = query.lines().map(|l| format!("  {l}\n")).collect::<String>();
    let schedule = if more.contains("queryFrequency") || more.contains("NRT") {
        ""
    } else {
        "queryFrequency: 1d\nqueryPeriod: 1d\n"
    };
    let trigger = if more.contains("trigger") || more.contains("NRT") {
        ""
    } else {
        "triggerOperator: gt\ntriggerThreshold: 0\n"
    };
    let kind = if more.contains("kind:") { "" } else { "kind: Scheduled\n" };
    let text = format!(
        "id: 00000000-0000-4000-8000-00000000abcd\nname: Ours\ndescription: d\nseverity: Low\n{kind}version: 1.0.0\n{schedule}{trigger}{more}query: |\n{query}"
    );
    RuleFile { file: "ours.yaml".to_owned(), text }
}

/// Microsoft's rule alone.
fn ecr() -> Vec<RuleFile> {
    built_in().into_iter().take(1).collect()
}

fn detector(rules: &[RuleFile], options: Options) -> Detector {
    Detector::new(rules, options).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

fn alerts(d: &mut Detector) -> Vec<Value> {
    let text = host_json::alerts(&d.take_alerts());
    text.lines().map(|l| serde_json::from_str(l).expect("an alert is JSON")).collect()
}

fn scan<'a>(rules: &[RuleFile], files: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Value>, String) {
    let mut d = detector(rules, Options::default());
    for file in files {
        d.push(file);
        d.end_input();
    }
    d.finish();
    (alerts(&mut d), problems(&mut d))
}

/// The problems as a host gets them.
fn problems(d: &mut Detector) -> String {
    host_json::problems(&d.take_problems())
}

fn published(alerts: &[Value]) -> Vec<&str> {
    alerts.iter().map(|a| a["TimeGenerated"].as_str().unwrap_or_default()).collect()
}

fn shared(file: &str) -> Option<Vec<u8>> {
    let folder = std::env::var("FOREPOST_SHARED").unwrap_or_else(|_| "../shared".to_owned());
    let bytes = std::fs::read(format!("{folder}/{file}")).ok();
    if bytes.is_none() {
        eprintln!("skipped: {file} is not here");
    }
    bytes
}

/// The envelopes that keep the record's own text.
fn envelopes(events: &[Value]) -> Vec<(&'static str, Vec<u8>)> {
    let lines = ndjson(events);
    let text = |e: &Value| e.to_string();
    let messages: Vec<Value> =
        events.iter().map(|e| json!({"id": "1", "timestamp": 0, "message": text(e)})).collect();
    let lookups: Vec<Value> =
        events.iter().map(|e| json!({"EventId": "1", "CloudTrailEvent": text(e)})).collect();
    let bridged: Vec<Value> =
        events.iter().map(|e| json!({"version": "0", "detail-type": "AWS API Call via CloudTrail", "source": "aws.ecr", "detail": e})).collect();
    let logged: Vec<Value> = events.iter().map(|e| json!({"date": 1.5, "log": text(e)})).collect();
    let with_gz = gzip(&lines);
    vec![
        ("ndjson", lines),
        ("ndjson, gzip", with_gz),
        ("concatenated", events.iter().flat_map(|e| text(e).into_bytes()).collect()),
        ("array", json!(events).to_string().into_bytes()),
        ("Records", json!({"Records": events}).to_string().into_bytes()),
        ("Records, gzip", gzip(json!({"Records": events}).to_string().as_bytes())),
        ("two members", events.iter().flat_map(|e| gzip(format!("{e}\n").as_bytes())).collect()),
        ("EventBridge", ndjson(&bridged)),
        ("CloudWatch Logs", json!({"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logStream": "s", "subscriptionFilters": [], "logEvents": messages}).to_string().into_bytes()),
        ("LookupEvents", json!({"Events": lookups}).to_string().into_bytes()),
        ("pipeline", ndjson(&logged)),
    ]
}

#[test]
fn every_envelope_and_every_cut_gives_the_same_alerts() {
    let events = [
        scan_off(1, "2026-03-11T07:00:00Z"),
        event(2, "2026-03-11T08:00:00Z", "GetObject", "eve"),
        scan_off(3, "2026-03-11T23:59:59Z"),
    ];
    let (want, problems) = scan(&ecr(), [ndjson(&events).as_slice()]);
    assert_eq!((want.len(), problems.as_str()), (1, ""));
    assert_eq!(want[0]["Evidence"].as_array().map(Vec::len), Some(2));
    for (name, bytes) in envelopes(&events) {
        // A detector compiles its rules; one detector reads every cut as a file of its own.
        let step = if cfg!(debug_assertions) { 7 } else { 1 };
        for cut in (0..=bytes.len()).step_by(step) {
            let (first, second) = bytes.split_at(cut);
            let mut d = detector(&ecr(), Options::default());
            d.push(first);
            d.push(second);
            d.finish();
            assert_eq!(alerts(&mut d), want, "{name} cut at {cut}: {:?}", d.take_problems());
        }
    }
}

#[test]
fn wherever_a_chunk_cuts_the_same_is_told() {
    let passed = |id| event(id, "2026-03-11T08:00:00Z", "GetObject", "eve").to_string();
    let (a, hit, b) = (passed(1), scan_off(2, "2026-03-11T07:00:00Z").to_string(), passed(3));
    let inputs = [
        format!("{{\"Records\":[{a} {hit},{b} {b}]}}"), // commas are missing
        format!("{a}\n{hit}\n{b}\n{}", a.get(..300).expect("ASCII")),
        format!("{{\"Records\":[{a},{}", hit.get(..100).expect("ASCII")),
        format!("{a}\n{{\"log\":{}}}\nno\n{b}", Value::from(hit.clone())),
        format!("[{a},{{}},{b},{hit}]{a}"),
    ];
    for input in inputs {
        let answer = |sizes: [usize; 2]| {
            let mut d = detector(&ecr(), Options::default());
            let (mut rest, mut turn) = (input.as_bytes(), 0);
            while !rest.is_empty() {
                let (chunk, next) = rest.split_at(sizes[turn % 2].min(rest.len()));
                d.push(chunk);
                (rest, turn) = (next, turn + 1);
            }
            d.finish();
            (alerts(&mut d), d.take_problems(), d.stats())
        };
        let whole = answer([usize::MAX; 2]);
        for at in (1..input.len()).step_by(5) {
            for sizes in [[at, usize::MAX], [at, 1], [1, at], [at, at]] {
                assert_eq!(answer(sizes), whole, "{sizes:?} of {input}");
            }
        }
    }
}

#[test]
fn a_whole_event_is_told_at_once() {
    let mut d = detector(&ecr(), Options::default());
    for (i, size) in [0, 30, 100, 101, 102, 103].into_iter().enumerate() {
        let mut e = scan_off(i as u32, "2026-03-11T07:00:00Z");
        e["requestParameters"]["padding"] = Value::from("x".repeat(size));
        d.push(e.to_string().as_bytes());
        assert_eq!(d.stats().ingest.candidates, i as u64 + 1);
    }
}

#[test]
fn the_order_of_files_and_events_does_not_matter() {
    let events: Vec<Value> =
        (0..12).map(|i| scan_off(i, &format!("2026-03-{:02}T{:02}:30:00Z", 10 + i % 3, i))).collect();
    let (want, _) = scan(&ecr(), [ndjson(&events).as_slice()]);
    assert_eq!(
        published(&want),
        ["2026-03-11T00:05:00.0000000Z", "2026-03-12T00:05:00.0000000Z", "2026-03-13T00:05:00.0000000Z"]
    );
    for turn in 1..12 {
        let mut turned = events.clone();
        turned.rotate_left(turn);
        if turn % 2 == 0 {
            turned.reverse();
        }
        let files: Vec<Vec<u8>> = turned.chunks(turn % 4 + 1).map(ndjson).collect();
        let (got, _) = scan(&ecr(), files.iter().map(Vec::as_slice));
        assert_eq!(got, want);
    }
}

#[test]
fn midnight_and_the_same_event_twice() {
    let events = [
        scan_off(1, "2026-03-10T23:59:59Z"),
        scan_off(2, "2026-03-11T00:00:00Z"),
        scan_off(2, "2026-03-11T00:00:00Z"),
    ];
    let (got, _) = scan(&ecr(), [ndjson(&events).as_slice()]);
    assert_eq!(published(&got), ["2026-03-11T00:05:00.0000000Z", "2026-03-12T00:05:00.0000000Z"]);
    // The query is a distinct: one row, and both records behind it.
    assert_eq!(got[1]["Evidence"].as_array().map(Vec::len), Some(1));
    assert_eq!(got[1]["Evidence"][0]["events"].as_array().map(Vec::len), Some(2));
}

#[test]
fn overlapping_windows_alert_again() {
    let ours = rule("AWSCloudTrail | where EventName == 'X'", "queryFrequency: 1h\nqueryPeriod: 3h\n");
    let (got, _) = scan(&[ours], [ndjson(&[event(1, "2026-03-11T07:10:00Z", "X", "a")]).as_slice()]);
    assert_eq!(
        published(&got),
        ["2026-03-11T08:05:00.0000000Z", "2026-03-11T09:05:00.0000000Z", "2026-03-11T10:05:00.0000000Z"]
    );
    let ids: Vec<_> = got.iter().map(|a| a["SystemAlertId"].clone()).collect();
    assert!(ids[0] != ids[1] && ids[1] != ids[2]);
}

#[test]
fn the_clock_of_a_run_is_its_tick() {
    // Of a window of a day only the last hour counts; the filter that reads the clock waits for the set stages.
    let query = "AWSCloudTrail | where TimeGenerated > ago(1h) and EventName == 'X' | project TimeGenerated, n = now()";
    let events = [
        event(1, "2026-03-11T22:59:00Z", "X", "a"),
        event(2, "2026-03-11T23:10:00Z", "X", "a"),
        event(3, "2026-03-11T23:20:00Z", "Y", "a"),
    ];
    let (got, _) = scan(&[rule(query, "")], [ndjson(&events).as_slice()]);
    assert_eq!(got.len(), 1);
    let rows = got[0]["Evidence"].as_array().expect("evidence");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["row"]["n"], "2026-03-12T00:00:00.0000000Z");
    assert_eq!(rows[0]["events"][0]["eventID"], "e-2");
}

#[test]
fn several_leaves_join_and_keep_their_evidence() {
    let query = "let made = AWSCloudTrail | where EventName == 'CreatePolicy' | extend p = tostring(parse_json(RequestParameters).repositoryName);
AWSCloudTrail | where EventName == 'AttachUserPolicy'
| extend p = tostring(parse_json(RequestParameters).repositoryName)
| join kind=inner made on p
| summarize n = count() by p, who = UserIdentityUserName";
    let events = [
        event(1, "2026-03-11T07:00:00Z", "CreatePolicy", "a"),
        event(2, "2026-03-11T08:00:00Z", "AttachUserPolicy", "b"),
        event(3, "2026-03-11T09:00:00Z", "AttachUserPolicy", "b"),
        event(4, "2026-03-12T09:00:00Z", "AttachUserPolicy", "b"),
    ];
    let (got, _) = scan(&[rule(query, "")], [ndjson(&events).as_slice()]);
    assert_eq!(published(&got), ["2026-03-12T00:05:00.0000000Z"]);
    let row = &got[0]["Evidence"][0];
    assert_eq!(row["row"], json!({"p": "shop/cart", "who": "b", "n": 2}));
    let mut ids: Vec<&str> =
        row["events"].as_array().expect("events").iter().filter_map(|e| e["eventID"].as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["e-1", "e-2", "e-3"]);
}

/// Who calls one API and who then calls another, over a graph: its evidence is the events of the edges that match.
#[test]
fn graphs_in_a_rule_keep_their_evidence() {
    let query = "AWSCloudTrail\n\
        | make-graph EventName --> UserIdentityUserName with_node_id=n\n\
        | graph-match (a)-[first_]->(who)<-[second_]-(b)\n\
          where a.n == 'CreateUser' and b.n == 'AttachUserPolicy'\n\
          project Who = who.n, TimeGenerated = second_.TimeGenerated";
    let events = [
        event(1, "2026-03-11T01:00:00Z", "CreateUser", "dana"),
        event(2, "2026-03-11T02:00:00Z", "AttachUserPolicy", "dana"),
        event(3, "2026-03-11T03:00:00Z", "CreateUser", "eli"),
        event(4, "2026-03-11T04:00:00Z", "ListUsers", "dana"),
    ];
    let (found, _) = scan(&[rule(query, "")], [ndjson(&events).as_slice()]);
    assert_eq!(found.len(), 1, "{found:?}");
    let row = &found[0]["Evidence"][0];
    assert_eq!(row["row"]["Who"], "dana");
    let mut ids: Vec<&str> =
        row["events"].as_array().expect("events").iter().filter_map(|e| e["eventID"].as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["e-1", "e-2"]);
}

#[test]
fn triggers_suppression_and_near_real_time() {
    let x = |id, time: &str| event(id, time, "X", "a");
    let day = [x(1, "2026-03-11T07:00:00Z"), x(2, "2026-03-11T07:30:00Z"), x(3, "2026-03-11T09:30:00Z")];
    let hourly = "queryFrequency: 1h\nqueryPeriod: 1h\n";
    let run = |more: &str| {
        let (got, problems) =
            scan(&[rule("AWSCloudTrail | where EventName == 'X'", more)], [ndjson(&day).as_slice()]);
        assert_eq!(problems, "");
        published(&got).iter().map(|t| t.get(11..16).unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(run(&format!("{hourly}triggerOperator: gt\ntriggerThreshold: 1\n")), ["08:05"]);
    assert_eq!(run(&format!("{hourly}triggerOperator: eq\ntriggerThreshold: 1\n")), ["10:05"]);
    // Windows without events alert too.
    assert_eq!(run(&format!("{hourly}triggerOperator: eq\ntriggerThreshold: 0\n")), ["09:05"]);
    assert_eq!(run(&format!("{hourly}triggerOperator: lt\ntriggerThreshold: 2\n")), ["09:05", "10:05"]);
    assert_eq!(run(&format!("{hourly}triggerOperator: ne\ntriggerThreshold: 2\n")), ["09:05", "10:05"]);
    assert_eq!(run(&format!("{hourly}suppressionEnabled: true\nsuppressionDuration: 5h\n")), ["08:05"]);
    assert_eq!(run("kind: NRT\n"), ["07:03", "07:33", "09:33"]);
    assert_eq!(
        run(&format!("{hourly}eventGroupingSettings:\n  aggregationKind: AlertPerResult\n")),
        ["08:05", "08:05", "10:05"]
    );
}

#[test]
fn a_stream_concludes_by_its_newest_event_and_counts_what_is_late() {
    let ours = || rule("AWSCloudTrail | where EventName == 'X'", "queryFrequency: 1h\nqueryPeriod: 1h\n");
    let mut d = detector(&[ours()], Options { stream: true, ..Options::default() });
    d.push(&ndjson(&[
        event(1, "2026-03-11T07:10:00Z", "X", "a"),
        event(2, "2026-03-11T08:04:59Z", "Y", "a"),
    ]));
    assert_eq!(alerts(&mut d).len(), 0, "the window ended, its delay did not");
    d.push(&ndjson(&[event(3, "2026-03-11T08:05:00Z", "Y", "a")]));
    assert_eq!(published(&alerts(&mut d)), ["2026-03-11T08:05:00.0000000Z"]);
    d.push(&ndjson(&[event(4, "2026-03-11T07:59:00Z", "X", "late")]));
    assert_eq!(d.stats().ingest.late, 1);
    d.push(&ndjson(&[event(5, "2026-03-11T08:10:00Z", "X", "a")]));
    assert_eq!(alerts(&mut d).len(), 0);
    // The host's clock, without another event.
    d.advance_to(ticks("2026-03-11T09:05:00Z"));
    assert_eq!(published(&alerts(&mut d)), ["2026-03-11T09:05:00.0000000Z"]);
    d.finish();
    assert_eq!(alerts(&mut d).len(), 0);
}

#[test]
fn an_event_from_the_future_does_not_make_the_others_late() {
    let ours = rule("AWSCloudTrail | where EventName == 'X'", "queryFrequency: 1h\nqueryPeriod: 1h\n");
    let clock: fn() -> i64 = || ticks("2026-03-11T12:00:00Z");
    let mut d = detector(&[ours], Options { stream: true, clock: Some(clock), ..Options::default() });
    // Alone, and in one chunk with an event that is not: both matter to the rule, and neither.
    d.push(&ndjson(&[event(1, "9998-01-01T00:00:00Z", "X", "a")]));
    d.push(&ndjson(&[
        event(2, "2026-03-11T07:10:00Z", "Y", "a"),
        event(3, "9998-01-01T00:00:00Z", "Y", "a"),
    ]));
    d.push(&ndjson(&[
        event(4, "2026-03-11T07:20:00Z", "X", "a"),
        event(5, "2026-03-11T08:06:00Z", "Y", "a"),
    ]));
    assert_eq!(published(&alerts(&mut d)), ["2026-03-11T08:05:00.0000000Z"]);
    let stats = d.stats().ingest;
    assert_eq!((stats.late, stats.ahead), (0, 2));
    // It is in a window of its own all the same.
    d.finish();
    assert_eq!(alerts(&mut d).len(), 1);
}

#[test]
fn a_rule_whose_runs_fail_is_one_problem() {
    // More points than make-series may make, which shows only when it runs.
    let failing = rule(
        "AWSCloudTrail | where EventName == 'X' | make-series n = count() on TimeGenerated step 1ms",
        "queryFrequency: 1h\nqueryPeriod: 1h\n",
    );
    let mut d = detector(&[failing], Options::default());
    let times = [(1, "07:10"), (2, "07:40"), (3, "09:10"), (4, "09:40")];
    let events = times.map(|(id, time)| event(id, &format!("2026-03-11T{time}:00Z"), "X", "a"));
    d.push(&ndjson(&events));
    d.finish();
    let problems = d.take_problems();
    let rules: Vec<_> = problems.iter().map(|p| p.rule.as_ref().map(|r| r.runs)).collect();
    assert_eq!(rules, [Some(2)], "{problems:?}");
    assert_eq!(d.stats().ingest.problems, 2);
}

#[test]
fn evidence_can_be_turned_off() {
    let mut d = detector(&ecr(), Options { evidence: false, ..Options::default() });
    d.push(&ndjson(&[scan_off(1, "2026-03-11T07:00:00Z")]));
    d.finish();
    let got = alerts(&mut d);
    assert_eq!((got.len(), got[0].get("Evidence")), (1, None));
}
