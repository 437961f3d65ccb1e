//! The index of events beside a detector: columns that a page shows, and candidates as without it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::string_slice, reason = "a test fails by panicking")]

use forepost::detector::index::{COLUMNS, EventIndex};
use forepost::detector::{Detector, Options};

const EVENTS: &str = concat!(
    r#"{"eventVersion":"1.11","eventID":"1","eventTime":"2026-03-10T06:00:00Z","eventSource":"ecr.amazonaws.com","eventName":"PutImageScanningConfiguration","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.1","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ops/zo\u00eb","userName":"zoë"},"requestParameters":{"imageScanningConfiguration":{"scanOnPush":false}}}"#,
    "\n",
    r#"{"eventVersion":"1.11","eventID":"2","eventTime":"not a time","eventSource":"ecr.amazonaws.com","eventName":"ListImages","errorCode":"AccessDenied","userIdentity":{"type":"AWSService","invokedBy":"ecs.amazonaws.com"}}"#,
    "\n{\"no\":\"event\"}\n",
);

fn read(chunk: usize) -> (Detector, EventIndex) {
    let options = Options { candidates: true, ..Options::default() };
    let mut detector = Detector::new(&[], options).unwrap_or_else(|f| panic!("{f:?}"));
    let mut index = EventIndex::default();
    for bytes in EVENTS.as_bytes().chunks(chunk) {
        detector.push_through(bytes, &mut index);
    }
    detector.end_input_through(&mut index);
    (detector, index)
}

#[test]
fn columns_are_those_of_the_table_however_the_bytes_are_cut() {
    for chunk in [1, 7, 4096] {
        let (mut detector, mut index) = read(chunk);
        let batch = index.take();
        assert_eq!(batch.times[0], 1_773_122_400_000.0);
        assert!(batch.times[1].is_nan());
        assert_eq!(batch.words, [0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1]);
        assert_eq!(
            batch.new_words,
            [
                &["PutImageScanningConfiguration", "ListImages"][..],
                &["ecr.amazonaws.com"],
                &["user/ops/zoë", "ecs.amazonaws.com"],
                &["192.0.2.1", ""],
                &["eu-west-1", ""],
                &["", "AccessDenied"],
            ]
        );
        assert_eq!(batch.offsets, [0.0, EVENTS.find('\n').unwrap() as f64 + 1.0]);
        let end = batch.ends[0] as usize;
        assert_eq!(&batch.raw[..end], EVENTS.lines().next().unwrap().as_bytes());
        // What was taken is gone; each word is given once.
        let batch = index.take();
        assert!(batch.times.is_empty() && batch.raw.is_empty());
        assert!(batch.new_words.iter().all(Vec::is_empty));
        assert!(detector.take_problems().iter().any(|p| p.code == "not_cloudtrail"));
    }
}

#[test]
fn candidates_are_those_without_an_index() {
    let options = Options { candidates: true, ..Options::default() };
    let mut plain = Detector::new(&[], options).unwrap_or_else(|f| panic!("{f:?}"));
    plain.push(EVENTS.as_bytes());
    plain.end_input();
    let (mut beside, _) = read(13);
    assert_eq!(plain.take_candidates(), beside.take_candidates());
    assert_eq!(plain.take_problems(), beside.take_problems());
}

#[test]
fn long_values_are_cut_at_a_character() {
    let name = "é".repeat(2000);
    let event = format!(
        r#"{{"eventVersion":"1","eventName":"{name}","eventTime":"2026-03-10T06:00:00Z","eventSource":"x"}}"#
    );
    let mut detector = Detector::new(&[], Options::default()).unwrap_or_else(|f| panic!("{f:?}"));
    let mut index = EventIndex::default();
    detector.push_through(event.as_bytes(), &mut index);
    detector.end_input_through(&mut index);
    let batch = index.take();
    assert_eq!(batch.words.len(), COLUMNS.len());
    assert_eq!(batch.new_words[0], ["é".repeat(512)]);
}
