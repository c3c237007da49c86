#include "doctor/link_findings.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/units.h"

namespace lockstep::doctor {

namespace {

Finding of(const std::string& host, Finding finding) {
  finding.host = host;
  return finding;
}

std::string advice_for(
    const Reach& broken,
    const std::vector<Reach>& reaches,
    const std::string& other,
    const std::string& system) {
  const bool works_back =
      std::any_of(reaches.begin(), reaches.end(), [&](const auto& reach) {
        return reach.from == broken.to && reach.to == broken.from &&
               reach.failure.empty();
      });
  std::string advice =
      works_back ? fmt::format(
                       "the other way works, so a firewall on {} may refuse "
                       "what comes in",
                       other)
                 : "is there a firewall on one of them, or no way between "
                   "their networks?";
  if (system == "Darwin" &&
      broken.failure.find("No route to host") != std::string::npos) {
    advice +=
        "; on this Mac also allow it in System Settings, Privacy & Security, "
        "Local Network";
  }
  return advice;
}

} // namespace

std::vector<Finding> reach_findings(
    const std::vector<Machine>& machines,
    const std::vector<std::string>& systems,
    const std::vector<Reach>& reaches) {
  const auto name = [&](std::size_t machine) {
    return machines[machine].host.ssh;
  };
  std::vector<Finding> findings;
  for (std::size_t from = 0; from < machines.size(); ++from) {
    std::string reached;
    std::vector<Finding> broken;
    std::set<std::size_t> named;
    for (const auto& reach : reaches) {
      if (reach.from != from) {
        continue;
      }
      if (!reach.failure.empty()) {
        broken.push_back(problem(
            "reach",
            fmt::format(
                "does not reach {} at {}: {}",
                name(reach.to),
                reach.ip,
                reach.failure),
            advice_for(reach, reaches, name(reach.to), systems[from])));
      } else if (named.insert(reach.to).second) {
        reached += (reached.empty() ? "" : ", ") + name(reach.to);
      }
    }
    if (!reached.empty()) {
      findings.push_back(of(name(from), ok("reach", "reaches " + reached)));
    }
    for (auto& finding : broken) {
      findings.push_back(of(name(from), std::move(finding)));
    }
  }
  return findings;
}

Finding link_of(
    const std::string& from, const std::string& to, const LinkSpeed& speed) {
  constexpr double kSlowUs = 1000.0;
  constexpr double kSlowBytes = 60e6; // half of what a gigabit carries
  const auto text = fmt::format(
      "to {}: {:.3g} ms there and back, {}/s",
      to,
      speed.latency_us / 1e3,
      format_bytes(static_cast<std::uint64_t>(speed.bytes_per_s)));
  if (speed.bytes_per_s < kSlowBytes) {
    return of(
        from,
        warning(
            "link",
            text,
            "a gigabit cable carries 117 MB/s: is this Wi-Fi, or a cable or "
            "switch of 100 Mbit/s? Long prompts will wait for it"));
  }
  return of(
      from,
      speed.latency_us > kSlowUs
          ? warning(
                "link",
                text,
                "each token waits for the links; a cable has 0.2 ms and less")
          : ok("link", text));
}

std::vector<std::vector<Link>> rounds_of(const std::vector<Link>& links) {
  std::vector<std::vector<Link>> rounds;
  for (const auto& link : links) {
    const auto is_free = [&](const std::vector<Link>& round) {
      return std::none_of(round.begin(), round.end(), [&](const Link& other) {
        return other.first == link.first || other.first == link.second ||
               other.second == link.first || other.second == link.second;
      });
    };
    auto round = std::find_if(rounds.begin(), rounds.end(), is_free);
    if (round == rounds.end()) {
      round = rounds.insert(rounds.end(), std::vector<Link>());
    }
    round->push_back(link);
  }
  return rounds;
}

} // namespace lockstep::doctor
