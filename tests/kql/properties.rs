//! What must hold of any query, tried on random ones. A failure prints its seed; seeds that failed once stay in
//! [`KEPT`].

use super::datatable::datatable;
use super::{NOW, Random, answer};
use kql::bind::{Catalog, Table};
use kql::exec::Budget;
use kql::exec::late::compile;
use kql::exec::program::Scratch;
use kql::exec::row::Row;
use kql::exec::run::{Run, Table as Rows};
use kql::exec::stage::{self, CompiledStage};
use kql::plan::split::{Leaf, split};
use kql::value::{Bag, Column, Type, Value, json};
use std::rc::Rc;

/// Seeds of cases that failed once.
const KEPT: &[u64] = &[];
const CASES: u64 = 2500;

fn seeds() -> impl Iterator<Item = u64> {
    KEPT.iter().copied().chain(1..=CASES)
}

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
fn cell(random: &mut Random, ty: Type) -> Value {
    if random.below(8) == 0 {
        return ty.missing();
    }
    match ty {
        Type::Long => Value::Long(random.below(5) as i64 - 1),
        Type::Real => Value::Real(random.below(4) as f64 / 2.0),
        Type::String => Value::text(random.one(&["a", "b", "a=1 b=2", "x,y", "A b", "k=v", ""])),
        Type::Bool => Value::Bool(random.below(2) == 0),
        Type::DateTime => Value::DateTime(NOW + random.below(5) as i64 * 36_000_000_000),
        _ => match random.below(4) {
            0 => Value::array((0..random.below(4)).map(|i| Value::Long(i as i64)).collect()),
            1 => Value::array(vec![Value::text("a"), Value::Null, Value::Long(2)]),
            2 => Value::bag(Bag::from_distinct(vec![(Rc::from("a"), Value::Long(random.below(3) as i64))])),
            _ => Value::Long(random.below(3) as i64),
        },
    }
}

fn rows(random: &mut Random) -> Vec<Vec<Value>> {
    (0..random.below(12)).map(|_| COLUMNS.iter().map(|(_, ty)| cell(random, *ty)).collect()).collect()
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

/// A random predicate over the columns of `T`.
fn predicate(random: &mut Random, depth: usize) -> String {
    let number = random.one(&["n", "m", "r", "n + m", "strlen(s)", "tolong(d)", "1"]).to_owned();
    let text = random.one(&["s", "u", "tostring(d)", "strcat(s, u)", "'a'"]).to_owned();
    match random.below(if depth == 0 { 9 } else { 13 }) {
        0 => format!("{number} {} {}", random.one(&["==", "!=", "<", ">=", ">"]), random.below(3)),
        1 => {
            format!("{text} {} 'a'", random.one(&["==", "!=", "=~", "has", "!has", "contains", "startswith"]))
        }
        2 => format!("{text} {} ('a', 'b')", random.one(&["in", "!in", "in~", "has_any"])),
        3 => format!("isnull({number})"),
        4 => format!("isempty({text})"),
        5 => "b".to_owned(),
        6 => format!("{number} between (0 .. 2)"),
        7 => "d.a == 1".to_owned(),
        8 => format!("t > {}", literal(&Value::DateTime(NOW + 36_000_000_000), Type::DateTime)),
        9 => format!("({}) and ({})", predicate(random, depth - 1), predicate(random, depth - 1)),
        10 => format!("({}) or ({})", predicate(random, depth - 1), predicate(random, depth - 1)),
        11 => format!("not({})", predicate(random, depth - 1)),
        _ => format!("iff({}, {}, b)", predicate(random, depth - 1), predicate(random, depth - 1)),
    }
}

/// A pipeline over `T`. Operators that drop columns come last, so that most pipelines bind.
fn pipeline(random: &mut Random) -> String {
    let mut out = "T".to_owned();
    for _ in 0..random.below(5) {
        let stage = match random.below(22) {
            0..=4 => format!("where {}", predicate(random, 2)),
            5 => "extend n = n * 2, k = n".to_owned(),
            6 => "extend s = strcat(s, '!'), w = now()".to_owned(),
            7 => "mv-expand d".to_owned(),
            8 => "mv-expand with_itemindex=i e = d to typeof(long) limit 2".to_owned(),
            9 => "parse s with 'a=' a1:long ' b=' b1:long".to_owned(),
            10 => "parse-where kind=regex u with '(?:a|k)=' v1".to_owned(),
            11 => "parse-kv s as (a:long, b2:string) with (pair_delimiter=' ', kv_delimiter='=')".to_owned(),
            12 => "project-reorder d, s, * asc".to_owned(),
            13 => "sort by n asc, s desc, r asc".to_owned(),
            14 => "mv-apply e = d to typeof(long) on (where e > n | summarize m = sum(e))".to_owned(),
            15 => "evaluate bag_unpack(d) : (*, a:long, d:dynamic)".to_owned(),
            16 => "where n > toscalar(T | summarize min(n))".to_owned(),
            17 => "where s in ((T | where b | project s))".to_owned(),
            18 => "serialize rn = row_number(), before = prev(n)".to_owned(),
            19 => "union (T | where b | extend n = n + 1)".to_owned(),
            20 => "search 'a' or n == 1 | project-away ['$table']".to_owned(),
            _ => "partition hint.strategy=native by s (top 2 by n asc | extend c = 1)".to_owned(),
        };
        out = format!("{out} | {stage}");
    }
    let last = match random.below(16) {
        0 => "summarize count(), sum(n), make_list(s) by u",
        1 => "summarize arg_max(n, *) by s",
        2 => "distinct s, n",
        3 => "project n, x = strcat(s, u), d",
        4 => "project-away d, t",
        5 => "count",
        6 => "join kind=inner (T | where n > 0 | project s, z = m) on s",
        7 => "join kind=leftouter (T | summarize q = sum(m) by u) on u",
        8 => "lookup (T | summarize q = max(r) by s) on s",
        9 => "join kind=leftanti (T | where b) on $left.s == $right.u",
        10 => "make-series c = count(), avg(r) on n from -1 to 6 step 2 by s",
        11 => "top-nested 2 of s by sum(n), top-nested 1 of u by count()",
        12 => {
            "scan with_match_id=id declare (total:long=0) with (step one: b => total = n; step two: not(b) and n >= one.total => total = one.total + n;)"
        }
        13 => "top 3 by n desc | project n, s",
        14 => "evaluate pivot(b, count(), s) : (s:string, true:long, false:long, ['']:long)",
        _ => return out,
    };
    format!("{out} | {last}")
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
    let mut compared = 0;
    for seed in seeds() {
        let random = &mut Random::new(seed);
        let (rows, query) = (rows(random), pipeline(random));
        let cut = random.below(rows.len() + 1);
        let whole = in_parts(&query, &rows, &[]);
        let (halves, all) = (in_parts(&query, &rows, &[cut]), unsplit(&query, &rows));
        assert_eq!(whole, halves, "seed {seed}, cut at {cut}: {query}\nover {}", table(&rows));
        assert_eq!(whole, all, "seed {seed}, split against unsplit: {query}\nover {}", table(&rows));
        compared += u64::from(whole.is_some_and(|w| w.is_ok()));
    }
    assert!(compared > CASES * 3 / 4, "only {compared} of {CASES} queries bind and run");
}

#[test]
fn a_filter_is_its_predicate_as_a_column() {
    let mut kept = 0;
    for seed in seeds() {
        let random = &mut Random::new(seed);
        let (rows, p) = (rows(random), predicate(random, 3));
        let table = table(&rows);
        let filtered = answer(&format!("{table} | where {p}"));
        let by_column = answer(&format!("{table} | extend p = {p} | where p | project-away p"));
        assert!(filtered.get("error").is_none(), "seed {seed}: {p}: {filtered}");
        assert_eq!(filtered["rows"], by_column["rows"], "seed {seed}: {p}\nover {table}");
        let rest = answer(&format!("{table} | extend p = {p} | where not(p) or isnull(p) | count"));
        let found = filtered["rows"].as_array().map_or(0, Vec::len);
        assert_eq!(
            rest["rows"][0][0],
            serde_json::json!(rows.len() - found),
            "seed {seed}: {p}\nover {table}"
        );
        kept += found;
    }
    assert!(kept > 1000, "the predicates keep nothing: {kept} rows");
}
