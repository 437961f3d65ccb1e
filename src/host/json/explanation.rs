//! Why a rule matched events, what came near to it, and what tests have tried of it.

use super::alert::write_identifiers;
use super::{Object, findings, write_array};
use crate::detector::RuleErrors;
use crate::detector::explain::{ExplainedRun, Explanation, NearestReport, OfRule, RuleCoverage, Stopped};
use crate::rule::EventGrouping;
use crate::rule::evidence::event_id;
use kql::diagnostic::Span;
use kql::exec::explain::values::Step;
use kql::exec::explain::{Branch, BranchKind, ExplainedRow, ExplainedStage, MadeRow, State};
use kql::value::{Type, Value, datetime, json, text, timespan};

/// How long the text of an explanation may be; behind it rows have no values.
const MAX_TEXT: usize = 4 << 20;
/// How much of a value is shown: characters of a text, items of a list.
const MAX_CHARS: usize = 1000;
const MAX_ITEMS: usize = 50;

/// An explanation as a JSON object, as `Explanation` in `js/index.d.ts` with positions in bytes; of a rule that cannot run only
/// `{"findings":[…]}`.
pub fn explanation(explanation: &Result<Explanation, RuleErrors>) -> String {
    let mut out = String::new();
    let mut object = Object::begin(&mut out);
    match explanation {
        Err(errors) => object.member("findings").push_str(&findings(&errors.findings)),
        Ok(it) => write_explanation(&mut object, it),
    }
    object.end();
    out
}

fn write_explanation(object: &mut Object<'_>, it: &Explanation) {
    object.text("rule", &it.rule);
    object.text("severity", it.severity.name());
    object.text("query", &it.query);
    object.member("findings").push_str(&findings(&it.findings));
    object.text("verdict", it.verdict.name());
    object.plain("alerts", it.alerts);
    object.plain("events", it.events);
    match &it.event {
        None => object.member("event").push_str("null"),
        Some(event) => {
            let mut inner = Object::begin(object.member("event"));
            inner.plain("index", event.index);
            inner.text("id", &event.id);
            inner.text("name", &event.name);
            inner.optional_text("time", event.time.map(datetime::format).as_deref());
            inner.end();
        }
    }
    match &it.run {
        None => object.member("run").push_str("null"),
        Some(run) => write_run(object.member("run"), run, it),
    }
    write_stopped(object.member("stopped"), it);
    object.plain("passed", it.way.0);
    object.plain("stages", it.way.1);
    write_array(object.member("lets"), &it.lets, |out, one| {
        let mut object = Object::begin(out);
        object.text("name", &one.name);
        write_span(&mut object, one.span);
        write_shown(&mut object, &one.value);
        object.end();
    });
    let mut full = false;
    write_array(object.member("branches"), it.branches.iter().enumerate(), |out, (id, branch)| {
        write_branch(out, id, branch, it, &mut full);
    });
    let mut cut = it.cut.clone();
    if full {
        cut.push(format!(
            "The values of further rows are left out, as the explanation exceeds {} MiB.",
            MAX_TEXT >> 20
        ));
    }
    super::write_texts(object.member("cut"), &cut);
}

/// The rules and what each makes of the events, in short.
pub fn explanations(all: &[OfRule]) -> String {
    let mut out = String::new();
    write_array(&mut out, all, |out, (file, explained)| {
        let mut object = Object::begin(out);
        object.text("file", &file.file);
        match explained {
            Err(errors) => {
                object.optional_text("rule", errors.findings.iter().find_map(|f| f.rule.as_deref()));
                object.text("verdict", "failed");
                object.member("findings").push_str(&findings(&errors.findings));
            }
            Ok(it) => {
                object.text("rule", &it.rule);
                object.text("severity", it.severity.name());
                object.text("verdict", it.verdict.name());
                object.plain("alerts", it.alerts);
                write_stopped(object.member("stopped"), it);
                object.plain("passed", it.way.0);
                object.plain("stages", it.way.1);
            }
        }
        object.end();
    });
    out
}

fn write_run(out: &mut String, run: &ExplainedRun, it: &Explanation) {
    let mut object = Object::begin(out);
    object.text("tick", &datetime::format(run.tick));
    object.text("from", &datetime::format(run.window.start));
    object.text("to", &datetime::format(run.window.end));
    object.text("published", &datetime::format(run.published));
    match run.seen_by {
        None => object.member("seenBy").push_str("null"),
        Some(seen) => {
            let mut inner = Object::begin(object.member("seenBy"));
            inner.plain("runs", seen.runs);
            inner.text("first", &datetime::format(seen.first));
            inner.text("last", &datetime::format(seen.last));
            inner.end();
        }
    }
    match run.rows {
        Some(rows) => object.plain("rows", rows),
        None => object.member("rows").push_str("null"),
    }
    if let Some(Stopped::Error(error)) = &it.stopped {
        object.text("error", &error.message);
    }
    let mut trigger = Object::begin(object.member("trigger"));
    trigger.text("operator", run.trigger.operator.name());
    trigger.plain("threshold", run.trigger.threshold);
    trigger.plain("fires", run.fires);
    trigger.end();
    let grouping = match run.grouping {
        EventGrouping::SingleAlert => "SingleAlert",
        EventGrouping::AlertPerResult => "AlertPerResult",
    };
    object.text("grouping", grouping);
    object.plain("alerts", run.alerts);
    object.optional_text("suppression", run.suppression.map(timespan::format).as_deref());
    object.optional_text("suppressedUntil", run.suppressed_until.map(datetime::format).as_deref());
    write_array(object.member("entities"), &run.entities, |out, entity| {
        let mut object = Object::begin(out);
        object.text("type", entity.entity_type.name);
        let mut inner = Object::begin(object.member("identifiers"));
        write_identifiers(&mut inner, &entity.identifiers);
        inner.end();
        object.end();
    });
    write_array(object.member("leftOut"), &run.left_out, |out, left| {
        let mut object = Object::begin(out);
        object.text("what", &left.what);
        let mut inner = Object::begin(object.member("identifiers"));
        left.identifiers.iter().for_each(|(name, value)| inner.text(name, value));
        inner.end();
        object.text("why", &left.why);
        object.end();
    });
    object.end();
}

fn write_stopped(out: &mut String, it: &Explanation) {
    let Some(stopped) = &it.stopped else { return out.push_str("null") };
    let mut object = Object::begin(out);
    match stopped {
        Stopped::Stage(branch, stage, deciding) => {
            object.text("at", "stage");
            object.plain("branch", branch);
            object.plain("stage", stage);
            let place = it.branches.get(*branch).and_then(|b| b.stages.get(*stage));
            let whole = place.map(|s| s.span).unwrap_or_default();
            object.text("operator", place.map_or("", |s| &s.operator));
            write_span(&mut object, deciding.first().map_or(whole, |step| step.span));
            let spans: Vec<Span> = match deciding.as_slice() {
                [] => vec![whole],
                deciding => deciding.iter().map(|step| step.span).collect(),
            };
            let mut texts: Vec<String> = spans.iter().map(|span| one_line(&it.query, *span)).collect();
            texts.dedup();
            texts.truncate(5);
            object.text("text", &texts.join("; "));
        }
        Stopped::Trigger => {
            object.text("at", "trigger");
            let rows = it.run.as_ref().and_then(|r| r.rows).unwrap_or_default();
            let text = it.run.as_ref().map(|r| {
                format!("{rows} rows; the trigger is {} {}", r.trigger.operator.name(), r.trigger.threshold)
            });
            object.text("text", &text.unwrap_or_default());
        }
        Stopped::Suppression => {
            object.text("at", "suppression");
            let until = it.run.as_ref().and_then(|r| r.suppressed_until).map(datetime::format);
            object.text(
                "text",
                &format!("an earlier alert silences the rule until {}", until.unwrap_or_default()),
            );
        }
        Stopped::Time => {
            object.text("at", "time");
            object.text("text", "the event has no time that can be read, so no run sees it");
        }
        Stopped::Error(error) => {
            object.text("at", "error");
            object.text("text", &error.to_string());
        }
    }
    object.end();
}

/// A piece of the query on one line.
fn one_line(query: &str, span: Span) -> String {
    const MOST: usize = 300;
    let text = query.get(span.range()).unwrap_or_default();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

fn write_span(object: &mut Object<'_>, span: Span) {
    object.plain("start", span.start);
    object.plain("end", span.end);
}

fn write_branch(out: &mut String, id: usize, branch: &Branch, it: &Explanation, full: &mut bool) {
    let kql_let = branch.of_let.and_then(|i| kql::exec::explain::lets(&it.query).into_iter().nth(i));
    let mut object = Object::begin(out);
    object.plain("id", id);
    object.text("kind", branch.kind.name());
    object.optional_text("name", kql_let.as_ref().map(|l| &*l.name));
    let label = match branch.kind {
        BranchKind::Query => "query".to_owned(),
        BranchKind::Let => "let".to_owned(),
        BranchKind::Union(n) => format!("input {n} of union"),
        BranchKind::Join => "right side of join".to_owned(),
        BranchKind::AntiJoin => "right side of join, of which only the keys count".to_owned(),
        BranchKind::List => "list of in".to_owned(),
        BranchKind::Scalar => "toscalar".to_owned(),
        BranchKind::Subquery => "subquery".to_owned(),
        BranchKind::Graph => "table of the graph".to_owned(),
    };
    object.text("label", &label);
    match branch.parent {
        Some((branch, stage)) => {
            let mut parent = Object::begin(object.member("parent"));
            parent.plain("branch", branch);
            parent.plain("stage", stage);
            parent.end();
        }
        None => object.member("parent").push_str("null"),
    }
    object.optional_text("table", branch.stages.first().and_then(|s| s.table.as_deref()));
    let stages = branch.stages.iter().map(|s| s.span).filter(|span| *span != Span::default());
    let spans = match &kql_let {
        Some(l) => l.span,
        None => stages
            .reduce(|a, b| Span { start: a.start.min(b.start), end: a.end.max(b.end) })
            .unwrap_or_default(),
    };
    write_span(&mut object, spans);
    object.plain("rowsOut", branch.out.rows);
    object.plain("eventRowsOut", branch.out.of_event);
    write_array(object.member("stages"), &branch.stages, |out, stage| write_stage(out, stage, full));
    object.end();
}

fn write_stage(out: &mut String, stage: &ExplainedStage, full: &mut bool) {
    let mut object = Object::begin(out);
    object.text("operator", &stage.operator);
    object.optional_text("table", stage.table.as_deref());
    write_span(&mut object, stage.span);
    object.plain("rowsIn", stage.into.rows);
    object.plain("rowsOut", stage.out.rows);
    object.plain("eventRowsIn", stage.into.of_event);
    object.plain("eventRowsOut", stage.out.of_event);
    let state = match stage.state {
        State::Passed => "passed",
        State::Stopped => "stopped",
        State::Late(_) => "late",
        State::Unreached => "unreached",
        State::Failed => "failed",
    };
    object.text("state", state);
    if let State::Late(would) = stage.state {
        object.plain("would", would);
    }
    write_array(object.member("branches"), &stage.branches, |out, id| out.push_str(&id.to_string()));
    write_array(object.member("rows"), &stage.rows, |out, row| {
        *full |= out.len() > MAX_TEXT;
        write_row(out, row, *full);
    });
    write_array(object.member("made"), &stage.made, |out, made| {
        *full |= out.len() > MAX_TEXT;
        write_made(out, made, *full);
    });
    object.end();
}

fn write_row(out: &mut String, row: &ExplainedRow, full: bool) {
    let mut object = Object::begin(out);
    match row.passed {
        Some(passed) => object.plain("passed", passed),
        None => object.member("passed").push_str("null"),
    }
    if let Some(side) = row.side {
        object.plain("branch", side);
    }
    super::write_texts(object.member("events"), row.events.iter().map(|e| event_id(e)));
    let steps = if full { &[] } else { &*row.steps };
    write_array(object.member("steps"), steps, write_step);
    object.end();
}

fn write_step(out: &mut String, step: &Step) {
    let mut object = Object::begin(out);
    write_span(&mut object, step.span);
    write_shown(&mut object, &step.value);
    if step.decides {
        object.plain("decides", true);
    }
    if step.constant {
        object.plain("constant", true);
    }
    object.end();
}

fn write_made(out: &mut String, made: &MadeRow, full: bool) {
    let mut object = Object::begin(out);
    let values = if full { &[] } else { &*made.values };
    write_array(object.member("values"), values, |out, (column, value)| {
        let mut object = Object::begin(out);
        object.text("name", &column.name);
        write_shown(&mut object, value);
        object.end();
    });
    object.plain("events", made.events);
    object.plain("ofEvent", made.of_event);
    object.end();
}

/// A value and its type, of a large one the beginning and how large it is: `cut` characters of a text or of JSON, or items.
fn write_shown(object: &mut Object<'_>, value: &Value) {
    let mut cut = None;
    let out = object.member("value");
    match value {
        Value::Null => out.push_str("null"),
        Value::String(text) => cut = write_cut(out, text),
        Value::Array(items) if items.len() > MAX_ITEMS => {
            cut = Some(items.len());
            let first: Vec<Value> = items.iter().take(MAX_ITEMS).cloned().collect();
            write_small(out, &Value::array(first));
        }
        Value::Array(_) | Value::Bag(_) => cut = write_small(out, value),
        Value::Int(_) | Value::Long(_) => out.push_str(&text::scalar(value)),
        Value::Real(_) | Value::Bool(_) => json::write(out, value),
        scalar => json::write_string(out, &text::scalar(scalar)),
    }
    json::write_string(object.member("type"), value.own_type().map_or("null", Type::name));
    if let Some(cut) = cut {
        object.plain("cut", cut);
    }
}

/// A dynamic as it is, or, if that is long, the beginning of its text.
fn write_small(out: &mut String, value: &Value) -> Option<usize> {
    let mut whole = String::new();
    json::write(&mut whole, value);
    if whole.len() <= 4 * MAX_CHARS {
        out.push_str(&whole);
        return None;
    }
    write_cut(out, &whole)
}

fn write_cut(out: &mut String, text: &str) -> Option<usize> {
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => {
            json::write_string(out, text.get(..end).unwrap_or_default());
            Some(text.chars().count())
        }
        None => {
            json::write_string(out, text);
            None
        }
    }
}

/// What tests have tried, as `Coverage` in `js/index.d.ts` with positions in bytes; of a rule that cannot run only
/// `{"findings":[…]}`.
pub fn coverage(coverage: &Result<RuleCoverage, RuleErrors>) -> String {
    let mut out = String::new();
    let mut object = Object::begin(&mut out);
    match coverage {
        Err(errors) => object.member("findings").push_str(&findings(&errors.findings)),
        Ok(it) => {
            object.text("rule", &it.rule);
            object.text("query", &it.query);
            object.member("findings").push_str(&findings(&it.findings));
            write_array(object.member("obligations"), &it.obligations, |out, (o, first, last)| {
                let mut object = Object::begin(out);
                object.text("kind", o.kind.name());
                object.text("operator", &o.operator);
                write_span(&mut object, o.span);
                object.plain("line", first.line);
                object.plain("column", first.column);
                object.plain("endLine", last.line);
                let mut counts = Object::begin(object.member("counts"));
                o.counts.iter().for_each(|(name, n)| counts.plain(name, n));
                counts.end();
                if let Some(decided) = o.decided {
                    object.plain("decided", decided);
                }
                object.end();
            });
            let mut trigger = Object::begin(object.member("trigger"));
            trigger.plain("line", it.position.line);
            trigger.plain("column", it.position.column);
            trigger.plain("fired", it.fired);
            trigger.plain("quiet", it.quiet);
            trigger.end();
            write_array(object.member("failed"), &it.failed, |out, failed| {
                let mut object = Object::begin(out);
                object.plain("case", failed.case);
                object.text("message", &failed.message);
                object.end();
            });
            super::write_texts(object.member("cut"), &it.cut);
        }
    }
    object.end();
    out
}

/// What came nearest, as `Nearest` in `js/index.d.ts` with positions in bytes. `query` is the rule's.
pub fn nearest(report: &NearestReport, query: &str) -> String {
    let mut out = String::new();
    let mut object = Object::begin(&mut out);
    object.text("query", query);
    object.plain("events", report.events);
    object.plain("matching", report.matching);
    object.plain("passing", report.passing);
    object.plain("ungrouped", report.ungrouped);
    write_array(object.member("groups"), &report.groups, |out, group| {
        let mut object = Object::begin(out);
        object.plain("events", group.events);
        object.plain("filters", group.filters);
        write_array(object.member("failing"), &group.failing, |out, failing| {
            let mut object = Object::begin(out);
            write_span(&mut object, failing.span);
            object.text("text", &one_line(query, failing.span));
            write_array(object.member("values"), &failing.values, |out, (value, n)| {
                let mut object = Object::begin(out);
                object.text("value", value);
                object.plain("events", n);
                object.end();
            });
            object.plain("others", failing.others);
            object.end();
        });
        object.text("example", &json::lossy(&*group.example));
        object.end();
    });
    object.optional_text("found", report.found.as_deref().map(json::lossy).as_deref());
    object.end();
    out
}
