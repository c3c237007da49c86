#include "base/host.h"

#include <array>

#include <unistd.h>

namespace lockstep {

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) {
    return "?";
  }
  return name.data();
}

} // namespace lockstep
