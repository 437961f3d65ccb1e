//! Steps over two tables.

use super::{Expr, Plan};
use crate::value::Type;
use std::rc::Rc;

/// `join` and `lookup`
pub struct Join {
    /// The left side.
    pub left: Rc<Plan>,
    /// The right side.
    pub right: Rc<Plan>,
    /// Which rows.
    pub kind: JoinKind,
    /// Key expressions over the left rows.
    pub left_keys: Vec<Expr>,
    /// Key expressions over the right rows.
    pub right_keys: Vec<Expr>,
    /// Which columns of the right side come out.
    pub right_columns: Vec<usize>,
    /// For `lookup` and outer joins nothing else is needed; for `rightouter` missing left values are filled.
    pub left_types: Vec<Type>,
    /// The types of the right columns that come out, to fill missing values.
    pub right_types: Vec<Type>,
}

impl Join {
    /// The same join of other rows that have the same columns.
    pub fn with_inputs(&self, left: Rc<Plan>, right: Rc<Plan>) -> Join {
        Join {
            left,
            right,
            kind: self.kind,
            left_keys: self.left_keys.clone(),
            right_keys: self.right_keys.clone(),
            right_columns: self.right_columns.clone(),
            left_types: self.left_types.clone(),
            right_types: self.right_types.clone(),
        }
    }
}

/// Which rows a join yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// The left side without duplicate keys, then inner.
    InnerUnique,
    /// Every pair.
    Inner,
    /// And left rows without a match.
    LeftOuter,
    /// And right rows without a match.
    RightOuter,
    /// And both.
    FullOuter,
    /// Left rows with a match.
    LeftSemi,
    /// Left rows without a match.
    LeftAnti,
    /// Right rows with a match.
    RightSemi,
    /// Right rows without a match.
    RightAnti,
}

/// `evaluate ipv4_lookup(…)`, `evaluate ipv6_lookup(…)`
pub struct IpLookup {
    /// The rows looked up.
    pub left: Rc<Plan>,
    /// The table of networks.
    pub right: Rc<Plan>,
    /// The address, over the left rows.
    pub left_key: Expr,
    /// The network, over the right rows.
    pub right_key: Expr,
    /// Further columns that must be equal, left and right.
    pub extra: Vec<(Expr, Expr)>,
    /// Which columns of the right side come out.
    pub right_columns: Vec<usize>,
    /// Their types, to fill missing values.
    pub right_types: Vec<Type>,
    /// Whether rows without a match come out too.
    pub unmatched: bool,
}
