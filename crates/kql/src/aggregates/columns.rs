//! What columns a plug-in makes of the values that it is given. No query calls these: a query whose columns depend on rows
//! is bound after they have seen the rows.

use super::{Aggregate, State, dynamic_type, value};
use crate::functions::{Naming, dynamic, scalar};
use crate::value::{Str, Type, Value, text};
use indexmap::{IndexMap, IndexSet};
use std::rc::Rc;

/// How many columns a plug-in may make out of data.
pub const MAX_MADE_COLUMNS: usize = 1024;

/// The keys of bags, in the order of their text, each with its type: an array of names and types by turns.
pub static OF_BAGS: Aggregate = aggregate!("keys"(dynamic("bag")) -> dynamic_type, Naming::Prefix("keys"),
    "Returns the keys of all bags, with their types.", [], |_| Box::<Keys>::default());

/// Each value once, as text, in the order they came: an array of names and types by turns.
pub static OF_NAMES: Aggregate = aggregate!("names"(scalar("value")) -> dynamic_type, Naming::Prefix("names"),
    "Returns all values as names of columns.", [],
    |types| Box::new(Names { ty: super::first(types), names: IndexSet::new() }));

/// The keys so far; one more than may be, at most.
#[derive(Default)]
struct Keys(IndexMap<Str, Option<Type>>);

impl State for Keys {
    fn update(&mut self, args: &[Value]) {
        let Some(bag) = value(args).as_bag() else { return };
        for (key, v) in bag.iter() {
            if self.0.len() > MAX_MADE_COLUMNS {
                return;
            }
            let ty = v.own_type();
            // Most bags have the keys of those before.
            let Some(slot) = self.0.get_mut(&**key) else {
                self.0.insert(Rc::clone(key), ty);
                continue;
            };
            // Values of several types make a dynamic column; nulls fit every type.
            *slot = match (*slot, ty) {
                (Some(a), Some(b)) if a != b => Some(Type::Dynamic),
                (known, found) => known.or(found),
            };
        }
    }

    fn kept(&self) -> usize {
        self.0.len()
    }

    fn finish(mut self: Box<Self>, _: Type, _: usize) -> Vec<Value> {
        self.0.sort_keys();
        array(self.0.into_iter().map(|(name, ty)| (name, ty.unwrap_or(Type::Dynamic))))
    }
}

struct Names {
    ty: Type,
    names: IndexSet<Str>,
}

impl State for Names {
    /// They are a column without a name.
    fn takes_nulls(&self) -> bool {
        true
    }

    fn update(&mut self, args: &[Value]) {
        if self.names.len() > MAX_MADE_COLUMNS {
            return;
        }
        let name = text::tostring(value(args), self.ty);
        if !self.names.contains(&*name) {
            self.names.insert(Rc::from(&*name));
        }
    }

    fn kept(&self) -> usize {
        self.names.len()
    }

    fn finish(self: Box<Self>, _: Type, _: usize) -> Vec<Value> {
        array(self.names.into_iter().map(|name| (name, Type::Dynamic)))
    }
}

fn array(columns: impl Iterator<Item = (Str, Type)>) -> Vec<Value> {
    vec![Value::array(columns.flat_map(|(name, ty)| [Value::String(name), Value::text(ty.name())]).collect())]
}
