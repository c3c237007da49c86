#pragma once

#include <string>
#include <thread>
#include <vector>

#include "link/descriptor.h"
#include "link/tcp.h"

namespace lockstep::doctor {

// What two machines say to each other to try their link. Who connects sends the
// token that all of one check know, and a letter for what it wants; kWelcome
// comes back.

inline constexpr std::size_t kTokenBytes = 64;
inline constexpr char kWelcome = 'k';
inline constexpr char kReach = 'r';  // no more
inline constexpr char kEcho = 'e';   // each byte comes back at once
inline constexpr char kStream = 's'; // bytes go one way, for the time below
inline constexpr int kStreamMs = 500;
inline constexpr std::size_t kMostStreamed = std::size_t{64} << 20U;

/// Answers those who try links to this machine, on a thread of its own. Let
/// SIGPIPE be ignored, here and where link_probe.h is used.
class LinkServer {
 public:
  /// Where it listens, or why it does not.
  struct Place {
    int port = 0;
    std::string failure;
  };

  /// At each of these addresses, which must be this machine's own.
  LinkServer(std::string token, const std::vector<std::string>& ips);
  ~LinkServer();
  LinkServer(const LinkServer&) = delete;
  LinkServer& operator=(const LinkServer&) = delete;

  /// By address, in their order.
  const std::vector<Place>& places() const { return places_; }

 private:
  void serve();

  std::string token_;
  std::vector<link::TcpListener> listeners_;
  std::vector<Place> places_;
  link::Pipe end_; // its writing end closes: the thread returns
  std::thread thread_;
};

} // namespace lockstep::doctor
