#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "checkpoint/gguf_vocab.h"
#include "checkpoint/sentencepiece.h"

namespace lockstep::checkpoint {

/// What a tokenizer.json of a BPE model has besides vocabulary and merges.
struct TokenizerParts {
  Json normalizer; // null when there is none; so are the next four
  Json pre_tokenizer;
  Json post_processor;
  Json decoder;
  Json unk_token;
  bool fuse_unk = false;
  bool byte_fallback = false;
  bool ignore_merges = false;
};

/// The text of a tokenizer.json. Written piece by piece: a tree of JSON values
/// of so many tokens would cost several times as much.
std::string write_tokenizer(
    const TokenizerParts& parts,
    const GgufVocab& vocab,
    const std::vector<Merge>& merges);

} // namespace lockstep::checkpoint
