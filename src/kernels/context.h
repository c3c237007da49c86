#pragma once

#include <vector>

#include "kernels/activations.h"
#include "kernels/table.h"
#include "kernels/thread_pool.h"

namespace lockstep::kernels {

/// What kernels put between their steps; kept, so that a token allocates
/// little.
struct Workspace {
  Activations input;  // of the product that runs
  Activations middle; // between a gated product's two halves
  std::vector<float> qkv;
  std::vector<float> attended;
  std::vector<float> hidden;
};

/// What every kernel of one rank runs with. The calls of all kernels come one
/// after the other, from one thread at a time.
struct Context {
  const Table* table = nullptr;
  Accuracy accuracy = Accuracy::exact;
  ThreadPool pool;
  Workspace workspace;

  Context(const Table& table_, Accuracy accuracy_, int n_threads)
      : table(&table_), accuracy(accuracy_), pool(n_threads) {}
};

} // namespace lockstep::kernels
