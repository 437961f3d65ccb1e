//! Rules and rows → alerts: triggers, grouping and its caps, entities, details, limits, ids, and the alert's exact form.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "helpers of tests stand outside #[test], and a test may say what it skips"
)]

use forepost::host::json::alert as alert_json;
use forepost::rule::{self, Alert, AlertOptions, BUILT_IN, Rule, Run};
use kql::exec::row::{Event, Evidence, Row, Rows};
use kql::value::timespan::{DAY, HOUR, MINUTE};
use kql::value::{Column, Type, Value, datetime, json};
use serde_json::Value as Json;
use std::rc::Rc;

/// A rule of our own; `extra` is appended to its YAML.
fn rule(extra: &str) -> Rule {
    let mut text = String::from(
        "id: 11111111-2222-4333-8444-555555555555\nname: Default name\ndescription: Default description\n\
         severity: Low\nquery: |\n  AWSCloudTrail\n  | take 5\n",
    );
    let mut add = |key: &str, line: &str| {
        if !extra.contains(key) {
            text.push_str(line);
        }
    };
    add("kind:", "kind: Scheduled\n");
    if !extra.contains("kind: NRT") {
        add("queryFrequency:", "queryFrequency: 1d\nqueryPeriod: 1d\n");
        add("triggerOperator:", "triggerOperator: gt\ntriggerThreshold: 0\n");
    }
    text.push_str(extra);
    let loaded = rule::load(&text);
    assert_eq!(loaded.diagnostics, [], "{text}");
    loaded.rule.unwrap()
}

/// Text columns and rows; only `TimeGenerated` is a datetime.
fn rows(columns: &[&str], values: &[&[&str]]) -> Rows {
    let ty = |name: &str| if name == "TimeGenerated" { Type::DateTime } else { Type::String };
    let value = |name: &str, text: &str| match ty(name) {
        Type::DateTime => datetime::parse(text).map_or(Value::Null, Value::DateTime),
        _ => Value::text(text),
    };
    Rows {
        columns: columns.iter().map(|c| Column::new(c, ty(c))).collect(),
        rows: values
            .iter()
            .map(|row| Row {
                values: columns.iter().zip(*row).map(|(c, v)| value(c, v)).collect(),
                evidence: Evidence::None,
            })
            .collect(),
    }
}

fn tick() -> i64 {
    datetime::parse("2026-03-12T00:00:00Z").unwrap()
}

fn run(rule: &Rule, rows: &Rows) -> Vec<Alert> {
    Run { rule, tick: tick(), rows }.alerts(&AlertOptions::default())
}

fn one(rule: &Rule, rows: &Rows) -> Alert {
    let alerts = run(rule, rows);
    assert_eq!(alerts.len(), 1);
    alerts.into_iter().next().unwrap()
}

/// The alert as JSON, checked to be one line and readable, and a property of it.
fn parsed(alert: &Alert) -> Json {
    let text = alert_json(alert);
    assert!(!text.contains(['\n', '\r']));
    serde_json::from_str(&text).expect(&text)
}

fn property(alert: &Alert, key: &str) -> Option<String> {
    let properties = parsed(alert)["ExtendedProperties"].as_str().map(str::to_owned).unwrap();
    let properties: Json = serde_json::from_str(&properties).unwrap();
    properties.get(key).map(|v| v.as_str().expect("every value is a text").to_owned())
}

fn entities(alert: &Alert) -> Vec<Json> {
    let text = entities_text(alert);
    if text.is_empty() { Vec::new() } else { serde_json::from_str(&text).unwrap() }
}

/// `Entities` as the alert's JSON has it.
fn entities_text(alert: &Alert) -> String {
    parsed(alert)["Entities"].as_str().map(str::to_owned).unwrap()
}

/// `Evidence` as the alert's JSON has it.
fn evidence_text(alert: &Alert) -> String {
    let text = alert_json(alert);
    let (_, evidence) = text.split_once(",\"Evidence\":").unwrap();
    evidence.strip_suffix('}').unwrap().to_owned()
}

const ACCOUNT_AND_IP: &str = "entityMappings:
  - entityType: Account
    fieldMappings:
      - {identifier: Name, columnName: Name}
      - {identifier: UPNSuffix, columnName: Suffix}
  - entityType: IP
    fieldMappings:
      - {identifier: Address, columnName: Ip}
";

#[test]
fn triggers() {
    for (operator, threshold, fires_at) in [
        ("gt", 0, [false, true, true, true]),
        ("gt", 2, [false, false, false, true]),
        ("lt", 2, [true, true, false, false]),
        ("lt", 0, [false; 4]),
        ("eq", 0, [true, false, false, false]),
        ("Equal", 2, [false, false, true, false]),
        ("ne", 0, [false, true, true, true]),
        ("NotEqual", 1, [true, false, true, true]),
    ] {
        let rule = rule(&format!("triggerOperator: {operator}\ntriggerThreshold: {threshold}\n"));
        for (n, fires) in fires_at.into_iter().enumerate() {
            let rows = rows(&["a"], &vec![&["x"][..]; n]);
            assert_eq!(run(&rule, &rows).len(), usize::from(fires), "{n} rows {operator} {threshold}");
        }
        assert_eq!(rule.trigger.fires_on_nothing(), fires_at[0]);
    }
}

#[test]
fn nothing_is_something_to_equal_zero() {
    for grouping in ["", "eventGroupingSettings: {aggregationKind: AlertPerResult}\n"] {
        let rule = rule(&format!("triggerOperator: eq\ntriggerThreshold: 0\n{ACCOUNT_AND_IP}{grouping}"));
        let alert = one(&rule, &rows(&["Name", "Suffix", "Ip"], &[]));
        assert_eq!((alert.start, alert.end), (tick() - DAY, tick()));
        assert_eq!(property(&alert, "Search Query Results Overall Count").as_deref(), Some("0"));
        assert_eq!(entities_text(&alert), "");
        assert_eq!(evidence_text(&alert), "[]");
        assert_eq!(alert.tactics, ["Unknown"]);
    }
}

#[test]
fn one_alert_a_row_up_to_the_cap() {
    let scheduled = rule("eventGroupingSettings:\n  aggregationKind: AlertPerResult\n");
    let nrt = rule("kind: NRT\neventGroupingSettings:\n  aggregationKind: AlertPerResult\n");
    let texts: Vec<String> = (0..400).map(|i| format!("row {i}")).collect();
    let cells: Vec<[&str; 1]> = texts.iter().map(|t| [t.as_str()]).collect();
    let values: Vec<&[&str]> = cells.iter().map(|c| &c[..]).collect();
    for (rule, count, alerts, last_count) in [
        (&scheduled, 1, 1, 1),
        (&scheduled, 150, 150, 1),
        (&scheduled, 151, 150, 151),
        (&scheduled, 400, 150, 400),
        (&nrt, 30, 30, 1),
        (&nrt, 31, 30, 31),
    ] {
        let found = run(rule, &rows(&["a"], &values[..count]));
        assert_eq!(found.len(), alerts, "{count} rows");
        let counts: Vec<String> =
            found.iter().map(|a| property(a, "Search Query Results Overall Count").unwrap()).collect();
        assert!(counts[..alerts - 1].iter().all(|c| c == "1"));
        assert_eq!(counts[alerts - 1], last_count.to_string());
        let ids: std::collections::HashSet<&str> = found.iter().map(|a| a.id.as_str()).collect();
        assert_eq!(ids.len(), alerts, "every alert has an id of its own");
        let correlations: std::collections::HashSet<_> =
            found.iter().map(|a| property(a, "Correlation Id")).collect();
        assert_eq!(correlations.len(), 1);
        assert_eq!(property(&found[0], "Event Grouping").as_deref(), Some("AlertPerEvent"));
        assert_eq!(property(&found[0], "OriginalQuery").as_deref(), Some("AWSCloudTrail\n| take 5"));
        let evidence = parsed(&found[alerts - 1]);
        assert_eq!(evidence["Evidence"].as_array().unwrap().len(), last_count);
    }
    // Equal rows are still two alerts.
    let twins = run(&scheduled, &rows(&["a"], &[&["x"], &["x"]]));
    assert_ne!(twins[0].id, twins[1].id);
}

#[test]
fn near_real_time_rhythm() {
    let rule = rule("kind: NRT\n");
    let alert = one(&rule, &rows(&["a"], &[&["x"]]));
    assert_eq!((alert.start, alert.end, alert.published), (tick() - MINUTE, tick(), tick() + 2 * MINUTE));
    assert_eq!(property(&alert, "Query Period").as_deref(), Some("00:01:00"));
}

#[test]
fn ids_depend_on_rule_window_and_rows_alone() {
    let daily = rule("");
    let (a, b) = (rows(&["a"], &[&["x"], &["y"]]), rows(&["a"], &[&["y"], &["x"]]));
    let first = one(&daily, &a);
    assert_eq!(first.id, one(&daily, &b).id, "the order of rows means nothing");
    assert_eq!(property(&first, "Correlation Id"), property(&one(&daily, &b), "Correlation Id"));
    assert_ne!(Some(&first.id), property(&first, "Correlation Id").as_ref());
    assert_ne!(first.id, one(&daily, &rows(&["a"], &[&["x"], &["z"]])).id);
    assert_ne!(first.id, one(&daily, &rows(&["b"], &[&["x"], &["y"]])).id);
    assert_ne!(first.id, one(&daily, &rows(&["a"], &[&["x"], &["y"], &["y"]])).id);
    let next_day = Run { rule: &daily, tick: tick() + DAY, rows: &a }.alerts(&AlertOptions::default());
    assert_ne!(first.id, next_day[0].id);
    let longer = rule("queryFrequency: 1d\nqueryPeriod: 2d\n");
    assert_ne!(first.id, one(&longer, &a).id);
}

#[test]
fn times_of_the_events() {
    let rule = rule("");
    let of = |text: &str| datetime::parse(text).unwrap();
    // From the rows' own times.
    let table = rows(
        &["TimeGenerated", "a"],
        &[
            &["2026-03-11T12:00:00Z", ""],
            &["", ""],
            &["2026-03-11T00:00:00Z", ""],
            &["2026-03-11T23:59:59.9999999Z", ""],
        ],
    );
    let alert = one(&rule, &table);
    assert_eq!((alert.start, alert.end), (of("2026-03-11T00:00:00Z"), of("2026-03-11T23:59:59.9999999Z")));
    // Else from the events behind them.
    let mut table = rows(&["a"], &[&["x"], &["y"]]);
    let event = |time: Option<i64>| Rc::new(Event { raw: b"{}"[..].into(), time });
    table.rows[0].evidence = Evidence::One(event(Some(of("2026-03-11T05:00:00Z"))));
    table.rows[1].evidence =
        Evidence::Many(Rc::new(vec![event(None), event(Some(of("2026-03-11T04:00:00Z")))]));
    let alert = one(&rule, &table);
    assert_eq!((alert.start, alert.end), (of("2026-03-11T04:00:00Z"), of("2026-03-11T05:00:00Z")));
    // Else the window.
    let alert = one(&rule, &rows(&["TimeGenerated"], &[&[""]]));
    assert_eq!((alert.start, alert.end), (tick() - DAY, tick()));
    // A TimeGenerated that is no datetime is no time.
    let mut table = rows(&["TimeGenerated"], &[&["2026-03-11T12:00:00Z"]]);
    table.columns[0].ty = Type::String;
    table.rows[0].values[0] = Value::text("2026-03-11T12:00:00Z");
    assert_eq!(one(&rule, &table).start, tick() - DAY);
}

#[test]
fn the_year_turns() {
    let hourly = rule("queryFrequency: 1h\nqueryPeriod: 5h\n");
    let tick = datetime::parse("2026-01-01T02:00:00Z").unwrap();
    let alerts = Run { rule: &hourly, tick, rows: &rows(&["a"], &[&["x"]]) }.alerts(&AlertOptions::default());
    assert_eq!(property(&alerts[0], "Query Start Time UTC").as_deref(), Some("2025-12-31 21:00:00Z"));
    assert_eq!(property(&alerts[0], "Query End Time UTC").as_deref(), Some("2026-01-01 02:00:00Z"));
    assert_eq!(alerts[0].published, tick + 5 * MINUTE);
    assert_eq!(hourly.schedule.window(HOUR), 0..HOUR, "no window begins before the first year");
}

#[test]
fn entities_of_rows() {
    let rule = rule(ACCOUNT_AND_IP);
    let alert = one(
        &rule,
        &rows(
            &["Name", "Suffix", "Ip"],
            &[
                &["ann", "x.org", "192.0.2.1"],
                &["ann", "x.org", "192.0.2.2"],
                &["ann", "", "192.0.2.1"],
                &["Root", "x.org", ""],
                &["ANONYMOUS", "", "192.0.2.1"],
                &["", "x.org", ""],
                &["roots", "", ""],
            ],
        ),
    );
    assert_eq!(
        entities_text(&alert),
        r#"[{"$id":"3","Name":"ann","UPNSuffix":"x.org","Type":"account"},{"$id":"4","Name":"ann","Type":"account"},{"$id":"5","Name":"roots","Type":"account"},{"$id":"6","Address":"192.0.2.1","Type":"ip"},{"$id":"7","Address":"192.0.2.2","Type":"ip"}]"#
    );
    // Columns that the query does not yield make no entity.
    assert_eq!(one(&rule, &rows(&["a"], &[&["x"]])).entities, []);
    // An account known by more than its name stays.
    let sid = self::rule(
        "entityMappings:\n  - entityType: Account\n    fieldMappings:\n      - {identifier: Name, columnName: Name}\n      \
         - {identifier: Sid, columnName: Sid}\n",
    );
    let alert = one(&sid, &rows(&["Name", "Sid"], &[&["root", "S-1"], &["root", ""]]));
    assert_eq!(entities(&alert).len(), 1);
}

#[test]
fn entities_are_bounded() {
    let rule = rule(ACCOUNT_AND_IP);
    let texts: Vec<[String; 3]> = (0..700)
        .map(|i| [format!("user{i}"), String::new(), format!("192.0.{}.{}", i / 250, i % 250)])
        .collect();
    let cells: Vec<[&str; 3]> = texts.iter().map(|[a, b, c]| [a.as_str(), b.as_str(), c.as_str()]).collect();
    let values: Vec<&[&str]> = cells.iter().map(|c| &c[..]).collect();
    let found = entities(&one(&rule, &rows(&["Name", "Suffix", "Ip"], &values)));
    let count = |ty: &str| found.iter().filter(|e| e["Type"] == ty).count();
    assert_eq!((count("account"), count("ip"), found.len()), (250, 250, 500));
    assert_eq!(found[499]["$id"], "502");
    // 64 KB of text, whatever the characters.
    let long: Vec<String> = (0..300).map(|i| format!("{i}{}", "𝄞\"".repeat(100))).collect();
    let cells: Vec<[&str; 3]> = long.iter().map(|t| [t.as_str(), "", "192.0.2.1"]).collect();
    let values: Vec<&[&str]> = cells.iter().map(|c| &c[..]).collect();
    let alert = one(&rule, &rows(&["Name", "Suffix", "Ip"], &values));
    let text = entities_text(&alert);
    assert!(text.len() <= 65_536 && text.len() > 64_000);
    assert!(entities(&alert).iter().all(|e| e["Type"] == "account"));
    // One that never fits leaves none.
    let huge = "x".repeat(70_000);
    assert_eq!(one(&rule, &rows(&["Name", "Suffix", "Ip"], &[&[&huge, "", "192.0.2.1"]])).entities, []);
}

#[test]
fn custom_details() {
    let rule = rule("customDetails:\n  Second: b\n  First: a\n  Gone: missing\n  Empty: c\n");
    let alert =
        one(&rule, &rows(&["a", "b", "c"], &[&["1", "x\"\n", ""], &["2", "x\"\n", ""], &["1", "", ""]]));
    assert_eq!(
        property(&alert, "Custom Details").as_deref(),
        Some(r#"{"Second":["x\"\n"],"First":["1","2"]}"#)
    );
    assert_eq!(property(&one(&rule, &rows(&["c"], &[&[""]])), "Custom Details"), None);
    // 50 values each; all of them within 64 KB.
    let texts: Vec<String> = (0..60).map(|i| format!("{i:04}")).collect();
    let cells: Vec<[&str; 1]> = texts.iter().map(|t| [t.as_str()]).collect();
    let values: Vec<&[&str]> = cells.iter().map(|c| &c[..]).collect();
    let details: Json =
        serde_json::from_str(&property(&one(&rule, &rows(&["a"], &values)), "Custom Details").unwrap())
            .unwrap();
    assert_eq!(details["First"].as_array().unwrap().len(), 50);
    let long: Vec<String> = (0..9).map(|i| i.to_string().repeat(10_000)).collect();
    let cells: Vec<[&str; 2]> = long.iter().map(|t| [t.as_str(), t.as_str()]).collect();
    let values: Vec<&[&str]> = cells.iter().map(|c| &c[..]).collect();
    let text = property(&one(&rule, &rows(&["a", "b"], &values)), "Custom Details").unwrap();
    assert!(text.len() <= 65_536, "{}", text.len());
    let details: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(details["Second"].as_array().unwrap().len(), 6);
    assert!(details.get("First").is_none(), "no room was left for it");
}

const OVERRIDE: &str = "alertDetailsOverride:
  alertDisplayNameFormat: 'By {{a}} ({{b}})'
  alertDescriptionFormat: 'Seen: {{b}}'
  alertSeverityColumnName: Sev
  alertTacticsColumnName: Tac
  alertDynamicProperties:
    - {alertProperty: AlertLink, value: Link}
    - {alertProperty: ConfidenceScore, value: Score}
    - {alertProperty: Techniques, value: Tech}
    - {alertProperty: ProductName, value: Product}
";

#[test]
fn overridden_details() {
    let rule = rule(OVERRIDE);
    let columns = ["a", "b", "Sev", "Tac", "Link", "Score", "Tech", "Product"];
    let mut table = rows(
        &columns,
        &[&["{{b}}", "x", "high", "", "https://example.org/\"", "0.75", "T1562.001, T1078", ""]],
    );
    table.columns[3] = Column::new("Tac", Type::Dynamic);
    table.rows[0].values[3] = Value::array(vec![Value::text("Impact"), Value::text("Discovery")]);
    let alert = one(&rule, &table);
    assert_eq!(alert.name, "By {{b}} (x)", "a value's braces are not placeholders");
    assert_eq!(alert.description, "Seen: x");
    assert_eq!((alert.severity.name(), &*alert.tactics.join(",")), ("High", "Impact,Discovery"));
    assert_eq!(alert.techniques, ["T1562", "T1078"]);
    assert_eq!(alert.sub_techniques, ["T1562.001"]);
    let json = parsed(&alert);
    assert_eq!(json["AlertLink"], "https://example.org/\"");
    assert_eq!(json["ConfidenceScore"], 0.75);
    assert_eq!(json["ProductName"], "Azure Sentinel");
    assert_eq!(property(&alert, "Analytic Rule Name").as_deref(), Some("Default name"));
}

#[test]
fn override_falls_back() {
    let rule = rule(OVERRIDE);
    let table = rows(
        &["a", "b", "Sev", "Link", "Score", "Tech"],
        &[&["", "x", "Critical", "", "much", "T1562, nonsense"], &["second", "y", "High", "z", "1", "T1078"]],
    );
    let alert = one(&rule, &table);
    assert_eq!((alert.name.as_str(), alert.description.as_str()), ("Default name", "Seen: x"));
    assert_eq!((alert.severity.name(), &*alert.tactics.join(",")), ("Low", "Unknown"));
    assert!(alert.techniques.is_empty() && parsed(&alert)["ConfidenceScore"].is_null());
    assert_eq!(parsed(&alert)["Techniques"], "[]");
    // No such column, no row.
    let alert = one(&rule, &rows(&["a"], &[&["x"]]));
    assert_eq!((alert.name.as_str(), alert.description.as_str()), ("Default name", "Default description"));
}

#[test]
fn rendered_sizes_are_cut_between_characters() {
    let rule = rule(OVERRIDE);
    for shift in 0..5 {
        let text = "x".repeat(shift) + &"𝄞".repeat(3000);
        let alert = one(&rule, &rows(&["a", "b"], &[&[&text, &text]]));
        assert!((253..=256).contains(&alert.name.len()), "{}", alert.name.len());
        assert!((5117..=5120).contains(&alert.description.len()), "{}", alert.description.len());
        assert!(alert.name.starts_with("By x") || shift == 0);
        parsed(&alert);
    }
}

#[test]
fn hostile_texts_stay_inside_their_strings() {
    let rule = rule(&format!(
        "{ACCOUNT_AND_IP}customDetails: {{d: Name}}\nalertDetailsOverride:\n  alertDisplayNameFormat: '{{{{Name}}}}'\n"
    ));
    for hostile in
        ["\"", "\\", "\n\r\t", "\u{0}\u{1f}", "\u{2028}", "\",\"x\":{}}", "𝄞\\u0000", "</script>", "{{Name}}"]
    {
        let mut table = rows(&["Name", "Suffix", "Ip"], &[&[hostile, hostile, hostile]]);
        table.rows[0].evidence = Evidence::One(Rc::new(Event { raw: hostile.as_bytes().into(), time: None }));
        let alert = one(&rule, &table);
        let json = parsed(&alert);
        assert_eq!(json["AlertName"], hostile);
        assert_eq!(entities(&alert)[0]["Name"], hostile);
        assert_eq!(entities(&alert)[1]["Address"], hostile);
        let details: Json = serde_json::from_str(&property(&alert, "Custom Details").unwrap()).unwrap();
        assert_eq!(details["d"][0], hostile);
        assert_eq!(json["Evidence"][0]["row"]["Name"], hostile);
        let record = &json["Evidence"][0]["events"][0]["record"];
        assert_eq!(record, hostile, "a record that is not JSON is a text");
    }
}

#[test]
fn evidence_is_verbatim_typed_and_optional() {
    let rule = rule("");
    let mut table = rows(&["a", "b"], &[&["x", "y"], &["z", "w"]]);
    table.columns[1] = Column::new("b", Type::Dynamic);
    table.rows[0].values[1] = json::parse(b"{\"n\":9007199254740993,\"t\":true}").unwrap();
    let raw = r#"{"eventID":"e-1","big":12345678901234567890,"e":1.10,"k":"\u0026"}"#;
    let event = |raw: &str| Rc::new(Event { raw: raw.as_bytes().into(), time: None });
    table.rows[0].evidence = Evidence::Many(Rc::new(vec![event(raw), event("{\n \"a\" : 1\n}")]));
    let alert = one(&rule, &table);
    let want = format!(
        r#"[{{"row":{{"a":"x","b":{{"n":9007199254740993,"t":true}}}},"events":[{{"eventID":"e-1","record":{raw}}},{{"eventID":"","record":{{"a":1}}}}]}},{{"row":{{"a":"z","b":"w"}},"events":[]}}]"#
    );
    assert_eq!(evidence_text(&alert), want);
    assert_eq!(alert.evidence.as_ref().map(|e| e.size), Some(want.len()));
    let run = Run { rule: &rule, tick: tick(), rows: &table };
    let off = run.alerts(&AlertOptions { evidence: false, ..AlertOptions::default() });
    assert!(parsed(&off[0]).get("Evidence").is_none());
    assert_eq!(off[0].id, alert.id);
    let short = run.alerts(&AlertOptions { evidence_rows: 1, ..AlertOptions::default() });
    assert_eq!(parsed(&short[0])["Evidence"].as_array().unwrap().len(), 1);
    assert_eq!(property(&short[0], "Evidence Rows").as_deref(), Some("1 of 2"));
    assert_eq!(property(&alert, "Evidence Rows"), None);
}

#[test]
fn rows_shorter_than_their_columns_do_no_harm() {
    let rule = rule(&format!("{ACCOUNT_AND_IP}{OVERRIDE}customDetails: {{d: Ip}}\n"));
    let mut table = rows(&["a", "Name", "Ip", "TimeGenerated"], &[&["x"]]);
    table.rows.push(Row::default());
    parsed(&one(&rule, &table));
    parsed(&one(&rule, &Rows { columns: Vec::new(), rows: vec![Row::default()] }));
    for tick in [i64::MIN, 0, datetime::MAX, i64::MAX] {
        parsed(&Run { rule: &rule, tick, rows: &table }.alerts(&AlertOptions::default())[0]);
    }
}

fn shared(file: &str) -> Option<String> {
    let folder = std::env::var("FOREPOST_SHARED").unwrap_or_else(|_| "../shared".to_owned());
    let text = std::fs::read_to_string(format!("{folder}/{file}")).ok();
    if text.is_none() {
        eprintln!("skipped: {file} is not here");
    }
    text
}

/// The alert that the house documents for case 5, field by field and in its order.
#[test]
fn the_documented_alert() {
    let (Some(example), Some(cases)) =
        (shared("sentinel/example_alert.json"), shared("cloudtrail/cases/put_image_scanning_cases.ndjson"))
    else {
        return;
    };
    let want: Json = serde_json::from_str(&example).unwrap();
    let raw = cases.lines().find(|l| l.contains("\"11111111-1111-4111-8111-000000000005\"")).unwrap();
    let row = want["Evidence"][0]["row"].as_object().unwrap();
    let columns: Vec<Column> = row
        .keys()
        .map(|k| Column::new(k, if k == "TimeGenerated" { Type::DateTime } else { Type::String }))
        .collect();
    let time = datetime::parse(row["TimeGenerated"].as_str().unwrap()).unwrap();
    let values = row
        .iter()
        .map(
            |(k, v)| {
                if k == "TimeGenerated" { Value::DateTime(time) } else { Value::text(v.as_str().unwrap()) }
            },
        )
        .collect();
    let event = Rc::new(Event { raw: raw.as_bytes().into(), time: Some(time) });
    let table = Rows { columns, rows: vec![Row { values, evidence: Evidence::One(event) }] };
    let rule = rule::load(BUILT_IN[0].1).rule.unwrap();
    let tick = rule.schedule.first_holding(time);
    let alerts = Run { rule: &rule, tick, rows: &table }.alerts(&AlertOptions::default());
    let text = alert_json(&alerts[0]);
    assert!(text.contains(&format!("\"record\":{raw}")), "the record is embedded to the byte");
    let mut got: Json = serde_json::from_str(&text).unwrap();
    let mut want = want;
    for alert in [&mut got, &mut want] {
        // What is JSON in a text is compared as JSON, whose keys keep their order here.
        for key in ["Entities", "ExtendedProperties"] {
            alert[key] = serde_json::from_str(alert[key].as_str().unwrap()).unwrap();
        }
    }
    let mut compared = 0;
    compare("", &got, &want, &mut compared);
    assert!(compared > 100);
}

/// Equal, keys in the same order, where `<…>` in `want` stands for any text.
fn compare(path: &str, got: &Json, want: &Json, compared: &mut usize) {
    *compared += 1;
    match (got, want) {
        (Json::Object(g), Json::Object(w)) => {
            assert_eq!(g.keys().collect::<Vec<_>>(), w.keys().collect::<Vec<_>>(), "{path}");
            w.iter().for_each(|(k, v)| compare(&format!("{path}/{k}"), &g[k], v, compared));
        }
        (Json::Array(g), Json::Array(w)) => {
            assert_eq!(g.len(), w.len(), "{path}");
            g.iter()
                .zip(w)
                .enumerate()
                .for_each(|(i, (g, w))| compare(&format!("{path}/{i}"), g, w, compared));
        }
        (Json::String(g), Json::String(w)) if w.contains('<') => {
            let (before, rest) = w.split_once('<').unwrap();
            let (_, after) = rest.split_once('>').unwrap();
            let open = g.strip_prefix(before).and_then(|g| g.strip_suffix(after));
            assert!(open.is_some_and(|o| !o.is_empty()), "{path}: {g} is not {w}");
        }
        _ => assert_eq!(got, want, "{path}"),
    }
}

#[test]
fn every_shared_rule_loads() {
    let folder = std::env::var("FOREPOST_SHARED").unwrap_or_else(|_| "../shared".to_owned());
    let Ok(dir) = std::fs::read_dir(format!("{folder}/rules")) else {
        eprintln!("skipped: the shared rules are not here");
        return;
    };
    let mut loaded = 0;
    for file in dir.flatten() {
        let text = std::fs::read_to_string(file.path()).unwrap();
        let result = rule::load(&text);
        let name = file.file_name();
        for finding in &result.diagnostics {
            eprintln!("{name:?}:{}:{}: {} {}", finding.line, finding.column, finding.code, finding.message);
        }
        let rule = result.rule.unwrap_or_else(|| panic!("{name:?}"));
        // Every line of the query is where the map says it is.
        let lines: Vec<&str> = text.lines().collect();
        for (offset, c) in rule.query.text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
            let (line, column) = rule.query_position(offset as u32);
            assert_eq!(lines[line - 1].chars().nth(column - 1), Some(c), "{name:?} at {offset}");
        }
        loaded += 1;
    }
    assert_eq!(loaded, 38);
}
