// A rank without a model, for tests of whoever starts ranks. Does what its
// arguments say, one after the other; "1:VERB=VALUE" is for rank 1 alone.
//
//   hello        says hello (not done by itself)
//   turn         waits for its turn to join
//   phase        what it does from now on: "generating"
//   tick=N       its tick
//   out=TEXT err=TEXT   writes a line
//   cat          copies stdin to stdout
//   sleep=MS  stop  raise=SIGNAL  deaf (ignores SIGTERM)
//   goodbye=CODE,TEXT   exit=CODE
//   show=NAME    prints a variable of its environment
//   mark=TEXT    nothing: a text to find the process by
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include <signal.h>
#include <unistd.h>

#include "base/error.h"
#include "link/lifeline.h"

namespace {

int number_from(const char* name, const char* other, int otherwise) {
  const char* text = std::getenv(name);
  if (text == nullptr && other != nullptr) {
    text = std::getenv(other);
  }
  return text == nullptr ? otherwise : std::atoi(text);
}

void write_line(FILE* file, const std::string& text) {
  std::fputs((text + "\n").c_str(), file);
  std::fflush(file);
}

void copy_input() {
  int c = 0;
  while ((c = std::getchar()) != EOF) {
    std::putchar(c);
  }
  std::fflush(stdout);
}

class FakeRank {
 public:
  FakeRank()
      : rank_(number_from("OMPI_COMM_WORLD_RANK", "MLX_RANK", 0)),
        size_(number_from("OMPI_COMM_WORLD_SIZE", "FAKE_SIZE", 1)),
        lifeline_(lockstep::link::Lifeline::from_environment()) {}

  void act(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == 1 && text[0] >= '0' && text[0] <= '9') {
      if (text[0] - '0' != rank_) {
        return;
      }
      text.remove_prefix(2);
    }
    const auto equals = text.find('=');
    const auto verb = text.substr(0, equals);
    const std::string value(
        equals == std::string_view::npos ? "" : text.substr(equals + 1));
    if (!talk(verb, value)) {
      do_harm(verb, std::atoi(value.c_str()));
    }
  }

 private:
  bool talk(std::string_view verb, const std::string& value) {
    if (verb == "hello") {
      lifeline_.hello(rank_, size_);
    } else if (verb == "turn") {
      lifeline_.await_turn();
    } else if (verb == "phase") {
      lifeline_.set_phase("generating");
    } else if (verb == "tick") {
      lifeline_.set_tick(std::strtoull(value.c_str(), nullptr, 10));
    } else if (verb == "goodbye") {
      const auto comma = value.find(',');
      lifeline_.goodbye(
          std::atoi(value.c_str()),
          comma == std::string::npos ? "" : value.substr(comma + 1));
    } else if (verb == "out") {
      write_line(stdout, value);
    } else if (verb == "err") {
      write_line(stderr, value);
    } else if (verb == "show") {
      const char* shown = std::getenv(value.c_str());
      write_line(stdout, value + "=" + (shown == nullptr ? "(none)" : shown));
    } else if (verb == "mark") {
      return true;
    } else if (verb == "cat") {
      copy_input();
    } else {
      return false;
    }
    return true;
  }

  static void do_harm(std::string_view verb, int value) {
    if (verb == "sleep") {
      std::this_thread::sleep_for(std::chrono::milliseconds(value));
    } else if (verb == "raise") {
      // A sanitizer would turn a crash into an exit code of its own.
      ::signal(value, SIG_DFL);
      ::raise(value);
    } else if (verb == "stop") {
      ::raise(SIGSTOP);
    } else if (verb == "deaf") {
      ::signal(SIGTERM, SIG_IGN);
    } else if (verb == "exit") {
      std::exit(value);
    } else {
      std::fprintf(
          stderr, "fake_rank: what is %s?\n", std::string(verb).c_str());
      std::exit(2);
    }
  }

  int rank_;
  int size_;
  lockstep::link::Lifeline lifeline_;
};

} // namespace

int main(int argc, char** argv) {
  try {
    FakeRank rank;
    for (int i = 1; i < argc; ++i) {
      rank.act(argv[i]);
    }
  } catch (const lockstep::Error& error) {
    std::fprintf(stderr, "fake_rank: %s\n", error.what());
    return 69;
  }
  return 0;
}
