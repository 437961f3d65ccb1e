//! Detectors that find candidates, and one that concludes from them.

use super::random::Random;
use super::{alerts, detector, envelopes, event, gzip, host_json, ndjson, rule, scan, ticks};
use forepost::detector::Options;
use serde_json::Value;

#[test]
fn candidates_of_many_machines_conclude_as_one_scan() {
    let join = "let made = AWSCloudTrail | where EventName == 'A' | extend p = SourceIpAddress;
AWSCloudTrail | where EventName == 'B' | extend p = SourceIpAddress | join kind=inner made on p | distinct p, EventName";
    let rules = || {
        vec![rule(join, "queryFrequency: 1h\nqueryPeriod: 2h\n"), {
            let mut nothing = rule(
                "AWSCloudTrail | where EventName == 'Z'",
                "queryFrequency: 1h\nqueryPeriod: 1h\ntriggerOperator: eq\ntriggerThreshold: 0\n",
            );
            nothing.text = nothing.text.replace("abcd", "abce");
            nothing
        }]
    };
    let mut random = Random::new(7);
    let name = |r: &mut Random| ["A", "B", "Z", "Q"][r.below(4)];
    let events: Vec<Value> = (0..60)
        .map(|i| {
            event(
                i,
                &format!("2026-03-11T{:02}:{:02}:00Z", random.below(20), random.below(60)),
                name(&mut random),
                "a",
            )
        })
        .collect();
    let (want, _) = scan(&rules(), [ndjson(&events).as_slice()]);
    assert!(want.len() > 5);
    for _ in 0..5 {
        let mut shards: Vec<Vec<Value>> = vec![Vec::new(); 3];
        events.iter().for_each(|e| shards[random.below(3)].push(e.clone()));
        let mut concluder = detector(&rules(), Options::default());
        for shard in &shards {
            let mut finder = detector(&rules(), Options { candidates: true, ..Options::default() });
            // Pretty-printed on the way in: the record is the same.
            shard.iter().for_each(|e| finder.push(serde_json::to_string_pretty(e).expect("JSON").as_bytes()));
            finder.finish();
            assert!(finder.take_alerts().is_empty());
            let stats = finder.stats().ingest;
            concluder.observe(stats.first_event.expect("a time"), stats.last_event.expect("a time"));
            concluder.push(&finder.take_candidates());
        }
        concluder.finish();
        assert_eq!(alerts(&mut concluder), want);
    }
}

#[test]
fn what_is_imported_counts_as_read() {
    let rules = [rule(
        "AWSCloudTrail | where EventName == 'A' | extend p = parse_json(RequestParameters) | summarize n = count(), make_set(SourceIpAddress)",
        "queryFrequency: 1h\nqueryPeriod: 2h\n",
    )];
    let events: Vec<Value> = (0..40)
        .map(|i| event(i, &format!("2026-03-11T{:02}:30:00Z", i % 20), ["A", "B"][i as usize % 2], "a"))
        .collect();
    let mut files: Vec<Vec<u8>> = envelopes(&events).into_iter().map(|(_, bytes)| bytes).collect();
    files.push(events.iter().flat_map(|e| serde_json::to_vec_pretty(e).expect("JSON")).collect());
    files.push(b"{\"eventVersion\":\"1\",\"eventName\":\"A\",\"eventTime\":\"never\",\"eventSource\":\"x\"}\n{\"no\":1}\n{\"eventName\":".to_vec());
    // More problems than are kept at once.
    files.push(b"{\"no\":1}\n".repeat(1_500));
    files.push(gzip(&ndjson(&events)).split_at(300).0.to_vec());
    let finder = || detector(&rules, Options { candidates: true, ..Options::default() });
    for chunk in [61, 4_096, usize::MAX] {
        let (mut alone, mut concluder) =
            (detector(&rules, Options::default()), detector(&rules, Options::default()));
        let mut finders = [finder(), finder()];
        for (i, file) in files.iter().enumerate() {
            let finder = &mut finders[i % 2];
            for bytes in file.chunks(chunk) {
                alone.push(bytes);
                finder.push(bytes);
                assert!(concluder.import_transfer(&finder.export_transfer()));
                assert_eq!(concluder.take_problems(), alone.take_problems());
            }
            alone.end_input();
            finder.end_input();
            assert!(concluder.import_transfer(&finder.export_transfer()));
            assert_eq!(concluder.take_problems(), alone.take_problems());
            assert_eq!(concluder.stats(), alone.stats());
        }
        alone.finish();
        concluder.finish();
        let found = alerts(&mut alone);
        assert!(!found.is_empty());
        assert_eq!(alerts(&mut concluder), found);
        assert_eq!(concluder.stats(), alone.stats());
    }
    let mut concluder = detector(&rules, Options::default());
    let whole = finder().export_transfer();
    for end in 0..whole.len() {
        assert!(!concluder.import_transfer(&whole[..end]));
    }
}

/// Events outside a span are counted and nothing else, in one detector and in many.
#[test]
fn only_events_of_a_span_count() {
    let span = ticks("2026-03-11T07:30:00Z")..ticks("2026-03-11T08:00:00Z");
    let rule = rule("AWSCloudTrail | where EventName == 'X'", "");
    let log = ndjson(&[
        event(1, "2026-03-11T07:00:00Z", "X", "early"),
        event(2, "2026-03-11T07:30:00Z", "X", "first"),
        event(3, "2026-03-11T07:59:59Z", "Y", "other"),
        event(4, "2026-03-11T08:00:00Z", "X", "late"),
        event(5, "2026-03-11T09:00:00Z", "Y", "late"),
    ]);
    let mut finder =
        detector(std::slice::from_ref(&rule), Options { candidates: true, ..Options::default() });
    let mut alone = detector(std::slice::from_ref(&rule), Options::default());
    let mut concluding = detector(std::slice::from_ref(&rule), Options::default());
    for d in [&mut finder, &mut alone, &mut concluding] {
        d.set_span(span.clone());
    }
    finder.push(&log);
    finder.end_input();
    assert!(concluding.import_transfer(&finder.export_transfer()));
    alone.push(&log);
    let mut texts = Vec::new();
    for d in [&mut alone, &mut concluding] {
        d.finish();
        let (alerts, stats) = (d.take_alerts(), d.stats());
        assert_eq!((stats.ingest.events, stats.ingest.outside, alerts.len()), (5, 3, 1));
        assert_eq!(stats.ingest.first_event, Some(ticks("2026-03-11T07:30:00Z")));
        let text = host_json::alerts(&alerts);
        assert!(text.contains("first") && !text.contains("early") && !text.contains("late"));
        texts.push(text);
    }
    assert_eq!(texts[0], texts[1]);
}
