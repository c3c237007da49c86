//! Chat templates: Jinja as model makers write it, with bounds.

use std::borrow::Cow;
use std::fmt;

use minijinja::machinery::{eval, make_string_output};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{from_args, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, Value};

use crate::border::{boxed, dropped, on_large_stack, slice, utf8, written, Failure, Text};
use crate::{compile, guard, json, python};

const NAME: &str = "chat template";
const MAX_SOURCE: usize = 4 << 20; // bytes
/// Steps; one step also pays for 64 bytes of data that the template makes.
const BASE_FUEL: u64 = 1 << 20;
/// More steps for each four bytes of input: long conversations are no attack.
const INPUT_BYTES_PER_FUEL: u64 = 4;
const BASE_OUTPUT: usize = 8 << 20; // bytes
const OUTPUT_PER_INPUT: usize = 4;

/// What a template says through raise_exception.
#[derive(Debug)]
struct Refusal;

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("raise_exception")
    }
}

impl std::error::Error for Refusal {}

fn raise_exception(message: &Value) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, message.to_string()).with_source(Refusal))
}

fn described(error: &Error) -> Failure {
    const MOST: usize = 200; // characters; a detail may show a whole value
    let mut detail = error.detail().unwrap_or_default().to_owned();
    if let Some((end, _)) = detail.char_indices().nth(MOST) {
        detail.truncate(end);
        detail.push('…');
    }
    if std::error::Error::source(error).is_some_and(|source| source.is::<Refusal>()) {
        return format!("refuses these messages: {detail}");
    }
    let line = error
        .line()
        .map_or(String::new(), |n| format!("line {n}: "));
    let kind = match error.kind() {
        ErrorKind::OutOfFuel => Cow::from("takes too many steps or too much memory"),
        kind => Cow::from(kind.to_string()),
    };
    if detail.is_empty() {
        format!("{line}{kind}")
    } else {
        format!("{line}{kind}: {detail}")
    }
}

/// Values as Python prints them.
fn write_value(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) => out.write_str(text),
        None => out.write_str(&guard::text(state, value)?),
    }
    .map_err(Error::from)
}

/// Methods of Python's types. What could make a large value or a long loop out
/// of small ones pays before it runs.
fn method(state: &mut State, value: &Value, name: &str, args: &[Value]) -> Result<Value, Error> {
    if let Some(text) = value.as_str() {
        match name {
            "replace" => {
                let (old, new): (&str, &str) = from_args(&args[..args.len().min(2)])?;
                let found = text.matches(old).count() as u64;
                state.consume_fuel(found.saturating_mul(new.len() as u64) / 64)?;
            }
            "join" => return join(state, text, args),
            "format" => {
                refuse_wide_fields(text)?;
                let mut longest = 0;
                for value in args {
                    longest = longest.max(guard::text(state, value)?.len() as u64);
                }
                let n_fields = text.matches('{').count() as u64;
                state.consume_fuel(n_fields.saturating_mul(longest) / 64)?;
            }
            "removeprefix" | "removesuffix" => {
                let (part,): (&str,) = from_args(args)?;
                let rest = if name == "removeprefix" {
                    text.strip_prefix(part)
                } else {
                    text.strip_suffix(part)
                };
                return Ok(Value::from(rest.unwrap_or(text)));
            }
            _ => {}
        }
        state.consume_fuel(1 + text.len() as u64 / 64)?;
    } else if value.kind() == ValueKind::Seq {
        state.consume_fuel(value.len().unwrap_or(0) as u64)?;
    }
    minijinja_contrib::pycompat::unknown_method_callback(state, value, name, args)
}

fn join(state: &State, separator: &str, args: &[Value]) -> Result<Value, Error> {
    let (values,): (&Value,) = from_args(args)?;
    let mut out = String::new();
    for (i, value) in values.try_iter()?.checked().enumerate() {
        let value = value?;
        let text = guard::text(state, &value)?;
        state.consume_fuel(1 + (separator.len() + text.len()) as u64 / 64)?;
        if i > 0 {
            out.push_str(separator);
        }
        out.push_str(&text);
    }
    Ok(Value::from(out))
}

fn refuse_wide_fields(format: &str) -> Result<(), Error> {
    const MOST_DIGITS: usize = 4;
    let longest = format
        .split(|c: char| !c.is_ascii_digit())
        .map(str::len)
        .max();
    if longest.unwrap_or(0) > MOST_DIGITS {
        return Err(guard::invalid("format: a width of more than 4 digits"));
    }
    Ok(())
}

/// Tags that only training reads become a block that is always taken.
fn without_training_tags(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find("{%") {
        let (before, tag) = rest.split_at(start);
        out.push_str(before);
        let end = tag.find("%}").map_or(tag.len(), |end| end + 2);
        let (tag, after) = tag.split_at(end);
        let word = tag
            .trim_start_matches("{%")
            .trim_end_matches("%}")
            .trim_matches(|c: char| c.is_whitespace() || c == '-' || c == '+');
        match word {
            "generation" => out.push_str(&tag.replacen(word, "if true", 1)),
            "endgeneration" => out.push_str(&tag.replacen(word, "endif", 1)),
            _ => out.push_str(tag),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .unwrap_or_default()
}

fn environment() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_recursion_limit(guard::MAX_DEPTH);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_formatter(write_value);
    env.set_unknown_method_callback(method);
    env.add_filter("tojson", json::tojson);
    env.add_function("raise_exception", raise_exception);
    env.add_function("strftime_now", python::strftime_now);
    guard::add_functions(&mut env);
    env
}

pub struct Template {
    source: String,
}

impl Template {
    fn new(source: &str) -> Result<Self, Failure> {
        if source.len() > MAX_SOURCE {
            return Err(format!(
                "has {} bytes, expected at most {MAX_SOURCE}",
                source.len()
            ));
        }
        // Its own text first, so that an error speaks of what is in the file.
        let source = without_training_tags(source);
        compile::compile(NAME, &source, syntax()).map_err(|e| described(&e))?;
        let source = compile::watched(&source, syntax()).map_err(|e| described(&e))?;
        compile::compile(NAME, &source, syntax()).map_err(|e| described(&e))?;
        Ok(Self { source })
    }

    fn render(&self, variables: &str) -> Result<String, Failure> {
        let values: Value =
            serde_json::from_str(variables).map_err(|e| format!("the variables: {e}"))?;
        let mut env = environment();
        env.set_fuel(Some(
            BASE_FUEL + variables.len() as u64 / INPUT_BYTES_PER_FUEL,
        ));
        let program = compile::compile(NAME, &self.source, syntax()).map_err(|e| described(&e))?;
        let mut text = String::new();
        eval(
            &env,
            &program.instructions,
            values,
            &program.blocks,
            &mut make_string_output(&mut text),
            AutoEscape::None,
        )
        .map_err(|e| described(&e))?;
        let most = BASE_OUTPUT.saturating_add(variables.len().saturating_mul(OUTPUT_PER_INPUT));
        if text.len() > most {
            return Err(format!(
                "writes {} bytes, expected at most {most}",
                text.len()
            ));
        }
        Ok(text)
    }
}

#[no_mangle]
pub unsafe extern "C" fn lockstep_template_new(
    source: *const u8,
    source_size: usize,
    error: *mut Text,
) -> *mut Template {
    let source = slice(source, source_size);
    let template = on_large_stack(|| Template::new(utf8(source)?));
    boxed(template, error)
}

#[no_mangle]
pub unsafe extern "C" fn lockstep_template_free(template: *mut Template) {
    dropped(template);
}

#[no_mangle]
pub unsafe extern "C" fn lockstep_template_render(
    template: &Template,
    variables: *const u8,
    variables_size: usize,
    text: *mut Text,
    error: *mut Text,
) -> bool {
    let variables = slice(variables, variables_size);
    let rendered = on_large_stack(|| template.render(utf8(variables)?));
    written(rendered, text, error)
}
