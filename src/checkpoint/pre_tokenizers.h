#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace lockstep::checkpoint {

/// How a byte-level BPE tokenizer cuts text before merging, by the name that
/// GGUF gives it ("tokenizer.ggml.pre"), as parts of a tokenizer.json.
struct PreTokenizer {
  Json normalizer; // null when there is none
  Json pre_tokenizer;
  bool ignore_merges = false; // a word that is a token is taken whole
  bool adds_bos = false;      // unless the file says otherwise
};

/// `add_prefix_space`: a space is put before the text. Throws
/// Error{unsupported} starting with `where` for a name that is not known,
/// listing those that are, and for a prefix where none is defined.
PreTokenizer find_pre_tokenizer(
    std::string_view name, bool add_prefix_space, const std::string& where);

} // namespace lockstep::checkpoint
