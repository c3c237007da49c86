//! Ids to text one by one: the library's decoders as steps with a little state
//! each, so that a token costs the same however long the text is.

use std::sync::Arc;

use tokenizers::decoders::DecoderWrapper;
use tokenizers::Decoder;

use crate::border::{boxed, contained, dropped, written, Failure, Text};
use crate::tokenizer::Shared;

const REPLACEMENT: &str = "\u{fffd}";

enum Step {
    /// A decoder that looks at each token by itself.
    Each(DecoderWrapper),
    /// One that treats the first token differently from all others.
    First { decoder: DecoderWrapper, seen: bool },
    /// Runs of tokens "<0xNN>"; a run that is not UTF-8 is lost as a whole, so
    /// nothing of it is certain before its end.
    ByteRun(Vec<u8>),
    /// Tokens spelled in the byte alphabet, read as one byte string. Holds an
    /// unfinished character.
    Bytes(Vec<u8>),
    /// Characters cut off the front of the whole text; how many still may be.
    StripFront { content: char, left: usize },
    /// No decoder: tokens with a space between them.
    Spaced { seen: bool },
}

fn steps(decoder: Option<&DecoderWrapper>) -> Result<Vec<Step>, Failure> {
    let mut out = Vec::new();
    match decoder {
        None => out.push(Step::Spaced { seen: false }),
        Some(DecoderWrapper::Sequence(sequence)) => {
            let mut fused = false;
            for part in sequence.get_decoders() {
                add(part, &mut fused, &mut out)?;
            }
        }
        Some(single) => add(single, &mut false, &mut out)?,
    }
    Ok(out)
}

/// `fused`: all tokens have become one, of which parts arrive.
fn add(decoder: &DecoderWrapper, fused: &mut bool, out: &mut Vec<Step>) -> Result<(), Failure> {
    let step = match (decoder, *fused) {
        (DecoderWrapper::Fuse(_), _) => {
            *fused = true;
            return Ok(());
        }
        (DecoderWrapper::ByteLevel(_), false) => {
            *fused = true;
            Step::Bytes(Vec::new())
        }
        (DecoderWrapper::ByteFallback(_), false) => Step::ByteRun(Vec::new()),
        (DecoderWrapper::Replace(_) | DecoderWrapper::Strip(_), false) => {
            Step::Each(decoder.clone())
        }
        (DecoderWrapper::Metaspace(_) | DecoderWrapper::WordPiece(_), false) => Step::First {
            decoder: decoder.clone(),
            seen: false,
        },
        (DecoderWrapper::Strip(strip), true) if strip.stop == 0 => Step::StripFront {
            content: strip.content,
            left: strip.start,
        },
        _ => {
            let name = serde_json::to_string(decoder).unwrap_or_default();
            return Err(format!(
                "the decoder {name} {}is not supported",
                if *fused {
                    "after Fuse or ByteLevel "
                } else {
                    ""
                }
            ));
        }
    };
    out.push(step);
    Ok(())
}

/// Fails for a decoder that no stream can follow.
pub fn check(library: &tokenizers::Tokenizer) -> Result<(), Failure> {
    steps(library.get_decoder()).map(|_| ())
}

fn alone(decoder: &DecoderWrapper, tokens: Vec<String>) -> Result<String, Failure> {
    let mut decoded = decoder.decode_chain(tokens).map_err(|e| e.to_string())?;
    Ok(decoded.pop().unwrap_or_default())
}

/// Gives `token` to the first of `steps`, what becomes of it to the next, and
/// the end of the way to `out`.
fn feed(steps: &mut [Step], token: String, out: &mut String) -> Result<(), Failure> {
    let Some((step, later)) = steps.split_first_mut() else {
        out.push_str(&token);
        return Ok(());
    };
    let next = match step {
        Step::Each(decoder) => alone(decoder, vec![token])?,
        Step::First { decoder, seen } => {
            if *seen {
                alone(decoder, vec![String::new(), token])?
            } else {
                *seen = true;
                alone(decoder, vec![token])?
            }
        }
        Step::ByteRun(run) => {
            if let Some(byte) = byte_token(&token) {
                run.push(byte);
                return Ok(());
            }
            end_run(std::mem::take(run), later, out)?;
            token
        }
        Step::Bytes(held) => {
            match spelled_bytes(&token) {
                Some(bytes) => held.extend(bytes),
                None => held.extend(token.as_bytes()),
            }
            whole_characters(held)
        }
        Step::StripFront { content, left } => strip_front(token, *content, left),
        Step::Spaced { seen } => {
            if std::mem::replace(seen, true) {
                format!(" {token}")
            } else {
                token
            }
        }
    };
    feed(later, next, out)
}

fn finish(mut steps: &mut [Step], out: &mut String) -> Result<(), Failure> {
    while let Some((step, later)) = steps.split_first_mut() {
        match step {
            Step::ByteRun(run) => end_run(std::mem::take(run), later, out)?,
            Step::Bytes(held) if !held.is_empty() => {
                held.clear();
                feed(later, REPLACEMENT.to_owned(), out)?;
            }
            _ => {}
        }
        steps = later;
    }
    Ok(())
}

fn byte_token(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    if token.len() == 6 {
        u8::from_str_radix(digits, 16).ok()
    } else {
        None
    }
}

fn end_run(run: Vec<u8>, later: &mut [Step], out: &mut String) -> Result<(), Failure> {
    let length = run.len();
    match String::from_utf8(run) {
        Ok(text) if length > 0 => feed(later, text, out),
        Ok(_) => Ok(()),
        Err(_) => (0..length).try_for_each(|_| feed(later, REPLACEMENT.to_owned(), out)),
    }
}

/// The bytes of a token spelled in the byte alphabet: printable bytes stand for
/// themselves, the others in order for the characters from 256 on.
fn spelled_bytes(token: &str) -> Option<Vec<u8>> {
    let byte = |c: char| match u32::from(c) {
        c @ (33..=126 | 161..=172 | 174..=255) => Some(c as u8),
        c @ 256..=288 => Some((c - 256) as u8),
        c @ 289..=322 => Some((c - 289 + 127) as u8),
        323 => Some(173),
        _ => None,
    };
    token.chars().map(byte).collect()
}

/// Takes whole characters out of `held` and leaves one that may still become
/// whole; what never can is U+FFFD.
fn whole_characters(held: &mut Vec<u8>) -> String {
    let mut text = String::new();
    let mut done = 0;
    for chunk in held.utf8_chunks() {
        text.push_str(chunk.valid());
        done += chunk.valid().len();
        let broken = chunk.invalid();
        if broken.is_empty() {
            continue;
        }
        let at_end = done + broken.len() == held.len();
        if at_end && std::str::from_utf8(broken).is_err_and(|e| e.error_len().is_none()) {
            break;
        }
        text.push_str(REPLACEMENT);
        done += broken.len();
    }
    held.drain(..done);
    text
}

fn strip_front(text: String, content: char, left: &mut usize) -> String {
    let mut rest = text.as_str();
    while *left > 0 {
        match rest.strip_prefix(content) {
            Some(shorter) => {
                rest = shorter;
                *left -= 1;
            }
            None if rest.is_empty() => break,
            None => *left = 0,
        }
    }
    rest.to_owned()
}

pub struct Stream {
    tokenizer: Shared,
    skip_special: bool,
    steps: Vec<Step>,
}

impl Stream {
    fn new(tokenizer: &Shared, skip_special: bool) -> Result<Self, Failure> {
        Ok(Self {
            tokenizer: Arc::clone(tokenizer),
            skip_special,
            steps: steps(tokenizer.library().get_decoder())?,
        })
    }

    fn push(&mut self, id: i32) -> Result<String, Failure> {
        let mut out = String::new();
        if let Some(piece) = self.tokenizer.piece(id, self.skip_special)? {
            feed(&mut self.steps, piece, &mut out)?;
        }
        Ok(out)
    }

    fn finish(&mut self) -> Result<String, Failure> {
        let mut out = String::new();
        finish(&mut self.steps, &mut out)?;
        self.steps = steps(self.tokenizer.library().get_decoder())?;
        Ok(out)
    }
}

#[no_mangle]
pub unsafe extern "C" fn lockstep_stream_new(
    tokenizer: &Shared,
    skip_special: bool,
    error: *mut Text,
) -> *mut Stream {
    let stream = contained(|| Stream::new(tokenizer, skip_special));
    boxed(stream, error)
}

#[no_mangle]
pub unsafe extern "C" fn lockstep_stream_free(stream: *mut Stream) {
    dropped(stream);
}

#[no_mangle]
pub unsafe extern "C" fn lockstep_stream_push(
    stream: &mut Stream,
    id: i32,
    text: *mut Text,
    error: *mut Text,
) -> bool {
    let piece = contained(|| stream.push(id));
    written(piece, text, error)
}

#[no_mangle]
pub unsafe extern "C" fn lockstep_stream_finish(
    stream: &mut Stream,
    text: *mut Text,
    error: *mut Text,
) -> bool {
    let rest = contained(|| stream.finish());
    written(rest, text, error)
}
