//! Groups and their branches, which is what a pattern is made of.

use super::Parser;
use crate::program::Step;

/// The flags' letters; each one's bit is at its place.
const FLAGS: &str = "imsUuRx";

/// What is known of the steps of a part of the pattern.
#[derive(Clone, Copy)]
pub struct Part {
    /// How deep it is nested.
    pub depth: u32,
    /// Whether it never takes a character.
    pub empty: bool,
    /// Whether it takes one wherever it matches.
    pub takes: bool,
    /// Whether it needs a character of an empty class.
    pub never: bool,
}

/// What takes no character.
pub const NOTHING: Part = Part { depth: 0, empty: true, takes: false, never: false };

impl Part {
    /// One behind the other.
    fn then(self, next: Part) -> Part {
        Part {
            depth: self.depth.max(next.depth),
            empty: self.empty && next.empty,
            takes: self.takes || next.takes,
            never: self.never || next.never,
        }
    }

    /// One or the other.
    fn or(self, other: Part) -> Part {
        Part {
            depth: self.depth.max(other.depth),
            empty: self.empty && other.empty,
            takes: self.takes && other.takes,
            never: self.never || other.never,
        }
    }
}

/// A group that is being read; the whole pattern is one.
struct Group {
    /// Where it begins, in the pattern and in the steps.
    from: usize,
    start: usize,
    /// The flags outside of it.
    flags: u8,
    number: Option<usize>,
    /// The branches before this one, and the steps that lead from their ends to the group's.
    branches: Option<Part>,
    jumps: Vec<usize>,
    /// Where this branch's steps begin, what is known of it but for its last item, and how many items it has.
    branch: usize,
    items: usize,
    whole: Part,
    /// What a repetition would repeat, and where its steps begin.
    last: Option<(usize, Part)>,
}

impl Group {
    fn new(from: usize, start: usize, flags: u8) -> Group {
        let (number, branches, jumps) = (None, None, Vec::new());
        Group {
            from,
            start,
            flags,
            number,
            branches,
            jumps,
            branch: start,
            items: 0,
            whole: NOTHING,
            last: None,
        }
    }

    /// Adds what a repetition may repeat.
    fn add(&mut self, start: usize, part: Part) {
        self.add_flags();
        self.last = Some((start, part));
    }

    /// Adds flags, which nothing can repeat.
    fn add_flags(&mut self) {
        self.items += 1;
        if let Some((_, last)) = self.last.take() {
            self.whole = self.whole.then(last);
        }
    }
}

impl<'p> Parser<'p> {
    /// The whole pattern. Groups that are open wait on a stack of their own.
    pub(super) fn groups(&mut self) -> Option<()> {
        let mut group = Group::new(0, self.program.len(), self.flags);
        let mut outer: Vec<Group> = Vec::new();
        loop {
            self.skip();
            let (start, at) = (self.program.len(), self.at);
            match self.peek() {
                None => break,
                Some('|') => {
                    self.bump();
                    let part = self.end_of_branch(&mut group)?;
                    self.program.insert(group.branch, Step::Next((start - group.branch + 2) as i32))?;
                    group.jumps.push(self.program.len());
                    self.program.push(Step::Jump(0))?;
                    group.branches = Some(part);
                    (group.branch, group.items, group.whole) = (self.program.len(), 0, NOTHING);
                }
                Some(')') => {
                    self.bump();
                    let Some(parent) = outer.pop() else {
                        return self.fail(at, "a group is closed that was not opened");
                    };
                    let part = self.end_of_group(&mut group)?;
                    self.flags = group.flags;
                    if let Some(number) = group.number {
                        self.program.push(Step::Save(2 * number + 1))?;
                    }
                    let start = group.start;
                    group = parent;
                    group.add(start, Part { depth: self.deeper(part.depth)?, ..part });
                }
                Some('?' | '*' | '+' | '{') => {
                    let Some((start, part)) = group.last else {
                        self.bump();
                        return self.fail(at, "there is nothing to repeat");
                    };
                    group.last = Some((start, self.repetition(start, part)?));
                }
                Some('(') => match self.group()? {
                    Some(inner) => outer.push(std::mem::replace(&mut group, inner)),
                    None => group.add_flags(),
                },
                Some('[') => {
                    let (set, depth) = self.bracket()?;
                    let part = self.push_set(set)?;
                    group.add(start, Part { depth, ..part });
                }
                Some(_) => {
                    let part = self.primitive()?;
                    group.add(start, part);
                }
            }
        }
        if !outer.is_empty() {
            self.at = group.from + 1;
            return self.fail(group.from, "a group is not closed");
        }
        self.end_of_group(&mut group)?;
        Some(())
    }

    /// What is known of the branches so far.
    fn end_of_branch(&mut self, group: &mut Group) -> Option<Part> {
        let mut part = group.whole;
        if let Some((_, last)) = group.last.take() {
            part = part.then(last);
        }
        if group.items > 1 {
            part.depth = self.deeper(part.depth)?;
        }
        Some(group.branches.map_or(part, |before| before.or(part)))
    }

    /// Lets all branches lead to the end.
    fn end_of_group(&mut self, group: &mut Group) -> Option<Part> {
        let mut part = self.end_of_branch(group)?;
        let end = self.program.len();
        for at in &group.jumps {
            if let Some(step) = self.program.steps.get_mut(*at) {
                *step = Step::Jump((end - at) as i32);
            }
        }
        if !group.jumps.is_empty() {
            part.depth = self.deeper(part.depth)?;
        }
        Some(part)
    }

    /// The start of a group; or flags for what comes behind, of which there are no steps.
    fn group(&mut self) -> Option<Option<Group>> {
        let (from, start) = (self.at, self.program.len());
        let mut group = Group::new(from, start, self.flags);
        self.bump_and_skip();
        for look_around in ["?=", "?!", "?<=", "?<!"] {
            if self.bump_if(look_around) {
                return self.fail(from, "look-around is not supported");
            }
        }
        let name = if self.bump_if("?P<") || self.bump_if("?<") {
            Some(self.name()?)
        } else if self.bump_if("?") {
            self.flags = self.group_flags(from)?;
            if self.bump_if(")") {
                return Some(None);
            }
            self.bump();
            return Some(Some(group));
        } else {
            None
        };
        self.program.push(Step::Save(2 * self.names.len()))?;
        group.number = Some(self.names.len());
        group.branch = self.program.len();
        self.names.push(name);
        Some(Some(group))
    }

    /// A group's name and the `>` behind it.
    fn name(&mut self) -> Option<&'p str> {
        let from = self.at;
        while let Some(c) = self.peek()
            && (c == '_'
                || c.is_alphabetic()
                || self.at > from && (matches!(c, '.' | '[' | ']') || c.is_alphanumeric()))
        {
            self.bump();
        }
        let name = self.pattern.get(from..self.at).unwrap_or_default();
        if name.is_empty() || !self.bump_if(">") {
            self.bump();
            return self.fail(from, "a group's name is letters, digits, '_', '.', '[', ']', then '>'");
        }
        if self.names.contains(&Some(name)) {
            return self.fail(from, "two groups have the same name");
        }
        Some(name)
    }

    /// The flags that hold from a `?` on, up to `:` or `)`.
    fn group_flags(&mut self, from: usize) -> Option<u8> {
        let (mut flags, mut seen, mut on, mut last) = (self.flags, 0, true, '?');
        loop {
            let Some(c) = self.peek() else { return self.fail(from, "a group is not closed") };
            match c {
                ':' | ')' if last == '-' => return self.fail(from, "a '-' without a flag behind it"),
                ')' if last == '?' => return self.fail(from, "there is nothing to repeat"),
                ':' | ')' => return Some(flags),
                _ => {}
            }
            self.bump();
            let bit = FLAGS.find(c).map_or(if c == '-' { 0x80 } else { 0 }, |i| 1 << i);
            if bit == 0 {
                return self
                    .fail(from, "a group has a flag that is not known (known are i, m, s, R, U, u, x)");
            }
            if seen & bit != 0 {
                return self.fail(from, "a group has a flag twice");
            }
            seen |= bit;
            last = c;
            if bit == 0x80 {
                on = false;
            } else if on {
                flags |= bit;
            } else {
                flags &= !bit;
            }
        }
    }
}
