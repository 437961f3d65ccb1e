//! Queries: over a small table, and over events. Each ends with rows that fit their columns, or with an error.
#![no_main]

use forepost::detector::{Context, QueryRun};
use kql::value::{Column, Type, Value};
use kql::{Engine, QueryError};
use libfuzzer_sys::fuzz_target;

/// A row of each type's ordinary value, one of nulls, and some more.
fn engine() -> Engine {
    let columns = [
        ("b", Type::Bool),
        ("i", Type::Int),
        ("x", Type::Long),
        ("r", Type::Real),
        ("t", Type::DateTime),
        ("p", Type::Timespan),
        ("s", Type::String),
        ("d", Type::Dynamic),
    ];
    let dynamic = |text: &str| kql::value::json::parse(text.as_bytes()).unwrap_or_default();
    let row = |n: i64, s: &str, d: &str| {
        vec![
            Value::Bool(n % 2 == 0),
            Value::Int(n as i32),
            Value::Long(n),
            Value::Real(n as f64 / 4.0),
            Value::DateTime(fuzz::NOW + n),
            Value::Timespan(n),
            Value::text(s),
            dynamic(d),
        ]
    };
    let mut nulls = vec![Value::Null; columns.len()];
    nulls[6] = Value::text("");
    let rows = vec![
        row(1, "a=1, b=2 é", "[1,\"a\",{\"k\":[2]}]"),
        row(-7, "arn:aws:iam::1:user/x", "{\"a\":{\"b\":1},\"c\":null}"),
        nulls,
        row(3, "10.0.0.1", "\"text\""),
    ];
    Engine::new().table("T", columns.map(|(name, ty)| Column::new(name, ty)).to_vec(), rows).now(fuzz::NOW)
}

fuzz_target!(|data: &[u8]| {
    let Some(query) = fuzz::text(data) else { return };
    match engine().query(&query) {
        Ok(rows) => fuzz::check_rows(rows),
        Err(QueryError::Invalid(found)) => {
            assert!(!found.is_empty() && found.len() < 200);
            for d in &found {
                assert!(query.get(d.span.start as usize..d.span.end as usize).is_some(), "{d:?}");
            }
        }
        Err(QueryError::Failed(_)) => {}
    }
    if let Ok(mut run) = QueryRun::new(&query, fuzz::NOW, &Context::default()) {
        run.push(fuzz::EVENTS.as_bytes());
        let _ = run.take_rows().map(|t| fuzz::check_shape(&t.columns, &t.rows));
        let _ = run.result().map(|t| fuzz::check_shape(&t.columns, &t.rows));
    }
});
