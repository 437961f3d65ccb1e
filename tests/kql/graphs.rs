//! Graphs: patterns over random graphs against a search that tries everything, and graphs that would take for ever.

use super::answer;
use super::property::check;
use kql::exec::Budget;
use kql::{Engine, QueryError};
use proptest::collection::vec;
use proptest::prelude::Strategy;
use proptest::sample::select;
use serde_json::Value;
use std::collections::BTreeSet;

/// Edges between a few nodes.
fn edges() -> impl Strategy<Value = Vec<(u64, u64)>> {
    (2..6_u64).prop_flat_map(|nodes| vec((0..nodes, 0..nodes), 0..8))
}

/// `make-graph` over numbered edges.
fn graph(edges: &[(u64, u64)]) -> String {
    let rows: Vec<String> = edges.iter().enumerate().map(|(i, (a, b))| format!("{i},{a},{b}")).collect();
    format!(
        "datatable(i:long, a:long, b:long)[{}] | make-graph a --> b with_node_id=n",
        if rows.is_empty() { String::new() } else { rows.join(",") }
    )
}

/// A walk: where it starts, the numbers of its edges, and the nodes it comes to.
#[derive(Clone)]
struct Walk {
    start: u64,
    edges: Vec<usize>,
    nodes: Vec<u64>,
}

/// Every walk of so many edges.
fn walks(edges: &[(u64, u64)], direction: &str, cycles: &str, most: usize) -> Vec<Walk> {
    let nodes: BTreeSet<u64> = edges.iter().flat_map(|(a, b)| [*a, *b]).collect();
    let mut all: Vec<Walk> =
        nodes.iter().map(|n| Walk { start: *n, edges: Vec::new(), nodes: Vec::new() }).collect();
    let mut from = 0;
    for _ in 0..most {
        let until = all.len();
        for w in from..until {
            let walk = all.get(w).expect("a walk").clone();
            let at = *walk.nodes.last().unwrap_or(&walk.start);
            for (i, (a, b)) in edges.iter().enumerate() {
                let mut ends = BTreeSet::new();
                if direction != "<" && *a == at {
                    ends.insert(*b);
                }
                if direction != ">" && *b == at {
                    ends.insert(*a);
                }
                for to in ends {
                    let visited = to == walk.start || walk.nodes.contains(&to);
                    let again = walk.edges.contains(&i);
                    if cycles == "none" && visited || cycles == "unique_edges" && again {
                        continue;
                    }
                    let mut next = walk.clone();
                    next.edges.push(i);
                    next.nodes.push(to);
                    all.push(next);
                }
            }
        }
        from = until;
    }
    all
}

/// The rows of an answer as sorted texts.
fn rows(query: &str) -> Vec<String> {
    let answer = answer(query);
    let rows = answer["rows"].as_array().unwrap_or_else(|| panic!("{query}\n{answer}"));
    let mut rows: Vec<String> = rows.iter().map(Value::to_string).collect();
    rows.sort();
    rows
}

fn row(walk: &Walk) -> String {
    let end = walk.nodes.last().unwrap_or(&walk.start);
    let inner = walk.nodes.split_last().map_or(&[][..], |(_, inner)| inner);
    serde_json::json!([walk.start, end, walk.edges, inner]).to_string()
}

#[test]
fn every_walk_is_found() {
    let directions = [("-", "->", ">"), ("<-", "-", "<"), ("-", "-", "-")];
    let filters = ["", "where y.n == END", "where x.n == END", "where all(e, a != END)", "where y.n != x.n"];
    let cycles = ["all", "none", "unique_edges"];
    let cases = (
        edges(),
        select(directions.to_vec()),
        select(cycles.to_vec()),
        0..3_usize,
        0..3_usize,
        0..5_u64,
        select(filters.to_vec()),
    );
    check(300, cases, |(edges, (left, right, direction), cycles, least, more, end, filter)| {
        let most = least + more;
        let written = filter.replace("END", &end.to_string());
        let query = format!(
            "{} | graph-match cycles={cycles} (x){left}[e*{least}..{most}]{right}(y) {written} \
             project x.n, y.n, map(e, i), map(inner_nodes(e), n)",
            graph(&edges)
        );
        let mut expected: Vec<String> = walks(&edges, direction, cycles, most)
            .iter()
            .filter(|w| w.edges.len() >= least)
            .filter(|w| match filter {
                "" => true,
                "where y.n == END" => *w.nodes.last().unwrap_or(&w.start) == end,
                "where x.n == END" => w.start == end,
                "where all(e, a != END)" => {
                    w.edges.iter().all(|i| edges.get(*i).is_some_and(|(a, _)| *a != end))
                }
                _ => w.nodes.last().is_some_and(|n| *n != w.start),
            })
            .map(row)
            .collect();
        expected.sort();
        assert_eq!(rows(&query), expected, "{query}");
    });
}

#[test]
fn the_shortest_paths_are() {
    check(200, (edges(), 0..3_usize), |(edges, least)| {
        let most = 4;
        let all = walks(&edges, ">", "unique_edges", most);
        let fits: Vec<&Walk> = all.iter().filter(|w| w.edges.len() >= least).collect();
        let end = |w: &Walk| *w.nodes.last().unwrap_or(&w.start);
        let shortest: Vec<&&Walk> = fits
            .iter()
            .filter(|w| {
                !fits.iter().any(|v| v.start == w.start && end(v) == end(w) && v.edges.len() < w.edges.len())
            })
            .collect();
        let mut expected: Vec<String> = shortest.iter().map(|w| row(w)).collect();
        expected.sort();
        let query = |output: &str| {
            format!(
                "{} | graph-shortest-paths output={output} (x)-[e*{least}..{most}]->(y) \
                 project x.n, y.n, map(e, i), map(inner_nodes(e), n)",
                graph(&edges)
            )
        };
        assert_eq!(rows(&query("all")), expected, "{}", query("all"));
        let any = rows(&query("any"));
        let pairs: BTreeSet<(u64, u64)> = shortest.iter().map(|w| (w.start, end(w))).collect();
        assert!(any.iter().all(|r| expected.contains(r)), "{}", query("any"));
        assert_eq!(any.len(), pairs.len(), "{}", query("any"));
    });
}

/// Whatever the order in which a pattern's edges are walked, it has the matches of a join.
#[test]
fn patterns_of_several_edges() {
    check(150, (edges(), 0..4_u64), |(edges, end)| {
        let table = graph(&edges);
        let query = format!(
            "{table} | graph-match cycles=all (x)-[e]->(y)<-[f]-(z), (y)-[g]->(w) where w.n == {end} and e.i <= f.i \
             project e.i, f.i, g.i"
        );
        let mut expected = Vec::new();
        for (e, (_, y)) in edges.iter().enumerate() {
            for (f, (_, other)) in edges.iter().enumerate() {
                for (g, (from, w)) in edges.iter().enumerate() {
                    if y == other && from == y && *w == end && e <= f {
                        expected.push(serde_json::json!([e, f, g]).to_string());
                    }
                }
            }
        }
        expected.sort();
        assert_eq!(rows(&query), expected, "{query}");
    });
}

/// A pattern with more matches than anything holds ends with an error, and a deep graph takes no stack.
#[test]
fn large_graphs() {
    let dense =
        "range i from 0 to 399 step 1 | extend a = i % 20, b = i / 20 | make-graph a --> b with_node_id=n";
    let loops = "print a = 1, b = 1 | make-graph a --> b with_node_id=n";
    for query in [
        format!("{dense} | graph-match (x)-[e*1..12]->(y) project e"),
        format!("{dense} | graph-match (x)-[e*1..12]->(y) where any(e, a == 77) project e"),
        format!("{dense} | graph-shortest-paths (x)-[e*1..300]->(y) where any(e, a == 77) project e"),
        format!("{loops} | graph-match cycles=all (x)-[e*1..4000000000]->(y) project e"),
        format!("{loops} | graph-match cycles=all (x)-[e*1..4000000000]->(y) where any(e, a == 2) project e"),
        format!(
            "{loops} | graph-shortest-paths cycles=all (x)-[e*1..4000000000]->(y) where any(e, a == 2) project e"
        ),
    ] {
        // Less than a query may use, so that the test is quick.
        let mut budget = Budget::of_cells(1_000_000);
        budget.steps = 40_000_000;
        match Engine::new().budget(budget).query(&query) {
            Err(QueryError::Failed(error)) => assert_eq!(error.code, "E_RUNAWAY_QUERY", "{query}"),
            Err(other) => panic!("{query}: {other}"),
            Ok(rows) => panic!("{query}: {} rows", rows.rows.len()),
        }
    }
    let chain =
        "range i from 1 to 20000 step 1 | extend a = i, b = i + 1 | make-graph a --> b with_node_id=n";
    for query in [
        format!(
            "{chain} | graph-match (x)-[e*1..100000]->(y) where x.n == 1 and y.n == 20001 project array_length(e)"
        ),
        format!(
            "{chain} | graph-shortest-paths (x)-[e*1..100000]->(y) where x.n == 1 and y.n == 20001 project array_length(e)"
        ),
        format!(
            "{chain} | graph-mark-components kind=strong | graph-to-table nodes | summarize dcount(ComponentId, 4) - 1"
        ),
    ] {
        let found = answer(&query)["rows"][0][0].as_i64();
        assert!(found.is_some_and(|n| (19_000..21_000).contains(&n)), "{query}: {found:?}");
    }
}
