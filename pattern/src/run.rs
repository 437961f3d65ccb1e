//! Runs a program over a text: all threads at once, character by character, so the time is that of the text times the program.

use crate::program::{Class, Look, Program, Step};

/// No place in the text.
pub const NOWHERE: usize = usize::MAX;

/// What a search needs of memory; kept from one to the next.
#[derive(Default)]
pub struct Scratch {
    now: Threads,
    next: Threads,
    todo: Vec<Todo>,
    places: Vec<usize>,
}

/// The threads at one place of the text, the preferred ones first; no step has two.
#[derive(Default)]
struct Threads {
    /// Their steps, and those that led there.
    steps: Vec<usize>,
    /// Where a step stands in `steps`, if it does.
    index: Vec<usize>,
    /// The places that each has kept.
    places: Vec<usize>,
}

impl Threads {
    fn make_ready(&mut self, steps: usize) {
        self.steps.clear();
        if self.index.len() < steps {
            self.index.resize(steps, 0);
        }
    }

    /// Keeps the places of the thread that was inserted last.
    fn keep(&mut self, places: &[usize]) {
        let end = self.steps.len() * places.len();
        if self.places.len() < end {
            self.places.resize(end, NOWHERE);
        }
        self.places[end - places.len()..end].copy_from_slice(places);
    }

    /// False if it is there already.
    fn insert(&mut self, step: usize) -> bool {
        let index = &mut self.index[step];
        if self.steps.get(*index) == Some(&step) {
            return false;
        }
        *index = self.steps.len();
        self.steps.push(step);
        true
    }
}

/// What is still to do while the steps are followed that take no character.
enum Todo {
    Follow(usize),
    /// A place is what it was.
    Restore(usize, usize),
}

fn before(text: &str, at: usize) -> Option<char> {
    text.get(..at)?.chars().next_back()
}

fn behind(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}

fn holds(program: &Program, look: Look, text: &str, at: usize) -> bool {
    let (a, b) = (before(text, at), behind(text, at));
    let (table, word) = match look {
        Look::Start => return at == 0,
        Look::End => return b.is_none(),
        Look::LineStart => return matches!(a, None | Some('\n')),
        Look::LineEnd => return matches!(b, None | Some('\n')),
        // Not between \r and \n.
        Look::AnyLineStart => return matches!(a, None | Some('\n')) || a == Some('\r') && b != Some('\n'),
        Look::AnyLineEnd => return matches!(b, None | Some('\r')) || b == Some('\n') && a != Some('\r'),
        Look::Word(table) => (table, program.word.and_then(|i| program.classes.get(i))),
        Look::AsciiWord(table) => (table, None),
    };
    table >> (u8::from(is_word(word, a)) | u8::from(is_word(word, b)) << 1) & 1 != 0
}

fn is_word(class: Option<&Class>, c: Option<char>) -> bool {
    match (class, c) {
        (_, None) => false,
        (Some(class), Some(c)) => class.contains(c),
        (None, Some(c)) => c.is_ascii_alphanumeric() || c == '_',
    }
}

/// Adds a thread at a step and all that come of it without a character.
fn follow(
    program: &Program,
    threads: &mut Threads,
    todo: &mut Vec<Todo>,
    places: &mut [usize],
    text: &str,
    (step, at): (usize, usize),
) {
    todo.push(Todo::Follow(step));
    while let Some(next) = todo.pop() {
        let mut step = match next {
            Todo::Follow(step) => step,
            Todo::Restore(place, was) => {
                places[place] = was;
                continue;
            }
        };
        while threads.insert(step) {
            match program.steps[step] {
                Step::Jump(distance) => step = step.wrapping_add_signed(distance as isize),
                Step::Next(distance) => {
                    todo.push(Todo::Follow(step.wrapping_add_signed(distance as isize)));
                    step += 1;
                }
                Step::Far(distance) => {
                    todo.push(Todo::Follow(step + 1));
                    step = step.wrapping_add_signed(distance as isize);
                }
                Step::Save(place) => {
                    if let Some(kept) = places.get_mut(place) {
                        todo.push(Todo::Restore(place, *kept));
                        *kept = at;
                    }
                    step += 1;
                }
                Step::Look(look) if holds(program, look, text, at) => step += 1,
                Step::Look(_) => break,
                Step::Char(_) | Step::Class(_) | Step::Match => {
                    threads.keep(places);
                    break;
                }
            }
        }
    }
}

/// The first match that begins at `from` or behind it; its places, as many as are asked for.
pub fn search(
    program: &Program,
    scratch: &mut Scratch,
    text: &str,
    from: usize,
    found: &mut [usize],
) -> bool {
    if !text.is_char_boundary(from) {
        return false;
    }
    let Scratch { now, next, todo, places } = scratch;
    let count = found.len();
    now.make_ready(program.len());
    next.make_ready(program.len());
    let (mut at, mut matched) = (from, false);
    loop {
        if now.steps.is_empty() && (matched || program.anchored && at > 0) {
            break;
        }
        let mut begins = !matched;
        if begins && let Some(first) = &program.first {
            let can_begin = |b: &u8| first[usize::from(*b) / 32] >> (b % 32) & 1 != 0;
            let rest = text.as_bytes().get(at..).unwrap_or_default();
            if now.steps.is_empty() {
                match rest.iter().position(can_begin) {
                    Some(skipped) => at += skipped,
                    None => break,
                }
            } else {
                begins = rest.first().is_some_and(can_begin);
            }
        }
        if begins {
            places.clear();
            places.resize(count, NOWHERE);
            follow(program, now, todo, places, text, (0, at));
        }
        let c = behind(text, at);
        let after = at + c.map_or(0, char::len_utf8);
        for (i, &step) in now.steps.iter().enumerate() {
            let takes = match program.steps[step] {
                Step::Char(wanted) => c == Some(wanted),
                Step::Class(class) => c.is_some_and(|c| program.classes[class].contains(c)),
                Step::Match => {
                    found.copy_from_slice(&now.places[i * count..(i + 1) * count]);
                    matched = true;
                    // What comes behind is preferred less.
                    break;
                }
                _ => false,
            };
            if takes {
                places.clear();
                places.extend_from_slice(&now.places[i * count..(i + 1) * count]);
                follow(program, next, todo, places, text, (step + 1, after));
            }
        }
        std::mem::swap(now, next);
        next.steps.clear();
        if c.is_none() || matched && count == 0 {
            break;
        }
        at = after;
    }
    matched
}
