//! Rules and queries over tables of logs: their clock, joins with events, tables that are missing or given.

use super::{HEADER, event, flow};
use cloudtrail::table::logs::TABLES;
use forepost::detector::{Context, Detector, NamedTable, Options, QueryRun, RuleFile, SingleEventEvaluator};
use kql::value::text;

fn rule(query: &str, every: &str, over: &str) -> RuleFile {
    let lines: String = query.lines().map(|line| format!("  {line}\n")).collect();
    let text = format!(
        "id: 0e1d9c3b-6f1a-4d53-9a0e-0123456789ab\nname: R\ndescription: d\nkind: Scheduled\nseverity: Low\nqueryFrequency: {every}\nqueryPeriod: {over}\ntriggerOperator: gt\ntriggerThreshold: 0\ntactics: [Discovery]\nrelevantTechniques: [T1046]\nquery: |\n{lines}"
    );
    RuleFile { file: "r.yaml".to_owned(), text }
}

/// The windows that alert and how many rows each has, and the codes of what went wrong.
fn scan(rule: &RuleFile, inputs: &[&str], options: Options) -> (Vec<(String, usize)>, Vec<String>) {
    let mut detector =
        Detector::new(std::slice::from_ref(rule), options).unwrap_or_else(|e| panic!("{:?}", e.findings));
    for input in inputs {
        detector.push(input.as_bytes());
        detector.end_input();
    }
    detector.finish();
    let alerts = detector.take_alerts();
    let windows = alerts.iter().map(|a| {
        let window = &a.extended_properties.window;
        (kql::value::datetime::format(window.end), a.extended_properties.row_count)
    });
    let problems = detector.take_problems().into_iter().map(|p| format!("{} {}", p.code, p.message));
    (windows.collect(), problems.collect())
}

/// The clock of a rule over flow logs is the clock of a rule over events: windows, `ago`, grouping, and a schedule that fires on
/// nothing.
#[test]
fn the_clock_of_a_log_is_that_of_events() {
    let times: Vec<i64> = vec![5, 30, 299, 300, 301, 3_599, 3_600, 4_000, 7_300, 20_000, 20_010, 86_300];
    let flows = format!(
        "{HEADER}\n{}\n",
        times.iter().map(|t| flow("192.0.2.1", *t, "ACCEPT")).collect::<Vec<_>>().join("\n")
    );
    let clock = |t: i64| {
        kql::value::datetime::format(
            kql::value::datetime::from_unix_seconds(1_772_323_200 + t).expect("a time"),
        )
    };
    let events: Vec<String> = times.iter().map(|t| event("A", "192.0.2.1", &clock(*t))).collect();
    for query in [
        "TABLE",
        "TABLE | where TimeGenerated > ago(10m)",
        "TABLE | summarize n = count(), oldest = min(TimeGenerated) by bin(TimeGenerated, 5m)",
        "TABLE | summarize n = count() by address = COLUMN | where n > 1",
        "let busy = TABLE | summarize n = count() by bin(TimeGenerated, 1h) | where n > 2; TABLE | extend TimeGenerated = bin(TimeGenerated, 1h) | join kind=inner busy on TimeGenerated",
    ] {
        let mut alerts = 0;
        for (every, over) in [("5m", "5m"), ("1h", "1h"), ("1h", "1d"), ("30m", "2h")] {
            for operator in ["gt", "lt"] {
                let of = |table: &str, column: &str| {
                    let mut rule =
                        rule(&query.replace("TABLE", table).replace("COLUMN", column), every, over);
                    let threshold = if operator == "lt" { 1 } else { 0 };
                    rule.text = rule
                        .text
                        .replace("triggerOperator: gt", &format!("triggerOperator: {operator}"))
                        .replace("triggerThreshold: 0", &format!("triggerThreshold: {threshold}"));
                    rule
                };
                let wanted =
                    scan(&of("AWSCloudTrail", "SourceIpAddress"), &[&events.join("\n")], Options::default());
                let found = scan(&of("AWSVPCFlow", "SrcAddr"), &[&flows], Options::default());
                assert!(wanted.1.is_empty(), "{query} {wanted:?}");
                alerts += wanted.0.len();
                assert_eq!(found, wanted, "{query} every {every} over {over}");
                // Events of another time change nothing.
                let other = event("B", "x", "2026-02-20T00:00:00Z");
                assert_eq!(scan(&of("AWSVPCFlow", "SrcAddr"), &[&other, &flows], Options::default()), wanted);
            }
        }
        assert!(alerts > 10, "{query} {alerts}");
    }
}

/// A detector that finds candidates, and one that concludes from what it hands over, or from the candidates alone, make the alerts of
/// one detector.
#[test]
fn tables_are_joined_and_handed_over() {
    let query = "AWSCloudTrail\n| where EventName == 'DeleteBucket'\n| join kind=inner (AWSVPCFlow | where Action == 'REJECT') on $left.SourceIpAddress == $right.SrcAddr\n| join kind=leftouter (AWSGuardDuty | extend ip = tostring(ServiceDetails.action.awsApiCallAction.remoteIpDetails.ipAddressV4)) on $left.SrcAddr == $right.ip\n| project SourceIpAddress, DstPort, Title";
    let rule = rule(query, "1d", "1d");
    let events = [
        event("DeleteBucket", "203.0.113.9", "2026-03-01T10:10:00Z"),
        event("DeleteBucket", "192.0.2.7", "2026-03-01T10:11:00Z"),
    ]
    .join("\n");
    let flows = format!(
        "{HEADER}\n{}\n{}\n{}\n",
        flow("203.0.113.9", 36_000, "REJECT"),
        flow("192.0.2.7", 36_000, "ACCEPT"),
        flow("203.0.113.9", 90_000, "REJECT")
    );
    let finding = include_str!("AWSGuardDuty.jsonl");
    let inputs = [&*events, &*flows, finding];
    let whole = scan(&rule, &inputs, Options::default());
    assert_eq!(whole, (vec![("2026-03-02T00:00:00.0000000Z".to_owned(), 1)], vec![]));
    let mut turned = inputs;
    turned.reverse();
    assert_eq!(scan(&rule, &turned, Options::default()), whole, "in another order");

    let new = |options| {
        Detector::new(std::slice::from_ref(&rule), options).unwrap_or_else(|e| panic!("{:?}", e.findings))
    };
    let (mut handed, mut kept) = (new(Options::default()), Vec::new());
    for input in inputs {
        for keep in [false, true] {
            let mut reader = new(Options { candidates: true, ..Options::default() });
            reader.push(input.as_bytes());
            reader.end_input();
            match keep {
                true => kept.extend(reader.take_candidates()),
                false => assert_eq!(handed.import_transfer(&reader.export_transfer()), Ok(())),
            }
        }
    }
    handed.finish();
    assert_eq!(handed.take_alerts().len(), 1);
    assert_eq!(handed.take_problems(), []);
    assert_eq!(handed.stats().ingest.tables, [("AWSGuardDuty", 1), ("AWSVPCFlow", 3)]);
    let kept = String::from_utf8(kept).expect("text");
    assert_eq!(scan(&rule, &[&kept], Options { empty_tables: true, ..Options::default() }), whole);
}

/// A rule over a table none of whose logs were given is left out and named; the others run.
#[test]
fn rules_without_their_logs_are_left_out() {
    let flows = format!("{HEADER}\n{}\n", flow("192.0.2.1", 0, "ACCEPT"));
    let left_out = |query: &str, input: &str| scan(&rule(query, "1h", "1h"), &[input], Options::default());
    let none = |tables: &str| (vec![], vec![format!("FP305 no record of {tables} was among the logs")]);
    let events = event("A", "x", "2026-03-01T00:00:00Z");
    assert_eq!(left_out("AWSVPCFlow", &events), none("AWSVPCFlow"));
    assert_eq!(left_out("AWSCloudTrail", &flows), none("AWSCloudTrail"));
    let anti = "AWSCloudTrail | join kind=leftanti AWSVPCFlow on $left.SourceIpAddress == $right.SrcAddr";
    assert_eq!(left_out(anti, &events), none("AWSVPCFlow"));
    assert_eq!(left_out("union AWSGuardDuty, AWSVPCFlow", &events), none("AWSGuardDuty and AWSVPCFlow"));
    // As in Sentinel, and as without the table.
    assert_eq!(left_out("union isfuzzy=true AWSCloudTrail, AWSVPCFlow", &events).0.len(), 1);
    assert_eq!(left_out("union isfuzzy=true AWSCloudTrail, AWSVPCFlow", &flows).0.len(), 1);
    // Nothing was read at all: that is said elsewhere.
    assert_eq!(left_out("AWSVPCFlow", ""), (vec![], vec!["empty the input is empty".to_owned()]));
    // Of a test, or of candidates, a table without records is empty.
    let options = Options { empty_tables: true, ..Options::default() };
    assert_eq!(scan(&rule(anti, "1h", "1h"), &[&events], options).0.len(), 1);
}

/// A filter in a pipeline sees events alone: a rule over another table would never fire there.
#[test]
fn a_filter_refuses_rules_over_other_logs() {
    let refused =
        |query: &str| SingleEventEvaluator::new(&[rule(query, "1h", "1h")]).err().map(|e| e.findings[0].code);
    assert_eq!(refused("AWSCloudTrail"), None);
    assert_eq!(refused("AWSVPCFlow"), Some("KS204"));
    assert!(SingleEventEvaluator::new(&[]).is_ok_and(|built_in| !built_in.is_empty()));
}

#[test]
fn a_table_that_is_given_stands_for_the_log() {
    let given = NamedTable::read(
        "AWSVPCFlow",
        "TimeGenerated:datetime, SrcAddr:string",
        b"TimeGenerated,SrcAddr\n2026-03-01T00:00:01Z,1.1.1.1\n",
        false,
    );
    let context = Context::of_tables(vec![given.unwrap_or_else(|e| panic!("{:?}", e.findings))]);
    let flows = format!("{HEADER}\n{}\n{}\n", flow("192.0.2.1", 0, "ACCEPT"), flow("192.0.2.1", 1, "ACCEPT"));
    let of = |query: &str| {
        let mut run = QueryRun::new(query, 0, &context).unwrap_or_else(|e| panic!("{e:?}"));
        run.push(flows.as_bytes());
        let rows = run.result().expect("an answer").rows;
        (
            rows.iter().flatten().map(text::scalar).collect::<Vec<_>>().join(" "),
            run.take_problems().into_iter().map(|p| p.message).collect::<Vec<_>>(),
        )
    };
    let said = "the table AWSVPCFlow was given; the records of it among the logs are not read".to_owned();
    assert_eq!(of("AWSVPCFlow | project SrcAddr"), ("1.1.1.1".to_owned(), vec![said]));
    assert_eq!(
        of("AWSGuardDuty | count"),
        ("0".to_owned(), vec!["no record of AWSGuardDuty was among the logs".to_owned()])
    );
}

#[test]
fn queries_read_many_tables() {
    let flows =
        format!("{HEADER}\n{}\n{}\n", flow("192.0.2.1", 0, "ACCEPT"), flow("192.0.2.2", 60, "REJECT"));
    let events = event("A", "192.0.2.2", "2026-03-01T00:00:00Z");
    let of = |query: &str| {
        let mut runs =
            [QueryRun::new(query, 0, &Context::default()), QueryRun::reader(query, 0, &Context::default())]
                .map(|r| r.unwrap_or_else(|e| panic!("{e:?}")));
        let [alone, reader] = &mut runs;
        for input in [&flows, &events] {
            for run in [&mut *alone, &mut *reader] {
                run.push(input.as_bytes());
                run.end_input();
            }
        }
        let mut taking = QueryRun::new(query, 0, &Context::default()).unwrap_or_else(|e| panic!("{e:?}"));
        assert_eq!(taking.import_transfer(&reader.export_transfer()), Ok(()));
        let [a, b] = [alone, &mut taking].map(|run| {
            let rows = run.result().expect("an answer").rows;
            rows.iter().map(|r| r.iter().map(text::scalar).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
        });
        assert_eq!(a, b, "{query}");
        a.join("|")
    };
    assert_eq!(
        of("AWSVPCFlow | summarize sum(Bytes), dcount(SrcAddr), min(Start), max(End)"),
        "80 2 2026-03-01T00:00:00.0000000Z 2026-03-01T00:01:30.0000000Z"
    );
    assert_eq!(
        of("AWSVPCFlow | where SrcAddr in ((AWSCloudTrail | project SourceIpAddress)) | project Action"),
        "REJECT"
    );
    assert_eq!(
        of("union withsource=t AWSCloudTrail, AWSVPCFlow | summarize count() by t | sort by t asc"),
        "AWSCloudTrail 1|AWSVPCFlow 2"
    );
    assert_eq!(of("AWSVPCFlow | where TimeGenerated == Start | count"), "2");
}

/// Of each table a rule that fires on the sample and stays quiet on what is nearly the same.
#[test]
fn a_rule_of_each_table_fires_and_a_near_miss_does_not() {
    let cases = [
        ("AWSCloudWatch", "Message has 'RequestId'", "RequestId", "RequestIds"),
        (
            "AWSGuardDuty",
            "Severity >= 5 and tostring(ResourceDetails.accessKeyDetails.userName) == 'eve'",
            "\"severity\":5.3",
            "\"severity\":4.9",
        ),
        (
            "AWSNetworkFirewallAlert",
            "VerdictAction == 'drop' and Sni endswith '.example'",
            "\"action\":\"drop\"",
            "\"action\":\"pass\"",
        ),
        ("AWSNetworkFirewallFlow", "Syn and tolong(NetFlowBytes) > 3000", "\"bytes\":3456", "\"bytes\":2999"),
        ("AWSNetworkFirewallTls", "Status == 'REVOKED'", "REVOKED", "UNKNOWN"),
        (
            "AWSRoute53Resolver",
            "isnotempty(FirewallRuleAction) and QueryName endswith '.example.'",
            "bad.example.",
            "bad.examples.",
        ),
        ("AWSS3ServerAccess", "HttpStatus == 403 and Operation == 'REST.GET.OBJECT'", " 403 ", " 404 "),
        (
            "AWSSecurityHubFindings",
            "RecordState == 'ACTIVE' and ComplianceStatus == 'FAILED' and array_length(Resources) == 1",
            "\"FAILED\"",
            "\"PASSED\"",
        ),
        (
            "AWSVPCFlow",
            "DstPort == 443 and Bytes > 3000000000 and FlowDirection == 'egress'",
            " 443 ",
            " 80 ",
        ),
        (
            "AWSWAF",
            "Action == 'BLOCK' and Args contains 'OR' and TimeGenerated > ago(1h)",
            "OR%201",
            "0R%201",
        ),
    ];
    assert_eq!(cases.map(|case| case.0), TABLES.map(|table| table.name));
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/logs");
    for (table, condition, from, to) in cases {
        let path = ["jsonl", "json", "log"].map(|ending| format!("{folder}/{table}.{ending}"));
        let sample = path.iter().find_map(|path| std::fs::read_to_string(path).ok()).expect("a sample");
        let rule = rule(&format!("{table}\n| where {condition}"), "1h", "1h");
        let fired = scan(&rule, &[&sample], Options::default());
        assert_eq!((fired.0.len(), &fired.1), (1, &vec![]), "{table}");
        assert!(sample.contains(from), "{table}");
        assert_eq!(
            scan(&rule, &[&sample.replace(from, to)], Options::default()),
            (vec![], vec![]),
            "{table}"
        );
    }
}
