#include "kernels/thread_pool.h"

#include <atomic>
#include <chrono>
#include <ctime>
#include <vector>

#include <doctest/doctest.h>

namespace lockstep::kernels {

TEST_CASE("every part of every piece of work is done once") {
  // Seen to fail with: a late thread that takes a part of the next round with
  // the work of the one before.
  for (const int n_threads : {1, 2, 3, 8}) {
    ThreadPool pool(n_threads);
    for (int round = 0; round < 2000; ++round) {
      const int n = round % 23;
      std::vector<int> times(static_cast<std::size_t>(n), 0);
      pool.run(n, [&](int i) { ++times[static_cast<std::size_t>(i)]; });
      bool once = true;
      for (const int t : times) {
        once = once && t == 1;
      }
      REQUIRE(once);
    }
  }
}

TEST_CASE("threads without work sleep") {
  // Seen to fail with: threads that spin until there is work.
  ThreadPool pool(4);
  std::atomic<int> sum = 0;
  pool.run(100, [&](int i) { sum += i; });
  CHECK(sum == 4950);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const auto before = std::clock(); // processor time of all threads
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const auto used = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
  CHECK(used < 0.1);
}

} // namespace lockstep::kernels
