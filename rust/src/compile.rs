//! Compiles templates so that whatever makes a value larger is a call of a
//! function of guard.rs.

use std::collections::BTreeMap;

use minijinja::machinery::{parse, tokenize, CodeGenerator, Instruction, Instructions, Token};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Error, ErrorKind};

/// Names that no template can use itself, but for the first two, which are
/// renamed once the source is compiled.
const KEEP: &str = "__keep";
const STORE: &str = "__store";
pub const KEPT: &str = "set";
pub const STORED: &str = "set attribute";
pub const ADD: &str = "+";
pub const MULTIPLY: &str = "*";
pub const CONCAT: &str = "~";
pub const LIST: &str = "[]";
pub const TUPLE: &str = "()";
pub const MAP: &str = "{}";

pub struct Program<'s> {
    pub instructions: Instructions<'s>,
    pub blocks: BTreeMap<&'s str, Instructions<'s>>,
}

/// Puts the value of every {% set %} through a function. Lines stay lines.
pub fn watched(source: &str, syntax: SyntaxConfig) -> Result<String, Error> {
    let mut out = String::with_capacity(source.len() + 256);
    let mut copied = 0;
    // Of the tag at hand: its first two tokens, brackets open, a dot seen
    // before the assignment, and whether a value was begun.
    let (mut place, mut depth, mut dotted, mut in_value) = (0, 0, false, false);
    let mut is_set = false;
    for token in tokenize(source, false, syntax) {
        let (token, span) = token?;
        let mut insert = |text: &str, at: u32| {
            let at = at as usize;
            out.push_str(&source[copied..at]);
            out.push_str(text);
            copied = at;
        };
        place += 1;
        match token {
            Token::BlockStart => {
                (place, depth, dotted, in_value, is_set) = (0, 0, false, false, false)
            }
            Token::Ident("set") if place == 1 => is_set = true,
            Token::Dot if is_set && !in_value => dotted = true,
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => depth += 1,
            Token::ParenClose | Token::BracketClose | Token::BraceClose => depth -= 1,
            Token::Assign if is_set && !in_value && depth == 0 => {
                in_value = true;
                insert(
                    if dotted { " __store(" } else { " __keep(" },
                    span.end_offset,
                );
            }
            Token::BlockEnd if in_value => insert(") ", span.start_offset),
            _ => {}
        }
    }
    out.push_str(&source[copied..]);
    Ok(out)
}

/// Compiles a source that `watched` gave.
pub fn compile<'s>(
    name: &'s str,
    source: &'s str,
    syntax: SyntaxConfig,
) -> Result<Program<'s>, Error> {
    let tree = parse(source, name, syntax)?;
    let mut generator = CodeGenerator::new(name, source);
    generator.compile_stmt(&tree);
    let (mut instructions, blocks) = generator.finish();
    let mut at = 0;
    while let Some(instruction) = instructions.get_mut(at) {
        let (function, n_args) = match instruction {
            Instruction::Add => (ADD, 2),
            Instruction::Mul => (MULTIPLY, 2),
            Instruction::StringConcat => (CONCAT, 2),
            Instruction::BuildList(Some(n)) => (LIST, *n),
            Instruction::BuildTuple(Some(n)) => (TUPLE, *n),
            Instruction::BuildMap(n) => (MAP, 2 * *n),
            Instruction::CallFunction(KEEP, Some(n)) => (KEPT, usize::from(*n)),
            Instruction::CallFunction(STORE, Some(n)) => (STORED, usize::from(*n)),
            _ => {
                at += 1;
                continue;
            }
        };
        let n_args = u16::try_from(n_args).map_err(|_| {
            Error::new(
                ErrorKind::SyntaxError,
                format!("a literal of {n_args} items"),
            )
        })?;
        *instruction = Instruction::CallFunction(function, Some(n_args));
        at += 1;
    }
    Ok(Program {
        instructions,
        blocks,
    })
}
