//! What people export: tables as CSV and JSON, documents of other products, and files beside the logs.

use super::packed::however_cut;
use super::{Seen, base64, event, gzip, read, text};
use cloudtrail::source::Source;
use cloudtrail::table::aws_cloudtrail::{EventRow, columns};

/// The columns of the first record, as a query would show them.
fn show(seen: &Seen, record: usize, names: &[&str]) -> Vec<String> {
    let row = EventRow::new(seen.records[record].0.as_bytes());
    let cell = |name: &&str| {
        let index = columns().iter().position(|c| c.name == *name).expect("a column");
        kql::value::text::scalar(&row.column(index))
    };
    names.iter().map(cell).collect()
}

/// A row of CSV: each field quoted.
fn csv_row(fields: &[&str]) -> String {
    fields.iter().map(|f| format!("\"{}\"", f.replace('"', "\"\""))).collect::<Vec<_>>().join(",") + "\r\n"
}

const IDENTITY: &str = "{type=AssumedRole, principalid=AROA1:dana, arn=arn:aws:sts::1:assumed-role/Ops/dana, accountid=1, \
     sessioncontext={attributes={mfaauthenticated=true, creationdate=2026-03-01T09:00:00Z}, sessionissuer={type=Role, username=Ops}}}";
const SHOWN: [&str; 9] = [
    "TimeGenerated",
    "EventName",
    "EventSource",
    "UserIdentityArn",
    "UserIdentityPrincipalid",
    "SessionMfaAuthenticated",
    "SessionIssuerUserName",
    "RequestParameters",
    "ReadOnly",
];
const WANT: [&str; 9] = [
    "2026-03-01T10:01:00.0000000Z",
    "Put",
    "ecr.amazonaws.com",
    "arn:aws:sts::1:assumed-role/Ops/dana",
    "AROA1:dana",
    "True",
    "Ops",
    r#"{"a":[false]}"#,
    "False",
];

#[test]
fn athena_and_lake() {
    let names = [
        "eventversion",
        "useridentity",
        "eventtime",
        "eventsource",
        "eventname",
        "sourceipaddress",
        "errorcode",
        "requestparameters",
        "resources",
        "readonly",
        "day",
    ];
    let fields = [
        "1.09",
        IDENTITY,
        "2026-03-01T10:01:00Z",
        "ecr.amazonaws.com",
        "Put",
        "203.0.113.7",
        "",
        r#"{"a": [false]}"#,
        "[{arn=arn:x, accountid=1, type=AWS::ECR::Repository}]",
        "false",
        "2026/03/01",
    ];
    let csv = csv_row(&names) + &csv_row(&fields) + &csv_row(&fields).replace("type=AssumedRole", "odd=x");
    let seen = however_cut(csv.as_bytes());
    assert_eq!(seen.records.iter().map(|r| r.1).collect::<Vec<_>>(), ["csv", "csv"]);
    assert_eq!(show(&seen, 0, &SHOWN), WANT);
    assert_eq!(
        show(&seen, 0, &["Resources"]),
        [r#"[{"ARN":"arn:x","accountId":"1","type":"AWS::ECR::Repository"}]"#]
    );
    assert_eq!(seen.problems.len(), 1);
    assert!(seen.problems[0].2.starts_with("line 3: the column userIdentity"), "{:?}", seen.problems);
    assert_eq!(show(&seen, 1, &["EventName", "UserIdentityArn"]), ["Put", ""]);
    // The names as CloudTrail writes them, and the time as Lake does; of few columns it is said what is missing.
    let seen = however_cut(b"eventTime,eventName,userIdentity.arn\n2026-03-01 10:01:00.000,Put,arn:x\n");
    assert_eq!(show(&seen, 0, &["TimeGenerated", "EventName", "UserIdentityArn"]), [WANT[0], "Put", "arn:x"]);
    assert_eq!(seen.codes(), ["partial"]);
    assert!(
        seen.problems[0]
            .2
            .contains("no column for eventSource, sourceIPAddress, errorCode, requestParameters;"),
        "{:?}",
        seen.problems
    );
    // As the command line gives them.
    let data = |values: &[&str]| {
        let cells: Vec<String> =
            values.iter().map(|v| format!(r#"{{"VarCharValue":{}}}"#, text(v))).collect();
        format!(r#"{{"Data":[{}]}}"#, cells.join(",").replace(r#"{"VarCharValue":""}"#, "{}"))
    };
    let json = format!(
        r#"{{"ResultSet":{{"Rows":[{},{}],"ResultSetMetadata":{{}}}}}}"#,
        data(&names),
        data(&fields)
    );
    let seen = however_cut(json.as_bytes());
    assert_eq!((show(&seen, 0, &SHOWN), seen.problems.len()), (WANT.map(str::to_owned).to_vec(), 0));
    let row = |name: &str| format!(r#"[{{"eventJson":{}}}]"#, text(&event(name)));
    let json = format!(r#"{{"QueryStatus":"FINISHED","QueryResultRows":[{},{}]}}"#, row("A"), row("B"));
    assert_eq!(
        (however_cut(json.as_bytes()).names(), read(&json).records[0].1),
        (vec!["A".to_owned(), "B".to_owned()], "table")
    );
    let cells: Vec<String> =
        names.iter().zip(fields).map(|(n, v)| format!("{{{}:{}}}", text(n), text(v))).collect();
    let json = format!(r#"{{"QueryResultRows":[[{}]]}}"#, cells.join(","));
    assert_eq!(show(&read(&json), 0, &SHOWN), WANT);
    for (json, codes) in [
        (r#"{"QueryResultRows":null}"#, ""),
        (r#"{"QueryResultRows":[[{"count":"1"}]]}"#, "not_cloudtrail"),
        (r#"{"ResultSet":{"Rows":[]}}"#, ""),
    ] {
        assert_eq!(however_cut(json.as_bytes()).codes().join(" "), codes, "{json}");
    }
}

#[test]
fn whole_events_in_a_column() {
    let (a, b) = (event("A"), event("B"));
    for (header, before, after) in [
        (vec!["eventJson"], vec![], vec![]),
        (vec!["_bkt", "_raw", "_time"], vec!["main~1"], vec!["2026-03-01T10:00:00.000+0000"]),
        (vec!["@timestamp", "@message"], vec!["2026-03-01 10:00:00.000"], vec![]),
        (vec!["Event name", "Event time", "Event"], vec!["A", "2026-03-01T10:00:00Z"], vec![]),
    ] {
        let row = |event: &str| csv_row(&[&before[..], &[event], &after[..]].concat());
        let csv = csv_row(&header) + &row(&a) + &row(&b);
        for csv in [csv.clone(), format!("\u{feff}{csv}"), csv.replace("\r\n", "\n")] {
            let seen = however_cut(csv.as_bytes());
            assert_eq!(
                (seen.names(), seen.problems.len()),
                (vec!["A".to_owned(), "B".to_owned()], 0),
                "{header:?}"
            );
        }
    }
    let broken =
        csv_row(&["_raw", "x"]) + &csv_row(&["no event", "1"]) + &csv_row(&["", "2"]) + &csv_row(&[&a, "3"]);
    let seen = however_cut(broken.as_bytes());
    assert_eq!(
        (seen.names(), seen.codes().join(" ").as_str()),
        (vec!["A".to_owned()], "not_json not_cloudtrail")
    );
}

#[test]
fn splunk_and_elastic_and_insights() {
    let a = event("A");
    let hit = |source: &str| format!(r#"{{"_index":"i","_id":"1","_source":{source}}}"#);
    let ecs = format!(
        r#"{{"ecs":{{"version":"8.0"}},"event":{{"action":"A","original":{}}},"aws":{{"cloudtrail":{{"event_version":"1.09"}}}}}}"#,
        text(&a)
    );
    for json in [
        format!(r#"{{"preview":false,"offset":0,"result":{{"_raw":{},"_time":"t"}}}}"#, text(&a)),
        format!(r#"{{"results":[{{"_raw":{}}}]}}"#, text(&a)),
        format!(r#"{{"fields":["_time","_raw"],"rows":[["t",{}]]}}"#, text(&a)),
        format!(r#"{{"took":1,"hits":{{"total":{{"value":1}},"hits":[{}]}}}}"#, hit(&ecs)),
        ecs.clone(),
        format!(r#"{{"event.original":{},"event.action":"A"}}"#, text(&a)),
        hit(&a),
    ] {
        let seen = however_cut(json.as_bytes());
        assert_eq!((seen.names(), seen.problems.len()), (vec!["A".to_owned()], 0), "{json}");
    }
    let without = ecs.replace("original", "hash");
    let seen = however_cut(format!("{without}\n{without}\n{without}\n{a}\n").as_bytes());
    assert_eq!(seen.names(), ["A"]);
    let said: Vec<_> = seen.problems.iter().map(|p| p.2.as_str()).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(
        said[0].contains("Elastic document without event.original") && said[1].contains("2 times more"),
        "{said:?}"
    );
}

#[test]
fn event_history_of_the_console() {
    let csv = "Event name,Event time,User name,Event source,Resource type,Resource name,Event ID,AWS access key,AWS region,Error code,Source IP address,Request ID,Read-only,Event type,Recipient Account Id\n\
        Put,2026-03-01T10:01:00Z,dana,ecr.amazonaws.com,,,id-1,ASIA1,eu-west-1,-,203.0.113.7,r-1,false,AwsApiCall,1\n";
    let seen = however_cut(csv.as_bytes());
    let names = [
        "TimeGenerated",
        "EventName",
        "AwsEventId",
        "UserIdentityAccessKeyId",
        "AWSRegion",
        "ErrorCode",
        "ReadOnly",
        "UserIdentityUserName",
    ];
    assert_eq!(show(&seen, 0, &names), [WANT[0], "Put", "id-1", "ASIA1", "eu-west-1", "", "False", ""]);
    assert_eq!(seen.codes(), ["partial"]);
    assert!(seen.problems[0].2.contains("userIdentity, requestParameters"), "{:?}", seen.problems);
}

fn portal(times: &[&str]) -> String {
    let row = |time: &&str| csv_row(&[time, "Put", "ecr.amazonaws.com", time]);
    csv_row(&["TimeGenerated [UTC]", "EventName", "EventSource", "SessionCreationDate [UTC]"])
        + &times.iter().map(row).collect::<String>()
}

#[test]
fn dates_of_the_portal() {
    let times = |seen: &Seen| {
        (0..seen.records.len()).map(|n| show(seen, n, &["TimeGenerated"]).remove(0)).collect::<Vec<_>>()
    };
    for (dates, want) in [
        (
            vec!["01/03/2026, 23:59:59.999", "13/03/2026, 00:00:00.000", "02/03/2026, 00:00:00.000"],
            vec!["2026-03-01T23:59:59.9990000Z", "2026-03-13", "2026-03-02"],
        ),
        (
            vec!["3/1/2026, 11:59:59.999 PM", "3/13/2026, 12:00:00.000 AM"],
            vec!["2026-03-01T23:59:59.9990000Z", "2026-03-13"],
        ),
        // None shows which number is the day, but so it is written where the month comes first alone.
        (
            vec!["6/1/2026, 1:02:03.000 PM", "", "12/2/2026, 12:00:00.000\u{202f}AM"],
            vec!["2026-06-01T13:02:03", "", "2026-12-02T00:00:00"],
        ),
        (
            vec!["6/1/2026, 1:02:03.000 PM", "13/1/2026, 1:02:03.000 PM"],
            vec!["2026-01-06T13:02:03", "2026-01-13T13:02:03"],
        ),
        (vec!["1.3.2026, 10:01:00,000"], vec!["2026-03-01T10:01:00"]),
        (
            vec!["2026-03-01T10:01:00Z", "2026/3/1 10:01:00", "2026-03-01, 10:01:00 a.m."],
            vec!["2026-03-01T10:01:00"; 3],
        ),
        (vec!["3/3/2026, 10:01:00"], vec!["2026-03-03T10:01:00"]),
        (
            vec!["", "1/3/2026 10:01:00", "31/1/2026 10:01:00"],
            vec!["", "2026-03-01T10:01:00", "2026-01-31T10:01:00"],
        ),
    ] {
        let seen = however_cut(portal(&dates).as_bytes());
        assert_eq!(seen.problems, [], "{dates:?}");
        let times = times(&seen);
        assert!(
            times.len() == want.len() && times.iter().zip(&want).all(|(t, w)| t.starts_with(w)),
            "{dates:?}: {times:?}"
        );
    }
    // Nothing shows which is the day: that is said once, and no row is read.
    let seen = however_cut(portal(&["01/03/2026, 23:59:59.999", "02/03/2026, 00:00:00.000"]).as_bytes());
    assert_eq!((seen.records.len(), seen.codes()), (0, vec!["bad_time"]));
    assert!(
        seen.problems[0].2.contains("line 2: '01/03/2026, 23:59:59.999'")
            && seen.problems[0].2.contains("none of the 2 rows"),
        "{:?}",
        seen.problems
    );
    for dates in [
        vec!["6/1/2026, 1:02:03.000 pm"],
        vec!["06/01/2026, 1:02:03.000 PM"],
        vec!["6/1/2026, 1:02:03 PM"],
        vec!["6/1/2026, 1:02:03.000 PM", "1/6/2026, 13:02:03.000"],
    ] {
        let seen = however_cut(portal(&dates).as_bytes());
        assert_eq!((seen.records.len(), seen.codes()), (0, vec!["bad_time"]), "{dates:?}");
    }
    let without_zone = portal(&["6/1/2026, 1:02:03.000 PM"]).replace(" [UTC]", "");
    assert_eq!((read(&without_zone).records.len(), read(&without_zone).codes()), (0, vec!["bad_time"]));
    let seen = however_cut(portal(&["13/3/2026", "3/14/2026"]).as_bytes());
    assert_eq!(
        (times(&seen), seen.codes()),
        (vec!["2026-03-13T00:00:00.0000000Z".to_owned(), String::new()], vec!["bad_time"; 2])
    );
    let local = portal(&["13/3/2026"]).replace("[UTC]", "[Local Time]");
    assert_eq!((read(&local).records.len(), read(&local).codes()), (0, vec!["bad_time"]));
    // Rows that wait are bounded.
    let many = portal(&["1/2/2026"]) + &csv_row(&["1/2/2026", "Put", &"x".repeat(1 << 20), ""]).repeat(40);
    assert_eq!((read(&many).records.len(), read(&many).codes()), (0, vec!["bad_time"]));
    let semicolons = portal(&["13/03/2026, 10:00:00"]).replace("\",\"", "\";\"");
    assert_eq!(however_cut(semicolons.as_bytes()).records.len(), 1);
}

#[test]
fn log_analytics_as_json() {
    let columns = |name: &str| {
        format!(
            r#"[{{"{name}":"TimeGenerated","type":"datetime"}},{{"{name}":"EventName"}},{{"{name}":"EventSource"}},{{"{name}":"ReadOnly","type":"bool"}},{{"{name}":"RequestParameters"}}]"#
        )
    };
    let rows = r#"[["2026-03-01T10:01:00Z","Put","ecr.amazonaws.com",false,"{\"a\":[false]}"],["2026-03-01T10:02:00Z","Get",null,true,""]]"#;
    for json in [
        format!(r#"{{"tables":[{{"name":"PrimaryResult","columns":{},"rows":{rows}}}]}}"#, columns("name")),
        format!(
            r#"{{"Tables":[{{"TableName":"Table_0","Columns":{},"Rows":{rows}}}]}}"#,
            columns("ColumnName")
        ),
        format!(r#"{{"columns":{},"rows":{rows}}}"#, columns("name")),
    ] {
        let seen = however_cut(json.as_bytes());
        assert_eq!(seen.problems, [], "{json}");
        assert_eq!(
            show(&seen, 0, &["TimeGenerated", "EventName", "RequestParameters", "ReadOnly"]),
            [WANT[0], WANT[1], WANT[7], WANT[8]]
        );
        assert_eq!(
            (show(&seen, 1, &["EventName", "EventSource"]), seen.records[1].1),
            (vec!["Get".to_owned(), String::new()], "table")
        );
    }
    let rows = r#"[{"TimeGenerated":"2026-03-01T10:01:00Z","EventName":"A","TableName":"PrimaryResult"},{"TimeGenerated [UTC]":"13/3/2026, 10:01:00","EventName":"B"}]"#;
    let seen = however_cut(rows.as_bytes());
    assert_eq!(
        (seen.names(), show(&seen, 1, &["TimeGenerated"])),
        (vec!["A".to_owned(), "B".to_owned()], vec!["2026-03-13T10:01:00.0000000Z".to_owned()])
    );
    let other = r#"{"tables":[{"columns":[{"name":"Computer"},{"name":"x"}],"rows":[["a","b"],["c","d"]]}]}"#;
    let seen = however_cut(other.as_bytes());
    assert_eq!(seen.codes(), ["not_cloudtrail"]);
    assert!(seen.problems[0].2.contains("it has Computer, x"));
}

#[test]
fn a_csv_file_of_something_else() {
    for csv in [
        "a,b\n1,2\n3,4\n",
        "name;\"the second\"\n1;\"x\ny\"\n",
        "a\tb\tc\n1\t2\t3",
        "time,level,message\n1,info,hello\n",
    ] {
        let seen = however_cut(csv.as_bytes());
        assert_eq!(seen.codes(), ["not_cloudtrail"], "{csv}: {:?}", seen.problems);
        assert!(
            seen.problems[0].2.contains("without columns of AWSCloudTrail (it has "),
            "{:?}",
            seen.problems
        );
    }
    // Lines of a log that happen to have as many commas do not hide the events behind them.
    let a = event("A");
    let log = format!("10:00, started\n10:01, ready\n{a}\n{a}\n");
    assert_eq!(however_cut(log.as_bytes()).names(), ["A", "A"]);
    for text in [
        "one, two\nthree\n",
        "a,b",
        "a,b\n\n\n\n",
        &format!("a,b{}", "\n".repeat(100_000)),
        "<a>,<b>\n<c>,<d>\n",
    ] {
        assert_eq!(read(text).codes(), ["not_json"], "{text}");
    }
    let wide = format!("{}\n{}\n", vec!["c"; 100_000].join(","), vec!["1"; 100_000].join(","));
    assert_eq!(read(&wide).codes(), ["not_json"], "its header is too long to be looked at");
    let wide = format!("TimeGenerated,EventName\n{}\n2026-01-01,A\n", vec!["1"; 100_000].join(","));
    assert_eq!((read(&wide).names(), read(&wide).codes()), (vec!["A".to_owned()], vec!["bad_row"]));
}

/// What spreadsheets and shells make of a table, and text in quotes that is none.
#[test]
fn tables_with_a_hint_or_without_a_header() {
    let table = |d: &str| format!("eventTime{d}eventName{d}eventSource\r\n2026-01-01T00:00:00Z{d}A{d}s\r\n");
    for (hint, delimiter) in
        [("", "|"), ("sep=;\r\n", ";"), ("sep=|\n", "|"), ("sep=\t\n", "\t"), ("\u{feff}sep=,\r\n", ",")]
    {
        let seen = however_cut(format!("{hint}{}", table(delimiter)).as_bytes());
        assert_eq!(seen.names(), ["A"], "{hint:?} {delimiter:?}: {:?}", seen.problems);
    }
    assert_eq!(read("sep=;\n").codes(), ["empty"]);
    let a = event("A");
    assert_eq!(read(format!("sep=;\n{a}\n")).names(), ["A"]);
    // A table without its header: one line says it, and how many more there were.
    let row = "\"1.08\",\"2026-01-01T00:00:00Z\",\"A\"\n".repeat(50);
    let seen = however_cut(row.as_bytes());
    assert!(seen.records.is_empty() && seen.problems.len() <= 60, "{:?}", seen.problems);
    let seen = read("[\"a\",\"b\",\"c\"]");
    assert_eq!(seen.codes(), ["not_cloudtrail"; 2], "{:?}", seen.problems);
    assert!(seen.problems[1].2.contains("2 times more"), "{:?}", seen.problems);
}

#[test]
fn ocsf_is_mapped_back() {
    let record = |request: &str| {
        format!(
            r#"{{"metadata":{{"product":{{"version":"1.09","name":"CloudTrail","vendor_name":"AWS"}},"uid":"id-1","version":"1.1.0"}},
            "time":1772359260000,"cloud":{{"region":"eu-west-1","provider":"AWS"}},"class_uid":6003,"class_name":"API Activity",
            "api":{{"operation":"Put","service":{{"name":"ecr.amazonaws.com"}},"request":{{"uid":"r-1"{request}}},"response":{{"error":"Denied","message":null,"data":"{{\"b\":1}}"}}}},
            "actor":{{"user":{{"type":"AssumedRole","uid":"arn:aws:sts::1:assumed-role/Ops/dana","uid_alt":"AROA1:dana","account":{{"uid":"1"}}}},"session":{{"issuer":"arn:aws:iam::1:role/Ops","is_mfa":true}}}},
            "src_endpoint":{{"ip":"203.0.113.7"}},"unmapped":{{"eventType":"AwsApiCall","recipientAccountId":"1","readOnly":"false","requestParametersX":1}}}}"#
        )
    };
    let seen = however_cut(record(r#","data":"{\"a\":[false]}""#).as_bytes());
    assert_eq!((seen.problems.len(), seen.records[0].1), (0, "ocsf"), "{:?}", seen.problems);
    let names = [
        "TimeGenerated",
        "EventName",
        "EventSource",
        "UserIdentityArn",
        "UserIdentityPrincipalid",
        "SessionMfaAuthenticated",
        "SessionIssuerArn",
        "RequestParameters",
        "ReadOnly",
        "ErrorCode",
        "ErrorMessage",
        "SourceIpAddress",
        "ResponseElements",
        "RecipientAccountId",
    ];
    assert_eq!(
        show(&seen, 0, &names),
        [
            WANT[0],
            "Put",
            WANT[2],
            WANT[3],
            WANT[4],
            "True",
            "arn:aws:iam::1:role/Ops",
            WANT[7],
            "False",
            "Denied",
            "",
            "203.0.113.7",
            r#"{"b":1}"#,
            "1"
        ]
    );
    for json in [
        record(""),
        record(r#","data":"{}""#).replace("6003", "3002"),
        record(r#","data":"{}""#).replace("CloudTrail", "Other"),
    ] {
        let seen = however_cut(json.as_bytes());
        assert_eq!(seen.codes(), ["not_cloudtrail"]);
        assert!(seen.problems[0].2.contains("OCSF"), "{:?}", seen.problems);
    }
}

#[test]
fn files_beside_the_logs() {
    let digest = r#"{"awsAccountId":"1","digestStartTime":"2026-03-01T09:00:00Z","digestEndTime":"2026-03-01T10:00:00Z","digestS3Bucket":"b","logFiles":[{"s3Bucket":"b","hashValue":"x"}]}"#;
    let (mut source, mut seen) = (Source::new(), Seen::default());
    for bytes in [digest.as_bytes().to_vec(), gzip(digest.as_bytes())] {
        source.push(&bytes, &mut seen);
        source.finish(&mut seen);
    }
    assert_eq!((seen, source.stats().digests), (Seen::default(), 2));
    for nothing in
        [r#"{"Records":null}"#, r#"{"Records" : null, "x":1}"#, r#"{"Events":null,"NextToken":null}"#]
    {
        assert_eq!(however_cut(nothing.as_bytes()), Seen::default(), "{nothing}");
    }
    let test =
        r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-03-01T10:00:00.000Z","Bucket":"b"}"#;
    let seen = however_cut(test.as_bytes());
    assert!(
        seen.codes() == ["not_cloudtrail"] && seen.problems[0].2.contains("an S3 test notification"),
        "{:?}",
        seen.problems
    );
    // An event is one, whatever else it has.
    let odd = event("A").replacen('{', r#"{"digestStartTime":1,"Records":null,"tables":[],"#, 1);
    assert_eq!(read(odd).names(), ["A"]);
}

#[test]
fn what_firehose_sends() {
    let (a, b) = (event("A"), event("B"));
    let logs =
        format!(r#"{{"messageType":"DATA_MESSAGE","logEvents":[{{"id":"1","message":{}}}]}}"#, text(&b));
    let data = |bytes: &[u8]| base64(bytes);
    for (json, envelope) in [
        (
            format!(
                r#"{{"requestId":"r","timestamp":1,"records":[{{"data":"{}"}},{{"data":"{}"}}]}}"#,
                data(a.as_bytes()),
                data(&gzip(b.as_bytes()))
            ),
            "firehose",
        ),
        (
            format!(
                r#"{{"invocationId":"x","records":[{{"recordId":"1","data":"{}"}},{{"recordId":"2","data":"{}"}}]}}"#,
                data(a.as_bytes()),
                data(&gzip(logs.as_bytes()))
            ),
            "firehose",
        ),
        (format!(r#"{{"records":[{a},{b}]}}"#), "records"),
    ] {
        let seen = however_cut(json.as_bytes());
        assert_eq!(
            (seen.names(), seen.problems.len()),
            (vec!["A".to_owned(), "B".to_owned()], 0),
            "{json} {:?}",
            seen.problems
        );
        assert_eq!(seen.records[0].1, envelope);
    }
    assert_eq!(read(r#"{"records":[{"data":"aGVsbG8="}]}"#).codes(), ["not_cloudtrail"]);
}
