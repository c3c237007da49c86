#include "launch/seat.h"

#include <array>
#include <cstdlib>

#include <fmt/format.h>

#include "base/error.h"
#include "launch/variables.h"

namespace lockstep::launch {

namespace {

std::string text_of(const Variables& variables, const char* name) {
  const auto* value = variables.find(name);
  return value != nullptr ? *value : "";
}

} // namespace

Backend seat_backend(const Environment& environment) {
  const Variables variables(environment);
  const auto name = text_of(variables, kSeatBackendVariable);
  for (const auto backend :
       std::array{Backend::ring, Backend::nccl, Backend::jaccl}) {
    if (name_of(backend) == name) {
      return backend;
    }
  }
  fail(
      ErrorKind::usage,
      "environment: {}, expected ring, nccl or jaccl",
      variables.shown(kSeatBackendVariable));
}

std::optional<Seat> Seat::from(const Environment& environment) {
  const Variables variables(environment);
  const auto* ip = variables.find(kSeatIpVariable);
  if (ip == nullptr) {
    return std::nullopt;
  }
  Seat seat;
  seat.backend_ = seat_backend(environment);
  seat.size_ = std::to_string(variables.number(kSeatSizeVariable, 1));
  seat.devices_ = text_of(variables, kSeatDevicesVariable);
  const bool is_first = variables.number("MLX_RANK", 0) == 0;
  if (seat.backend_ == Backend::ring || is_first) {
    seat.port_.emplace(*ip, variables.number(kSeatPortVariable, 0));
  }
  return seat;
}

void Seat::take(const std::string& where) {
  if (backend_ == Backend::ring) {
    ::setenv("MLX_HOSTFILE", file_with(where).c_str(), 1);
  } else {
    take_first(where);
  }
  port_.reset();
}

void Seat::take_first(const std::string& where) {
  const auto colon = where.rfind(':');
  if (colon == std::string::npos) {
    fail(
        ErrorKind::network,
        "the launcher says that rank 0 is at \"{}\", expected ADDRESS:PORT; is "
        "the same lockstep installed everywhere?",
        where);
  }
  if (backend_ == Backend::nccl) {
    ::setenv("NCCL_HOST_IP", where.substr(0, colon).c_str(), 1);
    ::setenv("NCCL_PORT", where.substr(colon + 1).c_str(), 1);
    ::setenv("MLX_WORLD_SIZE", size_.c_str(), 1);
  } else {
    ::setenv("MLX_JACCL_COORDINATOR", where.c_str(), 1);
    ::setenv("MLX_IBV_DEVICES", file_with(devices_).c_str(), 1);
  }
}

// Without a name, so that nothing is left behind however we end.
std::string Seat::file_with(const std::string& text) {
  file_.reset(std::tmpfile());
  if (!file_ ||
      std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() ||
      std::fseek(file_.get(), 0, SEEK_SET) != 0) {
    fail(
        ErrorKind::network,
        "what MLX reads of the group cannot be written; is there room in this "
        "host's directory for temporary files?");
  }
  return fmt::format("/dev/fd/{}", ::fileno(file_.get()));
}

} // namespace lockstep::launch
