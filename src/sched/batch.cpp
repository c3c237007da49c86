#include "sched/batch.h"

namespace lockstep::sched {

int n_result_words(const Batch& batch) {
  int n = 0;
  for (const auto& row : batch.rows) {
    n += row.n_wanted * (2 + 2 * row.n_top);
  }
  return n;
}

} // namespace lockstep::sched
