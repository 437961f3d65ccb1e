//! What coverage counts.

use super::{event, rule};
use forepost::detector::explain::{Case, RuleCoverage, coverage};
use serde_json::Value;

const MORNING: &str = "2026-03-11T07:00:00Z";

fn covered(rule: &str, cases: &[Vec<Value>]) -> RuleCoverage {
    let texts: Vec<Vec<String>> = cases.iter().map(|c| c.iter().map(Value::to_string).collect()).collect();
    let cases: Vec<Case<'_>> = texts.iter().map(|c| c.iter().map(|t| t.as_bytes()).collect()).collect();
    coverage(rule, &cases, &forepost::detector::Context::default())
        .unwrap_or_else(|e| panic!("{:#?}", e.findings))
}

/// The counts of what stands at a piece of the query.
fn counts(c: &RuleCoverage, kind: &str, piece: &str) -> Vec<(&'static str, u64)> {
    let at = |o: &forepost::detector::explain::Obligation| c.query.get(o.span.range()) == Some(piece);
    let found = c.obligations.iter().find(|(o, ..)| o.kind.name() == kind && at(o));
    found.map(|(o, ..)| o.counts.clone()).unwrap_or_else(|| panic!("no {kind} {piece}: {:#?}", c.obligations))
}

#[test]
fn stages_operands_arms_legs_and_the_trigger() {
    let ours = rule(
        "let bad = AWSCloudTrail | where isnotempty(ErrorCode);\nunion (AWSCloudTrail | where EventName == 'Put' or EventName == 'Del'), (AWSCloudTrail | where EventName == 'Never')\n| extend what = iff(EventName == 'Put', 'w', 'd')\n| join kind=leftouter bad on UserIdentityUserName\n| where UserIdentityUserName != 'root' and what == 'w'",
        "",
    );
    let put = || event(1, MORNING, "Put", "dana");
    let c = covered(&ours, &[vec![put()], vec![event(2, MORNING, "Get", "eve")]]);
    assert_eq!(
        counts(&c, "stage", "where EventName == 'Put' or EventName == 'Del'"),
        [("passed", 1), ("rejected", 1)]
    );
    assert_eq!(counts(&c, "operand", "EventName == 'Del'"), [("true", 0), ("false", 2)]);
    assert_eq!(counts(&c, "arm", "'w'"), [("taken", 1)]);
    assert_eq!(counts(&c, "arm", "'d'"), [("taken", 0)]);
    assert_eq!(
        counts(&c, "stage", "join kind=leftouter bad on UserIdentityUserName"),
        [("matched", 0), ("unmatched", 1)]
    );
    assert_eq!(counts(&c, "leg", "AWSCloudTrail | where EventName == 'Never'"), [("rows", 0)]);
    assert_eq!((c.fired, c.quiet), (1, 1));
    let lines: Vec<usize> = c.obligations.iter().map(|(_, first, _)| first.line).collect();
    assert!(lines.is_sorted() && lines.first() > Some(&10), "{lines:?}");
    // Which operand decided alone: of an and the only one that was false.
    let c = covered(&ours, &[vec![event(1, MORNING, "Put", "root")]]);
    let decided = |piece: &str| {
        c.obligations
            .iter()
            .find(|(o, ..)| c.query.get(o.span.range()) == Some(piece))
            .and_then(|(o, ..)| o.decided)
    };
    assert_eq!((decided("UserIdentityUserName != 'root'"), decided("what == 'w'")), (Some(1), Some(0)));
    // Without a case everything is named, and nothing was tried.
    let c = covered(&ours, &[]);
    assert!(
        c.obligations.len() > 10 && c.obligations.iter().all(|(o, ..)| o.counts.iter().all(|(_, n)| *n == 0))
    );
    // The same case twice counts twice, and a case that fails says so.
    let twice = covered(&ours, &[vec![put()], vec![put()]]);
    assert_eq!(counts(&twice, "arm", "'w'"), [("taken", 2)]);
}
