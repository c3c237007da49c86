#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "launch/ask_hosts.h"

namespace lockstep::launch {

namespace {

std::string warning_of_apart(
    const std::vector<HostAnswer>& answers,
    const std::vector<Address>& addresses) {
  std::vector<std::string> each;
  each.reserve(answers.size());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    each.push_back(fmt::format(
        "{} has {}/{}",
        answers[i].ssh,
        addresses[i].ip,
        addresses[i].prefix_bits));
  }
  return fmt::format(
      "no subnet has an address of every host ({}), so their ranks may not "
      "reach each other",
      fmt::join(each, ", "));
}

/// One host's address for all its ranks.
std::map<std::string, std::string> choose_ips(
    const std::vector<HostAnswer>& answers,
    std::vector<std::string>& warnings) {
  std::map<std::string, std::string> ips;
  if (std::all_of(answers.begin(), answers.end(), [](const auto& a) {
        return plan::is_here(a.ssh);
      })) {
    for (const auto& answer : answers) {
      ips[answer.ssh] = "127.0.0.1";
    }
    return ips;
  }
  std::vector<std::vector<Address>> addresses;
  addresses.reserve(answers.size());
  for (const auto& answer : answers) {
    addresses.push_back(answer.facts->addresses);
  }
  const auto common = choose_addresses(addresses);
  std::map<std::string, std::string> owners;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto& address = common.chosen[i];
    const auto [owner, is_new] = owners.insert({address.ip, answers[i].ssh});
    if (!is_new) {
      fail(
          ErrorKind::usage,
          "{} and {} both have the address {}, expected one name for each "
          "machine, and an address of its own",
          owner->second,
          answers[i].ssh,
          address.ip);
    }
    ips[answers[i].ssh] = address.ip;
    if (address.kind == LinkKind::open) {
      warnings.push_back(fmt::format(
          "{} is reached at {}, which is no private address; what ranks "
          "tell each other is not encrypted",
          answers[i].ssh,
          address.ip));
    }
  }
  if (!common.share_subnet) {
    warnings.push_back(warning_of_apart(answers, common.chosen));
  }
  return ips;
}

/// Rounded down, as it changes all the time and people read it.
std::uint64_t rounded(std::uint64_t bytes) {
  constexpr std::uint64_t kStep = 100'000'000;
  return bytes / kStep * kStep;
}

/// The rank `number`, from 0, of `n_ranks` on this host.
plan::Host make_host(
    const HostAnswer& answer,
    const std::string& ip,
    std::size_t number,
    std::size_t n_ranks) {
  plan::Host host;
  host.ssh = answer.ssh;
  host.ips = {ip};
  const auto& gpus = answer.facts->gpus;
  const bool has_gpu = n_ranks <= gpus.size() && gpus[number].memory_bytes > 0;
  host.memory = rounded(
      has_gpu ? gpus[number].free_bytes : answer.facts->free_bytes / n_ranks);
  if (has_gpu && n_ranks > 1) {
    host.gpu = static_cast<int>(number);
  }
  return host;
}

} // namespace

MadeHosts make_hosts(
    const std::vector<std::string>& ranks,
    const std::vector<HostAnswer>& answers) {
  MadeHosts made;
  const auto ips = choose_ips(answers, made.warnings);
  std::map<std::string, std::size_t> n_made;
  for (const auto& ssh : ranks) {
    const auto answer =
        std::find_if(answers.begin(), answers.end(), [&](const auto& a) {
          return a.ssh == ssh;
        });
    const auto n_ranks =
        static_cast<std::size_t>(std::count(ranks.begin(), ranks.end(), ssh));
    made.hosts.hosts.push_back(
        make_host(*answer, ips.at(ssh), n_made[ssh]++, n_ranks));
  }
  return made;
}

} // namespace lockstep::launch
