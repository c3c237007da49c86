#include "base/backend.h"

#include <array>
#include <utility>

#include "base/error.h"

namespace lockstep {

namespace {

constexpr std::array<std::pair<Backend, std::string_view>, 5> kNames{{
    {Backend::automatic, "auto"},
    {Backend::mpi, "mpi"},
    {Backend::ring, "ring"},
    {Backend::nccl, "nccl"},
    {Backend::jaccl, "jaccl"},
}};

} // namespace

std::string_view name_of(Backend backend) {
  for (const auto& [value, name] : kNames) {
    if (value == backend) {
      return name;
    }
  }
  fail(
      ErrorKind::internal,
      "no back end has the number {}",
      static_cast<int>(backend));
}

Backend parse_backend(std::string_view text) {
  for (const auto& [value, name] : kNames) {
    if (name == text) {
      return value;
    }
  }
  fail(
      ErrorKind::usage,
      "back end \"{}\" is not known, expected auto, mpi, ring, nccl or jaccl",
      text);
}

} // namespace lockstep
