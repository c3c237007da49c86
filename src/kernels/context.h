#pragma once

#include "kernels/table.h"
#include "kernels/thread_pool.h"

namespace lockstep::kernels {

/// What every kernel of one rank runs with. The calls of all kernels come one
/// after the other, from one thread at a time.
struct Context {
  const Table* table = nullptr;
  Accuracy accuracy = Accuracy::exact;
  ThreadPool pool;

  Context(const Table& table_, Accuracy accuracy_, int n_threads)
      : table(&table_), accuracy(accuracy_), pool(n_threads) {}
};

} // namespace lockstep::kernels
