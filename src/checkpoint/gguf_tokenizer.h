#pragma once

#include <string>
#include <string_view>

#include "checkpoint/gguf.h"

namespace lockstep::checkpoint {

/// Text of a tokenizer.json that gives the ids of the vocabulary in a GGUF
/// file: byte-level BPE (model "gpt2") cut as its `pre` kind says, or
/// SentencePiece BPE (model "llama") with byte fallback. Every token is in the
/// model's vocabulary; control and user-defined ones are added tokens too,
/// control ones special. Begin- and end-of-text tokens are added where the file
/// (or else its kind) says so.
///
/// Throws Error{unsupported} naming a model or `pre` kind that is not known
/// here, and Error{config} for a vocabulary that is not sound.
std::string gguf_tokenizer_json(const Gguf& gguf);

/// Text of the token whose id is under `key` ("tokenizer.ggml.bos_token_id"),
/// or nothing.
std::string gguf_token_text(const Gguf& gguf, std::string_view key);

} // namespace lockstep::checkpoint
