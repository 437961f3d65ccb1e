//! Compressions and archives, inside each other, cut, damaged and meant to hurt.

use super::property::{changed, check, sample};
use super::{Seen, event, gzip, read, read_chunks, text};
use flate2::Crc;
use flate2::write::DeflateEncoder;
use std::io::Write;

const ZSTD: &[u8] = include_bytes!("fixtures/events.ndjson.zst");
const XZ: &[u8] = include_bytes!("fixtures/events.ndjson.xz");
const BZIP2: &[u8] = include_bytes!("fixtures/events.ndjson.bz2");
/// A thousand events in three blocks.
const BLOCKS: &[u8] = include_bytes!("fixtures/many.ndjson.bz2");
const TAR_ZSTD: &[u8] = include_bytes!("fixtures/events.tar.zst");
const ZIP: &[u8] = include_bytes!("fixtures/events.zip");
const STREAMED_ZIP: &[u8] = include_bytes!("fixtures/streamed.zip");

/// Whole, cut once at every byte, and in small pieces: all the same.
pub fn however_cut(bytes: &[u8]) -> Seen {
    let whole = read(bytes);
    if bytes.len() < 4000 {
        for n in 0..=bytes.len() {
            assert_eq!(read_chunks([&bytes[..n], &bytes[n..]]), whole, "cut at {n}");
        }
    }
    for size in [1, 3, 511, 4096] {
        assert_eq!(read_chunks(bytes.chunks(size)), whole, "chunks of {size}");
    }
    whole
}

pub fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in members {
        tar_header(&mut out, name, b'0', content.len());
        out.extend_from_slice(content);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

fn tar_header(out: &mut Vec<u8>, name: &str, kind: u8, size: usize) {
    let mut block = [0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[148..156].fill(b' ');
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    out.extend_from_slice(&block);
}

/// How a file stands in a zip archive.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Zipped {
    pub method: u16,
    pub flags: u16,
    /// The lengths stand behind the data, with a mark or not, in four bytes each or in eight.
    pub behind: Option<(bool, usize)>,
    pub long: bool,
}

pub fn zip(members: &[(&str, &[u8], Zipped)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content, how) in members {
        let mut crc = Crc::new();
        crc.update(content);
        let data = if how.method == 8 {
            let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(content).expect("in memory");
            encoder.finish().expect("in memory")
        } else {
            content.to_vec()
        };
        let (sum, packed, size) = (crc.sum(), data.len() as u64, content.len() as u64);
        let header = |n: u64| match (how.behind, how.long) {
            (Some(_), _) => 0,
            (None, true) => u32::MAX,
            (None, false) => n as u32,
        };
        out.extend_from_slice(b"PK\x03\x04\x14\0");
        let flags = how.flags | if how.behind.is_some() { 8 } else { 0 };
        out.extend_from_slice(&flags.to_le_bytes());
        out.extend_from_slice(&how.method.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&if how.behind.is_some() { 0 } else { sum }.to_le_bytes());
        out.extend_from_slice(&header(packed).to_le_bytes());
        out.extend_from_slice(&header(size).to_le_bytes());
        out.extend_from_slice(&(name.len() as u16).to_le_bytes());
        out.extend_from_slice(&if how.long { 20_u16 } else { 0 }.to_le_bytes());
        out.extend_from_slice(name.as_bytes());
        if how.long {
            out.extend_from_slice(&[1, 0, 16, 0]);
            out.extend_from_slice(&size.to_le_bytes());
            out.extend_from_slice(&packed.to_le_bytes());
        }
        out.extend_from_slice(&data);
        if let Some((marked, len)) = how.behind {
            out.extend_from_slice(if marked { b"PK\x07\x08" } else { b"" });
            out.extend_from_slice(&sum.to_le_bytes());
            out.extend_from_slice(&packed.to_le_bytes()[..len]);
            out.extend_from_slice(&size.to_le_bytes()[..len]);
        }
    }
    out.extend_from_slice(b"PK\x05\x06");
    out.resize(out.len() + 18, 0);
    out
}

fn utf16(text: &str, big: bool) -> Vec<u8> {
    let unit = |u: u16| if big { u.to_be_bytes() } else { u.to_le_bytes() };
    format!("\u{feff}{text}").encode_utf16().flat_map(unit).collect()
}

#[test]
fn utf16_without_a_mark_and_errors_saved_as_files() {
    let a = event("A");
    for big in [false, true] {
        for json in [format!("{{\"Records\":[{a}]}}"), format!("[{a}]"), a.clone()] {
            let seen = however_cut(&utf16(&json, big)[2..]);
            assert_eq!((seen.names(), seen.problems.len()), (vec!["A".to_owned()], 0), "{json}");
        }
    }
    for foreign in [
        "<!DOCTYPE html><html>no</html>",
        "<html>\n<head>",
        "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>",
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    ] {
        let seen = however_cut(foreign.as_bytes());
        assert_eq!(seen.codes(), ["unreadable"], "{foreign}: {:?}", seen.problems);
    }
}

#[test]
fn whatever_it_is_packed_in() {
    let (a, b) = (event("A"), event("B"));
    let lines = format!("{a}\n{b}\n");
    let files = [("logs/a.json", a.as_bytes()), ("logs/b.json", b.as_bytes())];
    let (packed_a, packed_b) = (gzip(a.as_bytes()), gzip(b.as_bytes()));
    let packed_files = [("a.json.gz", packed_a.as_slice()), ("b.json.gz", packed_b.as_slice())];
    let deflated = Zipped { method: 8, ..Zipped::default() };
    let zipped = |how: Zipped| zip(&files.map(|(name, content)| (name, content, how)));
    let skippable = [b"\x50\x2a\x4d\x18\x03\0\0\0abc", ZSTD].concat();
    for bytes in [
        gzip(&gzip(lines.as_bytes())),
        gzip(&[gzip(a.as_bytes()), gzip(b"\n"), gzip(b.as_bytes())].concat()),
        ZSTD.to_vec(),
        gzip(ZSTD),
        skippable,
        XZ.to_vec(),
        [XZ, &[0; 8]].concat(),
        BZIP2.to_vec(),
        gzip(BZIP2),
        TAR_ZSTD.to_vec(),
        tar(&files),
        gzip(&tar(&files)),
        tar(&packed_files),
        gzip(&tar(&packed_files)),
        ZIP.to_vec(),
        STREAMED_ZIP.to_vec(),
        zipped(Zipped::default()),
        zipped(deflated),
        zipped(Zipped { long: true, ..deflated }),
        zipped(Zipped { behind: Some((true, 4)), ..deflated }),
        zipped(Zipped { behind: Some((false, 4)), ..deflated }),
        zipped(Zipped { behind: Some((true, 8)), ..deflated }),
        zipped(Zipped { behind: Some((false, 8)), ..deflated }),
        zip(&[("x.zip", &zipped(deflated), Zipped::default())]),
        zip(&[("logs/", b"", Zipped::default()), ("a.tgz", &gzip(&tar(&packed_files)), Zipped::default())]),
        utf16(&lines, false),
        utf16(&lines, true),
        gzip(&utf16(&format!("[{a},{b}]"), false)),
    ] {
        let seen = however_cut(&bytes);
        assert_eq!(seen.problems, [], "{:?}", &bytes[..4]);
        let names = if bytes == TAR_ZSTD { vec!["A", "B", "A", "B"] } else { vec!["A", "B"] };
        assert_eq!(seen.names(), names, "{:?}", &bytes[..4]);
    }
    let twice = [XZ, XZ].concat();
    assert_eq!(however_cut(&twice).names(), ["A", "B", "A", "B"]);
    assert_eq!(however_cut(&[ZSTD, ZSTD].concat()).names(), ["A", "B", "A", "B"]);
    assert_eq!(however_cut(&[BZIP2, BZIP2].concat()).names(), ["A", "B", "A", "B"]);
    let names: Vec<String> = (0..1000).map(|n| format!("E{n}")).collect();
    let blocks = read(BLOCKS);
    assert!(blocks.names() == names && blocks.problems.is_empty(), "{:?}", blocks.problems);
    assert_eq!(read_chunks(BLOCKS.chunks(17)), blocks);
    // Not only plain characters; and what is none.
    let odd = event("A").replace("arn:é", "\u{1f600}");
    assert_eq!(however_cut(&utf16(&odd, true)).records[0].0, odd);
    let halves: Vec<u8> = utf16("{", false).into_iter().chain([0, 0xd8, 0x22, 0, 0x22, 0, 0]).collect();
    assert_eq!(however_cut(&halves).codes(), ["bad_json"]);
}

#[test]
fn names_of_tar_archives() {
    let a = event("A");
    // GNU's long name, a pax header, and one for all files; a folder, a link.
    let long = format!("{}/a.json", "d".repeat(300));
    let mut archive = Vec::new();
    let add = |archive: &mut Vec<u8>, name: &str, kind: u8, content: &[u8]| {
        tar_header(archive, name, kind, content.len());
        archive.extend_from_slice(content);
        archive.resize(archive.len().next_multiple_of(512), 0);
    };
    add(&mut archive, "pax_global_header", b'g', b"52 comment=0123456789012345678901234567890123456789\n");
    add(&mut archive, "folder/", b'5', b"");
    add(&mut archive, "link", b'2', b"");
    add(&mut archive, "././@LongLink", b'L', long.as_bytes());
    add(&mut archive, "ddd", b'0', b"nothing");
    add(&mut archive, "PaxHeader", b'x', b"21 path=../etc/passwd\n");
    let wrong = archive.len();
    add(&mut archive, "ppp", b'0', b"nothing");
    add(&mut archive, "PaxHeader", b'x', b"22 path=../etc/passwd\n");
    add(&mut archive, "ppp", b'0', b"nothing");
    add(&mut archive, "plain", b'0', a.as_bytes());
    archive.resize(archive.len() + 1024, 0);
    let seen = however_cut(&archive);
    assert_eq!(seen.names(), ["A"]);
    let said: Vec<_> = seen.problems.iter().map(|p| p.2.as_str()).collect();
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(
        said[0].starts_with("in '…dddd") && said[0].ends_with("/a.json': 1 line is not JSON"),
        "{said:?}"
    );
    // A record of a wrong length is none.
    assert_eq!(said[1], "in 'ppp': 1 line is not JSON", "{wrong}");
    assert_eq!(said[2], "in '../etc/passwd': 1 line is not JSON");
}

#[test]
fn what_cannot_be_unpacked_is_said_once() {
    let a = event("A");
    let plain = Zipped::default();
    let secret = Zipped { flags: 1, ..plain };
    let odd = Zipped { method: 14, ..plain };
    let files = [
        ("s1", b"x".as_slice(), secret),
        ("s2", b"y", secret),
        ("a.json", a.as_bytes(), plain),
        ("o", b"z", odd),
        ("__MACOSX/._a.json", b"\0\x05\x16\x07", Zipped { method: 8, behind: Some((true, 4)), ..plain }),
        (".DS_Store", b"\0\0\0\x01Bud1", plain),
    ];
    let seen = however_cut(&zip(&files));
    assert_eq!(seen.names(), ["A"]);
    let said: Vec<_> = seen.problems.iter().map(|p| p.2.as_str()).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("encrypted") && said[0].ends_with("'s1' and 1 more"), "{said:?}");
    assert!(said[1].contains("(14)") && said[1].ends_with("'o'"), "{said:?}");
    // Stored, and its length only behind it.
    let streamed =
        zip(&[("s", a.as_bytes(), Zipped { behind: Some((true, 4)), ..plain }), ("t", a.as_bytes(), plain)]);
    let seen = however_cut(&streamed);
    assert!(seen.records.is_empty());
    assert!(seen.problems.iter().any(|p| p.2.contains("does not say where 's' ends")), "{:?}", seen.problems);
    for (bytes, what) in [
        (&b"7z\xbc\xaf\x27\x1c"[..], "7z"),
        (b"Rar!\x1a\x07", "RAR"),
        (b"PAR1abc", "Parquet"),
        (b"\xff\xfe\0\0{\0\0\0", "UTF-32"),
        (b"PK\x05\x06\0\0\0\0", "no files"),
        (&gzip(b""), "empty"),
        (&gzip(b" \n"), "empty"),
        (&tar(&[("nothing", b"")]), "in 'nothing': the input is empty"),
        (b"\xff\xfe", "empty"),
    ] {
        let seen = however_cut(bytes);
        assert_eq!(seen.problems.len(), 1, "{what}: {:?}", seen.problems);
        assert!(seen.problems[0].2.contains(what), "{what}: {:?}", seen.problems);
    }
    let mut zeros = vec![0; 1024];
    zeros.splice(..0, tar(&[])[..0].to_vec());
    assert_eq!(read(&zeros).codes(), ["not_json"], "no tar archive begins with zeros");
}

#[test]
fn archives_that_end_early_or_are_damaged() {
    let (a, b) = (event("A"), event("B"));
    let deflated = Zipped { method: 8, ..Zipped::default() };
    let streamed = Zipped { behind: Some((true, 4)), ..deflated };
    let files = |how| zip(&[("a", a.as_bytes(), how), ("b", b.as_bytes(), how)]);
    for whole in [
        ZSTD.to_vec(),
        XZ.to_vec(),
        BZIP2.to_vec(),
        files(deflated),
        files(streamed),
        files(Zipped::default()),
        tar(&[("a", a.as_bytes()), ("b", b.as_bytes())]),
        gzip(&gzip(a.as_bytes())),
    ] {
        for n in 1..whole.len() {
            let seen = read(&whole[..n]);
            // What follows the mark of the end is of no use.
            let said = !seen.problems.is_empty() || seen.names() == ["A", "B"];
            assert!(said, "{n} of {}: {:?}", whole.len(), seen.names());
        }
        for n in 0..whole.len() {
            for bit in [1, 0x40] {
                let mut bytes = whole.clone();
                bytes[n] ^= bit;
                let seen = read(&bytes);
                assert!(seen.records.len() <= 2, "{n}");
                if n % 17 == 0 {
                    assert_eq!(read_chunks(bytes.chunks(5)), seen, "byte {n}");
                }
            }
        }
    }
    // A file that says how long it is costs only itself.
    let mut bytes = files(deflated);
    bytes[60] ^= 0x55;
    let seen = however_cut(&bytes);
    assert_eq!(
        (seen.names().last().map(String::as_str), seen.codes()[0]),
        (Some("B"), "damaged"),
        "{:?}",
        seen.problems
    );
}

/// Zeros, packed so well that each byte becomes a thousand.
fn bomb(megabytes: usize, unit: &[u8]) -> Vec<u8> {
    gzip(&unit.repeat((megabytes << 20) / unit.len()))
}

#[test]
fn bombs_at_each_level() {
    let a = event("A");
    let space = bomb(5, b" ");
    let deflated = Zipped { method: 8, ..Zipped::default() };
    let logs = format!(r#"{{"awslogs":{{"data":"{}"}}}}"#, super::base64(&space));
    for bytes in [
        gzip(&bomb(3, b" ").repeat(300)),
        gzip(&gzip(&space)),
        gzip(&tar(&[("a.gz", &space), ("b.gz", &space)])),
        zip(&[("a.gz", &space, deflated), ("b.gz", &space, deflated)]),
        gzip(format!("{logs}\n").repeat(3).as_bytes()),
    ] {
        let seen = read(&bytes);
        assert!(bytes.len() < 40_000, "{}", bytes.len());
        assert_eq!(seen.codes(), ["too_large"], "{:?}", seen.problems);
        assert_eq!(read_chunks(bytes.chunks(700)), seen);
    }
    // What is packed once is read, however small it was.
    let once = [bomb(5, b" "), gzip(a.as_bytes())].concat();
    assert_eq!((read(&once).names(), read(&once).problems.len()), (vec!["A".to_owned()], 0));
    // What is packed well twice is read as long as the file is large enough for it.
    let noise = sample(1, proptest::collection::vec(b'a'..=b'z', 150_000));
    let last = [bomb(5, b" "), gzip(a.as_bytes())].concat();
    let seen = read(gzip(&tar(&[("noise", &noise), ("a.gz", &last)])));
    assert_eq!((seen.names(), seen.codes()), (vec!["A".to_owned()], vec!["not_json"]));
}

#[test]
fn nesting_is_bounded() {
    let a = event("A");
    let (mut packed, mut archived) = (a.clone().into_bytes(), a.clone().into_bytes());
    for depth in 1..=8 {
        packed = gzip(&packed);
        archived = tar(&[("x", &archived)]);
        let seen = read(&packed);
        assert_eq!(
            (seen.names().len(), seen.codes().len()),
            if depth <= 5 { (1, 0) } else { (0, 1) },
            "{depth}"
        );
        let seen = read(&archived);
        assert_eq!(
            (seen.names().len(), seen.codes().len()),
            if depth <= 2 { (1, 0) } else { (0, 1) },
            "{depth}"
        );
    }
    // An archive inside an envelope is read, a compression inside a compressed one not.
    let inside = |bytes: &[u8]| format!(r#"{{"awslogs":{{"data":"{}"}}}}"#, super::base64(bytes));
    assert_eq!(read(inside(ZIP)).names(), ["A", "B"]);
    assert_eq!(read(inside(&gzip(&gzip(a.as_bytes())))).names(), ["A"]);
    assert_eq!(read(inside(&gzip(inside(&gzip(a.as_bytes())).as_bytes()))).codes(), ["unreadable"]);
}

#[test]
fn a_hundred_thousand_files() {
    let a = event("A");
    let content: Vec<&[u8]> = vec![b"{}", a.as_bytes(), b"\0"];
    let names: Vec<String> = (0..100_000).map(|n| format!("../{n}")).collect();
    let files: Vec<(&str, &[u8])> =
        names.iter().enumerate().map(|(n, name)| (name.as_str(), content[n % 3])).collect();
    let zipped: Vec<_> = files.iter().map(|(name, content)| (*name, *content, Zipped::default())).collect();
    for bytes in [tar(&files), zip(&zipped)] {
        let seen = read(&bytes);
        // Of the objects that are no events only the first is said, and how many more there were.
        assert_eq!((seen.records.len(), seen.problems.len()), (33_333, 33_335));
        assert_eq!(seen.problems[0].2, "in '../0': not a CloudTrail event: an empty object");
        let last = seen.problems.last().expect("there");
        assert_eq!(last.2, "not a CloudTrail event, 33333 times more: an empty object");
    }
}

#[test]
fn mutated_archives_never_panic_and_never_depend_on_chunks() {
    let a = event("A");
    let how = Zipped { method: 8, behind: Some((true, 4)), ..Zipped::default() };
    let seeds: Vec<Vec<u8>> = vec![
        ZSTD.to_vec(),
        XZ.to_vec(),
        BZIP2.to_vec(),
        TAR_ZSTD.to_vec(),
        ZIP.to_vec(),
        STREAMED_ZIP.to_vec(),
        zip(&[("a", a.as_bytes(), how), ("b", &gzip(a.as_bytes()), Zipped::default())]),
        tar(&[("a", a.as_bytes())]),
        gzip(&gzip(a.as_bytes())),
        utf16(&format!("[{}]", text(&a)), false),
    ];
    check(2_000, (changed(seeds, 1..=4, b"P"), 1..=40_usize), |(bytes, size)| {
        let seen = read(&bytes.0);
        assert_eq!(read_chunks(bytes.0.chunks(size)), seen);
    });
}
