//! One query over inputs, without a rule or a schedule.

use super::check::needs;
use super::feed::Feed;
use super::leaf::Keep;
use super::{Context, IngestStats, InvalidQuery, Problem, QueryError, TransferError, fingerprint};
use kql::diagnostic::Diagnostic;
use kql::exec::Budget;
use kql::exec::fold::{Fold, folds, leaf_of_rows};
use kql::exec::late::compile;
use kql::exec::run::{self, Run};
use kql::plan::Plan;
use kql::plan::split::split;
use kql::value::{Column, Str, Value};
use std::ops::Range;
use std::rc::Rc;

/// The answer to a query.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Names and types.
    pub columns: Vec<Column>,
    /// A value for each column. Their order means something only after a `sort` or `top`.
    pub rows: Vec<Vec<Value>>,
}

/// A query that reads inputs and then answers.
pub struct QueryRun {
    feed: Feed,
    root: Rc<Plan>,
    columns: Vec<Column>,
    leaves: Range<usize>,
    reads_inputs: bool,
    /// The tables without which the query does not bind.
    needs: Vec<Str>,
    /// The leaf whose rows make the answer one by one, if there is one.
    streamed: Option<usize>,
    now: i64,
    warnings: Vec<Diagnostic>,
    /// What it asks, for [transfers](Self::import_transfer).
    question: String,
}

impl QueryRun {
    /// A run of a query at a time (what `now()` is, in ticks) over events and a context.
    pub fn new(kql: &str, now: i64, context: &Context) -> Result<QueryRun, InvalidQuery> {
        let mut run = QueryRun::over(kql, now, context, Keep::Rows)?;
        run.set_folds(Budget::default());
        Ok(run)
    }

    /// A run that only reads, for another of the same query to answer: see [`export_transfer`](Self::export_transfer).
    pub fn reader(kql: &str, now: i64, context: &Context) -> Result<QueryRun, InvalidQuery> {
        QueryRun::over(kql, now, context, Keep::RowsToHandOver)
    }

    fn over(kql: &str, now: i64, context: &Context, keep: Keep) -> Result<QueryRun, InvalidQuery> {
        let catalog = context.catalog();
        let compiled = compile(kql, &catalog);
        let Some(query) = compiled.query else {
            return Err(InvalidQuery { diagnostics: compiled.diagnostics });
        };
        let columns = query.plan.columns.clone();
        let split = split(&query.plan);
        let mut feed = Feed::new(keep);
        let leaves = feed.add(&split.leaves, &context.tables);
        let streamed = leaf_of_rows(&split.root).map(|(leaf, _)| leaves.start + leaf);
        let reads_inputs = feed.reads_inputs(leaves.clone());
        let needs = needs(kql, &split.leaves, &catalog);
        let warnings = compiled.diagnostics;
        let question = fingerprint::of_query(kql, now, context);
        let root = split.root;
        Ok(QueryRun { feed, reads_inputs, needs, root, columns, leaves, streamed, now, warnings, question })
    }

    /// What can take rows as they come does so from now on.
    fn set_folds(&mut self, budget: Budget) {
        for fold in folds(&self.root, self.now, budget) {
            self.feed.set_fold(self.leaves.start + fold.leaf(), fold);
        }
    }

    /// What is odd about the query, though it runs.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Whether the query reads the inputs at all.
    pub fn reads_events(&self) -> bool {
        self.reads_inputs
    }

    /// Whether each event makes its rows of the answer by itself, so that [`take_rows`](Self::take_rows) gives them while
    /// the input is read.
    pub fn is_streamed(&self) -> bool {
        self.streamed.is_some()
    }

    /// Whether further input changes nothing: all that reads events is a `take` that has its rows.
    pub fn is_complete(&self) -> bool {
        !self.leaves.is_empty() && self.leaves.clone().all(|leaf| self.feed.fold_is_full(leaf))
    }

    /// Of a query that [streams](Self::is_streamed): the rows since the last call. [`result`](Self::result) gives the rest.
    pub fn take_rows(&mut self) -> Result<Table, QueryError> {
        let mut rows = Rc::default();
        if let Some(leaf) = self.streamed {
            let mut tables = vec![run::Table::default(); leaf - self.leaves.start];
            tables.push(self.feed.take_rows(leaf));
            rows = Run::new(self.now, &tables, Budget::over(&tables)).table(&self.root)?;
        }
        Ok(self.answer(rows))
    }

    fn answer(&self, rows: run::Table) -> Table {
        let rows = Rc::unwrap_or_clone(rows).into_iter().map(|row| row.values).collect();
        Table { columns: self.columns.clone(), rows }
    }

    /// Turns the prefilter off: every event runs through every filter. The answer stays the same.
    pub fn evaluate_everything(&mut self) {
        self.feed.evaluate_everything();
    }

    /// Takes bytes of the current input, cut anywhere.
    pub fn push(&mut self, bytes: &[u8]) {
        self.feed.push(bytes);
    }

    /// The current input ended.
    pub fn end_input(&mut self) {
        self.feed.end_input();
    }

    /// Of a [reader](Self::reader): the rows, counts and problems since the last call, for [`import_transfer`](Self::import_transfer).
    pub fn export_transfer(&mut self) -> Vec<u8> {
        self.feed.export_transfer(&self.question)
    }

    /// About how many bytes [`export_transfer`](Self::export_transfer) would give.
    pub fn waiting(&self) -> usize {
        self.feed.waiting()
    }

    /// Imports what a reader of the same query, in the same build of the engine, has [exported](Self::export_transfer), as if the
    /// bytes it read had been pushed here.
    pub fn import_transfer(&mut self, transfer: &[u8]) -> Result<(), TransferError> {
        self.feed.import_rows(&self.question, transfer)
    }

    /// The answer over all inputs. Asking again without further input yields the answer over none.
    pub fn result(&mut self) -> Result<Table, QueryError> {
        self.feed.end_last_input();
        for name in self.feed.unseen(self.leaves.clone()) {
            if self.needs.iter().any(|needed| **needed == *name) {
                self.feed.not_given(name);
            }
        }
        if self.feed.dropped() > 0 {
            // An answer over the rows that are left would be wrong.
            let message =
                "The query keeps more rows than fit into memory; filter earlier or project fewer columns.";
            return Err(QueryError { code: "E_RUNAWAY_QUERY", message: message.to_owned() });
        }
        let folds: Vec<Fold> = self.leaves.clone().filter_map(|leaf| self.feed.take_fold(leaf)).collect();
        let tables: Vec<run::Table> = self.leaves.clone().map(|leaf| self.feed.take_rows(leaf)).collect();
        self.set_folds(Budget::default());
        let made = folds.into_iter().map(Fold::finish).collect::<Result<Vec<_>, _>>()?;
        let given = tables.iter().chain(made.iter().map(|(_, rows)| rows));
        let mut run = Run::new(self.now, &tables, Budget::over(given));
        for (step, rows) in made {
            run.provide(&step, rows);
        }
        let rows = run.table(&self.root)?;
        Ok(self.answer(rows))
    }

    /// What could not be read since the last call.
    pub fn take_problems(&mut self) -> Vec<Problem> {
        self.feed.take_problems()
    }

    /// What has been read so far.
    pub fn stats(&self) -> IngestStats {
        self.feed.stats()
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, Context, QueryError, QueryRun, Table, TransferError};
    use std::io::Write;

    /// The number that is the whole answer, or the code of the error.
    fn number(answer: Result<Table, QueryError>) -> Result<Option<i64>, &'static str> {
        let table = answer.map_err(|e| e.code)?;
        Ok(table.rows.first().and_then(|row| row.first()?.as_integer()))
    }

    /// A part of a gzip file can hold a thousand times as much: no row of it waits.
    #[test]
    fn much_in_few_bytes_is_taken_at_once() {
        let events = "{\"eventVersion\":\"1\",\"eventSource\":\"s\",\"eventName\":\"E\"}\n".repeat(100_000);
        let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        assert!(zipped.write_all(events.as_bytes()).is_ok());
        let zipped = zipped.finish().unwrap();
        for bytes in [&zipped[..], events.as_bytes()] {
            let mut run = QueryRun::new("AWSCloudTrail | count", 0, &Context::default())
                .unwrap_or_else(|d| panic!("{d:?}"));
            run.push(bytes);
            assert_eq!(run.feed.take_rows(0).len(), 0);
            assert_eq!(number(run.result()), Ok(Some(100_000)));
        }
    }

    /// Rows that come one by one are the rows that come at once; a take ends the reading.
    #[test]
    fn rows_come_while_the_input_is_read() {
        let event =
            |i: usize| format!("{{\"eventVersion\":\"1\",\"eventSource\":\"s\",\"eventName\":\"E{i}\"}}\n");
        let new = |kql: &str| QueryRun::new(kql, 0, &Context::default()).unwrap_or_else(|d| panic!("{d:?}"));
        let (mut streamed, mut whole) =
            [0, 1].map(|_| new("AWSCloudTrail | where EventName != 'E3' | project EventName")).into();
        assert!(streamed.is_streamed() && !new("AWSCloudTrail | sort by EventName").is_streamed());
        let mut rows = Vec::new();
        for i in 0..9 {
            streamed.push(event(i).as_bytes());
            whole.push(event(i).as_bytes());
            rows.extend(streamed.take_rows().unwrap().rows);
        }
        assert!(rows.len() >= 7, "{} rows", rows.len());
        rows.extend(streamed.result().unwrap().rows);
        assert_eq!(format!("{rows:?}"), format!("{:?}", whole.result().unwrap().rows));
        let mut five = new("AWSCloudTrail | where EventName != 'E3' | take 5 | project EventName");
        let read = (0..9).find(|i| {
            five.push(event(*i).as_bytes());
            five.is_complete()
        });
        assert!(read.is_some_and(|n| n <= 7), "{read:?}");
        assert_eq!(five.result().unwrap().rows.len(), 5);
    }

    /// Readers that hand over, taken in the order of the inputs, make the answer that one run makes: also the counts, the
    /// problems, and what a `take` no longer reads.
    #[test]
    fn what_readers_hand_over_is_what_one_run_reads() {
        let input = |n: usize| -> String {
            let event = |i: usize| {
                format!(
                    "{{\"eventVersion\":\"1\",\"eventSource\":\"s\",\"eventName\":\"E{}\",\"eventTime\":\"2026-01-0{}T00:00:00Z\",\"requestParameters\":{{\"a\":[{i},0.1]}}}}\n",
                    i % 3,
                    n + 1
                )
            };
            (n * 10..n * 17).map(event).chain([format!("broken {n}\n")]).collect()
        };
        let rows = |table: Table| format!("{:?}", table.rows);
        for kql in [
            "AWSCloudTrail | count",
            "AWSCloudTrail | where EventName != 'E1' | project TimeGenerated, EventName, RequestParameters",
            "AWSCloudTrail | extend p = parse_json(RequestParameters) | mv-expand p.a | summarize sum(toreal(p_a)), make_set(p.a) by EventName",
            "AWSCloudTrail | top 3 by RequestParameters | sort by EventName asc",
            "AWSCloudTrail | where EventName == 'E2' | take 2",
            "AWSCloudTrail | join kind=inner (AWSCloudTrail | where EventName == 'E0') on EventName | count",
            "AWSCloudTrail | where rand() < 0.5 | count",
            "let t = datatable(a:long)[1]; union AWSCloudTrail, t | count",
        ] {
            let new =
                || QueryRun::new(kql, 7, &Context::default()).unwrap_or_else(|d| panic!("{kql}: {d:?}"));
            let (mut alone, mut taking) = (new(), new());
            for n in 0..4 {
                let mut reader =
                    QueryRun::reader(kql, 7, &Context::default()).unwrap_or_else(|d| panic!("{kql}: {d:?}"));
                alone.push(input(n).as_bytes());
                alone.end_input();
                for part in input(n).as_bytes().chunks(100) {
                    reader.push(part);
                    assert_eq!(taking.import_transfer(&reader.export_transfer()), Ok(()));
                }
                reader.end_input();
                assert_eq!(taking.import_transfer(&reader.export_transfer()), Ok(()));
                assert_eq!(format!("{:?}", alone.take_problems()), format!("{:?}", taking.take_problems()));
            }
            assert_eq!((alone.stats(), alone.is_complete()), (taking.stats(), taking.is_complete()), "{kql}");
            assert_eq!(rows(alone.result().unwrap()), rows(taking.result().unwrap()), "{kql}");
        }
        let mut taking = QueryRun::new("AWSCloudTrail", 0, &Context::default()).unwrap();
        assert_eq!(taking.import_transfer(b"something else"), Err(TransferError::NoTransfer));
        let later = QueryRun::reader("AWSCloudTrail", 1, &Context::default()).unwrap().export_transfer();
        assert_eq!(taking.import_transfer(&later), Err(TransferError::OtherQuestion));
    }

    /// What keeps little answers over any number of events; what keeps everything says that it is too much.
    #[test]
    fn what_is_kept_of_many_events_is_bounded() {
        let answer = |query: &str| {
            let query = format!("AWSCloudTrail | extend s = strrep(AwsEventId, 100) | {query}");
            let mut run =
                QueryRun::new(&query, 0, &Context::default()).unwrap_or_else(|d| panic!("{query}: {d:?}"));
            run.set_folds(Budget::of_cells(10_000));
            for i in 0..5_000 {
                let event = format!(
                    "{{\"eventVersion\":\"1\",\"eventSource\":\"s\",\"eventName\":\"E{}\",\"eventID\":\"{i}\"}}\n",
                    i % 7
                );
                run.push(event.as_bytes());
            }
            run.result()
        };
        for little in [
            "summarize n = count(), dcount(EventName), make_set(s, 9) by EventName | count",
            "top 7 by s | count",
        ] {
            assert_eq!(number(answer(little)), Ok(Some(7)), "{little}");
        }
        let everything = [
            "summarize make_list(s)",
            "summarize count() by s",
            "distinct s",
            "top 10000 by s",
            "take 10000",
            "summarize dcount(s)",
        ];
        for much in everything {
            assert_eq!(number(answer(much)), Err("E_RUNAWAY_QUERY"), "{much}");
        }
    }
}
