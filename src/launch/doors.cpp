#include "launch/doors.h"

#include <algorithm>

namespace lockstep::launch {

Doors::Doors(const std::filesystem::path& directory)
    : local_((directory / "lifeline").string()) {
}

std::string Doors::address_for(const std::string& ip) {
  const auto own = link::own_address_towards(ip);
  const auto found = std::find_if(
      others_.begin(), others_.end(), [&](const link::TcpListener& listener) {
        return listener.ip() == own;
      });
  if (found != others_.end()) {
    return found->address();
  }
  return others_.emplace_back(own).address();
}

std::vector<int> Doors::fds() const {
  std::vector<int> fds{local_.fd()};
  for (const auto& listener : others_) {
    fds.push_back(listener.fd());
  }
  return fds;
}

std::optional<RankLink> Doors::accept() {
  if (auto socket = local_.accept()) {
    return RankLink(std::move(socket));
  }
  for (auto& listener : others_) {
    if (auto socket = listener.accept()) {
      return RankLink(std::move(socket), secret_);
    }
  }
  return std::nullopt;
}

} // namespace lockstep::launch
