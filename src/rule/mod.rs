//! Sentinel's rules: YAML → a validated [`Rule`] → its [`Schedule`] → alerts.
//!
//! A rule keeps its query as text; the KQL front compiles it. What Sentinel does and why we believe so stands at
//! each function; where its documents are silent, what we chose stands there too.

pub mod alert;
mod built_in;
mod details;
pub mod entity;
pub mod evidence;
pub mod finding;
pub mod function;
mod id;
mod json_size;
mod left_out;
pub mod load;
mod mitre;
pub mod query;
pub mod schedule;
pub mod yaml;

pub use alert::{Alert, AlertOptions, ExtendedProperties, Run};
pub use built_in::BUILT_IN;
pub use details::CustomDetail;
pub use entity::{Entity, EntityMapping};
pub use evidence::Evidence;
pub use finding::{Finding, Position};
pub use function::function;
pub(crate) use id::uuid;
pub use left_out::LeftOut;
pub use load::{Loaded, load};
pub use query::Query;
pub use schedule::Schedule;

use kql::nearest;
use kql::value::Column;

/// A Sentinel hunting query: what an analyst runs by hand over a whole span. It has no schedule and makes no alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HuntingQuery {
    /// The query's GUID, lower case.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it looks for.
    pub description: String,
    /// The KQL, and where it stands in the file.
    pub query: Query,
    /// MITRE ATT&CK tactics as Sentinel spells them.
    pub tactics: Vec<String>,
    /// `T1562`, each once.
    pub techniques: Vec<String>,
}

/// A Sentinel analytic rule, validated.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// The rule's GUID, lower case.
    pub id: String,
    /// At most 256 characters.
    pub name: String,
    /// At most 5,000 characters, white space at its end removed.
    pub description: String,
    /// How bad it is if the rule is right.
    pub severity: AlertSeverity,
    /// Scheduled or near-real-time.
    pub kind: Kind,
    /// `1.0.2`, or empty.
    pub version: String,
    /// The KQL, and where it stands in the file.
    pub query: Query,
    /// When it runs, and over what.
    pub schedule: Schedule,
    /// How many rows make an alert.
    pub trigger: Trigger,
    /// MITRE ATT&CK tactics as Sentinel spells them.
    pub tactics: Vec<String>,
    /// `T1562`, each once.
    pub techniques: Vec<String>,
    /// `T1562.001`, each once.
    pub sub_techniques: Vec<String>,
    /// Where its tables come from; `None` where the file does not say.
    pub connectors: Option<Vec<Connector>>,
    /// Which columns make which entities.
    pub entity_mappings: Vec<EntityMapping>,
    /// Names and columns, in the file's order.
    pub custom_details: Vec<(String, String)>,
    /// Name, description and more taken from the results.
    pub alert_details: AlertDetails,
    /// One alert a run, or one a row.
    pub grouping: EventGrouping,
    /// For how long an alert silences the rule, in ticks of 100 ns; `None` when suppression is off.
    pub suppression: Option<i64>,
    /// Read and checked, and carried for whoever makes incidents of alerts; Forepost makes none.
    pub incident: IncidentConfiguration,
    /// The columns of the query's result that the rule counts on.
    pub columns: Vec<ColumnUse>,
}

impl Rule {
    /// Where a byte of the query's text stands in the rule file. See [`Query::position`].
    pub fn query_position(&self, offset: u32) -> (usize, usize) {
        let Position { line, column } = self.query.position(offset);
        (line, column)
    }

    /// A warning for each column that the rule maps and the query's result does not have. Sentinel saves such a
    /// rule and leaves the detail out of its alerts.
    pub fn missing_columns(&self, result: &[Column]) -> Vec<Finding> {
        let lacks = |used: &&ColumnUse| !result.iter().any(|c| *c.name == *used.column);
        let finding = |used: &ColumnUse| {
            let message =
                format!("the query does not return the column {:?} that {} needs", used.column, used.by);
            let finding = Finding::new(finding::NO_COLUMN, used.position, message);
            match nearest(&used.column, result.iter().map(|c| &*c.name)) {
                Some(near) => finding.with_hint(format!("did you mean {near}?")),
                None => finding,
            }
        };
        self.columns.iter().filter(lacks).map(finding).collect()
    }
}

/// A connector of a workspace, and the tables a rule reads from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connector {
    /// `AWS`
    pub id: String,
    /// `AWSCloudTrail`
    pub tables: Vec<String>,
    /// Where in the file.
    pub position: Position,
}

/// A column that something outside the query refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnUse {
    /// Its name.
    pub column: String,
    /// What refers to it, in words.
    pub by: String,
    /// Where in the file.
    pub position: Position,
}

/// Sentinel's severities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are Sentinel's")]
pub enum AlertSeverity {
    Informational,
    Low,
    Medium,
    High,
}

impl AlertSeverity {
    /// All of them, mildest first.
    pub const ALL: [AlertSeverity; 4] =
        [AlertSeverity::Informational, AlertSeverity::Low, AlertSeverity::Medium, AlertSeverity::High];

    /// As Sentinel writes it.
    pub fn name(self) -> &'static str {
        match self {
            AlertSeverity::Informational => "Informational",
            AlertSeverity::Low => "Low",
            AlertSeverity::Medium => "Medium",
            AlertSeverity::High => "High",
        }
    }
}

/// The two kinds of rules that are a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Runs every `queryFrequency`.
    Scheduled,
    /// Near-real-time: runs every minute.
    Nrt,
}

/// How the number of result rows of one run makes an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// The comparison.
    pub operator: Operator,
    /// 0 to 10,000.
    pub threshold: u32,
}

/// The comparison of a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are Sentinel's")]
pub enum Operator {
    GreaterThan,
    LessThan,
    Equal,
    NotEqual,
}

impl Operator {
    /// All of them, as alerts write them and as YAML may shorten them.
    pub const ALL: [(Operator, &'static str, &'static str); 4] = [
        (Operator::GreaterThan, "GreaterThan", "gt"),
        (Operator::LessThan, "LessThan", "lt"),
        (Operator::Equal, "Equal", "eq"),
        (Operator::NotEqual, "NotEqual", "ne"),
    ];

    /// As alerts write it.
    pub fn name(self) -> &'static str {
        Operator::ALL.iter().find(|(o, ..)| *o == self).map_or("", |(_, name, _)| name)
    }
}

impl Trigger {
    /// Whether a run with so many result rows alerts.
    pub fn fires(&self, rows: usize) -> bool {
        let threshold = self.threshold as usize;
        match self.operator {
            Operator::GreaterThan => rows > threshold,
            Operator::LessThan => rows < threshold,
            Operator::Equal => rows == threshold,
            Operator::NotEqual => rows != threshold,
        }
    }

    /// Whether a run without a single event may alert, so that windows without events must be run too.
    pub fn fires_on_nothing(&self) -> bool {
        self.fires(0)
    }
}

/// `eventGroupingSettings.aggregationKind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventGrouping {
    /// One alert for all rows of a run.
    SingleAlert,
    /// One alert for each row.
    AlertPerResult,
}

/// `alertDetailsOverride`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertDetails {
    /// `alertDisplayNameFormat`.
    pub name: Option<Format>,
    /// `alertDescriptionFormat`.
    pub description: Option<Format>,
    /// `alertTacticsColumnName`.
    pub tactics_column: Option<String>,
    /// `alertSeverityColumnName`.
    pub severity_column: Option<String>,
    /// `alertDynamicProperties`: property and column, each property once.
    pub dynamic: Vec<(DynamicProperty, String)>,
}

/// A text with placeholders, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format(pub Vec<Piece>);

/// A part of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Stands as it is.
    Text(String),
    /// `{{column}}`
    Column(String),
}

/// The alert properties that a column may supply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are Sentinel's")]
pub enum DynamicProperty {
    AlertLink,
    ConfidenceLevel,
    ConfidenceScore,
    ExtendedLinks,
    ProductComponentName,
    ProductName,
    ProviderName,
    RemediationSteps,
    Techniques,
}

impl DynamicProperty {
    /// All of them with their names.
    pub const ALL: [(DynamicProperty, &'static str); 9] = [
        (DynamicProperty::AlertLink, "AlertLink"),
        (DynamicProperty::ConfidenceLevel, "ConfidenceLevel"),
        (DynamicProperty::ConfidenceScore, "ConfidenceScore"),
        (DynamicProperty::ExtendedLinks, "ExtendedLinks"),
        (DynamicProperty::ProductComponentName, "ProductComponentName"),
        (DynamicProperty::ProductName, "ProductName"),
        (DynamicProperty::ProviderName, "ProviderName"),
        (DynamicProperty::RemediationSteps, "RemediationSteps"),
        (DynamicProperty::Techniques, "Techniques"),
    ];
}

/// `incidentConfiguration`, with Sentinel's defaults where the rule is silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentConfiguration {
    /// Whether alerts become incidents. Default true.
    pub create: bool,
    /// Whether alerts are grouped into one incident. Default false.
    pub grouping: bool,
    /// Whether a closed incident takes further alerts.
    pub reopen_closed: bool,
    /// How far apart grouped alerts may be, in ticks; 5 minutes to 7 days. Default 5 hours.
    pub lookback: i64,
    /// `AllEntities`, `AnyAlert` or `Selected`.
    pub matching: String,
    /// For `Selected`: the entity types.
    pub by_entities: Vec<String>,
    /// For `Selected`: the alert details.
    pub by_alert_details: Vec<String>,
    /// For `Selected`: the custom details.
    pub by_custom_details: Vec<String>,
}
