//! What the tree of an explanation holds: branches, stages, values, and what came behind the query.

use super::{event, explained, rule, scan, text};
use forepost::detector::NamedTable;
use serde_json::{Value, json};

/// The stage of an operator in a branch.
fn stage<'e>(e: &'e Value, branch: usize, operator: &str) -> &'e Value {
    let stages = e["branches"][branch]["stages"].as_array().expect("stages");
    stages
        .iter()
        .find(|s| s["operator"] == operator)
        .unwrap_or_else(|| panic!("no {operator} in {stages:#?}"))
}

/// The value of a part of the query in a stage's first row.
fn value_of(e: &Value, stage: &Value, part: &str) -> Option<Value> {
    let steps = stage["rows"][0]["steps"].as_array()?;
    steps.iter().find(|s| text(e, s) == part).map(|s| s["value"].clone())
}

fn states(e: &Value, branch: usize) -> Vec<String> {
    let stages = e["branches"][branch]["stages"].as_array().expect("stages").iter();
    stages
        .map(|s| format!("{} {}", s["operator"].as_str().unwrap_or(""), s["state"].as_str().unwrap_or("")))
        .collect()
}

const MORNING: &str = "2026-03-11T07:00:00Z";

/// The last filter of the first branch.
fn last_where(explained: &Value) -> &Value {
    let stages = explained["branches"][0]["stages"].as_array().expect("stages");
    stages.iter().rfind(|s| s["operator"] == "where").expect("a where")
}

#[test]
fn the_built_in_rule() {
    let (_, text_of_rule) = forepost::rule::BUILT_IN[0];
    let mut off = event(1, MORNING, "PutImageScanningConfiguration", "dana");
    off["requestParameters"] = json!({"imageScanningConfiguration": {"scanOnPush": false}});
    let e = explained(text_of_rule, &[off.clone()], None, &[]);
    assert_eq!((&e["verdict"], &e["alerts"], &e["stopped"]), (&json!("alert"), &json!(1), &Value::Null));
    assert_eq!(e["run"]["rows"], json!(1));
    assert_eq!(
        e["event"],
        json!({"index": 0, "id": "event-1", "name": "PutImageScanningConfiguration", "time": "2026-03-11T07:00:00.0000000Z"})
    );
    let last = last_where(&e);
    assert_eq!(value_of(&e, last, "scanOnPush"), Some(json!(false)));
    off["errorCode"] = json!("AccessDenied");
    let e = explained(text_of_rule, &[off], None, &[]);
    assert_eq!((&e["verdict"], &e["run"]["rows"]), (&json!("quiet"), &json!(0)));
    assert_eq!(e["stopped"]["text"], "isempty(ErrorCode)");
    let first = stage(&e, 0, "where");
    assert_eq!(first["state"], "stopped");
    assert_eq!(value_of(&e, first, "ErrorCode"), Some(json!("AccessDenied")));
    assert_eq!(value_of(&e, first, "isempty(ErrorCode)"), Some(json!(false)));
    assert_eq!(value_of(&e, first, "isempty(ErrorMessage)"), Some(json!(true)), "no operand is skipped");
    // What is behind is worked out for show, and would pass.
    let last = last_where(&e);
    assert_eq!((&last["state"], &last["would"]), (&json!("late"), &json!(true)));
    // A rule that does not compile says why.
    let broken =
        explained(&text_of_rule.replace("isempty(ErrorCode)", "isempty(Eror)"), &[json!({})], None, &[]);
    assert_eq!(broken["findings"][0]["code"], "KS142");
    assert!(broken.get("branches").is_none());
}

#[test]
fn lets_joins_unions_and_lists_are_branches() {
    let query = "let names = dynamic(['Put', 'Del']);\nlet least = 2;\nlet bad = AWSCloudTrail | where isnotempty(ErrorCode);\nlet seen = union (AWSCloudTrail | where EventName == 'Put'), (AWSCloudTrail | where EventName == 'Del');\nseen\n| where EventName in (names)\n| where UserIdentityUserName in ((bad | project UserIdentityUserName))\n| join kind=inner bad on UserIdentityUserName\n| summarize n = count() by UserIdentityUserName\n| where n >= least";
    let mut events = vec![
        event(1, MORNING, "Put", "dana"),
        event(2, MORNING, "Del", "dana"),
        event(3, MORNING, "Get", "dana"),
    ];
    events[2]["errorCode"] = json!("AccessDenied");
    let ours = rule(query, "");
    let e = explained(&ours, &events, None, &[]);
    assert_eq!(e["verdict"], "alert", "{e:#}");
    let kinds: Vec<&str> = e["branches"]
        .as_array()
        .expect("branches")
        .iter()
        .map(|b| b["kind"].as_str().expect("a kind"))
        .collect();
    assert_eq!(kinds, ["query", "let", "union", "union", "list", "let"], "{e:#}");
    let names: Vec<&Value> = e["branches"].as_array().expect("branches").iter().map(|b| &b["name"]).collect();
    assert_eq!(names[1], "seen");
    assert_eq!(names[5], "bad");
    let lets: Vec<(&str, &Value)> = e["lets"]
        .as_array()
        .expect("lets")
        .iter()
        .map(|l| (l["name"].as_str().expect("a name"), &l["value"]))
        .collect();
    assert_eq!(lets, [("names", &json!(["Put", "Del"])), ("least", &json!(2))]);
    let of_join = stage(&e, 0, "join");
    let keys: Vec<&Value> =
        of_join["rows"].as_array().expect("rows").iter().map(|r| &r["steps"][0]["value"]).collect();
    assert!(keys.len() >= 3 && keys.iter().all(|k| **k == json!("dana")), "{of_join:#}");
    let groups = &stage(&e, 0, "summarize")["made"][0];
    assert_eq!(groups["values"][1]["value"], json!(2));
    assert_eq!(groups["events"], json!(3));
    // One event fewer: the threshold says no, with its value.
    let e = explained(&ours, &events[1..], None, &[]);
    assert_eq!(e["stopped"]["text"], "n >= least", "{e:#}");
    let last = e["branches"][0]["stages"].as_array().expect("stages").last().expect("a stage");
    assert_eq!(
        value_of(&e, last, "least"),
        Some(json!(2)),
        "what a name stands for is shown where it is used"
    );
    // Of one event among others: it is in one branch, and ends at the join.
    let e = explained(&ours, &events[..2], Some(0), &[]);
    assert_eq!(e["stopped"]["operator"], "where", "{e:#}");
    assert_eq!(e["stopped"]["text"], "UserIdentityUserName in ((bad | project UserIdentityUserName))");
    assert_eq!(states(&e, 0)[..3], ["table passed", "where passed", "where stopped"]);
}

#[test]
fn a_join_without_a_partner_is_where_it_ended() {
    let ours = rule(
        "AWSCloudTrail | where EventName == 'Put'\n| join kind=inner (AWSCloudTrail | where EventName == 'Get') on UserIdentityUserName\n| project EventName",
        "",
    );
    let events = [event(1, MORNING, "Put", "dana"), event(2, MORNING, "Get", "eve")];
    for at in [0, 1] {
        let e = explained(&ours, &events, Some(at), &[]);
        assert_eq!(e["stopped"]["operator"], "join", "{e:#}");
        let keys: Vec<&Value> = stage(&e, 0, "join")["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|r| &r["steps"][0]["value"])
            .collect();
        assert!(
            keys.contains(&&json!("dana")) && keys.contains(&&json!("eve")),
            "both sides' keys are shown: {keys:?}"
        );
    }
}

#[test]
fn the_trigger_the_suppression_and_what_alerts_leave_out() {
    let more = "queryFrequency: 1h\nqueryPeriod: 1h\ntriggerOperator: gt\ntriggerThreshold: 1\n";
    let put = "AWSCloudTrail | where EventName == 'Put'";
    let e = explained(&rule(put, more), &[event(1, MORNING, "Put", "dana")], None, &[]);
    assert_eq!(
        (&e["stopped"]["at"], &e["run"]["trigger"]),
        (&json!("trigger"), &json!({"operator": "GreaterThan", "threshold": 1, "fires": false})),
        "{e:#}"
    );
    assert_eq!(e["run"]["rows"], json!(1));

    let more = "queryFrequency: 1h\nqueryPeriod: 1h\nsuppressionEnabled: true\nsuppressionDuration: 3h\nentityMappings:\n  - entityType: Account\n    fieldMappings:\n      - identifier: Name\n        columnName: UserIdentityUserName\n";
    let ours = rule(put, more);
    let events = [event(1, MORNING, "Put", "ROOT"), event(2, "2026-03-11T08:30:00Z", "Put", "dana")];
    assert_eq!(scan(&ours, &events).len(), 1, "the second is silenced");
    let e = explained(&ours, &events, Some(1), &[]);
    assert_eq!((&e["verdict"], &e["stopped"]["at"]), (&json!("quiet"), &json!("suppression")), "{e:#}");
    assert_eq!(e["run"]["suppressedUntil"], json!("2026-03-11T11:00:00.0000000Z"));
    let e = explained(&ours, &events, Some(0), &[]);
    assert_eq!((&e["verdict"], &e["run"]["seenBy"]["runs"]), (&json!("alert"), &json!(1)));
    assert_eq!(e["run"]["leftOut"][0]["what"], "Account");
    assert!(e["run"]["leftOut"][0]["why"].as_str().expect("why").contains("ROOT"), "{e:#}");

    let e = explained(&ours, &[event(1, "soon", "Put", "dana")], None, &[]);
    assert_eq!(e["stopped"]["at"], "time");
}

#[test]
fn the_users_tables_are_branches_too() {
    let ours = rule(
        "AWSCloudTrail | where EventName == 'Put' | lookup kind=inner (_GetWatchlist('vips')) on $left.UserIdentityUserName == $right.SearchKey",
        "",
    );
    let vips = NamedTable::read("vips", "SearchKey:string, Why:string", b"SearchKey,Why\ndana,root\n", false)
        .expect("a table");
    let e = explained(&ours, &[event(1, MORNING, "Put", "dana")], None, std::slice::from_ref(&vips));
    assert_eq!(e["verdict"], "alert", "{e:#}");
    let e = explained(&ours, &[event(1, MORNING, "Put", "eve")], None, &[vips]);
    assert_eq!((&e["verdict"], &e["stopped"]["operator"]), (&json!("quiet"), &json!("lookup")), "{e:#}");
}

#[test]
fn all_rules_sorted_by_how_far_they_came() {
    use forepost::detector::{Request, RuleFile, explain_all};
    let of = |name: &str, query: &str| RuleFile {
        file: format!("{name}.yaml"),
        text: rule(query, "").replace("abcd", &format!("00{name}")),
    };
    let files = [
        of("01", "AWSCloudTrail | where EventName == 'Get' | where UserIdentityUserName == 'eve'"),
        of("02", "AWSCloudTrail | where EventName == 'Put' | where UserIdentityUserName == 'eve'"),
        of("03", "AWSCloudTrail | where EventName == 'Put'"),
        RuleFile { file: "bad.yaml".to_owned(), text: "x: 1".to_owned() },
    ];
    let record = event(1, MORNING, "Put", "dana").to_string();
    let request = Request { events: &[record.as_bytes()], ..Request::default() };
    let all = explain_all(&files, &request);
    let order: Vec<&str> = all.iter().map(|(file, _)| &*file.file).collect();
    assert_eq!(order, ["03.yaml", "02.yaml", "01.yaml", "bad.yaml"]);
}
