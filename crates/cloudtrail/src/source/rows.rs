//! Tables that people export, as CSV or as a query's result in JSON: each row to an event.

use super::csv::{Csv, CsvRow, column_name, is_in_utc, row_to_json};
use super::dates::{self, Date, Order};
use super::envelope::{Envelope, member, unquoted};
use super::reader::Reader;
use super::row::{Form, event_of};
use super::unpack::{BOM, begins_json};

use kql::value::datetime;
use kql::value::json::{self, Items};
use std::borrow::Cow;

/// How many bytes of rows wait for one whose date shows which number is the day.
const MAX_HELD: usize = 32 << 20;
/// How many columns are named.
const NAMED: usize = 6;
/// What a CSV file separates its fields with, the usual first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// A CSV file whose columns are known.
pub struct CsvRows {
    csv: Csv,
    table: Table,
}

impl CsvRows {
    /// The reader of a CSV file if its first line names columns that are known.
    pub fn of(line: &[u8], offset: u64) -> Option<CsvRows> {
        DELIMITERS.iter().filter(|delimiter| separates(**delimiter, line)).find_map(|delimiter| {
            let csv = header(line, offset, *delimiter);
            let form = Form::of(csv.header())?;
            Some(CsvRows { table: Table::new(form, csv.header(), Envelope::Csv), csv })
        })
    }

    /// Reads on.
    pub fn push(&mut self, chunk: &[u8], reader: &mut Reader<'_>) {
        let table = &mut self.table;
        self.csv.push(chunk, &mut |offset, line, row| table.csv_row(offset, line, row, reader));
    }

    /// The file ended.
    pub fn finish(&mut self, reader: &mut Reader<'_>) {
        let table = &mut self.table;
        self.csv.finish(&mut |offset, line, row| table.csv_row(offset, line, row, reader));
        self.table.finish(self.csv.header(), reader);
    }
}

/// Whether this line only says to Excel what separates the fields: `sep=;`.
pub fn is_hint(line: &[u8]) -> bool {
    line.trim_ascii_end().strip_prefix(b"sep=").is_some_and(|rest| rest.len() <= 1)
}

/// Whether it is worth to look: to make a reader costs more than to read a line.
fn separates(delimiter: u8, line: &[u8]) -> bool {
    let alone = || delimiter == DELIMITERS[0] && line.len() <= 64 && line.is_ascii();
    memchr::memchr(delimiter, line).is_some() || alone() && line.iter().any(u8::is_ascii_alphabetic)
}

fn header(line: &[u8], offset: u64, delimiter: u8) -> Csv {
    let mut csv = Csv::with_delimiter(offset, delimiter);
    csv.push(line, &mut |_, _, _| {});
    csv
}

/// Whether the first line could be the header of a CSV file; if so, what it separates its fields with.
fn delimiter(line: &[u8]) -> Option<(u8, Vec<String>)> {
    let named = |name: &String| {
        (1..=64).contains(&name.chars().count())
            && !name.contains(['{', '<', '\u{fffd}'])
            && !name.chars().any(char::is_control)
    };
    let separates = |delimiter: &&u8| memchr::memchr(**delimiter, line).is_some();
    // Lines of other logs have `|` too.
    DELIMITERS.iter().filter(|d| **d != b'|').filter(separates).find_map(|delimiter| {
        let csv = header(line, 0, *delimiter);
        (csv.header().len() >= 2 && csv.header().iter().all(named))
            .then(|| (*delimiter, csv.header().to_vec()))
    })
}

/// Whether a file that begins with these lines is CSV, of whatever columns.
pub enum Unknown {
    /// It is, and this is what is wrong with it.
    Csv(String),
    /// Its second row goes on.
    More,
    /// It is not.
    No,
}

/// Looks at the first lines of a file whose columns are not known: a second row that has as many fields as the first
/// makes it a CSV file. `end`: there is no more of it.
pub fn unknown_csv(lines: &[u8], end: bool) -> Unknown {
    let lines = lines.strip_prefix(&BOM).unwrap_or(lines);
    let header_end = memchr::memchr(b'\n', lines).map_or(lines.len(), |n| n + 1);
    let (first, rest) = lines.split_at(header_end);
    let Some((delimiter, names)) = delimiter(first).filter(|_| !begins_json(rest)) else {
        return Unknown::No;
    };
    let mut row = header(rest, 0, delimiter);
    if end {
        row.finish(&mut |_, _, _| {});
    }
    match row.header().len() {
        0 if !end => Unknown::More,
        n if n == names.len() => {
            Unknown::Csv(format!("a CSV file without columns of AWSCloudTrail ({})", it_has(&names)))
        }
        _ => Unknown::No,
    }
}

/// The first names, for people.
fn it_has(names: &[String]) -> String {
    let first: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    let more = if names.len() > NAMED { ", …" } else { "" };
    format!("it has {}{more}", first.join(", "))
}

/// Rows with the same columns.
struct Table {
    form: Form,
    envelope: Envelope,
    /// The columns that hold times.
    dates: Vec<usize>,
    order: Option<Order>,
    /// Rows that wait for the order.
    held: Vec<(u64, u64, Vec<Vec<u8>>)>,
    held_bytes: usize,
    begun: bool,
    /// The rest is of no use, and that is said.
    shut: bool,
}

impl Table {
    fn new(form: Form, names: &[String], envelope: Envelope) -> Table {
        let is_date = |name: &str| {
            let name = column_name(name);
            name == "TimeGenerated" || name == "SessionCreationDate"
        };
        let dates =
            names.iter().enumerate().filter(|(_, name)| form == Form::Row && is_date(name)).map(|(n, _)| n);
        Table {
            dates: dates.collect(),
            form,
            envelope,
            order: None,
            held: Vec::new(),
            held_bytes: 0,
            begun: false,
            shut: false,
        }
    }

    fn csv_row(&mut self, offset: u64, line: u64, row: CsvRow<'_>, reader: &mut Reader<'_>) {
        match row {
            CsvRow::Fields { names, fields } => self.row(offset, line, names, fields, reader),
            _ if self.shut => {}
            CsvRow::Uneven { has, wants } => {
                let message = format!("line {line} has {has} fields, but the header has {wants}");
                reader.report_at(offset, "bad_row", message);
            }
            CsvRow::TooLarge => {
                reader.report_at(offset, "too_large", format!("line {line} is larger than 16 MiB"));
            }
        }
    }

    fn row(&mut self, offset: u64, line: u64, names: &[String], fields: &[Vec<u8>], reader: &mut Reader<'_>) {
        if !std::mem::replace(&mut self.begun, true) {
            self.begin(offset, names, fields, reader);
        }
        if self.shut {
            return;
        }
        if self.order.is_none() && !self.dates.is_empty() {
            let mut either = false;
            for n in &self.dates {
                match fields.get(*n).map(|field| dates::read(&json::lossy(field), None)) {
                    Some(Date::Time(_, Some(order))) => self.order = self.order.or(Some(order)),
                    Some(Date::Either) => either = true,
                    _ => {}
                }
            }
            if self.order.is_none() && (either || !self.held.is_empty()) {
                let size = |field: &Vec<u8>| field.len() + size_of::<Vec<u8>>();
                self.held_bytes += fields.iter().map(size).sum::<usize>() + size_of::<(u64, u64, Vec<u8>)>();
                self.held.push((offset, line, fields.to_vec()));
                if self.held_bytes > MAX_HELD {
                    self.settle(names, reader);
                }
                return;
            }
            self.emit_held(names, reader);
        }
        self.emit(offset, line, names, fields, reader);
    }

    /// What is to be said of the table as a whole, with its first row.
    fn begin(&mut self, offset: u64, names: &[String], fields: &[Vec<u8>], reader: &mut Reader<'_>) {
        let zoned =
            |name: &&String| name.starts_with("TimeGenerated [") && column_name(name) != "TimeGenerated";
        let generic = |name: &String| ["event", "message"].contains(&name.trim().to_lowercase().as_str());
        match &self.form {
            Form::Row => {
                if let Some(name) = names.iter().find(zoned) {
                    let message = format!(
                        "the times of the rows are not in UTC (the column '{name}'); export them again with the time zone UTC"
                    );
                    reader.report_at(offset, "bad_time", message);
                    self.shut = true;
                }
            }
            Form::Whole(n) if names.get(*n).is_some_and(generic) => {
                if !fields.get(*n).is_some_and(|field| begins_json(field)) {
                    reader.stranger(
                        offset,
                        &format!("a table without columns of AWSCloudTrail ({})", it_has(names)),
                    );
                    self.shut = true;
                }
            }
            Form::Whole(_) => {}
            Form::Fields(_) => {
                let missing = self.form.missing();
                if !missing.is_empty() {
                    let message = format!(
                        "the table has no column for {}; rules that read it find nothing; export whole events as JSON",
                        missing.join(", ")
                    );
                    reader.report_at(offset, "partial", message);
                }
            }
        }
    }

    fn emit(
        &mut self,
        offset: u64,
        line: u64,
        names: &[String],
        fields: &[Vec<u8>],
        reader: &mut Reader<'_>,
    ) {
        match &self.form {
            Form::Row => {
                // Most rows have their times as they are read.
                let mut fields = Cow::Borrowed(fields);
                for n in &self.dates {
                    let text = fields.get(*n).map(|field| json::lossy(field.as_slice()).into_owned());
                    let Some(text) = text else { continue };
                    let time = match dates::read(&text, self.order) {
                        Date::Time(ticks, _) => datetime::format(ticks).into_bytes(),
                        Date::Other | Date::Either => continue,
                        Date::Wrong => {
                            let shown: String = text.chars().take(40).collect();
                            let message = format!(
                                "line {line}: '{shown}' is not a time as the rest of the column is written"
                            );
                            reader.report_at(offset, "bad_time", message);
                            Vec::new()
                        }
                    };
                    if let Some(field) = fields.to_mut().get_mut(*n) {
                        *field = time;
                    }
                }
                let raw = row_to_json(names, &fields);
                reader.row(raw.as_bytes(), offset, self.envelope);
            }
            Form::Whole(n) => {
                let text = fields.get(*n).map(|field| json::lossy(field.as_slice())).unwrap_or_default();
                if text.trim().is_empty() {
                    reader.stranger(offset, "a row whose column of events is empty");
                } else {
                    reader.text(&text, offset, self.envelope);
                }
            }
            Form::Fields(columns) => {
                let (raw, unread) =
                    event_of(columns, fields.iter().map(|field| json::lossy(field.as_slice())));
                for column in unread {
                    let message = format!(
                        "line {line}: the column {column} cannot be told apart as Athena writes it; the event is read without it"
                    );
                    reader.report_at(offset, "bad_row", message);
                }
                reader.row(raw.as_bytes(), offset, self.envelope);
            }
        }
    }

    fn emit_held(&mut self, names: &[String], reader: &mut Reader<'_>) {
        for (offset, line, fields) in std::mem::take(&mut self.held) {
            self.emit(offset, line, names, &fields, reader);
        }
    }

    /// No row showed which number is the day: all of them are as the portal writes them where the month comes first, or none is read.
    fn settle(&mut self, names: &[String], reader: &mut Reader<'_>) {
        let american = |(_, _, fields): &(u64, u64, Vec<Vec<u8>>)| {
            self.dates.iter().all(|n| {
                let Some(text) = fields.get(*n).map(|field| json::lossy(field.as_slice())) else {
                    return true;
                };
                let in_utc = names.get(*n).is_some_and(|name| is_in_utc(name));
                dates::read(&text, None) != Date::Either || in_utc && dates::is_american(&text)
            })
        };
        if self.held.iter().all(american) {
            self.order = Some(Order::MonthFirst);
            self.emit_held(names, reader);
        } else {
            self.refuse(names, reader);
        }
    }

    fn refuse(&mut self, names: &[String], reader: &mut Reader<'_>) {
        let held = std::mem::take(&mut self.held);
        self.shut = true;
        let Some((offset, line, fields)) = held.first() else { return };
        let either = |n: &&usize| {
            fields.get(**n).is_some_and(|f| dates::read(&json::lossy(f.as_slice()), None) == Date::Either)
        };
        let column = self.dates.iter().find(either).copied().unwrap_or_default();
        let shown: String = fields
            .get(column)
            .map(|f| json::lossy(f.as_slice()))
            .unwrap_or_default()
            .chars()
            .take(40)
            .collect();
        let name = names.get(column).map(|name| column_name(name)).unwrap_or_default();
        let message = format!(
            "line {line}: '{shown}' could have the day first or the month, and no {name} shows which; Forepost reads none of the \
             {} rows; write the column with format_datetime({name}, 'yyyy-MM-ddTHH:mm:ssZ') in the query and export again",
            held.len()
        );
        reader.report_at(*offset, "bad_time", message);
    }

    fn finish(&mut self, names: &[String], reader: &mut Reader<'_>) {
        self.settle(names, reader);
    }
}

/// The forms in which services give a query's result as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Result {
    /// `{"tables":[{"columns":[…],"rows":[[…]]}]}`: Log Analytics.
    Tables,
    /// `{"columns":[…],"rows":[[…]]}`, or `fields` in Splunk.
    Rows,
    /// `{"QueryResultRows":[[{"NAME":VALUE}]]}`: CloudTrail Lake.
    Lake,
    /// `{"ResultSet":{"Rows":[{"Data":[{"VarCharValue":…}]}]}}`: Athena.
    Athena,
}

/// Reads a query's result.
pub fn result(form: Result, raw: &[u8], offset: u64, reader: &mut Reader<'_>) {
    let any =
        |object: &'_ [u8], keys: &[&str]| keys.iter().find_map(|key| member(object, key).map(<[u8]>::to_vec));
    match form {
        Result::Tables => {
            for table in items(any(raw, &["tables", "Tables"]).as_deref()) {
                result(Result::Rows, table, offset, reader);
            }
        }
        Result::Rows => {
            let columns = any(raw, &["columns", "Columns", "fields"]);
            let names: Vec<String> = items(columns.as_deref())
                .map(|column| match column.first() {
                    Some(b'{') => any(column, &["name", "ColumnName"]).map(|name| cell(&name)),
                    _ => Some(cell(column)),
                })
                .map(|name| name.map(|name| json::lossy(name).into_owned()).unwrap_or_default())
                .collect();
            let rows = any(raw, &["rows", "Rows"]);
            let rows =
                items(rows.as_deref()).map(|row| (names.clone(), items(Some(row)).map(cell).collect()));
            table(rows, offset, reader);
        }
        Result::Lake => {
            let rows = any(raw, &["QueryResultRows"]);
            let rows = items(rows.as_deref()).map(|row| {
                let cells = items(Some(row)).filter_map(|item| Items::open(item)?.next()?.ok());
                cells.map(|(name, value)| (json::unescape(name).into_owned(), cell(value))).unzip()
            });
            table(rows, offset, reader);
        }
        Result::Athena => {
            let rows = member(raw, "ResultSet").and_then(|set| member(set, "Rows"));
            let mut rows = items(rows).map(|row| {
                items(member(row, "Data"))
                    .map(|cell_| member(cell_, "VarCharValue").map(cell).unwrap_or_default())
                    .collect::<Vec<_>>()
            });
            let names: Vec<String> = rows
                .next()
                .unwrap_or_default()
                .iter()
                .map(|name| json::lossy(name.as_slice()).into_owned())
                .collect();
            table(rows.map(|row| (names.clone(), row)), offset, reader);
        }
    }
}

fn items(list: Option<&[u8]>) -> impl Iterator<Item = &[u8]> {
    let items = list.and_then(Items::open).filter(|items| !items.is_object());
    items.into_iter().flatten().map_while(std::result::Result::ok).map(|(_, value)| value)
}

/// A value as CSV would have it.
fn cell(value: &[u8]) -> Vec<u8> {
    match value {
        b"null" => Vec::new(),
        [b'"', ..] => json::unescape(unquoted(value)).into_owned().into_bytes(),
        _ => json::minify(value).into_owned(),
    }
}

/// Rows of the same columns, each with their names.
fn table(rows: impl Iterator<Item = (Vec<String>, Vec<Vec<u8>>)>, offset: u64, reader: &mut Reader<'_>) {
    let mut current: Option<(Vec<String>, Table)> = None;
    for (n, (names, fields)) in rows.enumerate() {
        if current.as_ref().is_none_or(|(known, _)| *known != names) {
            if let Some((names, mut table)) = current.take() {
                table.finish(&names, reader);
            }
            let Some(form) = Form::of(&names) else {
                return reader.stranger(
                    offset,
                    &format!("a table without columns of AWSCloudTrail ({})", it_has(&names)),
                );
            };
            let table = Table::new(form, &names, Envelope::Table);
            current = Some((names, table));
        }
        if let Some((names, table)) = &mut current {
            table.row(offset, n as u64 + 1, names, &fields, reader);
        }
    }
    if let Some((names, mut table)) = current {
        table.finish(&names, reader);
    }
}
