#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace lockstep::app {

using Cells = std::vector<std::string>;

/// Lines of cells for a terminal, columns as wide as their widest cell: the
/// first `n_text` columns to the left, the others, numbers, to the right. Rows
/// have equal numbers of cells.
std::string format_table(const std::vector<Cells>& rows, std::size_t n_text);

} // namespace lockstep::app
