#pragma once

#include <cstdint>

namespace lockstep {

/// A token id, as the tokenizer numbers them; negative means "none".
using Token = std::int32_t;

} // namespace lockstep
