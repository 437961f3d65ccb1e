use super::{Feed, Keep, Size};
use crate::detector::Context;
use crate::detector::check::{RuleFile, compile_all};

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
