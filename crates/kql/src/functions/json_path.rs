//! Paths into JSON as Kusto's functions take them: `$.a.b[0]['c d']`.

use crate::value::{Bag, Str, Value};
use std::collections::HashMap;
use std::rc::Rc;

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A member of a bag.
    Key(String),
    /// An item of an array.
    Index(usize),
}

/// The longest path in steps; JSON is not deeper.
const MAX_STEPS: usize = crate::value::json::MAX_DEPTH;

/// Reads a path that starts at `$`. `None` if it is none.
pub fn parse(text: &str) -> Option<Vec<Step>> {
    let mut rest = text.trim().strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if steps.len() == MAX_STEPS {
            return None;
        }
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (name, left) = after.split_at_checked(end)?;
            if name.is_empty() {
                return None;
            }
            steps.push(Step::Key(name.to_owned()));
            rest = left;
            continue;
        }
        let inside = rest.strip_prefix('[')?;
        let quote = inside.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let left = match quote {
            Some(quote) => {
                let (key, left) = inside.get(1..)?.split_once(quote)?;
                steps.push(Step::Key(key.to_owned()));
                left.strip_prefix(']')?
            }
            None => {
                let (index, left) = inside.split_once(']')?;
                steps.push(Step::Index(index.trim().parse().ok()?));
                left
            }
        };
        rest = left;
    }
    Some(steps)
}

/// A key as it stands, or a path if it starts with `$`.
pub fn key_or_path(text: &str) -> Option<Vec<Step>> {
    if text.starts_with('$') { parse(text) } else { Some(vec![Step::Key(text.to_owned())]) }
}

/// The value at a path.
pub fn get<'a>(from: &'a Value, path: &[Step]) -> Option<&'a Value> {
    path.iter().try_fold(from, |v, step| match (v, step) {
        (Value::Bag(bag), Step::Key(key)) => bag.get(key),
        (Value::Array(items), Step::Index(i)) => items.get(*i),
        _ => None,
    })
}

/// A bag with a value set at a path of keys; bags on the way are made. `None` where something else is in the way.
pub fn set(bag: &Bag, path: &[Step], value: Value) -> Option<Bag> {
    let (Step::Key(key), rest) = path.split_first()? else { return None };
    let value = if rest.is_empty() {
        value
    } else {
        let empty = Bag::new();
        let inner = match bag.get(key) {
            Some(Value::Bag(inner)) => inner,
            None | Some(Value::Null) => &empty,
            Some(_) => return None,
        };
        Value::bag(set(inner, rest, value)?)
    };
    let mut out: Vec<(Str, Value)> = bag.iter().filter(|(k, _)| **k != **key).cloned().collect();
    out.push((Rc::from(key.as_str()), value));
    Some(Bag::from_distinct(out))
}

/// A bag without what is at some paths of keys, however many.
pub fn remove(bag: &Bag, paths: &[&[Step]]) -> Bag {
    let mut below: HashMap<&str, Vec<&[Step]>> = HashMap::new();
    for path in paths {
        if let Some((Step::Key(key), rest)) = path.split_first() {
            below.entry(key).or_default().push(rest);
        }
    }
    let kept = bag.iter().filter_map(|(k, v)| match (below.get(&**k), v) {
        (None, v) => Some((Rc::clone(k), v.clone())),
        (Some(rests), _) if rests.iter().any(|rest| rest.is_empty()) => None,
        (Some(rests), Value::Bag(inner)) => Some((Rc::clone(k), Value::bag(remove(inner, rests)))),
        (Some(_), other) => Some((Rc::clone(k), other.clone())),
    });
    Bag::from_distinct(kept.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let key = |k: &str| Step::Key(k.to_owned());
        assert_eq!(parse("$.a[0]['b c'].ö"), Some(vec![key("a"), Step::Index(0), key("b c"), key("ö")]));
        assert_eq!(parse("$"), Some(Vec::new()));
        for bad in ["", "a", "$.", "$..a", "$[", "$[x]", "$['a", "$a", "$[-1]"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(parse(&format!("${}", ".a".repeat(100_000))), None);
    }
}
