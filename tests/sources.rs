//! Bytes to records: every envelope, every cut, every kind of damage; and the real files, where they are present.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "helpers of tests fail loudly")]

#[path = "sources/exports.rs"]
mod exports;
#[path = "sources/hostile.rs"]
mod hostile;
#[path = "sources/limits.rs"]
mod limits;
#[path = "sources/members.rs"]
mod members;
#[path = "sources/packed.rs"]
mod packed;
#[path = "support/property.rs"]
mod property;
#[path = "sources/real.rs"]
mod real;

use cloudtrail::source::{Problem, Record, Sink, Source};
use cloudtrail::table::aws_cloudtrail::{EventRow, columns};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

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
        // Files that were joined: each brings its byte order mark.
        ("bare", format!("\u{feff}{a}\n\u{feff}{b}\n\u{feff}"), 2),
        ("records", format!("\u{feff}{{\"Records\":[{a}]}}\u{feff}{{\"Records\":[{b}]}}"), 2),
        ("array", format!("\u{feff}[{a}]\r\n\u{feff}[{b}]\n"), 2),
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
    // Its end is where its brackets say, though a comma is missing; and this one has no end.
    let no_comma = a.replacen("\",\"", "\" \"", 1);
    let cut = a.get(..a.len() / 2).expect("long");
    for (bytes, names, codes) in [
        (format!("{no_comma}{b}\n{a}"), "B A", "bad_json"),
        (format!("{no_comma}{no_comma} {b}"), "B", "bad_json bad_json"),
        (format!("{{\"Records\":[{no_comma},{b}]}}\n{a}"), "B A", "bad_json"),
        (format!("{cut}{b}\n{a}\n"), "B A", "bad_json"),
        (format!("{cut}{b}"), "B", "bad_json"),
        (format!("[{a},{cut}{b},{a}]"), "A B A", "bad_json"),
        // A record that is cut behind a colon holds the next one.
        (format!("{{\"eventName\":{b}\n{a}\n"), "B A", "bad_json"),
        (format!("{{\"eventName\":\n{b}\n{a}\n{b}\n"), "B A B", "bad_json"),
        (format!("{{\"eventName\":\n{b}\n"), "B", "cut"),
        (format!("[{{\"eventName\":{a},{b}]"), "A B", "bad_json"),
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
        (format!("[{a},1,\"x\",null,{b}]"), "A B", "not_cloudtrail not_cloudtrail not_cloudtrail"),
        (format!("\0\0\0{a}"), "", "not_json"),
        (format!("{a}\n\0\u{1}\n{b}"), "A B", "not_json"),
        (format!("{a}\n\u{feff}junk\n{b}"), "A B", "not_json"),
        (format!("{a}\n\u{f000}{b}\n{b}"), "A B", "not_json"),
        (format!("{cut}\n\u{feff}{b}\n"), "B", "bad_json"),
        ("{}".to_owned(), "", "not_cloudtrail"),
        ("[]".to_owned(), "", ""),
        ("{\"Records\":[]}".to_owned(), "", ""),
        (String::new(), "", "empty"),
        (" \n\n ".to_owned(), "", "empty"),
        ("\u{feff}".to_owned(), "", "empty"),
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
        (r#"{"log":"{\"a\":1}"}"#, "inside the pipeline format"),
        (r#"{"awslogs":{"data":"%"}}"#, "Base64"),
        ("<!DOCTYPE html>\n<html>\n</html>", "HTML"),
        ("no JSON\nnone\neither", "3 lines"),
        (r#""a text""#, "a JSON string"),
    ] {
        let seen = read(bytes);
        assert_eq!(seen.problems.len(), 1, "{bytes}: {:?}", seen.problems);
        assert!(seen.problems[0].2.contains(want), "{want}: {:?}", seen.problems);
        assert!(seen.records.is_empty());
    }
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

/// A member whose header has what the flags say: 2 its own checksum, 4 further data, 8 a name, 16 a comment.
fn member(flags: u8, name: &[u8], content: &[u8]) -> Vec<u8> {
    let mut header = vec![0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3];
    for (flag, field) in
        [(4, b"\x05\0\0\x1f\x8b\x08\0".as_slice()), (8, &[name, b"\0"].concat()), (16, b"by hand\0")]
    {
        if flags & flag != 0 {
            header.extend_from_slice(field);
        }
    }
    if flags & 2 != 0 {
        let mut crc = flate2::Crc::new();
        crc.update(&header);
        header.extend_from_slice(&crc.sum().to_le_bytes()[..2]);
    }
    [header, gzip(content)[10..].to_vec()].concat()
}

#[test]
fn gzip_headers() {
    let content = event("A");
    for flags in 0..=u8::MAX {
        let bytes =
            [member(flags & 0x1e, b"a.json", content.as_bytes()), member(0, b"", event("B").as_bytes())]
                .concat();
        let seen = read(&bytes);
        assert_eq!((seen.names().len(), seen.problems.len()), (2, 0), "{flags}");
        for size in [1, 3, 64] {
            assert_eq!(read_chunks(bytes.chunks(size)), seen, "{flags}");
        }
        // What is not defined, or spoilt although a checksum covers it.
        let mut spoilt = bytes.clone();
        spoilt[if flags & 0xe0 == 0 { 5 } else { 3 }] ^= flags & 0xe0 | 1;
        let seen = read(&spoilt);
        if flags & 0xe0 != 0 || flags & 2 != 0 {
            assert_eq!((seen.names(), seen.codes()), (vec!["B".to_owned()], vec!["gzip_damaged"]), "{flags}");
        }
        assert_eq!(read_chunks(spoilt.chunks(1)), seen, "{flags}");
    }
    for (len, names) in [(100_000, 2), (200_000, 1)] {
        let long = [member(8, &vec![b'n'; len], content.as_bytes()), gzip(event("B").as_bytes())].concat();
        let seen = read(&long);
        assert_eq!((seen.names().len(), seen.problems.len()), (names, 2 - names), "{len}");
        assert_eq!(read_chunks(long.chunks(1000)), seen, "{len}");
    }
}

#[test]
fn gzip_trailers() {
    // Long enough for what is checked in pieces, and in large ones.
    let lines: String = (0..20_000).map(|i| event(&format!("E{i}")) + "\n").collect();
    let whole = gzip(lines.as_bytes());
    assert!(lines.len() > 1 << 20);
    assert_eq!(read(&whole).problems, []);
    for at in whole.len() - 8..whole.len() {
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            let seen = read(&bytes);
            assert_eq!((seen.records.len(), seen.codes()), (20_000, vec!["gzip_damaged"]), "byte {at}");
        }
        assert_eq!(read(&whole[..at]).codes(), ["gzip_cut"], "byte {at}");
    }
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
fn rows_and_csv() {
    let row = r#"{"TimeGenerated":"2026-03-01T00:00:00Z","EventName":"A","UserIdentityArn":"a"}"#;
    assert_eq!(read(row).records, [(row.to_owned(), "row")]);
    let csv = "\u{feff}\"TimeGenerated [UTC]\",EventName,RequestParameters\r\n\"13/03/2026, 23:59:59.999\",A,\"{\"\"a\"\":\n1}\"\r\nshort\r\n,B,\r\nTimeGenerated [UTC],EventName,RequestParameters\r\n\"14/03/2026, 00:00:00.000\",C,\"x, y\"";
    let seen = read(csv);
    assert_eq!(seen.names(), ["A", "B", "C"]);
    assert_eq!(
        seen.problems,
        [(
            "bad_row",
            csv.find("short").expect("there") as u64,
            "line 4 has 1 fields, but the header has 3".to_owned()
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
    assert_eq!(read("a,b\n1,2\n").codes(), ["not_cloudtrail"]);
}
