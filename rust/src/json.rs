//! The filter tojson: Python's json.dumps, which templates were written for.

use minijinja::value::{Kwargs, Rest, ValueKind};
use minijinja::{Error, State, Value};

use crate::guard::{invalid, MAX_DEPTH};
use crate::python::{as_float, float_repr};

fn json_float(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        let sign = if value < 0.0 { "-" } else { "" };
        format!("{sign}Infinity")
    } else {
        float_repr(value)
    }
}

/// json.dumps with its arguments.
struct Dump<'a, 'env> {
    state: &'a State<'a, 'env>,
    out: String,
    indent: Option<String>,
    item_separator: String,
    key_separator: String,
    ascii: bool,
    sort_keys: bool,
    depth: usize,
}

impl Dump<'_, '_> {
    fn value(&mut self, value: &Value) -> Result<(), Error> {
        // Lists may be lazy and longer than memory: each item is paid for.
        self.state.consume_fuel(1)?;
        match value.kind() {
            ValueKind::None => self.out.push_str("null"),
            ValueKind::Bool => self
                .out
                .push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => self.number(value),
            ValueKind::String => self.string(value.as_str().unwrap_or_default())?,
            ValueKind::Seq | ValueKind::Iterable => self.list(value)?,
            ValueKind::Map => self.object(value)?,
            kind => {
                return Err(invalid(format!(
                    "tojson cannot write a value of kind {kind}"
                )))
            }
        }
        Ok(())
    }

    fn number(&mut self, value: &Value) {
        match as_float(value) {
            Some(float) => self.out.push_str(&json_float(float)),
            None => self.out.push_str(&value.to_string()),
        }
    }

    fn string(&mut self, text: &str) -> Result<(), Error> {
        self.state.consume_fuel(text.len() as u64 / 64)?;
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                c if c < ' ' || (self.ascii && c > '~') => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        self.out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
        Ok(())
    }

    fn open(&mut self, bracket: char) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(invalid(format!(
                "tojson: nested deeper than {} levels",
                MAX_DEPTH
            )));
        }
        self.out.push(bracket);
        Ok(())
    }

    fn line(&mut self) {
        if let Some(indent) = &self.indent {
            self.out.push('\n');
            for _ in 0..self.depth {
                self.out.push_str(indent);
            }
        }
    }

    fn before_item(&mut self, first: bool) {
        if !first {
            self.out.push_str(&self.item_separator);
        }
        self.line();
    }

    fn close(&mut self, bracket: char, empty: bool) {
        self.depth -= 1;
        if !empty {
            self.line();
        }
        self.out.push(bracket);
    }

    fn list(&mut self, value: &Value) -> Result<(), Error> {
        self.open('[')?;
        let mut empty = true;
        for item in value.try_iter()?.checked() {
            self.before_item(empty);
            empty = false;
            self.value(&item?)?;
        }
        self.close(']', empty);
        Ok(())
    }

    fn object(&mut self, value: &Value) -> Result<(), Error> {
        self.open('{')?;
        let mut keys = value.try_iter()?.checked().collect::<Result<Vec<_>, _>>()?;
        if self.sort_keys {
            keys.sort_by_key(|key| key.to_string());
        }
        let empty = keys.is_empty();
        for (i, key) in keys.iter().enumerate() {
            self.before_item(i == 0);
            match key.as_str() {
                Some(text) => self.string(text)?,
                None => {
                    self.out.push('"');
                    self.value(key)?;
                    self.out.push('"');
                }
            }
            self.out.push_str(&self.key_separator);
            self.value(&value.get_item(key)?)?;
        }
        self.close('}', empty);
        Ok(())
    }
}

fn indent_text(value: &Value) -> Result<Option<String>, Error> {
    const MOST: usize = 64;
    if value.is_none() || value.is_undefined() {
        return Ok(None);
    }
    let text = match (value.as_str(), value.as_usize()) {
        (Some(text), _) if text.len() <= MOST => text.to_owned(),
        (None, Some(spaces)) if spaces <= MOST => " ".repeat(spaces),
        _ => {
            return Err(invalid(format!(
                "tojson: indent {value}, expected 0 to {MOST}"
            )))
        }
    };
    Ok(Some(text))
}

/// The filter `tojson`: tojson(value, ensure_ascii=False, indent=None,
/// separators=None, sort_keys=False).
pub fn tojson(
    state: &State,
    value: Value,
    positional: Rest<Value>,
    kwargs: Kwargs,
) -> Result<String, Error> {
    let argument = |place: usize, name: &str| -> Result<Value, Error> {
        match positional.get(place) {
            Some(value) => Ok(value.clone()),
            None => Ok(kwargs.get::<Option<Value>>(name)?.unwrap_or_default()),
        }
    };
    let indent = indent_text(&argument(1, "indent")?)?;
    let mut dump = Dump {
        state,
        out: String::new(),
        item_separator: if indent.is_some() { "," } else { ", " }.to_owned(),
        key_separator: ": ".to_owned(),
        indent,
        ascii: argument(0, "ensure_ascii")?.is_true(),
        sort_keys: argument(3, "sort_keys")?.is_true(),
        depth: 0,
    };
    let separators = argument(2, "separators")?;
    if !separators.is_none() && !separators.is_undefined() {
        dump.item_separator = separators.get_item_by_index(0)?.to_string();
        dump.key_separator = separators.get_item_by_index(1)?.to_string();
    }
    kwargs.assert_all_used()?;
    dump.value(&value)?;
    Ok(dump.out)
}
