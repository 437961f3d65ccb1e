//! Filtering first and then evaluating gives what evaluating everything gives: for every leaf of every rule, over events as they are and mutated.

#![allow(clippy::print_stderr, reason = "a test says what it skips")]

use super::Context;
use super::check::{RuleFile, built_in, compile_all};
use super::feed::Feed;
use super::leaf::Keep;
use crate::property::{Bytes, Change, apply, change, check};
use crate::random_kql::{Grammar, derived};
use kql::plan::split::Leaf;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{Strategy, any};
use proptest::sample::{Index, select};
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn shared() -> Option<PathBuf> {
    let path = std::env::var_os("FOREPOST_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    path.is_dir().then_some(path)
}

fn files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => files(&path, out),
            path => out.push(path),
        }
    }
    out.sort();
}

/// Filters of every kind, over name, source, both and neither.
const OURS: &[&str] = &[
    "where EventName == 'GetObject'",
    "where EventName =~ 'getOBJECT' and isempty(ErrorCode)",
    "where EventName in ('PutObject', 'AssumeRole') or EventSource has 'kms'",
    "where EventName in~ ('deletetrail', 'STOPLOGGING')",
    "where EventName startswith 'Delete' or EventName endswith 'Policy'",
    "where EventName has_any ('ConsoleLogin', 'Decrypt')",
    "where EventName matches regex '^(Create|Update)[A-Z]'",
    "where EventName contains 'k' and EventSource != 'kms.amazonaws.com'",
    "where isempty(EventName)",
    "where * has 'decrypt'",
    "where * contains 'ccessd' and EventName startswith 'G'",
    "where * hasprefix 'arn:aws:iam::1' or * endswith '.com'",
    "search 'root' or 's3:GetObject'",
    "where EventSource =~ 'sts.amazonaws.com' and UserIdentityType == 'AssumedRole'",
    "where UserAgent has 'aws-cli' or ErrorCode == 'AccessDenied'",
    "extend n = tolower(EventName) | where n == 'runinstances'",
    "project n = strcat(EventSource, '/', EventName), AwsEventId | where n has 's3.amazonaws.com/Get' | project AwsEventId",
    "extend EventName = iff(EventSource == 'iam.amazonaws.com', 'Iam', EventName) | where EventName == 'Iam'",
    "extend EventName = tostring(parse_json(RequestParameters).bucketName) | where EventName != ''",
    "where not(EventName startswith 'G') and EventSource startswith 's'",
    "where case(EventName == 'PutImageScanningConfiguration', true, EventSource == 'ecr.amazonaws.com')",
    "mv-expand r = parse_json(Resources) | where EventName == 'PutObject' | project r",
    "parse EventName with 'Get' rest | where rest == 'Object' | where EventSource has 's3'",
    "where EventName == '\u{212A}ill' or EventName =~ '\u{212A}ill' or EventName == '\u{c9}v\u{e9}'",
];

fn our_rules() -> Vec<RuleFile> {
    OURS.iter().enumerate().map(|(i, filter)| our_rule(i, filter)).collect()
}

fn our_rule(i: usize, filter: &str) -> RuleFile {
    RuleFile {
        file: format!("ours {i}"),
        text: format!(
            "id: 00000000-0000-4000-8000-{i:012}\nname: Ours {i}\ndescription: d\nseverity: Low\nkind: Scheduled\nversion: 1.0.0\nqueryFrequency: 1d\nqueryPeriod: 1d\ntriggerOperator: gt\ntriggerThreshold: 0\nquery: |\n  AWSCloudTrail | {filter}\n"
        ),
    }
}

fn shared_rules() -> Vec<RuleFile> {
    let mut paths = Vec::new();
    files(&shared().map(|s| s.join("rules")).unwrap_or_default(), &mut paths);
    let read = |p: PathBuf| {
        Some(RuleFile { text: std::fs::read_to_string(&p).ok()?, file: p.display().to_string() })
    };
    paths.into_iter().filter_map(read).collect()
}

fn leaves(files: &[RuleFile]) -> Vec<Leaf> {
    let (compiled, findings) = compile_all(files, &Context::default());
    // FP010: not supported yet.
    assert!(findings.iter().all(|f| !f.is_error() || f.code == "FP010"), "{findings:?}");
    compiled.iter().flat_map(|c| c.split.leaves.clone()).collect()
}

/// Two feeds over the same rules, one without a prefilter.
struct Both {
    with: Feed,
    without: Feed,
    range: Range<usize>,
}

impl Both {
    fn new(files: &[RuleFile]) -> Both {
        let (mut with, mut without) = (Feed::new(Keep::Evidence), Feed::new(Keep::Evidence));
        let range = with.add(&leaves(files), &[]);
        without.add(&leaves(files), &[]);
        without.evaluate_everything();
        Both { with, without, range }
    }

    /// Reads an input in both, cut somewhere, and compares; gives how many candidates there were so far. Where the JSON
    /// is broken, the counts and problems may differ, but no row.
    fn read(&mut self, bytes: &[u8], cut: usize, valid: bool) {
        let (a, b) = bytes.split_at(cut.min(bytes.len()));
        let mut told = Vec::new();
        for feed in [&mut self.with, &mut self.without] {
            feed.push(a);
            feed.push(b);
            feed.end_input();
            let rows: Vec<String> = self
                .range
                .clone()
                .map(|leaf| {
                    feed.take_rows(leaf)
                        .iter()
                        .map(|r| format!("{:?}", r.values))
                        .collect::<Vec<_>>()
                        .join("\n")
                })
                .collect();
            let (problems, stats) = (feed.take_problems(), feed.stats());
            told.push((rows, if valid { Some((problems, stats)) } else { None }));
        }
        // Broken input may be counted differently, and so is what fails; what follows must not inherit that.
        if !valid || told[0] != told[1] {
            self.with.forget_counts();
            self.without.forget_counts();
        }
        assert!(told[0] == told[1], "{:#?}\nover {}", told, String::from_utf8_lossy(bytes));
    }
}

fn event(i: usize, name: &str, source: &str) -> String {
    let mut event = format!(
        r#"{{"eventVersion":"1.08","userIdentity":{{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/app/u{i}","sessionContext":{{"attributes":{{"creationDate":"2026-01-01T00:00:00Z","mfaAuthenticated":"false"}}}}}},"eventTime":"2026-01-0{}T0{}:00:00Z","eventSource":"{source}","eventName":"{name}","awsRegion":"eu-central-1","sourceIPAddress":"198.51.100.7","userAgent":"aws-cli/2 \"q\"","requestParameters":{{"bucketName":"b{i}","policy":"{{\"Statement\":[{{\"Effect\":\"Allow\"}}]}}","imageScanningConfiguration":{{"scanOnPush":false}}}},"responseElements":null,"eventID":"e-{i}","readOnly":false,"resources":[{{"ARN":"arn:aws:s3:::b{i}"}}],"eventType":"AwsApiCall"}}"#,
        i % 9 + 1,
        i % 10
    );
    if i.is_multiple_of(3) {
        // As other exporters order and space the keys.
        let value: serde_json::Value = serde_json::from_str(&event).unwrap_or_default();
        let sorted: std::collections::BTreeMap<String, serde_json::Value> =
            value.as_object().cloned().unwrap_or_default().into_iter().collect();
        event = serde_json::to_string(&sorted).unwrap_or_default().replace("\":\"", "\": \"");
    }
    event
}

const NAMES: &[(&str, &str)] = &[
    ("GetObject", "s3.amazonaws.com"),
    ("PutObject", "s3.amazonaws.com"),
    ("AssumeRole", "sts.amazonaws.com"),
    ("PutImageScanningConfiguration", "ecr.amazonaws.com"),
    ("ConsoleLogin", "signin.amazonaws.com"),
    ("Decrypt", "kms.amazonaws.com"),
    ("RunInstances", "ec2.amazonaws.com"),
    ("DeleteTrail", "cloudtrail.amazonaws.com"),
    ("PutUserPolicy", "iam.amazonaws.com"),
    ("CreateThing", "iot.amazonaws.com"),
    ("Nothing", "nothing.amazonaws.com"),
];

fn corpus() -> Vec<String> {
    let mut out: Vec<String> =
        (0..200).map(|i| event(i, NAMES[i % NAMES.len()].0, NAMES[i % NAMES.len()].1)).collect();
    if let Some(shared) = shared() {
        let zipped = std::fs::read(shared.join("cloudtrail/real_unique.ndjson.gz")).unwrap_or_default();
        let mut text = String::new();
        let _ = std::io::Read::read_to_string(&mut flate2::bufread::GzDecoder::new(&*zipped), &mut text);
        out.extend(text.lines().map(str::to_owned));
        let cases = shared.join("cloudtrail/cases/put_image_scanning_cases.ndjson");
        out.extend(std::fs::read_to_string(cases).unwrap_or_default().lines().map(str::to_owned));
    }
    out
}

#[test]
fn events_as_they_are() {
    let events = corpus();
    for files in [built_in(), our_rules().into_iter().take(8).collect(), our_rules(), shared_rules()] {
        if files.is_empty() {
            eprintln!("skipped: the shared rules are not here");
            continue;
        }
        let mut both = Both::new(&files);
        let lines = events.join("\n");
        both.read(lines.as_bytes(), 70_001, true);
        both.read(format!("{{\"Records\":[{}]}}", events.join(",\n ")).as_bytes(), 70_002, true);
        let mut paths = Vec::new();
        files_of_cloudtrail(&mut paths);
        for path in paths {
            let bytes = std::fs::read(&path).unwrap_or_default();
            both.read(&bytes, bytes.len() / 3, true);
        }
    }
}

fn files_of_cloudtrail(out: &mut Vec<PathBuf>) {
    if let Some(shared) = shared() {
        files(&shared.join("cloudtrail/cases"), out);
        files(&shared.join("cloudtrail/real"), out);
    }
}

#[test]
fn rules_that_read_every_event() {
    let reading = |filter: &str| {
        super::check(&[our_rule(0, filter)], &Context::default()).iter().any(|f| {
            f.code == "FP231" && f.severity == kql::diagnostic::Severity::Information && f.hint.is_some()
        })
    };
    assert!(!reading(OURS[0]));
    assert!(!reading("where EventSource has 'ecr'"));
    assert!(!reading("extend n = tolower(EventName) | where n == 'a' and UserAgent has 'x'"));
    assert!(reading("where UserAgent has 'kali'"));
    assert!(reading("where EventName == 'a' or ErrorCode == 'AccessDenied'"));
    assert!(reading("where EventName != 'a'"));
    assert!(reading("summarize count() by EventName"));
}

/// A rule may ask for the time of ingestion, and is told what it gets; chance has no place in it.
#[test]
fn rules_and_chance() {
    let codes = |filter: &str| -> Vec<&str> {
        let findings = super::check(&[our_rule(0, filter)], &Context::default());
        findings.iter().filter(|f| !matches!(f.code, "FP231" | "FP235")).map(|f| f.code).collect()
    };
    assert_eq!(codes("where EventName == 'a' and ingestion_time() > ago(1h)"), ["FP015"]);
    assert_eq!(codes("where EventName == 'a' | where rand() < 0.5"), ["FP010"]);
    assert_eq!(codes("where EventName == 'a' | extend g = new_guid()"), ["FP010"]);
    assert_eq!(codes("where EventName == 'a' and AWSRegion in ((print tostring(rand())))"), ["FP010"]);
}

#[test]
fn names_of_filters() {
    let names = |filter: &str| {
        let leaves = leaves(&[our_rule(0, filter)]);
        leaves.first().and_then(|l| Some(cloudtrail::prefilter::Condition::of(l).names()?.join(" ")))
    };
    assert_eq!(names(OURS[0]).as_deref(), Some("getobject"));
    assert_eq!(names(OURS[1]).as_deref(), Some("getobject"));
    assert_eq!(names(OURS[2]), None);
    assert_eq!(names(OURS[3]).as_deref(), Some("deletetrail stoplogging"));
    assert_eq!(names("where EventName in ('A', 'B') or EventName == 'C'").as_deref(), Some("a b c"));
    assert_eq!(names("where EventName !in ('A', 'B')"), None);
    assert_eq!(names("where EventName !~ 'A' and EventSource == 'x'"), None);
    assert_eq!(names("where EventName in (dynamic(['A', 1]))").as_deref(), Some("a 1"));
}

const TEXTS: &[&str] = &[
    "GetObject",
    "getobject",
    "PutObject",
    "Object",
    "Get",
    "AssumeRole",
    "s3.amazonaws.com",
    "kms",
    "amazonaws",
    "Decrypt",
    "ConsoleLogin",
    "",
    "o",
    "iam.amazonaws.com",
    "aws-cli",
    "1",
    "\u{212A}ms",
];

/// Filters over the events, and stages that change what they read.
fn grammar() -> Arc<Grammar> {
    let mut g = Grammar::default();
    g.texts("column", 1, ["EventName", "EventName", "EventSource", "UserAgent", "n"]);
    g.texts("other column", 1, ["EventName", "EventName", "EventSource", "n"]);
    // Texts that depend on an event.
    for (text, column) in [("text", "column"), ("other text", "other column")] {
        let made = [
            "{@}",
            "{@}",
            "{@}",
            "tolower({@})",
            "strcat({@}, '/', EventSource)",
            "substring({@}, 1, 4)",
            "extract('^([A-Z][a-z]+)', 1, {@})",
            "tostring(split({@}, 'O')[0])",
            "replace_string({@}, 'Get', 'Put')",
            "trim('[A-Z]', {@})",
            "coalesce(ErrorCode, {@})",
            "iff({@} has 'kms', EventName, '')",
            "tostring(parse_json(RequestParameters)[{@}])",
            "tostring(toint({@}))",
        ];
        g.templates(text, 1, made.map(|template| template.replace('@', column)));
    }
    g.texts("word", 1, TEXTS.iter().copied());
    // What has little to do with a name.
    let others = [
        "true",
        "false",
        "bool(null)",
        "ReadOnly",
        "ErrorCode == ''",
        "UserIdentityType has 'Role'",
        "TimeGenerated > datetime(2026-01-05)",
    ];
    g.texts("filter", 1, others);
    g.templates(
        "filter",
        2,
        ["{text} {== != =~ !~ has !has has_cs contains !contains contains_cs startswith !startswith startswith_cs endswith !endswith_cs hasprefix hassuffix_cs} '{word}'"],
    );
    g.templates("filter", 1, ["{text} {in !in in~ !in~ has_any has_all} ('{word}', '{word}')"]);
    g.templates(
        "filter",
        1,
        [
            "isempty({text})",
            "isnotempty({text})",
            "strlen({text}) > 9",
            "isnull(toint({text}))",
            "toint({text}) < 5",
            "{text} matches regex '^[A-Z][a-z]+O'",
            "tobool({text})",
            "{text} == EventName",
            "{text} has EventSource",
            "parse_json({text}) == 'x'",
            "isnotempty(parse_json({text}).a)",
            "array_length(split({text}, '.')) == 3",
            "hash({text}) % 2 == 0",
        ],
    );
    g.templates("filter", 1, ["not({filter})"]);
    g.templates("filter", 2, ["({filter}) and ({filter})"]);
    g.templates("filter", 2, ["({filter}) or ({filter})"]);
    g.templates(
        "filter",
        1,
        [
            "iff({filter}, {filter}, {filter})",
            "case({filter}, {filter}, {filter})",
            "({filter}) == ({filter})",
            "coalesce({filter}, {filter})",
        ],
    );
    g.templates("stage", 5, ["where {filter}"]);
    g.templates("stage", 1, ["extend n = {text}"]);
    g.templates("stage", 1, ["extend EventName = {text}"]);
    g.templates("stage", 1, ["project-away UserAgent | extend UserAgent = {other text}"]);
    g.finish()
}

#[test]
fn random_filters() {
    let (tried, ran, sieved) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let events = corpus();
    let stages = vec(derived(&grammar(), "stage", 5), 1..=4);
    check(150, (stages, any::<Index>()), |(stages, from)| {
        tried.set(tried.get() + 1);
        let file = our_rule(0, &format!("extend n = EventName | {}", stages.join(" | ")));
        let (compiled, findings) = compile_all(std::slice::from_ref(&file), &Context::default());
        if let Some(found) = findings.iter().find(|f| f.is_error()) {
            eprintln!("{}\n{}", file.text.lines().last().unwrap_or_default(), found.message);
            return;
        }
        let every = |leaf: &Leaf| cloudtrail::prefilter::Condition::of(leaf).reads_every_event();
        ran.set(ran.get() + 1);
        sieved.set(sieved.get() + u32::from(!compiled.iter().flat_map(|c| &c.split.leaves).any(every)));
        let from = from.index(events.len());
        let some: Vec<&str> = events.iter().cycle().skip(from).take(300).map(String::as_str).collect();
        let all = some.join("\n");
        Both::new(&[file]).read(all.as_bytes(), all.len(), true);
    });
    let (tried, ran, sieved) = (tried.get(), ran.get(), sieved.get());
    assert!(ran > tried * 8 / 10 && sieved > tried / 4, "{ran} of {tried} ran, {sieved} with a sieve");
}

#[test]
fn mutated_records() {
    let events = corpus();
    let few: Vec<RuleFile> = our_rules().into_iter().filter(|f| !f.text.contains("Ours 9\n")).collect();
    let mut sets = vec![Both::new(&built_in())];
    // One by one: a rule that reads every event would hide what the prefilter does for the others.
    sets.extend(few.iter().map(|f| Both::new(std::slice::from_ref(f))));
    sets.extend(shared_rules().chunks(13).map(Both::new));
    let sets: Vec<RefCell<Both>> = sets.into_iter().map(RefCell::new).collect();
    let seen = [Cell::new(0), Cell::new(0)];
    // Most mutants go whole; each through one of the sets in turn and through the shared rules often.
    let cut = weighted(0.33, any::<Index>());
    let cases = (0..sets.len(), mutant(events), cut);
    check(40_000, cases, |(set, (bytes, valid), cut)| {
        let count = &seen[usize::from(valid)];
        count.set(count.get() + 1);
        let cut = cut.map_or(bytes.0.len(), |cut| cut.index(bytes.0.len() + 1));
        sets[set].borrow_mut().read(&bytes.0, cut, valid);
    });
    let seen = seen.map(Cell::into_inner);
    let all = seen[0] + seen[1];
    assert!(seen[0] > all / 20 && seen[1] > all / 5, "broken and valid ones: {seen:?}");
}

/// A mutation of a record: which, of what part of it, with what name and source, and with what other record.
type Mutation = (usize, usize, (&'static str, &'static str), Index, usize);

fn mutation() -> impl Strategy<Value = Mutation> {
    (0..28_usize, 0..12_usize, select(NAMES), any::<Index>(), 0..12_usize)
}

/// A few lines with a mutated one among them, and whether all of it is valid, unambiguous input.
fn mutant(events: Vec<String>) -> impl Strategy<Value = (Bytes, bool)> {
    let damage = weighted(0.125, change(b"\"\\{}[],:\nv E"));
    let neighbours = (any::<Index>(), any::<Index>());
    let parts = (any::<Index>(), vec(mutation(), 1..=2), damage, 0..4, neighbours);
    parts.prop_map(move |(record, mutations, damage, around, neighbours)| {
        let mut record = record.get(&events).clone();
        for mutation in &mutations {
            record = mutate(record, &events, mutation);
        }
        let mut bytes = record.into_bytes();
        // A text that holds JSON can break without the JSON around it.
        let nested = memchr::memmem::find(&bytes, b"\\\"").is_some();
        let before = bytes.clone();
        damage.into_iter().for_each(|damage: Change| apply(damage, &mut bytes));
        let valid = (bytes == before || !nested)
            && std::str::from_utf8(&bytes).is_ok()
            && serde_json::from_slice::<serde_json::Value>(&bytes).is_ok();
        let [first, last] = [neighbours.0, neighbours.1].map(|n| n.get(&events).as_bytes());
        let whole = match around {
            0 => [&bytes[..], b"\n"].concat(),
            1 => [first, &bytes, last].join(&b"\n"[..]),
            2 => {
                let items = [first, &bytes, last].join(&b","[..]);
                [&b"{\"Records\":["[..], &items, b"]}"].concat()
            }
            _ => [&b"["[..], &bytes, b", ", first, b" ]\n"].concat(),
        };
        (Bytes(whole), valid)
    })
}

fn mutate(record: String, events: &[String], mutation: &Mutation) -> String {
    let (kind, at, (name, source), other, form) = *mutation;
    let other = other.get(events);
    let first = record.get(1..).unwrap_or_default().to_owned();
    let open = record.get(..record.len().saturating_sub(1)).unwrap_or_default().to_owned();
    let escape = |text: &str, at: usize| -> String {
        let spell =
            |(i, c): (usize, char)| if i == at { format!("\\u{:04x}", c as u32) } else { c.to_string() };
        text.chars().enumerate().map(spell).collect()
    };
    let quoted = |record: &str, key: &str| -> Option<(usize, usize)> {
        let at = record.find(&format!("\"{key}\""))? + key.len() + 2;
        let from = record.get(at..)?.find('"')? + at + 1;
        Some((from, record.get(from..)?.find('"')? + from))
    };
    let swap = |key: &str, with: &dyn Fn(&str) -> String| -> String {
        let Some((from, to)) = quoted(&record, key) else { return record.clone() };
        let mut out = record.clone();
        out.replace_range(from..to, &with(record.get(from..to).unwrap_or_default()));
        out
    };
    match kind {
        0 => swap("eventName", &|_| name.to_owned()),
        1 => swap("eventName", &|n| n.to_ascii_uppercase()),
        2 => swap("eventName", &|n| escape(n, at)),
        3 => swap("eventSource", &|_| source.to_owned()),
        4 => swap("eventSource", &|s| escape(s, at)),
        5 => swap("eventName", &|n| n.replace(['k', 'K'], "\u{212A}")),
        6 => swap("eventName", &|n| {
            [format!("{n}\\\""), format!("\\\"{name}"), format!("x\\/{n}")][at % 3].clone()
        }),
        7 => swap("eventTime", &|t| t.replace(":00Z", "").replace('T', " ")),
        8 => swap("eventTime", &|t| t.replace("-0", "-9")),
        // Keys that are there twice, before and behind, and spelled differently.
        9 => format!("{{\"eventName\":\"{name}\",{first}"),
        10 => format!("{open},\"eventName\":\"{name}\"}}"),
        11 => format!("{open},\"{}\":\"{name}\"}}", escape("eventName", at)),
        12 => format!("{open},\"eve\\ntName\":1,\"event\\Name\":\"{name}\"}}"),
        13 => format!("{open},\"eventSource\":\"{source}\",\"eventTime\":\"2027-01-01T00:00:00Z\"}}"),
        14 => format!("{open},\"EventName\":\"{name}\",\"EventSource\":\"{source}\"}}"),
        // Look-alikes deeper inside, as objects, lists and texts.
        15 => format!("{{\"requestParameters\":{{\"eventName\":\"{name}\",\"eventSource\":\"x\"}},{first}"),
        16 => format!(
            "{open},\"x\":[{{\"eventName\":\"{name}\"}}],\"y\":\"\\\"eventName\\\":\\\"{name}\\\"\"}}"
        ),
        17 => format!("{open},\"additionalEventData\":\"eventName\",\"v\":\"\\\\\"}}"),
        // A key that only ends like one, behind an escaped quote.
        27 => record.replacen("\"eventName\"", "\"k\\\"eventName\"", 1),
        // Containers and envelopes.
        18 => format!("{open},\"Records\":[{}]}}", other),
        26 => format!("{{\"Records\":[{{\"EventName\":\"{name}\",\"EventSource\":\"{source}\"}}],{first}"),
        19 => format!("{{\"Records\":[{}],{first}", other),
        20 => format!("{{\"detail-type\":\"AWS API Call via CloudTrail\",\"detail\":{record}}}"),
        21 => {
            let text = serde_json::to_string(&record).unwrap_or_default();
            let fields = ["message", "log", "CloudTrailEvent", "body"];
            match form % 3 {
                0 => format!("{open},\"Records\":[{{\"body\":{text}}}]}}"),
                1 => format!("{{\"logEvents\":[{{\"id\":\"1\",\"message\":{text}}}]}}"),
                _ => format!("{{\"{}\":{text}}}", fields[form % fields.len()]),
            }
        }
        22 => format!(
            "{{\"TimeGenerated\":\"2026-01-02T03:04:05Z\",\"EventName\":\"{name}\",\"EventSource\":\"{source}\",\"AwsEventId\":\"r\"}}"
        ),
        // Other white space and order.
        23 => {
            let value: serde_json::Value = serde_json::from_str(&record).unwrap_or_default();
            serde_json::to_string_pretty(&value).unwrap_or_default()
        }
        24 => {
            let value: serde_json::Value = serde_json::from_str(&record).unwrap_or_default();
            let mut pairs: Vec<_> = value.as_object().cloned().unwrap_or_default().into_iter().collect();
            pairs.reverse();
            serde_json::to_string(&serde_json::Map::from_iter(pairs)).unwrap_or_default()
        }
        _ => format!("{record}{}", other),
    }
}
