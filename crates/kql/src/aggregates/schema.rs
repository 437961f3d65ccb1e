//! `buildschema`: the least schema that takes in all values seen.

use super::{Aggregate, State, dynamic_type, value};
use crate::functions::{Naming, dynamic};
use crate::value::{Bag, Str, Type, Value};
use std::rc::Rc;

/// The family.
pub static AGGREGATES: &[Aggregate] =
    &[aggregate!("buildschema"(dynamic("expr")) -> dynamic_type, Naming::Prefix("schema"),
        "Returns the narrowest schema that fits all values.",
        [("buildschema(bag_pack('x', x, 's', s))", r#"{"x":"long","s":"string"}"#)],
        |_| Box::<Schema>::default())];

/// How many members a schema can have in all; beyond, it is null.
const MAX_MEMBERS: usize = 1 << 12;

/// What values of one place are.
#[derive(Default)]
struct Schema {
    root: Node,
    members: usize,
}

#[derive(Default)]
struct Node {
    types: Vec<&'static str>,
    members: Option<Vec<(Str, Node)>>,
    items: Option<Box<Node>>,
}

impl State for Schema {
    fn update(&mut self, args: &[Value]) {
        self.root.add(value(args), &mut self.members);
    }

    /// A type's name, a bag of members, a bag of `` `indexer` `` for an array, or an array of several.
    fn finish(self: Box<Self>, _: Type, _: usize) -> Vec<Value> {
        vec![if self.members > MAX_MEMBERS { Value::Null } else { self.root.finish() }]
    }
}

impl Node {
    fn add(&mut self, v: &Value, members: &mut usize) {
        if *members > MAX_MEMBERS {
            return;
        }
        match v {
            Value::Null => {}
            Value::Array(items) => {
                let node = self.items.get_or_insert_default();
                items.iter().for_each(|item| node.add(item, members));
            }
            Value::Bag(bag) => {
                let known = self.members.get_or_insert_default();
                for (key, item) in bag.iter() {
                    let at = match known.iter().position(|(k, _)| k == key) {
                        Some(at) => at,
                        None => {
                            *members += 1;
                            known.push((Rc::clone(key), Node::default()));
                            known.len() - 1
                        }
                    };
                    if let Some((_, node)) = known.get_mut(at) {
                        node.add(item, members);
                    }
                }
            }
            scalar => {
                let name = match scalar.own_type() {
                    Some(Type::Real) => "double",
                    Some(ty) => ty.name(),
                    None => return,
                };
                if !self.types.contains(&name) {
                    self.types.push(name);
                }
            }
        }
    }

    fn finish(self) -> Value {
        let mut all = Vec::new();
        if let Some(members) = self.members {
            all.push(Value::bag(Bag::from_distinct(
                members.into_iter().map(|(k, n)| (k, n.finish())).collect(),
            )));
        }
        if let Some(items) = self.items {
            all.push(Value::bag(Bag::from_distinct(vec![(Rc::from("`indexer`"), items.finish())])));
        }
        all.extend(self.types.into_iter().map(Value::text));
        match all.len() {
            0 => Value::Null,
            1 => all.pop().unwrap_or_default(),
            _ => Value::array(all),
        }
    }
}
