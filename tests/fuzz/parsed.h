#pragma once

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"

namespace lockstep::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// What is wrong with the input is an Error; all else ends the program.
template <class Parse>
void refuses_or_parses(Parse parse) {
  try {
    parse();
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::internal) {
      std::abort(); // the fault is ours
    }
  }
}

inline void must(bool holds) {
  if (!holds) {
    std::abort();
  }
}

} // namespace lockstep::fuzz
