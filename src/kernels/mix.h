#pragma once

#include <cmath>

#include "kernels/table.h"

namespace lockstep::kernels {

/// The running result of one query over chunks: a softmax whose largest score
/// is known only at the end. Milakov and Gimelshein, "Online normalizer
/// calculation for softmax" (2018).
struct Mix {
  float largest = -INFINITY; // of the scores
  float total = 0.0F;        // of the weights
  float* mixed = nullptr;    // [width], the values by their weights
};

/// Takes in the next chunk; always in the order of places. A chunk whose
/// largest score lies so far below that it is nothing in 24 bits adds nothing.
void merge(const Table& table, const Mix& chunk, int width, Mix& mix);

} // namespace lockstep::kernels
