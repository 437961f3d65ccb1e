//! What the fuzz targets share: how an input becomes a long one, a table, events, rules of ours.

use forepost::detector::{Detector, RuleFile};
use forepost::host::json as host_json;
use kql::exec::row::Rows;
use kql::value::{Column, Type, Value};
use std::borrow::Cow;

/// What `now()` is.
pub const NOW: i64 = 639_073_152_000_000_000;

/// No input is longer than this, once it has been repeated.
pub const LONGEST: usize = 256 << 10;

/// The byte that says that a part is repeated. No text in UTF-8 has it.
const REPEAT: u8 = 0xFF;

/// The bytes that a target reads. An input that ends with [`REPEAT`] and three bytes (where, how long, how often) stands for one in which
/// that part is repeated: libFuzzer mutates short inputs well, and what takes quadratic time shows only in long ones.
pub fn input(data: &[u8]) -> Cow<'_, [u8]> {
    let Some((text, [REPEAT, start, length, times])) = data.split_last_chunk::<4>() else {
        return Cow::Borrowed(data);
    };
    let start = usize::from(*start) * text.len() / 256;
    let end = (start + usize::from(*length) + 1).min(text.len());
    if start == end {
        return Cow::Borrowed(text);
    }
    let times = (1_usize << (times % 18)).min(LONGEST / (end - start));
    Cow::Owned([&text[..start], &text[start..end].repeat(times.max(1)), &text[end..]].concat())
}

/// As [`input`], as text.
pub fn text(data: &[u8]) -> Option<String> {
    String::from_utf8(input(data).into_owned()).ok()
}

/// Every row of an answer has a value for each column, of the column's type.
pub fn check_shape(columns: &[Column], rows: &[Vec<Value>]) {
    for row in rows {
        assert_eq!(row.len(), columns.len(), "{columns:?}");
        for (value, column) in row.iter().zip(columns) {
            let right = match (value, column.ty) {
                (Value::Null, ty) => ty != Type::String,
                (_, Type::Dynamic) => true,
                (Value::String(_), ty) => ty == Type::String,
                (Value::Bool(_), ty) => ty == Type::Bool,
                (Value::Long(_), ty) => ty == Type::Long,
                (Value::Int(_), ty) => ty == Type::Int,
                (Value::Real(_), ty) => ty == Type::Real,
                (Value::Decimal(_), ty) => ty == Type::Decimal,
                (Value::DateTime(_), ty) => ty == Type::DateTime,
                (Value::Timespan(_), ty) => ty == Type::Timespan,
                (Value::Guid(_), ty) => ty == Type::Guid,
                _ => false,
            };
            assert!(right, "{value:?} in {column:?}");
        }
    }
}

/// As [`check_shape`].
pub fn check_rows(rows: Rows) {
    let values: Vec<_> = rows.rows.into_iter().map(|row| row.values).collect();
    check_shape(&rows.columns, &values);
}

/// A few events, as NDJSON.
pub const EVENTS: &str = include_str!("events.ndjson");

/// Rules of ours: the built-in one's kind, and one that takes a pattern's answer, an array and a text apart.
pub fn rules() -> Vec<RuleFile> {
    [include_str!("../seeds/rule_yaml/ecr.yaml"), include_str!("../seeds/rule_yaml/parts.yaml")]
        .map(|text| RuleFile { file: "ours.yaml".to_owned(), text: text.to_owned() })
        .to_vec()
}

/// The alerts, as a host gets them.
pub fn alerts(detector: &mut Detector) -> String {
    let mut all = String::new();
    loop {
        let alerts = detector.take_alerts();
        if alerts.is_empty() {
            return all;
        }
        all += &host_json::alerts(&alerts);
    }
}
