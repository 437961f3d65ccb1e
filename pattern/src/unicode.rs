//! What Unicode says of characters: categories, case.
//!
//! The tables are generated (`tests.rs`) and read when a pattern asks for them, so a program without Unicode pays nothing.

use crate::set::{self, Range, Set};

mod case;
#[cfg(test)]
mod tests;

/// The general categories of all code points, in runs: a byte has the category in its low 5 bits and the length of the run
/// less 1 above them; a 7 there says that more of the length follows, 7 bits a byte, the lowest first.
const CATEGORIES: &[u8] = include_bytes!("unicode/categories.bin");

/// The categories' names in the order of their numbers, the longer name behind the shorter.
const NAMES: &str = "lu uppercaseletter|ll lowercaseletter|lt titlecaseletter|lm modifierletter|lo otherletter|\
    mn nonspacingmark|mc spacingmark|me enclosingmark|nd decimalnumber digit|nl letternumber|no othernumber|\
    pc connectorpunctuation|pd dashpunctuation|ps openpunctuation|pe closepunctuation|pi initialpunctuation|\
    pf finalpunctuation|po otherpunctuation|sm mathsymbol|sc currencysymbol|sk modifiersymbol|so othersymbol|\
    zs spaceseparator|zl lineseparator|zp paragraphseparator|cc control cntrl|cf format|co privateuse|cn unassigned";

/// The groups of categories, with the bits of those that are in them.
const GROUPS: [(&str, u32); 11] = [
    ("l letter", 0x1F),
    ("lc casedletter", 7),
    ("m mark combiningmark", 7 << 5),
    ("n number", 7 << 8),
    ("p punctuation punct", 0x7F << 11),
    ("s symbol", 0xF << 18),
    ("z separator", 7 << 22),
    ("c other", 0xF << 25),
    ("any", u32::MAX),
    ("assigned", !(1 << 28)),
    ("ascii", 0),
];

/// `\d`: decimal digits.
pub const DIGIT: u32 = 1 << 8;
/// Of `\w`: letters, marks, decimal digits, letter numbers, connectors.
const WORD: u32 = 0xFF | DIGIT | 1 << 9 | 1 << 11;
/// What else is `\w`: joiners, and symbols that are letters in a circle or a square.
const ALSO_WORD: [Range; 5] =
    [(0x200C, 0x200D), (0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)];
/// `\s`: white space.
const SPACE: [Range; 10] = [
    (9, 13),
    (32, 32),
    (0x85, 0x85),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
];

/// All characters of some categories, one bit each.
pub fn in_categories(mask: u32) -> Set {
    let mut out = Set::new();
    let (mut i, mut first) = (0, 0);
    while let Some(&byte) = CATEGORIES.get(i) {
        i += 1;
        let mut length = u32::from(byte >> 5) + 1;
        if length == 8 {
            let mut shift = 0;
            while let Some(&more) = CATEGORIES.get(i) {
                i += 1;
                length += u32::from(more & 0x7F) << shift;
                shift += 7;
                if more < 0x80 {
                    break;
                }
            }
        }
        let next = first + length;
        if mask >> (byte & 0x1F) & 1 != 0 {
            match out.last_mut() {
                Some(last) if last.1 + 1 == first => last.1 = next - 1,
                _ => out.push((first, next - 1)),
            }
        }
        first = next;
    }
    out
}

/// `\w`
pub fn word() -> Set {
    set::combine(&in_categories(WORD), &ALSO_WORD, set::UNION)
}

/// `\s`
pub fn space() -> Set {
    SPACE.to_vec()
}

/// The characters of a category or a group of categories, by a name in small letters without spaces, lines and hyphens.
pub fn named(name: &str) -> Option<Set> {
    let is_it = |names: &str| names.split(' ').any(|n| n == name);
    if let Some(number) = NAMES.split('|').position(is_it) {
        return Some(in_categories(1 << number));
    }
    let (_, mask) = GROUPS.into_iter().find(|(names, _)| is_it(names))?;
    Some(if mask == 0 { vec![(0, 0x7F)] } else { in_categories(mask) })
}

/// The first of a pair has the second as its small form.
const LOWER: u32 = 1;
/// Both are the same where case does not matter; all that are the same have one second in common.
const FOLD: u32 = 2;
/// The second of a pair has the first as its capital form.
const UPPER: u32 = 4;

/// A run of pairs of a capital character and its small form: the first capital, the last one, how far one is from the next,
/// how far a small form is behind its capital.
type Run = (u32, u32, u32, i32);

/// The `i`th run if it is of that kind.
fn run(i: usize, kind: u32) -> Option<Run> {
    let &(packed, delta) = case::RUNS.get(i)?;
    let (first, stride) = (packed & 0x1_FFFF, 1 + (packed >> 24 & 1));
    let last = first + stride * (packed >> 17 & 0x7F);
    // A run of another kind is an empty one.
    Some(if packed >> 25 & kind == 0 { (1, 0, 1, 0) } else { (first, last, stride, delta) })
}

/// The set with everything that differs from something in it by case alone.
pub fn fold(set: &[Range]) -> Set {
    let mut ranges = set.to_vec();
    let mut i = 0;
    while let Some((first, last, stride, delta)) = run(i, FOLD) {
        i += 1;
        add_images(&mut ranges, set, (first, last, stride), delta);
    }
    let small = set::from_ranges(&ranges);
    i = 0;
    while let Some((first, last, stride, delta)) = run(i, FOLD) {
        i += 1;
        let images = (first.wrapping_add_signed(delta), last.wrapping_add_signed(delta), stride);
        add_images(&mut ranges, &small, images, -delta);
    }
    set::from_ranges(&ranges)
}

/// Adds, of the characters of a run that are in the set, those that are `delta` behind them.
fn add_images(ranges: &mut Vec<Range>, set: &[Range], (first, last, stride): (u32, u32, u32), delta: i32) {
    if first > last || !set::overlaps(set, first, last) {
        return;
    }
    let mut c = first;
    while c <= last {
        if set::overlaps(set, c, c) {
            let image = c.wrapping_add_signed(delta);
            match ranges.last_mut() {
                Some(range) if range.1 + 1 == image => range.1 = image,
                _ => ranges.push((image, image)),
            }
        }
        c += stride;
    }
}

/// The small form of a character, if it has one and that is one character; otherwise itself. As .NET's invariant culture
/// has it, the Turkish `İ` has none.
pub fn to_lower(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let code = u32::from(c);
    let mut i = 0;
    while let Some((first, last, stride, delta)) = run(i, LOWER) {
        i += 1;
        if code >= first && code <= last && (code - first).is_multiple_of(stride) {
            return char::from_u32(code.wrapping_add_signed(delta)).unwrap_or(c);
        }
    }
    c
}

/// The capital form of a character, if it has one and that is one character; otherwise itself (`ß`). As .NET's invariant
/// culture has it, the Turkish `ı` has none.
pub fn to_upper(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_uppercase();
    }
    let mut i = 0;
    while let Some((first, last, stride, delta)) = run(i, UPPER) {
        i += 1;
        let code = u32::from(c).wrapping_add_signed(-delta);
        if code >= first && code <= last && (code - first).is_multiple_of(stride) {
            return char::from_u32(code).unwrap_or(c);
        }
    }
    c
}
