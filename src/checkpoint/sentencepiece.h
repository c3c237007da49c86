#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "checkpoint/gguf.h"
#include "checkpoint/gguf_vocab.h"

namespace lockstep::checkpoint {

using Merge = std::pair<std::string_view, std::string_view>;

/// The merges, best first, that make a BPE with ranks join the same pieces as
/// SentencePiece does by scores: every cut of a piece into two pieces, in the
/// order of the whole piece's score. Throws Error{config} for scores that are
/// missing or not finite and for pieces longer than any sound model has.
std::vector<Merge> sentencepiece_merges(
    const Gguf& gguf, const GgufVocab& vocab);

/// Whether the vocabulary has a token for every byte. Throws Error{config}
/// when one that is marked as a byte is not written as "<0xAB>".
bool has_byte_fallback(const Gguf& gguf, const GgufVocab& vocab);

} // namespace lockstep::checkpoint
