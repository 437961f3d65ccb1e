//! Records to send through: real ones where they are, hostile ones always.

use serde_json::{Value, json};
use std::io::Read;

/// An event that the built-in rule alerts on.
pub fn matching() -> Value {
    json!({"eventVersion": "1.08", "userIdentity": {"type": "IAMUser", "principalId": "AIDAEXAMPLE", "arn": "arn:aws:iam::111122223333:user/mallory",
        "accountId": "111122223333", "userName": "mallory@example.com"}, "eventTime": "2026-03-12T07:15:00Z", "eventSource": "ecr.amazonaws.com",
        "eventName": "PutImageScanningConfiguration", "awsRegion": "eu-west-1", "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2.15",
        "requestParameters": {"registryId": "111122223333", "repositoryName": "payments", "imageScanningConfiguration": {"scanOnPush": false}},
        "responseElements": null, "requestID": "9f1c", "eventID": "00000000-0000-4000-8000-000000000001", "readOnly": false,
        "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": "111122223333", "eventCategory": "Management"})
}

/// An event that matters to no rule, of about 1.8 KB as a record.
pub fn harmless(i: usize) -> Value {
    let mut event = matching();
    event["eventName"] =
        json!(["DescribeInstances", "AssumeRole", "Decrypt", "ListBuckets", "GetCallerIdentity"][i % 5]);
    event["eventID"] = json!(format!("00000000-0000-4000-8000-{i:012}"));
    event["requestParameters"] = json!({"filterSet": {"items": (0..8).map(|n| json!({"name": format!("tag:part-{n}"),
        "valueSet": {"items": [{"value": format!("value-{i}-{n}-abcdefghijklmnopqrstuvwxyz")}]}})).collect::<Vec<_>>()}});
    event
}

/// The ways in which a pipeline may hold an event.
pub fn wrapped(event: &Value, way: usize) -> Vec<u8> {
    let text = event.to_string();
    match way % 4 {
        0 => text,
        1 => json!({"log": text, "kubernetes": {"pod": "trail-0"}}).to_string(),
        2 => json!({"stream": "stdout", "message": event}).to_string(),
        _ => json!({"date": 1_773_300_000.5, "message": format!("{text}\n")}).to_string(),
    }
    .into_bytes()
}

/// Real events of the shared folder, empty where that is absent.
pub fn real() -> Vec<Value> {
    let Some(shared) = crate::shared() else { return Vec::new() };
    let mut text = String::new();
    let file = std::fs::File::open(shared.join("cloudtrail/real_unique.ndjson.gz")).expect("real events");
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).expect("gzip");
    text += &std::fs::read_to_string(shared.join("cloudtrail/cases/put_image_scanning_cases.ndjson"))
        .expect("cases");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Everything that is no ordinary record.
pub fn hostile() -> Vec<Vec<u8>> {
    let event = matching().to_string();
    let log = |text: &str| json!({"log": text}).to_string().into_bytes();
    let with = |key: &str, raw: &str| format!("{},\"{key}\":{raw}}}", &event[..event.len() - 1]).into_bytes();
    let deep = |n: usize| format!("{}0{}", "[".repeat(n), "]".repeat(n));
    let bags = |n: usize| format!("{}0{}", "{\"a\":".repeat(n), "}".repeat(n));
    let mut all: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b" ".to_vec(),
        b"{}".to_vec(),
        b"{ }".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\"text\"".to_vec(),
        b"{".to_vec(),
        b"{\"eventName\"".to_vec(),
        b"{\"eventName\":".to_vec(),
        b"{\"eventName\":\"PutImageScanningConfiguration".to_vec(),
        b"{\"eventName\":\"PutImageScanningConfiguration\"}".to_vec(),
        b"{\"log\":null}".to_vec(),
        b"{\"log\":\"\"}".to_vec(),
        b"{\"log\":\"plain text of another program\"}".to_vec(),
        b"{\"a\" 1, \"eventName\":\"PutImageScanningConfiguration\"}".to_vec(),
        // 1 MB, with and without a sign, and more than is judged.
        log(&"x".repeat(1_000_000)),
        with("pad", &format!("\"{}\"", "y".repeat(1_000_000))),
        with("pad", &format!("\"{}\"", "y".repeat(2_000_000))),
        with("pad", &format!("[{}1]", "{},".repeat(200_000))),
        log(&format!("{{\"pad\":\"{}\",{}", "z".repeat(900_000), &event[1..])),
        // Nested.
        with("deep", &deep(10_000)),
        with("deep", &bags(10_000)),
        with("deep", &deep(14)),
        with("deep", &deep(15)),
        with("requestParameters", &deep(10_000)),
        log(&deep(10_000)),
        log(&String::from_utf8_lossy(&with("deep", &deep(10_000)))),
        deep(10_000).into_bytes(),
        bags(10_000).into_bytes(),
        "[".repeat(10_000).into_bytes(),
        (0..12).fold(event.clone(), |inner, _| json!({"log": inner}).to_string()).into_bytes(),
        // Keys twice.
        with("eventName", "\"DescribeImages\""),
        with("eventName", "\"PutImageScanningConfiguration\""),
        with("requestParameters", "{\"imageScanningConfiguration\":{\"scanOnPush\":true}}"),
        with("forepost", "1"),
        with("forepost", "{\"rules\":[]},\"forepost_2\":[],\"forepost_3\":0"),
        with("forepost", "0,\"forepost_2\":1,\"forepost_3\":2,\"forepost_4\":3"),
        // Escapes and bytes.
        event.replace("PutImage", "Put\\u0049mage").into_bytes(),
        event.replace("eventName", "event\\u004eame").into_bytes(),
        with("nul", "\"\\u0000\""),
        with("nul", "\"a\0b\""),
        [event.as_bytes(), b"\0\0"].concat(),
        event.replace("mallory@", "\u{1F600}\u{FFFF}@").into_bytes(),
        // Several events in one record, and space around.
        log(&format!("{event}\n{event}\n")),
        log(&format!("{{\"Records\":[{event},{event}]}}")),
        log(&format!("{{\"Records\":[{}{event}]}}", format!("{event},").repeat(600))),
        log(&format!("{event} and more")),
        format!("  {event}  \n").into_bytes(),
        format!("[{event}]").into_bytes(),
        json!({"detail": matching(), "detail-type": "AWS API Call via CloudTrail"}).to_string().into_bytes(),
    ];
    let bytes = |from: &str, to: &[u8]| {
        let at = event.find(from).expect("there");
        [&event.as_bytes()[..at], to, &event.as_bytes()[at + from.len()..]].concat()
    };
    all.push(bytes("mallory@", b"\xff\xfe\xc0\x80@"));
    all.push(bytes("payments", b"\xed\xa0\x80"));
    all.push((0..=255).collect());
    // Cut anywhere.
    all.extend((0..event.len()).step_by(7).map(|n| event.as_bytes()[..n].to_vec()));
    let text = log(&event);
    all.extend((0..text.len()).step_by(11).map(|n| text[..n].to_vec()));
    all.extend((0..event.len()).step_by(13).map(|n| log(&event[..n])));
    all
}
