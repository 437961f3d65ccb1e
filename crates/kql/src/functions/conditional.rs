//! Conditional functions. Source: docs/semantics.md#nulls.

use super::call::Call;
use super::{Function, Kind, Naming, Param, Returns, boolean, common, repeated, scalar};
use crate::value::{Type, Value, compare};
use std::cmp::Ordering;

/// Branches may differ in type where one is dynamic: the other types decide.
const BRANCH: Param = common("value");

/// The family.
pub static FUNCTIONS: &[Function] = &[
    Function {
        name: "case",
        params: &[repeated(boolean("predicate")), repeated(common("then")), common("else")],
        returns: Returns::Common,
        naming: Naming::None,
        doc: "Returns the value after the first predicate that is true, or the last argument if none is.",
        examples: &[("case(1 > 2, 'a', 2 > 1, 'b', 'c')", "b"), ("case(bool(null), 1, 2)", "2")],
        eval: case,
    },
    Function {
        name: "coalesce",
        params: &[common("value"), repeated(common("value"))],
        returns: Returns::Common,
        naming: Naming::None,
        doc: "Returns the first value that is neither null nor an empty string.",
        examples: &[("coalesce(long(null), 2, 3)", "2"), ("coalesce('', 'a')", "a")],
        eval: |c| {
            c.args
                .iter()
                .find(|v| !v.is_null() && v.as_str() != Some(""))
                .cloned()
                .unwrap_or_else(|| c.missing())
        },
    },
    Function {
        name: "iff",
        params: &[boolean("if"), BRANCH, common("else")],
        returns: Returns::Common,
        naming: Naming::None,
        doc: "Returns the second argument if the first is true, otherwise the third. A null predicate counts as false.",
        examples: &[("iff(1 < 2, 'yes', 'no')", "yes"), ("iff(bool(null), 1, 2)", "2")],
        eval: case,
    },
    Function {
        name: "iif",
        params: &[boolean("if"), BRANCH, common("else")],
        returns: Returns::Common,
        naming: Naming::None,
        doc: "The same as iff.",
        examples: &[("iif(false, 1, 2)", "2")],
        eval: case,
    },
    Function {
        name: "max_of",
        params: &[common("value"), repeated(common("value"))],
        returns: Returns::Common,
        naming: Naming::None,
        doc: "Returns the largest argument, NaN if there is one. Nulls are ignored.",
        examples: &[("max_of(10, 1, -3, 17)", "17")],
        eval: |c| best(c, Ordering::Greater),
    },
    Function {
        name: "min_of",
        params: &[common("value"), repeated(common("value"))],
        returns: Returns::Common,
        naming: Naming::None,
        doc: "Returns the smallest argument, NaN if there is one. Nulls are ignored.",
        examples: &[("min_of(10, 1, -3, 17)", "-3")],
        eval: |c| best(c, Ordering::Less),
    },
    Function {
        name: "not",
        params: &[Param { kind: Kind::Bool, ..scalar("expression") }],
        returns: Returns::Type(Type::Bool),
        naming: Naming::None,
        doc: "Negates a bool. The negation of null is null.",
        examples: &[("not(1 > 2)", "true"), ("isnull(not(bool(null)))", "true")],
        eval: |c| match c.arg(0) {
            Value::Bool(b) => Value::Bool(!b),
            _ => Value::Null,
        },
    },
];

/// The first of the arguments that no other is better than.
fn best(c: &Call, want: Ordering) -> Value {
    let given = c.args.iter().filter(|v| !v.is_null());
    let best = given.reduce(|best, v| if compare::is_better(v, best, want) { v } else { best });
    best.cloned().unwrap_or_else(|| c.missing())
}

/// The evaluation when all arguments are there; a plan evaluates only the branch it needs.
fn case(c: &Call) -> Value {
    let mut i = 0;
    while i + 1 < c.args.len() {
        if c.arg(i).is_true() {
            return c.arg(i + 1).clone();
        }
        i += 2;
    }
    c.args.last().cloned().unwrap_or_default()
}
