// A rank on another host: it proves itself, its streams are sent, and silence
// ends it.
#include <chrono>
#include <string>
#include <thread>

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include "base/error.h"
#include "link/lifeline.h"
#include "link/lifeline_test.h"

using namespace lockstep;
using namespace lockstep::link;
using namespace std::chrono_literals;

namespace {

int speak(const std::string& address, const Secret& secret) {
  auto lifeline = Lifeline::connect(address, secret);
  lifeline.hello(0, 2, 2s);
  lifeline.set_phase("generating");
  std::this_thread::sleep_for(60s);
  return 0;
}

void welcome(FakeLauncher& launcher, Streams streams) {
  launcher.accept();
  const auto proof = launcher.challenge();
  REQUIRE(proof);
  launcher.say(*proof);
  CHECK(std::holds_alternative<Hello>(*launcher.hear()));
  launcher.say(Welcome{streams});
}

} // namespace

// Seen to fail with: greet() not waiting for the launcher's proof.
TEST_CASE("a rank tells nothing to a launcher without the secret") {
  const auto secret = Secret::random();
  FakeLauncher launcher(secret);
  FakeProcess rank([&] { return speak(launcher.address(), secret); });
  launcher.accept();
  REQUIRE(launcher.challenge());
  launcher.say(Proof{std::string(32, 'x')});
  CHECK(!launcher.hear());
  CHECK(rank.exit_code() == 99);
}

TEST_CASE("a rank without the secret is found out") {
  FakeLauncher launcher(Secret::random());
  FakeProcess rank([&] { return speak(launcher.address(), Secret::random()); });
  launcher.accept();
  CHECK(!launcher.challenge());
  launcher.hang_up();
  CHECK(rank.exit_code() == 99);
}

TEST_CASE("a control link over TCP needs a secret and a right address") {
  CHECK_THROWS_WITH(
      Lifeline::connect("tcp:127.0.0.1:1"),
      doctest::Contains("LOCKSTEP_SECRET"));
  const auto secret = Secret::random();
  for (const auto* address :
       {"tcp:",
        "tcp:127.0.0.1",
        "tcp:host:1",
        "tcp:127.0.0.1:0",
        "tcp:127.0.0.1:65536",
        "tcp:127.0.0.1:1x"}) {
    CAPTURE(address);
    CHECK_THROWS_WITH(
        Lifeline::connect(address, secret),
        doctest::Contains("expected tcp:ADDRESS:PORT"));
  }
  CHECK_THROWS_WITH(
      Lifeline::connect("tcp:127.0.0.1:1", secret),
      doctest::Contains("Connection refused"));
}

// Seen to fail with: Watch::hear_main not taking what is left with goodbye.
TEST_CASE("what a rank reads and writes goes over the link") {
  const auto secret = Secret::random();
  FakeLauncher launcher(secret);
  const std::string big(200000, 'x');
  FakeProcess rank([&] {
    auto lifeline = Lifeline::connect(launcher.address(), secret);
    lifeline.hello(0, 2);
    std::string all;
    char c = 0;
    while (::read(0, &c, 1) == 1) {
      all += c;
    }
    ::dprintf(2, "%s", all.c_str());
    std::printf("%s", big.c_str());
    std::printf("end");
    lifeline.goodbye(0, "");
    return 0;
  });
  welcome(launcher, Streams::forwarded);
  launcher.say(Input{"one", false});
  launcher.say(Input{"two", true});
  std::string out;
  std::string err;
  std::optional<Message> message = launcher.hear_word();
  for (; message && std::holds_alternative<Output>(*message);
       message = launcher.hear_word()) {
    const auto& output = std::get<Output>(*message);
    (output.stream == 1 ? out : err) += output.bytes;
  }
  REQUIRE(message);
  CHECK(std::holds_alternative<Goodbye>(*message));
  CHECK(err == "onetwo");
  CHECK(out == big + "end");
  CHECK(rank.exit_code() == 0);
}

TEST_CASE("a turn brings the ring's host file") {
  const auto secret = Secret::random();
  FakeLauncher launcher(secret);
  FakeProcess rank([&] {
    auto lifeline = Lifeline::connect(launcher.address(), secret);
    lifeline.hello(0, 2);
    return lifeline.await_turn(4711) == "[[\"a:1\"]]" ? 0 : 1;
  });
  welcome(launcher, Streams::own);
  CHECK(std::get<Ready>(*launcher.hear_word()).port == 4711);
  launcher.say(Turn{"[[\"a:1\"]]"});
  CHECK(rank.exit_code() == 0);
}

// Seen to fail with: obey() not counting what it hears, and look_at_silence()
// not looking.
TEST_CASE("a launcher that pings and falls silent is lost") {
  const auto secret = Secret::random();
  FakeLauncher launcher(secret);
  FakeProcess rank([&] { return speak(launcher.address(), secret); });
  welcome(launcher, Streams::own);
  const auto began = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - began < 4s) {
    launcher.say(Ping{true});
    std::this_thread::sleep_for(200ms);
  }
  // Each ping is answered, even when nothing is new.
  int n_statuses = 0;
  while (n_statuses < 10) {
    const auto message = launcher.hear();
    REQUIRE(message);
    n_statuses += std::holds_alternative<Status>(*message) ? 1 : 0;
  }
  CHECK(rank.exit_code() == 71);
}

// Seen to fail with: look_at_silence() not knowing of its own pause.
TEST_CASE("a rank that was stopped itself does not blame the launcher") {
  const auto secret = Secret::random();
  FakeLauncher launcher(secret);
  FakeProcess rank([&] {
    auto lifeline = Lifeline::connect(launcher.address(), secret);
    lifeline.hello(0, 2);
    lifeline.await_turn();
    return 7;
  });
  welcome(launcher, Streams::own);
  CHECK(std::holds_alternative<Ready>(*launcher.hear_word()));
  launcher.say(Ping{true});
  std::this_thread::sleep_for(300ms);
  ::kill(rank.pid(), SIGSTOP);
  std::this_thread::sleep_for(3500ms);
  ::kill(rank.pid(), SIGCONT);
  std::this_thread::sleep_for(300ms);
  launcher.say(Turn{});
  CHECK(rank.exit_code() == 7);
}
