//! Bytes in, alerts out: the whole way through, over every envelope, every cut, every order, and the corners of
//! the schedule. The rules and events here are ours; those of `../shared` are read where they are present.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "helpers of tests fail loudly")]

use flate2::Compression;
use flate2::write::GzEncoder;
use forepost::detector::{Detector, Options, QueryRun, RuleFile};
use forepost::value::datetime;
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

fn detector(rules: &[RuleFile], options: Options) -> Detector {
    Detector::new(rules, options).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

fn alerts(d: &mut Detector) -> Vec<Value> {
    d.take_alerts().lines().map(|l| serde_json::from_str(l).expect("an alert is JSON")).collect()
}

fn scan<'a>(rules: &[RuleFile], files: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Value>, String) {
    let mut d = detector(rules, Options::default());
    for file in files {
        d.push(file);
        d.end_input();
    }
    d.finish();
    (alerts(&mut d), d.take_problems())
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
    let (want, problems) = scan(&[], [ndjson(&events).as_slice()]);
    assert_eq!((want.len(), problems.as_str()), (1, ""));
    assert_eq!(want[0]["Evidence"].as_array().map(Vec::len), Some(2));
    for (name, bytes) in envelopes(&events) {
        // A detector compiles its rules; one detector reads every cut as a file of its own.
        let step = if cfg!(debug_assertions) { 7 } else { 1 };
        for cut in (0..=bytes.len()).step_by(step) {
            let (first, second) = bytes.split_at(cut);
            let mut d = detector(&[], Options::default());
            d.push(first);
            d.push(second);
            d.finish();
            assert_eq!(alerts(&mut d), want, "{name} cut at {cut}: {}", d.take_problems());
        }
    }
}

#[test]
fn the_order_of_files_and_events_does_not_matter() {
    let events: Vec<Value> =
        (0..12).map(|i| scan_off(i, &format!("2026-03-{:02}T{:02}:30:00Z", 10 + i % 3, i))).collect();
    let (want, _) = scan(&[], [ndjson(&events).as_slice()]);
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
        let (got, _) = scan(&[], files.iter().map(Vec::as_slice));
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
    let (got, _) = scan(&[], [ndjson(&events).as_slice()]);
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
    assert!(d.stats().contains("\"late\":1"), "{}", d.stats());
    d.push(&ndjson(&[event(5, "2026-03-11T08:10:00Z", "X", "a")]));
    assert_eq!(alerts(&mut d).len(), 0);
    // The host's clock, without another event.
    d.advance_to(ticks("2026-03-11T09:05:00Z"));
    assert_eq!(published(&alerts(&mut d)), ["2026-03-11T09:05:00.0000000Z"]);
    d.finish();
    assert_eq!(alerts(&mut d).len(), 0);
}

#[test]
fn evidence_can_be_turned_off() {
    let mut d = detector(&[], Options { evidence: false, ..Options::default() });
    d.push(&ndjson(&[scan_off(1, "2026-03-11T07:00:00Z")]));
    d.finish();
    let got = alerts(&mut d);
    assert_eq!((got.len(), got[0].get("Evidence")), (1, None));
}

#[test]
fn hostile_records_are_reported_and_the_rest_goes_on() {
    let deep = format!(
        "{{\"eventName\":\"PutImageScanningConfiguration\",\"eventSource\":\"ecr.amazonaws.com\",\"eventTime\":\"2026-03-11T07:00:00Z\",\"requestParameters\":{}1{}}}",
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    let mut bytes = b"{\"eventName\":\"X\",}\n\x00\xff\n".to_vec();
    bytes.extend(deep.into_bytes());
    bytes.push(b'\n');
    bytes.extend(ndjson(&[scan_off(1, "2026-03-11T07:00:00Z")]));
    let (got, problems) = scan(&[], [bytes.as_slice()]);
    assert_eq!(got.len(), 1);
    assert!(problems.contains("FP302"), "{problems}");
    assert!(problems.lines().count() >= 2, "{problems}");
    // Times at the ends of the calendar, and none at all.
    let odd = [
        scan_off(1, "0001-01-01T00:00:00Z"),
        scan_off(2, "9999-12-31T23:59:59Z"),
        scan_off(3, "yesterday"),
        scan_off(4, ""),
    ];
    let every = rule(
        "AWSCloudTrail | where EventName == 'PutImageScanningConfiguration'",
        "queryFrequency: 5m\nqueryPeriod: 5m\ntriggerOperator: lt\ntriggerThreshold: 1\n",
    );
    let (got, problems) = scan(&[every], [ndjson(&odd).as_slice()]);
    assert_eq!(got.len(), 0);
    assert!(
        problems.contains("FP301"),
        "a span of 9999 years is not walked in steps of five minutes: {problems}"
    );
    assert_eq!(scan(&[], [ndjson(&odd).as_slice()]).0.len(), 2);
    assert_eq!(scan(&[], [b"".as_slice()]).0.len(), 0);
}

#[test]
fn the_rule_yields_the_expected_rows() {
    let (Some(cases), Some(expected)) = (
        shared("cloudtrail/cases/put_image_scanning_cases.ndjson"),
        shared("cloudtrail/cases/expected_rows.ndjson"),
    ) else {
        return;
    };
    let (got, problems) = scan(&[], [cases.as_slice()]);
    assert_eq!((got.len(), problems.as_str()), (1, ""));
    let time = |v: &mut Value| *v = json!(datetime::format(ticks(v.as_str().expect("a time"))));
    let want: Vec<Value> = String::from_utf8_lossy(&expected)
        .lines()
        .map(|l| {
            let mut row: Value = serde_json::from_str(l).expect("a row");
            time(&mut row["TimeGenerated"]);
            row
        })
        .collect();
    let rows: Vec<Value> = got[0]["Evidence"]
        .as_array()
        .expect("evidence")
        .iter()
        .map(|e| {
            let mut row = e["row"].clone();
            row["eventID"] = e["events"][0]["eventID"].clone();
            row
        })
        .collect();
    assert_eq!(rows.len(), want.len());
    for (row, want) in rows.iter().zip(&want) {
        assert_eq!(row, want);
    }
    // The same file in S3's form, cut at every byte.
    let s3 =
        shared("cloudtrail/cases/123456789012_CloudTrail_us-east-1_20260311T0705Z_AbCdEfGhIjKlMnOp.json.gz")
            .expect("the S3 form");
    let step = if cfg!(debug_assertions) { 13 } else { 1 };
    for cut in (0..=s3.len()).step_by(step) {
        let mut d = detector(&[], Options::default());
        d.push(&s3[..cut]);
        d.push(&s3[cut..]);
        d.finish();
        assert_eq!(alerts(&mut d), got, "cut at {cut}");
    }
}

#[test]
fn all_shared_rules_load_and_run_over_the_real_events() {
    let Some(events) = shared("cloudtrail/real_unique.ndjson.gz") else { return };
    let folder = std::env::var("FOREPOST_SHARED").unwrap_or_else(|_| "../shared".to_owned());
    let mut names: Vec<_> =
        std::fs::read_dir(format!("{folder}/rules")).expect("rules").flatten().map(|e| e.path()).collect();
    names.sort();
    let rules: Vec<RuleFile> = names
        .iter()
        .map(|p| RuleFile {
            file: p.display().to_string(),
            text: std::fs::read_to_string(p).expect("a rule"),
        })
        .collect();
    assert_eq!(rules.len(), 38);
    let (got, problems) = scan(&rules, [events.as_slice()]);
    assert_eq!(problems, "");
    assert!(got.len() > 10, "{} alerts", got.len());
}

#[test]
fn queries_answer_over_files() {
    let events = [scan_off(1, "2026-03-11T07:00:00Z"), event(2, "2026-03-11T08:00:00Z", "GetObject", "eve")];
    let mut run =
        QueryRun::new("AWSCloudTrail | summarize n = count() by EventName | sort by EventName asc", 0, &[])
            .map_err(|d| format!("{d:?}"))
            .expect("a query");
    run.push(&ndjson(&events));
    let got: Value = serde_json::from_str(&run.result()).expect("JSON");
    assert_eq!(got["rows"], json!([["GetObject", 1], ["PutImageScanningConfiguration", 1]]));
}

/// A small generator; failures print what they need to be repeated.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

/// Queries with pieces changed, lost and doubled: none may panic, none may run away; those that compile also run.
#[test]
fn mutated_queries_do_not_panic() {
    let mut seeds: Vec<String> = vec![
        "AWSCloudTrail | where EventName == \"X\" and isempty(ErrorCode) | extend a = parse_json(RequestParameters).b[0].c | where a == false | distinct EventName".into(),
        "let f = (a:long, b:string = 'x') { strcat(b, a) }; datatable(x:long, s:string)[1,'a',2,'b'] | extend y = f(x) | summarize n = count(), make_set(s), arg_max(x, *) by bin(x, 2) | top 1 by n desc nulls last".into(),
        "range x from 1 to 10 step 1 | join kind=leftouter (print x = 3, y = dynamic({\"a\": [1, 2.5, null]})) on x | mv-expand y.a to typeof(long) | union withsource=s (print z = 1d) | sort by x asc".into(),
        "print a = iff(1 > 2, 'y', h@\"n\"), b = 1.5h + 2m, c = datetime(2020-01-01) - 1d, d = ```multi``` | project-away a* | count".into(),
    ];
    seeds.extend(
        forepost::rule::BUILT_IN
            .iter()
            .map(|(_, text)| forepost::rule::load(text).rule.expect("it loads").query.text),
    );
    let bits = [
        "|",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "'",
        "\"",
        "\\",
        ",",
        ";",
        "..",
        "==",
        "- ",
        "!",
        "~",
        "@",
        "let ",
        " by ",
        " on ",
        "dynamic(",
        "datetime(",
        "9999999999999999999",
        "null",
        "é",
        "\u{1F600}",
        "\0",
        "$left.",
        "*",
        "toscalar(",
        "AWSCloudTrail",
        "=",
        " and ",
        " in ",
    ];
    let sample = ndjson(&[scan_off(1, "2026-03-11T07:00:00Z")]);
    let rounds = if cfg!(debug_assertions) { 6_000 } else { 60_000 };
    let mut random = Random(0x5EED_2026);
    let mut compiled = 0;
    for _ in 0..rounds {
        let mut text: Vec<char> = seeds[random.below(seeds.len())].chars().collect();
        for _ in 0..1 + random.below(3) {
            let at = random.below(text.len());
            let to = (at + random.below(12)).min(text.len());
            match random.below(4) {
                0 => drop(text.drain(at..to)),
                1 => drop(text.splice(at..at, bits[random.below(bits.len())].chars())),
                2 => {
                    let piece: Vec<char> = text[at..to].to_vec();
                    let other = random.below(text.len());
                    text.splice(other..other, piece);
                }
                _ => drop(text.splice(at..to, bits[random.below(bits.len())].chars())),
            }
            if text.is_empty() {
                break;
            }
        }
        let text: String = text.into_iter().collect();
        if let Ok(mut run) = QueryRun::new(&text, ticks("2026-03-12T00:00:00Z"), &[]) {
            compiled += 1;
            run.push(&sample);
            let answer = run.result();
            assert!(serde_json::from_str::<Value>(&answer).is_ok(), "not JSON: {answer}\nfor {text}");
        }
    }
    assert!(
        compiled > rounds / 50,
        "only {compiled} of {rounds} compiled: the test does not reach the evaluator"
    );
}

#[test]
fn hostile_queries_end_with_an_error() {
    let many = |n: usize, s: &str| s.repeat(n);
    let doubling = (0..40).map(|i| format!("let t{} = union t{i}, t{i}; ", i + 1)).collect::<String>();
    for text in [
        many(100_000, "("),
        many(100_000, "["),
        many(50_000, "-") + "1",
        format!("print {}1{}", many(5_000, "("), many(5_000, ")")),
        format!("print x = 1{}", many(100_000, " + 1")),
        format!("print x = true{}", many(100_000, " and true")),
        format!("print x{}", many(100_000, ".a")),
        format!("print x = 1 {}", many(10_000, "| extend x = x + 1 ")),
        format!("print {}1{}", many(3_000, "strcat("), many(3_000, ")")),
        format!("print dynamic({}1{})", many(3_000, "["), many(3_000, "]")),
        "range x from 1 to 1000000000000 step 1 | count".to_owned(),
        "range x from 1 to 100000 step 1 | extend k = 1 | join kind=inner (range y from 1 to 100000 step 1 | extend k = 1) on k | count".to_owned(),
        format!("let t0 = print x = 1; {doubling} t40 | count"),
        "let f = (x:long) { f(x) }; print f(1)".to_owned(),
        "let f = () { f }; f".to_owned(),
        "print s = strrep('abc', 1000000000)".to_owned(),
        "print s = 'a' matches regex @'(a{1000}){1000}'".to_owned(),
        format!("let a0 = pack_array(1); {} print strlen(tostring(a40))", (0..40).map(|i| format!("let a{} = pack_array(a{i}, a{i}); ", i + 1)).collect::<String>()),
        "x".repeat(2_000_000),
        String::new(),
        ";;;".to_owned(),
        "//".to_owned(),
    ] {
        let ended = match QueryRun::new(&text, 0, &[]) {
            Ok(mut run) => run.result(),
            Err(diagnostics) => format!("{} diagnostics", diagnostics.len()),
        };
        assert!(!ended.is_empty());
    }
}

#[test]
fn candidates_of_many_machines_conclude_as_one_scan() {
    let join = "let made = AWSCloudTrail | where EventName == 'A' | extend p = SourceIpAddress;
AWSCloudTrail | where EventName == 'B' | extend p = SourceIpAddress | join kind=inner made on p | distinct p, EventName";
    let rules = || {
        vec![rule(join, "queryFrequency: 1h\nqueryPeriod: 2h\n"), {
            let mut nothing = rule(
                "AWSCloudTrail | where EventName == 'Z'",
                "queryFrequency: 1h\nqueryPeriod: 1h\ntriggerOperator: eq\ntriggerThreshold: 0\n",
            );
            nothing.text = nothing.text.replace("abcd", "abce");
            nothing
        }]
    };
    let mut random = Random(7);
    let name = |r: &mut Random| ["A", "B", "Z", "Q"][r.below(4)];
    let events: Vec<Value> = (0..60)
        .map(|i| {
            event(
                i,
                &format!("2026-03-11T{:02}:{:02}:00Z", random.below(20), random.below(60)),
                name(&mut random),
                "a",
            )
        })
        .collect();
    let (want, _) = scan(&rules(), [ndjson(&events).as_slice()]);
    assert!(want.len() > 5);
    for _ in 0..5 {
        let mut shards: Vec<Vec<Value>> = vec![Vec::new(); 3];
        events.iter().for_each(|e| shards[random.below(3)].push(e.clone()));
        let mut concluder = detector(&rules(), Options::default());
        for shard in &shards {
            let mut finder = detector(&rules(), Options { candidates: true, ..Options::default() });
            // Pretty-printed on the way in: the record is the same.
            shard.iter().for_each(|e| finder.push(serde_json::to_string_pretty(e).expect("JSON").as_bytes()));
            finder.finish();
            assert_eq!(finder.take_alerts(), "");
            let stats: Value = serde_json::from_str(&finder.stats()).expect("JSON");
            concluder.observe(
                ticks(stats["firstEvent"].as_str().expect("a time")),
                ticks(stats["lastEvent"].as_str().expect("a time")),
            );
            concluder.push(&finder.take_candidates());
        }
        concluder.finish();
        assert_eq!(alerts(&mut concluder), want);
    }
}

#[test]
fn what_is_handed_over_is_as_if_it_had_been_read() {
    let rules = [rule(
        "AWSCloudTrail | where EventName == 'A' | extend p = parse_json(RequestParameters) | summarize n = count(), make_set(SourceIpAddress)",
        "queryFrequency: 1h\nqueryPeriod: 2h\n",
    )];
    let events: Vec<Value> = (0..40)
        .map(|i| event(i, &format!("2026-03-11T{:02}:30:00Z", i % 20), ["A", "B"][i as usize % 2], "a"))
        .collect();
    let mut files: Vec<Vec<u8>> = envelopes(&events).into_iter().map(|(_, bytes)| bytes).collect();
    files.push(events.iter().flat_map(|e| serde_json::to_vec_pretty(e).expect("JSON")).collect());
    files.push(b"{\"eventVersion\":\"1\",\"eventName\":\"A\",\"eventTime\":\"never\",\"eventSource\":\"x\"}\n{\"no\":1}\n{\"eventName\":".to_vec());
    // More problems than are kept at once.
    files.push(b"{\"no\":1}\n".repeat(1_500));
    files.push(gzip(&ndjson(&events)).split_at(300).0.to_vec());
    let finder = || detector(&rules, Options { candidates: true, ..Options::default() });
    for chunk in [61, 4_096, usize::MAX] {
        let (mut alone, mut concluder) =
            (detector(&rules, Options::default()), detector(&rules, Options::default()));
        let mut finders = [finder(), finder()];
        for (i, file) in files.iter().enumerate() {
            let finder = &mut finders[i % 2];
            for bytes in file.chunks(chunk) {
                alone.push(bytes);
                finder.push(bytes);
                assert!(concluder.take_over(&finder.hand_over()));
                assert_eq!(concluder.take_problems(), alone.take_problems());
            }
            alone.end_input();
            finder.end_input();
            assert!(concluder.take_over(&finder.hand_over()));
            assert_eq!(concluder.take_problems(), alone.take_problems());
            assert_eq!(concluder.stats(), alone.stats());
        }
        alone.finish();
        concluder.finish();
        let found = alone.take_alerts();
        assert!(!found.is_empty());
        assert_eq!(concluder.take_alerts(), found);
        assert_eq!(concluder.stats(), alone.stats());
    }
    let mut concluder = detector(&rules, Options::default());
    let whole = finder().hand_over();
    for end in 0..whole.len() {
        assert!(!concluder.take_over(&whole[..end]));
    }
}

#[test]
fn why_a_rule_matched_and_why_it_did_not() {
    let (_, text) = forepost::rule::BUILT_IN[0];
    let why = |e: &Value| -> Value {
        serde_json::from_str(&forepost::detector::explain(text, e.to_string().as_bytes(), &[])).expect("JSON")
    };
    let matched = why(&scan_off(1, "2026-03-11T07:00:00Z"));
    let query = matched["query"].as_str().expect("the query").to_owned();
    let stages = matched["leaves"][0]["stages"].as_array().expect("stages");
    assert!(stages.iter().all(|s| s["passed"] == true), "{matched}");
    assert_eq!(matched["result"], json!({"tick": "2026-03-12T00:00:00.0000000Z", "rows": 1}));
    let value_of = |answer: &Value, text: &str| -> Option<Value> {
        let found = |s: &&Value| {
            let (start, end) = (s["start"].as_u64()? as usize, s["end"].as_u64()? as usize);
            Some(query.get(start..end) == Some(text))
        };
        answer["leaves"][0]["stages"]
            .as_array()?
            .iter()
            .flat_map(|s| s["rows"][0]["steps"].as_array().into_iter().flatten())
            .find(|s| found(s).unwrap_or(false))
            .map(|s| s["value"].clone())
    };
    assert_eq!(value_of(&matched, "scanOnPush"), Some(json!(false)));
    let mut denied = scan_off(2, "2026-03-11T07:00:00Z");
    denied["errorCode"] = json!("AccessDenied");
    let answer = why(&denied);
    let stages = answer["leaves"][0]["stages"].as_array().expect("stages");
    assert_eq!((stages[0]["passed"].clone(), answer["result"]["rows"].clone()), (json!(false), json!(0)));
    assert_eq!(value_of(&answer, "ErrorCode"), Some(json!("AccessDenied")));
    assert_eq!(value_of(&answer, "isempty(ErrorCode)"), Some(json!(false)));
    assert_eq!(value_of(&answer, "isempty(ErrorMessage)"), None, "what was not needed has no value");
    // A rule that does not compile says why.
    let broken: Value = serde_json::from_str(&forepost::detector::explain(
        &text.replace("isempty(ErrorCode)", "isempty(Eror)"),
        b"{}",
        &[],
    ))
    .expect("JSON");
    assert_eq!(broken["findings"][0]["code"], "KS142");
}

#[test]
fn rules_read_tables_the_caller_supplies() {
    let ours = rule(
        "AWSCloudTrail | where EventName == 'X' | lookup kind=inner (_GetWatchlist('vips')) on $left.UserIdentityUserName == $right.SearchKey",
        "",
    );
    let table = |name: &str, schema: &str, text: &str| {
        forepost::detector::NamedTable::read(name, schema, text.as_bytes())
    };
    let missing = forepost::detector::check(std::slice::from_ref(&ours), &[]);
    assert!(missing.iter().any(|f| f.is_error() && f.message.contains("vips")), "{missing:?}");
    let vips = table("vips", "SearchKey:string, Why:string", "SearchKey,Why\ndana,root\n").expect("a table");
    let mut d = detector(&[ours], Options { tables: vec![vips], ..Options::default() });
    d.push(&ndjson(&[
        event(1, "2026-03-11T07:00:00Z", "X", "dana"),
        event(2, "2026-03-11T07:00:00Z", "X", "eve"),
    ]));
    d.finish();
    let got = alerts(&mut d);
    assert_eq!(got[0]["Evidence"].as_array().map(Vec::len), Some(1));
    assert_eq!(got[0]["Evidence"][0]["row"]["Why"], "root");
    let bad = table("t", "a:long, b:foo", "").expect_err("a bad schema");
    assert_eq!((bad[0].code, bad[0].column), ("FP402", 9));
    let bad = table("t", "a:long", "a\nx\n").expect_err("a bad row");
    assert_eq!((bad[0].code, bad[0].line), ("FP402", 2));
}
