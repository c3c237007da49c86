//! Text to ids and back.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Deserialize;
use tokenizers::models::ModelWrapper;
use tokenizers::tokenizer::OffsetType;
use tokenizers::{AddedVocabulary, Model, PreTokenizer, Token};

use crate::border::{boxed, contained, dropped, on_large_stack, slice, utf8};
use crate::border::{written, Failure, Ids, Text};
use crate::stream;

/// A loaded tokenizer.json, shared by streams.
pub struct Tokenizer {
    library: tokenizers::Tokenizer,
    /// The same added tokens, but control tokens in a text stay text.
    plain: AddedVocabulary,
    /// Ids that plain text may never become.
    control: HashSet<u32>,
    vocab: u32,
}

pub type Shared = Arc<Tokenizer>;

/// The one field that not every model of the library shows.
#[derive(Deserialize)]
struct UnknownOnly {
    model: UnknownId,
}

#[derive(Deserialize)]
struct UnknownId {
    unk_id: Option<u32>,
    unk_token: Option<String>,
}

impl Tokenizer {
    fn load(json: &[u8]) -> Result<Self, Failure> {
        let mut library = tokenizers::Tokenizer::from_bytes(json).map_err(|e| e.to_string())?;
        // Left in files by accident; a prompt is never cut or filled up.
        library.with_truncation(None).map_err(|e| e.to_string())?;
        library.with_padding(None);
        if let ModelWrapper::BPE(_) = library.get_model() {
            let mut model = library.get_model().clone();
            if let ModelWrapper::BPE(bpe) = &mut model {
                if bpe.dropout.take().is_some() {
                    library.with_model(model);
                }
            }
        }
        let mut plain = library.get_added_vocabulary().clone();
        plain.set_encode_special_tokens(true);
        let control = control_ids(&library, json)?;
        let vocab = vocab(&library)?;
        stream::check(&library)?;
        Ok(Self {
            library,
            plain,
            control,
            vocab,
        })
    }

    fn encode(&self, text: &str, add_special: bool, parse: bool) -> Result<Vec<i32>, Failure> {
        self.ids(text, add_special, parse)
            .map_err(|e| e.to_string())
    }

    fn ids(&self, text: &str, add_special: bool, parse: bool) -> tokenizers::Result<Vec<i32>> {
        let added = if parse {
            self.library.get_added_vocabulary()
        } else {
            &self.plain
        };
        let model = self.library.get_model();
        let mut pieces = added.extract_and_normalize(self.library.get_normalizer(), text);
        if let Some(pre_tokenizer) = self.library.get_pre_tokenizer() {
            pre_tokenizer.pre_tokenize(&mut pieces)?;
        }
        pieces.tokenize(|piece| {
            let tokens = model.tokenize(piece.get())?;
            if parse {
                Ok(tokens)
            } else {
                self.without_control(tokens)
            }
        })?;
        let encoding = pieces.into_encoding(None, 0, OffsetType::None)?;
        let encoding = self.library.post_process(encoding, None, add_special)?;
        Ok(encoding.get_ids().iter().map(|&id| id as i32).collect())
    }

    /// Some models know their control tokens as ordinary pieces and would make
    /// them from a user's text: such a piece is cut and encoded in parts.
    fn without_control(&self, tokens: Vec<Token>) -> tokenizers::Result<Vec<Token>> {
        if !tokens.iter().any(|token| self.control.contains(&token.id)) {
            return Ok(tokens);
        }
        let mut out = Vec::with_capacity(tokens.len());
        for token in tokens {
            if !self.control.contains(&token.id) {
                out.push(token);
                continue;
            }
            let cut = token.value.chars().next().map_or(0, char::len_utf8);
            let (first, rest) = token.value.split_at(cut);
            if rest.is_empty() {
                return Err(format!(
                    "the control token {:?} stands in the text and has no plain form",
                    token.value
                )
                .into());
            }
            let model = self.library.get_model();
            out.extend(self.without_control(model.tokenize(first)?)?);
            out.extend(self.without_control(model.tokenize(rest)?)?);
        }
        Ok(out)
    }

    fn decode(&self, ids: &[i32], skip_special: bool) -> Result<String, Failure> {
        let ids = ids
            .iter()
            .map(|&id| self.known(id))
            .collect::<Result<Vec<_>, _>>()?;
        self.library
            .decode(&ids, skip_special)
            .map_err(|e| e.to_string())
    }

    fn known(&self, id: i32) -> Result<u32, Failure> {
        match u32::try_from(id) {
            Ok(known) if known < self.vocab => Ok(known),
            _ => Err(format!(
                "token {id} is not in the vocabulary, expected 0 to {}",
                self.vocab.saturating_sub(1)
            )),
        }
    }

    /// The decoder's input for one id; nothing for a gap in the vocabulary or a
    /// control token that is to be left out.
    pub fn piece(&self, id: i32, skip_special: bool) -> Result<Option<String>, Failure> {
        let id = self.known(id)?;
        let added = self.library.get_added_vocabulary();
        let piece = added
            .simple_id_to_token(id)
            .or_else(|| self.library.get_model().id_to_token(id));
        Ok(piece.filter(|piece| !skip_special || !added.is_special_token(piece)))
    }

    pub fn library(&self) -> &tokenizers::Tokenizer {
        &self.library
    }
}

fn control_ids(library: &tokenizers::Tokenizer, json: &[u8]) -> Result<HashSet<u32>, Failure> {
    let mut ids: HashSet<u32> = library
        .get_added_vocabulary()
        .get_added_tokens_decoder()
        .iter()
        .filter(|(_, token)| token.special)
        .map(|(&id, _)| id)
        .collect();
    if !ids.is_empty() {
        // What stands for unknown text is a control token by name only.
        let unknown = serde_json::from_slice::<UnknownOnly>(json)
            .map_err(|e| e.to_string())?
            .model;
        let by_name = unknown
            .unk_token
            .and_then(|name| library.token_to_id(&name));
        for id in [unknown.unk_id, by_name].into_iter().flatten() {
            ids.remove(&id);
        }
    }
    Ok(ids)
}

/// Largest id + 1; ids may have gaps.
fn vocab(library: &tokenizers::Tokenizer) -> Result<u32, Failure> {
    const MOST: u32 = 1 << 24;
    let model = library.get_model();
    let n = model.get_vocab_size() as u32;
    let largest = if (0..n).all(|id| model.id_to_token(id).is_some()) {
        n.checked_sub(1)
    } else {
        model.get_vocab().into_values().max()
    };
    let added = library.get_added_vocabulary().get_added_tokens_decoder();
    let largest = largest.max(added.keys().copied().max());
    match largest {
        None => Err("the vocabulary is empty".to_owned()),
        Some(id) if id >= MOST => Err(format!("token id {id}, expected less than {MOST}")),
        Some(id) => Ok(id + 1),
    }
}

#[no_mangle]
pub unsafe extern "C" fn lockstep_tokenizer_new(
    json: *const u8,
    json_size: usize,
    error: *mut Text,
) -> *mut Shared {
    let json = slice(json, json_size);
    let loaded = on_large_stack(|| Tokenizer::load(json));
    boxed(loaded.map(Arc::new), error)
}

#[no_mangle]
pub unsafe extern "C" fn lockstep_tokenizer_free(tokenizer: *mut Shared) {
    dropped(tokenizer);
}

#[no_mangle]
pub unsafe extern "C" fn lockstep_tokenizer_vocab(tokenizer: &Shared) -> i32 {
    tokenizer.vocab as i32
}

#[no_mangle]
pub unsafe extern "C" fn lockstep_tokenizer_find(
    tokenizer: &Shared,
    name: *const u8,
    name_size: usize,
) -> i32 {
    let found = contained(|| {
        let name = utf8(slice(name, name_size))?;
        Ok(tokenizer.library.token_to_id(name))
    });
    found.ok().flatten().map_or(-1, |id| id as i32)
}

#[no_mangle]
pub unsafe extern "C" fn lockstep_tokenizer_encode(
    tokenizer: &Shared,
    text: *const u8,
    text_size: usize,
    add_special: bool,
    parse_special: bool,
    ids: *mut Ids,
    error: *mut Text,
) -> bool {
    let encoded = contained(|| {
        let text = utf8(slice(text, text_size))?;
        tokenizer.encode(text, add_special, parse_special)
    });
    written(encoded, ids, error)
}

#[no_mangle]
pub unsafe extern "C" fn lockstep_tokenizer_decode(
    tokenizer: &Shared,
    ids: *const i32,
    n_ids: usize,
    skip_special: bool,
    text: *mut Text,
    error: *mut Text,
) -> bool {
    let decoded = contained(|| tokenizer.decode(slice(ids, n_ids), skip_special));
    written(decoded, text, error)
}
