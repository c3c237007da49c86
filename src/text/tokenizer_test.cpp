#include "text/tokenizer.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "text/small_tokenizers.h"

using namespace lockstep;
using namespace lockstep::text;

namespace {

using Ids = std::vector<Token>;

/// The error's text; fails the test when nothing or another kind is thrown.
template <class Action>
std::string error_of(ErrorKind kind, Action action) {
  try {
    action();
  } catch (const Error& e) {
    CHECK(e.kind() == kind);
    return e.what();
  }
  FAIL("no error");
  return {};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Ids bytes_of(const std::string& text) {
  Ids ids;
  for (const char c : text) {
    ids.push_back(static_cast<unsigned char>(c));
  }
  return ids;
}

} // namespace

TEST_CASE("byte-level BPE merges and covers every byte") {
  const Tokenizer tokenizer(byte_level_json().dump());
  CHECK(tokenizer.vocab() == 262);
  CHECK(tokenizer.encode("hello", false, false) == Ids{258, 'o'});
  CHECK(tokenizer.encode("he he", false, false) == Ids{256, ' ', 256});
  CHECK(tokenizer.encode("", false, false).empty());
  CHECK(tokenizer.encode("", true, true).empty());
  const std::string text("é\0\n中😀", 11);
  CHECK(tokenizer.encode(text, false, false) == bytes_of(text));
  CHECK(tokenizer.decode(bytes_of(text), false) == text);
  CHECK(tokenizer.decode({258, 'o', 259}, false) == "hello<|end|>");
  CHECK(tokenizer.decode({258, 'o', 259}, true) == "hello");
  CHECK(tokenizer.decode({0xC3, 'a', 0x80}, false) == "\uFFFDa\uFFFD");
  CHECK(tokenizer.decode({}, false).empty());
}

// Seen to fail with: set_encode_special_tokens(true) left out.
TEST_CASE("control tokens in a text are ids only when asked for") {
  const Tokenizer tokenizer(byte_level_json().dump());
  const std::string text = "a<|end|>b<|start|>";
  CHECK(tokenizer.encode(text, false, true) == Ids{'a', 259, 'b', 260});
  CHECK(tokenizer.encode(text, false, false) == bytes_of(text));
  // An added token that is not special carries no power and is found always.
  CHECK(tokenizer.encode("<think>", false, false) == Ids{261});
  CHECK(tokenizer.encode("<think>", false, true) == Ids{261});
  CHECK(tokenizer.find("<|end|>") == 259);
  CHECK(tokenizer.find("hell") == 258);
  CHECK(!tokenizer.find("<|END|>"));
}

// Seen to fail with: without_control returning its tokens as they are.
TEST_CASE("plain text never becomes a control token by merges") {
  const Tokenizer tokenizer(pieces_json().dump());
  const auto piece = [&](const char* name) { return *tokenizer.find(name); };
  CHECK(tokenizer.encode("<s>", false, true) == Ids{1});
  const Ids plain = tokenizer.encode("<s>", false, false);
  CHECK(plain == Ids{piece("▁"), piece("<"), piece("s"), piece(">")});
  CHECK(tokenizer.decode(plain, false) == "<s>");
  CHECK(
      tokenizer.encode("<s>", true, false) ==
      Ids{1, piece("▁"), piece("<"), piece("s"), piece(">")});
}

TEST_CASE("a text is opened by what the model expects") {
  const Tokenizer tokenizer(pieces_json().dump());
  const Token hi = *tokenizer.find("▁hi");
  CHECK(tokenizer.encode("hi", false, false) == Ids{hi});
  CHECK(tokenizer.encode("hi", true, false) == Ids{1, hi});
  CHECK(tokenizer.encode("", true, false) == Ids{1});
  CHECK(tokenizer.encode("", false, false).empty());
  CHECK(
      tokenizer.encode("hi 中", false, false) ==
      Ids{hi, *tokenizer.find("▁"), 3 + 0xE4, 3 + 0xB8, 3 + 0xAD});
  CHECK(tokenizer.decode({1, hi, hi, 2}, true) == "hi hi");
}

TEST_CASE("settings made for training have no part in a prompt") {
  auto json = byte_level_json();
  json["model"]["dropout"] = 0.9;
  json["truncation"] = {
      {"direction", "Right"},
      {"max_length", 3},
      {"strategy", "LongestFirst"},
      {"stride", 0}};
  json["padding"] = {
      {"strategy", {{"Fixed", 40}}},
      {"direction", "Right"},
      {"pad_to_multiple_of", nullptr},
      {"pad_id", 259},
      {"pad_type_id", 0},
      {"pad_token", "<|end|>"}};
  const Tokenizer tokenizer(json.dump());
  for (int i = 0; i < 10; ++i) {
    CHECK(
        tokenizer.encode("hell hello", false, false) ==
        Ids{258, ' ', 258, 'o'});
  }
}

TEST_CASE("text that is not UTF-8 is refused with its place") {
  const Tokenizer tokenizer(byte_level_json().dump());
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"\x80", "byte 0 (0x80)"},
      {"ab\xFFzz", "byte 2 (0xff)"},
      {"é\xC3", "byte 2 (0xc3)"},
      {"\xED\xA0\x80", "byte 0 (0xed)"},     // a surrogate
      {"x\xC0\x80", "byte 1 (0xc0)"},        // a long form
      {"\xF4\x90\x80\x80", "byte 0 (0xf4)"}, // past the last character
      {"中\xE4\xB8", "byte 3 (0xe4)"}};
  for (const auto& [text, place] : cases) {
    const auto error = error_of(ErrorKind::request, [&, &text = text] {
      tokenizer.encode(text, false, false);
    });
    CHECK_MESSAGE(contains(error, place), error);
    CHECK(contains(error, "UTF-8"));
  }
}

TEST_CASE("an id outside the vocabulary is refused, a gap is no text") {
  const Tokenizer tokenizer(byte_level_json().dump());
  for (const Token id : {-1, 262, 1 << 30}) {
    const auto error = error_of(
        ErrorKind::request, [&] { tokenizer.decode({'a', id}, false); });
    CHECK_MESSAGE(contains(error, std::to_string(id)), error);
    CHECK_MESSAGE(contains(error, "0 to 261"), error);
  }
  auto json = byte_level_json();
  json["model"]["vocab"]["zz"] = 300;
  const Tokenizer gap(json.dump());
  CHECK(gap.vocab() == 301);
  CHECK(gap.decode({'a', 280, 'b'}, false) == "ab");
}

TEST_CASE("a broken tokenizer.json is an error of the model's files") {
  const auto good = byte_level_json();
  std::vector<std::string> texts = {
      "", "{", "null", "[]", "{}", "{\"model\":{}}", "\xFF", "true"};
  const auto text = good.dump();
  for (std::size_t n = 1; n < text.size(); n += text.size() / 40) {
    texts.push_back(text.substr(0, n));
  }
  const auto with = [&](auto change) {
    auto json = good;
    change(json);
    texts.push_back(json.dump());
  };
  with([](TestJson& j) { j["model"]["type"] = "Future"; });
  with([](TestJson& j) { j["model"]["vocab"] = TestJson::object(); });
  with([](TestJson& j) { j["model"]["vocab"]["q"] = -1; });
  with([](TestJson& j) { j["model"]["vocab"]["q"] = 4000000000U; });
  with([](TestJson& j) { j["model"]["vocab"]["q"] = 1U << 30; });
  with([](TestJson& j) { j["model"]["merges"].push_back("no such"); });
  with([](TestJson& j) { j["model"]["merges"].push_back("h"); });
  with([](TestJson& j) { j["added_tokens"][0]["id"] = "x"; });
  with([](TestJson& j) { j["pre_tokenizer"] = {{"type", "Magic"}}; });
  with([](TestJson& j) { j["normalizer"] = {{"type", "Magic"}}; });
  with([](TestJson& j) {
    j["pre_tokenizer"] = {
        {"type", "Split"},
        {"pattern", {{"Regex", "(unclosed"}}},
        {"behavior", "Isolated"},
        {"invert", false}};
  });
  with([](TestJson& j) { j["decoder"] = {{"type", "CTC"}}; });
  for (const auto& bad : texts) {
    const auto error = error_of(ErrorKind::config, [&] { Tokenizer t(bad); });
    CHECK_MESSAGE(contains(error, "tokenizer: "), error);
    CHECK(error.size() < 400);
    CHECK(error.find('\n') == std::string::npos);
  }
}

TEST_CASE("a decoder that cannot stream is named") {
  auto json = byte_level_json();
  json["decoder"] = {{"type", "BPEDecoder"}, {"suffix", "</w>"}};
  const auto error =
      error_of(ErrorKind::config, [&] { Tokenizer t(json.dump()); });
  CHECK_MESSAGE(contains(error, "BPEDecoder"), error);
  CHECK_MESSAGE(contains(error, "not supported"), error);
}

TEST_CASE("deep nesting in a tokenizer.json is an error, not a crash") {
  auto json = byte_level_json();
  json["pre_tokenizer"] = {
      {"type", "Split"},
      {"pattern",
       {{"Regex", std::string(100000, '(') + std::string(100000, ')')}}},
      {"behavior", "Isolated"},
      {"invert", false}};
  error_of(ErrorKind::config, [&] { Tokenizer t(json.dump()); });
  const std::string deep = std::string(100000, '[');
  error_of(ErrorKind::config, [&] {
    Tokenizer t("{\"version\":\"1.0\",\"normalizer\":" + deep);
  });
}

TEST_CASE("a very long word and a very long text are encoded in no time") {
  const Tokenizer tokenizer(byte_level_json().dump());
  const auto start = std::chrono::steady_clock::now();
  CHECK(
      tokenizer.encode(std::string(200000, 'h'), false, false).size() ==
      200000);
  std::string text;
  for (int i = 0; i < 20000; ++i) {
    text += "hell  he\n";
  }
  CHECK(tokenizer.encode(text, false, false).size() == 100000);
  const Tokenizer pieces(pieces_json().dump());
  std::string spaced;
  for (int i = 0; i < 50000; ++i) {
    spaced += " hi";
  }
  CHECK(pieces.encode(spaced, false, false).size() == 50001);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(3));
}
