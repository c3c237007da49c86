#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lockstep::checkpoint {

/// What no sound model exceeds. Whatever a file says beyond is refused before
/// it sizes anything.
constexpr std::int64_t kMaxDimension = std::int64_t{1} << 20;
constexpr std::int64_t kMaxRows = std::int64_t{1} << 24; // vocabularies too
constexpr std::int64_t kMaxPositions = std::int64_t{1} << 24;
constexpr std::int64_t kMaxLayers = 1024;
constexpr std::size_t kMaxDimensions = 4; // of one tensor
constexpr std::uint64_t kMaxConfigBytes = std::uint64_t{16} << 20;

/// a * b; throws Error{config} starting with `where` when it exceeds 64 bits.
std::uint64_t checked_product(
    std::uint64_t a, std::uint64_t b, const std::string& where);

/// Dimensions from a file, outermost first, as a shape within the limits above:
/// the innermost of several at most kMaxDimension, the others kMaxRows. Throws
/// Error{config} starting with `where`.
std::vector<int> checked_shape(
    const std::vector<std::uint64_t>& dims, const std::string& where);

/// Elements of a shape that checked_shape has passed.
std::uint64_t element_count(
    const std::vector<int>& shape, const std::string& where);

} // namespace lockstep::checkpoint
