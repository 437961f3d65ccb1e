//! How much is read at most: within a host's limits, and of what is compressed twice.

use super::{Seen, base64, event, gzip, read, read_chunks};
use cloudtrail::source::{Limits, Source};

/// What is seen of files within limits.
fn read_within(limits: Limits, files: &[&[u8]], chunk: usize) -> Seen {
    let (mut source, mut seen) = (Source::within(limits), Seen::default());
    for file in files {
        file.chunks(chunk).for_each(|chunk| source.push(chunk, &mut seen));
        source.finish(&mut seen);
    }
    seen
}

fn bytes(bytes: u64) -> Limits {
    Limits { bytes, ..Limits::default() }
}

/// CloudWatch's envelope around a compressed payload.
fn logs(payload: &[u8]) -> String {
    format!(r#"{{"awslogs":{{"data":"{}"}}}}"#, base64(&gzip(payload)))
}

fn csv(rows: usize) -> String {
    format!("TimeGenerated,EventName,EventSource\n{}", "2026-06-17T10:00:00Z,X,y\n".repeat(rows))
}

#[test]
fn bytes_are_counted_after_inflating_at_every_level() {
    let one = event("A");
    let line = format!("{one}\n");
    let plain = line.repeat(10);
    let length = plain.len() as u64;
    for file in [plain.clone().into_bytes(), gzip(plain.as_bytes())] {
        for chunk in [file.len(), 100] {
            let all = read_within(bytes(length), &[&file], chunk);
            assert_eq!((all.names().len(), all.problems.len()), (10, 0));
            let cut = read_within(bytes(length - 1 - line.len() as u64), &[&file], chunk);
            assert_eq!(cut.codes(), ["input_limit"]);
            assert_eq!(
                cut.problems,
                read_within(bytes(length - 1 - line.len() as u64), &[&file], file.len()).problems
            );
            assert!(cut.names().len() >= 8, "what came before is read");
            let message = &cut.problems[0].2;
            assert!(message.contains("bytes after decompression"), "{message}");
        }
    }
    // The payload counts as well: twice, in the envelope and inflated.
    let wrapped = logs(plain.as_bytes());
    assert_eq!(
        read_within(bytes(length + wrapped.len() as u64), &[wrapped.as_bytes()], 1 << 20).problems,
        []
    );
    assert_eq!(read_within(bytes(length), &[wrapped.as_bytes()], 1 << 20).codes(), ["input_limit"]);
    let nothing = read_within(bytes(0), &[plain.as_bytes()], 1 << 20);
    assert_eq!((nothing.names().len(), nothing.codes()), (0, vec!["input_limit"]));
}

#[test]
fn a_limit_is_over_all_files_and_told_once_in_each() {
    let line = format!("{}\n", event("A"));
    let seen = read_within(
        bytes(line.len() as u64 * 3 / 2),
        &[line.as_bytes(), line.repeat(5).as_bytes(), line.as_bytes()],
        64,
    );
    assert_eq!(seen.names().len(), 1);
    assert_eq!(seen.codes(), ["input_limit", "input_limit"]);
}

#[test]
fn records_and_problems_are_counted() {
    let limits = Limits { records: 3, ..Limits::default() };
    let line = format!("{}\n", event("A"));
    assert_eq!(read_within(limits, &[line.repeat(3).as_bytes()], 1 << 20).problems, []);
    let chunk = line.len();
    let seen = read_within(limits, &[line.repeat(100).as_bytes()], chunk);
    assert_eq!((seen.names().len(), seen.codes()), (4, vec!["input_limit"]));
    assert!(read_within(limits, &["nonsense\n".repeat(100).as_bytes()], 9).problems.len() < 6);
    // A compressed file of short rows is not read to its end: there is a look between pieces.
    let rows = gzip(csv(300_000).as_bytes());
    let read = read_within(limits, &[&rows], 1 << 20).names().len();
    assert!(read > 3 && read < 50_000, "{read}");
}

#[test]
fn a_gzip_bomb_is_not_inflated_to_its_end() {
    // 4 GB would take many seconds, in a build for tests.
    let piece = gzip(&vec![b' '; 4 << 20]);
    let bomb = piece.repeat(1024);
    let seen = read_within(bytes(1 << 20), &[&bomb], bomb.len());
    assert_eq!(seen.codes(), ["input_limit"]);
}

#[test]
fn what_is_compressed_twice_makes_no_more_than_what_is_compressed_once() {
    let inner = csv(200_000);
    let twice = gzip(logs(inner.as_bytes()).as_bytes());
    assert!(twice.len() * 5000 < inner.len());
    let seen = read(&twice);
    assert_eq!(seen.codes(), ["too_large"]);
    let rows = seen.names().len();
    assert!(rows > 30_000 && rows < 200_000, "{rows}");
    // Many payloads in one file share what there is, are told once, and hide nothing beside them.
    let line = logs(inner.as_bytes());
    let many = gzip([event("B"), line.clone(), line.clone(), line, event("C")].join("\n").as_bytes());
    let seen = read(&many);
    assert_eq!(seen.codes(), ["too_large"]);
    assert!(seen.names().contains(&"B".to_owned()) && seen.names().contains(&"C".to_owned()));
    assert!(seen.names().len() < 200_000);
    // An honest delivery: events in a compressed payload in a compressed file.
    let events: String = (0..5000).map(|n| format!("{}\n", event(&format!("E{n}")))).collect();
    let honest = gzip(logs(events.as_bytes()).as_bytes());
    let seen = read(&honest);
    assert_eq!((seen.names().len(), seen.problems.len()), (5000, 0));
    assert_eq!(read_chunks(honest.chunks(1000)), seen);
}
