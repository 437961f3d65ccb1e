//! Archives of rules, tables and functions: each file by itself, however the archive is made, cut or damaged.

use super::gzip;
use super::packed::{Zipped, tar, zip};
use super::property::{changed, check};
use cloudtrail::source::{Archive, Member, MemberLimits};

const TAR_ZSTD: &[u8] = include_bytes!("fixtures/events.tar.zst");
const STREAMED_ZIP: &[u8] = include_bytes!("fixtures/streamed.zip");
const LIMITS: MemberLimits = MemberLimits { kept: usize::MAX, bytes: 1 << 20, files: 100 };
const DEFLATED: Zipped = Zipped { method: 8, flags: 0, behind: None, long: false };
const STREAMED: Zipped = Zipped { behind: Some((true, 4)), ..DEFLATED };

#[derive(Debug, PartialEq)]
struct Unpacked {
    members: Vec<Member>,
    problems: Vec<String>,
    is_archive: bool,
    spent: bool,
}

impl Unpacked {
    fn names(&self) -> Vec<&str> {
        self.members.iter().map(|member| member.name.as_str()).collect()
    }

    /// The files that cannot be used.
    fn broken(&self) -> Vec<&str> {
        self.members
            .iter()
            .filter(|member| member.problem.is_some())
            .map(|member| member.name.as_str())
            .collect()
    }
}

fn unpack_chunks<'a>(chunks: impl IntoIterator<Item = &'a [u8]>, limits: MemberLimits) -> Unpacked {
    let mut archive = Archive::new(limits);
    let mut members = Vec::new();
    for chunk in chunks {
        archive.push(chunk);
        members.extend(archive.take());
    }
    archive.finish();
    members.extend(archive.take());
    let problems = archive.problems().to_vec();
    Unpacked { members, problems, is_archive: archive.is_archive(), spent: archive.is_spent() }
}

/// Whole and in small pieces: the same.
fn unpack(bytes: &[u8], limits: MemberLimits) -> Unpacked {
    let whole = unpack_chunks([bytes], limits);
    for size in [1, 7, 511, 4096] {
        assert_eq!(unpack_chunks(bytes.chunks(size), limits), whole, "chunks of {size}");
    }
    whole
}

#[test]
fn files_of_archives_of_all_kinds() {
    let files: [(&str, &[u8]); 3] =
        [("rules/a.yaml", b"id: a\n"), ("empty.kql", b""), ("t.csv.gz", b"\x1f\x8b\x08")];
    let zipped = |how: Zipped| zip(&files.map(|(name, content)| (name, content, how)));
    for archive in [
        tar(&files),
        gzip(&tar(&files)),
        zipped(Zipped::default()),
        zipped(DEFLATED),
        zipped(STREAMED),
        zipped(Zipped { long: true, ..DEFLATED }),
    ] {
        let seen = unpack(&archive, LIMITS);
        let contents: Vec<_> = seen.members.iter().map(|m| (m.name.as_str(), m.bytes.as_slice())).collect();
        assert_eq!((contents, seen.problems.len(), seen.is_archive), (files.to_vec(), 0, true), "{seen:?}");
        assert!(seen.broken().is_empty(), "{seen:?}");
        // Their names alone, and their beginnings.
        let names = unpack(&archive, MemberLimits { kept: 0, ..LIMITS });
        assert_eq!((names.names(), names.broken().len()), (files.map(|(name, _)| name).to_vec(), 0));
        assert!(names.members.iter().all(|member| member.bytes.is_empty()), "{names:?}");
        let heads = unpack(&archive, MemberLimits { kept: 3, ..LIMITS });
        assert!(heads.broken().is_empty(), "{heads:?}");
        assert_eq!(heads.members.iter().map(|m| m.bytes.len()).collect::<Vec<_>>(), [3, 0, 3]);
    }
    for archive in [TAR_ZSTD, STREAMED_ZIP] {
        let seen = unpack(archive, LIMITS);
        assert!(!seen.members.is_empty() && seen.broken().is_empty() && seen.problems.is_empty(), "{seen:?}");
    }
    // Folders, and what macOS adds, are no files.
    let seen = unpack(
        &zip(&[("d/", b"", DEFLATED), ("__MACOSX/._a", b"x", DEFLATED), ("d/a", b"x", DEFLATED)]),
        LIMITS,
    );
    assert_eq!(seen.names(), ["d/a"]);
}

#[test]
fn what_is_no_archive() {
    for bytes in
        [b"".as_slice(), b"{\"Records\":[]}", &gzip(b"{\"Records\":[]}"), &gzip(&gzip(&tar(&[("a", b"b")])))]
    {
        let seen = unpack(bytes, LIMITS);
        assert_eq!((seen.is_archive, seen.members.len()), (false, 0), "{seen:?}");
    }
    let empty = unpack(&zip(&[]), LIMITS);
    assert_eq!((empty.is_archive, empty.members.len(), empty.problems.len()), (true, 0, 0));
}

#[test]
fn damage_says_which_file() {
    let long = b"0123456789abcdef".repeat(64);
    let files = |how: Zipped| {
        zip(&[("a.yaml", b"id: a\n", how), ("b.yaml", &long, how), ("c.yaml", b"id: c\n", how)])
    };
    let find =
        |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|w| w == what).expect("is there");
    for how in [Zipped::default(), DEFLATED, STREAMED] {
        let whole = files(how);
        let at = find(&whole, b"b.yaml") + 12;
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        let seen = unpack(&damaged, LIMITS);
        assert_eq!(
            (seen.broken(), seen.names().contains(&"a.yaml")),
            (vec!["b.yaml"], true),
            "{how:?}: {seen:?}"
        );
        // Where lengths are known, what is behind it is found.
        assert!(how == STREAMED || seen.names() == ["a.yaml", "b.yaml", "c.yaml"], "{seen:?}");
        let seen = unpack(&whole[..at], LIMITS);
        assert_eq!((seen.names(), seen.broken()), (vec!["a.yaml", "b.yaml"], vec!["b.yaml"]), "{seen:?}");
    }
    let archive = tar(&[("a.yaml", b"id: a\n"), ("b.yaml", &long)]);
    let cut = &archive[..1800];
    for bytes in [cut.to_vec(), gzip(cut)] {
        let seen = unpack(&bytes, LIMITS);
        assert_eq!((seen.names(), seen.broken()), (vec!["a.yaml", "b.yaml"], vec!["b.yaml"]), "{seen:?}");
    }
    let encrypted = Zipped { flags: 1, ..DEFLATED };
    let other = Zipped { method: 12, ..Zipped::default() };
    let seen = unpack(
        &zip(&[("s.yaml", b"x", encrypted), ("a.yaml", b"id: a\n", DEFLATED), ("o.yaml", b"x", other)]),
        LIMITS,
    );
    assert_eq!((seen.names(), seen.broken().len()), (vec!["a.yaml"], 0), "{seen:?}");
    assert!(seen.problems[0].contains("encrypted") && seen.problems[0].contains("s.yaml"), "{seen:?}");
    assert!(seen.problems[1].contains("method") && seen.problems[1].contains("o.yaml"), "{seen:?}");
}

#[test]
fn bombs_are_cut_off() {
    let zeros = vec![0; 3 << 20];
    for bytes in
        [zip(&[("a", &zeros, DEFLATED)]), zip(&[("a", &zeros, STREAMED)]), gzip(&tar(&[("a", &zeros)]))]
    {
        let seen = unpack(&bytes, LIMITS);
        assert_eq!((seen.spent, seen.members.len()), (true, 0), "{seen:?}");
        assert!(seen.problems == ["the archive has more than 1 MiB, unpacked; unpack it first"], "{seen:?}");
    }
    // What is stepped over costs nothing; of a streamed archive it must be unpacked.
    let names = MemberLimits { kept: 0, ..LIMITS };
    assert!(!unpack(&zip(&[("a", &zeros, DEFLATED)]), names).spent);
    assert!(unpack(&zip(&[("a", &zeros, STREAMED)]), names).spent);
    // Nothing but padding.
    let padding = gzip(&[tar(&[("a", b"b")]), zeros].concat());
    assert!(unpack(&padding, LIMITS).spent);
    let many: Vec<_> = (0..101).map(|_| ("a", b"".as_slice())).collect();
    let seen = unpack(&gzip(&tar(&many)), LIMITS);
    assert!(seen.spent && seen.members.len() == 100 && seen.problems[0].contains("100 files"), "{seen:?}");
}

#[test]
fn mutated_archives_never_panic_and_never_give_more_than_is_allowed() {
    let files = [("rules/a.yaml", b"id: a\nquery: AWSCloudTrail\n".as_slice()), ("b.kql", b"AWSCloudTrail")];
    let zipped = |how: Zipped| zip(&files.map(|(name, content)| (name, content, how)));
    let archives =
        [tar(&files), gzip(&tar(&files)), zipped(DEFLATED), zipped(STREAMED), STREAMED_ZIP.to_vec()];
    check(300, changed(archives.to_vec(), 1..=4, b"P"), |bytes| {
        let seen = unpack(&bytes.0, LIMITS);
        assert!(seen.members.iter().map(|member| member.bytes.len() as u64).sum::<u64>() <= LIMITS.bytes);
    });
}
