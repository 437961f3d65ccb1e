use super::{Feed, Keep, Size};
use crate::detector::check::{RuleFile, compile_all};
use crate::detector::{Context, QueryRun};

#[test]
fn candidates_are_bounded_by_rows_and_by_bytes() {
    let text = include_str!("../../../rules/AWS_ECRImageScanningDisabled.yaml")
        .replace("where scanOnPush == false", "where true");
    let files = [RuleFile { file: "a.yaml".to_owned(), text }];
    let event = |i: usize| {
        format!(
            "{{\"eventVersion\":\"1\",\"eventTime\":\"2026-01-01T00:00:{i:02}Z\",\"eventSource\":\"ecr.amazonaws.com\",\"eventName\":\"PutImageScanningConfiguration\",\"x\":\"{}\"}}\n",
            "x".repeat(1000)
        )
    };
    for limit in [Size { rows: 3, bytes: 1 << 20 }, Size { rows: 100, bytes: 7000 }] {
        let mut feed = Feed::new(Keep::Evidence);
        feed.state.room.limit = limit;
        let leaves: Vec<_> =
            compile_all(&files, &Context::default()).0.iter().flat_map(|c| c.split.leaves.clone()).collect();
        let range = feed.add(&leaves, &[]);
        (0..10).for_each(|i| feed.push(event(i).as_bytes()));
        feed.end_input();
        let kept = feed.state.room.kept;
        assert!((3..=5).contains(&kept.rows) && kept.bytes < 10_000, "{} {}", kept.rows, kept.bytes);
        assert_eq!(feed.state.room.dropped as usize + kept.rows, 10);
        assert!(feed.take_problems().iter().any(|p| p.code == "FP304"));
        assert_eq!(feed.take_problems(), [], "it is reported once");
        feed.concluded(range, Some(i64::MAX));
        assert_eq!((feed.state.room.kept.rows, feed.state.room.kept.bytes), (0, 0));
    }
}

/// Lines of a file in many states: events with a time and without, what is no event, broken lines, lists of records, text over several
/// lines, the lines of a sieve.
fn lines(kinds: &[&str]) -> String {
    let event = |i: usize, time: &str| {
        format!(
            "{{\"eventVersion\":\"1\",\"eventSource\":\"s\",\"eventName\":\"E{}\",\"eventID\":\"{i}\",\"eventTime\":\"{time}\",\"requestParameters\":{{\"n\":{i}}}}}",
            i % 3
        )
    };
    let line = |(i, kind): (usize, &&str)| match *kind {
        "event" => event(i, &format!("2026-01-01T00:00:{:02}Z", i % 60)),
        "untimed" => event(i, "soon"),
        "broken" => event(i, "x").replace(',', ""),
        "cut" => event(i, "x").split_off(30),
        "foreign" => format!("{{\"some\":\"thing\",\"n\":{i}}}"),
        "records" => format!("{{\"Records\":[{},{}]}}", event(i, "2026-01-01T01:00:00Z"), event(i, "x")),
        "list" => {
            format!("{{\"Records\":[{},{{\"x\" 1}},{}]}}", event(i, "2026-01-01T03:00:00Z"), event(i, "x"))
        }
        "pretty" => format!("{{\"Records\":[\n{},\n{}\n]}}", event(i, "2026-01-01T02:00:00Z"), event(i, "x")),
        "digest" => "{\"digestStartTime\":\"x\",\"logFiles\":[]}".to_owned(),
        "sieve" => "{\"forepostSieve\":{\"version\":\"1\",\"rules\":[]}}".to_owned(),
        other => other.to_owned(),
    };
    kinds.iter().enumerate().map(line).flat_map(|line| [line, "\n".to_owned()]).collect()
}

/// Whoever reads an input in parts, each with a reader of its own, gets what one reader of the whole gets: the answer, the counts and
/// the problems, with their places. Where a reader says that it cannot part the input, it reads on.
#[test]
fn parts_of_an_input_are_the_input() {
    const KINDS: [&str; 11] = [
        "event", "untimed", "broken", "cut", "foreign", "records", "list", "pretty", "digest", "sieve",
        "junk",
    ];
    let mut texts: Vec<String> = KINDS
        .iter()
        .flat_map(|a| KINDS.map(|b| lines(&["event", a, "event", b, "untimed", a, "event", "event", b])))
        .collect();
    texts.push(lines(&[&["untimed"; 9][..], &["event"; 3], &["untimed"; 17], &["event"; 2]].concat()));
    texts.extend([lines(&["event"; 40]), lines(&["event"; 4]).trim_end().to_owned()]);
    let kql = "AWSCloudTrail | summarize count(), make_list(AwsEventId), max(RequestParameters) by EventName";
    let mut parted = 0;
    for text in &texts {
        let cuts: Vec<usize> = text.match_indices("\n{").map(|(n, _)| n + 1).collect();
        let new = || QueryRun::new(kql, 7, &Context::default()).unwrap_or_else(|d| panic!("{d:?}"));
        let mut whole = new();
        whole.push(text.as_bytes());
        whole.end_input();
        let whole_told = format!("{:?} {:?} {:?}", whole.take_problems(), whole.stats(), whole.result());
        for step in 1..=3 {
            let mut taking = new();
            let mut from = 0;
            let ends = cuts.iter().copied().step_by(step).chain([text.len()]);
            let mut reader = None;
            for to in ends {
                let part = reader.get_or_insert_with(|| {
                    let mut part =
                        QueryRun::reader(kql, 7, &Context::default()).unwrap_or_else(|d| panic!("{d:?}"));
                    part.start_at(from as u64);
                    part
                });
                part.push(text.as_bytes().get(from..to).unwrap_or_default());
                let ended = part.end_part(to == text.len());
                parted += usize::from(ended && to < text.len());
                assert_eq!(taking.import_transfer(&part.export_transfer()), Ok(()));
                if ended {
                    reader = None;
                }
                from = to;
            }
            taking.end_parts();
            let told = format!("{:?} {:?} {:?}", taking.take_problems(), taking.stats(), taking.result());
            assert_eq!(told, whole_told, "{text}");
        }
    }
    assert!(parted > 300, "{parted}");
}
