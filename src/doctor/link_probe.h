#pragma once

#include <string>
#include <vector>

namespace lockstep::doctor {

/// Where a LinkServer listens.
struct LinkEnd {
  std::string ip;
  int port = 0;
};

/// Whether all of these can be reached from here, tried at the same time, each
/// for 2 s: empty, or why not ("Connection refused"), in their order.
std::vector<std::string> try_reach(
    const std::string& token, const std::vector<LinkEnd>& ends);

/// How good the link to one of them is.
struct LinkSpeed {
  double latency_us = 0.0;  // of a byte there and back, median
  double bytes_per_s = 0.0; // of a stream there, as it arrives
};

/// Takes less than a second on a good link. Throws Error{network} when it
/// breaks.
LinkSpeed measure_link(const std::string& token, const LinkEnd& end);

} // namespace lockstep::doctor
