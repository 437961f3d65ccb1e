//! Finds the end of one JSON value, in any number of pieces, by its grammar down to strings.
//!
//! This is the hot loop of reading: every byte outside compressed data passes here once.

use kql::value::raw::{self, quote_or_escape};

/// The place in one value's grammar.
#[derive(Clone, Debug)]
pub struct Scan {
    want: Want,
    depth: usize,
    /// The kinds of the innermost 64 open brackets, the last in the lowest bit: 1 for an object.
    kinds: u64,
    /// The kinds further out.
    more: Vec<u64>,
    /// Whether to stop at arrays directly in the outermost object.
    watch: bool,
    /// Bytes read in earlier runs.
    read: usize,
    seen: Seen,
    /// The beginning of a key of the outermost object that the last run cut.
    cut_key: Vec<u8>,
}

/// The longest text of a key that an event has, if all of it is escaped, with some room.
const LONGEST_KEY: usize = 128;

/// The keys of an event that were met directly in the outermost object.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    any: bool,
    /// The first is `eventVersion`.
    version_first: bool,
    name: bool,
    source: bool,
    /// The key `eventSource` stands there once, in plain text, and its value behind here.
    source_at: Option<usize>,
}

impl Seen {
    /// A key ended. `plain`: its text stands in the bytes as it is.
    fn key(&mut self, key: &[u8], plain: bool, end: usize) {
        self.version_first |= !self.any && key == b"eventVersion";
        self.any = true;
        match key {
            b"eventName" => self.name = true,
            b"eventSource" => {
                self.source_at = Some(end).filter(|_| plain && !self.source);
                self.source = true;
            }
            _ => {}
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Want {
    Value,
    ItemOrEnd,
    KeyOrEnd,
    Key,
    Colon,
    CommaOrEnd,
    InKey,
    InText,
    EscapeInKey,
    EscapeInText,
    InScalar,
}

/// How far a run came.
pub enum Step {
    /// The value ends before this byte.
    End(usize),
    /// An array directly in the outermost object opened before this byte.
    Array(usize),
    /// All was read, and the value goes on.
    More,
    /// This byte cannot stand there.
    Bad(usize),
}

impl Scan {
    /// A scan at the start of a value. If `watch`, it stops at arrays directly in the outermost object.
    pub fn new(watch: bool) -> Scan {
        Scan {
            want: Want::Value,
            depth: 0,
            kinds: 0,
            more: Vec::new(),
            watch,
            read: 0,
            seen: Seen::default(),
            cut_key: Vec::new(),
        }
    }

    /// As new, with the memory kept.
    pub fn reset(&mut self, watch: bool) {
        self.want = Want::Value;
        self.depth = 0;
        self.kinds = 0;
        self.more.clear();
        self.watch = watch;
        self.read = 0;
        self.seen = Seen::default();
        self.cut_key.clear();
    }

    /// The scan of the object around the array that just opened, as if the array had ended.
    pub fn around(&mut self) -> Scan {
        self.pop();
        let after = Scan { want: Want::CommaOrEnd, ..self.clone() };
        self.reset(false);
        after
    }

    /// Where the value of the key `eventSource` follows, counted from the value's start: if `eventName` and
    /// `eventSource` were met directly in the outermost object and the second just once. `None` says nothing.
    pub fn event_source(&self) -> Option<usize> {
        self.seen.source_at.filter(|_| self.seen.name)
    }

    /// Whether the outermost object is an event itself, by the keys so far.
    pub fn is_event(&self) -> bool {
        self.seen.version_first || self.seen.name && self.seen.source
    }

    /// A key of the outermost object ended; these are its bytes in this run.
    fn end_key(&mut self, bytes: &[u8], end: usize) {
        if self.cut_key.is_empty() && !bytes.contains(&b'\\') {
            return self.seen.key(bytes, true, end);
        }
        let mut key = std::mem::take(&mut self.cut_key);
        key.extend_from_slice(bytes.get(..LONGEST_KEY).unwrap_or(bytes));
        self.seen.key(raw::unescape(&key).as_bytes(), false, end);
    }

    /// The run ends in a key of the outermost object; these are its bytes so far.
    fn cut_key(&mut self, bytes: &[u8]) {
        let room = LONGEST_KEY.saturating_sub(self.cut_key.len());
        self.cut_key.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn push(&mut self, object: bool) {
        if self.depth.is_multiple_of(64) && self.depth > 0 {
            self.set_aside();
        }
        self.kinds = self.kinds << 1 | u64::from(object);
        self.depth += 1;
    }

    fn set_aside(&mut self) {
        self.more.push(self.kinds);
    }

    fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.kinds >>= 1;
        if self.depth.is_multiple_of(64)
            && let Some(kinds) = self.more.pop()
        {
            self.kinds = kinds;
        }
    }

    /// Reads on.
    pub fn run(&mut self, bytes: &[u8]) -> Step {
        let (step, want) = self.steps(bytes, self.want);
        self.want = want;
        self.read += match step {
            Step::End(n) | Step::Array(n) | Step::Bad(n) => n,
            Step::More => bytes.len(),
        };
        step
    }

    #[inline]
    fn steps(&mut self, bytes: &[u8], mut want: Want) -> (Step, Want) {
        let mut i = 0;
        // Where the key begins, or goes on.
        let mut key = 0;
        loop {
            match want {
                Want::InText | Want::InKey => {
                    let Some(n) = quote_or_escape(bytes, i) else {
                        if want == Want::InKey && self.depth == 1 {
                            self.cut_key(bytes.get(key..).unwrap_or_default());
                        }
                        return (Step::More, want);
                    };
                    i = n + 1;
                    want = match (bytes.get(n), want) {
                        (Some(b'"'), Want::InKey) => {
                            if self.depth == 1 {
                                self.end_key(bytes.get(key..n).unwrap_or_default(), self.read + i);
                            }
                            Want::Colon
                        }
                        (Some(b'"'), _) if self.depth == 0 => return (Step::End(i), want),
                        (Some(b'"'), _) => Want::CommaOrEnd,
                        (_, Want::InKey) => Want::EscapeInKey,
                        _ => Want::EscapeInText,
                    };
                    continue;
                }
                Want::EscapeInText | Want::EscapeInKey => {
                    if i >= bytes.len() {
                        if want == Want::EscapeInKey && self.depth == 1 {
                            self.cut_key(bytes.get(key..).unwrap_or_default());
                        }
                        return (Step::More, want);
                    }
                    i += 1;
                    want = if want == Want::EscapeInKey { Want::InKey } else { Want::InText };
                    continue;
                }
                Want::InScalar => {
                    while bytes.get(i).is_some_and(|b| is_scalar(*b)) {
                        i += 1;
                    }
                    if i >= bytes.len() {
                        return (Step::More, want);
                    }
                    if self.depth == 0 {
                        return (Step::End(i), want);
                    }
                    want = Want::CommaOrEnd;
                }
                _ => {}
            }
            let Some(&b) = bytes.get(i) else {
                return (Step::More, want);
            };
            if matches!(b, b' ' | b'\t' | b'\n' | b'\r') {
                i += 1;
                continue;
            }
            let object = self.kinds & 1 == 1;
            want = match (want, b) {
                (Want::Colon, b':') => Want::Value,
                (Want::CommaOrEnd, b',') if object => Want::Key,
                (Want::CommaOrEnd, b',') => Want::Value,
                (Want::Key | Want::KeyOrEnd, b'"') => {
                    key = i + 1;
                    Want::InKey
                }
                (Want::Value | Want::ItemOrEnd, b'"') => Want::InText,
                (Want::Value | Want::ItemOrEnd, b'{') => {
                    self.push(true);
                    Want::KeyOrEnd
                }
                (Want::Value | Want::ItemOrEnd, b'[') => {
                    self.push(false);
                    if self.watch && self.depth == 2 && self.kinds & 2 == 2 {
                        return (Step::Array(i + 1), Want::ItemOrEnd);
                    }
                    Want::ItemOrEnd
                }
                (Want::CommaOrEnd | Want::KeyOrEnd, b'}') if object => {
                    self.pop();
                    if self.depth == 0 {
                        return (Step::End(i + 1), want);
                    }
                    Want::CommaOrEnd
                }
                (Want::CommaOrEnd | Want::ItemOrEnd, b']') if !object => {
                    self.pop();
                    if self.depth == 0 {
                        return (Step::End(i + 1), want);
                    }
                    Want::CommaOrEnd
                }
                (Want::Value | Want::ItemOrEnd, _) if is_scalar(b) => Want::InScalar,
                _ => return (Step::Bad(i), want),
            };
            i += 1;
        }
    }
}

fn is_scalar(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.')
}
