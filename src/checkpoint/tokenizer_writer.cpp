#include "checkpoint/tokenizer_writer.h"

#include <cstddef>
#include <iterator>

#include <fmt/format.h>

#include "checkpoint/json_text.h"

namespace lockstep::checkpoint {

namespace {

void append_added_tokens(std::string& out, const GgufVocab& vocab) {
  const char* comma = "";
  for (std::size_t i = 0; i < vocab.kinds.size(); ++i) {
    const auto kind = vocab.kinds[i];
    const bool special =
        kind == TokenKind::control || kind == TokenKind::unknown;
    if (!special && kind != TokenKind::user_defined) {
      continue;
    }
    fmt::format_to(
        std::back_inserter(out), "{}{{\"id\":{},\"content\":", comma, i);
    append_json_string(out, vocab.tokens[i]);
    fmt::format_to(
        std::back_inserter(out),
        ",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
        "\"normalized\":false,\"special\":{}}}",
        special);
    comma = ",";
  }
}

void append_vocab(std::string& out, const GgufVocab& vocab) {
  for (std::size_t i = 0; i < vocab.tokens.size(); ++i) {
    if (i != 0) {
      out += ',';
    }
    append_json_string(out, vocab.tokens[i]);
    fmt::format_to(std::back_inserter(out), ":{}", i);
  }
}

void append_merges(std::string& out, const std::vector<Merge>& merges) {
  const char* comma = "";
  for (const auto& [left, right] : merges) {
    out += comma;
    out += '[';
    append_json_string(out, left);
    out += ',';
    append_json_string(out, right);
    out += ']';
    comma = ",";
  }
}

} // namespace

std::string write_tokenizer(
    const TokenizerParts& parts,
    const GgufVocab& vocab,
    const std::vector<Merge>& merges) {
  std::string out;
  out.reserve(vocab.tokens.size() * 64);
  out +=
      R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":[)";
  append_added_tokens(out, vocab);
  out += R"(],"normalizer":)" + parts.normalizer.dump();
  out += R"(,"pre_tokenizer":)" + parts.pre_tokenizer.dump();
  out += R"(,"post_processor":)" + parts.post_processor.dump();
  out += R"(,"decoder":)" + parts.decoder.dump();
  out += R"(,"model":{"type":"BPE","dropout":null,"unk_token":)";
  out += parts.unk_token.dump();
  fmt::format_to(
      std::back_inserter(out),
      ",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,"
      "\"fuse_unk\":{},\"byte_fallback\":{},\"ignore_merges\":{},\"vocab\":{{",
      parts.fuse_unk,
      parts.byte_fallback,
      parts.ignore_merges);
  append_vocab(out, vocab);
  out += R"(},"merges":[)";
  append_merges(out, merges);
  out += "]}}";
  return out;
}

} // namespace lockstep::checkpoint
