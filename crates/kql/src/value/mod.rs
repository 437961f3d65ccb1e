//! The ten scalar types of Kusto and their values.
//!
//! A [`Value`] does not carry its static type: a plan knows the [`Type`] of every expression, and a
//! `dynamic` expression may hold any variant (`parse_json("1")` is `Value::Long(1)` of type dynamic).
//! One null serves all types. `string` has no null in Kusto: an expression of type string never
//! yields [`Value::Null`]; what would be a null there is the empty text.

pub mod codec;
pub mod compare;
pub mod convert;
pub mod datetime;
pub mod json;
pub mod key;
pub mod limits;
pub mod meter;
pub mod percentile;
pub mod raw;
pub mod text;
pub mod timespan;

pub use rust_decimal::Decimal;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Deref;
use std::rc::Rc;

/// Text shared between rows; cloning copies a pointer.
pub type Str = Rc<str>;

/// A scalar type of Kusto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `bool`
    Bool,
    /// `int`, 32 bits
    Int,
    /// `long`, 64 bits
    Long,
    /// `real`, IEEE 754 double
    Real,
    /// `decimal`
    Decimal,
    /// `datetime`, 100 ns ticks since 0001-01-01 UTC
    DateTime,
    /// `timespan`, 100 ns ticks
    Timespan,
    /// `guid`
    Guid,
    /// `string`, never null
    String,
    /// `dynamic`: any value, an array or a property bag
    Dynamic,
}

impl Type {
    /// The name Kusto prints for the type.
    pub fn name(self) -> &'static str {
        match self {
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Long => "long",
            Type::Real => "real",
            Type::Decimal => "decimal",
            Type::DateTime => "datetime",
            Type::Timespan => "timespan",
            Type::Guid => "guid",
            Type::String => "string",
            Type::Dynamic => "dynamic",
        }
    }

    /// The type named in a query (`datatable(x:long)`, `typeof(date)`), with Kusto's aliases.
    pub fn from_name(name: &str) -> Option<Type> {
        Some(match name {
            "bool" | "boolean" => Type::Bool,
            "int" | "int32" | "int8" => Type::Int,
            "long" | "int64" => Type::Long,
            "real" | "double" => Type::Real,
            "decimal" => Type::Decimal,
            "datetime" | "date" => Type::DateTime,
            "timespan" | "time" => Type::Timespan,
            "guid" | "uuid" | "uniqueid" => Type::Guid,
            "string" => Type::String,
            "dynamic" => Type::Dynamic,
            _ => return None,
        })
    }

    /// `int`, `long`, `real` or `decimal`.
    pub fn is_number(self) -> bool {
        matches!(self, Type::Int | Type::Long | Type::Real | Type::Decimal)
    }

    /// `int` or `long`.
    pub fn is_integer(self) -> bool {
        matches!(self, Type::Int | Type::Long)
    }

    /// What an expression of this type yields where a value is missing: `""` for string, else null.
    pub fn missing(self) -> Value {
        if self == Type::String { Value::empty_text() } else { Value::Null }
    }
}

/// A scalar value.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// The null of every type but string.
    #[default]
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `int(1)`
    Int(i32),
    /// `1`
    Long(i64),
    /// `1.5`
    Real(f64),
    /// `decimal(1.5)`
    Decimal(Decimal),
    /// Ticks of 100 ns since 0001-01-01T00:00:00Z.
    DateTime(i64),
    /// Ticks of 100 ns.
    Timespan(i64),
    /// Sixteen bytes in the order they are written.
    Guid([u8; 16]),
    /// `"text"`
    String(Str),
    /// `dynamic([1, 2])`
    Array(Rc<Array>),
    /// `dynamic({"a": 1})`
    Bag(Rc<Bag>),
}

const _: () = assert!(size_of::<Value>() <= 24, "a row is a vector of these");

/// About how many bytes values take, with all that is in them.
pub fn bytes(values: &[Value]) -> usize {
    Extent::of(values.iter()).bytes
}

/// How large a dynamic value is, known when it is made: a value can hold the same part many times over, so that it is small in
/// memory and endless for whoever walks it.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    depth: usize,
    bytes: usize,
}

/// What a text, an array and a bag take besides their content, in bytes: what keeps them, and the allocator's part. Small ones are
/// mostly that: a list of empty bags has 3 bytes of JSON for each. Numbers for a machine of 64 bits, so that the count is the same
/// on all.
const TEXT: usize = 32;
const ARRAY: usize = 64;
const BAG: usize = 128;

/// Gives back the room that a vector has left over where that is much: what is kept counts by what is in it.
fn trim<T>(items: &mut Vec<T>) {
    if items.capacity() - items.len() > items.len() / 4 {
        items.shrink_to_fit();
    }
}

impl Extent {
    /// As deep as dynamic values can be. What walks them may recurse.
    const MAX_DEPTH: usize = 256;
    /// As many bytes as a dynamic value may have, with each part counted wherever it stands.
    const MAX_BYTES: usize = 100_000_000;

    fn of<'a>(parts: impl Iterator<Item = &'a Value>) -> Extent {
        let mut all = Extent::default();
        for part in parts {
            let part = match part {
                Value::String(text) if text.is_empty() => Extent::default(), // all share one
                Value::String(text) => Extent { depth: 0, bytes: TEXT + text.len() },
                Value::Array(array) => array.extent,
                Value::Bag(bag) => bag.extent,
                _ => Extent::default(),
            };
            all.depth = all.depth.max(part.depth);
            all.bytes = all.bytes.saturating_add(part.bytes).saturating_add(size_of::<Value>());
        }
        Extent { depth: all.depth + 1, ..all }
    }

    /// With so many bytes more.
    fn and(self, bytes: usize) -> Extent {
        Extent { bytes: self.bytes.saturating_add(bytes), ..self }
    }

    /// Whether there can be such a value; where not, whoever asks for it is stopped.
    fn fits(self) -> bool {
        let fits = self.depth <= Extent::MAX_DEPTH && self.bytes <= Extent::MAX_BYTES;
        if !fits {
            meter::refuse();
        }
        fits
    }
}

/// The items of an array. Made by [`Value::array`].
#[derive(Clone, Debug, Default)]
pub struct Array {
    items: Vec<Value>,
    extent: Extent,
}

impl Array {
    /// The items, to be changed and made an array again.
    pub fn into_items(mut self) -> Vec<Value> {
        std::mem::take(&mut self.items)
    }
}

impl Deref for Array {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.items
    }
}

impl Drop for Array {
    fn drop(&mut self) {
        drop_without_recursion(std::mem::take(&mut self.items));
    }
}

/// What nests deep must not need a deep stack to go away.
fn drop_without_recursion(mut waiting: Vec<Value>) {
    if !waiting.iter().any(|v| matches!(v, Value::Array(_) | Value::Bag(_))) {
        return;
    }
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(array) => {
                waiting.extend(Rc::into_inner(array).into_iter().flat_map(Array::into_items))
            }
            Value::Bag(bag) => waiting.extend(Rc::into_inner(bag).into_iter().flat_map(Bag::into_values)),
            _ => {}
        }
    }
}

/// A property bag: keys in the order they were first written, each once.
#[derive(Clone, Debug, Default)]
pub struct Bag {
    pairs: Vec<(Str, Value)>,
    /// Where the keys of a large bag are, once someone has asked.
    index: OnceCell<HashMap<Str, usize>>,
    extent: Extent,
}

impl Bag {
    /// Up to so many keys are looked through.
    const SMALL: usize = 16;

    /// An empty bag.
    pub fn new() -> Bag {
        Bag::default()
    }

    fn position(&self, key: &str) -> Option<usize> {
        if self.pairs.len() <= Bag::SMALL {
            return self.pairs.iter().position(|(k, _)| &**k == key);
        }
        let all = || self.pairs.iter().enumerate().map(|(i, (key, _))| (Rc::clone(key), i)).collect();
        self.index.get_or_init(all).get(key).copied()
    }

    /// The value of `key`, if the bag has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.position(key).and_then(|at| self.pairs.get(at)).map(|(_, v)| v)
    }

    /// Sets `key`; a key that is there keeps its place and takes the new value.
    pub fn insert(&mut self, key: Str, value: Value) {
        match self.position(&key).and_then(|at| self.pairs.get_mut(at)) {
            Some(slot) => slot.1 = value,
            None => self.push(key, value),
        }
    }

    /// Sets `key` unless the bag has it.
    pub fn insert_if_absent(&mut self, key: Str, value: Value) {
        if self.position(&key).is_none() {
            self.push(key, value);
        }
    }

    fn push(&mut self, key: Str, value: Value) {
        if let Some(index) = self.index.get_mut() {
            index.insert(Rc::clone(&key), self.pairs.len());
        }
        self.pairs.push((key, value));
    }

    /// A bag of pairs whose keys the caller knows to be distinct.
    pub fn from_distinct(pairs: Vec<(Str, Value)>) -> Bag {
        Bag { pairs, index: OnceCell::new(), extent: Extent::default() }
    }

    /// The pairs in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &(Str, Value)> {
        self.pairs.iter()
    }

    /// The pairs in order, as a slice.
    pub fn pairs(&self) -> &[(Str, Value)] {
        &self.pairs
    }

    /// How many keys.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    fn into_values(mut self) -> impl Iterator<Item = Value> {
        std::mem::take(&mut self.pairs).into_iter().map(|(_, v)| v)
    }
}

impl Drop for Bag {
    fn drop(&mut self) {
        if self.pairs.iter().any(|(_, v)| matches!(v, Value::Array(_) | Value::Bag(_))) {
            drop_without_recursion(std::mem::take(&mut self.pairs).into_iter().map(|(_, v)| v).collect());
        }
    }
}

thread_local! {
    static EMPTY: Str = Rc::from("");
}

impl Value {
    /// The empty text, shared.
    pub fn empty_text() -> Value {
        Value::String(EMPTY.with(Rc::clone))
    }

    /// A text value.
    pub fn text(text: &str) -> Value {
        if text.is_empty() {
            return Value::empty_text();
        }
        meter::make(TEXT + text.len());
        Value::String(Rc::from(text))
    }

    /// An array value; null, and noted by the [`meter`], if there would be too much of it.
    pub fn array(mut items: Vec<Value>) -> Value {
        trim(&mut items);
        meter::make(ARRAY + items.len() * size_of::<Value>());
        let extent = Extent::of(items.iter()).and(ARRAY);
        if extent.fits() { Value::Array(Rc::new(Array { items, extent })) } else { Value::Null }
    }

    /// An array of texts.
    pub fn texts<'a>(items: impl Iterator<Item = &'a str>) -> Value {
        Value::array(items.map(Value::text).collect())
    }

    /// A property bag value of pairs whose keys are distinct.
    pub fn object(pairs: &[(&str, Value)]) -> Value {
        let pairs = pairs.iter().map(|(key, value)| (Str::from(*key), value.clone()));
        Value::bag(Bag::from_distinct(pairs.collect()))
    }

    /// A property bag value; null, and noted by the [`meter`], if there would be too much of it.
    pub fn bag(mut bag: Bag) -> Value {
        trim(&mut bag.pairs);
        let keys: usize = bag.iter().map(|(key, _)| TEXT + key.len()).sum();
        meter::make(BAG + keys + bag.len() * size_of::<Value>());
        bag.extent = Extent::of(bag.iter().map(|(_, v)| v)).and(BAG + keys);
        if bag.extent.fits() { Value::Bag(Rc::new(bag)) } else { Value::Null }
    }

    /// Whether this is the null.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The truth of a predicate: only `true` is true (a null is not).
    pub fn is_true(&self) -> bool {
        matches!(self, Value::Bool(true))
    }

    /// The text of a string value, without conversion.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(s) => Some(s),
            _ => None,
        }
    }

    /// The items of an array value.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The bag of a property bag value.
    pub fn as_bag(&self) -> Option<&Bag> {
        match self {
            Value::Bag(bag) => Some(bag),
            _ => None,
        }
    }

    /// The integer of an `int` or `long` value.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Value::Int(n) => Some(i64::from(*n)),
            Value::Long(n) => Some(*n),
            _ => None,
        }
    }

    /// The type of the variant, `None` for null. Arrays and bags are dynamic.
    pub fn own_type(&self) -> Option<Type> {
        Some(match self {
            Value::Null => return None,
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => Type::Int,
            Value::Long(_) => Type::Long,
            Value::Real(_) => Type::Real,
            Value::Decimal(_) => Type::Decimal,
            Value::DateTime(_) => Type::DateTime,
            Value::Timespan(_) => Type::Timespan,
            Value::Guid(_) => Type::Guid,
            Value::String(_) => Type::String,
            Value::Array(_) | Value::Bag(_) => Type::Dynamic,
        })
    }

    /// Whether a column of a type may hold the value. A string is never null.
    pub fn fits(&self, ty: Type) -> bool {
        match self.own_type() {
            None => ty != Type::String,
            Some(own) => own == ty || ty == Type::Dynamic,
        }
    }
}

impl From<bool> for Value {
    fn from(v: bool) -> Value {
        Value::Bool(v)
    }
}
impl From<i64> for Value {
    fn from(v: i64) -> Value {
        Value::Long(v)
    }
}
impl From<f64> for Value {
    fn from(v: f64) -> Value {
        Value::Real(v)
    }
}
impl From<&str> for Value {
    fn from(v: &str) -> Value {
        Value::text(v)
    }
}
impl From<String> for Value {
    fn from(v: String) -> Value {
        Value::text(&v)
    }
}

/// One column of a table: its name and type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Column {
    /// As a query writes it, without brackets.
    pub name: Str,
    /// The type of its values.
    pub ty: Type,
}

impl Column {
    /// A column.
    pub fn new(name: &str, ty: Type) -> Column {
        Column { name: Rc::from(name), ty }
    }
}
