//! What must hold of any query, tried on random ones.

use super::datatable::datatable;
use super::property::check;
use super::random_kql::{Derived, Grammar, derived};
use super::{NOW, answer};
use kql::bind::{Catalog, Table};
use kql::exec::Budget;
use kql::exec::late::compile;
use kql::exec::program::Scratch;
use kql::exec::row::Row;
use kql::exec::run::{Run, Table as Rows};
use kql::exec::stage::{self, CompiledStage};
use kql::plan::split::{Leaf, split};
use kql::value::{Bag, Column, Type, Value, json};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use proptest::sample::{Index, select};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

const CASES: u32 = 2500;

const COLUMNS: &[(&str, Type)] = &[
    ("n", Type::Long),
    ("m", Type::Long),
    ("r", Type::Real),
    ("s", Type::String),
    ("u", Type::String),
    ("b", Type::Bool),
    ("t", Type::DateTime),
    ("d", Type::Dynamic),
];

fn catalog() -> Catalog {
    let columns = COLUMNS.iter().map(|(name, ty)| Column::new(name, *ty)).collect();
    Catalog { tables: vec![Table { name: Rc::from("T"), columns }], ..Catalog::default() }
}

/// A cell of a type; sometimes missing.
fn cell(ty: Type) -> BoxedStrategy<Value> {
    let texts = &["", "a", "b", "a=1 b=2", "x,y", "A b", "k=v"];
    let value = match ty {
        Type::Long => (-1..4_i64).prop_map(Value::Long).boxed(),
        Type::Real => (0..4_u8).prop_map(|n| Value::Real(f64::from(n) / 2.0)).boxed(),
        Type::String => select(texts).prop_map(Value::text).boxed(),
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::DateTime => (0..5_i64).prop_map(|n| Value::DateTime(NOW + n * 36_000_000_000)).boxed(),
        _ => prop_oneof![
            (0..3_i64).prop_map(Value::Long),
            (0..4_i64).prop_map(|n| Value::array((0..n).map(Value::Long).collect())),
            Just(Value::array(vec![Value::text("a"), Value::Null, Value::Long(2)])),
            (0..3_i64).prop_map(|n| Value::bag(Bag::from_distinct(vec![(Rc::from("a"), Value::Long(n))]))),
        ]
        .boxed(),
    };
    weighted(0.875, value).prop_map(move |value| value.unwrap_or_else(|| ty.missing())).boxed()
}

fn rows() -> impl Strategy<Value = Vec<Vec<Value>>> {
    vec(COLUMNS.iter().map(|(_, ty)| cell(*ty)).collect::<Vec<_>>(), 0..12)
}

/// A cell as a query writes it.
fn literal(value: &Value, ty: Type) -> String {
    match (value, ty) {
        (Value::Null, _) => format!("{}(null)", ty.name()),
        (Value::DateTime(t), _) => format!("datetime({})", kql::value::datetime::format(*t)),
        (Value::Real(r), _) => format!("real({r})"),
        (Value::String(s), _) => format!("'{s}'"),
        (v, Type::Dynamic) => format!("dynamic({})", json::to_text(v)),
        (v, _) => json::to_text(v),
    }
}

fn table(rows: &[Vec<Value>]) -> String {
    let cells = rows.iter().flat_map(|row| row.iter().zip(COLUMNS)).map(|(v, (_, ty))| literal(v, *ty));
    datatable(COLUMNS, &cells.collect::<Vec<_>>())
}

/// Queries over `T`: conditions, and steps of a pipeline. Steps that drop columns come last, so that most pipelines bind.
fn grammar() -> Arc<Grammar> {
    let mut g = Grammar::default();
    g.texts("number", 1, ["1", "n", "m", "r", "n + m", "strlen(s)", "tolong(d)"]);
    g.texts("text", 1, ["'a'", "s", "u", "tostring(d)", "strcat(s, u)"]);
    let later = literal(&Value::DateTime(NOW + 36_000_000_000), Type::DateTime);
    g.templates(
        "bool",
        9,
        [
            "b",
            "{number} {== != < >= >} {0 1 2}",
            "{text} {== != =~ has !has contains startswith} 'a'",
            "{text} {in !in in~ has_any} ('a', 'b')",
            "isnull({number})",
            "isempty({text})",
            "{number} between (0 .. 2)",
            "d.a == 1",
            &format!("t > {later}"),
        ],
    );
    let deeper = ["not({bool})", "({bool}) and ({bool})", "({bool}) or ({bool})", "iff({bool}, {bool}, b)"];
    g.templates("bool", 4, deeper);
    g.templates("step", 5, ["where {bool}"]);
    g.texts(
        "step",
        17,
        [
            "extend n = n * 2, k = n",
            "extend s = strcat(s, '!'), w = now()",
            "mv-expand d",
            "mv-expand with_itemindex=i e = d to typeof(long) limit 2",
            "parse s with 'a=' a1:long ' b=' b1:long",
            "parse-where kind=regex u with '(?:a|k)=' v1",
            "parse-kv s as (a:long, b2:string) with (pair_delimiter=' ', kv_delimiter='=')",
            "project-reorder d, s, * asc",
            "sort by n asc, s desc, r asc",
            "mv-apply e = d to typeof(long) on (where e > n | summarize m = sum(e))",
            "evaluate bag_unpack(d) : (*, a:long, d:dynamic)",
            "where n > toscalar(T | summarize min(n))",
            "where s in ((T | where b | project s))",
            "serialize rn = row_number(), before = prev(n)",
            "union (T | where b | extend n = n + 1)",
            "search 'a' or n == 1 | project-away ['$table']",
            "partition hint.strategy=native by s (top 2 by n asc | extend c = 1)",
        ],
    );
    g.texts(
        "last",
        1,
        [
            "count",
            "summarize count(), sum(n), make_list(s) by u",
            "summarize arg_max(n, *) by s",
            "distinct s, n",
            "project n, x = strcat(s, u), d",
            "project-away d, t",
            "join kind=inner (T | where n > 0 | project s, z = m) on s",
            "join kind=leftouter (T | summarize q = sum(m) by u) on u",
            "lookup (T | summarize q = max(r) by s) on s",
            "join kind=leftanti (T | where b) on $left.s == $right.u",
            "make-series c = count(), avg(r) on n from -1 to 6 step 2 by s",
            "top-nested 2 of s by sum(n), top-nested 1 of u by count()",
            "scan with_match_id=id declare (total:long=0) with (step one: b => total = n; step two: not(b) and n >= one.total => total = one.total + n;)",
            "top 3 by n desc | project n, s",
            "evaluate pivot(b, count(), s) : (s:string, true:long, false:long, ['']:long)",
        ],
    );
    g.finish()
}

fn predicate() -> Derived {
    derived(&grammar(), "bool", 4)
}

/// A pipeline over `T`.
fn pipeline() -> impl Strategy<Value = String> {
    let grammar = grammar();
    let steps = vec(derived(&grammar, "step", 4), 0..5);
    (steps, weighted(0.94, derived(&grammar, "last", 0))).prop_map(|(steps, last)| {
        steps.into_iter().chain(last).fold("T".to_owned(), |pipeline, step| format!("{pipeline} | {step}"))
    })
}

/// The rows of a leaf that some of its table's rows become. What the leaf says it does not need is not there, as
/// with an event whose columns are decoded on demand.
fn leaf_rows(leaf: &Leaf, rows: &[Vec<Value>]) -> Vec<Row> {
    let stages: Vec<CompiledStage> =
        leaf.stages.iter().map(|s| CompiledStage::local(s).expect("row stages compile")).collect();
    let mut out = Vec::new();
    for row in rows {
        let needed = row.iter().zip(&leaf.needed).zip(COLUMNS);
        let values = needed.map(|((v, n), (_, ty))| if *n { v.clone() } else { ty.missing() }).collect();
        let row = Row { values, ..Row::default() };
        let mut budget = Budget::default();
        stage::run(&stages, row, &mut budget, &mut Scratch::default(), &mut |row| out.push(row))
            .expect("budget");
    }
    out
}

type Outcome = Result<Vec<Vec<String>>, &'static str>;

fn text(rows: Result<Rows, kql::exec::ExecError>, width: usize) -> Outcome {
    let cells = |row: &Row| -> Vec<String> {
        (0..width).map(|i| row.values.get(i).map(json::to_text).unwrap_or_default()).collect()
    };
    rows.map(|rows| rows.iter().map(cells).collect()).map_err(|e| e.code)
}

/// A query over events in parts: the answer must not depend on how they are cut.
fn in_parts(query: &str, rows: &[Vec<Value>], cuts: &[usize]) -> Option<Outcome> {
    let plan = compile(query, &catalog()).query?.plan;
    let parts = split(&plan);
    let mut tables: Vec<Rows> = Vec::new();
    for leaf in &parts.leaves {
        let mut merged = Vec::new();
        let mut rest = rows;
        for cut in cuts.iter().copied().chain([rows.len()]) {
            let (part, tail) = rest.split_at(cut.min(rest.len()));
            merged.extend(leaf_rows(leaf, part));
            rest = tail;
        }
        tables.push(Rc::new(merged));
    }
    let made = Run::new(NOW, &tables, Budget::default()).table(&parts.root);
    Some(text(made, plan.columns.len()))
}

/// The same query over a table written in the query: no leaf, no row stage, every column there.
fn unsplit(query: &str, rows: &[Vec<Value>]) -> Option<Outcome> {
    let query = format!("let T = {}; {query}", table(rows));
    let plan = compile(&query, &Catalog::default()).query?.plan;
    let made = Run::new(NOW, &[], Budget::default()).table(&plan);
    Some(text(made, plan.columns.len()))
}

#[test]
fn parts_of_the_events_give_the_answer_of_all() {
    let (tried, ran) = (Cell::new(0), Cell::new(0));
    check(CASES, (rows(), pipeline(), any::<Index>()), |(rows, query, cut)| {
        let cut = cut.index(rows.len() + 1);
        let whole = in_parts(&query, &rows, &[]);
        let (halves, all) = (in_parts(&query, &rows, &[cut]), unsplit(&query, &rows));
        assert_eq!(whole, halves, "cut at {cut}: {query}\nover {}", table(&rows));
        assert_eq!(whole, all, "split against unsplit: {query}\nover {}", table(&rows));
        tried.set(tried.get() + 1);
        ran.set(ran.get() + u32::from(whole.is_some_and(|w| w.is_ok())));
    });
    let (tried, ran) = (tried.get(), ran.get());
    assert!(ran > tried * 3 / 4, "only {ran} of {tried} queries bind and run");
}

#[test]
fn a_filter_is_its_predicate_as_a_column() {
    let (tried, kept) = (Cell::new(0), Cell::new(0));
    check(CASES, (rows(), predicate()), |(rows, p)| {
        let table = table(&rows);
        let filtered = answer(&format!("{table} | where {p}"));
        let by_column = answer(&format!("{table} | extend p = {p} | where p | project-away p"));
        assert!(filtered.get("error").is_none(), "{p}: {filtered}");
        assert_eq!(filtered["rows"], by_column["rows"], "{p}\nover {table}");
        let rest = answer(&format!("{table} | extend p = {p} | where not(p) or isnull(p) | count"));
        let found = filtered["rows"].as_array().map_or(0, Vec::len);
        assert_eq!(rest["rows"][0][0], serde_json::json!(rows.len() - found), "{p}\nover {table}");
        tried.set(tried.get() + 1);
        kept.set(kept.get() + found);
    });
    let (tried, kept) = (tried.get(), kept.get());
    assert!(kept > tried * 2 / 5, "the predicates keep nothing: {kept} rows in {tried} tries");
}
