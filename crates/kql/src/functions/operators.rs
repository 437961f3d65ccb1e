//! The evaluators of the operators: arithmetic, comparison, text, lists, paths. The binder has brought the
//! operands to types that go together. Null logic: docs/semantics.md#nulls; numbers: #numbers; text: #strings.

use super::call::{Cache, Call, Detail, list_items};
use super::terms::Terms;
use crate::syntax::ast::{ListOp, TextMatch};
use crate::value::key;
use crate::value::{Decimal, Type, Value, compare, convert, datetime, text};
use std::borrow::Cow;
use std::cmp::Ordering;

/// `a + b`
pub fn add(c: &Call) -> Value {
    arithmetic(
        c,
        |a, b| Some(a.wrapping_add(b)),
        |a, b| a + b,
        Decimal::checked_add,
        |a, b| match (a, b) {
            (Value::DateTime(a), Value::Timespan(b)) | (Value::Timespan(a), Value::DateTime(b)) => {
                moment(a.checked_add(*b))
            }
            (Value::Timespan(a), Value::Timespan(b)) => span(a.checked_add(*b)),
            (Value::DateTime(a), Value::DateTime(b)) => moment(a.checked_add(*b)),
            _ => Value::Null,
        },
    )
}

/// `a - b`
pub fn subtract(c: &Call) -> Value {
    arithmetic(
        c,
        |a, b| Some(a.wrapping_sub(b)),
        |a, b| a - b,
        Decimal::checked_sub,
        |a, b| match (a, b) {
            (Value::DateTime(a), Value::DateTime(b)) | (Value::Timespan(a), Value::Timespan(b)) => {
                span(a.checked_sub(*b))
            }
            (Value::DateTime(a), Value::Timespan(b)) | (Value::Timespan(a), Value::DateTime(b)) => {
                moment(a.checked_sub(*b))
            }
            _ => Value::Null,
        },
    )
}

/// `a * b`
pub fn multiply(c: &Call) -> Value {
    arithmetic(
        c,
        |a, b| Some(a.wrapping_mul(b)),
        |a, b| a * b,
        Decimal::checked_mul,
        |a, b| match (a, b) {
            (Value::Timespan(t), n) | (n, Value::Timespan(t)) => match n {
                Value::Int(_) | Value::Long(_) => span(n.as_integer().and_then(|n| t.checked_mul(n))),
                _ => compare::real(n).map_or(Value::Null, |n| real_span(*t as f64 * n)),
            },
            _ => Value::Null,
        },
    )
}

/// `a / b`: whole numbers are cut towards zero; by zero is null, for reals ±infinity or NaN.
pub fn divide(c: &Call) -> Value {
    arithmetic(
        c,
        |a, b| (b != 0).then(|| a.wrapping_div(b)),
        |a, b| a / b,
        Decimal::checked_div,
        |a, b| match (a, b) {
            (Value::Timespan(a) | Value::DateTime(a), Value::Timespan(b) | Value::DateTime(b)) => {
                Value::Real(*a as f64 / *b as f64)
            }
            (Value::Timespan(t), Value::Int(_) | Value::Long(_)) => {
                span(b.as_integer().and_then(|n| t.checked_div(n)))
            }
            (Value::Timespan(t), n) => compare::real(n).map_or(Value::Null, |n| real_span(*t as f64 / n)),
            _ => Value::Null,
        },
    )
}

/// `a % b`: never negative.
pub fn modulo(c: &Call) -> Value {
    let whole = |a: i64, b: i64| (b != 0).then(|| a.wrapping_rem_euclid(b));
    arithmetic(c, whole, f64::rem_euclid, decimal_remainder, |a, b| match (a, b) {
        (Value::Timespan(a), Value::Timespan(b)) | (Value::DateTime(a), Value::Timespan(b)) => {
            span(a.checked_rem_euclid(*b))
        }
        _ => Value::Null,
    })
}

fn decimal_remainder(a: Decimal, b: Decimal) -> Option<Decimal> {
    let rest = a.checked_rem(b)?;
    if rest.is_sign_negative() && !rest.is_zero() { rest.checked_add(b.abs()) } else { Some(rest) }
}

fn span(ticks: Option<i64>) -> Value {
    ticks.map_or(Value::Null, Value::Timespan)
}

fn real_span(ticks: f64) -> Value {
    if ticks.is_finite() && ticks.abs() < 9.2e18 { Value::Timespan(ticks as i64) } else { Value::Null }
}

fn moment(ticks: Option<i64>) -> Value {
    match ticks {
        Some(t) if (0..=datetime::MAX).contains(&t) => Value::DateTime(t),
        _ => Value::Null,
    }
}

/// Whole numbers, which wrap at the ends of a long, reals and decimals by the wider of both; times by `other`.
fn arithmetic(
    c: &Call,
    whole: fn(i64, i64) -> Option<i64>,
    real: fn(f64, f64) -> f64,
    decimal: fn(Decimal, Decimal) -> Option<Decimal>,
    other: fn(&Value, &Value) -> Value,
) -> Value {
    let (a, b) = (c.arg(0), c.arg(1));
    if let (Some(a), Some(b)) = (a.as_integer(), b.as_integer()) {
        return whole(a, b).map_or(Value::Null, Value::Long);
    }
    if matches!(a, Value::Decimal(_)) || matches!(b, Value::Decimal(_)) {
        if let (Some(a), Some(b)) = (compare::decimal(a), compare::decimal(b)) {
            return decimal(a, b).map_or(Value::Null, Value::Decimal);
        }
    } else if let (Some(a), Some(b)) = (compare::real(a), compare::real(b)) {
        return Value::Real(real(a, b));
    }
    other(a, b)
}

/// `-a`
pub fn negate(c: &Call) -> Value {
    match c.arg(0) {
        Value::Int(n) => Value::Long(-i64::from(*n)),
        Value::Long(n) => Value::Long(n.wrapping_neg()),
        Value::Real(r) => Value::Real(-r),
        Value::Decimal(d) => Value::Decimal(-d),
        Value::Timespan(t) => span(t.checked_neg()),
        _ => Value::Null,
    }
}

/// `a == b`: one null is false, two are null.
pub fn equal(c: &Call) -> Value {
    match (c.arg(0), c.arg(1)) {
        (Value::Null, Value::Null) => Value::Null,
        (Value::Null, _) | (_, Value::Null) => Value::Bool(false),
        (a, b) => Value::Bool(compare::promoted(a, b).is_eq() && !is_nan(a)),
    }
}

/// `a != b`: one null is true, two are null.
pub fn not_equal(c: &Call) -> Value {
    match equal(c) {
        Value::Bool(b) => Value::Bool(!b),
        other => other,
    }
}

fn is_nan(v: &Value) -> bool {
    matches!(v, Value::Real(r) if r.is_nan())
}

fn ordered(c: &Call, test: fn(Ordering) -> bool) -> Value {
    let (a, b) = (c.arg(0), c.arg(1));
    if a.is_null() || b.is_null() || !comparable(a, b) {
        return Value::Null;
    }
    Value::Bool(!is_nan(a) && !is_nan(b) && test(compare::promoted(a, b)))
}

/// A dynamic can hold what has no order against the other side; the answer is null then.
fn comparable(a: &Value, b: &Value) -> bool {
    match (a.own_type(), b.own_type()) {
        (Some(x), Some(y)) => x == y || (x.is_number() && y.is_number()),
        _ => false,
    }
}

/// `a < b`
pub fn less(c: &Call) -> Value {
    ordered(c, Ordering::is_lt)
}

/// `a <= b`
pub fn less_or_equal(c: &Call) -> Value {
    ordered(c, Ordering::is_le)
}

/// `a > b`
pub fn greater(c: &Call) -> Value {
    ordered(c, Ordering::is_gt)
}

/// `a >= b`
pub fn greater_or_equal(c: &Call) -> Value {
    ordered(c, Ordering::is_ge)
}

/// `x between (a .. b)`, both ends included.
pub fn between(c: &Call) -> Value {
    let (x, low, high) = (c.arg(0), c.arg(1), c.arg(2));
    if x.is_null() || low.is_null() || high.is_null() || !comparable(x, low) || !comparable(x, high) {
        return Value::Null;
    }
    let inside = !is_nan(x) && compare::promoted(x, low).is_ge() && compare::promoted(x, high).is_le();
    Value::Bool(inside != matches!(c.site.detail, Detail::Negated))
}

/// `a has b`, `a !contains b`, `a =~ b` … over the texts of both.
pub fn text_operator(c: &Call) -> Value {
    let Detail::Text(op) = c.site.detail else { return Value::Null };
    let haystack = c.text(0);
    let found = if op.test == TextMatch::Regex {
        match c.with_regex(1, |regex| regex.is_match(&haystack)) {
            Some(found) => found,
            None => return Value::Null,
        }
    } else {
        matches_text(op.test, op.case_sensitive, &haystack, &c.text(1))
    };
    Value::Bool(found != op.negated)
}

/// Whether a text operator finds `needle`.
pub fn matches_text(test: TextMatch, case_sensitive: bool, haystack: &str, needle: &str) -> bool {
    if case_sensitive {
        return find(test, haystack, needle);
    }
    if haystack.is_ascii() && needle.is_ascii() {
        return match test {
            TextMatch::Equals => haystack.eq_ignore_ascii_case(needle),
            _ => find(test, &haystack.to_ascii_lowercase(), &needle.to_ascii_lowercase()),
        };
    }
    find(test, &fold(haystack), &fold(needle))
}

/// Lower case as [`text::lower_char`] has it: the length in characters stays.
pub fn fold(s: &str) -> String {
    if s.is_ascii() { s.to_ascii_lowercase() } else { s.chars().map(text::lower_char).collect() }
}

fn find(test: TextMatch, haystack: &str, needle: &str) -> bool {
    match test {
        TextMatch::Equals => haystack == needle,
        TextMatch::Contains => haystack.contains(needle),
        TextMatch::StartsWith => haystack.starts_with(needle),
        TextMatch::EndsWith => haystack.ends_with(needle),
        TextMatch::Has => term(haystack, needle, true, true),
        TextMatch::HasPrefix => term(haystack, needle, true, false),
        TextMatch::HasSuffix => term(haystack, needle, false, true),
        TextMatch::Regex => false,
    }
}

/// Whether the needle stands in the text with a term's edge where asked. A term is a maximal run of letters
/// and digits; an edge is asked only where the needle's own edge character is one. The empty needle is found.
fn term(haystack: &str, needle: &str, start_edge: bool, end_edge: bool) -> bool {
    let (Some(first), Some(last)) = (needle.chars().next(), needle.chars().next_back()) else { return true };
    let (start_edge, end_edge) = (start_edge && first.is_alphanumeric(), end_edge && last.is_alphanumeric());
    haystack.match_indices(needle).any(|(at, _)| at_edge(haystack, at, needle.len(), start_edge, end_edge))
        // match_indices does not overlap; a needle that repeats itself can hide a later match.
        || overlaps(haystack, needle).any(|at| at_edge(haystack, at, needle.len(), start_edge, end_edge))
}

fn overlaps<'a>(haystack: &'a str, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
    // Only a needle with a delimiter inside can overlap itself with edges; others were all seen.
    let possible = needle.chars().any(|c| !c.is_alphanumeric());
    Some(occurrences(haystack, needle)).filter(|_| possible).into_iter().flatten()
}

/// Where a text that is not empty stands in another, also where it overlaps itself. Each byte is looked at once or twice
/// (Knuth, Morris, Pratt), however much of the needle repeats.
pub fn occurrences<'a>(haystack: &'a str, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
    let (text, needle) = (haystack.as_bytes(), needle.as_bytes());
    // For each length of a part that matched, the longest shorter one that still does.
    let mut shorter = vec![0; needle.len() + 1];
    let mut matched = 0;
    for (i, byte) in needle.iter().enumerate().skip(1) {
        matched = extended(needle, &shorter, matched, *byte);
        if let Some(slot) = shorter.get_mut(i + 1) {
            *slot = matched;
        }
    }
    let mut matched = 0;
    text.iter().enumerate().filter_map(move |(i, byte)| {
        matched = extended(needle, &shorter, matched, *byte);
        (matched == needle.len()).then(|| i + 1 - needle.len())
    })
}

/// How much of the needle matches once another byte is read.
fn extended(needle: &[u8], shorter: &[usize], mut matched: usize, byte: u8) -> usize {
    while needle.get(matched) != Some(&byte) {
        if matched == 0 {
            return 0;
        }
        matched = shorter.get(matched).copied().unwrap_or_default();
    }
    matched + 1
}

pub(super) fn at_edge(haystack: &str, at: usize, len: usize, start_edge: bool, end_edge: bool) -> bool {
    let before = haystack.get(..at).and_then(|s| s.chars().next_back());
    let after = haystack.get(at + len..).and_then(|s| s.chars().next());
    let inside = |edge: bool, c: Option<char>| edge && c.is_some_and(char::is_alphanumeric);
    !inside(start_edge, before) && !inside(end_edge, after)
}

/// `x in (…)`, `x has_any (…)` … The list is the arguments after the first; an array among them is its items.
pub fn list_operator(c: &Call) -> Value {
    let Detail::List(op) = c.site.detail else { return Value::Null };
    match op {
        ListOp::In { case_sensitive, negated } => member_of(c, case_sensitive, negated),
        ListOp::HasAny | ListOp::HasAll => {
            let haystack = fold(&c.text(0));
            let found = |terms: &Terms| match op {
                ListOp::HasAny => terms.any_in(&haystack),
                _ => terms.all_in(&haystack),
            };
            Value::Bool(with_terms(c, found))
        }
    }
}

/// The terms of the list; made once if it is constant.
fn with_terms(c: &Call, use_them: impl FnOnce(&Terms) -> bool) -> bool {
    let texts = || -> Vec<String> {
        let texts = |i| list_items(c.arg(i)).iter().map(move |v| fold(&text::tostring(v, c.ty(i))));
        (1..c.args.len()).flat_map(texts).collect()
    };
    if c.site.constant.iter().skip(1).all(|constant| *constant)
        && let Cache::Terms(terms) = c.site.cache.get_or_init(|| Cache::Terms(Terms::ready(texts())))
    {
        return use_them(terms);
    }
    use_them(&Terms::new(texts()))
}

fn member_of(c: &Call, case_sensitive: bool, negated: bool) -> Value {
    let x = c.arg(0);
    if !case_sensitive {
        let x = fold(&c.text(0));
        return Value::Bool(with_terms(c, |terms| terms.contain(&x)) != negated);
    }
    // A dynamic is compared as text against texts, by value against the rest.
    let x = match (c.ty(0), x) {
        (Type::Dynamic, Value::Array(_) | Value::Bag(_)) => Cow::Owned(Value::text(&c.text(0))),
        _ => Cow::Borrowed(x),
    };
    let constant = c.site.constant.iter().skip(1).all(|constant| *constant);
    let keys = || key::keys((1..c.args.len()).flat_map(|i| list_items(c.arg(i))));
    let key = key::key([&*x]);
    let found = match constant.then(|| c.site.cache.get_or_init(|| Cache::Keys(keys()))) {
        Some(Cache::Keys(set)) => set.contains(&key),
        _ => (1..c.args.len()).flat_map(|i| list_items(c.arg(i))).any(|v| key::key([v]) == key),
    };
    if x.is_null() && found {
        return Value::Null;
    }
    Value::Bool(found != negated)
}

/// `d.name`, `d['name']`: null where there is no such member, never an error.
pub fn member(c: &Call) -> Value {
    match (c.arg(0), c.arg(1)) {
        (Value::Bag(bag), Value::String(key)) => bag.get(key).cloned().unwrap_or_default(),
        _ => Value::Null,
    }
}

/// `d[i]`, `d[key]`: an index below zero counts from the end.
pub fn index(c: &Call) -> Value {
    match (c.arg(0), c.arg(1)) {
        (Value::Bag(_), Value::String(_)) => member(c),
        (Value::Array(items), index) => {
            let Some(i) = index.as_integer() else { return Value::Null };
            let i = if i < 0 { i.checked_add(items.len() as i64) } else { Some(i) };
            i.and_then(convert::to_count).and_then(|i| items.get(i)).cloned().unwrap_or_default()
        }
        _ => Value::Null,
    }
}

/// Converts a dynamic to the type that is asked for; what the binder puts around such arguments.
pub fn convert_to_result(c: &Call) -> Value {
    let (v, to) = (c.arg(0), c.result());
    match v {
        // A number stays what it is: 1.5 == 1 must not become 1 == 1.
        Value::Int(_) | Value::Long(_) | Value::Real(_) | Value::Decimal(_)
            if to.is_number() && c.ty(0) == Type::Dynamic =>
        {
            v.clone()
        }
        _ => convert::convert(v, c.ty(0), to),
    }
}
