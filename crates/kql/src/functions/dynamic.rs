//! Functions over property bags and JSON. Source: docs/semantics.md#dynamic; Microsoft's docs of each.

use super::call::Call;
use super::json_path;
use super::{
    BOOL, DYNAMIC, Function, Naming, Returns, STRING, constant, dynamic, optional, repeated, scalar, text,
    type_literal,
};
use crate::value::{Bag, Type, Value, convert, json};
use std::collections::HashSet;
use std::rc::Rc;

/// How many paths `treepath` tells of at most; beyond, it is null.
const MAX_PATHS: usize = 1 << 16;

const NONE: Naming = Naming::None;

/// The family.
pub static FUNCTIONS: &[Function] = &[
    function!("bag_has_key"(dynamic("bag"), text("key")) -> BOOL, NONE,
    "Returns whether a property bag has a key. A key that starts with $ is a path ($.a.b).",
    [("bag_has_key(dynamic({'a': 1}), 'a')", "true"), ("bag_has_key(dynamic({'a': {'b': 1}}), '$.a.c')",
    "false")],
    |c| match (c.arg(0), json_path::key_or_path(&c.text(1))) {
        (bag @ Value::Bag(_), Some(path)) => Value::Bool(json_path::get(bag, &path).is_some()),
        _ => Value::Null,
    }),
    function!("bag_keys"(dynamic("object")) -> DYNAMIC, NONE, "Returns the keys of a property bag.",
    [("bag_keys(dynamic({'a': 1, 'b': 2}))", r#"["a","b"]"#)],
    |c| c.arg(0).as_bag().map_or(Value::Null, |b| {
        Value::array(b.iter().map(|(k, _)| Value::String(Rc::clone(k))).collect())
    })),
    function!("bag_merge"(dynamic("bag"), repeated(dynamic("bag"))) -> DYNAMIC, NONE,
        "Merges property bags. The first bag that has a key gives its value. Arguments that are not bags are ignored.",
        [("bag_merge(dynamic({'a': 1}), dynamic({'a': 2, 'b': 3}))", r#"{"a":1,"b":3}"#)], bag_merge),
    function!("bag_pack"(repeated(text("key")), repeated(scalar("value"))) -> DYNAMIC, NONE,
        "Makes a property bag from alternating keys and values.", [("bag_pack('a', 1, 'b', 'x')", r#"{"a":1,"b":"x"}"#)],
        bag_pack),
    function!("bag_remove_keys"(dynamic("bag"), dynamic("keys")) -> DYNAMIC, NONE,
        "Returns a property bag without the given keys. A key that starts with $ is a path ($.a.b).",
        [("bag_remove_keys(dynamic({'a': 1, 'b': 2}), dynamic(['a', 'x']))", r#"{"b":2}"#),
         ("bag_remove_keys(dynamic({'a': {'b': 1, 'c': 2}}), dynamic(['$.a.b']))", r#"{"a":{"c":2}}"#)],
        bag_remove_keys),
    function!("bag_set_key"(dynamic("bag"), constant(text("key")), scalar("value")) -> DYNAMIC, NONE,
    "Sets a key of a property bag. A key that starts with $ is a path ($.a.b).",
    [("bag_set_key(dynamic({'a': 1}), 'b', 2)", r#"{"a":1,"b":2}"#),
     ("bag_set_key(dynamic({'a': 1}), '$.c.d', 2)", r#"{"a":1,"c":{"d":2}}"#)],
    |c| match (c.arg(0), json_path::key_or_path(&c.text(1))) {
        (Value::Bag(bag), Some(path)) => {
            json_path::set(bag, &path, c.arg(2).clone()).map_or(Value::Null, Value::bag)
        }
        _ => Value::Null,
    }),
    function!("bag_zip"(dynamic("keys"), dynamic("values")) -> DYNAMIC, NONE,
        "Makes a property bag from an array of keys and an array of values. A missing value becomes null; a key that is \
         not a string is ignored.",
        [("bag_zip(dynamic(['a', 'b']), dynamic([1]))", r#"{"a":1,"b":null}"#)], bag_zip),
    function!("dynamic_to_json"(scalar("dynamic")) -> STRING, NONE,
        "Converts a dynamic value to JSON text with sorted keys. Equal values give equal text.",
        [("dynamic_to_json(dynamic({'b': 1, 'a': [2]}))", r#"{"a":[2],"b":1}"#)], dynamic_to_json),
    function!("extract_json"(constant(text("jsonPath")), text("jsonText"), optional(type_literal("type")))
            -> Returns::TypeLiteral(2, Type::String), NONE,
        "Returns the value at a path in JSON text. If there is no value: the empty string, or null of the given type.",
        [("extract_json('$.a[1]', '{\"a\": [1, 2]}', typeof(long))", "2"),
         ("extract_json('$.name', '{\"name\": \"x\"}')", "x")], extract_json),
    function!("extractjson"(constant(text("jsonPath")), text("jsonText"), optional(type_literal("type")))
            -> Returns::TypeLiteral(2, Type::String), NONE, "The same as extract_json.",
        [("extractjson('$.a', '{\"a\": 1}')", "1")], extract_json),
    function!("pack"(repeated(text("key")), repeated(scalar("value"))) -> DYNAMIC, NONE,
            "The same as bag_pack.",
        [("pack('a', 1)", r#"{"a":1}"#)], bag_pack),
    function!("pack_array"(repeated(scalar("value"))) -> DYNAMIC, NONE, "Makes an array from its arguments.",
        [("pack_array(1, 'a', true)", r#"[1,"a",true]"#)], |c| Value::array(c.args.to_vec())),
    function!("pack_dictionary"(repeated(text("key")), repeated(scalar("value"))) -> DYNAMIC, NONE,
        "The same as bag_pack.", [("pack_dictionary('a', 1)", r#"{"a":1}"#)], bag_pack),
    function!("treepath"(dynamic("object")) -> DYNAMIC, Naming::Prefix("tree"),
        "Returns the paths of all values inside a dynamic value. The items of an array share one path. Returns null above 65,536 paths.",
        [("treepath(dynamic({'a': [1, 2], 'b': {'c': 1}}))", r#"["['a']","['a'][0]","['b']","['b']['c']"]"#)],
        tree_path),
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

fn bag_merge(c: &Call) -> Value {
    let bags: Vec<&Bag> = c.args.iter().filter_map(Value::as_bag).collect();
    if bags.is_empty() {
        return Value::Null;
    }
    let mut seen = HashSet::new();
    let pairs = bags.into_iter().flat_map(Bag::iter).filter(|(k, _)| seen.insert(Rc::clone(k)));
    Value::bag(Bag::from_distinct(pairs.cloned().collect()))
}

fn bag_remove_keys(c: &Call) -> Value {
    let (Value::Bag(bag), Some(keys)) = (c.arg(0), c.arg(1).as_array()) else { return Value::Null };
    let paths: Vec<_> = keys.iter().filter_map(Value::as_str).filter_map(json_path::key_or_path).collect();
    Value::bag(json_path::remove(bag, &paths.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

fn bag_zip(c: &Call) -> Value {
    let Some(keys) = c.arg(0).as_array() else { return Value::Null };
    let values = c.arg(1).as_array().unwrap_or_default();
    let mut seen = HashSet::new();
    let mut pairs = Vec::new();
    for (i, key) in keys.iter().enumerate() {
        if let Value::String(key) = key
            && seen.insert(Rc::clone(key))
        {
            pairs.push((Rc::clone(key), values.get(i).cloned().unwrap_or_default()));
        }
    }
    Value::bag(Bag::from_distinct(pairs))
}

fn dynamic_to_json(c: &Call) -> Value {
    match c.arg(0) {
        Value::Null => c.missing(),
        v => Value::from(json::to_text(&sorted(v))),
    }
}

/// The value with the keys of all its bags in order.
fn sorted(v: &Value) -> Value {
    match v {
        Value::Array(items) => Value::array(items.iter().map(sorted).collect()),
        Value::Bag(bag) => {
            let mut pairs: Vec<_> = bag.iter().map(|(k, v)| (Rc::clone(k), sorted(v))).collect();
            pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::bag(Bag::from_distinct(pairs))
        }
        other => other.clone(),
    }
}

fn extract_json(c: &Call) -> Value {
    let found = json_path::parse(&c.text(0)).and_then(|path| {
        let value = json::parse_cut(c.text(1).as_bytes()).ok()?;
        json_path::get(&value, &path).cloned()
    });
    match found {
        Some(v) if !v.is_null() => convert::convert(&v, Type::Dynamic, c.result()),
        _ => c.missing(),
    }
}

fn tree_path(c: &Call) -> Value {
    let root = c.arg(0);
    if !matches!(root, Value::Array(_) | Value::Bag(_)) {
        return Value::Null;
    }
    let mut walk = Walk { seen: HashSet::new(), paths: Vec::new() };
    walk.visit(root, "");
    if walk.paths.len() > MAX_PATHS { Value::Null } else { Value::array(walk.paths) }
}

struct Walk {
    seen: HashSet<String>,
    paths: Vec<Value>,
}

impl Walk {
    fn visit(&mut self, v: &Value, path: &str) {
        match v {
            Value::Array(items) => {
                let inner = format!("{path}[0]");
                for item in items.iter() {
                    self.step(item, &inner);
                }
            }
            Value::Bag(bag) => {
                for (key, item) in bag.iter() {
                    self.step(item, &format!("{path}['{key}']"));
                }
            }
            _ => {}
        }
    }

    fn step(&mut self, v: &Value, path: &str) {
        if self.paths.len() > MAX_PATHS {
            return;
        }
        if self.seen.insert(path.to_owned()) {
            self.paths.push(Value::text(path));
        }
        self.visit(v, path);
    }
}
