#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "launch/ports.h"
#include "launch/started_by.h"

namespace lockstep::launch {

/// The variables that give a rank its place in a ring whose members find their
/// ports themselves: our address, and the port to take (0 = any).
inline constexpr char kRingIpVariable[] = "LOCKSTEP_RING_IP";
inline constexpr char kRingPortVariable[] = "LOCKSTEP_RING_PORT";
inline constexpr char kRingSizeVariable[] = "LOCKSTEP_RING_SIZE";

/// A port for this rank of a ring, kept from others until all know each
/// other's.
class RingSeat {
 public:
  /// Nothing when the environment gives no place in such a ring. Throws
  /// Error{network} when the port cannot be had.
  static std::optional<RingSeat> from(const Environment& environment);

  int port() const { return port_.number(); }
  /// Leaves the port to MLX and gives it the text of its host file, by
  /// MLX_HOSTFILE, for as long as this object lives.
  void take(const std::string& host_file);

 private:
  RingSeat(const std::string& ip, int port) : port_(ip, port) {}

  ReservedPort port_;
  std::unique_ptr<FILE, int (*)(FILE*)> file_{
      nullptr, [](FILE* file) { return std::fclose(file); }};
};

} // namespace lockstep::launch
