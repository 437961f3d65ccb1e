//! The verdict is the scan's, whatever the rule and the event.

use super::random::Random;
use super::{explained, scan};
use forepost::detector::{Detector, Options, RuleFile};
use serde_json::{Value, json};
use std::collections::HashMap;

/// How many pairs are drawn: `FOREPOST_PAIRS=10000` takes a minute.
const PAIRS: usize = 1000;

/// Rules of ours that use what rules use; with the shared ones, where they are here.
fn rules() -> Vec<String> {
    let queries = [
        "AWSCloudTrail | where EventName == 'PutObject' and isempty(ErrorCode)",
        "let names = dynamic(['PutObject', 'DeleteBucket']); AWSCloudTrail | where EventName in (names) or SourceIpAddress startswith '203.'",
        "let limit = 1; AWSCloudTrail | summarize n = count(), any(EventName) by UserIdentityUserName | where n >= limit",
        "let bad = AWSCloudTrail | where isnotempty(ErrorCode); AWSCloudTrail | where EventName != 'x' | join kind=inner bad on UserIdentityUserName",
        "AWSCloudTrail | where UserIdentityUserName in ((AWSCloudTrail | where EventName == 'DeleteBucket' | project UserIdentityUserName))",
        "union (AWSCloudTrail | where EventName == 'PutObject'), (AWSCloudTrail | where ErrorCode == 'AccessDenied') | project EventName, TimeGenerated",
        "AWSCloudTrail | extend p = parse_json(RequestParameters) | where p.bucketName == 'b' | extend what = case(EventName has 'Put', 'w', EventName has 'Get', 'r', 'o') | where what != 'o'",
        "AWSCloudTrail | where TimeGenerated > ago(12h) | mv-expand r = dynamic([1, 2]) | where r > 1",
        "AWSCloudTrail | join kind=leftanti (AWSCloudTrail | where isempty(ErrorCode)) on EventName",
        "AWSCloudTrail | where EventName == 'PutObject' | count | where Count > 0",
        "let f = (T:(EventName:string)) { T | where EventName == 'GetObject' }; f(AWSCloudTrail) | take 3",
        "AWSCloudTrail | top 1 by TimeGenerated | where not(EventName has_any ('List', 'Get'))",
        "let total = toscalar(AWSCloudTrail | count); AWSCloudTrail | where total > 0 and ErrorCode !in ('', 'AccessDenied')",
        "AWSCloudTrail | sort by TimeGenerated asc | extend before = prev(EventName) | where before != EventName",
    ];
    let triggers =
        ["", "triggerOperator: lt\ntriggerThreshold: 1\n", "triggerOperator: gt\ntriggerThreshold: 1\n"];
    let mut rules = Vec::new();
    for (i, query) in queries.iter().enumerate() {
        let more = match i % 4 {
            0 => format!(
                "queryFrequency: 1h\nqueryPeriod: 3h\nsuppressionEnabled: true\nsuppressionDuration: 2h\n{}",
                triggers[i % 3]
            ),
            _ => triggers[i % 3].to_owned(),
        };
        rules.push(super::rule(query, &more));
    }
    rules.extend(super::shared::rules());
    rules
}

/// The words that a rule compares with: an event made of them comes farther than one of any words.
fn words(rule: &str) -> Vec<&str> {
    let quoted = rule.split('"').skip(1).step_by(2);
    let mut words: Vec<&str> =
        quoted.filter(|w| !w.is_empty() && w.len() < 40 && !w.contains('\n')).collect();
    words.extend(["PutObject", "GetObject", "DeleteBucket", "ListBuckets", "x"]);
    words
}

fn random_event(r: &mut Random, words: &[&str]) -> Value {
    let hour = r.below(24);
    let time =
        if r.below(50) == 0 { "not a time".to_owned() } else { format!("2026-03-11T{hour:02}:00:00Z") };
    let user = r.one(&["dana", "eve", "root"]);
    let mut event = super::event(r.below(100), &time, r.one(words), user);
    if r.below(4) == 0 {
        event["errorCode"] = json!(r.one(&["AccessDenied", "Client.UnauthorizedOperation"]));
    }
    if r.below(2) == 0 {
        event["requestParameters"] = json!({"bucketName": r.one(&["b", "c"]), "policyDocument": r.one(words), r.one(words): r.one(words)});
    }
    if r.below(2) == 0 {
        event["userIdentity"]["type"] = json!(r.one(words));
        event["eventSource"] = json!(r.one(words));
    }
    event
}

/// A detector of a rule, and how many alerts it makes of an event.
fn count(detector: &mut Detector, event: &Value) -> usize {
    detector.restart();
    detector.push(format!("{event}\n").as_bytes());
    detector.finish();
    std::iter::from_fn(|| Some(detector.take_alerts().len()).filter(|n| *n > 0)).sum()
}

#[test]
fn the_verdict_is_the_scans() {
    let wanted: usize = std::env::var("FOREPOST_PAIRS").ok().and_then(|n| n.parse().ok()).unwrap_or(PAIRS);
    let rules = rules();
    let mut r = Random::new(22);
    let mut detectors: HashMap<&String, Detector> = HashMap::new();
    let (mut pairs, mut alerted) = (0, 0);
    for i in 0..wanted {
        let rule = &rules[i * rules.len() / wanted];
        let words = words(rule);
        let event = random_event(&mut r, &words);
        let detector = detectors.entry(rule).or_insert_with(|| {
            let file = RuleFile { file: "r.yaml".to_owned(), text: rule.clone() };
            Detector::new(&[file], Options::default()).unwrap_or_else(|f| panic!("{f:#?}"))
        });
        let alerts = count(detector, &event);
        let e = explained(rule, std::slice::from_ref(&event), None, &[]);
        assert_eq!(e["verdict"] == "alert", alerts > 0, "pair {i}: {rule}\n{event}\n{}", e["stopped"]);
        assert_eq!(e["alerts"], json!(alerts), "pair {i}: {rule}\n{event}");
        assert_eq!(e["stopped"].is_null(), alerts > 0, "pair {i}: {}", e["stopped"]);
        pairs += 1;
        alerted += usize::from(alerts > 0);
    }
    println!("{pairs} pairs, {alerted} alerts, {} rules", rules.len());
    assert!(alerted > wanted / 20 && alerted < wanted * 9 / 10);
}

/// Of several events: the one that is looked at is in an alert's evidence if and only if the verdict is alert.
#[test]
fn of_several_events_the_verdict_is_whether_it_is_evidence() {
    let rules = rules();
    let mut r = Random::new(23);
    for i in 0..200 {
        let rule = r.of(&rules[..14]);
        let mut events: Vec<Value> =
            (0..2 + r.below(5)).map(|_| random_event(&mut r, &words(rule))).collect();
        events.iter_mut().enumerate().for_each(|(n, e)| e["eventID"] = json!(format!("event-{n}")));
        let at = r.below(events.len());
        let id = events[at]["eventID"].clone();
        let is_evidence = scan(rule, &events).iter().any(|alert| {
            let rows = alert["Evidence"].as_array().expect("rows").iter();
            rows.flat_map(|row| row["events"].as_array().expect("events")).any(|e| e["eventID"] == id)
        });
        let e = explained(rule, &events, Some(at), &[]);
        assert_eq!(
            e["verdict"] == "alert",
            is_evidence,
            "pair {i}: {rule}\n{events:#?}\n{at}\n{}",
            e["stopped"]
        );
    }
}
