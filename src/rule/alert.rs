//! A run's rows → alerts shaped like rows of Sentinel's `SecurityAlert`.

use super::details::{self, CustomDetail, Overridden};
use super::entity::{self, Entity};
use super::evidence::Evidence;
use super::{AlertSeverity, DynamicProperty, EventGrouping, Kind, Rule, Trigger, id, mitre};
use kql::exec::row::{Row, Rows};
use kql::value::key::{self, Key};
use kql::value::{Column, Type, Value, datetime};
use std::ops::Range;
use std::rc::Rc;

/// How many alerts a run of a scheduled rule makes at most with one alert a row. Source: scheduled-rules-overview: of more
/// rows the last alert stands for the entire set.
pub const MAX_ALERTS: usize = 150;
/// The same for a near-real-time rule. Source: near-real-time-rules.
pub const MAX_NRT_ALERTS: usize = 30;

/// About how many bytes of evidence an alert of many rows, and one of a single row, carries at most.
const MAX_EVIDENCE: [usize; 2] = [16 << 20, 2 << 20];

/// What the host decides about alerts.
#[derive(Clone, Debug)]
pub struct AlertOptions {
    /// Whether alerts carry `Evidence`, which is Forepost's and not Sentinel's. Default true.
    pub evidence: bool,
    /// How many rows the evidence of one alert shows at most, and no more than 16 MiB of them, 2 MiB of a single row; an
    /// alert of more says so. Default 10,000.
    pub evidence_rows: usize,
    /// The workspace that alerts name in `AlertType` and `Data Sources`. Default `forepost`.
    pub workspace: String,
}

impl Default for AlertOptions {
    fn default() -> AlertOptions {
        AlertOptions { evidence: true, evidence_rows: 10_000, workspace: "forepost".to_owned() }
    }
}

/// One run of a rule: what its query yielded at one tick.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// The tick, which is the query's `now()` and the end of its window.
    pub tick: i64,
    /// The result. The first row supplies overridden alert details, so its order should not depend on the order of input.
    pub rows: &'a Rows,
}

/// One alert, with what `SecurityAlert` has; times are ticks of 100 ns.
#[derive(Clone, Debug)]
pub struct Alert {
    /// A UUID that is the same for the same rule, window and rows, whatever their order.
    pub id: String,
    /// The rule's name, or what it is overridden with.
    pub name: String,
    /// How bad.
    pub severity: AlertSeverity,
    /// The rule's description, or what it is overridden with.
    pub description: String,
    /// When the run was published: the tick and the delay.
    pub published: i64,
    /// The time of the first event.
    pub start: i64,
    /// The time of the last event.
    pub end: i64,
    /// `<workspace>_<rule id>`
    pub alert_type: String,
    /// Tactics; `Unknown` alone if there is none.
    pub tactics: Vec<String>,
    /// `T1562` …
    pub techniques: Vec<String>,
    /// `T1562.001` …
    pub sub_techniques: Vec<String>,
    /// The entities.
    pub entities: Vec<Entity>,
    /// What made the alert.
    pub extended_properties: ExtendedProperties,
    /// The properties that columns have set; the others have Sentinel's defaults.
    pub dynamic: Vec<(DynamicProperty, String)>,
    /// The result rows and the events behind each. `None` when turned off.
    pub evidence: Option<Evidence>,
}

/// What made an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtendedProperties {
    /// The rule's `queryPeriod`.
    pub query_period: i64,
    /// The rule's trigger.
    pub trigger: Trigger,
    /// An id that all alerts of a run share.
    pub correlation_id: String,
    /// How many rows the alert stands for.
    pub row_count: usize,
    /// The workspace.
    pub data_source: String,
    /// The query with the clock it ran by. With one alert a row Sentinel's holds the compressed record instead; here the
    /// record is in the evidence.
    pub query: String,
    /// The query alone, with one alert a row.
    pub original_query: Option<String>,
    /// What the run looked at.
    pub window: Range<i64>,
    /// The rule's id.
    pub rule_id: String,
    /// One alert a run, or one a row.
    pub grouping: EventGrouping,
    /// The rule's own name, even where the alert's is overridden.
    pub rule_name: String,
    /// The custom details that have a value.
    pub custom_details: Vec<CustomDetail>,
    /// How many rows the evidence shows, if that is less than all.
    pub evidence_rows: Option<usize>,
}

impl Alert {
    /// About how many bytes it has as JSON text.
    pub fn size(&self) -> usize {
        const REST: usize = 2048;
        let properties = &self.extended_properties;
        let texts = self.name.len() + self.description.len() + properties.query.len();
        let details = properties.custom_details.iter().flat_map(|d| &d.values).map(String::len);
        REST + texts
            + details.sum::<usize>()
            + self.entities.iter().map(Entity::size).sum::<usize>()
            + self.evidence.as_ref().map_or(0, |e| e.size)
    }
}

impl Run<'_> {
    /// What the run looked at.
    pub fn window(&self) -> Range<i64> {
        self.rule.schedule.window(self.tick)
    }

    /// The alerts of the run: none, one, or one a row.
    pub fn alerts(&self, options: &AlertOptions) -> Vec<Alert> {
        let all: Vec<&Row> = self.rows.rows.iter().collect();
        if !self.rule.trigger.fires(all.len()) {
            return Vec::new();
        }
        let keys: Vec<_> = all.iter().map(|row| key::key(&row.values)).collect();
        let correlation = self.id("correlation", &keys);
        let columns = Rc::from(&*self.rows.columns);
        let alert = |rows: &[&Row], id: String| self.alert(rows, id, &correlation, options, &columns);
        // A trigger that fires on nothing makes one alert, also with one alert a row.
        if self.rule.grouping == EventGrouping::SingleAlert || all.is_empty() {
            return vec![alert(&all, self.id("alert", &keys))];
        }
        self.alert_per_result(&all, &keys, &alert)
    }

    fn alert_per_result(
        &self,
        all: &[&Row],
        keys: &[Key],
        alert: &dyn Fn(&[&Row], String) -> Alert,
    ) -> Vec<Alert> {
        let cap = match self.rule.kind {
            Kind::Scheduled => MAX_ALERTS,
            Kind::Nrt => MAX_NRT_ALERTS,
        };
        let single = if all.len() > cap { cap - 1 } else { all.len() };
        let mut alerts: Vec<Alert> = Vec::with_capacity(single + 1);
        for (i, (row, key)) in all.iter().zip(keys).enumerate().take(single) {
            // Equal rows are told apart by their count.
            let same = keys.iter().take(i).filter(|k| *k == key).count() as u64;
            let id = self.id("row", &[key.clone(), same.to_le_bytes().as_slice().into()]);
            alerts.push(alert(&[row], id));
        }
        if all.len() > cap {
            alerts.push(alert(all, self.id("alert", keys)));
        }
        alerts
    }

    /// An id of this run for a purpose: of the rule, the window, the result's columns, and the rows in any order.
    fn id(&self, purpose: &str, keys: &[Key]) -> String {
        let window = self.window();
        let mut sorted: Vec<&[u8]> = keys.iter().map(Key::as_slice).collect();
        sorted.sort();
        let (start, end) = (window.start.to_le_bytes(), window.end.to_le_bytes());
        let head = [purpose.as_bytes(), self.rule.id.as_bytes(), &start, &end];
        let columns = self.rows.columns.iter().map(|c| c.name.as_bytes());
        id::uuid(head.into_iter().chain(columns).chain(sorted))
    }

    fn alert(
        &self,
        rows: &[&Row],
        id: String,
        correlation: &str,
        options: &AlertOptions,
        columns: &Rc<[Column]>,
    ) -> Alert {
        let rule = self.rule;
        let first = rows.first().copied();
        let Overridden { name, description, severity, tactics, dynamic } =
            details::overridden(&rule.alert_details, self.rows, first);
        let mut tactics = tactics.unwrap_or_else(|| rule.tactics.clone());
        if tactics.is_empty() {
            tactics.push("Unknown".to_owned());
        }
        let (techniques, sub_techniques) = techniques(rule, &dynamic);
        let (start, end) = self.times(rows);
        let chosen = rows.get(..options.evidence_rows.min(rows.len())).unwrap_or(rows);
        let [of_many, of_one] = MAX_EVIDENCE;
        let limit = if rows.len() > 1 { of_many } else { of_one };
        let evidence = options.evidence.then(|| Evidence::new(columns, chosen, limit));
        let shown = evidence.as_ref().map(|e| e.rows.len());
        Alert {
            id,
            name: name.unwrap_or_else(|| rule.name.clone()),
            severity: severity.unwrap_or(rule.severity),
            description: description.unwrap_or_else(|| rule.description.clone()),
            published: rule.schedule.run_time(self.tick),
            start,
            end,
            alert_type: format!("{}_{}", options.workspace, rule.id),
            tactics,
            techniques,
            sub_techniques,
            entities: entity::entities(&rule.entity_mappings, self.rows, rows),
            extended_properties: ExtendedProperties {
                evidence_rows: shown.filter(|shown| *shown < rows.len()),
                ..self.extended_properties(rows, correlation, options)
            },
            dynamic: dynamic.into_iter().filter(|(p, _)| *p != DynamicProperty::Techniques).collect(),
            evidence,
        }
    }

    /// The time of the first and the last event: by the rows' `TimeGenerated`, else by the events behind them, else the
    /// bounds of the window.
    fn times(&self, rows: &[&Row]) -> (i64, i64) {
        let column = details::column(self.rows, "TimeGenerated")
            .filter(|c| self.rows.columns.get(*c).is_some_and(|c| c.ty == Type::DateTime));
        let of_row = |row: &&Row| match row.values.get(column?) {
            Some(Value::DateTime(t)) => Some(*t),
            _ => None,
        };
        let span = |times: &mut dyn Iterator<Item = i64>| {
            times.fold(None, |span: Option<(i64, i64)>, t| {
                Some(span.map_or((t, t), |(first, last)| (first.min(t), last.max(t))))
            })
        };
        let window = self.window();
        span(&mut rows.iter().filter_map(of_row))
            .or_else(|| {
                span(&mut rows.iter().flat_map(|r| r.evidence.events()).filter_map(|event| event.time))
            })
            .unwrap_or((window.start, window.end))
    }

    fn extended_properties(
        &self,
        rows: &[&Row],
        correlation: &str,
        options: &AlertOptions,
    ) -> ExtendedProperties {
        let rule = self.rule;
        let text = rule.query.text.trim_end();
        let query = format!(
            "// The query_now parameter represents the time (in UTC) at which the scheduled analytics rule ran to produce \
             this alert.\nset query_now = datetime({});\n{text}",
            datetime::format(self.tick)
        );
        ExtendedProperties {
            query_period: rule.schedule.period(),
            trigger: rule.trigger,
            correlation_id: correlation.to_owned(),
            row_count: rows.len(),
            data_source: options.workspace.clone(),
            query,
            original_query: (rule.grouping == EventGrouping::AlertPerResult).then(|| text.to_owned()),
            window: self.window(),
            rule_id: rule.id.clone(),
            grouping: rule.grouping,
            rule_name: rule.name.clone(),
            custom_details: details::custom(&rule.custom_details, self.rows, rows),
            evidence_rows: None,
        }
    }
}

/// What a rule says of rows of which no run was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The rule's name, or what it is overridden with.
    pub name: String,
    /// How bad.
    pub severity: AlertSeverity,
    /// Tactics.
    pub tactics: Vec<String>,
    /// Techniques, then sub-techniques.
    pub techniques: Vec<String>,
    /// The entities.
    pub entities: Vec<Entity>,
}

impl Rule {
    /// The name, the entities and so on that an alert of these rows would have.
    pub fn shown_by(&self, rows: &Rows) -> Shown {
        let all: Vec<&Row> = rows.rows.iter().collect();
        let Overridden { name, severity, tactics, dynamic, .. } =
            details::overridden(&self.alert_details, rows, all.first().copied());
        let (mut techniques, subs) = techniques(self, &dynamic);
        techniques.extend(subs);
        Shown {
            name: name.unwrap_or_else(|| self.name.clone()),
            severity: severity.unwrap_or(self.severity),
            tactics: tactics.unwrap_or_else(|| self.tactics.clone()),
            techniques,
            entities: entity::entities(&self.entity_mappings, rows, &all),
        }
    }
}

/// The techniques and sub-techniques: the rule's, or those of its dynamic property if every one is one.
fn techniques(rule: &Rule, dynamic: &[(DynamicProperty, String)]) -> (Vec<String>, Vec<String>) {
    let named = dynamic.iter().find(|(p, _)| *p == DynamicProperty::Techniques);
    named
        .and_then(|(_, text)| listed_techniques(text))
        .unwrap_or_else(|| (rule.techniques.clone(), rule.sub_techniques.clone()))
}

/// The techniques and sub-techniques in a list; `None` if anything else is in it, or nothing.
fn listed_techniques(text: &str) -> Option<(Vec<String>, Vec<String>)> {
    let list = details::list(text);
    let parsed =
        list.iter().map(|t| mitre::technique(t)).collect::<Option<Vec<_>>>().filter(|p| !p.is_empty())?;
    let (mut techniques, mut subs): (Vec<String>, Vec<String>) = Default::default();
    for (technique, sub) in parsed {
        push_new(&mut techniques, technique);
        sub.into_iter().for_each(|s| push_new(&mut subs, s));
    }
    Some((techniques, subs))
}

/// Appends a text that is not there yet.
pub(super) fn push_new(list: &mut Vec<String>, text: &str) {
    if !list.iter().any(|t| t == text) {
        list.push(text.to_owned());
    }
}
