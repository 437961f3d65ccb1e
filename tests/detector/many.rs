//! Detectors that find candidates, and one that concludes from them.

use super::property::check;
use super::{alerts, detector, envelopes, event, gzip, host_json, ndjson, rule, scan, ticks};
use forepost::detector::{Candidate, Context, Detector, NamedTable, Options, TransferError, fingerprint};
use proptest::collection::vec;
use proptest::sample::select;
use serde_json::Value;
use std::cell::Cell;

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
    let alerted = Cell::new(0);
    let drawn = (0..20, 0..60, select(&["A", "B", "Z", "Q"]), 0..3_usize);
    check(5, vec(drawn, 60), |drawn| {
        let events = drawn.iter().enumerate().map(|(i, (hour, minute, name, shard))| {
            (event(i as u32, &format!("2026-03-11T{hour:02}:{minute:02}:00Z"), name, "a"), *shard)
        });
        let (events, shards): (Vec<Value>, Vec<usize>) = events.unzip();
        let (want, _) = scan(&rules(), [ndjson(&events).as_slice()]);
        alerted.set(alerted.get() + want.len());
        let mut concluder = detector(&rules(), Options::default());
        for shard in 0..3 {
            let mut finder = detector(&rules(), Options { candidates: true, ..Options::default() });
            // Pretty-printed on the way in: the record is the same.
            let of_shard = events.iter().zip(&shards).filter(|(_, of)| **of == shard);
            of_shard
                .for_each(|(e, _)| finder.push(serde_json::to_string_pretty(e).expect("JSON").as_bytes()));
            finder.finish();
            assert!(finder.take_alerts().is_empty());
            let stats = finder.stats().ingest;
            if let (Some(first), Some(last)) = (stats.first_event, stats.last_event) {
                concluder.observe(first, last);
            }
            concluder.push(&finder.take_candidates());
        }
        concluder.finish();
        assert_eq!(alerts(&mut concluder), want);
    });
    assert!(alerted.get() > 25, "{}", alerted.get());
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
                assert_eq!(concluder.import_transfer(&finder.export_transfer()), Ok(()));
                assert_eq!(concluder.take_problems(), alone.take_problems());
            }
            alone.end_input();
            finder.end_input();
            assert_eq!(concluder.import_transfer(&finder.export_transfer()), Ok(()));
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
        assert!(concluder.import_transfer(&whole[..end]).is_err(), "{end}");
    }
}

/// What another build wrote, or a reader of anything else, is refused before a byte of it is read.
#[test]
fn only_the_same_build_and_the_same_rules_take_over() {
    let one = rule("AWSCloudTrail | where EventName == 'A'", "");
    let other = rule("AWSCloudTrail | where EventName == 'B'", "");
    let table = |rows: &str| {
        let table = NamedTable::read("T", "Name:string", format!("Name\n{rows}\n").as_bytes(), false);
        Context::of_tables(vec![table.expect("a table")])
    };
    let with = |context: Context| Options { candidates: true, context, ..Options::default() };
    let handed = |mut reader: Detector| {
        reader.push(&ndjson(&[event(1, "2026-03-11T07:00:00Z", "A", "a")]));
        reader.end_input();
        reader.export_transfer()
    };
    let of = |rules: &[_], context| handed(detector(rules, with(context)));
    let sent = of(std::slice::from_ref(&one), Context::default());
    let taken = |bytes: &[u8]| {
        let mut concluder = detector(std::slice::from_ref(&one), Options::default());
        let taken = concluder.import_transfer(bytes);
        assert_eq!(concluder.stats().ingest.events, u64::from(taken.is_ok()));
        taken
    };
    assert_eq!(taken(&sent), Ok(()));
    for different in [
        of(std::slice::from_ref(&other), Context::default()),
        of(&[one.clone(), other.clone()], Context::default()),
        of(&[], Context::default()),
        of(std::slice::from_ref(&one), table("a")),
    ] {
        assert_eq!(taken(&different), Err(TransferError::OtherQuestion));
    }
    assert_ne!(fingerprint::of_rules(&[], &table("a")), fingerprint::of_rules(&[], &table("b")));
    let at = sent.windows(16).position(|bytes| bytes == fingerprint::BUILD.as_bytes()).expect("the build");
    let mut older = sent.clone();
    older[at..at + 16].copy_from_slice(b"0123456789abcdef");
    let refused = taken(&older);
    assert_eq!(refused, Err(TransferError::OtherBuild { build: "0123456789abcdef".to_owned() }));
    let said = refused.map_err(|e| e.to_string()).expect_err("refused");
    assert!(said.contains("0123456789abcdef") && said.contains(fingerprint::BUILD), "{said}");
    for end in 0..sent.len() {
        assert!(matches!(taken(&sent[..end]), Err(TransferError::NoTransfer | TransferError::Cut)), "{end}");
    }
    assert_eq!(taken(&[&sent[..], b"x"].concat()), Err(TransferError::NoTransfer));
    assert_eq!(taken(&[&sent[..], &sent[..]].concat()), Err(TransferError::NoTransfer));
}

/// Each rule concludes by itself from the candidates that carry its number: together that is what one detector says.
#[test]
fn rules_conclude_apart_from_marked_candidates() {
    let named = |id: &str, query: &str, more: &str| {
        let mut made = rule(query, more);
        made.text = made.text.replace("abcd", id);
        made
    };
    let rules = [
        named("abc1", "AWSCloudTrail | where EventName == 'A' | summarize count() by EventName", ""),
        named(
            "abc2",
            "AWSCloudTrail | where EventName == 'B' | join kind=inner (AWSCloudTrail | where EventName == 'A') on EventSource | take 1",
            "",
        ),
        named("abc3", "AWSCloudTrail | where EventName in ('A', 'C')", ""),
    ];
    let mut events: Vec<Value> = (0..60)
        .map(|i| {
            event(
                i,
                &format!("2026-03-{:02}T07:00:00Z", 10 + i % 5),
                ["A", "B", "C", "Q"][i as usize % 4],
                "a",
            )
        })
        .collect();
    events[0]["note"] = "two\nlines".into();
    // A raw line end inside a string, as broken shippers write it.
    let log = String::from_utf8(ndjson(&events)).expect("text").replace("two\\n", "two\n");
    let (want, _) = scan(&rules, [log.as_bytes()]);
    let mut finder = detector(&rules, Options { candidates: true, ..Options::default() });
    finder.push(log.as_bytes());
    finder.end_input();
    let mut of_rule = vec![String::new(); rules.len()];
    finder.take_marked_candidates(&mut |Candidate { time, rules, raw }| {
        let raw = std::str::from_utf8(raw).expect("text");
        assert!(
            !raw.contains('\n')
                && raw
                    .contains(kql::value::datetime::format(time.expect("a time")).get(..19).expect("a time"))
        );
        rules.iter().for_each(|rule| of_rule[*rule].push_str(&format!("{raw}\n")));
    });
    assert_eq!(of_rule.iter().map(|of| of.lines().count()).collect::<Vec<_>>(), [15, 30, 30]);
    let apart: Vec<Value> = rules
        .iter()
        .zip(&of_rule)
        .flat_map(|(rule, of)| scan(std::slice::from_ref(rule), [of.as_bytes()]).0)
        .collect();
    assert_eq!(apart.len(), want.len());
    let ids = |alerts: &[Value]| alerts.iter().map(|a| a["SystemAlertId"].to_string()).collect::<Vec<_>>();
    assert!(want.len() > 10 && ids(&apart)[10..] == ids(&want)[10..]);
    assert_eq!(
        apart[0]["Evidence"][0]["events"][0]["eventID"],
        want[0]["Evidence"][0]["events"][0]["eventID"]
    );
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
    assert_eq!(concluding.import_transfer(&finder.export_transfer()), Ok(()));
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
