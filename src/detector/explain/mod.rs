//! Why a rule alerted on events, or did not: the query's stages with their values, and what came behind the query.
//!
//! Whether it alerts is asked of a [`Detector`]. The stages are those of a run of the same query at one tick, watched.

mod coverage;
mod nearest;
mod prepared;
mod run;

pub use coverage::{Case, FailedCase, RuleCoverage, coverage};
pub use kql::exec::explain::coverage::Obligation;
pub use nearest::{Failing, Group, Nearest, NearestReport, Wanted};
pub use run::{ExplainedRun, SeenBy};

use super::check::Finding;
use super::{Context, Detector, Options, RuleErrors, RuleFile};
use crate::rule::{Alert, AlertSeverity, evidence};
use cloudtrail::source::{Record, embedded};
use cloudtrail::table::aws_cloudtrail::EventRow;
use cloudtrail::table::log_row::LogRow;
use kql::diagnostic::Span;
use kql::exec::ExecError;
use kql::exec::explain::values::Step;
use kql::exec::explain::{Branch, Explained, State};
use kql::exec::row::{Event, Rows};
use kql::value::{Value, json};
use prepared::Prepared;
use std::rc::Rc;

/// What is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// The rule's text.
    pub rule: &'a str,
    /// The events' records.
    pub events: &'a [&'a [u8]],
    /// The event that is looked at; one alone is looked at anyway, of several all are where none is named.
    pub event: Option<usize>,
    /// The run that is shown: the end of its window, in ticks.
    pub tick: Option<i64>,
    /// What the rule can refer to.
    pub context: &'a Context,
}

/// Whether the rule alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It alerts on the event, or on the events.
    Alert,
    /// It does not.
    Quiet,
    /// A run failed, and none alerts.
    Failed,
}

impl Verdict {
    /// One word.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Alert => "alert",
            Verdict::Quiet => "quiet",
            Verdict::Failed => "failed",
        }
    }
}

/// What a rule makes of events.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The rule's name.
    pub rule: String,
    /// How bad it is if the rule is right.
    pub severity: AlertSeverity,
    /// The rule's query; spans are bytes of it.
    pub query: String,
    /// What is odd about the rule.
    pub findings: Vec<Finding>,
    /// Whether it alerts.
    pub verdict: Verdict,
    /// How many alerts a detector makes of the events; of one run, if that run was asked for.
    pub alerts: u64,
    /// How many events there are.
    pub events: usize,
    /// The event that is looked at.
    pub event: Option<ExplainedEvent>,
    /// The run that is shown; nothing if no event has a readable time.
    pub run: Option<ExplainedRun>,
    /// Where it ended, unless it alerts.
    pub stopped: Option<Stopped>,
    /// How many stages were passed, of how many on the way.
    pub way: (usize, usize),
    /// The scalars and lists that the query names.
    pub lets: Vec<ExplainedLet>,
    /// The tabular parts of the query; the first is the statement that answers.
    pub branches: Vec<Branch>,
    /// What was left out, in words.
    pub cut: Vec<String>,
}

/// The event that is looked at.
#[derive(Clone, Debug)]
pub struct ExplainedEvent {
    /// Its place among the events.
    pub index: usize,
    /// Its `eventID`, or empty.
    pub id: String,
    /// Its `eventName`, what the record of another log tells in short, or empty.
    pub name: String,
    /// Its time, in ticks.
    pub time: Option<i64>,
}

/// A scalar or a list that a `let` names.
#[derive(Clone, Debug)]
pub struct ExplainedLet {
    /// The name.
    pub name: String,
    /// The statement.
    pub span: Span,
    /// What it was in the run that is shown.
    pub value: Value,
}

/// Where it ended.
#[derive(Clone, Debug)]
pub enum Stopped {
    /// At a stage: its branch, its place there, and the parts of it that decided.
    Stage(usize, usize, Vec<Step>),
    /// The rows were too few or too many for the trigger.
    Trigger,
    /// An alert before it silenced the rule.
    Suppression,
    /// The event has no readable time, so no run sees it.
    Time,
    /// The run failed.
    Error(ExecError),
}

/// At most so many runs are tried to find the one that comes farthest.
const MAX_TRIED: usize = 16;
/// So many events, over all runs that are tried.
const MAX_TRIED_EVENTS: usize = 100_000;

/// Explains a rule on events.
pub fn explain(request: &Request<'_>) -> Result<Explanation, RuleErrors> {
    let mut prepared = Prepared::new(request.rule, request.context)?;
    let options = Options { context: request.context.clone(), empty_tables: true, ..Options::default() };
    let mut detector = Detector::of(vec![Rc::clone(&prepared.rule)], Vec::new(), options);
    for record in request.events {
        prepared.feed.offer(record);
        detector.offer(record);
    }
    let index = if request.events.len() == 1 { Some(0) } else { request.event };
    let chosen = index.and_then(|i| Some((i, *request.events.get(i)?)));
    let event = chosen.map(|(index, record)| explained_event(index, record));
    let watched = chosen.and_then(|(_, record)| prepared.event(record));
    let schedule = prepared.rule.rule.schedule;
    let mut cut = Vec::new();
    // The run's own rows, before the detector lets go of them.
    let (verdict, alerts, alerted, tick, explained) = match request.tick {
        Some(tick) => {
            let rows = detector.rows_at(tick);
            let explained = prepared.explain(tick, watched.clone());
            agree(&rows, &explained);
            let alerts = rows.map_or(0, |rows| prepared.alerts(tick, &rows).len() as u64);
            let of_event = explained.branches.first().is_some_and(|b| b.out.of_event > 0);
            let alert = alerts > 0 && (watched.is_none() || of_event || request.events.len() == 1);
            (alert, alerts, Vec::new(), Some(tick), Some(explained))
        }
        None => {
            let found = Alerts::of(&mut detector, watched.as_ref());
            let alone = request.events.len() == 1 || watched.is_none();
            let tick = if alone { found.of_event.or(found.first) } else { found.of_event };
            let verdict = if alone { found.count > 0 } else { found.of_event.is_some() };
            let (tick, explained) = match tick {
                Some(tick) => (Some(tick), Some(prepared.explain(tick, watched.clone()))),
                None => prepared.farthest(event.as_ref(), watched.as_ref(), request.events.len(), &mut cut),
            };
            (verdict, found.count, found.ticks, tick, explained)
        }
    };
    let run = match (tick, &explained) {
        (Some(tick), Some(explained)) => Some(prepared.run(tick, explained, event.as_ref(), &alerted)),
        _ => None,
    };
    let failed = explained.as_ref().and_then(|e| e.rows.as_ref().err().cloned());
    let verdict = match (verdict, &failed) {
        (true, _) => Verdict::Alert,
        (false, Some(_)) => Verdict::Failed,
        _ => Verdict::Quiet,
    };
    if explained.as_ref().is_some_and(|e| e.cut) {
        cut.push("The query has more parts than are shown; some values are left out.".to_owned());
    }
    let way = explained.as_ref().map_or((0, 1), |e| e.way);
    let stopped = (verdict != Verdict::Alert).then(|| stopped(failed, run.as_ref(), explained.as_ref()));
    let branches = explained.map(|e| e.branches).unwrap_or_default();
    let (rule, findings) = (Rc::clone(&prepared.rule), std::mem::take(&mut prepared.findings));
    Ok(Explanation {
        lets: prepared.lets(&branches, tick.unwrap_or_else(|| schedule.frequency())),
        rule: rule.rule.name.clone(),
        severity: rule.rule.severity,
        query: rule.rule.query.text.clone(),
        findings,
        verdict,
        alerts,
        events: request.events.len(),
        event,
        run,
        stopped,
        way,
        branches,
        cut,
    })
}

/// A rule's name and file beside what it makes of the events.
pub type OfRule = (RuleFile, Result<Explanation, RuleErrors>);

/// Explains all rules on the same events: those that alert first, then by how few stages were left. What is asked says the same
/// for all rules, but for the rule itself.
pub fn explain_all(files: &[RuleFile], request: &Request<'_>) -> Vec<OfRule> {
    let built_in = super::check::built_in();
    let files = if files.is_empty() { &built_in } else { files };
    let one = |file: &RuleFile| (file.clone(), explain(&Request { rule: &file.text, ..*request }));
    let mut all: Vec<OfRule> = files.iter().map(one).collect();
    // Stable: of equals the order of the files.
    all.sort_by_key(|(_, explained)| match explained {
        Ok(e) if e.verdict == Verdict::Alert => (0, 0, 0),
        Ok(e) => (1, e.way.1.saturating_sub(e.way.0), usize::MAX - e.way.0),
        Err(_) => (2, 0, 0),
    });
    all
}

/// The detector and the watched run work the same rows out; debug builds make sure.
fn agree(rows: &Result<Rows, ExecError>, explained: &Explained) {
    let (of_detector, watched) =
        (rows.as_ref().map(|r| r.rows.len()).ok(), explained.rows.as_ref().map(|r| r.len()).ok());
    debug_assert_eq!(of_detector, watched, "a watched run has the rows of the run");
}

fn stopped(failed: Option<ExecError>, run: Option<&ExplainedRun>, explained: Option<&Explained>) -> Stopped {
    let (Some(run), Some(explained)) = (run, explained) else { return Stopped::Time };
    if let Some(error) = failed {
        return Stopped::Error(error);
    }
    match explained.stopped {
        Some((branch, stage)) => Stopped::Stage(branch, stage, deciding(explained, branch, stage)),
        None if !run.fires => Stopped::Trigger,
        None if run.suppressed_until.is_some() => Stopped::Suppression,
        // No row is needed by a rule that fires on nothing, and this one's trigger says no.
        None => Stopped::Trigger,
    }
}

/// The parts that decided at the stage where it ended: of its first row that was turned away.
fn deciding(explained: &Explained, branch: usize, stage: usize) -> Vec<Step> {
    let stage = explained.branches.get(branch).and_then(|b| b.stages.get(stage));
    let Some(stage) = stage.filter(|s| matches!(s.state, State::Stopped)) else { return Vec::new() };
    let row = stage.rows.iter().find(|row| row.passed == Some(false));
    row.into_iter().flat_map(|row| &row.steps).filter(|step| step.decides).cloned().collect()
}

fn explained_event(index: usize, record: &[u8]) -> ExplainedEvent {
    let (time, name) = match Record::alone(record).log {
        Some(log) => {
            let row = LogRow::new(log, record);
            (row.time(), row.in_short(0))
        }
        None => {
            let row = EventRow::new(record);
            let [name, _] = row.name_and_source();
            (row.time(), name.into_owned())
        }
    };
    let event = Event { raw: minified(record), time };
    ExplainedEvent { index, id: evidence::event_id(&event).into_owned(), name, time: event.time }
}

/// A record as a feed keeps it.
fn minified(record: &[u8]) -> Box<[u8]> {
    (*json::minify(&embedded::without_added(record))).into()
}

/// What a detector found.
#[derive(Default)]
struct Alerts {
    count: u64,
    /// The tick of the first alert, and of the first that has the event as evidence.
    first: Option<i64>,
    of_event: Option<i64>,
    /// The ticks that alerted.
    ticks: Vec<i64>,
}

impl Alerts {
    /// Ends the input and takes all alerts.
    fn of(detector: &mut Detector, event: Option<&Rc<Event>>) -> Alerts {
        let record = event.map(evidence::EvidenceRecord::new);
        let mut found = Alerts::default();
        detector.finish();
        loop {
            let alerts = detector.take_alerts();
            if alerts.is_empty() {
                return found;
            }
            for alert in &alerts {
                let tick = alert.extended_properties.window.end;
                found.count += 1;
                found.first.get_or_insert(tick);
                if found.ticks.last() != Some(&tick) {
                    found.ticks.push(tick);
                }
                if record.as_ref().is_some_and(|record| has(alert, record)) {
                    found.of_event.get_or_insert(tick);
                }
            }
        }
    }
}

/// Whether an event is evidence of an alert.
fn has(alert: &Alert, record: &evidence::EvidenceRecord) -> bool {
    let events = alert.evidence.iter().flat_map(|e| &e.rows).flat_map(|row| &row.events);
    events.into_iter().any(|event| event.record.bytes() == record.bytes())
}
