//! What the engine's count of steps does not see: values that grow or nest out
//! of proportion to the work that made them ([x, x] sixty times over, x + x, a
//! namespace inside itself). Every place where a value can grow goes through a
//! function here that weighs it; compile.rs sees to that.

use minijinja::value::{Kwargs, Rest, Tuple, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use crate::compile::{ADD, CONCAT, KEPT, LIST, MAP, MULTIPLY, STORED, TUPLE};
use crate::python;

/// Deepest nesting of a value, as of calls.
pub const MAX_DEPTH: usize = 64;
/// Most bytes of text in one value, written out in full.
const MAX_BYTES: u64 = 64 << 20;
const NODES_PER_FUEL: u64 = 4;

pub fn invalid(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, text.into())
}

pub fn add_functions(env: &mut Environment) {
    env.add_function(KEPT, kept);
    env.add_function(STORED, stored);
    env.add_function(ADD, add);
    env.add_function(MULTIPLY, multiply);
    env.add_function(CONCAT, concat);
    env.add_function(LIST, list);
    env.add_function(TUPLE, tuple);
    env.add_function(MAP, map);
    env.add_filter("sum", sum);
    env.add_filter("string", string);
    // Not of Jinja2, and unbounded.
    for name in ["chain", "zip", "pprint"] {
        env.remove_filter(name);
    }
    env.remove_global("debug");
}

/// Counts what a value would take written out.
struct Scale<'a, 'env> {
    state: &'a State<'a, 'env>,
    namespaces: bool,
    nodes: u64,
    bytes: u64,
}

fn is_namespace(value: &Value) -> bool {
    value
        .as_object()
        .is_some_and(|object| object.type_name().ends_with("::Namespace"))
}

impl Scale<'_, '_> {
    fn add(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        self.nodes += 1;
        self.bytes += value.as_str().map_or(8, |text| text.len() as u64);
        if self.nodes.is_multiple_of(NODES_PER_FUEL) {
            self.state.consume_fuel(1)?;
        }
        if self.bytes > MAX_BYTES {
            return Err(invalid(format!("a value of more than {MAX_BYTES} bytes")));
        }
        if depth > MAX_DEPTH {
            return Err(invalid(format!(
                "a value nested deeper than {MAX_DEPTH} levels"
            )));
        }
        match value.kind() {
            ValueKind::Seq | ValueKind::Iterable => {
                for item in value.try_iter()?.checked() {
                    self.add(&item?, depth + 1)?;
                }
            }
            ValueKind::Map => {
                if is_namespace(value) && !(self.namespaces && depth == 0) {
                    return Err(invalid("a namespace cannot be kept inside another value"));
                }
                for key in value.try_iter()?.checked() {
                    let key = key?;
                    self.add(&value.get_item(&key)?, depth + 1)?;
                    self.add(&key, depth + 1)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Fails for a value that is too large or nested too deep to work with; gives
/// its bytes.
fn weigh(state: &State, value: &Value, namespaces: bool) -> Result<u64, Error> {
    let mut scale = Scale {
        state,
        namespaces,
        nodes: 0,
        bytes: 0,
    };
    scale.add(value, 0)?;
    Ok(scale.bytes)
}

/// A value as Python prints it, weighed before that.
pub fn text(state: &State, value: &Value) -> Result<String, Error> {
    if value.as_object().is_some() {
        weigh(state, value, true)?;
    }
    Ok(python::text(value))
}

fn one_or_tuple(mut values: Rest<Value>) -> Value {
    if values.len() == 1 {
        values.swap_remove(0)
    } else {
        Value::from(Tuple::from(std::mem::take(&mut *values)))
    }
}

fn kept(state: &State, values: Rest<Value>) -> Result<Value, Error> {
    let value = one_or_tuple(values);
    weigh(state, &value, true)?;
    Ok(value)
}

fn stored(state: &State, values: Rest<Value>) -> Result<Value, Error> {
    let value = one_or_tuple(values);
    weigh(state, &value, false)?;
    Ok(value)
}

fn list(state: &State, items: Rest<Value>) -> Result<Value, Error> {
    let value = Value::from(items.0);
    weigh(state, &value, false)?;
    Ok(value)
}

fn tuple(state: &State, items: Rest<Value>) -> Result<Value, Error> {
    let value = Value::from(Tuple::from(items.0));
    weigh(state, &value, false)?;
    Ok(value)
}

fn map(state: &State, items: Rest<Value>) -> Result<Value, Error> {
    let pairs = items.chunks_exact(2);
    let value = Value::from_pairs(pairs.map(|pair| (pair[0].clone(), pair[1].clone())));
    weigh(state, &value, false)?;
    Ok(value)
}

fn is_list(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) && !value.is_tuple()
}

/// An operator of the engine, for operands that cannot grow.
fn engine(operator: &'static str, left: Value, right: Value) -> Result<Value, Error> {
    let source = match operator {
        ADD => "a + b",
        _ => "a * b",
    };
    Environment::empty()
        .compile_expression(source)?
        .eval(minijinja::context! { a => left, b => right })
}

fn add(state: &State, left: Value, right: Value) -> Result<Value, Error> {
    if let (Some(a), Some(b)) = (left.as_str(), right.as_str()) {
        return Ok(Value::from([a, b].concat()));
    }
    if is_list(&left) && is_list(&right) {
        let mut items = Vec::new();
        for item in left
            .try_iter()?
            .checked()
            .chain(right.try_iter()?.checked())
        {
            if (items.len() as u64).is_multiple_of(NODES_PER_FUEL) {
                state.consume_fuel(1)?;
            }
            items.push(item?);
        }
        return Ok(Value::from(items));
    }
    if left.as_object().is_some() && right.as_object().is_some() {
        weigh(state, &left, false)?;
        weigh(state, &right, false)?;
    }
    engine(ADD, left, right)
}

fn multiply(state: &State, left: Value, right: Value) -> Result<Value, Error> {
    let (repeated, times) = if left.as_usize().is_some() {
        (&right, &left)
    } else {
        (&left, &right)
    };
    if repeated.as_str().is_some() || repeated.as_object().is_some() {
        let bytes = weigh(state, repeated, false)?;
        let times = times.as_usize().unwrap_or(0) as u64;
        if bytes.saturating_mul(times) > MAX_BYTES {
            return Err(invalid(format!("a value of more than {MAX_BYTES} bytes")));
        }
        state.consume_fuel(bytes * times / 64)?;
    }
    engine(MULTIPLY, left, right)
}

fn concat(state: &State, left: Value, right: Value) -> Result<String, Error> {
    Ok(text(state, &left)? + &text(state, &right)?)
}

fn string(state: &State, value: Value) -> Result<Value, Error> {
    Ok(match value.kind() {
        ValueKind::String => value,
        _ => Value::from(text(state, &value)?),
    })
}

fn sum(
    state: &State,
    values: Value,
    attribute: Option<String>,
    start: Option<Value>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    let attribute = match attribute {
        Some(name) => Some(name),
        None => kwargs.get::<Option<String>>("attribute")?,
    };
    let start = match start {
        Some(value) => Some(value),
        None => kwargs.get::<Option<Value>>("start")?,
    };
    kwargs.assert_all_used()?;
    let mut total = start.unwrap_or_else(|| Value::from(0));
    for item in values.try_iter()?.checked() {
        let item = match &attribute {
            Some(name) => item?.get_attr(name)?,
            None => item?,
        };
        state.consume_fuel(1)?;
        total = add(state, total, item)?;
    }
    Ok(total)
}
