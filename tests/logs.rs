//! The tables of AWS's other logs: their forms, their columns, their clock, and rules over them.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

#[path = "logs/forms.rs"]
mod forms;
#[path = "logs/rules.rs"]
mod rules;

use cloudtrail::source::{Problem, Record, Sink, Source};
use cloudtrail::table::aws_cloudtrail::{self, Certainty};
use cloudtrail::table::log_row::LogRow;
use cloudtrail::table::logs::{Log, LogColumn, Origin, TABLES};
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
