#include "base/channel.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace lockstep {

TEST_CASE("what several threads push arrives once, each thread's in order") {
  // Seen to fail with: no lock in push().
  constexpr int kThreads = 4;
  constexpr int kEach = 200'000;
  Channel<std::pair<int, int>> channel;
  std::atomic<int> n_ready{0};
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      ++n_ready;
      while (n_ready < kThreads) { // so that they push at the same time
      }
      for (int i = 0; i < kEach; ++i) {
        channel.push({thread, i});
      }
    });
  }
  std::vector<int> next(kThreads);
  int n_wrong = 0;
  for (int n_taken = 0; n_taken < kThreads * kEach;) {
    channel.wait_for(std::chrono::hours(1));
    for (const auto& [thread, i] : channel.take_all()) {
      n_wrong += i == next[static_cast<std::size_t>(thread)]++ ? 0 : 1;
      ++n_taken;
    }
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(n_wrong == 0);
  CHECK(channel.take_all().empty());
}

TEST_CASE("a closed channel takes nothing more and gives what it has") {
  // Seen to fail with: ended() that does not look at what is left.
  Channel<int> channel;
  CHECK(channel.push(7));
  CHECK_FALSE(channel.ended());
  channel.close();
  CHECK_FALSE(channel.push(8));
  CHECK_FALSE(channel.ended());
  CHECK(channel.take_all() == std::vector<int>{7});
  CHECK(channel.ended());
}

TEST_CASE("who waits is woken by a value and by the end") {
  // Seen to fail with: close() that does not notify (it waits for an hour).
  Channel<int> values;
  Channel<int> ends;
  std::thread other([&] {
    // Most often long enough for the one that waits to be waiting.
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    values.push(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    ends.close();
  });
  values.wait_for(std::chrono::hours(1));
  CHECK(values.take_all() == std::vector<int>{1});
  ends.wait_for(std::chrono::hours(1));
  CHECK(ends.ended());
  other.join();
  Channel<int> empty;
  empty.wait_for(std::chrono::microseconds(1)); // comes back by itself
  CHECK(empty.take_all().empty());
}

} // namespace lockstep
