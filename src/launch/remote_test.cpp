// Real processes: here, and through a program that stands in place of ssh.
#include "launch/remote.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "support/refused.h"
#include "support/temp_folder.h"

namespace lockstep::launch {

using namespace std::chrono_literals;

namespace {

/// While one lives, a script stands in place of ssh. It sees ssh's own options
/// up to "--", then the host, then one line for a shell.
class FakeSsh {
 public:
  explicit FakeSsh(const std::string& what_it_does) {
    const auto script = folder_.write(
        "ssh",
        "#!/bin/sh\n"
        "while test \"$1\" != --; do shift; done\n"
        "host=$2\n"
        "shift 2\n" +
            what_it_does + "\n");
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    ::setenv("LOCKSTEP_SSH", script.c_str(), 1);
  }
  ~FakeSsh() { ::unsetenv("LOCKSTEP_SSH"); }
  FakeSsh(const FakeSsh&) = delete;
  FakeSsh& operator=(const FakeSsh&) = delete;

 private:
  testing::TempFolder folder_;
};

RemoteResult run_one(const RemoteJob& job, const RemoteOptions& options = {}) {
  return run_on_hosts({job}, options).at(0);
}

RemoteJob here(const std::string& script, const std::string& input = "") {
  return {"localhost", {"sh", "-c", script}, input};
}

} // namespace

TEST_CASE("a program here gets its input and gives all that it wrote") {
  const auto good = run_one(here("cat; echo no >&2", "hello\n"));
  CHECK(good.is_good());
  CHECK(good.host == "localhost");
  CHECK(good.out == "hello\n");
  CHECK(good.err == "no\n");
  CHECK_FALSE(good.is_cut);
  const auto bad = run_one(here("echo why >&2; exit 3"));
  CHECK_FALSE(bad.is_good());
  CHECK(bad.end->exit_code == 3);
  CHECK(
      remote_failure(bad) ==
      "localhost: what was run there ended with exit code 3: why");
  const auto killed = run_one(here("kill -TERM $$"));
  CHECK(
      remote_failure(killed) ==
      "localhost: what was run there was killed by signal 15");
}

// Seen to fail with: words given to the host's shell as they are.
TEST_CASE("a program on a host gets its words unchanged") {
  const FakeSsh ssh("echo on $host; eval \"$*\"");
  const auto result =
      run_one({"mac1", {"printf", "%s|", "a b", "it's", "$HOME", "*", ""}, ""});
  CHECK(result.is_good());
  CHECK(result.out == "on mac1\na b|it's|$HOME|*||");
}

TEST_CASE("results come in the order of the jobs, however they end") {
  std::vector<RemoteJob> jobs;
  jobs.reserve(7);
  for (int i = 0; i < 7; ++i) {
    jobs.push_back(here(
        "sleep 0.$((9 - $(cat))); exit " + std::to_string(i),
        std::to_string(i)));
  }
  RemoteOptions options;
  options.most_at_once = 3;
  const auto results = run_on_hosts(jobs, options);
  REQUIRE(results.size() == 7);
  for (int i = 0; i < 7; ++i) {
    CHECK(results[static_cast<std::size_t>(i)].end->exit_code == i);
  }
  CHECK(run_on_hosts({}).empty());
}

TEST_CASE("input that nobody reads harms nothing") {
  CHECK(run_one(here("exit 0", std::string(1 << 20, 'x'))).is_good());
  const std::string large(1 << 20, 'y');
  CHECK(run_one(here("wc -c", large)).out.find("1048576") != std::string::npos);
}

// Seen to fail with: the bound left out.
TEST_CASE("one that writes without end is cut, and killed at its deadline") {
  RemoteOptions options;
  options.deadline = 200ms;
  const auto result = run_one(here("echo busy >&2; yes; true"), options);
  CHECK_FALSE(result.end.has_value());
  CHECK(result.is_cut);
  CHECK(result.out.size() == 65536);
  CHECK(
      remote_failure(result) ==
      "localhost: gave no answer within 0.2 s (busy); is this machine "
      "overloaded?");
}

// Seen to fail with: waiting for the end of its output.
TEST_CASE("a job ends with its process, not with those that it left behind") {
  RemoteOptions options;
  options.deadline = 20s;
  const auto result = run_one(here("sleep 21 & echo $!"), options);
  CHECK(result.is_good());
  CHECK(!result.out.empty());
  CHECK(run_one(here("kill " + result.out)).is_good());
}

TEST_CASE("a host that cannot be reached is told with ssh's last words") {
  const FakeSsh ssh(
      "echo Warning: something >&2\n"
      "printf 'ssh: connect to host %s port 22: Connection refused\\r\\n\\n' "
      "$host >&2\n"
      "exit 255");
  CHECK(
      remote_failure(run_one({"mac1", {"true"}, ""})) ==
      "mac1: cannot be reached: ssh: connect to host mac1 port 22: Connection "
      "refused; is its ssh server on? On a Mac: System Settings, General, "
      "Sharing, Remote Login");
  const FakeSsh mute("exit 255");
  CHECK(
      remote_failure(run_one({"mac1", {"true"}, ""})) ==
      "mac1: cannot be reached: ssh ended without a word; try it by hand: ssh "
      "mac1");
}

TEST_CASE("without ssh, and with a name that is none, nothing is started") {
  ::setenv("LOCKSTEP_SSH", "no-such-ssh", 1);
  testing::check_refused(ErrorKind::network, {"no-such-ssh", "PATH"}, [] {
    run_one({"mac1", {"true"}, ""});
  });
  ::unsetenv("LOCKSTEP_SSH");
  testing::check_refused(
      ErrorKind::usage, {"-oX"}, [] { run_one({"-oX", {"true"}, ""}); });
}

} // namespace lockstep::launch
