//! The texts of a constant list, made ready once: `in~` asks for one of them, `has_any` and `has_all` look for all of them at
//! once, so that a list of many thousands costs a row no more than a short one.

use super::operators::{at_edge, matches_text};
use crate::syntax::ast::TextMatch;
use aho_corasick::AhoCorasick;
use std::collections::HashSet;
use std::ops::ControlFlow;

/// So few are looked for one by one.
const FEW: usize = 8;

/// Texts in lower case.
pub struct Terms {
    texts: Vec<String>,
    set: HashSet<String>,
    /// Finds all of them in one pass; made of lists that are not short.
    automaton: Option<AhoCorasick>,
}

impl Terms {
    /// The terms of a list whose texts are folded.
    pub fn new(texts: Vec<String>) -> Terms {
        let set = texts.iter().cloned().collect();
        Terms { texts, set, automaton: None }
    }

    /// The same for a list that is searched for again and again.
    pub fn ready(texts: Vec<String>) -> Terms {
        let automaton = (texts.len() > FEW).then(|| AhoCorasick::new(&texts).ok()).flatten();
        Terms { automaton, ..Terms::new(texts) }
    }

    /// Whether a folded text is one of them.
    pub fn contain(&self, text: &str) -> bool {
        self.set.contains(text)
    }

    /// Whether a folded text has one of them as a term.
    pub fn any_in(&self, haystack: &str) -> bool {
        match &self.automaton {
            None => self.texts.iter().any(|term| has(haystack, term)),
            Some(_) => self.each_in(haystack, &mut |_| ControlFlow::Break(())),
        }
    }

    /// Whether a folded text has all of them as terms.
    pub fn all_in(&self, haystack: &str) -> bool {
        if self.automaton.is_none() {
            return self.texts.iter().all(|term| has(haystack, term));
        }
        let mut found = HashSet::new();
        self.each_in(haystack, &mut |term| {
            found.insert(term);
            if found.len() < self.texts.len() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
    }

    /// Shows the numbers of the terms that a text has, until that is enough. Whether it was.
    fn each_in(&self, haystack: &str, see: &mut dyn FnMut(usize) -> ControlFlow<()>) -> bool {
        // The empty text is a term of every text.
        let empty = self.texts.iter().enumerate().filter(|(_, term)| term.is_empty()).map(|(i, _)| i);
        let found = self.automaton.iter().flat_map(|automaton| automaton.find_overlapping_iter(haystack));
        let found = found.filter_map(|m| {
            let term = self.texts.get(m.pattern().as_usize())?;
            let edge = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            let (start, end) = (edge(term.chars().next()), edge(term.chars().next_back()));
            at_edge(haystack, m.start(), m.len(), start, end).then(|| m.pattern().as_usize())
        });
        empty.chain(found).try_for_each(see).is_break()
    }
}

fn has(haystack: &str, term: &str) -> bool {
    matches_text(TextMatch::Has, true, haystack, term)
}

#[cfg(test)]
mod tests {
    use super::super::operators::fold;
    use super::*;

    #[test]
    fn many_at_once_find_what_each_finds() {
        let words = ["a", "ab", "b-c", "c", "a.b", "", "x y", "-", "é", "b-"];
        let texts = ["", "a", "ab", "a-b-c", "xab", "a.b.c", "x y z", "éa é", "b-c-b", "-b-cc", "c b-"];
        // Each text against each window of the words, long enough that they are looked for at once.
        for count in [9, 10] {
            for window in words.windows(count) {
                let terms: Vec<String> = window.iter().map(|w| fold(w)).collect();
                let (ready, plain) = (Terms::ready(terms.clone()), Terms::new(terms));
                assert!(ready.automaton.is_some() && plain.automaton.is_none());
                for text in texts {
                    assert_eq!(ready.any_in(text), plain.any_in(text), "{window:?} in {text:?}");
                    assert_eq!(ready.all_in(text), plain.all_in(text), "{window:?} in {text:?}");
                }
            }
        }
        let all: Vec<String> = (0..12).map(|i| format!("t{i}")).collect();
        let text = all.join(" ");
        assert!(Terms::ready(all.clone()).all_in(&text));
        assert!(!Terms::ready(all).all_in(&text.replace("t7", "t77")));
    }
}
