//! A pattern as a program: what it asks of a text, step by step.

use crate::set::{self, Set};

/// As many steps a program may have.
const MOST_STEPS: usize = 1 << 16;
/// As many ranges all of its classes may have together.
const MOST_RANGES: usize = 1 << 17;
/// As many places its threads may keep, all together.
const MOST_PLACES: usize = 1 << 22;

/// One step. Distances count from the step itself.
#[derive(Clone, Copy)]
pub enum Step {
    /// The next character is this one.
    Char(char),
    /// The next character is in this class.
    Class(usize),
    /// Goes on at the next step; at the distance if that fails.
    Next(i32),
    /// Goes on at the distance; at the next step if that fails.
    Far(i32),
    /// Goes on at the distance.
    Jump(i32),
    /// Keeps the place in the text.
    Save(usize),
    /// Something holds of the place in the text.
    Look(Look),
    /// The text matches.
    Match,
}

/// What can hold of a place in a text.
#[derive(Clone, Copy)]
pub enum Look {
    /// The text's start.
    Start,
    /// Its end.
    End,
    /// The start of a line, `\n` between lines.
    LineStart,
    /// The end of such a line.
    LineEnd,
    /// The start of a line, `\r`, `\n` or both between lines.
    AnyLineStart,
    /// The end of such a line.
    AnyLineEnd,
    /// Whether word characters stand before and behind: bit 0 says whether it holds with none, bit 1 with one before, bit 2
    /// with one behind, bit 3 with both.
    Word(u8),
    /// The same with word characters of ASCII.
    AsciiWord(u8),
}

/// The characters that a step takes.
pub struct Class {
    /// One bit for each of ASCII.
    ascii: [u32; 4],
    ranges: Set,
}

impl Class {
    pub fn contains(&self, c: char) -> bool {
        let c = u32::from(c);
        match self.ascii.get(c as usize / 32) {
            Some(bits) => bits >> (c % 32) & 1 != 0,
            None => set::overlaps(&self.ranges, c, c),
        }
    }
}

/// The bytes that a match can begin with.
pub type Bytes = [u32; 8];

#[derive(Default)]
pub struct Program {
    pub steps: Vec<Step>,
    pub classes: Vec<Class>,
    /// About as many ranges as these have.
    ranges: usize,
    /// The class of `\w`, if a step looks for Unicode's words.
    pub word: Option<usize>,
    /// As many places are kept.
    pub places: usize,
    /// Whether a match begins where the text does.
    pub anchored: bool,
    /// The bytes a match can begin with; `None` if it can be empty.
    pub first: Option<Bytes>,
}

// `None` is for what would be larger than allowed.
impl Program {
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    pub fn push(&mut self, step: Step) -> Option<()> {
        self.insert(self.len(), step)
    }

    /// Steps from there on move; none before may lead behind them yet.
    pub fn insert(&mut self, at: usize, step: Step) -> Option<()> {
        if self.len() >= MOST_STEPS {
            return None;
        }
        self.steps.insert(at, step);
        Some(())
    }

    /// The step that takes a character of a set.
    pub fn step_for(&mut self, set: Set) -> Option<Step> {
        if let [(first, last)] = set.as_slice()
            && first == last
            && let Some(c) = char::from_u32(*first)
        {
            return Some(Step::Char(c));
        }
        Some(Step::Class(self.class(set)?))
    }

    /// The number of the class of that set, which may have one already.
    pub fn class(&mut self, set: Set) -> Option<usize> {
        let mut i = self.classes.len();
        // Of very many classes, only the newest are looked at.
        while i > 0 && self.classes.len() - i < 64 {
            i -= 1;
            if self.classes[i].ranges == set {
                return Some(i);
            }
        }
        self.ranges += set.len() + 4;
        if self.ranges > MOST_RANGES {
            return None;
        }
        let mut ascii = [0; 4];
        for c in 0..128 {
            ascii[c / 32] |= u32::from(set::overlaps(&set, c as u32, c as u32)) << (c % 32);
        }
        self.classes.push(Class { ascii, ranges: set });
        Some(self.classes.len() - 1)
    }

    /// A step that goes on at the next one or at a distance; on at the next one first if so preferred.
    fn fork(&mut self, next_first: bool, distance: usize, back: bool) -> Option<()> {
        let distance = if back { -(distance as i32) } else { distance as i32 };
        self.push(if next_first { Step::Next(distance) } else { Step::Far(distance) })
    }

    /// Repeats the steps from there on, which take a character for certain or maybe not. Nothing is copied that would be too large.
    pub fn repeat(
        &mut self,
        from: usize,
        (min, max): (u32, Option<u32>),
        greedy: bool,
        takes: bool,
    ) -> Option<()> {
        let body = self.steps.split_off(from);
        let size = body.len();
        let copies = max.unwrap_or(min).max(1) as usize;
        if copies > MOST_STEPS || from + copies * (size + 1) > MOST_STEPS {
            return None;
        }
        for _ in 0..min {
            self.steps.extend_from_slice(&body);
        }
        let Some(max) = max else {
            if min == 0 {
                self.fork(greedy, size + 2, false)?;
                self.steps.extend_from_slice(&body);
                if takes {
                    return self.push(Step::Jump(-(size as i32) - 1));
                }
                // What may be empty is not asked for again at the same place, so it is nothing, or once or more.
            }
            return self.fork(!greedy, size, true);
        };
        for left in (1..=(max.saturating_sub(min)) as usize).rev() {
            self.fork(greedy, left * (size + 1), false)?;
            self.steps.extend_from_slice(&body);
        }
        Some(())
    }

    /// What a search can make use of.
    pub fn finish(&mut self) -> Option<()> {
        for step in &self.steps {
            if let Step::Save(place) = step {
                self.places = self.places.max(place + 1);
            }
        }
        if self.places * self.len() > MOST_PLACES {
            return None;
        }
        let mut none = [0; 8];
        self.anchored = self.first_bytes(&mut none, false) && none == [0; 8];
        let mut first = [0; 8];
        self.first = self.first_bytes(&mut first, true).then_some(first);
        Some(())
    }

    /// Adds the bytes that a match can begin with; false if it can be empty. What only matches at the text's start counts
    /// if so asked.
    fn first_bytes(&self, bytes: &mut Bytes, at_start: bool) -> bool {
        let mut seen = vec![false; self.len()];
        let mut todo = vec![0];
        while let Some(at) = todo.pop() {
            match seen.get_mut(at) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            let far = |distance: i32| at.wrapping_add_signed(distance as isize);
            match self.steps[at] {
                Step::Char(c) => add_first_byte(bytes, u32::from(c), u32::from(c)),
                Step::Class(i) => {
                    for (first, last) in &self.classes[i].ranges {
                        add_first_byte(bytes, *first, *last);
                    }
                }
                Step::Next(distance) | Step::Far(distance) => todo.extend([at + 1, far(distance)]),
                Step::Jump(distance) => todo.push(far(distance)),
                Step::Look(Look::Start) if !at_start => {}
                Step::Save(_) | Step::Look(_) => todo.push(at + 1),
                Step::Match => return false,
            }
        }
        true
    }
}

/// Adds what the UTF-8 of a range's characters begins with. Of what is not ASCII, anything will do.
fn add_first_byte(bytes: &mut Bytes, first: u32, last: u32) {
    for c in first..=last.min(0x7F) {
        bytes[c as usize / 32] |= 1 << (c % 32);
    }
    if last > 0x7F {
        // Lead bytes: 0xC0 to 0xFF.
        bytes[6] = u32::MAX;
        bytes[7] = u32::MAX;
    }
}
