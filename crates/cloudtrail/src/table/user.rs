//! A table that a user declares: its columns, and its rows from NDJSON or CSV.

use super::aws_cloudtrail::read_datetime;
use crate::source::csv::{Csv, CsvRow, column_name, is_in_utc};
use crate::source::dates::{self, Date, Order};
use kql::value::json::{self, Items};
use kql::value::{Column, Type, Value, convert};
use std::borrow::Cow;
use std::ops::Range;

/// How many columns a table may have; Log Analytics allows 500.
pub const MAX_COLUMNS: usize = 500;

/// A table in memory.
#[derive(Clone, Debug, Default)]
pub struct UserTable {
    /// Names and types.
    pub columns: Vec<Column>,
    /// A value for each column. A missing text is empty, anything else that is missing is null.
    pub rows: Vec<Vec<Value>>,
}

/// A line that is no row, or a value that is not of its column's type (it is then missing).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineProblem {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong.
    pub message: String,
}

/// A part of a schema that declares no column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaProblem {
    /// Which bytes of the schema's text.
    pub at: Range<usize>,
    /// What is wrong.
    pub message: String,
}

/// Reads `name:type, name:type …`. Every problem is reported, with its place in the text.
pub fn parse_schema(text: &str) -> Result<Vec<Column>, Vec<SchemaProblem>> {
    let mut columns: Vec<Column> = Vec::new();
    let mut problems = Vec::new();
    let mut at = 0;
    for part in text.split(',') {
        let start = at + (part.len() - part.trim_start().len());
        let place = start..start + part.trim().len();
        at += part.len() + 1;
        if columns.len() + problems.len() >= MAX_COLUMNS {
            problems.push(SchemaProblem {
                at: place,
                message: format!("the schema has more than {MAX_COLUMNS} columns"),
            });
            break;
        }
        match schema_column(part.trim()) {
            Ok(column) if columns.iter().any(|c| c.name == column.name) => {
                let message = format!("duplicate column {}", column.name);
                problems.push(SchemaProblem { at: place, message });
            }
            Ok(column) => columns.push(column),
            Err(message) => problems.push(SchemaProblem { at: place, message }),
        }
    }
    if problems.is_empty() { Ok(columns) } else { Err(problems) }
}

fn schema_column(part: &str) -> Result<Column, String> {
    let (name, ty) =
        part.split_once(':').ok_or_else(|| format!("invalid column '{part}'; write name:type"))?;
    let (name, ty) = (name.trim(), ty.trim());
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(fits) || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(format!("invalid column name '{name}'"));
    }
    Type::from_name(ty).map(|ty| Column::new(name, ty)).ok_or_else(|| {
        format!(
            "unknown type '{ty}' (bool, datetime, decimal, dynamic, guid, int, long, real, string, timespan)"
        )
    })
}

impl UserTable {
    /// Reads the rows: NDJSON if the text begins with `{`, otherwise CSV whose header names the columns, in any order. Rows without
    /// any of the columns are a problem; so is a header that lacks one, unless the table is `partial`.
    pub fn read(columns: Vec<Column>, bytes: &[u8], partial: bool) -> (UserTable, Vec<LineProblem>) {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut table = UserTable { columns, rows: Vec::new() };
        let mut problems = Vec::new();
        if bytes.trim_ascii_start().starts_with(b"{") {
            table.read_ndjson(bytes, &mut problems);
        } else {
            table.read_csv(bytes, partial, &mut problems);
        }
        (table, problems)
    }

    fn read_ndjson(&mut self, bytes: &[u8], problems: &mut Vec<LineProblem>) {
        // Names that no row has are another table's.
        let (mut first, mut known) = (None, false);
        for (n, line) in bytes.split(|b| *b == b'\n').enumerate() {
            let text = line.trim_ascii();
            if text.is_empty() {
                continue;
            }
            let line = n as u64 + 1;
            match self.json_row(text, line, problems) {
                Ok((row, named)) => {
                    first.get_or_insert(line);
                    known |= named;
                    self.rows.push(row);
                }
                Err(message) => problems.push(LineProblem { line, message }),
            }
        }
        if let Some(line) = first.filter(|_| !known) {
            let message = format!("no row has any of the columns: {}", names_of(&self.columns));
            problems.push(LineProblem { line, message });
        }
    }

    /// A row, and whether the object has a column of the table.
    fn json_row(
        &self,
        text: &[u8],
        line: u64,
        problems: &mut Vec<LineProblem>,
    ) -> Result<(Vec<Value>, bool), String> {
        let mut named = false;
        let mut items = Items::open(text).filter(Items::is_object).ok_or("not a JSON object")?;
        let mut row: Vec<Value> = self.columns.iter().map(|c| c.ty.missing()).collect();
        for item in items.by_ref() {
            let (key, raw) = item.map_err(|e| e.to_string())?;
            let key = json::unescape(key);
            let found = self.columns.iter().zip(&mut row).find(|(c, _)| *c.name == *key);
            if let Some((column, slot)) = found {
                named = true;
                *slot = json_value(raw, column, line, problems)?;
            }
        }
        match text.get(items.offset()) {
            Some(_) => Err(format!("unexpected text after the object at byte {}", items.offset())),
            None => Ok((row, named)),
        }
    }

    fn read_csv(&mut self, bytes: &[u8], partial: bool, problems: &mut Vec<LineProblem>) {
        let mut csv = Csv::at(0);
        // Which column each field is for, known with the first row.
        let mut places: Option<Vec<Option<usize>>> = None;
        let (columns, rows) = (&self.columns, &mut self.rows);
        let order = date_order(columns, bytes);
        let mut take = |_: u64, line: u64, row: CsvRow<'_>| match row {
            CsvRow::Fields { names, fields } => {
                let places = places.get_or_insert_with(|| places_of(names, columns));
                let mut values: Vec<Value> = columns.iter().map(|c| c.ty.missing()).collect();
                for (place, field) in places.iter().zip(fields) {
                    let Some((column, slot)) =
                        place.and_then(|n| Some((columns.get(n)?, values.get_mut(n)?)))
                    else {
                        continue;
                    };
                    *slot = typed(&json::lossy(field), column, order, line, problems);
                }
                rows.push(values);
            }
            CsvRow::Uneven { has, wants } => problems.push(LineProblem {
                line,
                message: format!("the row has {has} fields, but the header has {wants}"),
            }),
            CsvRow::TooLarge => {
                problems.push(LineProblem { line, message: "the row is larger than 16 MiB".to_owned() });
            }
        };
        csv.push(bytes, &mut take);
        csv.finish(&mut take);
        let named = places_of(csv.header(), columns);
        if !named.iter().any(Option::is_some) {
            let message = format!("the header has none of the columns: {}", names_of(columns));
            problems.push(LineProblem { line: 1, message });
            return;
        }
        if partial {
            return;
        }
        for (n, column) in columns.iter().enumerate() {
            if !named.contains(&Some(n)) {
                let message = format!("the header has no column {}", column.name);
                problems.push(LineProblem { line: 1, message });
            }
        }
    }
}

/// The first names, for messages.
fn names_of(columns: &[Column]) -> String {
    let names: Vec<_> = columns.iter().take(4).map(|c| &*c.name).collect();
    format!("{}{}", names.join(", "), if columns.len() > names.len() { " …" } else { "" })
}

fn places_of(names: &[String], columns: &[Column]) -> Vec<Option<usize>> {
    names.iter().map(|name| columns.iter().position(|c| *c.name == *column_name(name))).collect()
}

/// Whether the dates of a CSV table have the day or the month first: if one of them shows it, or all are as Azure's portal writes them where
/// the month comes first.
fn date_order(columns: &[Column], bytes: &[u8]) -> Option<Order> {
    let mut csv = Csv::at(0);
    let (mut order, mut places, mut american) = (None, None, true);
    let mut take = |_: u64, _: u64, row: CsvRow<'_>| {
        let CsvRow::Fields { names, fields } = row else { return };
        let places: &Vec<_> = places.get_or_insert_with(|| places_of(names, columns));
        for ((place, field), name) in places.iter().zip(fields).zip(names) {
            let is_date = place.and_then(|n| columns.get(n)).is_some_and(|c| c.ty == Type::DateTime);
            if order.is_some() || !is_date {
                continue;
            }
            let text = json::lossy(field);
            match dates::read(&text, None) {
                Date::Time(_, shown) => order = shown,
                Date::Either => american &= is_in_utc(name) && dates::is_american(&text),
                Date::Other | Date::Wrong => {}
            }
        }
    };
    csv.push(bytes, &mut take);
    csv.finish(&mut take);
    order.or(american.then_some(Order::MonthFirst))
}

fn json_value(
    raw: &[u8],
    column: &Column,
    line: u64,
    problems: &mut Vec<LineProblem>,
) -> Result<Value, String> {
    let text = json::raw_text(json::minify(raw));
    if column.ty == Type::String {
        // As in the table of events: text is itself, everything else its JSON.
        return Ok(match (raw.first(), raw) {
            (_, b"null") => Value::empty_text(),
            (Some(b'"'), _) => json::parse(text.as_bytes()).map_err(|e| e.to_string())?,
            _ => Value::text(&text),
        });
    }
    let value = json::parse(text.as_bytes()).map_err(|e| format!("{}: {e}", column.name))?;
    Ok(match &value {
        Value::Null => Value::Null,
        _ if column.ty == Type::Dynamic => value,
        Value::String(s) => typed(s, column, None, line, problems),
        _ => {
            let converted = convert::convert(&value, Type::Dynamic, column.ty);
            if converted.is_null() {
                problems.push(not_of_type(&json::lossy(raw), column, line));
            }
            converted
        }
    })
}

/// A text as a value of the column's type; the empty text is a missing value.
fn typed(
    text: &str,
    column: &Column,
    order: Option<Order>,
    line: u64,
    problems: &mut Vec<LineProblem>,
) -> Value {
    if text.is_empty() {
        return column.ty.missing();
    }
    let value = match (column.ty, order) {
        (Type::DateTime, Some(order)) => match dates::read(text, Some(order)) {
            Date::Time(ticks, _) => Value::DateTime(ticks),
            Date::Other => read_datetime(text).map_or(Value::Null, Value::DateTime),
            Date::Either | Date::Wrong => Value::Null,
        },
        (Type::DateTime, None) => read_datetime(text).map_or(Value::Null, Value::DateTime),
        (ty, _) => convert::convert(&Value::text(text), Type::String, ty),
    };
    if value.is_null() && !(column.ty == Type::Dynamic && text == "null") {
        let mut problem = not_of_type(text, column, line);
        if column.ty == Type::DateTime && dates::read(text, order) == Date::Either {
            problem.message += ": its day could be its month; write it as 2026-01-31";
        }
        problems.push(problem);
    }
    value
}

fn not_of_type(text: &str, column: &Column, line: u64) -> LineProblem {
    let mut shown: Cow<'_, str> = Cow::Borrowed(text);
    if let Some((end, _)) = text.char_indices().nth(40) {
        shown = Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default()));
    }
    LineProblem {
        line,
        message: format!("{}: '{shown}' is not a value of type {}", column.name, column.ty.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kql::value::text;

    fn table(schema: &str, data: &str) -> (Vec<String>, Vec<(u64, String)>) {
        let (table, problems) =
            UserTable::read(parse_schema(schema).expect("a schema"), data.as_bytes(), false);
        let cell = |v: &Value| if v.is_null() { "-".to_owned() } else { text::scalar(v) };
        let rows = table.rows.iter().map(|r| r.iter().map(cell).collect::<Vec<_>>().join("|")).collect();
        (rows, problems.into_iter().map(|p| (p.line, p.message)).collect())
    }

    #[test]
    fn schemas() {
        let columns = parse_schema(" a : string , B2:datetime,c:dynamic").expect("a schema");
        assert_eq!(
            columns.iter().map(|c| c.ty.name()).collect::<Vec<_>>(),
            ["string", "datetime", "dynamic"]
        );
        let problems = parse_schema("a:string, b, 9c:long, a:long, d:text").expect_err("no schema");
        let places: Vec<_> = problems.into_iter().map(|p| p.at).collect();
        assert_eq!(places, [10..11, 13..20, 22..28, 30..36]);
        let many = |n: usize| (0..n).map(|i| format!("c{i}:int")).collect::<Vec<_>>().join(",");
        assert!(parse_schema(&many(MAX_COLUMNS)).is_ok() && parse_schema(&many(MAX_COLUMNS + 1)).is_err());
        assert!(parse_schema("").is_err());
    }

    #[test]
    fn rows_of_ndjson() {
        let data = "{\"n\":1,\"s\":\"x\",\"t\":\"2026-01-02\",\"d\":{\"a\":1}}\r\n\nnope\n{\"s\":{ \"a\": 1 },\"n\":\"12\"}\n{\"n\":\"x\"}\n{\"n\":1}}\n";
        let none = "no row has any of the columns: s".to_owned();
        assert_eq!(table("s:string", "\n{\"a\":1}\n{}\n").1, [(2, none)]);
        let (rows, problems) = table("s:string,n:long,t:datetime,d:dynamic", data);
        assert_eq!(rows, ["x|1|2026-01-02T00:00:00.0000000Z|{\"a\":1}", "{\"a\":1}|12|-|-", "|-|-|-"]);
        assert_eq!(
            problems,
            [
                (3, "not a JSON object".to_owned()),
                (5, "n: 'x' is not a value of type long".to_owned()),
                (6, "unexpected text after the object at byte 7".to_owned())
            ]
        );
    }

    #[test]
    fn rows_of_csv() {
        let data = "\u{feff}n,extra,s\n1,e,\"a\"\"b\nc\"\n2,e\n,e,\nx,e,y";
        let (rows, problems) = table("s:string,n:long,t:datetime", data);
        assert_eq!(rows, ["a\"b\nc|1|-", "|-|-", "y|-|-"]);
        assert_eq!(problems.iter().map(|p| p.0).collect::<Vec<_>>(), [4, 6, 1]);
        assert_eq!(table("a:string", "").1.len(), 1);
        assert_eq!(table("a:string", "b\n1\n").1, [(1, "the header has none of the columns: a".to_owned())]);
        let partial = |data: &str| {
            UserTable::read(parse_schema("a:string,b:int").expect("a schema"), data.as_bytes(), true)
        };
        assert!(
            partial("b\n1\n").1.is_empty()
                && partial("c\n1\n").1.len() == 1
                && partial("{\"b\":1}").1.is_empty()
        );
        let times = "2026-03-01T10:00:00.0000000Z 2026-03-13T10:00:00.0000000Z";
        for data in ["t\n1/3/2026 10:00\n13/3/2026 10:00\n", "t\n3/1/2026 10:00 AM\n3/13/2026 10:00 AM\n"] {
            assert_eq!(table("t:datetime", data).0.join(" "), times);
        }
        // As Azure's portal exports them, and not quite.
        for (data, want) in [
            ("t [UTC]\n\"3/1/2026, 10:00:00.000 AM\"\n\"3/13/2026, 10:00:00.000 AM\"\n", times),
            ("t [UTC]\n\"3/1/2026, 10:00:00.000 AM\"\n", "2026-03-01T10:00:00.0000000Z"),
            ("t [UTC]\n\"1/3/2026, 10:00:00.000 AM\"\n\"13/3/2026, 10:00:00.000 AM\"\n", times),
            ("t [UTC]\n\"3/1/2026, 10:00:00.000 AM\"\n\"03/01/2026, 10:00:00.000\"\n", "- -"),
            ("t\n\"3/1/2026, 10:00:00.000 AM\"\n", "-"),
            ("t [Local Time]\n\"3/1/2026, 10:00:00.000 AM\"\n", "-"),
            ("t [UTC]\n\"3/1/2026, 10:00:00.000 am\"\n", "-"),
        ] {
            assert_eq!(table("t:datetime", data).0.join(" "), want, "{data}");
        }
        let (rows, problems) = table("t:datetime", "t\n1/3/2026 10:00\n");
        assert!(rows == ["-"] && problems[0].1.contains("its day could be its month"), "{problems:?}");
    }
}
