#pragma once

#include <cstddef>
#include <vector>

namespace lockstep::checkpoint {

/// Puts the rows of each head back into the order of the HF checkpoint. In
/// `bytes` (rows * row_bytes) rotary pairs lie side by side: row 2 d + s of a
/// head is row s * head_dim / 2 + d afterwards. `rows` is a multiple of
/// 2 * heads.
void undo_interleaving(
    std::vector<std::byte>& bytes, std::size_t rows, std::size_t heads);

} // namespace lockstep::checkpoint
