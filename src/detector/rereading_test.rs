//! Plug-ins that take their columns from the inputs: a first reading shows them, and the answer is that of the query with
//! the columns written out.

use super::{Context, InvalidQuery, NamedTable, QueryRun, Table};
use kql::value::Column;

/// Requests with few and many members, of one kind and of several, of none, and with names that are columns too.
const REQUESTS: &[&str] = &[
    r#"{"bucketName":"b1","maxKeys":10}"#,
    "null",
    r#"{"bucketName":"b2","maxKeys":"20","options":{"dry":true},"tags":["x"]}"#,
    r#"{"instanceId":"i-1","ratio":0.5,"none":null}"#,
    r#"{"ratio":2,"on":true,"none":null,"at":"2026-06-17T10:00:00Z"}"#,
    "{}",
    r#"{"a b":1,"ünïcode":"é","EventName":"mine","bucketName":null}"#,
];

fn event(i: usize) -> String {
    let request = REQUESTS[i % REQUESTS.len()];
    format!(
        "{{\"eventVersion\":\"1\",\"eventSource\":\"s{}.amazonaws.com\",\"eventName\":\"E{}\",\"awsRegion\":\"r{}\",\"eventTime\":\"2026-01-01T00:0{}:00Z\",\"eventID\":\"{i}\",\"requestParameters\":{request}}}\n",
        i % 4,
        i % 3,
        i % 2,
        i % 10,
    )
}

fn inputs() -> Vec<String> {
    (0..4).map(|n| (n * 8..n * 8 + 5 + n).map(event).collect()).collect()
}

fn rereading(kql: &str, context: &Context) -> Result<QueryRun, InvalidQuery> {
    QueryRun::rereading(kql, 7, context)
}

/// The answer, by so many readers that read ahead; none: the run reads by itself. And how often the inputs were read.
fn answer(
    kql: &str,
    context: &Context,
    readers: usize,
) -> Result<(Table, usize, Vec<Vec<Column>>), InvalidQuery> {
    let mut run = rereading(kql, context)?;
    let mut readings = 0;
    loop {
        readings += 1;
        let found = run.found().to_vec();
        let mut pool: Vec<QueryRun> = (0..readers)
            .map(|_| QueryRun::reader_after(kql, 7, context, found.clone()))
            .collect::<Result<_, _>>()?;
        for (n, input) in inputs().iter().enumerate() {
            if readers == 0 {
                input.as_bytes().chunks(37).for_each(|part| run.push(part));
                run.end_input();
                continue;
            }
            let reader = &mut pool[n % readers];
            for part in input.as_bytes().chunks(91) {
                reader.push(part);
                run.import_transfer(&reader.export_transfer()).expect("of the same reading");
            }
            reader.end_input();
            run.import_transfer(&reader.export_transfer()).expect("of the same reading");
        }
        if !run.reads_again() {
            let found = run.found().to_vec();
            return Ok((run.result().expect(kql), readings, found));
        }
        run.read_again()?;
    }
}

fn text(table: &Table) -> String {
    format!("{:?}\n{:?}", table.columns, table.rows)
}

/// The columns as a query declares them.
fn declared(columns: &[Column]) -> String {
    let name = |name: &str| format!("['{name}']");
    columns.iter().map(|c| format!("{}:{}", name(&c.name), c.ty.name())).collect::<Vec<_>>().join(", ")
}

fn context() -> Context {
    let table = |name, schema, text: &str| {
        NamedTable::read(name, schema, text.as_bytes(), false).unwrap_or_else(|e| panic!("{e:?}"))
    };
    Context::of_tables(vec![table(
        "Owners",
        "Name:string, Data:dynamic",
        "Name,Data\nE1,\"{\"\"team\"\":\"\"blue\"\"}\"\nE2,\"{\"\"desk\"\":7}\"\n",
    )])
}

/// Queries with `SCHEMA` where the columns can be declared, and how often they read their inputs.
const QUERIES: &[(&str, usize)] = &[
    (
        "AWSCloudTrail | project AwsEventId, d = todynamic(RequestParameters) | evaluate bag_unpack(d) SCHEMA",
        2,
    ),
    (
        "AWSCloudTrail | project AwsEventId, d = todynamic(RequestParameters) | evaluate bag_unpack(d, 'p_') SCHEMA | where isnotempty(p_bucketName) | sort by AwsEventId asc",
        2,
    ),
    (
        "AWSCloudTrail | project EventName, d = todynamic(RequestParameters) | evaluate bag_unpack(d, columnsConflict='keep_source') SCHEMA | summarize count(), take_any(ratio) by EventName, bucketName | sort by EventName asc, bucketName asc",
        2,
    ),
    (
        "AWSCloudTrail | summarize count() by EventSource, EventName | evaluate pivot(EventSource, sum(count_)) SCHEMA",
        2,
    ),
    (
        "AWSCloudTrail | project EventName, EventSource, AWSRegion | evaluate pivot(EventSource, count(), EventName) SCHEMA | sort by EventName asc",
        2,
    ),
    (
        "AWSCloudTrail | where EventName != 'E0' | project EventName, EventSource | evaluate pivot(EventSource) SCHEMA | join kind=inner (AWSCloudTrail | summarize n = count() by EventName) on EventName",
        2,
    ),
    ("AWSCloudTrail | project d = todynamic(RequestParameters) | take 3 | evaluate bag_unpack(d) SCHEMA", 2),
    (
        "AWSCloudTrail | where false | project d = todynamic(RequestParameters) | evaluate bag_unpack(d) SCHEMA | count",
        2,
    ),
    (
        "let f = () { AWSCloudTrail | project EventName, d = todynamic(RequestParameters) | evaluate bag_unpack(d, 'p_') SCHEMA }; f | summarize count() by p_bucketName | sort by p_bucketName asc",
        2,
    ),
    (
        "AWSCloudTrail | where TimeGenerated > now() | project d = bag_pack(EventName, 1, 'when', now()) | evaluate bag_unpack(d) SCHEMA | summarize sum(E1)",
        2,
    ),
    ("Owners | evaluate bag_unpack(Data) SCHEMA | sort by Name asc", 1),
    (
        "AWSCloudTrail | join kind=inner (Owners | evaluate bag_unpack(Data) SCHEMA) on $left.EventName == $right.Name | summarize count() by team, desk | sort by team asc",
        1,
    ),
    ("datatable(d:dynamic)[dynamic({'x':1}), dynamic({'y':'2'})] | evaluate bag_unpack(d) SCHEMA", 1),
];

/// Read twice is as written out, and any number of readers gives the same, whatever the pieces.
#[test]
fn columns_that_the_inputs_show_are_as_declared_ones() {
    let context = &context();
    for (query, readings) in QUERIES {
        let open = query.replace(" SCHEMA", "");
        let (table, read, found) = answer(&open, context, 0).unwrap_or_else(|e| panic!("{open}: {e}"));
        assert_eq!(read, *readings, "{open}");
        for readers in [1, 2, 3] {
            let (by_readers, read, again) =
                answer(&open, context, readers).unwrap_or_else(|e| panic!("{open}: {e}"));
            assert_eq!((text(&by_readers), read, &again), (text(&table), *readings, &found), "{open}");
        }
        let [columns] = &found[..] else { panic!("{open}: {found:?}") };
        let prefix = if open.contains("'p_'") { "p_" } else { "" };
        let columns: Vec<Column> = columns
            .iter()
            .map(|c| Column::new(&format!("{prefix}{}", c.name), c.ty))
            .filter(|c| !open.contains("keep_source") || &*c.name != "EventName")
            .collect();
        let schema = match open.contains("pivot") {
            // What pivot was given is declared with the other columns, of the type of its aggregate.
            true => {
                let columns: Vec<_> =
                    columns.into_iter().map(|c| Column::new(&c.name, kql::value::Type::Long)).collect();
                format!(": (EventName:string, {})", declared(&columns))
            }
            false if columns.is_empty() => ": (*)".to_owned(),
            false => format!(": (*, {})", declared(&columns)),
        };
        let closed = query.replace("SCHEMA", &schema);
        let (written, read, _) = answer(&closed, context, 0).unwrap_or_else(|e| panic!("{closed}: {e}"));
        assert_eq!((text(&table), 1), (text(&written), read), "{closed}");
    }
}

/// A plug-in over what another made, and two of a query: each is one reading more.
#[test]
fn each_plug_in_is_a_reading() {
    let context = &Context::default();
    let chain = "AWSCloudTrail | project d = todynamic(RequestParameters) | evaluate bag_unpack(d) | where isnotnull(options) | project options | evaluate bag_unpack(options)";
    let two = "AWSCloudTrail | project d = todynamic(RequestParameters) | evaluate bag_unpack(d) | count | extend k = 1 | join kind=inner (AWSCloudTrail | project EventSource, k = 1 | evaluate pivot(EventSource, count(), k)) on k";
    for readers in [0, 2] {
        let (table, read, _) = answer(chain, context, readers).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((read, table.columns.len(), &*table.columns[0].name), (3, 1, "dry"));
        let (table, read, _) = answer(two, context, readers).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((read, table.rows.len(), table.columns.len()), (3, 1, 7), "{:?}", table.columns);
    }
}

/// The columns of values of several kinds are dynamic, those of nulls alone too, and they stand in the order of their names;
/// those of a pivot stand as their first rows came.
#[test]
fn the_columns_have_kustos_kinds_and_order() {
    let columns = |query: &str| {
        let (table, ..) = answer(query, &Context::default(), 0).unwrap_or_else(|e| panic!("{query}: {e}"));
        table.columns.iter().map(|c| format!("{}:{}", c.name, c.ty.name())).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        columns("AWSCloudTrail | project d = todynamic(RequestParameters) | evaluate bag_unpack(d)"),
        "EventName:string a b:long at:string bucketName:string instanceId:string maxKeys:dynamic none:dynamic on:bool options:dynamic ratio:dynamic tags:dynamic ünïcode:string"
    );
    assert_eq!(
        columns("AWSCloudTrail | evaluate pivot(EventSource, count(), AWSRegion)"),
        "AWSRegion:string s0.amazonaws.com:long s1.amazonaws.com:long s2.amazonaws.com:long s3.amazonaws.com:long"
    );
}

/// Where the inputs come once, the columns have to be declared; so too of rows that are others in each reading.
#[test]
fn what_cannot_be_read_twice_is_refused() {
    let code = |made: Result<QueryRun, InvalidQuery>| {
        made.err().and_then(|e| e.diagnostics.first().map(|d| (d.code, d.hint.clone().unwrap_or_default())))
    };
    let context = &Context::default();
    for (query, hint) in [
        (
            "AWSCloudTrail | project d = todynamic(RequestParameters) | evaluate bag_unpack(d)",
            "bag_unpack(column) : (*",
        ),
        ("AWSCloudTrail | evaluate pivot(EventName, count(), EventSource)", "pivot(column, count()) : ("),
    ] {
        for made in [QueryRun::new(query, 0, context), QueryRun::reader(query, 0, context)] {
            let (code, said) = code(made).unwrap_or_default();
            assert!(code == "FP021" && said.contains(hint), "{code} {said}");
        }
        // Whoever reads once all the same gets no answer.
        let mut run = rereading(query, context).unwrap_or_else(|e| panic!("{e}"));
        run.push(event(0).as_bytes());
        assert_eq!(run.result().err().map(|e| e.code), Some("FP021"));
    }
    for query in [
        "AWSCloudTrail | extend d = bag_pack(tostring(rand()), 1) | project d | evaluate bag_unpack(d)",
        "AWSCloudTrail | partition by EventName (project d = todynamic(RequestParameters) | evaluate bag_unpack(d))",
    ] {
        assert_eq!(code(rereading(query, context)).map(|(code, _)| code), Some("FP021"), "{query}");
    }
}

/// What the first reading shows can be too much, or not bind.
#[test]
fn columns_that_cannot_be_are_named() {
    let mut run =
        rereading("AWSCloudTrail | project AwsEventId | evaluate pivot(AwsEventId)", &Context::default())
            .unwrap_or_else(|e| panic!("{e}"));
    (0..5_000).for_each(|i| run.push(event(i).as_bytes()));
    assert_eq!(run.read_again().map_err(|e| e.diagnostics[0].code), Err("FP104"));
    let taken =
        "AWSCloudTrail | project EventName, d = todynamic(RequestParameters) | evaluate bag_unpack(d)";
    let error = answer(taken, &Context::default(), 0).map(|_| ()).unwrap_err();
    assert_eq!(error.diagnostics[0].code, "KS171");
}

/// A log that grows while it is read, or is cut, gives no answer of two halves.
#[test]
fn inputs_that_change_between_readings_are_noticed() {
    let run = |before: usize, after: usize, query: &str| {
        let mut run = rereading(query, &Context::default()).unwrap_or_else(|e| panic!("{e}"));
        (0..before).for_each(|i| run.push(event(i).as_bytes()));
        run.read_again().unwrap_or_else(|e| panic!("{e}"));
        (0..after).for_each(|i| run.push(event(i).as_bytes()));
        run.result().map(|table| table.rows.len()).map_err(|e| e.code)
    };
    let query = "AWSCloudTrail | project d = todynamic(RequestParameters) | evaluate bag_unpack(d)";
    assert_eq!(run(5, 5, query), Ok(5));
    assert_eq!(run(5, 6, query), Err("FP107"));
    assert_eq!(run(5, 4, query), Err("FP107"));
    // One that has its rows reads no further.
    assert_eq!(run(9, 4, &format!("{query} | take 3")), Ok(3));
    assert_eq!(
        run(
            9,
            20,
            "AWSCloudTrail | project d = todynamic(RequestParameters) | take 2 | evaluate bag_unpack(d)"
        ),
        Ok(2)
    );
}
