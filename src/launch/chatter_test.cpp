#include "launch/chatter.h"

#include <string>

#include <doctest/doctest.h>

using lockstep::launch::Chatter;

namespace {

constexpr char kRule[] =
    "--------------------------------------------------------------------------"
    "\n";

std::string primary() {
  return std::string(kRule) +
         "Primary job  terminated normally, but 1 process returned\n"
         "a non-zero exit code. Per user-direction, the job has been "
         "aborted.\n" +
         kRule;
}

Chatter chatter_of(const std::string& text) {
  Chatter chatter;
  for (const char c : text) {
    chatter.add({&c, 1});
  }
  return chatter;
}

constexpr int kRanks = 3;

} // namespace

// Seen to fail with: "on signal" looked for as "with signal".
TEST_CASE("mpirun tells which rank a signal killed") {
  const auto chatter = chatter_of(
      std::string(kRule) +
      "mpirun noticed that process rank 1 with PID 4711 on node mini-2 exited "
      "on signal 9 (Killed).\n" +
      kRule);
  const auto end = chatter.end(kRanks);
  REQUIRE(end.has_value());
  CHECK(end->rank == 1);
  CHECK(end->how.signal == 9);
  CHECK(chatter.remarks().empty());
}

TEST_CASE("mpirun tells which rank ended with a code") {
  const auto chatter = chatter_of(
      primary() + kRule +
      "mpirun detected that one or more processes exited with non-zero "
      "status, thus causing\nthe job to be terminated. The first process to "
      "do so was:\n\n  Process name: [[47281,1],2]\n  Exit code:    7\n" +
      kRule);
  const auto end = chatter.end(kRanks);
  REQUIRE(end.has_value());
  CHECK(end->rank == 2);
  CHECK(end->how.exit_code == 7);
  CHECK(!end->how.signal);
  CHECK(chatter.remarks().empty());
}

// Seen to fail with: the first shell's word taken; mpirun's word taken first;
// what a shell says kept among the remarks; and among what the rank said.
TEST_CASE("the shell around a rank tells that it was killed") {
  const auto chatter = chatter_of(
      "[1,0]<stderr>:lockstep: rank ended: 0, exit code 71\n"
      "[1,1]<stderr>:lockstep: rank ended: 1, exit code 139\n" +
      std::string(kRule) +
      "mpirun noticed that process rank 2 with PID 9 on node c exited on "
      "signal "
      "15 (Terminated).\n" +
      kRule);
  const auto end = chatter.end(kRanks);
  REQUIRE(end);
  CHECK(end->rank == 1);
  CHECK(end->how.signal == 11);
  CHECK(chatter.remarks().empty());
  CHECK(chatter.said_by(1).empty());
}

// Seen to fail with: the shell's word taken first; never taken.
TEST_CASE("a shell's word counts when mpirun has none") {
  const std::string shell = "lockstep: rank ended: 0, exit code 71\n";
  const auto alone = chatter_of(shell).end(kRanks);
  REQUIRE(alone);
  CHECK(alone->rank == 0);
  CHECK(alone->how.exit_code == 71);
  const auto both =
      chatter_of(shell + "  Process name: [[47281,1],2]\n  Exit code:    7\n")
          .end(kRanks);
  REQUIRE(both);
  CHECK(both->rank == 2);
}

TEST_CASE("what is not usual is kept for the user") {
  const auto chatter = chatter_of(
      "error while loading shared libraries: libx.so\n" + primary() + kRule +
      "There are not enough slots\n\nin the system.\n" + kRule);
  CHECK(!chatter.end(kRanks));
  CHECK(
      chatter.remarks() ==
      "  error while loading shared libraries: libx.so\n"
      "  There are not enough slots\n  in the system.\n");
}

// Seen to fail with: words_of() keeping the mark.
TEST_CASE("what a rank said before its hello is known as its own") {
  const auto chatter = chatter_of(
      "[1,1]<stderr>:disk quota\n[1,1]<stderr>:exceeded\n"
      "[1,12]<stdout>:hello\n[prterun-a-3@1,2]<stderr>: five\n"
      "[1,1] <no mark\n[warn] Epoll MOD(1) on fd 25 failed.\nplain\n");
  CHECK(chatter.said_by(1) == "disk quota\nexceeded\n");
  CHECK(chatter.said_by(12) == "hello\n");
  CHECK(chatter.said_by(2) == "five\n");
  CHECK(chatter.said_by(0).empty());
  CHECK(
      chatter.remarks() ==
      "  rank 1: disk quota\n  rank 1: exceeded\n  rank 12: hello\n"
      "  rank 2: five\n  [1,1] <no mark\n  plain\n");
}

// Seen to fail with: the first failed way taken though another was lost.
TEST_CASE("a way that was lost counts before one that failed") {
  const auto chatter = chatter_of(
      "no orted\nlockstep: ssh ended: a, exit code 127\n"
      "refused\nlockstep: ssh ended: b, exit code 255\n");
  const auto way = chatter.way_end();
  REQUIRE(way);
  CHECK(way->host == "b");
  CHECK(way->is_lost());
  const auto failed =
      chatter_of("no orted\nlockstep: ssh ended: a, exit code 127\n").way_end();
  REQUIRE(failed);
  CHECK(failed->host == "a");
  CHECK(failed->said == "no orted\n");
  CHECK(!failed->is_lost());
  CHECK(!chatter_of("lockstep: ssh ended: a, exit code x\n").way_end());
}

// Seen to fail with: all of it shown.
TEST_CASE("of much talk the end is shown") {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += "y" + std::to_string(i) + "\n";
  }
  const auto remarks = chatter_of(text).remarks();
  CHECK(remarks.starts_with("  …\n  y980\n"));
  CHECK(remarks.ends_with("  y999\n"));
}

// Seen to fail with: ranks that are not there.
TEST_CASE("odd words are no report and cannot grow without bound") {
  for (const char* text :
       {"",
        "\n\n",
        "noticed that process rank",
        "noticed that process rank x on signal 9",
        "noticed that process rank 99999999999999 on signal 9",
        "noticed that process rank -1 on signal 9",
        "Process name: [[1,1],1]",
        "Exit code: 3",
        "lockstep: rank ended: x, exit code 3",
        "lockstep: rank ended: 1",
        "lockstep: rank ended: 3, exit code 139", // there are three
        "noticed that process rank 3 on signal 9",
        "Process name: [[1,1],3]  Exit code: 3"}) {
    CAPTURE(text);
    CHECK(!chatter_of(text).end(kRanks));
  }
  Chatter chatter;
  const std::string line(1000, 'x');
  for (int i = 0; i < 1000; ++i) {
    chatter.add(line);
  }
  CHECK(chatter.remarks().size() <= (64 << 10) + 3);
}
