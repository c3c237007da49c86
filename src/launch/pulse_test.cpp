#include "launch/pulse.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link/message.h"
#include "link/socket.h"

using namespace lockstep;
using namespace lockstep::launch;
using namespace std::chrono_literals;

namespace {

using Time = std::chrono::steady_clock::time_point;

// Ranks whose words a test writes, and the time that it lets pass.
class Ranks {
 public:
  explicit Ranks(int n) : pulse_(n) {
    for (int rank = 0; rank < n; ++rank) {
      int ends[2] = {};
      REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
      link::set_nonblocking(ends[0]);
      others_.emplace_back(ends[1]);
      links_.emplace_back(link::Descriptor(ends[0]));
      say(rank,
          link::Hello{rank, n, static_cast<std::int32_t>(::getpid()), "host"});
      links_.back().hear(now_);
      links_.back().welcomed = true;
    }
  }

  void say(int rank, const link::Message& message) {
    const auto bytes = link::encode(message);
    const int fd = others_[static_cast<std::size_t>(rank)].get();
    REQUIRE(
        ::write(fd, bytes.data(), bytes.size()) ==
        static_cast<ssize_t>(bytes.size()));
  }
  void say_all(std::uint64_t tick, link::Step step) {
    for (int rank = 0; rank < static_cast<int>(others_.size()); ++rank) {
      say(rank, link::Status{"generating", tick, step});
    }
  }
  // What is wrong after this time, looked at as often as the launcher does.
  std::optional<Failure> pass(std::chrono::milliseconds time) {
    std::optional<Failure> failure;
    for (auto left = time; left > 0ms && !failure; left -= 200ms) {
      now_ += std::min(left, std::chrono::milliseconds(200));
      for (auto& link : links_) {
        link.hear(now_);
      }
      failure = pulse_.look(links_, now_);
    }
    return failure;
  }
  // Without a look.
  void sleep(std::chrono::milliseconds time) { now_ += time; }
  void beat() { pulse_.beat(links_, now_); }
  std::string received(int rank) {
    const int fd = others_[static_cast<std::size_t>(rank)].get();
    link::set_nonblocking(fd);
    return link::receive(fd).bytes;
  }

 private:
  Time now_ = std::chrono::steady_clock::now();
  std::vector<link::Descriptor> others_;
  std::vector<RankLink> links_;
  Pulse pulse_;
};

} // namespace

// Seen to fail with: look_for_silence() finding nobody.
TEST_CASE("a rank that falls silent is lost, by name") {
  Ranks ranks(2);
  for (int i = 0; i < 20; ++i) {
    ranks.say_all(static_cast<std::uint64_t>(i), link::Step::compute);
    CHECK(!ranks.pass(500ms));
  }
  std::optional<Failure> failure;
  for (int i = 0; i < 5 && !failure; ++i) {
    ranks.say(0, link::Status{"generating", 19, link::Step::exchange});
    failure = ranks.pass(500ms);
  }
  REQUIRE(failure);
  CHECK(failure->exit_code == 71);
  CHECK(failure->line.starts_with("rank 1 (pid "));
  CHECK(failure->line.find("no sign of life for 2.0 s") != std::string::npos);
  CHECK(failure->line.find("after tick 19") != std::string::npos);
}

// Seen to fail with: look() not excusing ranks.
TEST_CASE("ranks are not blamed for a pause of our own") {
  Ranks ranks(2);
  ranks.say_all(1, link::Step::compute);
  CHECK(!ranks.pass(400ms));
  ranks.sleep(20s);
  CHECK(!ranks.pass(400ms));
  ranks.say_all(2, link::Step::compute);
  CHECK(!ranks.pass(400ms));
}

// Seen to fail with: look_for_standstill() not asking what ranks do, and with
// a limit that knows no longest exchange.
TEST_CASE("a world that waits in one exchange for ever is stuck") {
  Ranks ranks(3);
  const auto answers = [&](std::uint64_t tick, std::chrono::seconds time) {
    std::optional<Failure> failure;
    for (auto left = time; left > 0s && !failure; left -= 1s) {
      ranks.say_all(tick, link::Step::exchange);
      failure = ranks.pass(1000ms);
    }
    return failure;
  };
  CHECK(!answers(7, 9s));
  // One that still computes is slow, however long it takes.
  for (int i = 0; i < 100; ++i) {
    ranks.say_all(8, link::Step::exchange);
    ranks.say(1, link::Status{"generating", 8, link::Step::compute});
    CHECK(!ranks.pass(1000ms));
  }
  CHECK(!answers(8, 9s));
  // Exchanges that take two seconds are this world's way.
  CHECK(!answers(9, 2s));
  CHECK(!answers(10, 30s));
  const auto failure = answers(10, 1000s);
  REQUIRE(failure);
  CHECK(failure->exit_code == 72);
  CHECK(failure->line.starts_with(
      "all ranks have waited in the exchange of tick 10 for "));
}

TEST_CASE(
    "ranks are asked a few times a second, those at home without threat") {
  Ranks ranks(1);
  ranks.sleep(1000ms);
  ranks.beat();
  ranks.beat();
  CHECK(ranks.received(0) == link::encode(link::Ping{false}));
  ranks.sleep(300ms);
  ranks.beat();
  CHECK(ranks.received(0) == link::encode(link::Ping{false}));
}
