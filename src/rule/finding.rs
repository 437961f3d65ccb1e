//! What can be wrong with a rule file: the codes, and a finding with its position in the file.

use crate::checked;
pub use kql::diagnostic::Severity;
use std::borrow::Cow;

/// A kind of problem. Its severity is fixed: what Sentinel rejects is an error, what only the checks of the
/// public rule repository complain about is a warning.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `FP201` … Never used again for something else.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it means, for the table of codes in the documentation.
    pub meaning: &'static str,
}

macro_rules! codes {
    ($($name:ident $id:literal $severity:ident $meaning:literal)*) => {
        $(#[doc = $meaning] pub const $name: &Code = &Code { id: $id, severity: Severity::$severity, meaning: $meaning };)*
        /// Every code a rule file can earn.
        pub const CODES: &[&Code] = &[$($name),*];
    };
}

codes! {
    SYNTAX            "FP201" Error   "The file is not readable YAML."
    TOO_LARGE         "FP202" Error   "The file is too large or too deeply nested for a rule."
    ALIAS             "FP203" Error   "YAML aliases are not supported."
    DUPLICATE_KEY     "FP204" Error   "A mapping has a duplicate key."
    TAG               "FP205" Warning "YAML tags have no effect in a rule."
    DOCUMENT          "FP206" Error   "The file must hold exactly one YAML mapping."
    UNKNOWN_KEY       "FP207" Warning "Sentinel's rule format has no such key."
    MISSING           "FP208" Error   "A required field is missing or empty."
    SHAPE             "FP209" Error   "A field holds the wrong kind of value, for example a list instead of a string."
    VALUE             "FP210" Error   "A value is not allowed."
    LIMIT             "FP211" Error   "A value exceeds a limit of Sentinel: its length or the number of items."
    TIME_SPAN         "FP212" Error   "A value is not a valid time span."
    TIME_SPAN_RANGE   "FP213" Error   "A time span is outside the range that Sentinel allows."
    PERIOD            "FP214" Error   "queryPeriod is shorter than queryFrequency."
    LONG_PERIOD       "FP215" Error   "A queryPeriod of two days or more needs a queryFrequency of an hour or more."
    BARE_DAYS         "FP216" Warning "A number without a unit is read as days."
    ID                "FP217" Error   "The id is not a GUID."
    VERSION           "FP218" Warning "The version does not have the form 1.0.2."
    TACTIC            "FP219" Warning "Sentinel does not know the tactic."
    TECHNIQUE         "FP220" Warning "A technique does not have the form T1562 or T1562.001."
    TECHNIQUE_TACTIC  "FP221" Warning "A technique does not belong to any tactic of the rule."
    ENTITY_TYPE       "FP222" Error   "Sentinel does not have the entity type."
    IDENTIFIER        "FP223" Error   "The entity type does not have the identifier."
    SAME_IDENTIFIER   "FP224" Error   "A mapping maps an identifier twice."
    WEAK_ENTITY       "FP225" Error   "The mapping lacks an identifier that its entity type requires."
    NAME              "FP226" Error   "A column or detail name is invalid; use letters, digits and _ only."
    PLACEHOLDER       "FP227" Error   "A format has more than three {{placeholders}}, or an empty one."
    NRT_FIELD         "FP228" Warning "Near-real-time rules do not have the field; Sentinel ignores it."
    NO_COLUMN         "FP229" Warning "The query does not return a mapped column."
    NOT_A_RULE        "FP232" Information "The file is YAML, but not an analytic rule."
    HUNTING           "FP233" Information "The file holds a hunting query, which has no schedule and makes no alerts."
    ISO_SPAN          "FP234" Warning "A time span has the form of ARM templates (PT1H); the public rule repository takes 1h."
    CONNECTOR         "FP235" Warning "requiredDataConnectors is missing, or one of its entries is incomplete."
    UNKNOWN_CONNECTOR "FP236" Information "A connector is said to bring AWSCloudTrail, and is not one that is known to."
    TABLE_UNNAMED     "FP237" Information "The query reads a table that no connector of the rule names."
    UNKNOWN_TECHNIQUE "FP238" Information "ATT&CK's enterprise matrix, as far as Forepost knows it, lacks a technique."
    LEGACY_ENTITY     "FP239" Warning "The query makes a column of the old entity mapping, such as AccountCustomEntity."
    AGO               "FP251" Information "The query looks further back than queryPeriod lets it see."
    TEXT_AND_NUMBER   "FP252" Information "A string is compared with a number."
    LATE_FILTER       "FP253" Information "A filter stands behind an extend that it does not need."
    JOIN_KIND         "FP254" Information "A join without a kind drops rows of its left side that have the same key."
    SET_SIZE          "FP255" Information "A set or list that an alert carries is cut where the alert's details end."
}

/// One problem of a rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// `FP201` …, see [`CODES`].
    pub code: &'static str,
    /// What is wrong, one sentence.
    pub message: String,
    /// What to do about it, if there is something to say.
    pub hint: Option<String>,
    /// The line in the file, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

/// A position in a rule file, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Finding {
    /// A finding with its code's severity.
    pub fn new(code: &'static Code, position: Position, message: impl Into<String>) -> Finding {
        Finding {
            severity: code.severity,
            code: code.id,
            message: message.into(),
            hint: None,
            line: position.line,
            column: position.column,
        }
    }

    /// The same with a hint.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Finding {
        self.hint = Some(hint.into());
        self
    }
}

/// A text short enough for a message.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(60) {
        Some((end, _)) => Cow::Owned(format!("{}…", checked::text(text, 0..end))),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_in_order() {
        assert!(CODES.windows(2).all(|w| w[0].id < w[1].id));
    }
}
