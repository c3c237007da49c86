#include "checkpoint/sentencepiece.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <tuple>

#include <fmt/format.h>

#include "checkpoint/limits.h"

namespace lockstep::checkpoint {

namespace {

constexpr const char* kTokens = "tokenizer.ggml.tokens";
constexpr const char* kScores = "tokenizer.ggml.scores";
constexpr std::size_t kMaxPieceBytes = 256; // the work grows with its square
constexpr std::size_t kBytes = 256;

struct Candidate {
  float score;
  Token left;
  Token right;
};

// SentencePiece joins only into pieces of these kinds.
bool can_be_joined(TokenKind kind) {
  return kind == TokenKind::normal || kind == TokenKind::user_defined ||
         kind == TokenKind::unused;
}

bool starts_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
}

void add_cuts(
    const GgufVocab& vocab,
    std::string_view piece,
    float score,
    std::vector<Candidate>& out) {
  for (std::size_t cut = 1; cut < piece.size(); ++cut) {
    if (!starts_character(piece[cut])) {
      continue;
    }
    const auto left = vocab.find(piece.substr(0, cut));
    if (!left) {
      continue;
    }
    const auto right = vocab.find(piece.substr(cut));
    if (right) {
      out.push_back({score, *left, *right});
    }
  }
}

std::vector<float> read_scores(const Gguf& gguf, std::size_t n_tokens) {
  auto scores = gguf.floats(kScores, kMaxRows);
  if (scores.size() != n_tokens) {
    gguf.refuse(
        kScores,
        fmt::format("has {} elements for {} tokens", scores.size(), n_tokens));
  }
  for (std::size_t i = 0; i < n_tokens; ++i) {
    if (!std::isfinite(scores[i])) {
      gguf.refuse(kScores, fmt::format("score of token {} is not finite", i));
    }
  }
  return scores;
}

} // namespace

std::vector<Merge> sentencepiece_merges(
    const Gguf& gguf, const GgufVocab& vocab) {
  const auto scores = read_scores(gguf, vocab.tokens.size());
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const auto piece = vocab.tokens[i];
    if (!can_be_joined(vocab.kinds[i])) {
      continue;
    }
    if (piece.size() > kMaxPieceBytes) {
      gguf.refuse(
          kTokens,
          fmt::format(
              "token {} has {} bytes, expected at most {}",
              i,
              piece.size(),
              kMaxPieceBytes));
    }
    add_cuts(vocab, piece, scores[i], candidates);
  }
  std::sort(
      candidates.begin(),
      candidates.end(),
      [](const Candidate& a, const Candidate& b) {
        return std::tuple(-a.score, a.left, a.right) <
               std::tuple(-b.score, b.left, b.right);
      });
  std::vector<Merge> merges;
  merges.reserve(candidates.size());
  for (const auto& candidate : candidates) {
    merges.emplace_back(
        vocab.tokens[static_cast<std::size_t>(candidate.left)],
        vocab.tokens[static_cast<std::size_t>(candidate.right)]);
  }
  return merges;
}

bool has_byte_fallback(const Gguf& gguf, const GgufVocab& vocab) {
  std::size_t n_bytes = 0;
  for (std::size_t byte = 0; byte < kBytes; ++byte) {
    const auto id = vocab.find(fmt::format("<0x{:02X}>", byte));
    if (id && vocab.kinds[static_cast<std::size_t>(*id)] == TokenKind::byte) {
      ++n_bytes;
    }
  }
  const auto n_marked = static_cast<std::size_t>(
      std::count(vocab.kinds.begin(), vocab.kinds.end(), TokenKind::byte));
  if (n_marked != n_bytes || (n_bytes != 0 && n_bytes != kBytes)) {
    gguf.refuse(
        kTokens,
        fmt::format(
            "{} tokens are marked as bytes and {} of them are <0x00> to "
            "<0xFF>, "
            "expected all 256 or none",
            n_marked,
            n_bytes));
  }
  return n_bytes == kBytes;
}

} // namespace lockstep::checkpoint
