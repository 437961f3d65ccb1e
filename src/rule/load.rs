//! A rule file's text → a [`Rule`], or everything that is wrong with it.
//!
//! The limits are those of Sentinel's documents and of the validator of the public rule repository. Unknown keys are
//! tolerated with a warning: published files carry some. A rule is loaded exactly if no finding is an error.

mod connectors;
mod mappings;
pub(super) mod read;
mod time;

use super::alert::push_new;
use super::finding::{self, Finding, Position, Severity};
use super::yaml::{self, Content, Entry, Node};
use super::{
    AlertDetails, AlertSeverity, ColumnUse, Connector, DynamicProperty, EntityMapping, EventGrouping, Format,
    HuntingQuery, IncidentConfiguration, Kind, Operator, Piece, Query, Rule, Schedule, Trigger, entity,
    mitre,
};
use kql::nearest;
use kql::value::text;
use kql::value::timespan::{DAY, HOUR, MINUTE};
use read::{Map, Reader, Text, shown};

/// A rule file, read.
#[derive(Debug)]
pub struct Loaded {
    /// The rule; `None` if a diagnostic is an error, or if the file is [no rule](finding::NOT_A_RULE).
    pub rule: Option<Rule>,
    /// The hunting query, if the file holds one instead.
    pub hunt: Option<HuntingQuery>,
    /// What is wrong, in the file's order.
    pub diagnostics: Vec<Finding>,
}

const KEYS: &[&str] = &[
    "id",
    "name",
    "description",
    "severity",
    "kind",
    "status",
    "version",
    "query",
    "queryFrequency",
    "queryPeriod",
    "triggerOperator",
    "triggerThreshold",
    "tactics",
    "relevantTechniques",
    "requiredDataConnectors",
    "entityMappings",
    "sentinelEntitiesMappings",
    "customDetails",
    "alertDetailsOverride",
    "eventGroupingSettings",
    "suppressionEnabled",
    "suppressionDuration",
    "incidentConfiguration",
    "tags",
    "metadata",
    "enabled",
    "OriginalUri",
];

/// Reads and validates a rule file.
pub fn load(text: &str) -> Loaded {
    let mut findings = Vec::new();
    let (mut rule, mut hunt) = (None, None);
    if let Some(root) = yaml::parse(text, &mut findings) {
        let mut reader = Reader { findings: &mut findings, columns: Vec::new() };
        if is_hunting(&root) {
            hunt = hunting(&mut reader, text, &root);
        } else {
            rule = analytic(&mut reader, text, &root);
        }
    }
    findings.sort_by_key(|f| (f.line, f.column));
    let failed = findings.iter().any(|f| f.severity == Severity::Error);
    Loaded { rule: rule.filter(|_| !failed), hunt: hunt.filter(|_| !failed), diagnostics: findings }
}

/// Keys that every analytic rule has, and no hunting query.
const ANALYTIC_KEYS: &[&str] =
    &["kind", "severity", "queryFrequency", "queryPeriod", "triggerOperator", "triggerThreshold"];

fn is_hunting(root: &Node) -> bool {
    let Content::Map(entries) = &root.content else { return false };
    has_any(entries, &["query"]) && has_any(entries, &["name"]) && !has_any(entries, ANALYTIC_KEYS)
}

/// Whether a mapping has one of the keys, in whatever case.
fn has_any(entries: &[Entry], keys: &[&str]) -> bool {
    entries.iter().any(|e| keys.iter().any(|key| e.key.eq_ignore_ascii_case(key)))
}

/// `None` only together with an error among the findings.
fn hunting(r: &mut Reader, source: &str, root: &Node) -> Option<HuntingQuery> {
    let map = r.map(root, "the hunting query", KEYS)?;
    r.add(
        Finding::new(
            finding::HUNTING,
            root.position,
            "a hunting query: it has no schedule and makes no alerts",
        )
        .with_hint("forepost hunt runs it over all events"),
    );
    let id = r.optional(&map, "id").and_then(|id| guid(r, &id)).unwrap_or_default();
    let name = r.required(&map, "name").inspect(|t| r.length(t, "name", 256));
    let description = r.optional(&map, "description");
    let query = r.required(&map, "query").map(|t| Query::new(source, t.scalar, t.position));
    let tactics = tactics(r, &map);
    let (techniques, _) = techniques(r, &map, &tactics);
    Some(HuntingQuery {
        id,
        name: name?.text().trim().to_owned(),
        description: description.map(|t| t.text().trim_end().to_owned()).unwrap_or_default(),
        query: query?,
        tactics,
        techniques,
    })
}

/// Keys that only a rule has: a mapping without all of them was never meant to be one.
const TELLING_KEYS: &[&str] = &["id", "query", "kind", "severity", "queryFrequency", "triggerThreshold"];

/// `None` only together with an error among the findings, or because the file is no rule.
fn analytic(r: &mut Reader, source: &str, root: &Node) -> Option<Rule> {
    if let Content::Map(entries) = &root.content
        && !entries.is_empty()
        && !has_any(entries, TELLING_KEYS)
    {
        let keys: Vec<_> = entries.iter().take(4).map(|e| shown(&e.key)).collect();
        let message = format!("not an analytic rule: a mapping with the keys {}", keys.join(", "));
        r.add(Finding::new(finding::NOT_A_RULE, root.position, message));
        return None;
    }
    let map = r.map(root, "the rule", KEYS)?;
    let id = r.required(&map, "id").and_then(|id| guid(r, &id));
    let name = r.required(&map, "name").inspect(|t| r.length(t, "name", 256));
    let description = r.required(&map, "description").inspect(|t| r.length(t, "description", 5000));
    let severity = r
        .required(&map, "severity")
        .and_then(|t| r.choice(&t, "severity", AlertSeverity::ALL.map(|s| (s, s.name()))));
    let kind = r
        .required(&map, "kind")
        .and_then(|t| r.choice(&t, "kind", [(Kind::Scheduled, "Scheduled"), (Kind::Nrt, "NRT")]));
    let version = r.optional(&map, "version").map(|t| version(r, &t)).unwrap_or_default();
    let query = r.required(&map, "query").map(|t| {
        r.length(&t, "query", 10_000);
        Query::new(source, t.scalar, t.position)
    });
    // An unknown kind is read as a scheduled one, so that the rest is checked too.
    let (schedule, trigger) = match kind {
        Some(Kind::Nrt) => near_real_time(r, &map),
        _ => (schedule(r, &map), trigger(r, &map)),
    };
    let tactics = tactics(r, &map);
    let (techniques, sub_techniques) = techniques(r, &map, &tactics);
    let connectors = connectors::connectors(r, &map);
    let entity_mappings = mappings::entities(r, &map);
    let custom_details = mappings::custom_details(r, &map);
    let alert_details = mappings::alert_details(r, &map);
    let grouping = grouping(r, &map);
    let suppression = suppression(r, &map);
    let incident = incident(r, &map);
    Some(Rule {
        id: id?,
        name: name?.text().trim().to_owned(),
        description: description?.text().trim_end().to_owned(),
        severity: severity?,
        kind: kind?,
        version,
        query: query?,
        schedule: schedule?,
        trigger: trigger?,
        tactics,
        techniques,
        sub_techniques,
        connectors,
        entity_mappings,
        custom_details,
        alert_details,
        grouping,
        suppression,
        incident,
        columns: std::mem::take(&mut r.columns),
    })
}

fn guid(r: &mut Reader, id: &Text) -> Option<String> {
    let guid = text::parse_guid(id.text()).map(|g| text::guid(&g));
    if guid.is_none() {
        let hint = "example: 19602494-94af-43c8-90ba-eb0e14999612";
        r.add(
            Finding::new(finding::ID, id.position, format!("the id {:?} is not a GUID", id.shown()))
                .with_hint(hint),
        );
    }
    guid
}

fn version(r: &mut Reader, version: &Text) -> String {
    let text = version.text().trim();
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if text.len() > 20 || text.split('.').count() != 3 || !text.split('.').all(number) {
        let message = format!("the version {:?} does not have the form 1.0.2", version.shown());
        r.add(Finding::new(finding::VERSION, version.position, message));
    }
    text.chars().take(20).collect()
}

fn schedule(r: &mut Reader, map: &Map) -> Option<Schedule> {
    let mut span = |key: &'static str| {
        let text = r.required(map, key)?;
        let ticks = time::rule_span(r, key, &text)?;
        time::within(r, key, &text, ticks, 5 * MINUTE, 14 * DAY).then_some((ticks, text.position))
    };
    let (frequency, period) = (span("queryFrequency"), span("queryPeriod"));
    let ((frequency, _), (period, position)) = (frequency?, period?);
    if period < frequency {
        r.add(Finding::new(finding::PERIOD, position, "queryPeriod is shorter than queryFrequency").with_hint(
            "the rule would miss events between two windows; make queryPeriod at least as long as queryFrequency",
        ));
    } else if period >= 2 * DAY && frequency < HOUR {
        let message = "a queryPeriod of two days or more needs a queryFrequency of at least one hour";
        r.add(Finding::new(finding::LONG_PERIOD, position, message));
    }
    Schedule::scheduled(frequency, period)
}

fn trigger(r: &mut Reader, map: &Map) -> Option<Trigger> {
    let operator = r.required(map, "triggerOperator").and_then(|t| {
        let both = Operator::ALL.into_iter().flat_map(|(o, long, short)| [(o, short), (o, long)]);
        r.choice(&t, "triggerOperator", both)
    });
    let threshold = r.required(map, "triggerThreshold").and_then(|t| {
        let number = t.text().trim().parse::<u32>().ok().filter(|n| *n <= 10_000);
        if number.is_none() {
            let message =
                format!("triggerThreshold must be a whole number from 0 to 10000, not {:?}", t.shown());
            r.add(Finding::new(finding::VALUE, t.position, message));
        }
        number
    });
    Some(Trigger { operator: operator?, threshold: threshold? })
}

/// A near-real-time rule has a fixed rhythm and alerts on any row.
fn near_real_time(r: &mut Reader, map: &Map) -> (Option<Schedule>, Option<Trigger>) {
    for key in ["queryFrequency", "queryPeriod", "triggerOperator", "triggerThreshold"] {
        if let Some(entry) = map.entry(key) {
            let message = format!("near-real-time rules do not use {key}; Sentinel ignores it");
            r.add(Finding::new(finding::NRT_FIELD, entry.position, message));
        }
    }
    let trigger = Trigger { operator: Operator::GreaterThan, threshold: 0 };
    (Some(Schedule::near_real_time()), Some(trigger))
}

fn tactics(r: &mut Reader, map: &Map) -> Vec<String> {
    let mut tactics = Vec::new();
    for tactic in r.texts(map, "tactics") {
        let name = tactic.text().trim();
        if !mitre::is_tactic(name) {
            let near = nearest(name, mitre::TACTICS.iter().map(|(n, _)| *n));
            let message = format!("Sentinel does not know the tactic {:?}", tactic.shown());
            r.suggest(Finding::new(finding::TACTIC, tactic.position, message), near);
        }
        push_new(&mut tactics, name);
    }
    tactics
}

fn techniques(r: &mut Reader, map: &Map, tactics: &[String]) -> (Vec<String>, Vec<String>) {
    let (mut techniques, mut subs) = (Vec::new(), Vec::new());
    for text in r.texts(map, "relevantTechniques") {
        let Some((technique, sub)) = mitre::technique(text.text().trim()) else {
            let message = format!(
                "{:?} is not a technique (expected T1562 or T1562.001); alerts omit it",
                text.shown()
            );
            r.add(Finding::new(finding::TECHNIQUE, text.position, message));
            continue;
        };
        let serves = mitre::tactics_of(technique);
        if serves.is_empty() && !technique.starts_with("T0") {
            let message = format!(
                "{technique} is not in ATT&CK's enterprise matrix of 2025, the one that Forepost knows"
            );
            r.add(Finding::new(finding::UNKNOWN_TECHNIQUE, text.position, message));
        } else if !serves.is_empty() && !serves.iter().any(|s| tactics.iter().any(|t| t == s)) {
            let message = format!(
                "{technique} belongs to {}, but the rule does not list that tactic",
                serves.join(", ")
            );
            r.add(Finding::new(finding::TECHNIQUE_TACTIC, text.position, message));
        }
        push_new(&mut techniques, technique);
        sub.into_iter().for_each(|s| push_new(&mut subs, s));
    }
    (techniques, subs)
}

fn grouping(r: &mut Reader, map: &Map) -> EventGrouping {
    const KINDS: [(EventGrouping, &str); 2] =
        [(EventGrouping::SingleAlert, "SingleAlert"), (EventGrouping::AlertPerResult, "AlertPerResult")];
    let kind = r.section(map, "eventGroupingSettings", &["aggregationKind"]).and_then(|map| {
        let text = r.optional(&map, "aggregationKind")?;
        r.choice(&text, "aggregationKind", KINDS)
    });
    kind.unwrap_or(EventGrouping::SingleAlert)
}

/// The duration if suppression is on. Source: scheduled-rules-overview: at most 24 hours.
fn suppression(r: &mut Reader, map: &Map) -> Option<i64> {
    let enabled = r.boolean(map, "suppressionEnabled", false);
    let duration = match (r.optional(map, "suppressionDuration"), map.entry("suppressionEnabled")) {
        (Some(text), _) => time::any_span(r, "suppressionDuration", &text)
            .filter(|t| time::within(r, "suppressionDuration", &text, *t, MINUTE, DAY)),
        (None, Some(entry)) if enabled => {
            let message = "suppressionEnabled is true, but suppressionDuration is missing";
            r.add(Finding::new(finding::MISSING, entry.position, message));
            None
        }
        _ => None,
    };
    duration.filter(|_| enabled)
}

fn incident(r: &mut Reader, map: &Map) -> IncidentConfiguration {
    const GROUPING: &[&str] = &[
        "enabled",
        "reopenClosedIncident",
        "lookbackDuration",
        "matchingMethod",
        "groupByEntities",
        "groupByAlertDetails",
        "groupByCustomDetails",
    ];
    let mut incident = IncidentConfiguration {
        create: true,
        grouping: false,
        reopen_closed: false,
        lookback: 5 * HOUR,
        matching: "AllEntities".to_owned(),
        by_entities: Vec::new(),
        by_alert_details: Vec::new(),
        by_custom_details: Vec::new(),
    };
    let Some(map) = r.section(map, "incidentConfiguration", &["createIncident", "groupingConfiguration"])
    else {
        return incident;
    };
    incident.create = r.boolean(&map, "createIncident", true);
    let position = map.position;
    let Some(map) = r.section(&map, "groupingConfiguration", GROUPING) else { return incident };
    incident.grouping = r.boolean(&map, "enabled", false);
    incident.reopen_closed = r.boolean(&map, "reopenClosedIncident", false);
    if let Some(text) = r.optional(&map, "lookbackDuration")
        && let Some(ticks) = time::any_span(r, "lookbackDuration", &text)
        && time::within(r, "lookbackDuration", &text, ticks, 5 * MINUTE, 7 * DAY)
    {
        incident.lookback = ticks;
    }
    if let Some(text) = r.optional(&map, "matchingMethod") {
        let methods = ["AllEntities", "AnyAlert", "Selected"].map(|m| (m, m));
        incident.matching = r.choice(&text, "matchingMethod", methods).unwrap_or("AllEntities").to_owned();
    }
    for (key, list) in [
        ("groupByEntities", &mut incident.by_entities),
        ("groupByAlertDetails", &mut incident.by_alert_details),
        ("groupByCustomDetails", &mut incident.by_custom_details),
    ] {
        *list = r.texts(&map, key).iter().map(|t| t.text().to_owned()).collect();
    }
    let selected = [&incident.by_entities, &incident.by_alert_details, &incident.by_custom_details];
    if incident.grouping && incident.matching == "Selected" && selected.iter().all(|s| s.is_empty()) {
        let message = "matchingMethod Selected needs at least one entity or detail to group by";
        r.add(Finding::new(finding::MISSING, position, message));
    }
    incident
}

#[cfg(test)]
mod tests;
