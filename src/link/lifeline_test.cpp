#include "link/lifeline.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "link/lifeline_test.h"

using namespace lockstep;
using namespace lockstep::link;
using namespace std::chrono_literals;

TEST_CASE("a rank says who it is, what it does and that it is done") {
  FakeLauncher launcher;
  FakeProcess rank([&] {
    auto lifeline = Lifeline::connect(launcher.address());
    lifeline.hello(1, 3);
    lifeline.set_phase("loading");
    lifeline.set_phase("generating");
    lifeline.set_tick(57);
    std::this_thread::sleep_for(600ms);
    lifeline.goodbye(3, "because");
    lifeline.goodbye(4, "too late");
    return 5;
  });
  launcher.accept();
  const auto hello = std::get<Hello>(*launcher.hear());
  CHECK(hello.rank == 1);
  CHECK(hello.size == 3);
  CHECK(hello.pid == rank.pid());
  CHECK(!hello.host.empty());
  launcher.say(Welcome{});
  Status last;
  auto message = launcher.hear();
  for (; message && std::holds_alternative<Status>(*message);
       message = launcher.hear()) {
    last = std::get<Status>(*message);
  }
  CHECK(last == Status{"generating", 57});
  REQUIRE(message);
  CHECK(std::get<Goodbye>(*message) == Goodbye{3, "because"});
  CHECK(!launcher.hear());
  CHECK(rank.exit_code() == 5);
}

// Seen to fail with: Watch::hear_launcher returning instead of _exit.
TEST_CASE("a rank ends at once when its launcher is gone") {
  FakeLauncher launcher;
  FakeProcess rank([&] {
    auto lifeline = Lifeline::connect(launcher.address());
    lifeline.hello(0, 2);
    std::this_thread::sleep_for(60s);
    return 0;
  });
  launcher.accept();
  launcher.hear();
  launcher.say(Welcome{});
  launcher.hear();
  const auto before = std::chrono::steady_clock::now();
  launcher.hang_up();
  CHECK(rank.exit_code() == 71);
  CHECK(std::chrono::steady_clock::now() - before < 5s);
}

TEST_CASE("a launcher that talks nonsense is as good as gone") {
  FakeLauncher launcher;
  FakeProcess rank([&] {
    auto lifeline = Lifeline::connect(launcher.address());
    lifeline.hello(0, 2);
    std::this_thread::sleep_for(60s);
    return 0;
  });
  launcher.accept();
  launcher.hear();
  launcher.say(Welcome{});
  launcher.say_bytes("HTTP/1.1 200 OK\r\n");
  CHECK(rank.exit_code() == 71);
}

// Seen to fail with: Watch::await_turn returning at once.
TEST_CASE("a rank waits for its turn") {
  FakeLauncher launcher;
  FakeProcess rank([&] {
    auto lifeline = Lifeline::connect(launcher.address());
    lifeline.hello(0, 2);
    lifeline.await_turn();
    lifeline.goodbye(0, "");
    return 0;
  });
  launcher.accept();
  launcher.hear();
  launcher.say(Welcome{});
  CHECK(std::holds_alternative<Ready>(*launcher.hear_word()));
  std::this_thread::sleep_for(100ms);
  launcher.say(Turn{});
  CHECK(std::holds_alternative<Goodbye>(*launcher.hear_word()));
  CHECK(rank.exit_code() == 0);
}

TEST_CASE("a rank takes over the descriptors that come with the welcome") {
  FakeLauncher launcher;
  auto input = make_pipe();
  auto output = make_pipe();
  FakeProcess rank([&] {
    auto lifeline = Lifeline::connect(launcher.address());
    lifeline.hello(0, 1);
    char c = 0;
    const bool copied =
        ::read(0, &c, 1) == 1 && ::write(1, &c, 1) == 1 && ::write(2, "!", 1);
    return copied ? 0 : 1;
  });
  launcher.accept();
  launcher.hear();
  REQUIRE(::write(input.write.get(), "x", 1) == 1);
  const int descriptors[] = {
      input.read.get(), output.write.get(), output.write.get()};
  launcher.say(Welcome{Streams::descriptors}, descriptors);
  CHECK(rank.exit_code() == 0);
  char seen[3] = {};
  CHECK(::read(output.read.get(), seen, 2) == 2);
  CHECK(std::string(seen) == "x!");
}

TEST_CASE("goodbye works before hello, for errors that come early") {
  FakeLauncher launcher;
  FakeProcess rank([&] {
    auto lifeline = Lifeline::connect(launcher.address());
    lifeline.goodbye(2, "MLX_RANK=x");
    return 2;
  });
  launcher.accept();
  CHECK(std::get<Goodbye>(*launcher.hear()) == Goodbye{2, "MLX_RANK=x"});
  CHECK(rank.exit_code() == 2);
}

TEST_CASE("hello does not wait for ever, and a refusal is an error") {
  FakeLauncher launcher;
  FakeProcess patient([&] {
    auto lifeline = Lifeline::connect(launcher.address());
    try {
      lifeline.hello(0, 2, 100ms);
    } catch (const Error& error) {
      return error.kind() == ErrorKind::network ? 10 : 11;
    }
    return 12;
  });
  launcher.accept();
  CHECK(patient.exit_code() == 10);
  FakeProcess refused([&] {
    auto lifeline = Lifeline::connect(launcher.address());
    try {
      lifeline.hello(0, 2);
    } catch (const Error& error) {
      return error.kind() == ErrorKind::network ? 10 : 11;
    }
    return 12;
  });
  launcher.accept();
  launcher.hang_up();
  CHECK(refused.exit_code() == 10);
}

// Seen to fail with: Watch::run not looking at getppid.
TEST_CASE("without a launcher a rank of a group ends with its parent") {
  auto pipe = make_pipe();
  set_nonblocking(pipe.read.get(), false);
  FakeProcess parent([&] {
    if (::fork() == 0) {
      ::unsetenv(kLifelineVariable);
      auto lifeline = Lifeline::from_environment();
      lifeline.hello(0, 2);
      // The pipe's other end sees when this process is gone.
      std::this_thread::sleep_for(60s);
      ::_exit(0);
    }
    std::this_thread::sleep_for(300ms);
    return 0;
  });
  pipe.write.reset();
  CHECK(parent.exit_code() == 0);
  pollfd waiting{pipe.read.get(), POLLIN, 0};
  CHECK(::poll(&waiting, 1, 10000) == 1);
}

TEST_CASE("alone, a lifeline does nothing") {
  ::unsetenv(kLifelineVariable);
  auto lifeline = Lifeline::from_environment();
  CHECK(!lifeline.has_launcher());
  lifeline.hello(0, 1);
  lifeline.await_turn();
  lifeline.set_phase("generating");
  lifeline.set_tick(1);
  lifeline.goodbye(3, "nobody hears it");
}

TEST_CASE("addresses that are none are refused by name") {
  for (const char* address :
       {"", "unix:", "unix:relative", "/tmp/x", "tcp:127.0.0.1:5000"}) {
    CAPTURE(address);
    try {
      Lifeline::connect(address);
      FAIL("taken");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
    }
  }
  try {
    Lifeline::connect("unix:/nowhere/at/all");
    FAIL("taken");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::network);
    CHECK(
        std::string(error.what()).find("/nowhere/at/all") != std::string::npos);
  }
  CHECK_THROWS_AS(Lifeline::connect("unix:/" + std::string(200, 'x')), Error);
}
