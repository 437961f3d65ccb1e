//! Random KQL: what a grammar derives, in templates. A query that fails shrinks to the smallest one that still does.

#![allow(dead_code, reason = "each test uses a part")]
#![allow(clippy::panic, reason = "helpers of tests fail loudly")]

use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::collections::HashMap;
use std::sync::Arc;

/// A text made by chance.
pub type Chance = fn(&mut TestRunner) -> String;

/// Rules, each with groups of alternatives, the plainest first. The template `({bool}) {and or} not({bool})` derives what the rule `bool` does
/// and one of the words: a name in braces that is no rule is a list of words.
#[derive(Debug, Default)]
pub struct Grammar {
    rules: Vec<Rule>,
    by_name: HashMap<String, usize>,
}

#[derive(Debug)]
struct Rule {
    name: String,
    groups: Vec<(u32, Vec<Alternative>)>,
    /// How many rules stand in each other at least.
    height: usize,
}

#[derive(Debug)]
struct Alternative {
    parts: Vec<Part>,
    height: usize,
}

#[derive(Debug)]
enum Part {
    Text(String),
    Rule(usize),
    Chance(Chance),
}

/// Higher than anything that can be derived.
const NEVER: usize = usize::MAX;

impl Grammar {
    fn rule(&mut self, name: &str) -> usize {
        if let Some(rule) = self.by_name.get(name) {
            return *rule;
        }
        self.rules.push(Rule { name: name.to_owned(), groups: Vec::new(), height: NEVER });
        self.by_name.insert(name.to_owned(), self.rules.len() - 1);
        self.rules.len() - 1
    }

    fn group(&mut self, rule: &str, weight: u32, alternatives: Vec<Vec<Part>>) {
        let alternatives = alternatives.into_iter().map(|parts| Alternative { parts, height: NEVER });
        let rule = self.rule(rule);
        self.rules[rule].groups.push((weight, alternatives.collect()));
    }

    /// Adds a group of texts to a rule, which is chosen as often as its weight says.
    pub fn texts<'t>(&mut self, rule: &str, weight: u32, texts: impl IntoIterator<Item = &'t str>) {
        let texts = texts.into_iter().map(|text| vec![Part::Text(text.to_owned())]);
        self.group(rule, weight, texts.collect());
    }

    /// Adds a group of templates.
    pub fn templates(
        &mut self,
        rule: &str,
        weight: u32,
        templates: impl IntoIterator<Item = impl AsRef<str>>,
    ) {
        let mut alternatives = Vec::new();
        for template in templates {
            let mut parts = Vec::new();
            for part in template.as_ref().split_inclusive('}') {
                let (text, hole) =
                    part.strip_suffix('}').and_then(|part| part.split_once('{')).unwrap_or((part, ""));
                parts.push(Part::Text(text.to_owned()));
                if !hole.is_empty() {
                    parts.push(Part::Rule(self.rule(hole)));
                }
            }
            alternatives.push(parts);
        }
        self.group(rule, weight, alternatives);
    }

    /// Adds a group of one alternative, which chance makes.
    pub fn chance(&mut self, rule: &str, weight: u32, chance: Chance) {
        self.group(rule, weight, vec![vec![Part::Chance(chance)]]);
    }

    /// Whether something is a rule of this grammar.
    pub fn has(&self, rule: &str) -> bool {
        self.by_name.contains_key(rule)
    }

    /// The grammar, whole.
    ///
    /// # Panics
    /// If a rule derives nothing.
    pub fn finish(mut self) -> Arc<Grammar> {
        for rule in self.rules.iter_mut().filter(|rule| rule.groups.is_empty() && rule.name.contains(' ')) {
            let words = rule.name.split(' ').map(|word| Part::Text(word.to_owned()));
            let words = words.map(|word| Alternative { parts: vec![word], height: NEVER });
            rule.groups.push((1, words.collect()));
        }
        loop {
            let heights: Vec<usize> = self.rules.iter().map(|rule| rule.height).collect();
            for rule in &mut self.rules {
                for alternative in rule.groups.iter_mut().flat_map(|(_, alternatives)| alternatives) {
                    let parts = alternative.parts.iter().filter_map(|part| match part {
                        Part::Rule(rule) => Some(heights[*rule].saturating_add(1)),
                        Part::Text(_) | Part::Chance(_) => None,
                    });
                    alternative.height = parts.max().unwrap_or(0);
                    rule.height = rule.height.min(alternative.height);
                }
            }
            if self.rules.iter().map(|rule| rule.height).eq(heights) {
                break;
            }
        }
        let empty: Vec<&str> = self.rules.iter().filter(|r| r.height == NEVER).map(|r| &*r.name).collect();
        assert!(empty.is_empty(), "nothing is derived from {empty:?}");
        Arc::new(self)
    }

    fn derive(&self, rule: usize, depth: usize, runner: &mut TestRunner) -> Node {
        let Rule { groups, height, .. } = &self.rules[rule];
        let depth = depth.max(*height);
        let fits = |alternative: &&Alternative| alternative.height <= depth;
        let groups: Vec<(u32, Vec<&Alternative>)> = groups
            .iter()
            .map(|(weight, group)| (*weight, group.iter().filter(fits).collect::<Vec<_>>()))
            .filter(|(_, group)| !group.is_empty())
            .collect();
        let mut chosen = below(runner, groups.iter().map(|(weight, _)| *weight as usize).sum());
        let group = groups.iter().find(|(weight, _)| match chosen.checked_sub(*weight as usize) {
            Some(rest) => {
                chosen = rest;
                false
            }
            None => true,
        });
        let alternatives = group.map_or(&[][..], |(_, alternatives)| alternatives);
        let alternative = alternatives[below(runner, alternatives.len())];
        let parts = alternative.parts.iter().map(|part| match part {
            Part::Text(text) => Piece::Text(text.clone()),
            Part::Chance(chance) => Piece::Text(chance(runner)),
            Part::Rule(rule) => Piece::Node(self.derive(*rule, depth - 1, runner)),
        });
        Node { rule, parts: parts.collect() }
    }

    /// The plainest that a rule derives.
    fn plainest(&self, rule: usize) -> Option<Node> {
        let Rule { groups, height, .. } = &self.rules[rule];
        let alternative = groups.iter().flat_map(|(_, group)| group).find(|a| a.height == *height)?;
        let parts = alternative.parts.iter().map(|part| match part {
            Part::Text(text) => Some(Piece::Text(text.clone())),
            Part::Chance(_) => None,
            Part::Rule(rule) => self.plainest(*rule).map(Piece::Node),
        });
        Some(Node { rule, parts: parts.collect::<Option<_>>()? })
    }
}

/// A number below another.
pub fn below(runner: &mut TestRunner, end: usize) -> usize {
    any(runner, 0..end.max(1))
}

/// A value of a strategy.
pub fn any<S: Strategy>(runner: &mut TestRunner, strategy: S) -> S::Value {
    match strategy.new_tree(runner) {
        Ok(tree) => tree.current(),
        Err(why) => panic!("{why}"),
    }
}

/// What a rule derives, with so many rules in each other at most, or as many as it takes.
pub fn derived(grammar: &Arc<Grammar>, rule: &str, depth: usize) -> Derived {
    Derived { grammar: Arc::clone(grammar), rule: grammar.by_name[rule], depth }
}

/// The strategy of [`derived`].
#[derive(Clone, Debug)]
pub struct Derived {
    grammar: Arc<Grammar>,
    rule: usize,
    depth: usize,
}

impl Strategy for Derived {
    type Tree = Derivation;
    type Value = String;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Derived> {
        let root = self.grammar.derive(self.rule, self.depth, runner);
        Ok(Derivation { grammar: Arc::clone(&self.grammar), root, at: 0, tried: 0, before: None })
    }
}

/// A text, and how it was derived.
#[derive(Clone, PartialEq)]
struct Node {
    rule: usize,
    parts: Vec<Piece>,
}

#[derive(Clone, PartialEq)]
enum Piece {
    Text(String),
    Node(Node),
}

impl Node {
    fn write(&self, out: &mut String) {
        self.parts.iter().for_each(|part| match part {
            Piece::Text(text) => out.push_str(text),
            Piece::Node(node) => node.write(out),
        });
    }

    fn children(&self) -> impl Iterator<Item = &Node> {
        self.parts.iter().filter_map(|part| match part {
            Piece::Node(node) => Some(node),
            Piece::Text(_) => None,
        })
    }

    /// The nodes of a rule below this one.
    fn below(&self, rule: usize) -> Vec<&Node> {
        self.children()
            .flat_map(|child| if child.rule == rule { vec![child] } else { child.below(rule) })
            .collect()
    }

    /// The node at a place, counted from the root to the leaves.
    fn at(&mut self, place: &mut usize) -> Option<&mut Node> {
        if *place == 0 {
            return Some(self);
        }
        *place -= 1;
        self.parts.iter_mut().find_map(|part| match part {
            Piece::Node(node) => node.at(place),
            Piece::Text(_) => None,
        })
    }
}

/// The value tree of [`Derived`]. From the root to the leaves, each node is replaced by the plainest of its rule, or else by a node of its
/// rule that stands below it.
pub struct Derivation {
    grammar: Arc<Grammar>,
    root: Node,
    /// The node being replaced, and how many replacements were tried.
    at: usize,
    tried: usize,
    /// What there was before the last replacement.
    before: Option<Node>,
}

impl ValueTree for Derivation {
    type Value = String;

    fn current(&self) -> String {
        let mut text = String::new();
        self.root.write(&mut text);
        text
    }

    fn simplify(&mut self) -> bool {
        if self.before.take().is_some() {
            self.tried = 0; // the last replacement stays
        }
        let before = self.root.clone();
        while let Some(node) = self.root.at(&mut { self.at }) {
            let plainest = self.grammar.plainest(node.rule).filter(|plainest| plainest != node);
            let below = node.below(node.rule).into_iter().cloned();
            let replacement = plainest.into_iter().chain(below).nth(self.tried);
            if let Some(replacement) = replacement {
                self.tried += 1;
                *node = replacement;
                self.before = Some(before);
                return true;
            }
            (self.at, self.tried) = (self.at + 1, 0);
        }
        false
    }

    fn complicate(&mut self) -> bool {
        match self.before.take() {
            Some(before) => {
                self.root = before;
                true
            }
            None => false,
        }
    }
}
