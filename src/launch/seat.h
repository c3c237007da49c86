#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "base/backend.h"
#include "launch/ports.h"
#include "launch/started_by.h"

namespace lockstep::launch {

// The variables that give a rank its place in a group over hosts, whose members
// find their ports themselves.
inline constexpr char kSeatBackendVariable[] = "LOCKSTEP_SEAT_BACKEND";
inline constexpr char kSeatSizeVariable[] = "LOCKSTEP_SEAT_SIZE";
inline constexpr char kSeatIpVariable[] = "LOCKSTEP_SEAT_IP"; // ours
/// The port to take; 0 = any.
inline constexpr char kSeatPortVariable[] = "LOCKSTEP_SEAT_PORT";
/// For jaccl the devices that lead from each rank to each, as JSON.
inline constexpr char kSeatDevicesVariable[] = "LOCKSTEP_SEAT_DEVICES";

/// This rank's place. Where others connect to it, a port is kept for it until
/// all know each other's.
class Seat {
 public:
  /// Nothing when the environment gives no such place. Throws Error{network}
  /// when the port cannot be had, Error{usage} naming a variable that is wrong.
  static std::optional<Seat> from(const Environment& environment);

  /// 0 = nobody connects to this rank.
  int port() const { return port_ ? port_->number() : 0; }
  /// Leaves the port to MLX and tells it, by variables and for as long as this
  /// object lives, how to join: `where` is the text of a ring's host file, for
  /// others the "ADDRESS:PORT" of rank 0. Throws Error{network} when it is
  /// none, or no temporary file can be written.
  void take(const std::string& where);

 private:
  void take_first(const std::string& where);
  std::string file_with(const std::string& text);

  Backend backend_ = Backend::ring;
  std::string size_;
  std::string devices_;
  std::optional<ReservedPort> port_;
  std::unique_ptr<FILE, int (*)(FILE*)> file_{
      nullptr, [](FILE* file) { return std::fclose(file); }};
};

/// The back end that kSeatBackendVariable names. Throws Error{usage} when it is
/// none that joins ranks over hosts.
Backend seat_backend(const Environment& environment);

} // namespace lockstep::launch
