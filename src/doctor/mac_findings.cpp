#include "doctor/mac_findings.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "launch/addresses.h"

namespace lockstep::doctor {

std::vector<Finding> mac_findings(const MachineFacts& facts) {
  std::vector<Finding> findings;
  const auto& addresses = facts.system.addresses;
  const bool has_thunderbolt =
      std::any_of(addresses.begin(), addresses.end(), [](const auto& address) {
        return address.kind == launch::LinkKind::thunderbolt;
      });
  findings.push_back(ok(
      "thunderbolt",
      has_thunderbolt ? "a Thunderbolt link has an address"
                      : "no Thunderbolt link is up; a cable between two Macs "
                        "is the fastest way between them"));
  findings.push_back(
      ok("permission",
         "macOS does not tell whether this terminal may use the local network; "
         "see System Settings, Privacy & Security, Local Network"));
  if (const int minutes = minutes_to_sleep(facts.sleep_settings); minutes > 0) {
    findings.push_back(warning(
        "sleep",
        fmt::format("sleeps after {} idle minutes, which ends a run", minutes),
        "sudo pmset -c sleep 0, or start lockstep by caffeinate -s"));
  } else {
    findings.push_back(ok("sleep", "does not sleep by itself"));
  }
  return findings;
}

int minutes_to_sleep(std::string_view settings) {
  // " sleep                1 (sleep prevented by caffeinate)"
  constexpr std::string_view kKey = "sleep";
  while (!settings.empty()) {
    const auto end = std::min(settings.find('\n'), settings.size());
    auto line = settings.substr(0, end);
    settings.remove_prefix(std::min(end + 1, settings.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const auto digits = line.find_first_of("0123456789");
    if (line.starts_with(kKey) && digits != std::string_view::npos &&
        line.find_first_not_of(" \t", kKey.size()) == digits) {
      int minutes = 0;
      std::from_chars(line.data() + digits, line.data() + line.size(), minutes);
      return minutes;
    }
  }
  return 0;
}

} // namespace lockstep::doctor
