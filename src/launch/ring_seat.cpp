#include "launch/ring_seat.h"

#include <cstdlib>

#include <fmt/format.h>

#include "base/error.h"
#include "launch/variables.h"

namespace lockstep::launch {

std::optional<RingSeat> RingSeat::from(const Environment& environment) {
  const Variables variables(environment);
  const auto* ip = variables.find(kRingIpVariable);
  if (ip == nullptr) {
    return std::nullopt;
  }
  return RingSeat(*ip, variables.number(kRingPortVariable, 0));
}

void RingSeat::take(const std::string& host_file) {
  // Without a name, so that nothing is left behind however we end.
  file_.reset(std::tmpfile());
  if (!file_ ||
      std::fwrite(host_file.data(), 1, host_file.size(), file_.get()) !=
          host_file.size() ||
      std::fseek(file_.get(), 0, SEEK_SET) != 0) {
    fail(
        ErrorKind::network,
        "the ring's host file cannot be written; is there room in this host's "
        "directory for temporary files?");
  }
  const auto path = fmt::format("/dev/fd/{}", ::fileno(file_.get()));
  ::setenv("MLX_HOSTFILE", path.c_str(), 1);
  port_.release();
}

} // namespace lockstep::launch
