//! Loading: what is accepted, and what is said about the rest and where.

use super::*;
use crate::property::{check, edited};
use crate::rule::BUILT_IN;
use kql::diagnostic::{Diagnostic, Span};
use kql::value::{Column, Type};
use std::cell::Cell;

/// A small rule of our own with everything in it.
const FULL: &str = "\
id: 0F0E0D0C-1234-4000-8000-00000000000A
name: Bucket opened to the world
description: |
  Someone opened a bucket.
severity: High
status: Available
requiredDataConnectors:
  - connectorId: AWS
    dataTypes:
      - AWSCloudTrail
queryFrequency: 1h
queryPeriod: 02:30:00
triggerOperator: gt
triggerThreshold: 0
tactics:
  - Exfiltration
  - DefenseEvasion
relevantTechniques:
  - T1537
  - T1562.008
query: |
  AWSCloudTrail
  | where EventName == 'PutBucketAcl'
entityMappings:
  - entityType: Account
    fieldMappings:
      - identifier: Name
        columnName: UserIdentityUserName
      - identifier: CloudAppAccountId
        columnName: RecipientAccountId
  - entityType: IP
    fieldMappings:
      - identifier: Address
        columnName: SourceIpAddress
customDetails:
  Region: AWSRegion
alertDetailsOverride:
  alertDisplayNameFormat: 'Bucket opened by {{UserIdentityUserName}} in {{ AWSRegion }}'
  alertSeverityColumnName: Sev
  alertDynamicProperties:
    - alertProperty: AlertLink
      value: Link
eventGroupingSettings:
  aggregationKind: AlertPerResult
suppressionEnabled: true
suppressionDuration: PT5H
incidentConfiguration:
  createIncident: true
  groupingConfiguration:
    enabled: true
    lookbackDuration: 1d
    matchingMethod: Selected
    groupByEntities: [Account]
version: 1.2.3
kind: Scheduled
";

/// The codes and lines of what is said about [`FULL`] with one text replaced.
fn changed(from: &str, to: &str) -> Vec<(&'static str, usize)> {
    assert_eq!(FULL.matches(from).count(), 1, "{from:?} must stand in the rule once");
    let loaded = load(&FULL.replace(from, to));
    let errors = loaded.diagnostics.iter().any(|f| f.severity == Severity::Error);
    assert_eq!(loaded.rule.is_none(), errors, "{from:?} → {to:?}");
    loaded.diagnostics.iter().map(|f| (f.code, f.line)).collect()
}

#[test]
fn everything_is_read() {
    let loaded = load(FULL);
    assert_eq!(loaded.diagnostics, []);
    let rule = loaded.rule.unwrap();
    assert_eq!(rule.id, "0f0e0d0c-1234-4000-8000-00000000000a");
    assert_eq!(rule.description, "Someone opened a bucket.");
    assert_eq!((rule.severity, rule.kind), (AlertSeverity::High, Kind::Scheduled));
    assert_eq!((rule.schedule.frequency(), rule.schedule.period()), (HOUR, 150 * MINUTE));
    assert_eq!(rule.trigger, Trigger { operator: Operator::GreaterThan, threshold: 0 });
    assert_eq!(rule.techniques, ["T1537", "T1562"]);
    assert_eq!(rule.sub_techniques, ["T1562.008"]);
    assert_eq!(rule.entity_mappings[0].fields[1].0, "CloudAppAccountId");
    assert_eq!(rule.custom_details, [("Region".to_owned(), "AWSRegion".to_owned())]);
    assert_eq!(rule.grouping, EventGrouping::AlertPerResult);
    assert_eq!(rule.suppression, Some(5 * HOUR));
    assert_eq!((rule.incident.lookback, rule.incident.by_entities.len()), (DAY, 1));
    let name = rule.alert_details.name.unwrap();
    let (text, column) = (|t: &str| Piece::Text(t.to_owned()), |t: &str| Piece::Column(t.to_owned()));
    assert_eq!(
        name.0,
        [text("Bucket opened by "), column("UserIdentityUserName"), text(" in "), column("AWSRegion")]
    );
    assert_eq!(rule.query.text, "AWSCloudTrail\n| where EventName == 'PutBucketAcl'\n");
    let offset = rule.query.text.find("EventName").unwrap() as u32;
    let position = rule.query.position(offset);
    assert_eq!(FULL.lines().nth(position.line - 1).unwrap().find("EventName"), Some(position.column - 1));
}

#[test]
fn problems_are_found_where_they_are() {
    let long = |n: usize| "x".repeat(n);
    for (from, to, want) in [
        ("id: 0F0E0D0C-1234-4000-8000-00000000000A", "id: 12", vec![("FP217", 1)]),
        ("id: 0F0E0D0C-1234-4000-8000-00000000000A\n", "", vec![("FP208", 1)]),
        ("name: Bucket opened to the world", &format!("name: {}", long(257)), vec![("FP211", 2)]),
        ("name: Bucket opened to the world", &format!("name: {}", long(256)), vec![]),
        ("name: Bucket opened to the world", "name: [a]", vec![("FP209", 2)]),
        ("name: Bucket opened to the world", "name: ~", vec![("FP208", 2)]),
        ("name: Bucket opened to the world", "name: ' '", vec![("FP208", 2)]),
        ("  Someone opened a bucket.\n", &format!("  {}\n", long(5001)), vec![("FP211", 4)]),
        ("severity: High", "severity: high", vec![("FP210", 5)]),
        ("severity: High", "sevrity: High", vec![("FP208", 1), ("FP207", 5)]),
        ("queryFrequency: 1h", "queryFrequency: PT1H", vec![("FP234", 11)]),
        ("queryFrequency: 1h", "queryFrequency: 1m", vec![("FP213", 11)]),
        ("queryFrequency: 1h", "queryFrequency: 4h", vec![("FP214", 12)]),
        ("queryPeriod: 02:30:00", "queryPeriod: 15d", vec![("FP213", 12)]),
        ("queryPeriod: 02:30:00", "queryPeriod: 14", vec![("FP216", 12)]),
        (
            "queryFrequency: 1h\nqueryPeriod: 02:30:00",
            "queryFrequency: 5m\nqueryPeriod: 2d",
            vec![("FP215", 12)],
        ),
        ("triggerOperator: gt", "triggerOperator: GT", vec![("FP210", 13)]),
        ("triggerOperator: gt", "triggerOperator: NotEqual", vec![]),
        ("triggerThreshold: 0", "triggerThreshold: 10001", vec![("FP210", 14)]),
        ("triggerThreshold: 0", "triggerThreshold: '10000'", vec![]),
        ("triggerThreshold: 0", "triggerThreshold: -1", vec![("FP210", 14)]),
        ("- Exfiltration", "- Exfiltratio", vec![("FP219", 16), ("FP221", 19)]),
        ("- T1537", "- T153", vec![("FP220", 19)]),
        ("- T1537", "- T9999", vec![("FP238", 19)]),
        ("  AWSCloudTrail\n  | where", &format!("  // {}\n  | where", long(10_000)), vec![("FP211", 22)]),
        ("entityType: Account", "entityType: account", vec![("FP222", 25)]),
        ("identifier: Name", "identifier: UserName", vec![("FP223", 27)]),
        ("identifier: Name", "identifier: UPNSuffix", vec![("FP225", 25)]),
        ("identifier: Name", "identifier: CloudAppAccountId", vec![("FP224", 29)]),
        ("columnName: SourceIpAddress", "columnName: 1x", vec![("FP226", 34)]),
        ("columnName: SourceIpAddress", "column: SourceIpAddress", vec![("FP208", 33), ("FP207", 34)]),
        ("  Region: AWSRegion", "  1Region: AWSRegion", vec![("FP226", 36)]),
        ("  Region: AWSRegion", "  ThisNameIsFarTooLongX: AWSRegion", vec![("FP226", 36)]),
        ("  Region: AWSRegion", "  Region: a b", vec![("FP226", 36)]),
        ("in {{ AWSRegion }}'", "in {{a}}{{b}}{{c}}'", vec![("FP227", 38)]),
        ("in {{ AWSRegion }}'", "in {{ }}'", vec![("FP227", 38)]),
        ("alertProperty: AlertLink", "alertProperty: alertlink", vec![("FP210", 41)]),
        ("aggregationKind: AlertPerResult", "aggregationKind: AlertPerEvent", vec![("FP210", 44)]),
        ("suppressionDuration: PT5H\n", "", vec![("FP208", 45)]),
        ("suppressionDuration: PT5H", "suppressionDuration: 25h", vec![("FP213", 46)]),
        ("suppressionEnabled: true", "suppressionEnabled: yes", vec![("FP210", 45)]),
        ("lookbackDuration: 1d", "lookbackDuration: P8D", vec![("FP213", 51)]),
        ("    groupByEntities: [Account]\n", "", vec![("FP208", 48)]),
        ("version: 1.2.3", "version: 1.2", vec![("FP218", 54)]),
        ("kind: Scheduled", "kind: Fusion", vec![("FP210", 55)]),
        ("kind: Scheduled", "kind: NRT", vec![("FP228", 11), ("FP228", 12), ("FP228", 13), ("FP228", 14)]),
        ("status: Available", "status: {a: 1}\ncolour: red", vec![("FP207", 7)]),
    ] {
        assert_eq!(changed(from, to), want, "{from:?} → {}", read::shown(to));
    }
}

#[test]
fn all_problems_at_once() {
    let loaded = load("name: a\nseverity: Bad\nqueryFrequency: x\nqueryPeriod: y\nentityMappings: 5\n");
    let codes: Vec<&str> = loaded.diagnostics.iter().map(|f| f.code).collect();
    // id, description, kind, query, triggerOperator, triggerThreshold are missing.
    assert_eq!(codes.iter().filter(|c| **c == "FP208").count(), 6);
    assert_eq!(codes.iter().filter(|c| **c != "FP208").count(), 4, "{codes:?}");
    assert!(loaded.rule.is_none());
}

#[test]
fn too_many() {
    let mappings = "  - {entityType: IP, fieldMappings: [{identifier: Address, columnName: a}]}\n";
    let head = FULL.split("entityMappings:").next().unwrap().to_owned() + "kind: Scheduled\n";
    let with =
        |extra: &str| load(&(head.clone() + extra)).diagnostics.iter().map(|f| f.code).collect::<Vec<_>>();
    assert!(with(&format!("entityMappings:\n{}", mappings.repeat(10))).is_empty());
    assert_eq!(with(&format!("entityMappings:\n{}", mappings.repeat(11))), ["FP211"]);
    let details = |n: usize| (0..n).map(|i| format!("  d{i}: c\n")).collect::<String>();
    assert!(with(&format!("customDetails:\n{}", details(20))).is_empty());
    assert_eq!(with(&format!("customDetails:\n{}", details(21))), ["FP211"]);
}

#[test]
fn formats_keep_braces_that_are_no_placeholders() {
    for (text, want) in [
        ("a {b} }} {{c", vec![Piece::Text("a {b} }} {{c".to_owned())]),
        ("{{{x}}}", vec![Piece::Text("{".into()), Piece::Column("x".into()), Piece::Text("}".into())]),
        ("{{a{{x}}", vec![Piece::Text("{{a".into()), Piece::Column("x".into())]),
        ("{{é}}", vec![Piece::Column("é".into())]),
    ] {
        let yaml = FULL
            .replace("'Bucket opened by {{UserIdentityUserName}} in {{ AWSRegion }}'", &format!("'{text}'"));
        let rule = load(&yaml).rule.unwrap();
        assert_eq!(rule.alert_details.name.unwrap().0, want, "{text}");
    }
}

/// Nobody waits for a field that is far too long: a square of its length would take minutes here.
#[test]
fn long_fields_take_no_longer_than_their_text() {
    let format = "'Bucket opened by {{UserIdentityUserName}} in {{ AWSRegion }}'";
    for piece in ["{", "}", "{{", "}}", "{{a", "{{a}}", "{{}}", "{{{a}}}", "{{a}", "{a}}", "é{{"] {
        let long = piece.repeat(200_000 / piece.len());
        assert!(changed(format, &format!("'{long}'")).iter().any(|(code, _)| *code == "FP211"), "{piece}");
    }
    for field in
        ["Bucket opened to the world", "Exfiltration", "T1537", "RecipientAccountId", "PT5H", "1.2.3"]
    {
        for piece in ["{", "a", "1", "T1", "é", "- ", "1."] {
            let long = piece.repeat(200_000 / piece.len());
            assert!(!changed(field, &long).is_empty(), "{field}: {piece}");
        }
    }
}

#[test]
fn problems_of_the_query_stand_in_the_file() {
    use kql::diagnostic::{Diagnostic, Span};
    let rule = load(FULL).rule.unwrap();
    let start = rule.query.text.find("EventName").unwrap();
    let said = Diagnostic::error("KS142", "no such name", Span::new(start, start + 9)).with_hint("look");
    let found = rule.query.finding(&said);
    assert_eq!(
        (found.code, found.line, found.column, found.hint.as_deref()),
        ("KS142", 23, 11, Some("look"))
    );
}

#[test]
fn columns_are_checked_against_the_query() {
    let rule = load(FULL).rule.unwrap();
    let columns: Vec<Column> =
        ["UserIdentityUserName", "RecipientAccountId", "SourceIPAddress", "AWSRegion", "Link"]
            .map(|c| Column::new(c, Type::String))
            .to_vec();
    let missing = rule.missing_columns(&columns);
    let said: Vec<(&str, usize, Option<&str>)> =
        missing.iter().map(|f| (f.code, f.line, f.hint.as_deref())).collect();
    assert_eq!(said, [("FP229", 34, Some("did you mean SourceIPAddress?")), ("FP229", 39, None)]);
}

#[test]
fn built_in_rules_are_those_of_the_folder() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/aws");
    let names = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap());
    let mut ours: Vec<String> =
        names.filter(|n| !n.ends_with(".test.yaml")).map(|n| format!("aws/{n}")).collect();
    ours.sort();
    assert_eq!(BUILT_IN.iter().skip(1).map(|(file, _)| *file).collect::<Vec<_>>(), ours);
}

#[test]
fn built_in_rules_are_clean() {
    for (file, text) in BUILT_IN {
        let loaded = load(text);
        assert_eq!(loaded.diagnostics, [], "{file}");
        assert!(loaded.rule.is_some());
    }
}

#[test]
fn line_ends_and_bom() {
    let crlf = format!("\u{feff}{}", FULL.replace('\n', "\r\n"));
    let loaded = load(&crlf);
    assert_eq!(loaded.diagnostics, []);
    assert_eq!(loaded.rule, load(FULL).rule);
}

/// Cuts and mutates rule texts: never a panic, never a wait, and a rule exactly if there is no error.
#[test]
#[allow(clippy::print_stderr, reason = "a test says what it skips")]
fn mutations() {
    let shared = std::env::var("FOREPOST_SHARED").unwrap_or_else(|_| "../shared".to_owned());
    let mut texts = vec![FULL.to_owned(), BUILT_IN[0].1.to_owned()];
    match std::fs::read_dir(format!("{shared}/rules")) {
        Ok(dir) => texts.extend(dir.flatten().filter_map(|f| std::fs::read_to_string(f.path()).ok())),
        Err(_) => eprintln!("skipped: the shared rules are not here"),
    }
    let pieces = &[
        "\n", ":", ": ", "- ", "  ", "\t", "|", ">", "'", "\"", "{", "}", "[", "]", "&a ", "*a", "!!", "? ",
        "#", "---\n", "...\n", "%", "\\", "\r", "\0", "\u{feff}", "é", "𝄞", "{{", "}}", "~", ",", "0",
        "\u{85}", "@", "`", "\\x", "\"\\",
    ];
    let rules = Cell::new(0);
    check(20_000, edited(texts, 1..=4, pieces), |text| {
        let loaded = load(&text);
        let failed = loaded.diagnostics.iter().any(|f| f.severity == Severity::Error);
        let no_rule = loaded
            .diagnostics
            .iter()
            .any(|f| [finding::NOT_A_RULE.id, finding::HUNTING.id].contains(&f.code));
        assert_eq!(loaded.rule.is_none(), failed || no_rule, "{text}");
        let lines = text.split(['\n', '\r']).count() + 1;
        assert!(loaded.diagnostics.iter().all(|f| f.line >= 1 && f.column >= 1 && f.line <= lines), "{text}");
        if let Some(rule) = loaded.rule {
            rules.set(rules.get() + 1);
            for offset in (0..=rule.query.text.len() as u32 + 20).step_by(17) {
                let (line, _) = rule.query_position(offset);
                assert!((1..=lines).contains(&line), "{text}");
            }
        }
    });
    let rules = rules.get();
    assert!(rules > 1000, "only {rules} mutations still load: too little is tried");
}

#[test]
fn what_is_missing_at_the_end_of_a_query_is_missing_there() {
    let query = load(FULL).rule.expect("the rule loads").query;
    let end = query.text.len() as u32;
    let finding = query.finding(&Diagnostic::error("KS005", "Expected: )", Span { start: end, end }));
    let last = query.text.trim_end().lines().last().unwrap_or_default();
    let line = FULL.lines().position(|l| l.trim() == last.trim()).map(|n| n + 1);
    assert_eq!(Some(finding.line), line);
    assert_eq!(finding.column, FULL.lines().nth(finding.line - 1).unwrap_or_default().chars().count() + 1);
}

#[test]
fn a_mapping_that_was_never_meant_to_be_a_rule_is_one_note() {
    let codes = |text: &str| load(text).diagnostics.iter().map(|f| f.code).collect::<Vec<_>>();
    assert_eq!(codes("parameters:\n  - name: threshold\n    value: 5\n"), ["FP232"]);
    // One key of a rule, and it is a rule with much missing.
    assert!(codes("Query: AWSCloudTrail\n").len() > 5);
}

#[test]
fn a_hunting_query_is_told_from_a_rule_with_much_missing() {
    let hunting = "id: 0f0e0d0c-1234-4000-8000-00000000000a\nname: Who used root\ntactics: [Persistence]\nquery: |\n  AWSCloudTrail\n  | where UserIdentityType == 'Root'\n";
    let loaded = load(hunting);
    assert_eq!(loaded.diagnostics.iter().map(|f| f.code).collect::<Vec<_>>(), ["FP233"]);
    assert!(loaded.rule.is_none());
    assert_eq!(
        loaded.hunt.map(|h| h.query.text),
        Some("AWSCloudTrail\n| where UserIdentityType == 'Root'\n".to_owned())
    );
    assert!(load(&format!("{hunting}severity: High\n")).diagnostics.iter().any(|f| f.code == "FP208"));
}
