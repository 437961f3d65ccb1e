//! One query over inputs, without a rule or a schedule.

use super::check::needs;
use super::feed::Feed;
use super::leaf::Keep;
use super::{Context, IngestStats, InvalidQuery, Problem, QueryError, TransferError, fingerprint};
use kql::bind::Wanting;
use kql::diagnostic::Diagnostic;
use kql::exec::fold::{Fold, folds, leaf_of_rows};
use kql::exec::late::{compile, compile_over, undeclared};
use kql::exec::run::{self, Run};
use kql::exec::{Budget, ExecError};
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
    /// The columns that earlier readings of the inputs have shown.
    found: Vec<Vec<Column>>,
    /// The query, if the inputs are read only to show the columns of its next plug-in.
    unbound: Option<Unbound>,
    /// How many records an earlier reading of the same inputs gave, if it went to their end.
    read_before: Option<u64>,
}

/// A query of which a plug-in takes its columns from the inputs: they are read for those first.
struct Unbound {
    kql: String,
    context: Context,
    wanting: Wanting,
}

/// How often the inputs may be read.
enum Readings {
    /// Once: a plug-in that takes its columns from them is refused.
    One,
    /// Again, after readings that gave these columns.
    After(Vec<Vec<Column>>),
}

impl QueryRun {
    /// A run of a query at a time (what `now()` is, in ticks) over events and a context. The inputs are read once.
    pub fn new(kql: &str, now: i64, context: &Context) -> Result<QueryRun, InvalidQuery> {
        QueryRun::over(kql, now, context, Keep::Rows, Readings::One)
    }

    /// As [`new`](Self::new), for a host that can read the inputs [again](Self::reads_again).
    pub fn rereading(kql: &str, now: i64, context: &Context) -> Result<QueryRun, InvalidQuery> {
        QueryRun::over(kql, now, context, Keep::Rows, Readings::After(Vec::new()))
    }

    /// A run that only reads, for another of the same query to answer: see [`export_transfer`](Self::export_transfer).
    pub fn reader(kql: &str, now: i64, context: &Context) -> Result<QueryRun, InvalidQuery> {
        QueryRun::over(kql, now, context, Keep::RowsToHandOver, Readings::One)
    }

    /// As [`reader`](Self::reader), for a [rereading](Self::rereading) run that has found these columns.
    pub fn reader_after(
        kql: &str,
        now: i64,
        context: &Context,
        found: Vec<Vec<Column>>,
    ) -> Result<QueryRun, InvalidQuery> {
        QueryRun::over(kql, now, context, Keep::RowsToHandOver, Readings::After(found))
    }

    fn over(
        kql: &str,
        now: i64,
        context: &Context,
        keep: Keep,
        readings: Readings,
    ) -> Result<QueryRun, InvalidQuery> {
        let catalog = context.catalog();
        let (compiled, found) = match readings {
            Readings::One => (compile(kql, &catalog), Vec::new()),
            Readings::After(mut found) => {
                let compiled = compile_over(kql, &catalog, &mut found, &mut |plan| {
                    let mut run = QueryRun::of_plan(plan, now, context, Keep::Rows);
                    (!run.reads_inputs).then(|| run.rows())
                });
                (compiled, found)
            }
        };
        let wanting = compiled.wanting.map(|wanting| (wanting.question(), wanting));
        let plan = match (&wanting, &compiled.query) {
            (Some((question, _)), _) => question,
            (None, Some(query)) => &query.plan,
            (None, None) => return Err(InvalidQuery { diagnostics: compiled.diagnostics }),
        };
        let mut run = QueryRun::of_plan(plan, now, context, keep);
        run.needs = needs(kql, std::mem::take(&mut run.needs), &catalog);
        run.warnings = compiled.diagnostics;
        run.question = fingerprint::of_query(kql, now, context, &found);
        run.found = found;
        run.unbound =
            wanting.map(|(_, wanting)| Unbound { kql: kql.to_owned(), context: context.clone(), wanting });
        Ok(run)
    }

    fn of_plan(plan: &Rc<Plan>, now: i64, context: &Context, keep: Keep) -> QueryRun {
        let split = split(plan);
        let mut feed = Feed::new(keep);
        let leaves = feed.add(&split.leaves, &context.tables);
        let streamed = leaf_of_rows(&split.root).map(|(leaf, _)| leaves.start + leaf);
        let mut run = QueryRun {
            reads_inputs: feed.reads_inputs(leaves.clone()),
            feed,
            root: split.root,
            columns: plan.columns.clone(),
            leaves,
            needs: split.leaves.iter().map(|leaf| Rc::clone(&leaf.table)).collect(),
            streamed,
            now,
            warnings: Vec::new(),
            question: String::new(),
            found: Vec::new(),
            unbound: None,
            read_before: None,
        };
        run.set_folds(Budget::default());
        run
    }

    /// Whether this reading of the inputs only shows which columns a plug-in makes. When they have been read,
    /// [`read_again`](Self::read_again), and read them all once more.
    pub fn reads_again(&self) -> bool {
        self.unbound.is_some()
    }

    /// Of a run that [reads again](Self::reads_again): the inputs were read, and come again from the beginning.
    pub fn read_again(&mut self) -> Result<(), InvalidQuery> {
        let stopped = self.end_reading();
        let rows = self.rows();
        let Some(Unbound { kql, context, wanting }) = self.unbound.take() else { return Ok(()) };
        let columns =
            wanting.columns(rows).map_err(|diagnostic| InvalidQuery { diagnostics: vec![diagnostic] })?;
        let read = self.read_before.or((!stopped).then(|| self.feed.stats().events));
        let found = self.found.iter().cloned().chain([columns]).collect();
        *self = QueryRun::over(&kql, self.now, &context, Keep::Rows, Readings::After(found))?;
        self.read_before = read;
        Ok(())
    }

    /// The columns that earlier readings have shown, for [readers](Self::reader_after).
    pub fn found(&self) -> &[Vec<Column>] {
        &self.found
    }

    /// What can take rows as they come does so from now on; of a reader, what can be merged where it is imported.
    fn set_folds(&mut self, budget: Budget) {
        let hands_over = self.feed.hands_over_rows();
        for fold in folds(&self.root, self.now, budget).into_iter().filter(|f| !hands_over || f.merges()) {
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

    /// Whether it may become [complete](Self::is_complete) before all inputs are read.
    pub fn can_complete(&self) -> bool {
        !self.leaves.is_empty() && self.leaves.clone().all(|leaf| self.feed.fold_can_fill(leaf))
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

    /// The current input, which is JSON text, is read from this byte on. Others read what comes before.
    pub fn start_at(&mut self, offset: u64) {
        self.feed.start_at(offset);
    }

    /// The current input is read on by another [reader](Self::reader) that [starts here](Self::start_at). False, and nothing happens,
    /// if this is no place between two values, or if what was read has a say at the input's end. `last`: it ends here.
    pub fn end_part(&mut self, last: bool) -> bool {
        self.feed.end_part(last)
    }

    /// All [parts](Self::end_part) of an input were [imported](Self::import_transfer).
    pub fn end_parts(&mut self) {
        self.feed.end_parts();
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
        let stopped = self.end_reading();
        if let Some(Unbound { wanting, .. }) = &self.unbound {
            return Err(undeclared(wanting).into());
        }
        let events = self.feed.stats().events;
        if self.read_before.is_some_and(|before| events > before || events < before && !stopped) {
            let message = "The inputs have changed between two readings: ask again.";
            return Err(QueryError { code: "FP107", message: message.to_owned() });
        }
        for name in self.feed.unseen(self.leaves.clone()) {
            if self.needs.iter().any(|needed| **needed == *name) {
                self.feed.not_given(name);
            }
        }
        let rows = self.rows()?;
        Ok(self.answer(rows))
    }

    /// No more inputs come. Whether that is because the answer is complete: then the last was not read to its end, and where it was left
    /// is no place to tell of.
    fn end_reading(&mut self) -> bool {
        let stopped = self.is_complete();
        if stopped {
            self.feed.leave_input();
        } else {
            self.feed.end_last_input();
        }
        stopped
    }

    fn rows(&mut self) -> Result<run::Table, ExecError> {
        if self.feed.dropped() > 0 {
            // An answer over the rows that are left would be wrong.
            let message =
                "The query keeps more rows than fit into memory; filter earlier or project fewer columns.";
            return Err(ExecError { code: "E_RUNAWAY_QUERY", message: message.to_owned() });
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
        run.table(&self.root)
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
        // Where it stopped is in the middle of something; that is no problem.
        five.push(event(9).as_bytes().get(..20).unwrap_or_default());
        assert_eq!(five.result().unwrap().rows.len(), 5);
        assert!(five.take_problems().iter().all(|p| p.code != "cut"));
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

    /// Each aggregate makes of rows that several readers fold what it makes of all of them, whatever their types and however they are
    /// parted.
    #[test]
    fn aggregates_of_parts_are_those_of_the_whole() {
        const NUMBERS: [&str; 9] = ["3", "null", "1", "0.1", "-7", "0.2", "1e15", "0.7", "b"];
        let input = |range: std::ops::Range<usize>| -> String {
            let event = |i: usize| {
                format!(
                    "{{\"eventVersion\":\"1\",\"eventSource\":\"s\",\"eventName\":\"E{}\",\"eventID\":\"{}\",\"awsRegion\":\"{}\"}}\n",
                    i % 5 / 2,
                    if i == 24 { "nan" } else { NUMBERS[i % 9] },
                    ["b", "a", "", "c"][i % 4]
                )
            };
            range.map(event).collect()
        };
        let columns =
            ["tolong(AwsEventId)", "toreal(AwsEventId)", "parse_json(AwsEventId)", "todecimal(AwsEventId)"];
        let (mut merged, mut asked) = (0, 0);
        for (x, (example, _)) in columns
            .iter()
            .flat_map(|x| kql::aggregates::sorted().into_iter().flat_map(|a| a.examples).map(move |e| (x, e)))
        {
            for by in ["", " by EventName"] {
                let kql =
                    format!("AWSCloudTrail | extend x = {x}, s = AWSRegion | summarize r = {example}{by}");
                let kql = kql.replace("r = arg_", "arg_").replace("r = percentiles(", "percentiles(");
                let Ok(mut alone) = QueryRun::new(&kql, 7, &Context::default()) else { continue };
                let Ok(mut taking) = QueryRun::new(&kql, 7, &Context::default()) else { continue };
                asked += 1;
                for range in [0..1, 1..7, 7..7, 7..30] {
                    let Ok(mut reader) = QueryRun::reader(&kql, 7, &Context::default()) else { continue };
                    alone.push(input(range.clone()).as_bytes());
                    reader.push(input(range).as_bytes());
                    merged += usize::from(
                        reader.feed.take_fold(0).map(|fold| reader.feed.set_fold(0, fold)).is_some(),
                    );
                    assert_eq!(taking.import_transfer(&reader.export_transfer()), Ok(()), "{kql}");
                }
                let rows = |table: Result<Table, QueryError>| format!("{:?}", table.map(|table| table.rows));
                assert_eq!(rows(alone.result()), rows(taking.result()), "{kql}");
            }
        }
        assert!(asked > 300 && merged > 2 * asked, "{asked} queries, {merged} parts folded");
    }

    /// What a query reads of an event and is not JSON is a problem, as it is for a rule; what it does not read says nothing.
    #[test]
    fn events_that_are_not_json_throughout_are_told() {
        let problems = |kql: &str, field: &str| {
            let event = format!(
                "{{\"eventVersion\":\"1\",\"eventSource\":\"s\",\"eventName\":\"E\",\"eventTime\":\"2026-01-01T00:00:00Z\",{field}}}\n"
            );
            let new = QueryRun::new(kql, 0, &Context::default()).unwrap_or_else(|d| panic!("{kql}: {d:?}"));
            let reader = QueryRun::reader(kql, 0, &Context::default());
            let mut runs = [new, reader.unwrap_or_else(|d| panic!("{kql}: {d:?}"))];
            let [alone, reader] = &mut runs;
            alone.push(event.as_bytes());
            reader.push(event.as_bytes());
            alone.end_input();
            reader.end_input();
            let mut taking = QueryRun::new(kql, 0, &Context::default()).unwrap_or_else(|d| panic!("{d:?}"));
            assert_eq!(taking.import_transfer(&reader.export_transfer()), Ok(()));
            let codes = |run: &mut QueryRun| {
                run.take_problems().iter().map(|p| p.code.to_string()).collect::<Vec<_>>()
            };
            let found = codes(alone);
            assert_eq!(found, codes(&mut taking), "{kql}");
            found
        };
        let reads = "AWSCloudTrail | where tostring(parse_json(RequestParameters).a) == 'x'";
        for damaged in ["{\"a\":NaN}", "{\"b\":01,\"a\":\"x\"}", "[1,-]", "NaN", "{\"a\":tru}"] {
            let field = format!("\"requestParameters\":{damaged}");
            for kql in [reads, "AWSCloudTrail | summarize count() by RequestParameters", "AWSCloudTrail"] {
                assert_eq!(problems(kql, &field), ["bad_json"], "{kql}: {damaged}");
            }
            assert_eq!(problems("AWSCloudTrail | count", &field), [""; 0], "{damaged}");
            assert_eq!(
                problems("AWSCloudTrail | where EventName == 'F' | project RequestParameters", &field),
                [""; 0]
            );
        }
        for sound in ["{\"a\":\"\\x\"}", "null", "[]", "1e999", "\"NaN\""] {
            assert_eq!(problems(reads, &format!("\"requestParameters\":{sound}")), [""; 0], "{sound}");
        }
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
