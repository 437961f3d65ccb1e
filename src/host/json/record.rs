//! Flat records: findings, problems, counters, and what describes rules, columns and functions.

use super::{Object, to_text, write_array, write_diagnostic, write_texts};
use crate::detector::{Finding, IngestStats, Problem, RuleFile, Stats, Together};
use crate::rule::schedule::Schedule;
use crate::rule::{ColumnUse, EntityMapping, EventGrouping, HuntingQuery, Kind, Rule};
#[cfg(feature = "js")]
use cloudtrail::source::{Archive, Member};
use cloudtrail::table::aws_cloudtrail::{self, Certainty, Origin, Place};
use cloudtrail::table::logs::{self, Path};
use kql::aggregates;
use kql::diagnostic::Diagnostic;
use kql::functions::{FAMILIES, Param};
#[cfg(feature = "js")]
use kql::value::Column;
use kql::value::{datetime, timespan};
use serde::{Serialize, Serializer};

#[derive(Serialize)]
struct FindingRecord<'a> {
    file: &'a str,
    rule: Option<&'a str>,
    severity: &'static str,
    code: &'static str,
    message: &'a str,
    hint: Option<&'a str>,
    line: usize,
    column: usize,
}

impl<'a> From<&'a Finding> for FindingRecord<'a> {
    fn from(f: &'a Finding) -> FindingRecord<'a> {
        FindingRecord {
            file: &f.file,
            rule: f.rule.as_deref(),
            severity: f.severity.name(),
            code: f.code,
            message: &f.message,
            hint: f.hint.as_deref(),
            line: f.line,
            column: f.column,
        }
    }
}

/// A finding as a JSON object.
pub fn finding(finding: &Finding) -> String {
    to_text(&FindingRecord::from(finding))
}

/// Findings as a JSON array.
pub fn findings(findings: &[Finding]) -> String {
    to_text(&findings.iter().map(FindingRecord::from).collect::<Vec<_>>())
}

/// Findings about tables as diagnostics of a query, which has no position for them.
pub fn unplaced(findings: &[Finding]) -> String {
    #[derive(Serialize)]
    struct Unplaced<'a> {
        severity: &'static str,
        code: &'static str,
        start: u32,
        end: u32,
        message: String,
        hint: Option<&'a str>,
    }
    let unplaced = |f| {
        let Finding { file, severity, code, message, hint, line, .. }: &Finding = f;
        Unplaced {
            severity: severity.name(),
            code,
            start: 0,
            end: 0,
            message: format!("{file}, line {line}: {message}"),
            hint: hint.as_deref(),
        }
    };
    to_text(&findings.iter().map(unplaced).collect::<Vec<_>>())
}

/// The diagnostics of a query as a JSON array.
pub fn diagnostics(diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    write_array(&mut out, diagnostics, write_diagnostic);
    out
}

/// The answer to a line of a batch that is no query.
pub fn batch_error(id: &str, error: &Diagnostic) -> String {
    let mut out = String::new();
    let mut object = Object::begin(&mut out);
    object.member("id").push_str(id);
    write_diagnostic(object.member("error"), error);
    object.end();
    out
}

/// Problems, one JSON object a line.
pub fn problems(problems: &[Problem]) -> String {
    #[derive(Serialize)]
    struct ProblemRecord<'a> {
        offset: Option<u64>,
        code: &'a str,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        rule: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        runs: Option<u64>,
    }
    let line = |Problem { offset, code, message, rule }: &Problem| {
        let (rule, runs) = rule.as_ref().map(|r| (&*r.name, r.runs)).unzip();
        to_text(&ProblemRecord { offset: *offset, code, message, rule, runs }) + "\n"
    };
    problems.iter().map(line).collect()
}

/// Files of an archive: `[{"name","length","problem"}]`; `length` is how many bytes of it are kept.
#[cfg(feature = "js")]
pub fn members(members: &[Member]) -> String {
    let mut out = String::new();
    write_array(&mut out, members, |out, Member { name, bytes, problem }| {
        let mut object = Object::begin(out);
        object.text("name", name);
        object.plain("length", bytes.len());
        object.optional_text("problem", problem.as_deref());
        object.end();
    });
    out
}

/// What an archive is: `{"isArchive","isSpent","problems":[…]}`.
#[cfg(feature = "js")]
pub fn archive(archive: &Archive) -> String {
    let mut out = String::new();
    let mut object = Object::begin(&mut out);
    object.plain("isArchive", archive.is_archive());
    object.plain("isSpent", archive.is_spent());
    write_texts(object.member("problems"), archive.problems());
    object.end();
    out
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatsRecord<'a> {
    bytes: u64,
    inflated_bytes: u64,
    events: u64,
    candidates: u64,
    problems: u64,
    late: u64,
    dropped: u64,
    untimed: u64,
    outside: u64,
    digests: u64,
    ahead: u64,
    #[serde(serialize_with = "as_map")]
    envelopes: &'a [(&'static str, u64)],
    #[serde(serialize_with = "as_map", skip_serializing_if = "<[_]>::is_empty")]
    tables: &'a [(&'static str, u64)],
    first_event: Option<String>,
    last_event: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alerts: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<usize>,
}

fn as_map<S: Serializer>(pairs: &&[(&'static str, u64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().copied())
}

impl<'a> From<&'a IngestStats> for StatsRecord<'a> {
    fn from(s: &'a IngestStats) -> StatsRecord<'a> {
        StatsRecord {
            bytes: s.bytes,
            inflated_bytes: s.inflated_bytes,
            events: s.events,
            candidates: s.candidates,
            problems: s.problems,
            late: s.late,
            dropped: s.dropped,
            untimed: s.untimed,
            outside: s.outside,
            digests: s.digests,
            ahead: s.ahead,
            envelopes: &s.envelopes,
            tables: &s.tables,
            first_event: s.first_event.map(datetime::format),
            last_event: s.last_event.map(datetime::format),
            alerts: None,
            rules: None,
        }
    }
}

/// The counters of a detector as a JSON object.
pub fn stats(stats: &Stats) -> String {
    let Stats { ingest, alerts, rules } = stats;
    to_text(&StatsRecord { alerts: Some(*alerts), rules: Some(*rules), ..ingest.into() })
}

/// The counters of a query as a JSON object.
pub fn query_stats(stats: &IngestStats) -> String {
    to_text(&StatsRecord::from(stats))
}

/// The words that an index of events has met, as a JSON list for each column.
pub fn words(columns: &[Vec<String>]) -> String {
    let mut out = String::new();
    write_array(&mut out, columns, write_texts);
    out
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleCard<'a> {
    id: &'a str,
    name: &'a str,
    description: &'a str,
    severity: &'static str,
    kind: &'static str,
    version: &'a str,
    query: &'a str,
    query_line: usize,
    query_column: usize,
    frequency: String,
    period: String,
    trigger: TriggerRecord,
    grouping: &'static str,
    tactics: &'a [String],
    techniques: &'a [String],
    sub_techniques: &'a [String],
    entity_mappings: Vec<MappingRecord<'a>>,
    custom_details: &'a [(String, String)],
}

#[derive(Serialize)]
struct TriggerRecord {
    operator: &'static str,
    threshold: u32,
}

#[derive(Serialize)]
struct MappingRecord<'a> {
    r#type: &'static str,
    fields: Vec<[&'a str; 2]>,
}

impl<'a> From<&'a EntityMapping> for MappingRecord<'a> {
    fn from(m: &'a EntityMapping) -> MappingRecord<'a> {
        let field = |(name, used): &'a (&'static str, ColumnUse)| [*name, used.column.as_str()];
        MappingRecord { r#type: m.entity.name, fields: m.fields.iter().map(field).collect() }
    }
}

/// What a hunting query says of itself, as a JSON object; `null` without one.
pub fn hunting_query(hunt: Option<&HuntingQuery>) -> String {
    #[derive(Serialize)]
    struct HuntRecord<'a> {
        id: &'a str,
        name: &'a str,
        description: &'a str,
        query: &'a str,
        tactics: &'a [String],
        techniques: &'a [String],
    }
    to_text(&hunt.map(|HuntingQuery { id, name, description, query, tactics, techniques }| HuntRecord {
        id,
        name,
        description,
        query: &query.text,
        tactics,
        techniques,
    }))
}

/// What a rule says of itself, as a JSON object; `null` without a rule.
pub fn rule_card(rule: Option<&Rule>) -> String {
    let card = |rule: &Rule| {
        let (query_line, query_column) = rule.query_position(0);
        to_text(&RuleCard {
            id: &rule.id,
            name: &rule.name,
            description: &rule.description,
            severity: rule.severity.name(),
            kind: match rule.kind {
                Kind::Nrt => "NRT",
                Kind::Scheduled => "Scheduled",
            },
            version: &rule.version,
            query: &rule.query.text,
            query_line,
            query_column,
            frequency: timespan::format(rule.schedule.frequency()),
            period: timespan::format(rule.schedule.period()),
            trigger: TriggerRecord {
                operator: rule.trigger.operator.name(),
                threshold: rule.trigger.threshold,
            },
            grouping: match rule.grouping {
                EventGrouping::SingleAlert => "SingleAlert",
                EventGrouping::AlertPerResult => "AlertPerResult",
            },
            tactics: &rule.tactics,
            techniques: &rule.techniques,
            sub_techniques: &rule.sub_techniques,
            entity_mappings: rule.entity_mappings.iter().map(MappingRecord::from).collect(),
            custom_details: &rule.custom_details,
        })
    };
    rule.map_or_else(|| "null".to_owned(), card)
}

/// Of each rule when it runs, in ticks, and why all its runs must be made together: `[{"frequency","period","together"}]`.
pub fn schedules(schedules: &[(Schedule, Option<Together>)]) -> String {
    #[derive(Serialize)]
    struct Record {
        frequency: i64,
        period: i64,
        together: Option<&'static str>,
    }
    let record = |(schedule, together): &(Schedule, Option<Together>)| Record {
        frequency: schedule.frequency(),
        period: schedule.period(),
        together: together.map(Together::name),
    };
    to_text(&schedules.iter().map(record).collect::<Vec<_>>())
}

/// The rules that ship inside the module: `[{"file","text"}]`.
pub fn built_in_rules(files: &[RuleFile]) -> String {
    #[derive(Serialize)]
    struct File<'a> {
        file: &'a str,
        text: &'a str,
    }
    to_text(&files.iter().map(|f| File { file: &f.file, text: &f.text }).collect::<Vec<_>>())
}

/// The table's columns, for completion: `[{"name","type","doc","field"}]`; `field` is where the event has the value.
pub fn columns() -> String {
    #[derive(Serialize)]
    struct Column {
        name: &'static str,
        r#type: &'static str,
        doc: &'static str,
        field: Option<Vec<&'static str>>,
    }
    let columns = aws_cloudtrail::columns().iter().map(|c| Column {
        name: c.name,
        r#type: c.ty.name(),
        doc: c.doc,
        field: field(&c.origin),
    });
    to_text(&columns.collect::<Vec<_>>())
}

/// The columns that data has given the plug-ins of a query: `[[["name","type"],…],…]`.
#[cfg(feature = "js")]
pub fn found_columns(found: &[Vec<Column>]) -> String {
    let pairs = found.iter().map(|columns| columns.iter().map(|c| (&*c.name, c.ty.name())).collect());
    to_text(&pairs.collect::<Vec<Vec<_>>>())
}

/// The tables of other logs: `[{"name","doc","source","columns":[{"name","type","fields","certainty"}]}]`; `fields` are the ways to
/// the value in a record, the first that it has counts.
pub fn log_tables() -> String {
    #[derive(Serialize)]
    struct Table {
        name: &'static str,
        doc: &'static str,
        source: &'static str,
        columns: Vec<Column>,
    }
    #[derive(Serialize)]
    struct Column {
        name: &'static str,
        r#type: &'static str,
        fields: Vec<Path>,
        certainty: &'static str,
    }
    let column = |c: &logs::LogColumn| Column {
        name: c.name,
        r#type: c.ty.name(),
        fields: c.origin.paths(),
        certainty: match c.certainty {
            Certainty::High => "high",
            Certainty::Medium => "medium",
            Certainty::Low => "low",
        },
    };
    let table = |t: &&logs::LogTable| Table {
        name: t.name,
        doc: t.doc,
        source: t.source,
        columns: t.columns.iter().map(column).collect(),
    };
    to_text(&logs::TABLES.iter().map(table).collect::<Vec<_>>())
}

/// The path of keys in an event; `None` where a column has no field of its own.
fn field(origin: &Origin) -> Option<Vec<&'static str>> {
    let Origin::Field(place, key) = origin else {
        return match origin {
            Origin::Permission(_) | Origin::PermissionRange => {
                Some(vec!["requestParameters", "ipPermissions"])
            }
            _ => None,
        };
    };
    let mut path = match place {
        Place::Event => vec![],
        Place::UserIdentity => vec!["userIdentity"],
        Place::OnBehalfOf => vec!["userIdentity", "onBehalfOf"],
        Place::SessionContext => vec!["userIdentity", "sessionContext"],
        Place::SessionAttributes => vec!["userIdentity", "sessionContext", "attributes"],
        Place::SessionIssuer => vec!["userIdentity", "sessionContext", "sessionIssuer"],
        Place::TlsDetails => vec!["tlsDetails"],
    };
    path.push(key);
    Some(path)
}

/// The functions and aggregates that queries can call, for completion: `[{"name","call","doc","kind"}]`.
pub fn functions() -> String {
    #[derive(Serialize)]
    struct Entry {
        name: &'static str,
        call: String,
        doc: &'static str,
        kind: &'static str,
    }
    let entry = |kind, name: &'static str, params: &[Param], doc| {
        let shown = |p: &Param| {
            let mark = if p.repeated {
                ", …"
            } else if p.optional {
                "?"
            } else {
                ""
            };
            format!("{}{mark}", p.name)
        };
        let params: Vec<String> = params.iter().map(shown).collect();
        Entry { name, call: format!("{name}({})", params.join(", ")), doc, kind }
    };
    let scalars = FAMILIES.iter().flat_map(|family| family.functions);
    let mut all: Vec<Entry> = scalars.map(|f| entry("function", f.name, f.params, f.doc)).collect();
    all.extend(aggregates::sorted().iter().map(|a| entry("aggregate", a.name, a.params, a.doc)));
    to_text(&all)
}
