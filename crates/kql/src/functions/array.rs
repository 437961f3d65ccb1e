//! Functions over arrays and over arrays taken as sets. Source: docs/semantics.md#dynamic; Microsoft's docs of each.

use super::call::{Call, list_items};
use super::{
    BOOL, DYNAMIC, Function, LONG, Naming, REAL, STRING, constant, dynamic, integer, not_dynamic, one_of,
    optional, repeated, scalar, summable,
};
use crate::value::key::Key;
use crate::value::key::{self, KeySet};
use crate::value::timespan::HOUR;
use crate::value::{Type, Value, compare, convert, datetime as dt, text as value_text};
use std::cmp::Ordering;

/// How many items an array gets at most that a function makes out of nothing. Source: docs, range().
pub const MAX_ITEMS: usize = 1 << 20;

const NONE: Naming = Naming::None;
const INTEGER_OR_ARRAY: &[Type] = &[Type::Int, Type::Long, Type::Dynamic];
const ARRAY_OR_FLAG: &[Type] = &[Type::Dynamic, Type::Bool];

/// The family.
pub static FUNCTIONS: &[Function] = &[
    function!("array_concat"(repeated(dynamic("array"))) -> DYNAMIC, NONE,
        "Joins several arrays into one. Arguments that are not arrays are ignored.",
        [("array_concat(dynamic([1]), dynamic(null), dynamic([2, 3]))", "[1,2,3]")], concat),
    function!("array_iff"(dynamic("condition_array"), scalar("when_true"), scalar("when_false")) -> DYNAMIC,
            NONE,
        "Takes, for each condition, the item of the first array (or the one value) if it is true, of the second if it is false. The item is null if the condition is neither.",
        [("array_iff(dynamic([true, false]), dynamic([1, 2]), 0)", "[1,0]"),
         ("array_iff(dynamic([1, 0, 'x']), 'y', 'n')", r#"["y","n",null]"#)], iff),
    function!("array_iif"(dynamic("condition_array"), scalar("when_true"), scalar("when_false")) -> DYNAMIC,
            NONE,
        "The same as array_iff.", [("array_iif(dynamic([true]), 1, 2)", "[1]")], iff),
    function!("array_index_of"(dynamic("array"), scalar("value"), optional(integer("start")),
            optional(integer("length")), optional(constant(integer("occurrence")))) -> LONG, NONE,
        "Returns the position of a value in an array, counted from 0, or -1 if the array does not hold it.",
        [("array_index_of(dynamic(['a', 'b']), 'b')", "1"),
         ("array_index_of(dynamic([1, 2, 1]), 1, 1)", "2"),
         ("array_index_of(dynamic([1, 2, 1]), 1, 0, -1, 2)", "2"),
         ("array_index_of(dynamic([1, 2, 1]), 1, 1, 1)", "-1")], index_of),
    function!("array_length"(dynamic("array")) -> LONG, NONE,
        "Returns the number of items in an array, or null if the value is not an array.",
        [("array_length(dynamic([1, 2]))", "2"), ("isnull(array_length(dynamic({})))", "true")], length),
    function!("array_reverse"(dynamic("value")) -> DYNAMIC, NONE, "Reverses the order of the items.",
        [("array_reverse(dynamic([1, 'a']))", r#"["a",1]"#)],
        |c| with_items(c, |items| items.iter().rev().cloned().collect())),
    function!("array_rotate_left"(dynamic("array"), integer("rotate_count")) -> DYNAMIC, NONE,
        "Rotates the items to the left. Items that leave on the left enter on the right.",
        [("array_rotate_left(dynamic([1, 2, 3, 4]), 1)", "[2,3,4,1]"),
         ("array_rotate_left(dynamic([1, 2, 3]), -1)", "[3,1,2]")], |c| rotate(c, 1)),
    function!("array_rotate_right"(dynamic("array"), integer("rotate_count")) -> DYNAMIC, NONE,
        "Rotates the items to the right. Items that leave on the right enter on the left.",
        [("array_rotate_right(dynamic([1, 2, 3, 4]), 1)", "[4,1,2,3]")], |c| rotate(c, -1)),
    function!("array_shift_left"(dynamic("array"), integer("shift_count"), optional(scalar("default_value")))
            -> DYNAMIC, NONE,
        "Shifts the items to the left. The free places on the right get the default value, or null (for strings, the empty string).",
        [("array_shift_left(dynamic([1, 2, 3]), 1)", "[2,3,null]"),
         ("array_shift_left(dynamic([1, 2, 3]), -2, 0)", "[0,0,1]"),
         ("array_shift_left(dynamic(['a', 'b']), 1)", r#"["b",""]"#)], |c| shift(c, 1)),
    function!("array_shift_right"(dynamic("array"), integer("shift_count"), optional(scalar("default_value")))
            -> DYNAMIC, NONE,
        "Shifts the items to the right. The free places on the left get the default value, or null (for strings, the empty string).",
        [("array_shift_right(dynamic([1, 2, 3]), 1)", "[null,1,2]")], |c| shift(c, -1)),
    function!("array_slice"(dynamic("array"), integer("start"), integer("end")) -> DYNAMIC, NONE,
        "Returns the items from the start position to the end position, both included. A negative position counts from the end.",
        [("array_slice(dynamic([1, 2, 3]), 1, 2)", "[2,3]"), ("array_slice(dynamic([1, 2, 3]), -2, -1)",
        "[2,3]"),
         ("array_slice(dynamic([1, 2, 3]), 2, 1)", "[]")], slice),
    function!("array_sort_asc"(repeated(one_of("array", ARRAY_OR_FLAG))) -> DYNAMIC, NONE,
        "Sorts the first array in ascending order and puts the other arrays into the same order, one column each. \
         Nulls come last, or first if the last argument is false.",
        [("array_sort_asc(dynamic([3, null, 1]))", "[1,3,null]"),
        ("array_sort_asc(dynamic([1, null]), false)", "[null,1]"),
         ("array_sort_asc(dynamic([2, 1]), dynamic(['b', 'a']))[1]", r#"["a","b"]"#)], |c| sort(c, false)),
    function!("array_sort_desc"(repeated(one_of("array", ARRAY_OR_FLAG))) -> DYNAMIC, NONE,
        "Sorts the first array in descending order and puts the other arrays into the same order, one column each. Nulls come last, or first if the last argument is false.",
        [("array_sort_desc(dynamic([3, null, 5]))", "[5,3,null]")], |c| sort(c, true)),
    function!("array_split"(dynamic("array"), one_of("index", INTEGER_OR_ARRAY)) -> DYNAMIC, NONE,
        "Splits an array before each of the given positions.",
        [("array_split(dynamic([1, 2, 3]), 1)", "[[1],[2,3]]"),
         ("array_split(dynamic([1, 2, 3, 4]), dynamic([1, -1]))", "[[1],[2,3],[4]]")], split),
    function!("array_strcat"(dynamic("array"), scalar("delimiter")) -> STRING, NONE,
            "The same as strcat_array.",
        [("array_strcat(dynamic([1, 2]), '.')", "1.2")], join_texts),
    function!("array_sum"(dynamic("array")) -> REAL, NONE, "Returns the sum of the numbers in an array. Nulls are ignored. Returns null if the array is empty or any other item is not a number.",
        [("array_sum(dynamic([1, 2.5]))", "3.5"), ("isnull(array_sum(dynamic(['a'])))", "true")], sum),
    function!("arraylength"(dynamic("array")) -> LONG, NONE, "The same as array_length.",
        [("arraylength(dynamic([1]))", "1")], length),
    function!("jaccard_index"(dynamic("set1"), dynamic("set2")) -> REAL, NONE,
        "Returns the similarity of two sets: the size of their intersection divided by the size of their union.",
        [("jaccard_index(dynamic([1, 2, 3]), dynamic([1, 2, 3, 4]))", "0.75")], jaccard),
    function!("range"(summable("start"), summable("stop"), optional(summable("step"))) -> DYNAMIC, NONE,
        "Returns an array of values from start to stop. The default step is 1, or 1h for datetimes. The array has at most 1,048,576 items, as in Kusto.",
        [("range(1, 5, 2)", "[1,3,5]"), ("range(3, 1, -1)", "[3,2,1]"), ("range(1, 0)", "[]"),
         ("range(1h, 2h)", r#"["01:00:00","02:00:00"]"#)], range),
    function!("repeat"(not_dynamic("value"), integer("count")) -> DYNAMIC, Naming::Prefix("repeat"),
        "Returns an array that holds a value the given number of times. Returns null for a negative number. A result above 1,048,576 items or 16 MB of text ends the query with an error.",
        [("repeat(1, 3)", "[1,1,1]"), ("repeat('a', 0)", "[]")], repeat),
    function!("set_difference"(dynamic("set1"), repeated(dynamic("set"))) -> DYNAMIC, NONE,
        "Returns the distinct items of the first array that none of the other arrays holds.",
        [("set_difference(dynamic([1, 1, 2, 3]), dynamic([2]), dynamic([3]))", "[1]")],
        |c| sets(c, |key, rest| !rest.iter().any(|keys| keys.contains(key)))),
    function!("set_equals"(dynamic("set1"), dynamic("set2")) -> BOOL, NONE,
            "Returns whether two arrays hold the same items.",
    [("set_equals(dynamic([1, 2, 2]), dynamic([2, 1]))", "true")],
    |c| match (items(c, 0), items(c, 1)) {
        (Some(a), Some(b)) => {
            let (common, all) = overlap(a, b);
            Value::Bool(common == all)
        }
        _ => Value::Null,
    }),
    function!("set_has_element"(dynamic("set"), scalar("value")) -> BOOL, NONE,
            "Returns whether an array holds a value.",
        [("set_has_element(dynamic(['a', 'b']), 'b')", "true"), ("set_has_element(dynamic([1]), 2)",
        "false")],
        |c| items(c, 0).map_or(Value::Null, |a| Value::Bool(a.iter().any(|v| same(v, c.arg(1)))))),
    function!("set_intersect"(dynamic("set1"), repeated(dynamic("set"))) -> DYNAMIC, NONE,
        "Returns the distinct items that all arrays hold.",
        [("set_intersect(dynamic([1, 2, 2, 3]), dynamic([2, 3]), dynamic([3]))", "[3]")],
        |c| sets(c, |key, rest| rest.iter().all(|keys| keys.contains(key)))),
    function!("set_union"(dynamic("set1"), repeated(dynamic("set"))) -> DYNAMIC, NONE,
        "Returns the distinct items of all arrays.", [("set_union(dynamic([1, 2, 2]), dynamic([3, 1]))", "[1,2,3]")],
        union),
    function!("strcat_array"(dynamic("array"), scalar("delimiter")) -> STRING, NONE,
        "Joins the items of an array into one string, with a delimiter between them.",
        [("strcat_array(dynamic([1, 'a']), '-')", "1-a")], join_texts),
    function!("zip"(dynamic("array"), repeated(dynamic("array"))) -> DYNAMIC, NONE,
        "Returns one array for each position, with the items of all arrays at that position. A shorter array gives null.",
        [("zip(dynamic([1, 2]), dynamic(['a']))", r#"[[1,"a"],[2,null]]"#)], zip),
];

fn items<'a>(c: &Call<'a>, i: usize) -> Option<&'a [Value]> {
    c.arg(i).as_array()
}

fn with_items(c: &Call, make: impl FnOnce(&[Value]) -> Vec<Value>) -> Value {
    items(c, 0).map_or(Value::Null, |a| Value::array(make(a)))
}

fn same(a: &Value, b: &Value) -> bool {
    compare::order(a, b).is_eq()
}

/// How many different items two arrays have in common, and how many in all.
fn overlap(a: &[Value], b: &[Value]) -> (usize, usize) {
    let (a, b) = (key::keys(a), key::keys(b));
    let common = b.iter().filter(|key| a.contains(*key)).count();
    (common, a.len() + b.len() - common)
}

fn distinct<'a>(items: impl Iterator<Item = &'a Value>) -> Vec<Value> {
    let mut seen = KeySet::default();
    items.filter(|v| seen.insert(key::key([*v]))).cloned().collect()
}

/// The arrays of a call; `None` if any argument is not one.
fn arrays<'a>(c: &Call<'a>) -> Option<Vec<&'a [Value]>> {
    c.args.iter().map(Value::as_array).collect()
}

/// The items of the first array that `keep` keeps, given the keys of each of the others.
fn sets(c: &Call, keep: fn(&Key, &[KeySet]) -> bool) -> Value {
    let arrays = arrays(c);
    let Some((first, rest)) = arrays.as_deref().and_then(<[_]>::split_first) else { return Value::Null };
    let rest: Vec<KeySet> = rest.iter().map(|a| key::keys(*a)).collect();
    let mut kept = distinct(first.iter());
    kept.retain(|v| keep(&key::key([v]), &rest));
    Value::array(kept)
}

fn union(c: &Call) -> Value {
    arrays(c).map_or(Value::Null, |a| Value::array(distinct(a.into_iter().flatten())))
}

fn jaccard(c: &Call) -> Value {
    let (Some(a), Some(b)) = (items(c, 0), items(c, 1)) else { return Value::Null };
    let (common, all) = overlap(a, b);
    Value::Real(common as f64 / all as f64)
}

fn concat(c: &Call) -> Value {
    let arrays: Vec<&[Value]> = c.args.iter().filter_map(Value::as_array).collect();
    if arrays.is_empty() { Value::Null } else { Value::array(arrays.concat()) }
}

fn length(c: &Call) -> Value {
    items(c, 0).map_or(Value::Null, |a| Value::Long(a.len() as i64))
}

fn iff(c: &Call) -> Value {
    let pick = |i: usize, at: usize| match c.arg(i) {
        Value::Array(items) => items.get(at).cloned().unwrap_or_default(),
        one => one.clone(),
    };
    with_items(c, |conditions| {
        let choose = |(at, condition): (usize, &Value)| match condition {
            Value::String(_) => Value::Null,
            other => match convert::to_bool(other) {
                Value::Bool(true) => pick(1, at),
                Value::Bool(false) => pick(2, at),
                _ => Value::Null,
            },
        };
        conditions.iter().enumerate().map(choose).collect()
    })
}

/// A position counted from the end if it is below zero, within `0..=len`.
fn position(n: i64, len: usize) -> usize {
    let len = len as i64;
    (if n < 0 { n.saturating_add(len) } else { n }).clamp(0, len) as usize
}

fn index_of(c: &Call) -> Value {
    let Some(all) = items(c, 0) else { return Value::Null };
    let given = |i: usize, otherwise: i64| if c.has(i) { c.integer(i) } else { Some(otherwise) };
    let (Some(start), Some(length), Some(occurrence)) = (given(2, 0), given(3, -1), given(4, 1)) else {
        return Value::Null;
    };
    if length < -1 || occurrence < 1 {
        return Value::Null;
    }
    let from = position(start, all.len());
    let count = convert::to_count(length).unwrap_or(usize::MAX);
    let nth = convert::to_count(occurrence - 1).unwrap_or(usize::MAX);
    let found = all.iter().enumerate().skip(from).take(count).filter(|(_, v)| same(v, c.arg(1))).nth(nth);
    Value::Long(found.map_or(-1, |(i, _)| i as i64))
}

fn rotate(c: &Call, direction: i64) -> Value {
    let Some(by) = c.integer(1).and_then(|n| n.checked_mul(direction)) else { return Value::Null };
    with_items(c, |items| {
        let mut out = items.to_vec();
        if !out.is_empty() {
            let by = by.rem_euclid(out.len() as i64) as usize;
            out.rotate_left(by);
        }
        out
    })
}

fn shift(c: &Call, direction: i64) -> Value {
    let Some(by) = c.integer(1).and_then(|n| n.checked_mul(direction)) else { return Value::Null };
    with_items(c, |items| {
        let fill = match (c.has(2), items.first()) {
            (true, _) => c.arg(2).clone(),
            (false, Some(Value::String(_))) => Value::empty_text(),
            _ => Value::Null,
        };
        let at = |i: usize| {
            let from = (i as i64).checked_add(by).and_then(convert::to_count);
            from.and_then(|i| items.get(i)).cloned().unwrap_or_else(|| fill.clone())
        };
        (0..items.len()).map(at).collect()
    })
}

fn slice(c: &Call) -> Value {
    let (Some(start), Some(end)) = (c.integer(1), c.integer(2)) else { return Value::Null };
    with_items(c, |items| {
        let len = items.len() as i64;
        let end = if end < 0 { end.saturating_add(len) } else { end };
        let to = position(end.saturating_add(1).max(0), items.len());
        items.get(position(start, items.len())..to).unwrap_or_default().to_vec()
    })
}

fn split(c: &Call) -> Value {
    with_items(c, |items| {
        let mut at = 0;
        let mut parts = Vec::new();
        for n in list_items(c.arg(1)).iter().filter_map(Value::as_integer) {
            let to = position(n, items.len()).max(at);
            parts.push(Value::array(items.get(at..to).unwrap_or_default().to_vec()));
            at = to;
        }
        parts.push(Value::array(items.get(at..).unwrap_or_default().to_vec()));
        parts
    })
}

/// Unlike types sort as numbers and times, texts, guids, the rest. Source: docs, array_sort_asc().
fn class(v: &Value) -> u8 {
    match v {
        Value::Int(_) | Value::Long(_) | Value::Real(_) | Value::Decimal(_) => 0,
        Value::DateTime(_) | Value::Timespan(_) => 0,
        Value::String(_) => 1,
        Value::Guid(_) => 2,
        _ => 3,
    }
}

fn sort(c: &Call, descending: bool) -> Value {
    let flagged = c.args.len() > 1 && c.ty(c.args.len() - 1) == Type::Bool;
    let arrays = c.args.get(..c.args.len() - usize::from(flagged)).unwrap_or_default();
    let nulls_last = !flagged || c.args.last().is_some_and(Value::is_true);
    let Some(first) = arrays.first().and_then(Value::as_array) else { return Value::Null };
    let mut places: Vec<(usize, &Value)> = first.iter().enumerate().collect();
    places.sort_by(|(_, a), (_, b)| match (a.is_null(), b.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) => {
            if nulls_last {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (false, true) => {
            if nulls_last {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (false, false) => {
            let order = compare::order(a, b);
            class(a).cmp(&class(b)).then(if descending { order.reverse() } else { order })
        }
    });
    let arrange = |array: &Value| match array.as_array() {
        Some(items) if items.len() == places.len() => {
            Value::array(places.iter().filter_map(|(i, _)| items.get(*i)).cloned().collect())
        }
        _ => Value::Null,
    };
    match arrays {
        [one] => arrange(one),
        several => Value::array(several.iter().map(arrange).collect()),
    }
}

fn sum(c: &Call) -> Value {
    let given = items(c, 0).unwrap_or_default().iter().filter(|v| !v.is_null());
    let reals: Option<Vec<f64>> = given.map(compare::real).collect();
    reals.filter(|r| !r.is_empty()).map_or(Value::Null, |r| Value::Real(r.iter().sum()))
}

fn join_texts(c: &Call) -> Value {
    let Some(items) = items(c, 0) else { return c.missing() };
    super::string::join(c, items.iter().map(|v| value_text::tostring(v, Type::Dynamic)), &c.text(1))
}

fn repeat(c: &Call) -> Value {
    let Some(count) = c.count(1) else { return Value::Null };
    // The value is shared, but its text would not be.
    let weight = c.arg(0).as_str().map_or(8, |s| s.len() + 2);
    if count > MAX_ITEMS || weight.saturating_mul(count) > super::string::MAX_TEXT {
        return super::string::too_long(c);
    }
    Value::array(vec![c.arg(0).clone(); count])
}

fn zip(c: &Call) -> Value {
    let arrays: Vec<&[Value]> = c.args.iter().map(list_items).collect();
    let longest = arrays.iter().map(|a| a.len()).max().unwrap_or(0);
    let at = |i: usize| Value::array(arrays.iter().map(|a| a.get(i).cloned().unwrap_or_default()).collect());
    Value::array((0..longest).map(at).collect())
}

fn range(c: &Call) -> Value {
    let step = if c.has(2) { Some(c.arg(2)) } else { None };
    let whole = |v: &Value| match v {
        Value::DateTime(t) | Value::Timespan(t) => Some(*t),
        other => other.as_integer(),
    };
    let (start, stop) = (c.arg(0), c.arg(1));
    let wrap: fn(i64) -> Value = match start {
        Value::DateTime(_) => |t| if (0..=dt::MAX).contains(&t) { Value::DateTime(t) } else { Value::Null },
        Value::Timespan(_) => Value::Timespan,
        _ => Value::Long,
    };
    let usual = if matches!(start, Value::DateTime(_) | Value::Timespan(_)) { HOUR } else { 1 };
    let step_whole = step.map_or(Some(usual), whole);
    if let (Some(start), Some(stop), Some(step)) = (whole(start), whole(stop), step_whole) {
        return whole_range(start, stop, step).map_or(Value::Null, |r| Value::array(r.map(wrap).collect()));
    }
    let step = step.map_or(Some(1.0), compare::real);
    let (Some(start), Some(stop), Some(step)) = (compare::real(start), compare::real(stop), step) else {
        return Value::Null;
    };
    if step == 0.0 || !step.is_finite() || !start.is_finite() {
        return Value::Null;
    }
    let at = |i: usize| start + step * i as f64;
    let within = |v: &f64| if step > 0.0 { *v <= stop } else { *v >= stop };
    Value::array((0..MAX_ITEMS).map(at).take_while(within).map(Value::Real).collect())
}

fn whole_range(start: i64, stop: i64, step: i64) -> Option<impl Iterator<Item = i64>> {
    (step != 0).then(|| {
        let within = move |n: &i64| if step > 0 { *n <= stop } else { *n >= stop };
        std::iter::successors(Some(start), move |n| n.checked_add(step)).take_while(within).take(MAX_ITEMS)
    })
}
