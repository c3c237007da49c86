#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace lockstep::kernels {

/// Threads that stay, and share out the parts of one piece of work after the
/// other. Parts are taken as threads become free, so a busy core only slows
/// the pool down by its share. Between pieces of work that follow closely the
/// threads spin for a bounded time; then they sleep until there is more.
class ThreadPool {
 public:
  /// `n_threads` counts the caller of run(); at least 1.
  explicit ThreadPool(int n_threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int n_threads() const { return static_cast<int>(workers_.size()) + 1; }

  /// Calls part(i) once for each i from 0 to n - 1, on any thread, begun in this
  /// order, and returns when all are done; what they wrote is then visible. One caller at a time,
  /// not from within a part. `part` must not throw.
  template <class Part>
  void run(int n, const Part& part) {
    if (n <= 1 || workers_.empty()) {
      for (int i = 0; i < n; ++i) {
        part(i);
      }
      return;
    }
    start(
        {[](const void* context, int i) {
           (*static_cast<const Part*>(context))(i);
         },
         &part,
         n});
  }

 private:
  struct Work {
    void (*call)(const void* context, int i) = nullptr;
    const void* context = nullptr;
    int n = 0; // parts
  };

  void start(const Work& work);
  bool take_part();
  void follow();

  Work work_; // written while no part is open
  /// The round in the high half, the number of parts not taken in the low one;
  /// a thread that is late sees another round and takes nothing from it.
  alignas(64) std::atomic<std::uint64_t> open_{0};
  alignas(64) std::atomic<int> unfinished_{0};
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> workers_;
};

} // namespace lockstep::kernels
