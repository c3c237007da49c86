#pragma once

#include <vector>

namespace lockstep::model {

/// Where the rows of a batch's hidden states [R, hidden] belong: part i covers
/// rows first … first + n - 1 and goes to places offset … of its slot.
struct Pass {
  struct Part {
    int slot = 0;
    int offset = 0;
    int first = 0;
    int n = 0;
  };
  std::vector<Part> parts;
};

} // namespace lockstep::model
