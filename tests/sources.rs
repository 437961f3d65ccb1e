//! Bytes to records: every envelope, every cut, every kind of damage; and the real files, where they are present.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "helpers of tests fail loudly"
)]

use flate2::Compression;
use flate2::write::GzEncoder;
use forepost::source::{MAX_RECORD, Problem, Record, Sink, Source};
use forepost::table::cloudtrail::{EventRow, columns};
use forepost::table::user::{UserTable, parse_schema};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

#[derive(Default, Debug, PartialEq, Clone)]
struct Seen {
    records: Vec<(String, &'static str)>,
    offsets: Vec<u64>,
    problems: Vec<(&'static str, u64, String)>,
}

impl Sink for Seen {
    fn record(&mut self, record: Record<'_>) {
        self.records.push((String::from_utf8_lossy(record.raw).into_owned(), record.envelope.name()));
        self.offsets.push(record.offset);
    }
    fn problem(&mut self, p: Problem) {
        self.problems.push((p.code, p.offset, p.message));
    }
}

impl Seen {
    fn codes(&self) -> Vec<&'static str> {
        self.problems.iter().map(|p| p.0).collect()
    }
    fn names(&self) -> Vec<String> {
        let index = columns().iter().position(|c| c.name == "EventName").expect("the column");
        let name = |raw: &str| EventRow::new(raw.as_bytes()).column(index).as_str().unwrap_or("?").to_owned();
        self.records.iter().map(|r| name(&r.0)).collect()
    }
}

fn read_chunks<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Seen {
    let (mut source, mut seen) = (Source::new(), Seen::default());
    for chunk in chunks {
        source.push(chunk, &mut seen);
    }
    source.finish(&mut seen);
    assert_eq!(source.stats().total() as usize, seen.records.len());
    assert_eq!(source.stats().problems as usize, seen.problems.len());
    seen
}

fn read(bytes: impl AsRef<[u8]>) -> Seen {
    read_chunks([bytes.as_ref()])
}

fn event(name: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.11","userIdentity":{{"type":"Root"}},"eventTime":"2026-03-01T23:59:59Z","eventSource":"ecr.amazonaws.com","eventName":"{name}","requestParameters":{{"a":["}}{{","\"",{{"b":[]}}]}},"resources":[{{"ARN":"arn:é"}}],"eventID":"{name}-id"}}"#
    )
}

fn text(raw: &str) -> String {
    serde_json::to_string(raw).expect("text")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let n = three.iter().fold(0_u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - three.len()));
        for i in 0..4 {
            let digit = DIGITS[(n >> (18 - 6 * i) & 63) as usize];
            out.push(if i > three.len() { '=' } else { char::from(digit) });
        }
    }
    out
}

fn pretty(json: &str) -> String {
    serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(json).expect("JSON"))
        .expect("JSON")
}

/// Every envelope around the events A and B, or A alone.
fn envelopes() -> Vec<(&'static str, String, usize)> {
    let (a, b) = (event("A"), event("B"));
    let logs = format!(
        r#"{{"messageType":"DATA_MESSAGE","logEvents":[{{"id":"1","timestamp":1,"message":{}}},{{"id":"2","message":{}}}]}}"#,
        text(&a),
        text(&b)
    );
    let bridge = format!(r#"{{"version":"0","source":"aws.ecr","resources":[],"detail":{a}}}"#);
    let sns = format!(r#"{{"Type":"Notification","Message":{}}}"#, text(&bridge));
    vec![
        ("bare", a.clone(), 1),
        ("bare", format!("\u{feff}{a}\r\n{b}\r\n"), 2),
        ("bare", format!("{a}{b}"), 2),
        ("bare", format!("{}\n{}", pretty(&a), pretty(&b)), 2),
        ("bare", text(&a), 1),
        ("array", format!("[{a},{b}]"), 2),
        ("array", pretty(&format!("[{a},{b}]")), 2),
        ("records", format!(r#"{{"Records":[{a},{b}]}}"#), 2),
        ("records", pretty(&format!(r#"{{"x":[1],"Records":[{a},{b}],"y":{{"Records":[]}}}}"#)), 2),
        ("records", format!(r#"{{"Records":[{a}]}}{{"Records" : [ {b} ] }}"#), 2),
        ("records", format!(r#"{{"Rec\u006frds":[{a},{b}]}}"#), 2),
        ("records", format!(r#"[{{"Records":[{a}]}},{{"Records":[{b}]}}]"#), 2),
        ("eventbridge", bridge.clone(), 1),
        ("cloudwatch-logs", logs.clone(), 2),
        ("cloudwatch-logs", format!(r#"{{"awslogs":{{"data":"{}"}}}}"#, base64(&gzip(logs.as_bytes()))), 2),
        ("cloudwatch-logs", format!(r#"{{"message":{}}}"#, text(&logs)), 2),
        (
            "lookup-events",
            format!(
                r#"{{"Events":[{{"EventId":"i","EventName":"A","EventSource":"s","CloudTrailEvent":{}}}],"NextToken":"t"}}"#,
                text(&a)
            ),
            1,
        ),
        ("eventbridge", sns.clone(), 1),
        ("sns", format!(r#"{{"Message":{}}}"#, text(&a)), 1),
        (
            "sns",
            format!(r#"{{"Records":[{{"EventSource":"aws:sns","Sns":{{"Message":{}}}}}]}}"#, text(&a)),
            1,
        ),
        ("sqs", format!(r#"{{"Messages":[{{"MessageId":"m","Body":{}}}]}}"#, text(&a)), 1),
        (
            "sqs",
            format!(r#"{{"Records":[{{"messageId":"m","eventSource":"aws:sqs","body":{}}}]}}"#, text(&a)),
            1,
        ),
        ("eventbridge", format!(r#"{{"Messages":[{{"Body":{}}}]}}"#, text(&sns)), 1),
        (
            "kinesis",
            format!(
                r#"{{"Records":[{{"kinesis":{{"data":"{}"}},"eventSource":"aws:kinesis"}}]}}"#,
                base64(a.as_bytes())
            ),
            1,
        ),
        ("pipeline", format!(r#"{{"date":1.5,"log":{},"stream":"stdout"}}"#, text(&a)), 1),
        ("pipeline", format!(r#"{{"message":"no JSON","event":{a}}}"#), 1),
        ("pipeline", format!(r#"{{"event":{{"original":{}}},"_raw":""}}"#, text(&a)), 1),
        ("pipeline", format!(r#"[{{"aws":{{"cloudtrail":{a}}},"event":{{"kind":"event"}}}}]"#), 1),
    ]
}

#[test]
fn every_envelope_gives_the_same_record() {
    for (name, bytes, count) in envelopes() {
        let seen = read(&bytes);
        assert_eq!(seen.problems, [], "{bytes}");
        assert_eq!(seen.names(), ["A", "B"][..count], "{bytes}");
        for ((raw, envelope), want) in seen.records.iter().zip(["A", "B"]) {
            assert_eq!(*envelope, name, "{bytes}");
            let (got, want): (serde_json::Value, serde_json::Value) =
                (serde_json::from_str(raw).expect("JSON"), serde_json::from_str(&event(want)).expect("JSON"));
            assert_eq!(got, want);
        }
    }
}

#[test]
fn cut_at_every_byte() {
    for (_, bytes, _) in envelopes() {
        for bytes in [bytes.clone().into_bytes(), gzip(bytes.as_bytes())] {
            let whole = read(&bytes);
            for n in 0..=bytes.len() {
                assert_eq!(read_chunks([&bytes[..n], &bytes[n..]]), whole, "cut at {n}");
            }
            assert_eq!(read_chunks(bytes.chunks(1)), whole);
            assert_eq!(read_chunks(bytes.chunks(3)), whole);
        }
    }
}

#[test]
fn what_is_broken_is_reported_and_the_rest_goes_on() {
    let (a, b) = (event("A"), event("B"));
    for (bytes, names, codes) in [
        (format!("{a}\n{{\"x\": tru e}}\n{b}\n"), "A B", "bad_json"),
        (format!("{a}\n{}\n{b}\n", a.get(..a.len() - 20).expect("long")), "A B", "bad_json"),
        (format!("{a}\nnot json\nnor this\n{b}"), "A B", "not_json"),
        (format!("{a}\n{{\"eventName\":\"cut\n{b}\n{a}\n"), "A B A", "bad_json"),
        (format!("{a}\n{}", b.get(..100).expect("long")), "A", "cut"),
        (format!("[{a},{{\"x\":1 \"y\":2}},{b}]"), "A B", "bad_json"),
        (format!("[{a}}},{b}]"), "A B", "bad_json"),
        (format!("[{a}\n{b}]"), "A B", "bad_json"),
        (
            format!("{{\"Records\":[{a},{{\"eventName\":\"Put,\"eventSource\":\"x\"}},{b}]}}"),
            "A B",
            "bad_json",
        ),
        (format!("{{\"Records\":[{{\"eventName\":\"Put,{a},{b}]}}"), "A B", "bad_json"),
        (format!("{{\"Records\":[{a}"), "A", "cut"),
        (format!("{{\"Records\":[{a},"), "A", "cut"),
        (format!("{{\"Records\":[{a}]"), "A", "cut"),
        (format!("{{\"Records\":[{a}],:}} {b}"), "A B", "bad_json"),
        (format!("[{a},1,\"x\",null,{b}]"), "A B", "not_cloudtrail not_json not_cloudtrail"),
        (format!("\0\0\0{a}"), "", "not_json"),
        (format!("{a}\n\0\u{1}\n{b}"), "A B", "not_json"),
        ("{}".to_owned(), "", "not_cloudtrail"),
        ("[]".to_owned(), "", ""),
        ("{\"Records\":[]}".to_owned(), "", ""),
        (String::new(), "", ""),
        (" \n\n ".to_owned(), "", ""),
        ("\u{feff}".to_owned(), "", ""),
        ("null".to_owned(), "", "not_json"),
    ] {
        let whole = read(&bytes);
        assert_eq!(whole.names().join(" "), names, "{bytes}\n{:?}", whole.problems);
        assert_eq!(whole.codes().join(" "), codes, "{bytes}\n{:?}", whole.problems);
        for n in 0..=bytes.len() {
            assert_eq!(
                read_chunks([&bytes.as_bytes()[..n], &bytes.as_bytes()[n..]]),
                whole,
                "cut at {n}: {bytes}"
            );
        }
        assert_eq!(read_chunks(bytes.as_bytes().chunks(1)), whole, "{bytes}");
    }
}

#[test]
fn offsets_point_at_records() {
    let (a, b) = (event("A"), event("B"));
    let bytes = format!("\n {a}\n{{]\n {{\"Records\":[ {b}]}}");
    let seen = read(&bytes);
    assert_eq!(seen.problems[0].1 as usize, bytes.find("{]").expect("there"));
    assert_eq!(seen.offsets[0], 2);
    // What comes behind a broken line but not at a line's start is lost with it.
    assert_eq!(seen.names(), ["A"]);
    let bytes = format!("{a}\n{{]\n{{\"Records\":[ {b}]}}");
    let seen = read(gzip(bytes.as_bytes()));
    assert_eq!(seen.offsets, [0, bytes.find(&b).expect("there") as u64]);
}

#[test]
fn what_is_no_event_is_named() {
    for (bytes, want) in [
        (r#"{"awsAccountId":"1","digestStartTime":"x","logFiles":[]}"#, "digest"),
        (
            r#"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{}}]}"#,
            "S3 notification",
        ),
        (
            r#"{"Type":"SubscriptionConfirmation","Message":"You have chosen","SubscribeURL":"u"}"#,
            "subscription",
        ),
        (r#"{"fileVersion":"1.0","configurationItems":[]}"#, "Config"),
        (r#"{"hello":1,"world":2}"#, "hello, world"),
        (r#"{"Records":[{"eventSource":"aws:dynamodb","eventName":"INSERT"}]}"#, "another service"),
        (r#"{"log":"plain text"}"#, "with the keys log"),
        (r#"{"log":"{\"a\":1}"}"#, "in the pipeline envelope"),
        (r#"{"awslogs":{"data":"%"}}"#, "base64"),
        ("PK\x03\x04rest\n{}", "zip"),
        ("<!DOCTYPE html>\n<html>\n</html>", "3 lines"),
    ] {
        let seen = read(bytes);
        assert_eq!(seen.problems.len(), 1, "{bytes}: {:?}", seen.problems);
        assert!(seen.problems[0].2.contains(want), "{want}: {:?}", seen.problems);
        assert!(seen.records.is_empty());
    }
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(event("A").encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let seen = read(&utf16);
    assert_eq!(seen.codes(), ["unreadable"]);
    assert!(seen.problems[0].2.contains("UTF-16"));
    // CloudWatch Logs says now and then that it is alive.
    let alive = r#"{"messageType":"CONTROL_MESSAGE","logEvents":[{"id":"","message":"CWL CONTROL MESSAGE: Checking health"}]}"#;
    assert_eq!(read(alive), Seen::default());
}

#[test]
fn an_event_is_known_wherever_the_chunks_are_cut() {
    for (bytes, is_event) in [
        (r#"{"eventName":"a","eventSource" : "s"}"#, true),
        (r#"{"eventName":"a","eventSource" : "aws:s3"}"#, false),
        (r#"{"eventSource":"s","eventSource":"aws:s3","eventName":"a"}"#, false),
        (r#"{"eventSource":"aws:s3","eventSource":"s","eventName":"a"}"#, true),
        (r#"{"eventN\u0061me":"a","eventSource":"s"}"#, true),
        (r#"{"eventSource":"s","event\u0053ource":"aws:s3","eventName":"a"}"#, false),
        (r#"{"x":{"eventName":"a","eventSource":"s"}}"#, false),
        (r#"{"eventName":"a","x":["eventSource","s"]}"#, false),
        (r#"{"eventName":"a","eventSource":"s","\"Records":[1]}"#, true),
    ] {
        for n in 0..=bytes.len() {
            let seen = read_chunks([&bytes.as_bytes()[..n], &bytes.as_bytes()[n..]]);
            assert_eq!((seen.records.len() == 1, seen.problems.len() == 1), (is_event, !is_event), "{bytes}");
        }
    }
}

#[test]
fn insights_have_no_name() {
    let insight = r#"{"eventVersion":"1.07","eventTime":"2026-01-01T00:00:00Z","awsRegion":"x","eventID":"i","eventType":"AwsCloudTrailInsight","insightDetails":{}}"#;
    assert_eq!(read(insight).records.len(), 1);
}

#[test]
fn envelopes_are_bounded() {
    let wrap = |n: usize| (0..n).fold(event("A"), |inner, _| format!(r#"{{"Message":{}}}"#, text(&inner)));
    assert_eq!(read(wrap(4)).names(), ["A"]);
    assert_eq!(read(wrap(5)).codes(), ["too_deep"]);
    let lists = format!("{}{}{}", "[".repeat(40), event("A"), "]".repeat(40));
    assert_eq!(read(lists).codes(), ["too_deep"]);
    // Deep nesting in a record is the record's own affair.
    let deep = format!(
        r#"{{"eventName":"A","eventSource":"s","x":{}{}}}"#,
        "[{\"a\":".repeat(50_000),
        "0}]".repeat(50_000).replace("0}]", "}]")
    );
    let deep = deep.replacen("\"a\":}", "\"a\":0}", 1);
    for bytes in [deep.clone(), format!("{{\"Records\":[{deep}]}}"), format!("[{deep}]")] {
        assert_eq!(read(&bytes).names(), ["A"]);
        assert_eq!(read_chunks(bytes.as_bytes().chunks(4093)).names(), ["A"]);
    }
    let wrong = deep.replacen("}]}]", "}}]]", 1);
    assert_eq!(read(wrong).codes(), ["bad_json"]);
    for open in ["[", "{\"a\":", "{", "[{", "\"", "{\"Records\":[", "\\"] {
        let seen = read(open.repeat(200_000));
        assert!(seen.records.is_empty() && !seen.problems.is_empty(), "{open}");
    }
}

#[test]
fn hostile_input_takes_linear_time() {
    let start = std::time::Instant::now();
    for unit in [
        "{\"a\":[\n",
        "{\"\n{",
        "[{\"",
        "{\"a\":{\"b\"x",
        "[{]{\"",
        "\n{\"a\",",
        "\"\\",
        "{\"Records\":[{",
        "[\"{",
        "{\"log\":\"{\\\"",
    ] {
        for prefix in ["", "[", "{\"Records\":["] {
            let bytes = format!("{prefix}{}", unit.repeat(300_000 / unit.len()));
            let whole = read(&bytes);
            assert_eq!(read_chunks(bytes.as_bytes().chunks(61)), whole, "{prefix}{unit}");
        }
    }
    // Quadratic behaviour would take minutes.
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

#[test]
fn a_record_too_large_is_left_out() {
    let huge = event("A").replace("Root", &"x".repeat(MAX_RECORD));
    let b = event("B");
    for bytes in [format!("{huge}\n{b}\n"), format!("[{huge},{b}]"), format!("{{\"Records\":[{huge},{b}]}}")]
    {
        for size in [bytes.len(), 1 << 20] {
            let seen = read_chunks(bytes.as_bytes().chunks(size));
            assert_eq!((seen.names(), seen.codes()), (vec!["B".to_owned()], vec!["too_large"]));
        }
    }
    // A whole file may be larger than any record.
    let many = vec![b.as_str(); MAX_RECORD / b.len() + 1];
    assert_eq!(read(format!("{{\"Records\":[{}]}}", many.join(","))).records.len(), many.len());
    assert_eq!(read(gzip(many.join("\n").as_bytes())).records.len(), many.len());
}

#[test]
fn gzip_of_many_members() {
    let (a, b) = (event("A"), event("B"));
    let whole = [gzip(a.as_bytes()), gzip(b""), gzip(b.as_bytes())].concat();
    let clean = read(&whole);
    assert_eq!((clean.names(), clean.problems.len()), (vec!["A".to_owned(), "B".to_owned()], 0));
    let padded = [whole.clone(), vec![0; 700], gzip(a.as_bytes()), vec![0; 3]].concat();
    assert_eq!((read(&padded).names().len(), read(&padded).problems.len()), (3, 0));
    let garbage = [whole.clone(), b"garbage".to_vec(), gzip(a.as_bytes())].concat();
    let seen = read(&garbage);
    assert_eq!((seen.names().len(), seen.codes()), (3, vec!["gzip_trailing"]));
    assert_eq!(seen.problems[0].1 as usize, whole.len());
    for pieces in [garbage.chunks(1), garbage.chunks(11)] {
        assert_eq!(read_chunks(pieces), seen);
    }
    let cut = read(&whole[..whole.len() - 4]);
    assert_eq!((cut.names().len(), cut.codes()), (2, vec!["gzip_cut"]));
    let headers = gzip(b"")[..10].repeat(100_000);
    assert_eq!(read(&headers).problems.len(), 1001);
    for pieces in [headers.chunks(1), headers.chunks(97)] {
        assert_eq!(read_chunks(pieces).problems.len(), 1001);
    }
    assert_eq!(read([0x1f_u8]).codes(), ["not_json"]);
    assert_eq!(read([0x1f_u8, 0x8b]).codes(), ["gzip_cut"]);
    assert_eq!(read([0x1f_u8, b'x']).codes(), ["not_json"]);
}

#[test]
fn a_damaged_gzip_member_costs_only_itself() {
    let lines: String = (0..40).map(|i| event(&format!("E{i}")) + "\n").collect();
    let first = gzip(lines.as_bytes());
    let whole = [first.clone(), gzip(event("Z").as_bytes())].concat();
    for at in 0..first.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        let seen = read(&bytes);
        // Damage that makes the member look longer can hide the next one; that is then said to be cut.
        let found = seen.names().last().is_some_and(|n| n == "Z");
        assert!(found || at < 4 || seen.codes().contains(&"gzip_cut"), "byte {at}: {:?}", seen.problems);
        // Header fields that mean nothing for the content may be wrong unnoticed.
        assert!(!seen.problems.is_empty() || (4..10).contains(&at), "byte {at}");
        if at % 29 == 0 {
            assert_eq!(read_chunks(bytes.chunks(7)), seen, "byte {at}");
        }
    }
}

#[test]
fn payloads_do_not_explode() {
    let bomb = base64(&gzip(&vec![b'x'; 65 << 20]));
    let seen = read(format!("{{\"awslogs\":{{\"data\":\"{bomb}\"}}}}\n{}", event("A")));
    assert_eq!((seen.names(), seen.codes()), (vec!["A".to_owned()], vec!["too_large"]));
    let inner = format!(r#"{{"awslogs":{{"data":"{}"}}}}"#, base64(&gzip(event("A").as_bytes())));
    let twice = format!(r#"{{"awslogs":{{"data":"{}"}}}}"#, base64(&gzip(inner.as_bytes())));
    assert_eq!(read(twice).codes(), ["unreadable"]);
}

#[test]
fn rows_and_csv() {
    let row = r#"{"TimeGenerated":"2026-03-01T00:00:00Z","EventName":"A","UserIdentityArn":"a"}"#;
    assert_eq!(read(row).records, [(row.to_owned(), "row")]);
    let csv = "\u{feff}\"TimeGenerated [UTC]\",EventName,RequestParameters\r\n\"01/03/2026, 23:59:59.999\",A,\"{\"\"a\"\":\n1}\"\r\nshort\r\n,B,\r\nTimeGenerated [UTC],EventName,RequestParameters\r\n\"02/03/2026, 00:00:00.000\",C,\"x, y\"";
    let seen = read(csv);
    assert_eq!(seen.names(), ["A", "B", "C"]);
    assert_eq!(
        seen.problems,
        [(
            "bad_row",
            csv.find("short").expect("there") as u64,
            "line 4: 1 fields, the header has 3".to_owned()
        )]
    );
    let times: Vec<_> = seen.records.iter().map(|r| EventRow::new(r.0.as_bytes()).time()).collect();
    assert_eq!(times[2].zip(times[0]).map(|(c, a)| c - a), Some(10_000));
    assert_eq!(times[1], None);
    for n in 0..=csv.len() {
        assert_eq!(read_chunks([&csv.as_bytes()[..n], &csv.as_bytes()[n..]]), seen, "cut at {n}");
    }
    assert_eq!(read_chunks(csv.as_bytes().chunks(1)), seen);
    assert_eq!(read(gzip(csv.as_bytes())), seen);
    assert_eq!(read("a,b\n1,2\n").codes(), ["not_json"]);
}

/// Marsaglia's xorshift: the same inputs on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

#[test]
fn mutated_input_never_panics_and_never_depends_on_chunks() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let csv = "TimeGenerated,EventName,UserIdentityArn\n2026-01-01,A,\"x\ny\"\n".to_owned();
    let mut seeds: Vec<Vec<u8>> = envelopes().into_iter().map(|e| e.1.into_bytes()).collect();
    seeds.push(csv.into_bytes());
    let lines: Vec<Vec<u8>> =
        seeds.iter().map(|s| [s.as_slice(), b"\n", event("A").as_bytes(), b"\n"].concat()).collect();
    seeds.extend(lines);
    let packed: Vec<Vec<u8>> = seeds.iter().map(|s| gzip(s)).collect();
    seeds.extend(packed);
    const BYTES: &[u8] = b"\"\\{}[],:\n\r\0\x1f\x8b\xff\xef 0aPK";
    for round in 0..24_000 {
        let mut bytes = seeds[random.below(seeds.len())].clone();
        for _ in 0..=random.below(4) {
            if bytes.is_empty() {
                break;
            }
            let at = random.below(bytes.len());
            match random.below(5) {
                0 => bytes[at] = BYTES[random.below(BYTES.len())],
                1 => bytes[at] = random.below(256) as u8,
                2 => bytes.insert(at, BYTES[random.below(BYTES.len())]),
                3 => drop(bytes.drain(at..(at + 1 + random.below(20)).min(bytes.len()))),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let seen = read(&bytes);
        for (raw, _) in &seen.records {
            let row = EventRow::new(raw.as_bytes());
            for i in 0..columns().len() {
                let value = row.column(i);
                assert!(columns()[i].ty != forepost::value::Type::String || value.as_str().is_some());
            }
        }
        let size = 1 + random.below(40);
        let cut = read_chunks(bytes.chunks(size));
        assert_eq!(cut, seen, "round {round}, chunks of {size}: {}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn mutated_tables_never_panic() {
    let schema = "s:string,n:long,t:datetime,d:dynamic,b:bool,r:real,x:decimal,g:guid,i:int,p:timespan";
    let columns = parse_schema(schema).expect("a schema");
    let seeds = [
        "{\"s\":\"x\",\"n\":1,\"t\":\"2026-01-01\",\"d\":{\"a\":[1]},\"b\":true}\n{\"r\":1.5,\"x\":\"2\",\"p\":\"1.02:03:04\"}\n",
        "s,n,t,d\n\"a, \"\"b\"\"\",1,\"01/02/2026, 03:04:05.678\",\"{\"\"a\"\":1}\"\r\nx,,,\n",
    ];
    let mut random = Random(7);
    for _ in 0..4_000 {
        let mut bytes = seeds[random.below(2)].as_bytes().to_vec();
        for _ in 0..=random.below(5) {
            let at = random.below(bytes.len());
            bytes[at] = b"\"\\{}[],:\n\r\0\xff 0aZ.-/"[random.below(19)];
        }
        let (table, _) = UserTable::read(columns.clone(), &bytes);
        assert!(table.rows.iter().all(|row| row.len() == columns.len() && row[0].as_str().is_some()));
        let _ = parse_schema(&String::from_utf8_lossy(&bytes));
    }
}

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
            assert!(row.time().is_some(), "{}: {raw}", path.display());
        }
        let name = path.strip_prefix(&shared).unwrap_or(path).display().to_string();
        if !seen.problems.is_empty() {
            println!("{name}: {} events", seen.records.len());
        }
        for (code, offset, message) in &seen.problems {
            println!("{name}: byte {offset}: {code}: {message}");
            broken.push((name.clone(), *code));
        }
        if seen.records.is_empty() && seen.problems.is_empty() {
            // Only files that say in JSON that they hold nothing.
            assert!(bytes.len() < 40, "{name}");
        }
    }
    println!("{} files, events by envelope: {counts:?}", paths.len());
    assert!(counts.values().sum::<usize>() > 3500);
    let is_broken = |part: &str| broken.iter().any(|(name, _)| name.contains(part));
    for part in ["samples-large.json", ".zip", "index.html", "script.js"] {
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

/// Run with `cargo test --release --test sources -- --ignored --nocapture speed`.
#[test]
#[ignore = "a measurement"]
fn speed() {
    struct Count(u64);
    impl Sink for Count {
        fn record(&mut self, _: Record<'_>) {
            self.0 += 1;
        }
        fn problem(&mut self, p: Problem) {
            panic!("{p:?}");
        }
    }
    let Some(shared) = shared() else { return };
    let mut unit = Vec::new();
    let packed = std::fs::read(shared.join("cloudtrail/real_unique.ndjson.gz")).expect("a file");
    flate2::read::MultiGzDecoder::new(packed.as_slice()).read_to_end(&mut unit).expect("gzip");
    let ndjson = unit.repeat(50);
    let lines: Vec<&[u8]> = ndjson.split(|b| *b == b'\n').filter(|l| !l.is_empty()).collect();
    let records = [b"{\"Records\":[".as_slice(), &lines.join(&b","[..]), b"]}"].concat();
    let packed = packed.repeat(50);
    for (name, bytes, inflated) in [
        ("NDJSON", &ndjson, ndjson.len()),
        ("Records", &records, records.len()),
        ("gzip", &packed, ndjson.len()),
    ] {
        for size in [bytes.len(), 64 << 10] {
            let best = (0..5)
                .map(|_| {
                    let (mut source, mut count) = (Source::new(), Count(0));
                    let start = std::time::Instant::now();
                    bytes.chunks(size).for_each(|c| source.push(c, &mut count));
                    source.finish(&mut count);
                    assert_eq!(count.0 as usize, lines.len());
                    inflated as f64 / start.elapsed().as_secs_f64() / 1e6
                })
                .fold(0.0, f64::max);
            println!("{name}, chunks of {size}: {best:.0} MB/s");
        }
    }
}
