#include "launch/verdict.h"

#include <chrono>

#include <doctest/doctest.h>

using namespace lockstep::launch;
using namespace std::chrono_literals;

namespace {

constexpr Verdict::Time kStart = Verdict::Time() + 1000s;

} // namespace

TEST_CASE("without a sign of failure there is no verdict") {
  const Verdict verdict;
  CHECK(!verdict.is_open());
  CHECK(!verdict.is_settled(kStart + 1000s));
}

// Seen to fail with: `<=` turned to `<` in Verdict::add.
TEST_CASE("of equal signs the first counts") {
  Verdict verdict;
  verdict.add({Weight::vanished, 71, "first"}, kStart);
  verdict.add({Weight::vanished, 71, "second"}, kStart + 1ms);
  CHECK(!verdict.is_settled(kStart + 1ms));
  CHECK(verdict.is_settled(kStart + 1s));
  CHECK(verdict.cause().line == "first");
}

// Seen to fail with: Verdict::add keeping the first whatever its weight.
TEST_CASE("a rank that lost another one is not the cause") {
  Verdict verdict;
  verdict.add({Weight::echo, 71, "rank 0 lost a peer"}, kStart);
  verdict.add({Weight::vanished, 71, "rank 1 is gone"}, kStart + 10ms);
  verdict.add({Weight::killed, 71, "rank 1: signal 9"}, kStart + 20ms);
  CHECK(verdict.is_settled(kStart + 20ms));
  CHECK(verdict.cause().line == "rank 1: signal 9");
  verdict.add({Weight::killed, 71, "late"}, kStart + 30ms);
  CHECK(verdict.cause().line == "rank 1: signal 9");
}

TEST_CASE("what a rank says of its failure is final") {
  Verdict verdict;
  verdict.add({Weight::told, 3, "no such file"}, kStart);
  CHECK(verdict.is_settled(kStart));
  verdict.add({Weight::killed, 71, "killed while it ended"}, kStart + 5ms);
  CHECK(verdict.cause().exit_code == 3);
}

TEST_CASE("nothing better comes: the echo is what we have") {
  Verdict verdict;
  verdict.add({Weight::echo, 71, "lost a peer"}, kStart);
  CHECK(!verdict.is_settled(kStart + 100ms));
  CHECK(verdict.is_settled(kStart + 300ms));
  verdict.add({Weight::killed, 71, "too late"}, kStart + 400ms);
  CHECK(verdict.cause().line == "lost a peer");
}
