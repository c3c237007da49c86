#include "launch/ask_hosts.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "launch/remote.h"

namespace lockstep::launch {

namespace {

HostAnswer answer_of(const RemoteResult& result, bool needs_address) {
  HostAnswer answer{result.host, std::nullopt, ""};
  if (!result.is_good()) {
    answer.failure = remote_failure(result);
    return answer;
  }
  try {
    auto facts = parse_host_facts(result.out);
    if (needs_address && facts.addresses.empty()) {
      answer.failure = fmt::format(
          "{}: has no IPv4 address that other hosts could reach; join it to "
          "their network",
          result.host);
    } else {
      answer.facts = std::move(facts);
    }
  } catch (const Error& error) {
    answer.failure = fmt::format("{}: {}", result.host, error.what());
  }
  return answer;
}

} // namespace

std::vector<HostAnswer> ask_hosts(
    const std::vector<std::string>& hosts, std::chrono::milliseconds deadline) {
  std::vector<RemoteJob> jobs;
  jobs.reserve(hosts.size());
  for (const auto& host : hosts) {
    jobs.push_back({host, {"sh", "-s"}, std::string(host_script())});
  }
  RemoteOptions options;
  options.deadline = deadline;
  const bool is_one_machine =
      std::all_of(hosts.begin(), hosts.end(), plan::is_here);
  std::vector<HostAnswer> answers;
  answers.reserve(hosts.size());
  for (const auto& result : run_on_hosts(jobs, options)) {
    answers.push_back(answer_of(result, !is_one_machine));
  }
  return answers;
}

} // namespace lockstep::launch
