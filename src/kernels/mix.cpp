#include "kernels/mix.h"

#include <algorithm>

namespace lockstep::kernels {

namespace {

// Products of less would leave the range of float32 (see kNothing in attend.h).
float share_of(const Table& table, float x) {
  constexpr float kFar = -60.0F;
  return x < kFar ? 0.0F : table.exp(x);
}

} // namespace

void merge(const Table& table, const Mix& chunk, int width, Mix& mix) {
  const float largest = std::max(mix.largest, chunk.largest);
  // What has seen nothing yet counts nothing.
  const float keep =
      mix.total == 0.0F ? 0.0F : share_of(table, mix.largest - largest);
  const float add = share_of(table, chunk.largest - largest);
  mix.largest = largest;
  mix.total = mix.total * keep + chunk.total * add;
  table.mix(chunk.mixed, add, width, keep, mix.mixed);
}

} // namespace lockstep::kernels
