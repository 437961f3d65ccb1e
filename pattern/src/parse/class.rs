//! Classes in brackets.

use super::escape::Primitive;
use super::{IGNORE_SPACE, Parser, UNICODE};
use crate::set::{self, Keep, Range, Set};

/// As many ranges are gathered before they are put in order, and as many there may be then.
const MOST_ITEMS: usize = 1 << 14;

/// Names of ASCII's classes and their characters.
const POSIX: [(&str, &[Range]); 14] = [
    ("alnum", &[(48, 57), (65, 90), (97, 122)]),
    ("alpha", &[(65, 90), (97, 122)]),
    ("ascii", &[(0, 127)]),
    ("blank", &[(9, 9), (32, 32)]),
    ("cntrl", &[(0, 31), (127, 127)]),
    ("digit", &[(48, 57)]),
    ("graph", &[(33, 126)]),
    ("lower", &[(97, 122)]),
    ("print", &[(32, 126)]),
    ("punct", &[(33, 47), (58, 64), (91, 96), (123, 126)]),
    ("space", &[(9, 13), (32, 32)]),
    ("upper", &[(65, 90)]),
    ("word", &[(48, 57), (65, 90), (95, 95), (97, 122)]),
    ("xdigit", &[(48, 57), (65, 70), (97, 102)]),
];

/// The items between two operators.
#[derive(Default)]
struct Items {
    /// Of small items, in any order.
    ranges: Vec<Range>,
    /// Of large ones, which are put in order at once.
    set: Set,
    count: usize,
    depth: u32,
}

impl Items {
    fn add(&mut self, ranges: &[Range], depth: u32) {
        if ranges.len() > 32 {
            self.set = set::combine(&self.set, ranges, set::UNION);
        } else {
            self.ranges.extend_from_slice(ranges);
        }
        self.count += 1;
        self.depth = self.depth.max(depth);
    }

    fn all(&self) -> Set {
        set::combine(&set::from_ranges(&self.ranges), &self.set, set::UNION)
    }

    fn add_char(&mut self, c: char) {
        self.add(&[(u32::from(c), u32::from(c))], 0);
    }
}

/// A class that is being read.
struct Open {
    from: usize,
    negated: bool,
    items: Items,
    /// What stands before an operator, which one, and how deep that is nested.
    left: Option<(Set, Keep, u32)>,
}

impl Parser<'_> {
    /// A class, from its `[` on, and how deep it is nested. Classes that are open wait on a stack of their own.
    pub(super) fn bracket(&mut self) -> Option<(Set, u32)> {
        let mut class = self.open();
        let mut outer: Vec<Open> = Vec::new();
        loop {
            self.skip();
            let keep = match self.peek() {
                None => {
                    self.at = class.from + 1;
                    return self.fail(class.from, "a class is not closed");
                }
                Some(']') => {
                    self.bump();
                    let (set, depth) = self.operand(class.left, class.items)?;
                    let mut set = self.folded(set);
                    if class.negated {
                        set = self.negated(class.from, &set)?;
                    }
                    let depth = self.deeper(depth)?;
                    let Some(parent) = outer.pop() else { return Some((set, depth)) };
                    class = parent;
                    class.items.add(&set, depth);
                    0
                }
                Some('[') => {
                    if !self.posix(&mut class.items)? {
                        let inner = self.open();
                        outer.push(std::mem::replace(&mut class, inner));
                    }
                    0
                }
                _ if self.bump_if("&&") => set::INTERSECTION,
                _ if self.bump_if("--") => set::DIFFERENCE,
                _ if self.bump_if("~~") => set::EITHER,
                Some(_) => {
                    self.range(&mut class.items)?;
                    0
                }
            };
            if keep != 0 {
                let (set, depth) = self.operand(class.left, std::mem::take(&mut class.items))?;
                class.left = Some((set, keep, depth));
            } else if class.items.ranges.len() > MOST_ITEMS {
                class.items.set = class.items.all();
                class.items.ranges = Vec::new();
            }
            if class.items.set.len() > MOST_ITEMS {
                return self.fail(class.from, "it is too large");
            }
        }
    }

    /// The start of a class, with the hyphens or the bracket that stand for themselves there.
    fn open(&mut self) -> Open {
        let from = self.at;
        self.bump_and_skip();
        let negated = self.peek() == Some('^');
        if negated {
            self.bump_and_skip();
        }
        let mut items = Items::default();
        while self.peek() == Some('-') {
            items.add_char('-');
            self.bump_and_skip();
        }
        if items.count == 0 && self.peek() == Some(']') {
            items.add_char(']');
            self.bump_and_skip();
        }
        Open { from, negated, items, left: None }
    }

    /// What stands left of an operator or of the end, with the operator before that.
    fn operand(&mut self, left: Option<(Set, Keep, u32)>, items: Items) -> Option<(Set, u32)> {
        let right = items.all();
        let depth = if items.count > 1 { self.deeper(items.depth)? } else { items.depth };
        let Some((left, keep, left_depth)) = left else { return Some((right, depth)) };
        // Both sides get their other cases before they are compared.
        let set = set::combine(&self.folded(left), &self.folded(right), keep);
        Some((set, self.deeper(depth.max(left_depth))?))
    }

    /// A class such as `[:alpha:]`, if there is one.
    fn posix(&mut self, items: &mut Items) -> Option<bool> {
        let from = self.at;
        let Some(inside) = self.rest().strip_prefix("[:") else { return Some(false) };
        let (name, negated) = match inside.strip_prefix('^') {
            Some(name) => (name, true),
            None => (inside, false),
        };
        for (known, ranges) in POSIX {
            if name.strip_prefix(known).is_some_and(|rest| rest.starts_with(":]")) {
                self.at += 4 + usize::from(negated) + known.len();
                let set = self.folded(ranges.to_vec());
                items.add(&if negated { self.negated(from, &set)? } else { set }, 0);
                return Some(true);
            }
        }
        Some(false)
    }

    /// A character, an escape, or a range of characters.
    fn range(&mut self, items: &mut Items) -> Option<()> {
        let from = self.at;
        let first = self.literal_or_escape()?;
        self.skip();
        if self.peek() != Some('-') || matches!(self.behind_hyphen(), Some(']' | '-')) {
            match first {
                Primitive::Set(set) => items.add(&set, 0),
                first => {
                    let c = self.bound(from, first)?;
                    items.add_char(c);
                }
            }
            return Some(());
        }
        let first = self.bound(from, first)?;
        self.bump_and_skip();
        if self.peek().is_none() {
            return self.fail(from, "a class is not closed");
        }
        let last = self.literal_or_escape()?;
        let last = self.bound(from, last)?;
        if last < first {
            return self.fail(from, "a range ends before it begins");
        }
        items.add(&[(u32::from(first), u32::from(last))], 0);
        Some(())
    }

    /// The character behind a hyphen; and behind white space and the sign of a comment where they mean nothing.
    fn behind_hyphen(&self) -> Option<char> {
        let mut rest = self.rest().chars();
        rest.next();
        if self.flags & IGNORE_SPACE == 0 {
            return rest.next();
        }
        let mut comment = false;
        rest.find(|c| {
            let sign = *c == '#' && !comment;
            comment |= sign;
            !sign && !c.is_whitespace()
        })
    }

    /// A character that stands for itself or ends a range.
    fn bound(&mut self, from: usize, primitive: Primitive) -> Option<char> {
        match primitive {
            Primitive::Char(c) if c.is_ascii() || self.flags & UNICODE != 0 => Some(c),
            Primitive::Char(_) => self.fail(from, "without Unicode, a class has only ASCII characters"),
            _ => self.fail(from, "this is no character, which a class or a range needs"),
        }
    }
}
