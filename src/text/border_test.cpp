#include "text/border.h"

#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "text/chat_template.h"
#include "text/detokenizer.h"
#include "text/small_tokenizers.h"
#include "text/tokenizer.h"

using namespace lockstep;
using namespace lockstep::text;

namespace {

/// Keeps what is written to stderr while it lives.
class CapturedStderr {
 public:
  CapturedStderr() : file_(std::tmpfile()), saved_(::dup(STDERR_FILENO)) {
    ::dup2(::fileno(file_), STDERR_FILENO);
  }
  ~CapturedStderr() {
    restore();
    std::fclose(file_);
  }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;

  std::string text() {
    restore();
    std::string out(static_cast<std::size_t>(std::ftell(file_)), '\0');
    std::rewind(file_);
    out.resize(std::fread(out.data(), 1, out.size(), file_));
    return out;
  }

 private:
  void restore() {
    if (saved_ >= 0) {
      std::fseek(file_, 0, SEEK_END);
      ::dup2(saved_, STDERR_FILENO);
      ::close(saved_);
      saved_ = -1;
    }
  }

  std::FILE* file_;
  int saved_;
};

} // namespace

// Seen to fail with: the panic hook of contained() left as it is.
TEST_CASE("a panic of the library is an error and prints nothing") {
  // Strip looks past the end of a text shorter than what it strips.
  auto json = pieces_json();
  json["decoder"] = {
      {"type", "Strip"}, {"content", "h"}, {"start", 0}, {"stop", 9}};
  const Tokenizer tokenizer(json.dump());
  const Token h = *tokenizer.find("h");
  CapturedStderr captured;
  CHECK_THROWS_AS(tokenizer.decode({h}, false), Error);
  Detokenizer stream(tokenizer, false);
  CHECK_THROWS_AS(stream.push(h), Error);
  CHECK(captured.text().empty());
  CHECK(tokenizer.encode("hi", false, false).size() == 1);
}

TEST_CASE("objects made and dropped ten thousand times leave nothing") {
  // Leaks show under the address sanitizer.
  auto json = byte_level_json();
  json["model"]["vocab"] = {{"a", 0}, {"b", 1}};
  json["model"]["merges"] = TestJson::array();
  json["added_tokens"] = {added_token(2, "<e>", true)};
  const auto good = json.dump();
  json["model"]["type"] = "Other";
  const auto bad = json.dump();
  const Tokenizer tokenizer(good);
  for (int i = 0; i < 10000; ++i) {
    CHECK(tokenizer.encode("ab", false, false).size() == 2);
    Detokenizer stream(tokenizer, true);
    CHECK(stream.push(0) == "a");
    CHECK_THROWS_AS(tokenizer.decode({9}, true), Error);
    CHECK_THROWS_AS(tokenizer.encode("\xFF", true, true), Error);
    if (i % 20 == 0) {
      CHECK(Tokenizer(good).vocab() == 3);
      CHECK_THROWS_AS(Tokenizer{bad}, Error);
      const ChatTemplate chat("{{ messages[0] }}", "", "");
      CHECK(chat.render({"x"}, true) == "x");
      CHECK_THROWS_AS(chat.render(OrderedJson::array(), true, 1), Error);
      CHECK_THROWS_AS(ChatTemplate("{% if %}", "", ""), Error);
    }
  }
}

TEST_CASE("several threads use one tokenizer and one template") {
  const Tokenizer tokenizer(byte_level_json().dump());
  const ChatTemplate chat("{{ messages[0] }}!", "", "");
  std::atomic<int> n_good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const std::string text = "hello " + std::to_string(t);
      const auto ids = tokenizer.encode(text, false, false);
      for (int i = 0; i < 200; ++i) {
        const bool good = tokenizer.encode(text, false, false) == ids &&
                          tokenizer.decode(ids, true) == text &&
                          chat.render({text}, true) == text + "!";
        n_good += good ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(n_good == 800);
}
