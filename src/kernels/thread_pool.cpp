#include "kernels/thread_pool.h"

#include <chrono>

#include "kernels/pause.h"

namespace lockstep::kernels {

namespace {

constexpr std::uint64_t kPartsMask = 0xffffffffU;
constexpr std::uint64_t kRound = std::uint64_t{1} << 32;
/// Longer than a node of the graph is away from the next one in decoding.
constexpr auto kSpin = std::chrono::microseconds(50);

/// Waits until `done()`, spinning for at most kSpin. -> whether it is done
template <class Done>
bool spin_until(Done done) {
  const auto start = std::chrono::steady_clock::now();
  do {
    for (int i = 0; i < 32; ++i) {
      if (done()) {
        return true;
      }
      pause();
    }
  } while (std::chrono::steady_clock::now() - start < kSpin);
  return done();
}

} // namespace

ThreadPool::ThreadPool(int n_threads) {
  workers_.reserve(static_cast<std::size_t>(n_threads - 1));
  for (int i = 1; i < n_threads; ++i) {
    workers_.emplace_back([this] { follow(); });
  }
}

ThreadPool::~ThreadPool() {
  stopping_.store(true);
  open_.fetch_add(kRound);
  open_.notify_all();
  for (auto& worker : workers_) {
    worker.join();
  }
}

void ThreadPool::start(const Work& work) {
  work_ = work;
  unfinished_.store(work.n, std::memory_order_relaxed);
  const auto round = open_.load(std::memory_order_relaxed) & ~kPartsMask;
  open_.store(
      round + kRound + static_cast<std::uint64_t>(work.n),
      std::memory_order_release);
  open_.notify_all();
  while (take_part()) {
  }
  const auto finished = [this] {
    return unfinished_.load(std::memory_order_acquire) == 0;
  };
  while (!spin_until(finished)) {
    const int left = unfinished_.load(std::memory_order_acquire);
    if (left != 0) {
      unfinished_.wait(left);
    }
  }
}

bool ThreadPool::take_part() {
  auto open = open_.load(std::memory_order_acquire);
  do {
    if ((open & kPartsMask) == 0) {
      return false;
    }
  } while (!open_.compare_exchange_weak(
      open, open - 1, std::memory_order_acquire, std::memory_order_acquire));
  // The part that was taken keeps run() from returning, so work_ stays.
  work_.call(work_.context, work_.n - static_cast<int>(open & kPartsMask));
  if (unfinished_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    unfinished_.notify_one();
  }
  return true;
}

void ThreadPool::follow() {
  std::uint64_t seen = 0;
  while (!stopping_.load()) {
    while (take_part()) {
    }
    seen = open_.load(std::memory_order_acquire);
    const auto changed = [&] {
      return open_.load(std::memory_order_acquire) != seen;
    };
    if ((seen & kPartsMask) == 0 && !stopping_.load() && !spin_until(changed)) {
      open_.wait(seen);
    }
  }
}

} // namespace lockstep::kernels
