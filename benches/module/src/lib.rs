//! What `benches/run.mjs` measures, as plain C exports. Every function takes bytes that the host wrote into memory that
//! [`reserve`] gave it.

use flate2::{Decompress, FlushDecompress, Status};
use forepost::detector::{Detector, Options, RuleFile};
use forepost::host::json;
use memchr::{memchr, memmem};
use serde::Deserialize;
use std::cell::RefCell;

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
    static DETECTOR: RefCell<Option<Detector>> = const { RefCell::new(None) };
}

/// Room for `len` bytes of input; the bytes of earlier calls are kept if it is not larger.
#[unsafe(no_mangle)]
pub extern "C" fn reserve(len: usize) -> *mut u8 {
    INPUT.with_borrow_mut(|input| {
        if input.len() < len {
            *input = vec![0; len];
        }
        input.as_mut_ptr()
    })
}

fn with<T>(len: usize, f: impl FnOnce(&[u8]) -> T) -> T {
    INPUT.with_borrow(|input| f(&input[..len]))
}

/// The bytes of the last text result; its length is what the call returned.
#[unsafe(no_mangle)]
pub extern "C" fn text() -> *const u8 {
    TEXT.with_borrow(|t| t.as_ptr())
}

fn give(text: String) -> usize {
    let len = text.len();
    TEXT.set(text);
    len
}

#[derive(Deserialize)]
struct File {
    file: String,
    text: String,
}

/// A detector of `[{"file","text"}]`; of the built-in rules if that is empty. 0 if the rules do not compile.
#[unsafe(no_mangle)]
pub extern "C" fn detector(len: usize) -> u32 {
    let files: Vec<File> = with(len, |b| serde_json::from_slice(b).unwrap());
    let files: Vec<RuleFile> = files.into_iter().map(|File { file, text }| RuleFile { file, text }).collect();
    let made = Detector::new(&files, Options::default()).ok();
    let ok = made.is_some();
    DETECTOR.set(made);
    u32::from(ok)
}

/// Turns the detector's sieve off.
#[unsafe(no_mangle)]
pub extern "C" fn evaluate_everything() {
    DETECTOR.with_borrow_mut(|d| d.as_mut().unwrap().evaluate_everything());
}

/// Bytes of the current input.
#[unsafe(no_mangle)]
pub extern "C" fn push(len: usize) {
    with(len, |b| DETECTOR.with_borrow_mut(|d| d.as_mut().unwrap().push(b)));
}

/// The current input ended.
#[unsafe(no_mangle)]
pub extern "C" fn end_input() {
    DETECTOR.with_borrow_mut(|d| d.as_mut().unwrap().end_input());
}

/// Concludes; the alerts are the text.
#[unsafe(no_mangle)]
pub extern "C" fn finish() -> usize {
    DETECTOR.with_borrow_mut(|d| {
        let d = d.as_mut().unwrap();
        d.finish();
        let texts = std::iter::from_fn(|| Some(json::alerts(&d.take_alerts())).filter(|text| !text.is_empty()));
        give(texts.collect())
    })
}

/// The detector's counters as the text.
#[unsafe(no_mangle)]
pub extern "C" fn stats() -> usize {
    DETECTOR.with_borrow(|d| give(json::stats(&d.as_ref().unwrap().stats())))
}

/// The machine's limit for one rule: the lines in which both literals stand. Gives the lines.
#[unsafe(no_mangle)]
pub extern "C" fn two_literals(len: usize) -> usize {
    let (name, value) = (memmem::Finder::new("PutImageScanningConfiguration"), memmem::Finder::new("\"scanOnPush\":false"));
    with(len, |mut rest| {
        let (mut lines, mut both) = (0, 0);
        while let Some(end) = memchr(b'\n', rest) {
            let (line, next) = rest.split_at(end + 1);
            both += usize::from(name.find(line).is_some() | value.find(line).is_some());
            lines += 1;
            rest = next;
        }
        std::hint::black_box(both);
        lines
    })
}

/// The same over the buffer: one literal.
#[unsafe(no_mangle)]
pub extern "C" fn one_literal(len: usize) -> usize {
    with(len, |b| memmem::find_iter(b, "PutImageScanningConfiguration").count())
}

thread_local! {
    static INFLATE: RefCell<(Decompress, Vec<u8>)> = RefCell::new((Decompress::new_gzip(15), vec![0; 256 << 10]));
}

/// Inflates one gzip member and throws the bytes away; gives how many there were.
#[unsafe(no_mangle)]
pub extern "C" fn inflate(len: usize) -> usize {
    with(len, |input| {
        INFLATE.with_borrow_mut(|(inflate, out)| {
            inflate.reset(true);
            loop {
                let rest = &input[inflate.total_in() as usize..];
                match inflate.decompress(rest, out, FlushDecompress::None) {
                    Ok(Status::StreamEnd) | Err(_) => return inflate.total_out() as usize,
                    Ok(_) => {}
                }
            }
        })
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
struct Typed<'a> {
    event_name: &'a str,
    event_source: &'a str,
    event_time: Option<&'a str>,
    #[serde(borrow)]
    aws_region: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    error_code: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, rename = "sourceIPAddress")]
    source_ip_address: Option<std::borrow::Cow<'a, str>>,
}

/// Each line into a struct of six borrowed fields; gives how many have the name.
#[unsafe(no_mangle)]
pub extern "C" fn serde_typed(len: usize) -> usize {
    let mut hits = 0;
    with(len, |mut rest| {
        while let Some(end) = memchr(b'\n', rest) {
            let (line, next) = rest.split_at(end + 1);
            let typed: Result<Typed, _> = serde_json::from_slice(line);
            hits += usize::from(typed.is_ok_and(|t| t.event_name == "PutImageScanningConfiguration"));
            rest = next;
        }
    });
    hits
}
