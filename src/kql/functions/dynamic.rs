//! Functions over arrays and property bags. Source: semantics §4.

use super::call::Call;
use super::{Function, Naming, Returns, dynamic, repeated, scalar, text};
use crate::value::{Bag, Type, Value, compare, text as value_text};
use std::rc::Rc;

/// The family.
pub static FUNCTIONS: &[Function] = &[
    Function {
        name: "array_concat",
        params: &[repeated(dynamic("array"))],
        returns: Returns::Type(Type::Dynamic),
        naming: Naming::None,
        doc: "The items of several arrays in one; null where one is no array.",
        examples: &[("array_concat(dynamic([1]), dynamic([2, 3]))", "[1,2,3]")],
        eval: |c| {
            let arrays: Option<Vec<&[Value]>> = c.args.iter().map(Value::as_array).collect();
            arrays.map_or(Value::Null, |a| Value::array(a.concat()))
        },
    },
    Function {
        name: "array_index_of",
        params: &[dynamic("array"), scalar("value")],
        returns: Returns::Type(Type::Long),
        naming: Naming::None,
        doc: "Where a value stands in an array, from 0; -1 if it does not.",
        examples: &[("array_index_of(dynamic(['a', 'b']), 'b')", "1")],
        eval: |c| {
            let Some(items) = c.arg(0).as_array() else { return Value::Null };
            Value::Long(
                items.iter().position(|v| compare::order(v, c.arg(1)).is_eq()).map_or(-1, |i| i as i64),
            )
        },
    },
    Function {
        name: "array_length",
        params: &[dynamic("array")],
        returns: Returns::Type(Type::Long),
        naming: Naming::None,
        doc: "How many items an array has; null for what is no array.",
        examples: &[("array_length(dynamic([1, 2]))", "2"), ("isnull(array_length(dynamic({})))", "true")],
        eval: |c| c.arg(0).as_array().map_or(Value::Null, |a| Value::Long(a.len() as i64)),
    },
    Function {
        name: "bag_has_key",
        params: &[dynamic("bag"), text("key")],
        returns: Returns::Type(Type::Bool),
        naming: Naming::None,
        doc: "Whether a bag has a key at its top level.",
        examples: &[("bag_has_key(dynamic({'a': 1}), 'a')", "true")],
        eval: |c| c.arg(0).as_bag().map_or(Value::Null, |b| Value::Bool(b.get(&c.text(1)).is_some())),
    },
    Function {
        name: "bag_keys",
        params: &[dynamic("bag")],
        returns: Returns::Type(Type::Dynamic),
        naming: Naming::None,
        doc: "The keys of a bag.",
        examples: &[("bag_keys(dynamic({'a': 1, 'b': 2}))", r#"["a","b"]"#)],
        eval: |c| {
            c.arg(0).as_bag().map_or(Value::Null, |b| {
                Value::array(b.iter().map(|(k, _)| Value::String(Rc::clone(k))).collect())
            })
        },
    },
    Function {
        name: "bag_pack",
        params: &[repeated(text("key")), repeated(scalar("value"))],
        returns: Returns::Type(Type::Dynamic),
        naming: Naming::None,
        doc: "A bag of keys and values in turn.",
        examples: &[("bag_pack('a', 1, 'b', 'x')", r#"{"a":1,"b":"x"}"#)],
        eval: bag_pack,
    },
    Function {
        name: "pack",
        params: &[repeated(text("key")), repeated(scalar("value"))],
        returns: Returns::Type(Type::Dynamic),
        naming: Naming::None,
        doc: "The same as bag_pack.",
        examples: &[("pack('a', 1)", r#"{"a":1}"#)],
        eval: bag_pack,
    },
    Function {
        name: "pack_array",
        params: &[repeated(scalar("value"))],
        returns: Returns::Type(Type::Dynamic),
        naming: Naming::None,
        doc: "An array of its arguments.",
        examples: &[("pack_array(1, 'a', true)", r#"[1,"a",true]"#)],
        eval: |c| Value::array(c.args.to_vec()),
    },
    Function {
        name: "strcat_array",
        params: &[dynamic("array"), text("delimiter")],
        returns: Returns::Type(Type::String),
        naming: Naming::None,
        doc: "The texts of an array's items with a delimiter between them.",
        examples: &[("strcat_array(dynamic([1, 'a']), '-')", "1-a")],
        eval: |c| {
            let Some(items) = c.arg(0).as_array() else { return c.missing() };
            let texts: Vec<_> = items.iter().map(|v| value_text::tostring(v, Type::Dynamic)).collect();
            Value::from(texts.join(&c.text(1)))
        },
    },
    Function {
        name: "zip",
        params: &[repeated(dynamic("array"))],
        returns: Returns::Type(Type::Dynamic),
        naming: Naming::None,
        doc: "The items of several arrays taken together, one array each; null where one is shorter.",
        examples: &[("zip(dynamic([1, 2]), dynamic(['a']))", r#"[[1,"a"],[2,null]]"#)],
        eval: |c| {
            let arrays: Vec<&[Value]> = c.args.iter().map(super::call::list_items).collect();
            let longest = arrays.iter().map(|a| a.len()).max().unwrap_or(0);
            let at = |i: usize| {
                Value::array(arrays.iter().map(|a| a.get(i).cloned().unwrap_or_default()).collect())
            };
            Value::array((0..longest).map(at).collect())
        },
    },
];

/// `bag_pack(key, value, …)`
pub fn bag_pack(c: &Call) -> Value {
    let mut bag = Bag::new();
    for i in (0..c.args.len().saturating_sub(1)).step_by(2) {
        bag.insert(Rc::from(&*c.text(i)), c.arg(i + 1).clone());
    }
    Value::bag(bag)
}

/// `pack_all(true)`: keys and values in turn, without nulls and empty texts.
pub fn pack_non_empty(c: &Call) -> Value {
    let mut bag = Bag::new();
    for i in (0..c.args.len().saturating_sub(1)).step_by(2) {
        let v = c.arg(i + 1);
        if !v.is_null() && v.as_str() != Some("") {
            bag.insert(Rc::from(&*c.text(i)), v.clone());
        }
    }
    Value::bag(bag)
}
