//! Values put together: lists, sets, property bags.

use super::{Aggregate, EXPR, MAX_ITEMS, PREDICATE, State, dynamic_type, first, value};
use crate::functions::call::list_items;
use crate::functions::{Naming, Param, dynamic, integer, optional};
use crate::value::codec::{self, Decoder};
use crate::value::key::{self, KeySet};
use crate::value::{Bag, Type, Value, convert};
use std::rc::Rc;

/// How many items `makelist` and `makeset` keep unless told otherwise. Source: Microsoft's docs.
const OLD_MAX_ITEMS: usize = 128;
const MAX_SIZE: Param = optional(integer("maxSize"));

/// The family.
pub static AGGREGATES: &[Aggregate] = &[
    aggregate!("make_bag"(dynamic("expr"), MAX_SIZE) -> dynamic_type, Naming::Prefix("bag"),
        "Merges property bags into one that has all keys.",
        [("make_bag(bag_pack(s, x))", r#"{"a":1,"b":2}"#)], |_| Bags::of(MAX_ITEMS)),
    aggregate!("make_bag_if"(dynamic("expr"), PREDICATE, MAX_SIZE) -> dynamic_type, Naming::Prefix("bag"),
        "Merges the property bags of the rows where the predicate is true.",
        [("make_bag_if(bag_pack(s, x), x > 1)", r#"{"b":2}"#)], |_| Bags::of(MAX_ITEMS)),
    aggregate!("make_dictionary"(dynamic("expr"), MAX_SIZE) -> dynamic_type, Naming::Prefix("dictionary"),
        "The same as make_bag.", [("make_dictionary(bag_pack(s, x))", r#"{"a":1,"b":2}"#)],
        |_| Bags::of(MAX_ITEMS)),
    aggregate!("make_list"(EXPR, MAX_SIZE) -> dynamic_type, Naming::Prefix("list"),
        "Returns an array of all values. Of arrays it takes the items; a null is left out unless it is dynamic.", [("make_list(x)", "[1,2,2]")],
        |types| List::of(MAX_ITEMS, first(types) == Type::Dynamic)),
    aggregate!("make_list_if"(EXPR, PREDICATE, MAX_SIZE) -> dynamic_type, Naming::Prefix("list"),
        "Returns an array of all values of the rows where the predicate is true.",
        [("make_list_if(x, x > 1)", "[2,2]")],
        |types| List::of(MAX_ITEMS, first(types) == Type::Dynamic)),
    aggregate!("make_list_with_nulls"(EXPR) -> dynamic_type, Naming::Prefix("list"),
        "Returns an array of all values, nulls included.", [("make_list_with_nulls(x)", "[1,2,2]")],
        |_| List::of(MAX_ITEMS, true)),
    aggregate!("make_set"(EXPR, MAX_SIZE) -> dynamic_type, Naming::Prefix("set"),
        "Returns an array of the distinct values.", [("make_set(x)", "[1,2]")], |_| Set::of(MAX_ITEMS)),
    aggregate!("make_set_if"(EXPR, PREDICATE, MAX_SIZE) -> dynamic_type, Naming::Prefix("set"),
        "Returns an array of the distinct values of the rows where the predicate is true.",
        [("make_set_if(x, x > 1)", "[2]")], |_| Set::of(MAX_ITEMS)),
    aggregate!("makelist"(EXPR, MAX_SIZE) -> dynamic_type, Naming::Prefix("list"),
        "The same as make_list, with at most 128 items.", [("makelist(x)", "[1,2,2]")],
        |types| List::of(OLD_MAX_ITEMS, first(types) == Type::Dynamic)),
    aggregate!("makeset"(EXPR, MAX_SIZE) -> dynamic_type, Naming::Prefix("set"),
        "The same as make_set, with at most 128 items.", [("makeset(x)", "[1,2]")],
        |_| Set::of(OLD_MAX_ITEMS)),
];

/// The limit that the second argument sets, or the given one.
fn limit(args: &[Value], otherwise: usize) -> usize {
    args.get(1)
        .and_then(Value::as_integer)
        .and_then(convert::to_count)
        .map_or(otherwise, |n| n.min(MAX_ITEMS))
}

/// Appends what a state keeps, and how much it may keep at most.
fn save_items(max: usize, items: &[Value], out: &mut Vec<u8>) {
    codec::write_length(max, out);
    codec::write_row(items, out);
}

fn saved_items(saved: &mut Decoder<'_>) -> Option<(usize, Vec<Value>)> {
    Some((saved.length()?, saved.row()?))
}

/// Values in order, the items of arrays in their place.
struct List {
    items: Vec<Value>,
    max: usize,
    nulls: bool,
}

impl List {
    fn of(max: usize, nulls: bool) -> Box<dyn State> {
        Box::new(List { items: Vec::new(), max, nulls })
    }
}

impl State for List {
    fn takes_nulls(&self) -> bool {
        self.nulls
    }

    fn update(&mut self, args: &[Value]) {
        self.max = limit(args, self.max);
        let room = self.max.saturating_sub(self.items.len());
        self.items.extend(list_items(value(args)).iter().take(room).cloned());
    }

    fn kept(&self) -> usize {
        self.items.len()
    }

    fn save(&self, out: &mut Vec<u8>) -> bool {
        save_items(self.max, &self.items, out);
        true
    }

    fn merge(&mut self, saved: &mut Decoder<'_>) -> Option<()> {
        let (max, items) = saved_items(saved)?;
        self.max = max;
        let room = max.saturating_sub(self.items.len());
        self.items.extend(items.into_iter().take(room));
        Some(())
    }

    fn finish(self: Box<Self>, _: Type, _: usize) -> Vec<Value> {
        vec![Value::array(self.items)]
    }
}

/// Different values in the order they came.
struct Set {
    keys: KeySet,
    items: Vec<Value>,
    max: usize,
}

impl Set {
    fn of(max: usize) -> Box<dyn State> {
        Box::new(Set { keys: KeySet::default(), items: Vec::new(), max })
    }

    fn add(&mut self, item: &Value) {
        if self.items.len() < self.max && !item.is_null() && self.keys.insert(key::key([item])) {
            self.items.push(item.clone());
        }
    }
}

impl State for Set {
    fn update(&mut self, args: &[Value]) {
        self.max = limit(args, self.max);
        // A set over arrays is the set of their items.
        list_items(value(args)).iter().for_each(|item| self.add(item));
    }

    fn kept(&self) -> usize {
        self.items.len()
    }

    fn save(&self, out: &mut Vec<u8>) -> bool {
        save_items(self.max, &self.items, out);
        true
    }

    fn merge(&mut self, saved: &mut Decoder<'_>) -> Option<()> {
        let (max, items) = saved_items(saved)?;
        self.max = max;
        items.iter().for_each(|item| self.add(item));
        Some(())
    }

    fn finish(self: Box<Self>, _: Type, _: usize) -> Vec<Value> {
        vec![Value::array(self.items)]
    }
}

/// The keys of all bags; the first value of a key stays.
struct Bags {
    bag: Bag,
    max: usize,
}

impl Bags {
    fn of(max: usize) -> Box<dyn State> {
        Box::new(Bags { bag: Bag::new(), max })
    }

    fn add(&mut self, bag: &Value) {
        for (key, value) in bag.as_bag().into_iter().flat_map(Bag::iter) {
            if self.bag.len() < self.max {
                self.bag.insert_if_absent(Rc::clone(key), value.clone());
            }
        }
    }
}

impl State for Bags {
    fn update(&mut self, args: &[Value]) {
        self.max = limit(args, self.max);
        self.add(value(args));
    }

    fn kept(&self) -> usize {
        self.bag.len()
    }

    fn save(&self, out: &mut Vec<u8>) -> bool {
        save_items(self.max, &[Value::bag(self.bag.clone())], out);
        true
    }

    fn merge(&mut self, saved: &mut Decoder<'_>) -> Option<()> {
        let (max, bags) = saved_items(saved)?;
        self.max = max;
        bags.iter().for_each(|bag| self.add(bag));
        Some(())
    }

    fn finish(self: Box<Self>, _: Type, _: usize) -> Vec<Value> {
        vec![Value::bag(self.bag)]
    }
}
