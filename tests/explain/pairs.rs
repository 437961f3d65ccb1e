//! The verdict is the scan's, whatever the rule and the event.

use super::property::check;
use super::{explained, scan};
use forepost::detector::{Detector, Options, RuleFile};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{Strategy, any};
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

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

/// What an event is made of, but for the words of a rule.
#[derive(Clone, Debug)]
struct Draft {
    id: usize,
    time: String,
    user: &'static str,
    error: Option<&'static str>,
    bucket: Option<&'static str>,
    has_origin: bool,
    words: Vec<Index>,
}

fn draft() -> impl Strategy<Value = Draft> {
    let time = (0..24, weighted(0.98, any::<()>())).prop_map(|(hour, good)| match good {
        Some(()) => format!("2026-03-11T{hour:02}:00:00Z"),
        None => "not a time".to_owned(),
    });
    let user = select(&["dana", "eve", "root"]);
    let error = weighted(0.25, select(&["AccessDenied", "Client.UnauthorizedOperation"]));
    let bucket = weighted(0.5, select(&["b", "c"]));
    (0..100_usize, time, user, error, bucket, any::<bool>(), vec(any::<Index>(), 6)).prop_map(
        |(id, time, user, error, bucket, has_origin, words)| Draft {
            id,
            time,
            user,
            error,
            bucket,
            has_origin,
            words,
        },
    )
}

/// The event of a draft and some words.
fn event(draft: &Draft, words: &[&str]) -> Value {
    let word = |i: usize| *draft.words[i].get(words);
    let mut event = super::event(draft.id, &draft.time, word(0), draft.user);
    if let Some(error) = draft.error {
        event["errorCode"] = json!(error);
    }
    if let Some(bucket) = draft.bucket {
        event["requestParameters"] =
            json!({"bucketName": bucket, "policyDocument": word(1), word(2): word(3)});
    }
    if draft.has_origin {
        event["userIdentity"]["type"] = json!(word(4));
        event["eventSource"] = json!(word(5));
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
    let rules = rules();
    let detectors: RefCell<HashMap<usize, Detector>> = RefCell::default();
    let (pairs, alerted) = (Cell::new(0), Cell::new(0));
    check(1000, (0..rules.len(), draft()), |(of, draft)| {
        let rule = &rules[of];
        let event = event(&draft, &words(rule));
        let mut detectors = detectors.borrow_mut();
        let detector = detectors.entry(of).or_insert_with(|| {
            let file = RuleFile { file: "r.yaml".to_owned(), text: rule.clone() };
            Detector::new(&[file], Options::default()).unwrap_or_else(|f| panic!("{f:#?}"))
        });
        let alerts = count(detector, &event);
        let e = explained(rule, std::slice::from_ref(&event), None, &[]);
        assert_eq!(e["verdict"] == "alert", alerts > 0, "{rule}\n{event}\n{}", e["stopped"]);
        assert_eq!(e["alerts"], json!(alerts), "{rule}\n{event}");
        assert_eq!(e["stopped"].is_null(), alerts > 0, "{}", e["stopped"]);
        pairs.set(pairs.get() + 1);
        alerted.set(alerted.get() + usize::from(alerts > 0));
    });
    let (pairs, alerted) = (pairs.get(), alerted.get());
    println!("{pairs} pairs, {alerted} alerts, {} rules", rules.len());
    assert!(alerted > pairs / 20 && alerted < pairs * 9 / 10);
}

/// Of several events: the one that is looked at is in an alert's evidence if and only if the verdict is alert.
#[test]
fn of_several_events_the_verdict_is_whether_it_is_evidence() {
    let rules = rules();
    let drafts = vec(draft(), 2..7);
    check(200, (select(rules[..14].to_vec()), drafts, any::<Index>()), |(rule, drafts, at)| {
        let mut events: Vec<Value> = drafts.iter().map(|draft| event(draft, &words(&rule))).collect();
        events.iter_mut().enumerate().for_each(|(n, e)| e["eventID"] = json!(format!("event-{n}")));
        let at = at.index(events.len());
        let id = events[at]["eventID"].clone();
        let is_evidence = scan(&rule, &events).iter().any(|alert| {
            let rows = alert["Evidence"].as_array().expect("rows").iter();
            rows.flat_map(|row| row["events"].as_array().expect("events")).any(|e| e["eventID"] == id)
        });
        let e = explained(&rule, &events, Some(at), &[]);
        assert_eq!(e["verdict"] == "alert", is_evidence, "{rule}\n{events:#?}\n{at}\n{}", e["stopped"]);
    });
}
