//! Text to tokens to a syntax tree.

pub mod ast;
pub mod lex;
pub mod parse;
pub mod reserved;
