//! What is meant to hurt: it is bounded, reported, and never depends on how the bytes are cut.

use super::property::{changed, check};
use super::{base64, envelopes, event, gzip, read, read_chunks, text};
use cloudtrail::source::MAX_RECORD;
use cloudtrail::table::aws_cloudtrail::{EventRow, columns};
use cloudtrail::table::user::{UserTable, parse_schema};

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
    // No clock is asked: quadratic behaviour would take minutes instead of seconds, and nobody would wait for it.
    for unit in [
        "{\"a\":[\n",
        "{\"a\":\n",
        "{\"a\" {",
        "{\"a\" 1}",
        "{\"a\" 1}{",
        "{\"\n{\"a\" 1}",
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
    // Objects with a great many members, some of which could be lists of records.
    let member =
        ["\"k\":1,", "\"Records\":[],", "\"Records\":[{}],", "\"Records\":[{\"a\":1}],", "\"\\u0061\":[],"];
    for start in ["{", "{\"eventName\":\"X\",\"eventSource\":\"s\",", "{\"\\u0065ventVersion\":1,"] {
        for (a, b) in member.iter().flat_map(|a| member.map(|b| (a, b))) {
            let half = |unit: &str| unit.repeat(100_000 / unit.len());
            let bytes = format!("{start}{}{}\"z\":1}}\n", half(a), half(b));
            let whole = read(&bytes);
            assert_eq!(read_chunks(bytes.as_bytes().chunks(61)), whole, "{start}{a}{b}");
        }
    }
}

#[test]
fn an_event_is_one_however_its_keys_are_spelt_and_cut() {
    for keys in [
        r#""eventVersion":"1","#,
        r#""eventName":"A","eventSource":"s","#,
        r#""\u0065ventSource":"s","event\u004eame":"A","#,
        r#""\u0065\u0076entVersion":"1","#,
    ] {
        // Its list is its own, however it is called.
        let event = format!(
            r#"{{{keys}"Records":[{{"eventName":"B","eventSource":"s"}}],"eventName":"A","eventSource":"s"}}"#
        );
        for size in 1..event.len() {
            assert_eq!(read_chunks(event.as_bytes().chunks(size)).names(), ["A"], "{event} by {size}");
        }
    }
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
fn payloads_do_not_explode() {
    let bomb = base64(&gzip(&vec![b'x'; 65 << 20]));
    let seen = read(format!("{{\"awslogs\":{{\"data\":\"{bomb}\"}}}}\n{}", event("A")));
    assert_eq!((seen.names(), seen.codes()), (vec!["A".to_owned()], vec!["too_large"]));
    let inner = format!(r#"{{"awslogs":{{"data":"{}"}}}}"#, base64(&gzip(event("A").as_bytes())));
    let twice = format!(r#"{{"awslogs":{{"data":"{}"}}}}"#, base64(&gzip(inner.as_bytes())));
    assert_eq!(read(twice).codes(), ["unreadable"]);
}

#[test]
fn mutated_input_never_panics_and_never_depends_on_chunks() {
    let csv = "TimeGenerated,EventName,UserIdentityArn\n2026-01-01,A,\"x\ny\"\n".to_owned();
    let mut seeds: Vec<Vec<u8>> = envelopes().into_iter().map(|e| e.1.into_bytes()).collect();
    seeds.push(csv.into_bytes());
    let lines: Vec<Vec<u8>> =
        seeds.iter().map(|s| [s.as_slice(), b"\n", event("A").as_bytes(), b"\n"].concat()).collect();
    seeds.extend(lines);
    let packed: Vec<Vec<u8>> = seeds.iter().map(|s| gzip(s)).collect();
    seeds.extend(packed);
    let bytes = b"\"\\{}[],:\n\r\0\x1f\x8b\xff\xef 0aPK";
    check(18_000, (changed(seeds, 1..=5, bytes), 1..=40_usize), |(bytes, size)| {
        let seen = read(&bytes.0);
        for (raw, _) in &seen.records {
            let row = EventRow::new(raw.as_bytes());
            for i in 0..columns().len() {
                let value = row.column(i);
                assert!(columns()[i].ty != kql::value::Type::String || value.as_str().is_some());
            }
        }
        assert_eq!(read_chunks(bytes.0.chunks(size)), seen);
    });
}

#[test]
fn mutated_tables_never_panic() {
    let schema = "s:string,n:long,t:datetime,d:dynamic,b:bool,r:real,x:decimal,g:guid,i:int,p:timespan";
    let columns = parse_schema(schema).expect("a schema");
    let seeds = [
        "{\"s\":\"x\",\"n\":1,\"t\":\"2026-01-01\",\"d\":{\"a\":[1]},\"b\":true}\n{\"r\":1.5,\"x\":\"2\",\"p\":\"1.02:03:04\"}\n",
        "s,n,t,d\n\"a, \"\"b\"\"\",1,\"01/02/2026, 03:04:05.678\",\"{\"\"a\"\":1}\"\r\nx,,,\n",
    ];
    let seeds = seeds.map(|seed| seed.as_bytes().to_vec()).to_vec();
    check(4_000, changed(seeds, 1..=6, b"\"\\{}[],:\n\r\0\xff 0aZ.-/"), |bytes| {
        let (table, _) = UserTable::read(columns.clone(), &bytes.0, false);
        assert!(table.rows.iter().all(|row| row.len() == columns.len() && row[0].as_str().is_some()));
        let _ = parse_schema(&String::from_utf8_lossy(&bytes.0));
    });
}
