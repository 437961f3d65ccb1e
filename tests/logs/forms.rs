//! The forms that logs come in: lines, findings in envelopes, exports.

use super::{HEADER, cell, event, flow, read, read_chunks};
use cloudtrail::table::logs::Log;

#[test]
fn flow_logs_are_known_by_their_lines() {
    let (a, b) = (flow("192.0.2.1", 0, "ACCEPT"), flow("192.0.2.2", 60, "REJECT"));
    let sources = |data: &str| -> Vec<String> {
        let seen = read(data.as_bytes());
        assert_eq!(seen.problems, [], "{data}");
        assert!(seen.records.iter().all(|r| r.1 == Some("AWSVPCFlow") && r.2 == "line"), "{data}");
        seen.records
            .iter()
            .map(|r| cell(Log::named("AWSVPCFlow").expect("a table"), &r.0, "SrcAddr"))
            .collect()
    };
    let both = ["\"192.0.2.1\"", "\"192.0.2.2\""];
    assert_eq!(sources(&format!("{HEADER}\n{a}\n{b}\n")), both);
    assert_eq!(
        sources(&format!("\u{feff}{HEADER}\r\n{a}\r\n\r\n{b}")),
        both,
        "Windows, and no break at the end"
    );
    assert_eq!(sources(&format!("{a}\n{b}\n")), both, "without a header");
    assert_eq!(sources(&format!("{HEADER}\n{a}\n{HEADER}\n{b}\n")), both, "files that were joined");
    let own = "srcaddr action start\n192.0.2.1 ACCEPT 1\nstart end srcaddr action new-field\n1 2 192.0.2.2 REJECT x\n";
    assert_eq!(sources(own), both, "fields of one's own choice, and others behind them");
    assert_eq!(sources(&format!("{HEADER}\n")), [""; 0], "a header alone");

    let mixed = read(format!("{HEADER}\n{a}\n{}\n{b}\n", event("A", "x", "2026-03-01T00:00:00Z")).as_bytes());
    assert_eq!(
        mixed.records.iter().map(|r| r.1).collect::<Vec<_>>(),
        [Some("AWSVPCFlow"), None, Some("AWSVPCFlow")]
    );
    assert_eq!(mixed.problems, []);
}

#[test]
fn what_is_no_flow_log_is_none() {
    let (header, line) = (format!("{HEADER}\n"), flow("192.0.2.1", 0, "ACCEPT"));
    let seen = read(format!("{header}{line}\n1 2 3\n{line}\n").as_bytes());
    assert_eq!(seen.records.len(), 2);
    let at = (header.len() + line.len() + 1) as u64;
    assert_eq!(seen.problems, [("bad_row", at, "line 3 has 3 fields, but the header has 14".to_owned())]);
    let long = "x".repeat(17 << 20);
    let seen = read_chunks([&*format!("{header}{long}"), &*format!("\n{line}")].map(str::as_bytes));
    assert_eq!(
        (seen.records.len(), seen.problems[0].0, seen.problems[0].1),
        (1, "too_large", header.len() as u64)
    );
    assert_eq!(seen.records[0].3, (header.len() + long.len() + 1) as u64);
    for other in [
        "resource-type tgw-id account-id srcaddr dstaddr start end\nTransitGateway tgw-1 1 a b 1 2\n",
        "action start end of the world\n",
        "Version Account-Id Srcaddr\n",
        "srcaddr,dstaddr,action\n1,2,ACCEPT\n",
        "2 111122223333 eni-1 a b 1 2 3 4 5 6 7 MAYBE OK\n",
        "",
        "\n\n",
    ] {
        let seen = read(other.as_bytes());
        assert_eq!(seen.records, [], "{other}");
        assert!(!seen.problems.is_empty(), "{other}");
    }
}

#[test]
fn findings_in_every_envelope() {
    let finding = include_str!("AWSGuardDuty.jsonl").trim();
    let text = serde_json::to_string(finding).expect("text");
    for (form, data) in [
        ("bare", format!("{finding}\n")),
        ("array", format!("[{finding}]")),
        (
            "eventbridge",
            format!(
                r#"{{"version":"0","detail-type":"GuardDuty Finding","source":"aws.guardduty","detail":{finding}}}"#
            ),
        ),
        ("pipeline", format!(r#"{{"message":{text}}}"#)),
        ("records", format!(r#"{{"Records":[{finding}]}}"#)),
    ] {
        let seen = read(data.as_bytes());
        assert_eq!(seen.problems, [], "{form}");
        assert_eq!(
            seen.records.iter().map(|r| (&*r.0, r.1, r.2)).collect::<Vec<_>>(),
            [(finding, Some("AWSGuardDuty"), form)]
        );
    }
}

#[test]
fn cloudwatch_exports_are_messages_with_times() {
    let time = "2026-03-01T10:00:00.000Z";
    let (event, app) = (event("A", "x", "2026-03-01T00:00:00Z"), r#"{"level":"info","msg":"hello"}"#);
    let data = format!(
        "{time} first\n{time} trace\n\tat main\n\n  at end\n{time} {event}\n{time} {}\n{time} {app}\n{time}\n{time} last",
        flow("192.0.2.1", 0, "ACCEPT")
    );
    let seen = read(data.as_bytes());
    assert_eq!(seen.problems, []);
    let log = Log::named("AWSCloudWatch").expect("a table");
    let shown: Vec<String> = seen
        .records
        .iter()
        .map(|(raw, table, ..)| match table {
            Some("AWSCloudWatch") => cell(log, raw, "Message"),
            Some(table) => (*table).to_owned(),
            None => "an event".to_owned(),
        })
        .collect();
    let app = format!("{app:?}");
    assert_eq!(
        shown,
        [
            "\"first\"",
            "\"trace\\n\\tat main\\n\\n  at end\"",
            "an event",
            "AWSVPCFlow",
            &*app,
            "\"\"",
            "\"last\""
        ]
    );
    assert_eq!(read(format!("{time} x\n").as_bytes()).records.len(), 1);
    // Times of other precision are other logs'.
    assert_eq!(
        read(b"2026-03-01T10:00:00.123456Z my-elb 192.0.2.1:1 10.0.0.1:80 0 0 0 200 200 0 0\n").records,
        []
    );
}

#[test]
fn requests_of_buckets() {
    let line = include_str!("AWSS3ServerAccess.log").trim_end();
    let least = line.splitn(24, ' ').take(23).collect::<Vec<_>>().join(" ");
    let log = Log::named("AWSS3ServerAccess").expect("a table");
    let data = format!("{line}\nnot a request\n{line} eu-west-1 more\n{least}\n");
    let seen = read(data.as_bytes());
    assert_eq!(seen.records.len(), 3, "{seen:?}");
    assert_eq!(
        seen.problems,
        [("bad_row", line.len() as u64 + 1, "line 2 is no request of a bucket: it has 3 fields".to_owned())]
    );
    let [whole, longer, least] = &*seen.records else { panic!("three") };
    assert_eq!(cell(log, &least.0, "UserAgent"), cell(log, &whole.0, "UserAgent"));
    assert_eq!(cell(log, &least.0, "SignatureVersion"), "\"\"");
    assert_eq!(cell(log, &longer.0, "ACLRequired"), "\"Yes\"");
    let dashes = format!(
        "{} b [01/Mar/2026:10:00:38 +0200] - - R OP - \"-\" - - - - - - \"-\" \"-\" -",
        "a".repeat(64)
    );
    let seen = read(dashes.as_bytes());
    let of = |column: &str| cell(log, &seen.records[0].0, column);
    assert_eq!(
        [of("HttpStatus"), of("Key"), of("Referer"), of("TimeGenerated")],
        ["null", "\"-\"", "\"-\"", "2026-03-01T08:00:38.0000000Z"]
    );
}

/// Findings as the APIs give them, and several in one event.
#[test]
fn findings_of_apis_and_events() {
    let hub = Log::named("AWSSecurityHubFindings").expect("a table");
    let event = include_str!("AWSSecurityHubFindings.json").trim();
    let finding = event
        .split_once("[{\"SchemaVersion\"")
        .map(|(_, rest)| format!("{{\"SchemaVersion\"{}", rest.trim_end_matches("]}}")))
        .expect("a finding");
    let times = |data: &str| -> Vec<String> {
        let seen = read(data.as_bytes());
        assert_eq!(seen.problems, [], "{data}");
        seen.records.iter().map(|r| cell(hub, &r.0, "TimeGenerated")).collect()
    };
    let two = event.replace("\"findings\":[", &format!("\"findings\":[{finding},"));
    let (sent, updated) = ("2026-03-01T10:30:00.0000000Z", "2026-03-01T10:25:00.0000000Z");
    assert_eq!(times(&two), [sent, sent]);
    assert_eq!(times(&format!("{{\"Findings\":[{finding}]}}")), [updated]);
    assert_eq!(times(&format!("{event}\n{finding}\n{event}")), [sent, updated, sent]);
    let quoted = serde_json::to_string(event).expect("text");
    assert_eq!(times(&format!("{{\"Type\":\"Notification\",\"Message\":{quoted}}}")), [sent]);

    let exported: serde_json::Value = serde_json::from_str(include_str!("AWSGuardDuty.jsonl")).expect("JSON");
    fn api(value: &serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Object(members) => members
                .iter()
                .map(|(key, value)| {
                    let mut letters = key.chars();
                    let large = letters.next().map(|c| c.to_ascii_uppercase());
                    (large.into_iter().chain(letters).collect::<String>(), api(value))
                })
                .collect::<serde_json::Map<_, _>>()
                .into(),
            serde_json::Value::Array(items) => items.iter().map(api).collect(),
            other => other.clone(),
        }
    }
    let seen = read(format!("{{\"Findings\":[{}]}}", api(&exported)).as_bytes());
    let [(raw, Some("AWSGuardDuty"), ..)] = &*seen.records else { panic!("{seen:?}") };
    assert_eq!(serde_json::from_str::<serde_json::Value>(raw).expect("JSON"), exported);
    let deep = format!(
        r#"{{"SchemaVersion":"2","AccountId":"1","Resource":{{}},"Service":{}1{}}}"#,
        "[".repeat(60),
        "]".repeat(60)
    );
    assert_eq!(read(deep.as_bytes()).problems.len(), 1);
}
