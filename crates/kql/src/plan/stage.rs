//! Steps that look at one row alone.

use super::Expr;
use crate::functions::pattern::Pattern;
use crate::value::{Str, Type};
use std::rc::Rc;

/// A step that looks at one row alone.
#[derive(Clone)]
pub enum Stage {
    /// Keeps the rows where it is true.
    Where(Expr),
    /// Sets columns: position (the next free one appends) and value, all reading the input row.
    Extend(Vec<(usize, Expr)>),
    /// Makes a new row.
    Project(Vec<Expr>),
    /// One row an item.
    MvExpand(Rc<MvExpand>),
    /// Cuts a text into columns.
    Parse(Rc<Parse>),
    /// Cuts a text of keys and values into columns.
    ParseKv(Rc<ParseKv>),
}

impl Stage {
    /// What a query calls it.
    pub fn operator(&self) -> &'static str {
        match self {
            Stage::Where(_) => "where",
            Stage::Extend(_) => "extend",
            Stage::Project(_) => "project",
            Stage::MvExpand(_) => "mv-expand",
            Stage::Parse(_) => "parse",
            Stage::ParseKv(_) => "parse-kv",
        }
    }

    /// Every expression it evaluates.
    pub fn for_each_expr(&self, f: &mut dyn FnMut(&Expr)) {
        match self {
            Stage::Where(e) => f(e),
            Stage::Extend(sets) => sets.iter().for_each(|(_, e)| f(e)),
            Stage::Project(values) => values.iter().for_each(f),
            Stage::MvExpand(m) => m.items.iter().for_each(|(e, ..)| f(e)),
            Stage::Parse(p) => f(&p.source),
            Stage::ParseKv(p) => f(&p.source),
        }
    }
}

/// `mv-expand`
pub struct MvExpand {
    /// What is expanded: the value, the output column, the type asked for.
    pub items: Vec<(Expr, usize, Option<Type>)>,
    /// At most so many rows from one.
    pub limit: usize,
    /// `bagexpansion=array`: a bag's item is `[key, value]`.
    pub bag_as_array: bool,
    /// The column for the item's index.
    pub item_index: Option<usize>,
    /// How many columns the output has.
    pub width: usize,
}

/// `parse`: the pattern as a regular expression, so a hostile text costs no more than its length.
pub struct Parse {
    /// The text.
    pub source: Expr,
    /// The whole pattern.
    pub pattern: Rc<Pattern>,
    /// Whether rows that do not match are dropped.
    pub filter: bool,
    /// Whether a column whose text is not of its type fails the whole row.
    pub strict: bool,
    /// For each column of the pattern: its group, where it goes and its type.
    pub columns: Vec<(usize, usize, Type)>,
    /// How many columns the output has.
    pub width: usize,
}

/// `parse-kv`
pub struct ParseKv {
    /// The text.
    pub source: Expr,
    /// For each column: its key, where it goes and its type.
    pub columns: Vec<(Str, usize, Type)>,
    /// How keys and values are told apart.
    pub mode: KvMode,
    /// `quote`: opening and closing.
    pub quotes: Vec<(char, char)>,
    /// `escape`
    pub escapes: Vec<char>,
    /// How many columns the output has.
    pub width: usize,
}

/// How `parse-kv` tells keys and values apart.
pub enum KvMode {
    /// By delimiters.
    Delimited {
        /// `pair_delimiter`
        pair: String,
        /// `kv_delimiter`
        kv: String,
        /// `greedy`: a value goes on over pair delimiters that no key follows.
        greedy: bool,
    },
    /// Words: a key and the word after it.
    Words,
    /// `regex`: the pattern of a pair, its key and its value in groups.
    Regex(Rc<Pattern>),
}
