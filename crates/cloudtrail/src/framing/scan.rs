//! Finds the end of one JSON value, in any number of pieces, by its grammar down to strings.
//!
//! This is the hot loop of reading: every byte of a record that is evaluated passes here once. On its way the scan notes where
//! the members of the outermost object stand, so that no one has to look for an event's columns again.

use crate::structure::quotes_and_slashes;
use kql::value::raw;

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
    members: Members,
}

/// Where a member of an object stands in the object's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// Its key, between the quotes.
    key: [u32; 2],
    value: [u32; 2],
}

impl Member {
    /// The key, without quotes but with its escapes.
    pub fn key<'a>(&self, object: &'a [u8]) -> &'a [u8] {
        object.get(self.key[0] as usize..self.key[1] as usize).unwrap_or_default()
    }

    /// The value.
    pub fn value<'a>(&self, object: &'a [u8]) -> &'a [u8] {
        object.get(self.value[0] as usize..self.value[1] as usize).unwrap_or_default()
    }

    /// Whether its key is spelt like this.
    #[inline]
    fn is_spelt(&self, object: &[u8], key: &[u8]) -> bool {
        // Keys differ in their length or at their end, mostly. To call `memcmp` for each would cost more than all else here.
        let ends_alike = |spelt: &[u8]| spelt.last_chunk::<4>() == key.last_chunk() && spelt == key;
        (self.key[1] - self.key[0]) as usize == key.len() && ends_alike(self.key(object))
    }
}

/// What is known of an object that was scanned.
#[derive(Clone, Copy, Debug)]
pub struct Outline<'a> {
    /// All its members. [`Items`](raw::Items) would give the same, and nothing wrong with any. The object does not nest deeper
    /// than is read.
    pub members: &'a [Member],
    /// Whether no white space is outside its strings.
    pub minified: bool,
    /// Whether no key of a member has an escape.
    pub plain_keys: bool,
    /// The members that every event is asked for.
    pub core: Core,
}

/// Which members of an object are `eventName`, `eventSource` and `eventTime`: of equal keys the last.
#[derive(Clone, Copy, Debug, Default)]
pub struct Core {
    name: Option<u8>,
    source: Option<u8>,
    time: Option<u8>,
}

impl<'a> Outline<'a> {
    /// The value of `eventName`.
    pub fn name<'r>(&self, object: &'r [u8]) -> Option<&'r [u8]> {
        self.value(self.core.name, object)
    }

    /// The value of `eventSource`.
    pub fn source<'r>(&self, object: &'r [u8]) -> Option<&'r [u8]> {
        self.value(self.core.source, object)
    }

    /// The value of `eventTime`.
    pub fn time<'r>(&self, object: &'r [u8]) -> Option<&'r [u8]> {
        self.value(self.core.time, object)
    }

    /// The value of the last member whose key is spelt like this.
    pub fn spelt<'r>(&self, object: &'r [u8], key: &str) -> Option<&'r [u8]> {
        let member = self.members.iter().rev().find(|member| member.is_spelt(object, key.as_bytes()))?;
        Some(member.value(object))
    }

    fn value<'r>(&self, member: Option<u8>, object: &'r [u8]) -> Option<&'r [u8]> {
        Some(self.members.get(usize::from(member?))?.value(object))
    }
}

/// So many members are noted. An event has thirty at most.
const MAX_MEMBERS: usize = 256;

/// The members of the outermost object.
#[derive(Clone, Debug)]
struct Members {
    list: Vec<Member>,
    /// The one that is being read.
    next: Member,
    /// Whether the list holds all of them, and whoever reads the object value by value finds nothing wrong with it.
    complete: bool,
    /// Whether there was no white space outside strings so far.
    minified: bool,
    /// Whether no key had an escape so far.
    plain_keys: bool,
    core: Core,
}

impl Default for Members {
    fn default() -> Members {
        Members {
            list: Vec::new(),
            next: Member::default(),
            complete: true,
            minified: true,
            plain_keys: true,
            core: Core::default(),
        }
    }
}

impl Members {
    fn clear(&mut self) {
        self.list.clear();
        (self.complete, self.minified, self.plain_keys) = (true, true, true);
        self.core = Core::default();
    }

    /// Where the member that is being read will stand.
    fn at(&self) -> Option<u8> {
        u8::try_from(self.list.len()).ok()
    }

    /// A value ended before this byte, and with it the member.
    fn end(&mut self, end: usize) {
        self.next.value[1] = end as u32;
        if self.list.len() < MAX_MEMBERS {
            self.list.push(self.next);
        } else {
            self.complete = false;
        }
    }
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
    #[inline]
    fn key(&mut self, key: &[u8], plain: bool, end: usize, members: &mut Members) {
        self.version_first |= !self.any && key == b"eventVersion";
        self.any = true;
        match key {
            b"eventName" => {
                self.name = true;
                members.core.name = members.at();
            }
            b"eventTime" => members.core.time = members.at(),
            b"eventSource" => {
                members.core.source = members.at();
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
            members: Members::default(),
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
        self.members.clear();
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

    /// The outline of the value that ended, if it is an object. `None` if not all of it is sure.
    pub fn outline(&self) -> Option<Outline<'_>> {
        let Members { list, complete, minified, plain_keys, core, .. } = &self.members;
        complete.then_some(Outline {
            members: list,
            minified: *minified,
            plain_keys: *plain_keys,
            core: *core,
        })
    }

    /// A key of the outermost object ended with this quote. These are its bytes in this run, `plain` if without an escape.
    #[inline]
    fn end_key(&mut self, bytes: &[u8], plain: bool, quote: usize) {
        self.members.next.key[1] = quote as u32;
        if plain && self.cut_key.is_empty() {
            self.seen.key(bytes, true, quote + 1, &mut self.members);
        } else {
            self.end_odd_key(bytes, plain, quote + 1);
        }
    }

    fn end_odd_key(&mut self, bytes: &[u8], plain: bool, end: usize) {
        let mut key = std::mem::take(&mut self.cut_key);
        key.extend_from_slice(bytes.get(..LONGEST_KEY).unwrap_or(bytes));
        self.members.plain_keys &= plain && !key.contains(&b'\\');
        self.seen.key(raw::unescape(&key).as_bytes(), false, end, &mut self.members);
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
        self.members.complete &= self.depth <= raw::MAX_DEPTH;
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
        // Where the key begins, or goes on, and whether it has no escape from there on.
        let (mut key, mut plain) = (0, true);
        let mut marks = Marks::new(bytes);
        loop {
            if want == Want::InKey {
                let Some(n) = marks.next(i) else {
                    if self.depth == 1 {
                        self.cut_key(bytes.get(key..).unwrap_or_default());
                    }
                    return (Step::More, want);
                };
                i = n + 1;
                if bytes.get(n) != Some(&b'"') {
                    plain = false;
                    want = Want::EscapeInKey;
                } else {
                    if self.depth == 1 {
                        self.end_key(bytes.get(key..n).unwrap_or_default(), plain, self.read + n);
                    }
                    // Mostly a text is its value.
                    want = Want::Colon;
                    if next_two(bytes, i) == Some(b":\"") {
                        self.begin_value(i + 1);
                        i += 2;
                        want = Want::InText;
                    }
                }
            }
            if want == Want::InText {
                let Some(n) = marks.next(i) else {
                    return (Step::More, want);
                };
                i = n + 1;
                if bytes.get(n) != Some(&b'"') {
                    want = Want::EscapeInText;
                } else {
                    match self.depth {
                        0 => return (Step::End(i), want),
                        1 => self.members.end(self.read + i),
                        _ => {}
                    }
                    // And mostly the next member follows at once.
                    want = Want::CommaOrEnd;
                    if next_two(bytes, i) == Some(b",\"") && self.kinds & 1 == 1 {
                        i += 2;
                        (key, plain) = (i, true);
                        self.begin_key(i);
                        want = Want::InKey;
                        continue;
                    }
                }
            }
            match want {
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
                    match self.depth {
                        0 => return (Step::End(i), want),
                        1 => self.members.end(self.read + i),
                        _ => {}
                    }
                    want = Want::CommaOrEnd;
                }
                _ => {}
            }
            let Some(&b) = bytes.get(i) else {
                return (Step::More, want);
            };
            if matches!(b, b' ' | b'\t' | b'\n' | b'\r') {
                self.members.minified = false;
                i += 1;
                continue;
            }
            let object = self.kinds & 1 == 1;
            want = match (want, b) {
                (Want::Colon, b':') => Want::Value,
                (Want::CommaOrEnd, b',') if object => Want::Key,
                (Want::CommaOrEnd, b',') => Want::Value,
                (Want::Key | Want::KeyOrEnd, b'"') => {
                    (key, plain) = (i + 1, true);
                    self.begin_key(key);
                    Want::InKey
                }
                (Want::Value | Want::ItemOrEnd, b'"') => {
                    self.begin_value(i);
                    Want::InText
                }
                (Want::Value | Want::ItemOrEnd, b'{') => {
                    self.begin_value(i);
                    self.push(true);
                    Want::KeyOrEnd
                }
                (Want::Value | Want::ItemOrEnd, b'[') => {
                    self.begin_value(i);
                    self.push(false);
                    if self.watch && self.depth == 2 && self.kinds & 2 == 2 {
                        return (Step::Array(i + 1), Want::ItemOrEnd);
                    }
                    Want::ItemOrEnd
                }
                (Want::CommaOrEnd | Want::KeyOrEnd, b'}') if object => {
                    self.pop();
                    match self.depth {
                        0 => return (Step::End(i + 1), want),
                        1 => self.members.end(self.read + i + 1),
                        _ => {}
                    }
                    Want::CommaOrEnd
                }
                (Want::CommaOrEnd | Want::ItemOrEnd, b']') if !object => {
                    self.pop();
                    match self.depth {
                        0 => return (Step::End(i + 1), want),
                        1 => self.members.end(self.read + i + 1),
                        _ => {}
                    }
                    Want::CommaOrEnd
                }
                (Want::Value | Want::ItemOrEnd, _) if is_scalar(b) => {
                    self.begin_value(i);
                    // Whoever reads values takes none of these for the beginning of one.
                    self.members.complete &= !matches!(b, b'+' | b'.');
                    Want::InScalar
                }
                _ => return (Step::Bad(i), want),
            };
            i += 1;
        }
    }

    /// A key begins with this byte of the run, behind its quote.
    fn begin_key(&mut self, at: usize) {
        if self.depth == 1 {
            self.members.next.key[0] = (self.read + at) as u32;
        }
    }

    /// A value begins with this byte of the run.
    fn begin_value(&mut self, at: usize) {
        if self.depth == 1 {
            self.members.next.value[0] = (self.read + at) as u32;
        }
    }
}

/// Where the quotes and backslashes of a text stand, found for 64 bytes at once.
struct Marks<'a> {
    bytes: &'a [u8],
    /// Where the bytes begin that were looked at.
    from: usize,
    found: u64,
}

impl<'a> Marks<'a> {
    fn new(bytes: &'a [u8]) -> Marks<'a> {
        Marks { bytes, from: 0, found: 0 }
    }

    /// The first from a byte on, which is not before the one that was asked for last.
    #[inline]
    fn next(&mut self, mut at: usize) -> Option<usize> {
        let behind = at.wrapping_sub(self.from);
        let found = if behind < 64 { self.found >> behind } else { 0 };
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize);
        }
        if behind < 64 && self.found != 0 {
            at = self.from + 64;
        }
        loop {
            let rest = self.bytes.get(at..)?;
            self.found = match rest.first_chunk() {
                Some(block) => quotes_and_slashes(block),
                None if rest.is_empty() => return None,
                None => {
                    let mut block = [0; 64];
                    block.get_mut(..rest.len())?.copy_from_slice(rest);
                    quotes_and_slashes(&block)
                }
            };
            self.from = at;
            if self.found != 0 {
                return Some(at + self.found.trailing_zeros() as usize);
            }
            at += 64;
        }
    }
}

/// The two bytes from a place on.
#[inline]
fn next_two(bytes: &[u8], at: usize) -> Option<&[u8; 2]> {
    bytes.get(at..).and_then(|b| b.first_chunk())
}

fn is_scalar(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.')
}

#[cfg(test)]
mod tests {
    use super::{Outline, Scan, Step};
    use kql::value::raw::{self, Items, MAX_DEPTH};
    use std::borrow::Cow;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// What a scan of an object in two pieces knows of it: its members, and whether it is minified.
    #[allow(clippy::type_complexity, reason = "a test's own")]
    fn outline(object: &str, cut: usize) -> Option<(Vec<(Vec<u8>, Vec<u8>)>, bool)> {
        outlined(object, cut, |outline| {
            let bytes = object.as_bytes();
            let members = outline.members.iter();
            (members.map(|m| (m.key(bytes).to_vec(), m.value(bytes).to_vec())).collect(), outline.minified)
        })
    }

    fn outlined<T>(object: &str, cut: usize, show: impl Fn(Outline<'_>) -> T) -> Option<T> {
        let (first, second) = object.as_bytes().split_at(cut);
        let mut scan = Scan::new(false);
        let ends = matches!(scan.run(first), Step::End(n) if n == object.len())
            || matches!(scan.run(second), Step::End(n) if cut + n == object.len());
        assert!(ends, "{object}");
        scan.outline().map(show)
    }

    #[test]
    fn of_equal_keys_the_last_is_known() {
        let object =
            r#"{"eventName":"a","event\u004eame":"b","eventTime":1,"x":{"eventTime":2},"eventTime":[3]}"#;
        let bytes = object.as_bytes();
        for cut in 0..object.len() {
            let core = outlined(object, cut, |o| [o.name(bytes), o.source(bytes), o.time(bytes)]);
            assert_eq!(core, Some([Some(&b"\"b\""[..]), None, Some(b"[3]")]), "at {cut}");
        }
    }

    #[test]
    fn an_outline_is_what_reading_the_members_gives() {
        let deep = |n: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(n), "]".repeat(n));
        let many = format!("{{{}\"z\":1}}", "\"k\":[],".repeat(255));
        let objects = [
            "{}".to_owned(),
            r#"{"a":"b"}"#.to_owned(),
            r#"{"a":"b","a":"c","":"","d":{"e":"f","g":["h",{"i":"j"}]},"k":[],"l":{}}"#.to_owned(),
            r#"{"a\"b":"c\\","\u0061":"\"","d":-1.5e+3,"e":null,"f":true}"#.to_owned(),
            "{ \"a\" : \"b c\" ,\n\"d\":[ 1 , 2 ],\t\"e\":1 }".to_owned(),
            "{\"a\":[{\"b\": 1}]}".to_owned(),
            deep(MAX_DEPTH - 1),
            many,
        ];
        for object in &objects {
            let items: Vec<_> = Items::open(object.as_bytes()).into_iter().flatten().flatten().collect();
            let items: Vec<_> = items.iter().map(|(k, v)| (k.to_vec(), v.to_vec())).collect();
            let minified = matches!(raw::minify(object.as_bytes()), Cow::Borrowed(_));
            let plain = !items.iter().any(|(key, _)| key.contains(&b'\\'));
            for cut in 0..object.len() {
                assert_eq!(outline(object, cut), Some((items.clone(), minified)), "{object} at {cut}");
                assert_eq!(outlined(object, cut, |o| o.plain_keys), Some(plain), "{object} at {cut}");
            }
        }
    }

    #[test]
    fn a_member_is_found_by_its_key() {
        let object = r#"{"a":1,"eventID":2,"errorCode":3,"errorCode":4,"errorCodes":5,"":6,"ErrorCode":7,"x":{"abcd":8}}"#;
        let found =
            |key| outlined(object, 9, |o| o.spelt(object.as_bytes(), key).map(<[u8]>::to_vec)).flatten();
        for (key, value) in [
            ("a", "1"),
            ("eventID", "2"),
            ("errorCode", "4"),
            ("errorCodes", "5"),
            ("", "6"),
            ("ErrorCode", "7"),
        ] {
            assert_eq!(found(key), Some(value.as_bytes().to_vec()), "{key}");
        }
        for key in ["b", "eventId", "rrorCode", "abcd"] {
            assert_eq!(found(key), None, "{key}");
        }
    }

    #[test]
    fn what_is_not_sure_has_no_outline() {
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        let many = format!("{{{}\"z\":1}}", "\"k\":[],".repeat(256));
        // Whoever reads values takes the last two for broken.
        for object in [&*deep, &*many, r#"{"a":.5}"#, r#"{"a":{"b":[+1]}}"#] {
            assert_eq!(outline(object, 1), None, "{object}");
        }
    }
}
