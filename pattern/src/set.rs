//! Sets of characters.

/// A first and a last code point.
pub type Range = (u32, u32);

/// Ranges in order, none touching the next.
pub type Set = Vec<Range>;

/// Every code point.
pub const ALL: [Range; 1] = [(0, 0x10FFFF)];

/// How two sets are combined: bit 1 says whether what is in the first alone is kept, bit 2 in the second alone, bit 3
/// in both.
pub type Keep = u8;
/// In either.
pub const UNION: Keep = 0b1110;
/// In both.
pub const INTERSECTION: Keep = 0b1000;
/// In the first only.
pub const DIFFERENCE: Keep = 0b0010;
/// In one of them only.
pub const EITHER: Keep = 0b0110;

/// Where membership changes for the `i`th time.
fn edge(set: &[Range], i: usize) -> u32 {
    match set.get(i / 2) {
        Some(range) if i.is_multiple_of(2) => range.0,
        Some(range) => range.1 + 1,
        None => u32::MAX,
    }
}

/// One set of two: both are walked from edge to edge.
pub fn combine(a: &[Range], b: &[Range], keep: Keep) -> Set {
    let mut out = Set::new();
    let (mut i, mut j, mut inside) = (0, 0, false);
    loop {
        let (x, y) = (edge(a, i), edge(b, j));
        let at = x.min(y);
        if at == u32::MAX {
            return out;
        }
        i += usize::from(x == at);
        j += usize::from(y == at);
        let now = keep >> ((i & 1) | (j & 1) << 1) & 1 != 0;
        if now && !inside {
            out.push((at, at));
        } else if inside
            && !now
            && let Some(last) = out.last_mut()
        {
            last.1 = at - 1;
        }
        inside = now;
    }
}

/// A set of ranges in any order.
pub fn from_ranges(ranges: &[Range]) -> Set {
    if ranges.len() < 2 {
        return ranges.to_vec();
    }
    let (a, b) = ranges.split_at(ranges.len() / 2);
    combine(&from_ranges(a), &from_ranges(b), UNION)
}

/// Everything else.
pub fn negate(set: &[Range]) -> Set {
    combine(&ALL, set, DIFFERENCE)
}

/// Whether any code point from `first` to `last` is in the set.
pub fn overlaps(set: &[Range], first: u32, last: u32) -> bool {
    let i = set.partition_point(|r| r.1 < first);
    set.get(i).is_some_and(|r| r.0 <= last)
}
