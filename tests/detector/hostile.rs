//! Hostile records and hostile queries: an error at most, and the rest goes on.

use super::property::{check, edited};
use super::{detector, ecr, ndjson, rule, scan, scan_off, ticks};
use forepost::detector::{Context, Options, QueryRun};
use forepost::host::json::{alerts as alerts_json, answer as answer_json};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::sample::{Index, select};
use serde_json::Value;
use std::cell::Cell;

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
    let (got, problems) = scan(&ecr(), [bytes.as_slice()]);
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
    assert_eq!(scan(&ecr(), [ndjson(&odd).as_slice()]).0.len(), 2);
    assert_eq!(scan(&ecr(), [b"".as_slice()]).0.len(), 0);
}

/// What an author of events may write beside the field a rule asks for, to hide it: all of it is read around.
const BESIDE: &[&str] = &["1e400", "-1e999", "\"a\tb\"", "\"\\ud800\"", "99999999999999999999", "{\"a\":[]}"];

#[test]
fn no_value_hides_those_beside_it() {
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let query = "AWSCloudTrail | where tostring(parse_json(RequestParameters).mark) == 'here' | count";
    let mut run = QueryRun::new(query, ticks("2026-03-11T08:00:00Z"), &Context::default()).expect("a query");
    for beside in BESIDE.iter().copied().chain([deep.as_str()]) {
        let event = format!(
            "{{\"eventVersion\":\"1\",\"eventSource\":\"s\",\"eventName\":\"X\",\"eventTime\":\"2026-03-11T07:00:00Z\",\"requestParameters\":{{\"z\":{beside},\"mark\":\"here\"}}}}\n"
        );
        run.push(event.as_bytes());
        let answer = answer_json(&run.result());
        assert!(answer.contains("\"rows\":[[1]]"), "{beside:.40}: {answer}");
    }
}

const EVENT: &str = r#"{"eventTime":"2026-01-01T00:00:00Z","eventSource":"s","eventName":"n"}"#;

/// What is broken, and how many events and problems there are in it and the two events behind it.
const BROKEN: &[(&str, u64, usize)] = &[
    // A comma is missing, and a bracket closes before that: a chunk that ends with it looks like a whole record.
    (
        r#"{"userIdentity":{"type":"Root"} "eventTime":"2026-01-01T00:00:00Z","eventSource":"s","eventName":"n"}"#,
        3,
        0,
    ),
    // Lines that are cut: they swallow those behind them, which are read again then.
    (r#"{"eventVersion":"1","userIdentity":{"type":"#, 2, 1),
    (r#"{"eventVersion":"1","requestParameters":{"list":["#, 2, 1),
    (r#"{"eventVersion":"1","userAgent":"a"#, 2, 1),
];

#[test]
fn what_is_broken_counts_the_same_wherever_a_chunk_ends() {
    for (broken, events, problems) in BROKEN {
        let text = format!("{broken}\n{EVENT}\n{EVENT}\n");
        let seen = |cuts: [usize; 3]| {
            let mut detector = detector(&ecr(), Options::default());
            let mut from = 0;
            for cut in cuts.into_iter().chain([text.len()]) {
                detector.push(&text.as_bytes()[from..cut]);
                from = cut;
            }
            detector.end_input();
            (detector.take_problems(), detector.stats())
        };
        let whole = seen([0; 3]);
        assert_eq!((whole.0.len(), whole.1.ingest.events), (*problems, *events), "{broken}: {whole:?}");
        for cut in 1..text.len() {
            assert_eq!(seen([0, 0, cut]), whole, "{broken} cut at {cut}");
        }
        // What is held back at a cut is joined with what follows it, so that it takes more than one.
        let cuts = |from| (from..text.len()).step_by(7);
        for (a, b, c) in cuts(0).flat_map(|a| cuts(a).flat_map(move |b| cuts(b).map(move |c| (a, b, c)))) {
            assert_eq!(seen([a, b, c]), whole, "{broken} cut at {a}, {b} and {c}");
        }
    }
}

/// What may follow one another in an input, whole and broken.
const MIXED: &[&str] = &[
    EVENT,
    r#"{"eventTime":"yesterday","eventSource":"s","eventName":"n"}"#,
    r#"{"eventTime":7,"eventSource":"s","eventName":"n"}"#,
    r#"{"a":1}"#,
    r#"{"eventName":"x",}"#,
    "no JSON",
    r#"{"Records":[{"eventTime":"never","eventSource":"s","eventName":"n"},{"x":1},{"eventName":"y" "z":1}]}"#,
    r#"{"awslogs":{"data":"!"}}"#,
    r#"{"messageType":"DATA_MESSAGE","logEvents":[{"message":"zz"},{"message":"{\"eventTime\":1,\"eventName\":\"n\"}"}]}"#,
    r#"{"eventVersion":"1","userIdentity":{"type":"#,
    "\u{0}\u{1}",
    r#"[1,{"eventTime":"","eventSource":"s","eventName":"n"}]"#,
    r#"{"Type":"Notification","Message":"xx"}"#,
    r#"{"eventTime":"2026-01-01T00:00:00Z","eventSource":"s","eventName":"n","a":NaN}"#,
    "7",
    r#"{"eventTime":"2026-01-01T00:00:00Z","eventSource":"s","eventName":"n""#,
];

/// Problems come in one order, which no cut changes.
#[test]
fn problems_come_in_one_order_wherever_a_chunk_ends() {
    let cuts = vec(any::<Index>(), 1..=6);
    check(300, (vec(select(MIXED), 2..10), vec(cuts, 8)), |(lines, cuts)| {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let seen = |cuts: &[usize]| {
            let mut detector = detector(&ecr(), Options::default());
            let mut from = 0;
            for cut in cuts.iter().copied().chain([text.len()]) {
                detector.push(&text.as_bytes()[from..cut]);
                from = cut;
            }
            detector.end_input();
            (detector.take_problems(), detector.stats())
        };
        let whole = seen(&[]);
        for cuts in cuts {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len())).collect();
            cuts.sort_unstable();
            assert_eq!(seen(&cuts), whole, "{text} cut at {cuts:?}");
        }
    });
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
    let bits = &[
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
    let compiled = Cell::new(0);
    check(rounds, edited(seeds, 1..=3, bits), |text| {
        if let Ok(mut run) = QueryRun::new(&text, ticks("2026-03-12T00:00:00Z"), &Context::default()) {
            compiled.set(compiled.get() + 1);
            run.push(&sample);
            let answer = answer_json(&run.result());
            assert!(serde_json::from_str::<Value>(&answer).is_ok(), "not JSON: {answer}\nfor {text}");
        }
    });
    let compiled = compiled.get();
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
        let ended = match QueryRun::new(&text, 0, &Context::default()) {
            Ok(mut run) => answer_json(&run.result()),
            Err(invalid) => invalid.to_string(),
        };
        assert!(!ended.is_empty());
    }
}

#[test]
fn much_evidence_comes_in_pieces() {
    let long = "x".repeat(60_000);
    let event = |i: usize| {
        let mut event = scan_off(i as u32, &format!("2026-03-{:02}T{:02}:00:00Z", i % 28 + 1, i % 3));
        event["userAgent"] = long.clone().into();
        event
    };
    let events = ndjson(&(0..600).map(event).collect::<Vec<_>>());
    let scanned = |period: &str| -> Vec<Value> {
        let query = "AWSCloudTrail | project TimeGenerated, AwsEventId";
        let mut d = detector(&[rule(query, period)], Options::default());
        d.push(&events);
        d.finish();
        let texts: Vec<String> =
            std::iter::from_fn(|| Some(alerts_json(&d.take_alerts())).filter(|text| !text.is_empty()))
                .collect();
        assert!(texts.len() > 1 && texts.iter().all(|text| text.len() < 34 << 20));
        texts
            .iter()
            .flat_map(|text| text.lines())
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    };
    let rows = |alert: &Value| alert["Evidence"].as_array().map_or(0, Vec::len);
    // 36 MB in all, in windows of half a megabyte.
    let hourly = scanned("queryFrequency: 1h\nqueryPeriod: 1h\n");
    assert_eq!((hourly.len(), hourly.iter().map(rows).sum::<usize>()), (84, 600));
    // The same in windows of more than one alert's evidence may hold.
    for alert in scanned("queryFrequency: 14d\nqueryPeriod: 14d\n") {
        let properties = alert["ExtendedProperties"].as_str().expect("properties");
        let properties: Value = serde_json::from_str(properties).expect("JSON");
        let all: usize = properties["Search Query Results Overall Count"]
            .as_str()
            .and_then(|n| n.parse().ok())
            .expect("a number");
        if all * long.len() > 17 << 20 {
            assert!((250..290).contains(&rows(&alert)), "{}", rows(&alert));
            assert_eq!(properties["Evidence Rows"], format!("{} of {all}", rows(&alert)));
        } else {
            assert_eq!((rows(&alert), properties.get("Evidence Rows")), (all, None));
        }
    }
}

/// A rule's first filters run before a row is made: there, too, what is too much is said, and nothing is left for the next
/// event to pay.
#[test]
fn a_filter_that_needs_too_much_of_an_event_is_no_silence() {
    // Whether the prefilter can work the filter out, as it can from name and source, or only the rule.
    for column in ["EventSource", "AWSRegion"] {
        let scan_with = |times: &str| {
            let query = format!("AWSCloudTrail | where EventName == 'n' and strlen({times}) > 5000");
            let mut d =
                detector(&[rule(&query, "queryFrequency: 1h\nqueryPeriod: 1h\n")], Options::default());
            let event = EVENT.replacen('{', r#"{"awsRegion":"r","#, 1);
            (0..3).for_each(|_| d.push(format!("{event}\n").as_bytes()));
            let left = kql::value::meter::take();
            d.finish();
            (left, super::problems(&mut d))
        };
        let (left, problems) = scan_with(&format!("strrep({column}, 1000)"));
        assert_eq!((left, problems.as_str()), (kql::value::meter::Spent::default(), ""), "{column}");
        let (_, problems) = scan_with(&format!("strrep(strrep(strrep({column}, 1000), 1000), 1000)"));
        assert_eq!(problems.matches("E_RUNAWAY_QUERY").count(), 3, "{column}: {problems}");
    }
}
