//! Work grows with what it is done on, and no faster: every function, every aggregate and every operator over inputs of growing
//! size. Steps are counted by the engine and are the same on every machine. What happens inside one function shows only in the
//! processor's time, which no test may depend on: `FOREPOST_TIMES=1 cargo test -p kql --test linear` looks at it too, with room
//! for noise: four times the input may take eight times as long, a square would take sixteen.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

use kql::aggregates;
use kql::bind::{Catalog, Table};
use kql::exec::Budget;
use kql::exec::late::compile;
use kql::exec::row::Row;
use kql::exec::run::{Run, Table as Rows};
use kql::functions::{FAMILIES, Kind, Param};
use kql::plan::PlanKind;
use kql::value::{Bag, Column, Type, Value};
use std::rc::Rc;
use std::time::{Duration, Instant};

const NOW: i64 = 639_073_152_000_000_000;
const SECOND: i64 = 10_000_000;

/// What this thread has worked so far; where the system does not say, the time.
fn worked(since: Instant) -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    match stat.split(' ').next().and_then(|ns| ns.parse().ok()) {
        Some(ns) => Duration::from_nanos(ns),
        None => since.elapsed(),
    }
}

/// Whether times are looked at.
fn timed() -> bool {
    std::env::var_os("FOREPOST_TIMES").is_some()
}

/// What a run took.
#[derive(Clone, Copy)]
struct Cost {
    steps: u64,
    time: Duration,
}

/// Runs a query over a table; `None` if it does not bind or does not end with an answer.
fn run(query: &str, columns: &[(&str, Type)], rows: &Rows) -> Option<Cost> {
    let columns = columns.iter().map(|(name, ty)| Column::new(name, *ty)).collect();
    let catalog = Catalog { tables: vec![Table { name: Rc::from("T"), columns }], ..Catalog::default() };
    let plan = compile(query, &catalog).query?.plan;
    let mut best: Option<Cost> = None;
    for _ in 0..2 {
        let budget = Budget::default();
        let start = Instant::now();
        let before = worked(start);
        let mut run = Run::new(NOW, &[], budget);
        plan.any(&mut |node| {
            if matches!(node.kind, PlanKind::Table(_)) {
                run.provide(node, Rc::clone(rows));
            }
            false
        });
        run.table(&plan).ok()?;
        let cost =
            Cost { steps: budget.steps - run.budget.steps, time: worked(start).saturating_sub(before) };
        if best.is_none_or(|best| cost.time < best.time) {
            best = Some(cost);
        }
        if best.is_some_and(|best| best.time < QUICK) {
            break;
        }
    }
    best
}

/// What takes no longer than this for the larger input has no square in it.
const QUICK: Duration = Duration::from_millis(40);

/// What is wrong with the growth of a query's work, if anything.
fn growth(
    query: &str,
    columns: &[(&str, Type)],
    sizes: [usize; 2],
    table: &dyn Fn(usize) -> Rows,
) -> Option<String> {
    let [small, large] = sizes.map(|n| run(query, columns, &table(n)));
    let (small, large) = (small?, large?);
    // Sizes are four times apart, and a sort of four times as many takes a little more.
    if large.steps > small.steps * 5 + 5_000 {
        return Some(format!("{query}: {} steps become {}", small.steps, large.steps));
    }
    if timed() && large.time > QUICK && large.time > small.time * 8 {
        return Some(format!("{query}: {:?} become {:?}", small.time, large.time));
    }
    None
}

const LONGS: &[(&str, Type)] = &[
    ("a", Type::String),
    ("words", Type::String),
    ("list", Type::String),
    ("pairs", Type::String),
    ("hex", Type::String),
    ("longs", Type::Dynamic),
    ("texts", Type::Dynamic),
    ("bag", Type::Dynamic),
    ("nested", Type::Dynamic),
    ("reals", Type::Dynamic),
    ("n", Type::Long),
    ("r", Type::Real),
    ("b", Type::Bool),
    ("t", Type::DateTime),
    ("span", Type::Timespan),
    ("id", Type::Guid),
];

/// One row of values of size `n`.
fn large_values(n: usize) -> Rows {
    let text = |make: &dyn Fn(usize) -> String| Value::text(&(0..n / 4).map(make).collect::<String>());
    let array = |make: &dyn Fn(usize) -> Value| Value::array((0..n).map(make).collect());
    let pair = |i: usize| (Rc::from(format!("k{i}")), Value::Long(i as i64));
    let values = vec![
        Value::text(&"a".repeat(n)),
        text(&|i| format!("w{} ", i % 97)),
        Value::text(&format!("[{}1]", "1,".repeat(n / 2))),
        text(&|i| format!("k{i}=v&")),
        Value::text(&"61".repeat(n / 2)),
        array(&|i| Value::Long(i as i64)),
        array(&|i| Value::text(&format!("k{i}"))),
        Value::bag(Bag::from_distinct((0..n).map(pair).collect())),
        array(&|i| Value::array(vec![Value::text(&format!("k{i}")), Value::Long(i as i64)])),
        array(&|i| Value::Real(i as f64 / 3.0)),
        Value::Long(n as i64),
        Value::Real(n as f64 / 7.0),
        Value::Bool(true),
        Value::DateTime(NOW),
        Value::Timespan(SECOND * n as i64),
        Value::Guid([7; 16]),
    ];
    Rc::new(vec![Row { values, ..Row::default() }])
}

/// What can stand for a parameter.
fn candidates(param: &Param) -> &'static [&'static str] {
    match param.kind {
        Kind::Text | Kind::TextOrDynamic => {
            &["a", "words", "list", "pairs", "hex", "'w1 '", "'a'", "' '", "'$.a'"]
        }
        Kind::Dynamic => &["longs", "texts", "bag", "nested", "reals"],
        Kind::Integer | Kind::Number | Kind::Summable => &["n", "1", "5", "r"],
        Kind::Bool => &["b"],
        Kind::DateTime => &["t"],
        Kind::Timespan => &["span"],
        Kind::Guid => &["id"],
        Kind::TypeLiteral => &["typeof(long)", "typeof(string)"],
        Kind::OneOf(types) if types.contains(&Type::Dynamic) => &["texts", "longs", "bag", "a"],
        Kind::OneOf(types) if types.contains(&Type::String) => &["a", "words"],
        Kind::OneOf(_) => &["n", "r"],
        Kind::Scalar | Kind::NotDynamic | Kind::Common => &["a", "words", "longs", "texts", "bag", "n"],
    }
}

/// Functions whose work is the size of one argument times that of another. Those of several texts and of filters charge the meter
/// for it, and a run that does too much of it ends with an error; a pattern is the query's own text, whose length is bounded.
const PRODUCTS: &[&str] = &[
    "extract",
    "extract_all",
    "has_any_index",
    "replace",
    "replace_regex",
    "replace_strings",
    "series_fir",
    "series_iir",
    "trim",
    "trim_end",
    "trim_start",
];

#[test]
fn functions_take_time_in_proportion() {
    let (mut wrong, mut ran) = (Vec::new(), 0);
    let sizes = [1 << 11, 1 << 13];
    let tables = sizes.map(large_values);
    let table = |n: usize| Rc::clone(if n == sizes[0] { &tables[0] } else { &tables[1] });
    for f in FAMILIES.iter().flat_map(|f| f.functions) {
        for variant in 0..9 {
            let argument = |(i, param): (usize, &Param)| {
                let from = candidates(param);
                from.get((variant * (i + 1) + i * variant / 5) % from.len()).copied().unwrap_or("n")
            };
            let args: Vec<&str> = f.params.iter().enumerate().map(argument).collect();
            let query = format!("T | project x = {}({})", f.name, args.join(", "));
            ran += usize::from(run(&query, LONGS, &tables[0]).is_some());
            if !PRODUCTS.contains(&f.name) {
                wrong.extend(growth(&query, LONGS, sizes, &table));
            }
        }
    }
    assert!(ran > 1500, "only {ran} calls ran");
    assert!(wrong.is_empty(), "{} calls:\n{}", wrong.len(), wrong.join("\n"));
}

const ROWS: &[(&str, Type)] = &[
    ("n", Type::Long),
    ("few", Type::Long),
    ("s", Type::String),
    ("d", Type::Dynamic),
    ("bag", Type::Dynamic),
    ("t", Type::DateTime),
    ("r", Type::Real),
    ("b", Type::Bool),
    ("ip", Type::String),
];

/// So many rows.
fn many_rows(n: usize) -> Rows {
    let row = |i: usize| Row {
        values: vec![
            Value::Long(i as i64),
            Value::Long(i as i64 % 7),
            Value::text(&format!("k{i}=v{}", i % 11)),
            Value::array(vec![Value::Long(i as i64), Value::text("x")]),
            Value::bag(Bag::from_distinct(vec![(Rc::from(format!("k{i}")), Value::Long(1))])),
            Value::DateTime(NOW + SECOND * i as i64),
            Value::Real(i as f64 / 3.0),
            Value::Bool(i.is_multiple_of(2)),
            Value::text(&format!("10.{}.{}.{}", i >> 16, (i >> 8) & 255, i & 255)),
        ],
        ..Row::default()
    };
    Rc::new((0..n).map(row).collect())
}

const ROW_SIZES: [usize; 2] = [1 << 9, 1 << 11];

#[test]
fn aggregates_take_time_in_proportion() {
    let (mut wrong, mut ran) = (Vec::new(), 0);
    for a in aggregates::sorted() {
        for variant in 0..5 {
            let argument = |param: &Param| match param.kind {
                Kind::Bool => "b",
                Kind::Integer => "50",
                Kind::Dynamic => ["bag", "d"][variant % 2],
                Kind::Number | Kind::Summable => ["n", "r", "few"][variant % 3],
                _ => ["n", "s", "d", "bag", "t"][variant],
            };
            let args: Vec<&str> = a.params.iter().map(argument).collect();
            for by in ["", " by few", " by s"] {
                let query = format!("T | summarize x = {}({}){by}", a.name, args.join(", "));
                ran += usize::from(run(&query, ROWS, &many_rows(8)).is_some());
                wrong.extend(growth(&query, ROWS, ROW_SIZES, &many_rows));
            }
        }
    }
    assert!(ran > 250, "only {ran} ran");
    assert!(wrong.is_empty(), "{} calls:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn operators_take_time_in_proportion() {
    let operators = [
        "where n > 5 and s has 'k7' | extend m = n + 1 | project m, s",
        "where s in ((T | project s))",
        "where n > toscalar(T | summarize avg(n))",
        "where * has 'k7'",
        "search 'k7'",
        "mv-expand d",
        "mv-expand bag",
        "mv-expand kind=array bag",
        "parse s with 'k' a:long '=v' b:long",
        "parse-where s with 'k' a:long '=v' b:long",
        "parse-kv s as (k1:string) with (pair_delimiter=' ', kv_delimiter='=')",
        "sort by few asc, s desc",
        "top 5 by s",
        "top-nested 3 of few by sum(n), top-nested 2 of s by count()",
        "top-nested of s by sum(n)",
        "top-hitters 5 of s",
        "take 5",
        "sample 10",
        "sample-distinct 10 of s",
        "count",
        "distinct s",
        "distinct *",
        "summarize count(), arg_max(n, *), make_set(s), make_list(d) by few",
        "summarize count() by s, bin(t, 1m)",
        "summarize make_bag(bag)",
        "join (T) on n",
        "join kind=inner (T) on s",
        "join kind=leftouter (T | where b) on n",
        "join kind=rightouter (T | where b) on n",
        "join kind=fullouter (T | where b) on n",
        "join kind=leftsemi (T) on n",
        "join kind=leftanti (T | where b) on n",
        "join kind=rightsemi (T) on n",
        "join kind=rightanti (T | where b) on n",
        "lookup (T | project n, q = s) on n",
        "union T, (T | where b)",
        "union withsource=x kind=inner T",
        "serialize a = row_number(), p = prev(s), q = next(n), c = row_cumsum(n)",
        "sort by n asc | extend r1 = row_rank_dense(few), r2 = row_rank_min(few)",
        "sort by t asc | extend w = row_window_session(t, 1h, 5m)",
        "sort by n asc | scan declare (c:long=0) with (step one: true => c = one.c + n;)",
        "sort by n asc | scan with (step a: b; step c output=last: n > a.n;)",
        "mv-apply x = d on (where isnotempty(x) | summarize c = count())",
        "partition hint.strategy=native by s (top 1 by n)",
        "partition hint.strategy=native by few (summarize count())",
        "make-series c = count() on n from 0 to 8192 step 64 by few",
        "make-series c = sum(n) default=0 on t from datetime(2026-02-20) to datetime(2026-02-22) step 1m",
        "evaluate bag_unpack(bag) : (*, k1:long)",
        "evaluate pivot(b, count(), few) : (few:long, ['true']:long, ['false']:long)",
        "evaluate narrow()",
        "evaluate ipv4_lookup((T | extend net = strcat(ip, '/24') | where n % 256 == 1 | project net, few), ip, net)",
        "evaluate activity_counts_metrics(n, t, datetime(2026-02-20), datetime(2026-02-23), 1h)",
        "evaluate sliding_window_counts(n, t, datetime(2026-02-20), datetime(2026-02-23), 2h, 1h)",
        "evaluate session_count(n, t, datetime(2026-02-20), datetime(2026-02-23), 1h, 2h)",
        "evaluate rolling_percentile(n, 50, t, 1h, 3)",
        "evaluate rows_near(few == 3, 1)",
        "evaluate rows_near(true, 3)",
        "as X | union X",
        "project-away s | project-rename z = n | project-reorder few | project-keep few, z",
        "getschema",
        "reduce by s",
        "fork (count) (take 1)",
        "facet by few",
        "extend x = parse_json(s).a, y = parse_json(s).b | where isnull(x)",
        "summarize x = take_any(s), y = percentiles(n, 5, 50, 95), z = dcount(s), h = hll(s), w = tdigest(n)",
        "summarize buildschema(bag)",
        "summarize schema = buildschema(d) by few",
    ];
    let (mut wrong, mut ran) = (Vec::new(), 0);
    for operator in operators {
        let query = format!("T | {operator}");
        ran += usize::from(run(&query, ROWS, &many_rows(300)).is_some());
        wrong.extend(growth(&query, ROWS, ROW_SIZES, &many_rows));
    }
    assert!(ran > 55, "only {ran} of {} ran", operators.len());
    assert!(wrong.is_empty(), "{} queries:\n{}", wrong.len(), wrong.join("\n"));
}

/// The text of a query costs what it says: names for what was said already double nothing.
#[test]
fn queries_take_time_in_proportion_to_their_text() {
    let repeat = |n: usize, make: &dyn Fn(usize) -> String| (0..n).map(make).collect::<String>();
    type Make<'a> = (&'a str, [usize; 2], &'a dyn Fn(usize) -> String);
    let queries: &[Make] = &[
        ("lets that double", [60, 240], &|n| {
            let lets = repeat(n, &|i| format!("let a{} = a{i} + a{i}; ", i + 1));
            format!("let a0 = now() - ago(1s); {lets}print a{n}")
        }),
        ("functions in functions", [6, 24], &|n| {
            format!(
                "let f = (x:long) {{ iff(x > 0, x + x, x - x) }}; T | extend m = {}n{}",
                "f(".repeat(n),
                ")".repeat(n)
            )
        }),
        ("columns that double", [40, 160], &|n| {
            format!("T | where true{} | count", repeat(n, &|_| " | extend n = n + n".to_owned()))
        }),
        ("many lets", [1000, 4000], &|n| {
            format!("{}print v{}", repeat(n, &|i| format!("let v{i} = {i}; ")), n - 1)
        }),
        ("many functions", [1000, 4000], &|n| {
            format!("{}print 1", repeat(n, &|i| format!("let f{i} = (x:long) {{ x }}; ")))
        }),
        ("many literals", [5_000, 20_000], &|n| {
            format!("T | where s in ({}'x') | count", repeat(n, &|i| format!("'k{i}', ")))
        }),
        ("many terms", [5_000, 20_000], &|n| {
            format!("T | where s has_any ({}'x') | count", repeat(n, &|i| format!("'t{i}', ")))
        }),
        ("many conditions", [5_000, 20_000], &|n| {
            format!("T | where {}true | count", repeat(n, &|i| format!("few == {i} or ")))
        }),
        ("many columns", [300, 1200], &|n| {
            format!("T | summarize {}count()", repeat(n, &|_| "count(), ".to_owned()))
        }),
        ("many columns in a table", [1000, 4000], &|n| {
            let columns = repeat(n, &|i| format!("c{i}:long, "));
            let lists = repeat(n, &|i| format!("sum(c{i}), "));
            format!("datatable({columns}z:long)[] | summarize {lists}count() | count")
        }),
        ("one table in a union many times", [25, 100], &|n| {
            let columns = repeat(1000, &|i| format!("c{i}:long, "));
            format!("let A = datatable({columns}z:long)[]; union A{} | count", ", A".repeat(n))
        }),
        ("columns of two types in a union", [1000, 4000], &|n| {
            let table = |ty: &str| format!("(datatable({}z:long)[])", repeat(n, &|i| format!("c{i}:{ty}, ")));
            format!("union {}, {} | count", table("long"), table("string"))
        }),
        ("columns of parse", [2000, 8000], &|n| {
            format!("T | parse s with {}", repeat(n, &|i| format!("'x' p{i} ")))
        }),
        ("columns of project-away", [4000, 16_000], &|n| {
            format!("T | project-away {}few", repeat(n, &|i| format!("p{i}, ")))
        }),
        ("many filters over a join", [20, 80], &|n| {
            format!("T | join T on n{}", repeat(n, &|i| format!(" | extend e{i} = n | where e{i} >= 0")))
        }),
        ("what is wrong", [1000, 4000], &|n| repeat(n, &|i| format!("let a{i} = zz{i}; "))),
        ("functions that are not known", [2000, 8000], &|n| repeat(n, &|i| format!("print agoo{i}(1); "))),
        ("literals that do not end", [10_000, 40_000], &|n| "int(".repeat(n)),
        ("strings with unknown escapes", [10_000, 40_000], &|n| "'\\q' ".repeat(n)),
        ("marks", [10_000, 40_000], &|n| "\\".repeat(n)),
    ];
    let rows = many_rows(100);
    let columns: Vec<Column> = ROWS.iter().map(|(name, ty)| Column::new(name, *ty)).collect();
    let catalog = Catalog { tables: vec![Table { name: Rc::from("T"), columns }], ..Catalog::default() };
    for (name, sizes, make) in queries {
        let [small, large] = sizes.map(|n| {
            let query = make(n);
            let start = Instant::now();
            let before = worked(start);
            drop(compile(&query, &catalog));
            let bound = worked(start).saturating_sub(before);
            let run = run(&query, ROWS, &rows);
            Cost { steps: run.map_or(0, |c| c.steps), time: bound + run.map_or(Duration::ZERO, |c| c.time) }
        });
        assert!(
            large.steps <= small.steps * 5 + 5_000,
            "{name}: {} steps become {}",
            small.steps,
            large.steps
        );
        // Names are looked for one after the other, which shows a little in the largest texts.
        assert!(
            !timed() || large.time < QUICK * 2 || large.time < small.time * 11,
            "{name}: {:?} become {:?}",
            small.time,
            large.time
        );
    }
}

/// Work that takes no memory ends too.
#[test]
fn steps_are_limited() {
    let rows = many_rows(1000);
    let columns = ROWS.iter().map(|(name, ty)| Column::new(name, *ty)).collect();
    let values = rows.iter().map(|row| row.values.clone()).collect();
    let mut budget = Budget::default();
    budget.steps = 2_000;
    let engine = kql::Engine::new().table("T", columns, values).budget(budget);
    assert!(engine.query("T | take 10 | count").is_ok());
    let error = engine.query("T | where n + n > n").err().map(|e| e.to_string()).unwrap_or_default();
    assert!(error.contains("E_RUNAWAY_QUERY") && error.contains("'where' takes too many steps"), "{error}");
}

/// A stage that makes too much stops there, and not when it has made everything.
#[test]
fn a_stage_stops_where_its_budget_ends() {
    let columns: String = (0..200).map(|i| format!("{} a{i} = n", if i > 0 { "," } else { "" })).collect();
    let columns_of = ROWS.iter().map(|(name, ty)| Column::new(name, *ty)).collect();
    let catalog =
        Catalog { tables: vec![Table { name: Rc::from("T"), columns: columns_of }], ..Catalog::default() };
    let plan = compile(&format!("T | extend{columns} | count"), &catalog).query.expect("it binds").plan;
    let rows = many_rows(20_000);
    let mut budget = Budget::of_cells(400_000);
    budget.steps = u64::MAX;
    let mut run = Run::new(NOW, &[], budget);
    plan.any(&mut |node| {
        if matches!(node.kind, PlanKind::Table(_)) {
            run.provide(node, Rc::clone(&rows));
        }
        false
    });
    assert_eq!(run.table(&plan).err().map(|e| e.code), Some("E_RUNAWAY_QUERY"));
    let _ = run.budget.settle();
    let taken = u64::MAX - run.budget.steps;
    assert!(taken < 20_000 * 200 / 4, "{taken} steps for a tenth of the rows");
}
