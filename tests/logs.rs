//! The tables of AWS's other logs: their forms, their columns, their clock, and rules over them.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

use cloudtrail::source::{Problem, Record, Sink, Source};
use cloudtrail::table::aws_cloudtrail::{self, Certainty};
use cloudtrail::table::log_row::LogRow;
use cloudtrail::table::logs::{Log, LogColumn, Origin, TABLES};
use forepost::detector::{Context, Detector, NamedTable, Options, QueryRun, RuleFile, SingleEventEvaluator};
use kql::value::{Type, Value, text};

/// Records with their tables and forms, and problems.
#[derive(Default, Debug, PartialEq)]
struct Seen {
    records: Vec<(String, Option<&'static str>, &'static str, u64)>,
    problems: Vec<(&'static str, u64, String)>,
}

impl Sink for Seen {
    fn record(&mut self, r: Record<'_>) {
        let raw = String::from_utf8_lossy(r.raw).into_owned();
        self.records.push((raw, r.log.map(|log| log.table().name), r.envelope.name(), r.offset));
    }
    fn problem(&mut self, p: Problem) {
        self.problems.push((p.code, p.offset, p.message));
    }
}

fn read_chunks<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Seen {
    let (mut source, mut seen) = (Source::new(), Seen::default());
    chunks.into_iter().for_each(|chunk| source.push(chunk, &mut seen));
    source.finish(&mut seen);
    let of_logs = |name| seen.records.iter().filter(|r| r.1 == Some(name)).count() as u64;
    for log in Log::all() {
        assert_eq!(source.stats().of_log(log), of_logs(log.table().name));
    }
    assert_eq!(source.stats().total() as usize, seen.records.len());
    seen
}

fn read(data: &[u8]) -> Seen {
    let whole = read_chunks([data]);
    for size in [1, 7, 64] {
        assert_eq!(read_chunks(data.chunks(size)), whole, "in chunks of {size}");
    }
    whole
}

/// What a column of a record holds, in words.
fn cell(log: Log, raw: &str, column: &str) -> String {
    match LogRow::new(log, raw.as_bytes()).named(column) {
        Value::Null => "null".to_owned(),
        Value::String(s) => format!("{s:?}"),
        other => text::scalar(&other),
    }
}

/// `tests/logs/TABLE.*` is a record in its native form, and `TABLE.columns` what every column of it holds.
#[test]
fn every_column_of_every_table() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/logs");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the samples").map(|f| f.expect("a file").path()).collect();
    files.sort();
    for log in Log::all() {
        let table = log.table();
        let of_table = |path: &&std::path::PathBuf| path.file_stem().is_some_and(|stem| stem == table.name);
        let [native, wanted] = ["native", "columns"].map(|kind| {
            let is_kind = |p: &&std::path::PathBuf| {
                p.extension().is_some_and(|e| (e == "columns") == (kind == "columns"))
            };
            let mut found = files.iter().filter(of_table).filter(is_kind);
            found.next().map(|path| std::fs::read(path).expect("a file")).unwrap_or_default()
        });
        let seen = read(&native);
        assert_eq!(seen.problems, [], "{}", table.name);
        let [(raw, Some(name), ..)] = &*seen.records else { panic!("{}: {seen:?}", table.name) };
        assert_eq!(*name, table.name);
        let found: String =
            table.columns.iter().map(|c| format!("{} {}\n", c.name, cell(log, raw, c.name))).collect();
        if std::env::var_os("FOREPOST_BLESS").is_some() {
            std::fs::write(format!("{folder}/{}.columns", table.name), &found).expect("it can be written");
        } else {
            assert_eq!(found, String::from_utf8_lossy(&wanted), "{}", table.name);
        }
        for column in table.columns {
            let value = LogRow::new(log, raw.as_bytes()).named(column.name);
            let missing = value.is_null() || value.as_str() == Some("");
            assert_eq!(missing, column.origin == Origin::Absent, "{}.{}", table.name, column.name);
            assert!(value.is_null() || value.fits(column.ty), "{}.{}", table.name, column.name);
        }
        // A candidate is written as a line of its own, and read again.
        assert_eq!(Record::alone(raw.as_bytes()).log, Some(log), "{raw}");
        // A row, as Log Analytics exports it, gives the same values.
        let cells = table.columns.iter().map(|c| {
            let value = LogRow::new(log, raw.as_bytes()).named(c.name);
            let json = match (&value, c.ty) {
                (Value::String(s), _) => serde_json::to_string(&**s).expect("text"),
                (Value::Null, _) => "null".to_owned(),
                (v, Type::DateTime) => format!("\"{}\"", text::scalar(v)),
                (v, _) => text::scalar(v),
            };
            format!("{:?}:{json}", c.name)
        });
        let row = format!("{{{}}}", cells.collect::<Vec<_>>().join(","));
        assert_eq!(Record::alone(row.as_bytes()).log, Some(log), "{row}");
        for column in table.columns {
            assert_eq!(
                cell(log, &row, column.name),
                cell(log, raw, column.name),
                "{}.{}",
                table.name,
                column.name
            );
        }
    }
    assert!(TABLES.len() > 1);
}

const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";

/// A flow from an address at a time of 2026-03-01, in seconds of the day.
fn flow(from: &str, second: i64, action: &str) -> String {
    let start = 1_772_323_200 + second;
    format!("2 111122223333 eni-0a1b {from} 10.0.0.9 40000 22 6 1 40 {start} {} {action} OK", start + 30)
}

fn event(name: &str, address: &str, time: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.11","eventTime":"{time}","eventSource":"s3.amazonaws.com","eventName":"{name}","sourceIPAddress":"{address}","eventID":"{name}"}}"#
    )
}

#[test]
fn flow_logs_are_known_by_their_lines() {
    let (a, b) = (flow("192.0.2.1", 0, "ACCEPT"), flow("192.0.2.2", 60, "REJECT"));
    let sources = |data: &str| -> Vec<String> {
        let seen = read(data.as_bytes());
        assert_eq!(seen.problems, [], "{data}");
        assert!(seen.records.iter().all(|r| r.1 == Some("AWSVPCFlow") && r.2 == "line"), "{data}");
        seen.records
            .iter()
            .map(|r| cell(Log::named("AWSVPCFlow").expect("a table"), &r.0, "SrcAddr"))
            .collect()
    };
    let both = ["\"192.0.2.1\"", "\"192.0.2.2\""];
    assert_eq!(sources(&format!("{HEADER}\n{a}\n{b}\n")), both);
    assert_eq!(
        sources(&format!("\u{feff}{HEADER}\r\n{a}\r\n\r\n{b}")),
        both,
        "Windows, and no break at the end"
    );
    assert_eq!(sources(&format!("{a}\n{b}\n")), both, "without a header");
    assert_eq!(sources(&format!("{HEADER}\n{a}\n{HEADER}\n{b}\n")), both, "files that were joined");
    let own = "srcaddr action start\n192.0.2.1 ACCEPT 1\nstart end srcaddr action new-field\n1 2 192.0.2.2 REJECT x\n";
    assert_eq!(sources(own), both, "fields of one's own choice, and others behind them");
    assert_eq!(sources(&format!("{HEADER}\n")), [""; 0], "a header alone");

    let mixed = read(format!("{HEADER}\n{a}\n{}\n{b}\n", event("A", "x", "2026-03-01T00:00:00Z")).as_bytes());
    assert_eq!(
        mixed.records.iter().map(|r| r.1).collect::<Vec<_>>(),
        [Some("AWSVPCFlow"), None, Some("AWSVPCFlow")]
    );
    assert_eq!(mixed.problems, []);
}

#[test]
fn what_is_no_flow_log_is_none() {
    let (header, line) = (format!("{HEADER}\n"), flow("192.0.2.1", 0, "ACCEPT"));
    let seen = read(format!("{header}{line}\n1 2 3\n{line}\n").as_bytes());
    assert_eq!(seen.records.len(), 2);
    let at = (header.len() + line.len() + 1) as u64;
    assert_eq!(seen.problems, [("bad_row", at, "line 3 has 3 fields, but the header has 14".to_owned())]);
    let long = "x".repeat(17 << 20);
    let seen = read_chunks([&*format!("{header}{long}"), &*format!("\n{line}")].map(str::as_bytes));
    assert_eq!(
        (seen.records.len(), seen.problems[0].0, seen.problems[0].1),
        (1, "too_large", header.len() as u64)
    );
    assert_eq!(seen.records[0].3, (header.len() + long.len() + 1) as u64);
    for other in [
        "resource-type tgw-id account-id srcaddr dstaddr start end\nTransitGateway tgw-1 1 a b 1 2\n",
        "action start end of the world\n",
        "Version Account-Id Srcaddr\n",
        "srcaddr,dstaddr,action\n1,2,ACCEPT\n",
        "2 111122223333 eni-1 a b 1 2 3 4 5 6 7 MAYBE OK\n",
        "",
        "\n\n",
    ] {
        let seen = read(other.as_bytes());
        assert_eq!(seen.records, [], "{other}");
        assert!(!seen.problems.is_empty(), "{other}");
    }
}

#[test]
fn findings_in_every_envelope() {
    let finding = include_str!("logs/AWSGuardDuty.jsonl").trim();
    let text = serde_json::to_string(finding).expect("text");
    for (form, data) in [
        ("bare", format!("{finding}\n")),
        ("array", format!("[{finding}]")),
        (
            "eventbridge",
            format!(
                r#"{{"version":"0","detail-type":"GuardDuty Finding","source":"aws.guardduty","detail":{finding}}}"#
            ),
        ),
        ("pipeline", format!(r#"{{"message":{text}}}"#)),
        ("records", format!(r#"{{"Records":[{finding}]}}"#)),
    ] {
        let seen = read(data.as_bytes());
        assert_eq!(seen.problems, [], "{form}");
        assert_eq!(
            seen.records.iter().map(|r| (&*r.0, r.1, r.2)).collect::<Vec<_>>(),
            [(finding, Some("AWSGuardDuty"), form)]
        );
    }
}

fn rule(query: &str, every: &str, over: &str) -> RuleFile {
    let lines: String = query.lines().map(|line| format!("  {line}\n")).collect();
    let text = format!(
        "id: 0e1d9c3b-6f1a-4d53-9a0e-0123456789ab\nname: R\ndescription: d\nkind: Scheduled\nseverity: Low\nqueryFrequency: {every}\nqueryPeriod: {over}\ntriggerOperator: gt\ntriggerThreshold: 0\ntactics: [Discovery]\nrelevantTechniques: [T1046]\nquery: |\n{lines}"
    );
    RuleFile { file: "r.yaml".to_owned(), text }
}

/// The windows that alert and how many rows each has, and the codes of what went wrong.
fn scan(rule: &RuleFile, inputs: &[&str], options: Options) -> (Vec<(String, usize)>, Vec<String>) {
    let mut detector =
        Detector::new(std::slice::from_ref(rule), options).unwrap_or_else(|e| panic!("{:?}", e.findings));
    for input in inputs {
        detector.push(input.as_bytes());
        detector.end_input();
    }
    detector.finish();
    let alerts = detector.take_alerts();
    let windows = alerts.iter().map(|a| {
        let window = &a.extended_properties.window;
        (kql::value::datetime::format(window.end), a.extended_properties.row_count)
    });
    let problems = detector.take_problems().into_iter().map(|p| format!("{} {}", p.code, p.message));
    (windows.collect(), problems.collect())
}

/// The clock of a rule over flow logs is the clock of a rule over events: windows, `ago`, grouping, and a schedule that fires on
/// nothing.
#[test]
fn the_clock_of_a_log_is_that_of_events() {
    let times: Vec<i64> = vec![5, 30, 299, 300, 301, 3_599, 3_600, 4_000, 7_300, 20_000, 20_010, 86_300];
    let flows = format!(
        "{HEADER}\n{}\n",
        times.iter().map(|t| flow("192.0.2.1", *t, "ACCEPT")).collect::<Vec<_>>().join("\n")
    );
    let clock = |t: i64| {
        kql::value::datetime::format(
            kql::value::datetime::from_unix_seconds(1_772_323_200 + t).expect("a time"),
        )
    };
    let events: Vec<String> = times.iter().map(|t| event("A", "192.0.2.1", &clock(*t))).collect();
    for query in [
        "TABLE",
        "TABLE | where TimeGenerated > ago(10m)",
        "TABLE | summarize n = count(), oldest = min(TimeGenerated) by bin(TimeGenerated, 5m)",
        "TABLE | summarize n = count() by address = COLUMN | where n > 1",
        "let busy = TABLE | summarize n = count() by bin(TimeGenerated, 1h) | where n > 2; TABLE | extend TimeGenerated = bin(TimeGenerated, 1h) | join kind=inner busy on TimeGenerated",
    ] {
        let mut alerts = 0;
        for (every, over) in [("5m", "5m"), ("1h", "1h"), ("1h", "1d"), ("30m", "2h")] {
            for operator in ["gt", "lt"] {
                let of = |table: &str, column: &str| {
                    let mut rule =
                        rule(&query.replace("TABLE", table).replace("COLUMN", column), every, over);
                    let threshold = if operator == "lt" { 1 } else { 0 };
                    rule.text = rule
                        .text
                        .replace("triggerOperator: gt", &format!("triggerOperator: {operator}"))
                        .replace("triggerThreshold: 0", &format!("triggerThreshold: {threshold}"));
                    rule
                };
                let wanted =
                    scan(&of("AWSCloudTrail", "SourceIpAddress"), &[&events.join("\n")], Options::default());
                let found = scan(&of("AWSVPCFlow", "SrcAddr"), &[&flows], Options::default());
                assert!(wanted.1.is_empty(), "{query} {wanted:?}");
                alerts += wanted.0.len();
                assert_eq!(found, wanted, "{query} every {every} over {over}");
                // Events of another time change nothing.
                let other = event("B", "x", "2026-02-20T00:00:00Z");
                assert_eq!(scan(&of("AWSVPCFlow", "SrcAddr"), &[&other, &flows], Options::default()), wanted);
            }
        }
        assert!(alerts > 10, "{query} {alerts}");
    }
}

/// A detector that finds candidates, and one that concludes from what it hands over, or from the candidates alone, make the alerts of
/// one detector.
#[test]
fn tables_are_joined_and_handed_over() {
    let query = "AWSCloudTrail\n| where EventName == 'DeleteBucket'\n| join kind=inner (AWSVPCFlow | where Action == 'REJECT') on $left.SourceIpAddress == $right.SrcAddr\n| join kind=leftouter (AWSGuardDuty | extend ip = tostring(ServiceDetails.action.awsApiCallAction.remoteIpDetails.ipAddressV4)) on $left.SrcAddr == $right.ip\n| project SourceIpAddress, DstPort, Title";
    let rule = rule(query, "1d", "1d");
    let events = [
        event("DeleteBucket", "203.0.113.9", "2026-03-01T10:10:00Z"),
        event("DeleteBucket", "192.0.2.7", "2026-03-01T10:11:00Z"),
    ]
    .join("\n");
    let flows = format!(
        "{HEADER}\n{}\n{}\n{}\n",
        flow("203.0.113.9", 36_000, "REJECT"),
        flow("192.0.2.7", 36_000, "ACCEPT"),
        flow("203.0.113.9", 90_000, "REJECT")
    );
    let finding = include_str!("logs/AWSGuardDuty.jsonl");
    let inputs = [&*events, &*flows, finding];
    let whole = scan(&rule, &inputs, Options::default());
    assert_eq!(whole, (vec![("2026-03-02T00:00:00.0000000Z".to_owned(), 1)], vec![]));
    let mut turned = inputs;
    turned.reverse();
    assert_eq!(scan(&rule, &turned, Options::default()), whole, "in another order");

    let new = |options| {
        Detector::new(std::slice::from_ref(&rule), options).unwrap_or_else(|e| panic!("{:?}", e.findings))
    };
    let (mut handed, mut kept) = (new(Options::default()), Vec::new());
    for input in inputs {
        for keep in [false, true] {
            let mut reader = new(Options { candidates: true, ..Options::default() });
            reader.push(input.as_bytes());
            reader.end_input();
            match keep {
                true => kept.extend(reader.take_candidates()),
                false => assert_eq!(handed.import_transfer(&reader.export_transfer()), Ok(())),
            }
        }
    }
    handed.finish();
    assert_eq!(handed.take_alerts().len(), 1);
    assert_eq!(handed.take_problems(), []);
    assert_eq!(handed.stats().ingest.tables, [("AWSGuardDuty", 1), ("AWSVPCFlow", 3)]);
    let kept = String::from_utf8(kept).expect("text");
    assert_eq!(scan(&rule, &[&kept], Options { empty_tables: true, ..Options::default() }), whole);
}

/// A rule over a table none of whose logs were given is left out and named; the others run.
#[test]
fn rules_without_their_logs_are_left_out() {
    let flows = format!("{HEADER}\n{}\n", flow("192.0.2.1", 0, "ACCEPT"));
    let left_out = |query: &str, input: &str| scan(&rule(query, "1h", "1h"), &[input], Options::default());
    let none = |tables: &str| (vec![], vec![format!("FP305 no record of {tables} was among the logs")]);
    let events = event("A", "x", "2026-03-01T00:00:00Z");
    assert_eq!(left_out("AWSVPCFlow", &events), none("AWSVPCFlow"));
    assert_eq!(left_out("AWSCloudTrail", &flows), none("AWSCloudTrail"));
    let anti = "AWSCloudTrail | join kind=leftanti AWSVPCFlow on $left.SourceIpAddress == $right.SrcAddr";
    assert_eq!(left_out(anti, &events), none("AWSVPCFlow"));
    assert_eq!(left_out("union AWSGuardDuty, AWSVPCFlow", &events), none("AWSGuardDuty and AWSVPCFlow"));
    // As in Sentinel, and as without the table.
    assert_eq!(left_out("union isfuzzy=true AWSCloudTrail, AWSVPCFlow", &events).0.len(), 1);
    assert_eq!(left_out("union isfuzzy=true AWSCloudTrail, AWSVPCFlow", &flows).0.len(), 1);
    // Nothing was read at all: that is said elsewhere.
    assert_eq!(left_out("AWSVPCFlow", ""), (vec![], vec!["empty the input is empty".to_owned()]));
    // Of a test, or of candidates, a table without records is empty.
    let options = Options { empty_tables: true, ..Options::default() };
    assert_eq!(scan(&rule(anti, "1h", "1h"), &[&events], options).0.len(), 1);
}

/// A filter in a pipeline sees events alone: a rule over another table would never fire there.
#[test]
fn a_filter_refuses_rules_over_other_logs() {
    let refused =
        |query: &str| SingleEventEvaluator::new(&[rule(query, "1h", "1h")]).err().map(|e| e.findings[0].code);
    assert_eq!(refused("AWSCloudTrail"), None);
    assert_eq!(refused("AWSVPCFlow"), Some("KS204"));
    assert!(SingleEventEvaluator::new(&[]).is_ok_and(|built_in| !built_in.is_empty()));
}

#[test]
fn a_table_that_is_given_stands_for_the_log() {
    let given = NamedTable::read(
        "AWSVPCFlow",
        "TimeGenerated:datetime, SrcAddr:string",
        b"TimeGenerated,SrcAddr\n2026-03-01T00:00:01Z,1.1.1.1\n",
        false,
    );
    let context = Context::of_tables(vec![given.unwrap_or_else(|e| panic!("{:?}", e.findings))]);
    let flows = format!("{HEADER}\n{}\n{}\n", flow("192.0.2.1", 0, "ACCEPT"), flow("192.0.2.1", 1, "ACCEPT"));
    let of = |query: &str| {
        let mut run = QueryRun::new(query, 0, &context).unwrap_or_else(|e| panic!("{e:?}"));
        run.push(flows.as_bytes());
        let rows = run.result().expect("an answer").rows;
        (
            rows.iter().flatten().map(text::scalar).collect::<Vec<_>>().join(" "),
            run.take_problems().into_iter().map(|p| p.message).collect::<Vec<_>>(),
        )
    };
    let said = "the table AWSVPCFlow was given; the records of it among the logs are not read".to_owned();
    assert_eq!(of("AWSVPCFlow | project SrcAddr"), ("1.1.1.1".to_owned(), vec![said]));
    assert_eq!(
        of("AWSGuardDuty | count"),
        ("0".to_owned(), vec!["no record of AWSGuardDuty was among the logs".to_owned()])
    );
}

#[test]
fn queries_read_many_tables() {
    let flows =
        format!("{HEADER}\n{}\n{}\n", flow("192.0.2.1", 0, "ACCEPT"), flow("192.0.2.2", 60, "REJECT"));
    let events = event("A", "192.0.2.2", "2026-03-01T00:00:00Z");
    let of = |query: &str| {
        let mut runs =
            [QueryRun::new(query, 0, &Context::default()), QueryRun::reader(query, 0, &Context::default())]
                .map(|r| r.unwrap_or_else(|e| panic!("{e:?}")));
        let [alone, reader] = &mut runs;
        for input in [&flows, &events] {
            for run in [&mut *alone, &mut *reader] {
                run.push(input.as_bytes());
                run.end_input();
            }
        }
        let mut taking = QueryRun::new(query, 0, &Context::default()).unwrap_or_else(|e| panic!("{e:?}"));
        assert_eq!(taking.import_transfer(&reader.export_transfer()), Ok(()));
        let [a, b] = [alone, &mut taking].map(|run| {
            let rows = run.result().expect("an answer").rows;
            rows.iter().map(|r| r.iter().map(text::scalar).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
        });
        assert_eq!(a, b, "{query}");
        a.join("|")
    };
    assert_eq!(
        of("AWSVPCFlow | summarize sum(Bytes), dcount(SrcAddr), min(Start), max(End)"),
        "80 2 2026-03-01T00:00:00.0000000Z 2026-03-01T00:01:30.0000000Z"
    );
    assert_eq!(
        of("AWSVPCFlow | where SrcAddr in ((AWSCloudTrail | project SourceIpAddress)) | project Action"),
        "REJECT"
    );
    assert_eq!(
        of("union withsource=t AWSCloudTrail, AWSVPCFlow | summarize count() by t | sort by t asc"),
        "AWSCloudTrail 1|AWSVPCFlow 2"
    );
    assert_eq!(of("AWSVPCFlow | where TimeGenerated == Start | count"), "2");
}

#[test]
fn cloudwatch_exports_are_messages_with_times() {
    let time = "2026-03-01T10:00:00.000Z";
    let (event, app) = (event("A", "x", "2026-03-01T00:00:00Z"), r#"{"level":"info","msg":"hello"}"#);
    let data = format!(
        "{time} first\n{time} trace\n\tat main\n\n  at end\n{time} {event}\n{time} {}\n{time} {app}\n{time}\n{time} last",
        flow("192.0.2.1", 0, "ACCEPT")
    );
    let seen = read(data.as_bytes());
    assert_eq!(seen.problems, []);
    let log = Log::named("AWSCloudWatch").expect("a table");
    let shown: Vec<String> = seen
        .records
        .iter()
        .map(|(raw, table, ..)| match table {
            Some("AWSCloudWatch") => cell(log, raw, "Message"),
            Some(table) => (*table).to_owned(),
            None => "an event".to_owned(),
        })
        .collect();
    let app = format!("{app:?}");
    assert_eq!(
        shown,
        [
            "\"first\"",
            "\"trace\\n\\tat main\\n\\n  at end\"",
            "an event",
            "AWSVPCFlow",
            &*app,
            "\"\"",
            "\"last\""
        ]
    );
    assert_eq!(read(format!("{time} x\n").as_bytes()).records.len(), 1);
    // Times of other precision are other logs'.
    assert_eq!(
        read(b"2026-03-01T10:00:00.123456Z my-elb 192.0.2.1:1 10.0.0.1:80 0 0 0 200 200 0 0\n").records,
        []
    );
}

#[test]
fn requests_of_buckets() {
    let line = include_str!("logs/AWSS3ServerAccess.log").trim_end();
    let least = line.splitn(24, ' ').take(23).collect::<Vec<_>>().join(" ");
    let log = Log::named("AWSS3ServerAccess").expect("a table");
    let data = format!("{line}\nnot a request\n{line} eu-west-1 more\n{least}\n");
    let seen = read(data.as_bytes());
    assert_eq!(seen.records.len(), 3, "{seen:?}");
    assert_eq!(
        seen.problems,
        [("bad_row", line.len() as u64 + 1, "line 2 is no request of a bucket: it has 3 fields".to_owned())]
    );
    let [whole, longer, least] = &*seen.records else { panic!("three") };
    assert_eq!(cell(log, &least.0, "UserAgent"), cell(log, &whole.0, "UserAgent"));
    assert_eq!(cell(log, &least.0, "SignatureVersion"), "\"\"");
    assert_eq!(cell(log, &longer.0, "ACLRequired"), "\"Yes\"");
    let dashes = format!(
        "{} b [01/Mar/2026:10:00:38 +0200] - - R OP - \"-\" - - - - - - \"-\" \"-\" -",
        "a".repeat(64)
    );
    let seen = read(dashes.as_bytes());
    let of = |column: &str| cell(log, &seen.records[0].0, column);
    assert_eq!(
        [of("HttpStatus"), of("Key"), of("Referer"), of("TimeGenerated")],
        ["null", "\"-\"", "\"-\"", "2026-03-01T08:00:38.0000000Z"]
    );
}

/// Findings as the APIs give them, and several in one event.
#[test]
fn findings_of_apis_and_events() {
    let hub = Log::named("AWSSecurityHubFindings").expect("a table");
    let event = include_str!("logs/AWSSecurityHubFindings.json").trim();
    let finding = event
        .split_once("[{\"SchemaVersion\"")
        .map(|(_, rest)| format!("{{\"SchemaVersion\"{}", rest.trim_end_matches("]}}")))
        .expect("a finding");
    let times = |data: &str| -> Vec<String> {
        let seen = read(data.as_bytes());
        assert_eq!(seen.problems, [], "{data}");
        seen.records.iter().map(|r| cell(hub, &r.0, "TimeGenerated")).collect()
    };
    let two = event.replace("\"findings\":[", &format!("\"findings\":[{finding},"));
    let (sent, updated) = ("2026-03-01T10:30:00.0000000Z", "2026-03-01T10:25:00.0000000Z");
    assert_eq!(times(&two), [sent, sent]);
    assert_eq!(times(&format!("{{\"Findings\":[{finding}]}}")), [updated]);
    assert_eq!(times(&format!("{event}\n{finding}\n{event}")), [sent, updated, sent]);
    let quoted = serde_json::to_string(event).expect("text");
    assert_eq!(times(&format!("{{\"Type\":\"Notification\",\"Message\":{quoted}}}")), [sent]);

    let exported: serde_json::Value =
        serde_json::from_str(include_str!("logs/AWSGuardDuty.jsonl")).expect("JSON");
    fn api(value: &serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Object(members) => members
                .iter()
                .map(|(key, value)| {
                    let mut letters = key.chars();
                    let large = letters.next().map(|c| c.to_ascii_uppercase());
                    (large.into_iter().chain(letters).collect::<String>(), api(value))
                })
                .collect::<serde_json::Map<_, _>>()
                .into(),
            serde_json::Value::Array(items) => items.iter().map(api).collect(),
            other => other.clone(),
        }
    }
    let seen = read(format!("{{\"Findings\":[{}]}}", api(&exported)).as_bytes());
    let [(raw, Some("AWSGuardDuty"), ..)] = &*seen.records else { panic!("{seen:?}") };
    assert_eq!(serde_json::from_str::<serde_json::Value>(raw).expect("JSON"), exported);
    let deep = format!(
        r#"{{"SchemaVersion":"2","AccountId":"1","Resource":{{}},"Service":{}1{}}}"#,
        "[".repeat(60),
        "]".repeat(60)
    );
    assert_eq!(read(deep.as_bytes()).problems.len(), 1);
}

/// Whatever a record holds, its columns are values of their types, or missing.
#[test]
fn hostile_records_have_columns() {
    let values = [
        "null",
        "true",
        "-1",
        "1e999",
        "\"\"",
        "[]",
        "[[[{}]]]",
        "{\"a\":NaN}",
        "\"\\ud800\"",
        "99999999999999999999",
        "\"9223372036854775807\"",
    ];
    for log in Log::all() {
        let table = log.table();
        for value in values {
            let keys = table.columns.iter().flat_map(|c| c.origin.paths()).map(|path| path[0]);
            let members: Vec<String> = keys.map(|key| format!("{key:?}:{value}")).collect();
            let raw = format!("{{\"Type\":\"{}\",{}}}", table.name, members.join(","));
            for cut in [raw.len(), raw.len() / 2, 1] {
                let row = LogRow::new(log, &raw.as_bytes()[..cut]);
                for column in table.columns {
                    let found = row.named(column.name);
                    assert!(
                        found.is_null() || found.fits(column.ty),
                        "{}.{} of {value}: {found:?}",
                        table.name,
                        column.name
                    );
                }
                row.time();
            }
        }
    }
}

/// Of each table a rule that fires on the sample and stays quiet on what is nearly the same.
#[test]
fn a_rule_of_each_table_fires_and_a_near_miss_does_not() {
    let cases = [
        ("AWSCloudWatch", "Message has 'RequestId'", "RequestId", "RequestIds"),
        (
            "AWSGuardDuty",
            "Severity >= 5 and tostring(ResourceDetails.accessKeyDetails.userName) == 'eve'",
            "\"severity\":5.3",
            "\"severity\":4.9",
        ),
        (
            "AWSNetworkFirewallAlert",
            "VerdictAction == 'drop' and Sni endswith '.example'",
            "\"action\":\"drop\"",
            "\"action\":\"pass\"",
        ),
        ("AWSNetworkFirewallFlow", "Syn and tolong(NetFlowBytes) > 3000", "\"bytes\":3456", "\"bytes\":2999"),
        ("AWSNetworkFirewallTls", "Status == 'REVOKED'", "REVOKED", "UNKNOWN"),
        (
            "AWSRoute53Resolver",
            "isnotempty(FirewallRuleAction) and QueryName endswith '.example.'",
            "bad.example.",
            "bad.examples.",
        ),
        ("AWSS3ServerAccess", "HttpStatus == 403 and Operation == 'REST.GET.OBJECT'", " 403 ", " 404 "),
        (
            "AWSSecurityHubFindings",
            "RecordState == 'ACTIVE' and ComplianceStatus == 'FAILED' and array_length(Resources) == 1",
            "\"FAILED\"",
            "\"PASSED\"",
        ),
        (
            "AWSVPCFlow",
            "DstPort == 443 and Bytes > 3000000000 and FlowDirection == 'egress'",
            " 443 ",
            " 80 ",
        ),
        (
            "AWSWAF",
            "Action == 'BLOCK' and Args contains 'OR' and TimeGenerated > ago(1h)",
            "OR%201",
            "0R%201",
        ),
    ];
    assert_eq!(cases.map(|case| case.0), TABLES.map(|table| table.name));
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/logs");
    for (table, condition, from, to) in cases {
        let path = ["jsonl", "json", "log"].map(|ending| format!("{folder}/{table}.{ending}"));
        let sample = path.iter().find_map(|path| std::fs::read_to_string(path).ok()).expect("a sample");
        let rule = rule(&format!("{table}\n| where {condition}"), "1h", "1h");
        let fired = scan(&rule, &[&sample], Options::default());
        assert_eq!((fired.0.len(), &fired.1), (1, &vec![]), "{table}");
        assert!(sample.contains(from), "{table}");
        assert_eq!(
            scan(&rule, &[&sample.replace(from, to)], Options::default()),
            (vec![], vec![]),
            "{table}"
        );
    }
}

/// `docs/tables.md` is written from the tables. `FOREPOST_BLESS=1 cargo test --test logs` writes it anew.
#[test]
fn the_page_of_tables_is_fresh() {
    let sure = |certainty: Certainty| match certainty {
        Certainty::High => "high",
        Certainty::Medium => "medium",
        Certainty::Low => "low",
    };
    let from = |column: &LogColumn| {
        let paths = column
            .origin
            .paths()
            .iter()
            .map(|path| format!("`{}`", path.join(".")))
            .collect::<Vec<_>>()
            .join(", or ");
        match column.origin {
            Origin::Absent => "nothing: always empty".to_owned(),
            Origin::TableName => "the table's name".to_owned(),
            Origin::Whole(key) => format!("the record, in `{{\"{key}\":[…]}}`"),
            Origin::Seconds(_) => format!("{paths}, seconds since 1970"),
            Origin::Milliseconds(_) => format!("{paths}, milliseconds since 1970"),
            Origin::Field(_) | Origin::FirstOf(_) | Origin::AccessTime(_) => paths,
        }
    };
    let mut page = include_str!("logs/tables-head.md").to_owned();
    for table in TABLES {
        page += &format!(
            "\n## {}\n\n{} {}\n\n| Column | Type | From | Certainty |\n|---|---|---|---|\n",
            table.name, table.doc, table.source
        );
        for c in table.columns {
            page += &format!("| {} | {} | {} | {} |\n", c.name, c.ty.name(), from(c), sure(c.certainty));
        }
    }
    page += "\n## AWSCloudTrail\n\nThe events of CloudTrail, and rows of the table. `forepost schema` says where in an event each column is.\n\n| Column | Type | What it is | Certainty |\n|---|---|---|---|\n";
    for c in aws_cloudtrail::columns() {
        page += &format!("| {} | {} | {} | {} |\n", c.name, c.ty.name(), c.doc, sure(c.certainty));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tables.md");
    if std::env::var_os("FOREPOST_BLESS").is_some() {
        std::fs::write(path, &page).expect("it can be written");
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(there == page, "docs/tables.md is stale: FOREPOST_BLESS=1 cargo test --test logs");
}
