#include "doctor/check_hosts.h"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

#include "base/error.h"
#include "doctor/host_survey.h"
#include "doctor/machine_findings.h"
#include "launch/ask_hosts.h"
#include "launch/host_ranks.h"
#include "launch/lines.h"
#include "launch/local.h"
#include "launch/remote.h"

namespace lockstep::doctor {

namespace {

constexpr char kHere[] = "localhost";

/// The back end that a run over these hosts would take.
Backend wanted(const HostsQuestion& question) {
  return question.backend != Backend::automatic ? question.backend
                                                : question.hosts.backend;
}

/// The machines of the file, and this one too.
std::vector<Machine> all_machines(const std::vector<plan::Host>& ranks) {
  auto machines = machines_of(ranks);
  const bool has_here =
      std::any_of(machines.begin(), machines.end(), [](const auto& machine) {
        return machine.host.is_here();
      });
  if (!has_here) {
    Machine here;
    here.host.ssh = kHere;
    std::vector<plan::Host> hosts{here.host, ranks.front()};
    launch::add_missing_addresses(hosts);
    here.host = hosts.front();
    machines.push_back(std::move(here));
  }
  return machines;
}

std::vector<std::size_t> ring_of(
    const std::vector<plan::Host>& ranks,
    const std::vector<Machine>& machines) {
  std::vector<std::size_t> ring;
  ring.reserve(ranks.size());
  for (const auto& rank : ranks) {
    const auto found =
        std::find_if(machines.begin(), machines.end(), [&](const auto& m) {
          return m.host.ssh == rank.ssh || (m.host.is_here() && rank.is_here());
        });
    ring.push_back(static_cast<std::size_t>(found - machines.begin()));
  }
  return ring;
}

/// What a host says that runs a shell and no lockstep.
std::vector<Finding> ask_without_lockstep(
    const std::vector<std::string>& hosts) {
  std::vector<Finding> findings;
  constexpr auto kPatience = std::chrono::seconds(10);
  for (const auto& answer : launch::ask_hosts(hosts, kPatience)) {
    if (answer.facts) {
      for (auto& finding : system_findings(*answer.facts)) {
        finding.host = answer.ssh;
        findings.push_back(std::move(finding));
      }
    }
  }
  return findings;
}

struct Surveyed {
  std::vector<Finding> findings;
  bool all_have_mpi = false;
};

Surveyed survey(
    const HostsQuestion& question,
    const std::vector<plan::Host>& ranks,
    const std::vector<Machine>& machines) {
  Surveyed result;
  std::vector<std::string> no_lockstep;
  {
    HostSurvey asked(
        machines,
        {question.version,
         question.mlx,
         question.model,
         wanted(question) == Backend::mpi});
    const std::array<std::function<void()>, 5> steps{
        [&] { asked.ask_facts(); },
        [&] { asked.ask_clocks(); },
        [&] { asked.try_addresses(); },
        [&] { asked.try_links(); },
        [&] { asked.measure_links(ring_of(ranks, machines)); }};
    double done = 0;
    for (const auto& step : steps) {
      step();
      constexpr double kOthers = 3; // steps that follow
      question.on_step(++done / (steps.size() + kOthers));
    }
    result.findings = asked.findings();
    result.all_have_mpi = asked.all_have_mpi();
    for (const auto machine : asked.silent()) {
      no_lockstep.push_back(machines[machine].host.ssh);
    }
  }
  std::erase_if(no_lockstep, [&](const auto& host) {
    return std::any_of(
        result.findings.begin(),
        result.findings.end(),
        [&](const Finding& finding) {
          return finding.host == host && finding.topic == "ssh";
        });
  });
  if (!no_lockstep.empty()) {
    for (auto& finding : ask_without_lockstep(no_lockstep)) {
      result.findings.push_back(std::move(finding));
    }
  }
  return result;
}

/// Starts ranks as a run does, which meet once and leave.
Finding form_world(
    const HostsQuestion& question, Backend backend, Level level) {
  launch::RemoteOptions options;
  options.deadline = std::chrono::seconds(20);
  const std::string name(name_of(backend));
  const auto began = std::chrono::steady_clock::now();
  const auto result = launch::run_on_hosts(
                          {{kHere,
                            {launch::self_path().string(),
                             "join-world",
                             "--hosts",
                             question.file.string(),
                             "--backend",
                             name},
                            ""}},
                          options)
                          .front();
  const std::chrono::duration<double> took =
      std::chrono::steady_clock::now() - began;
  if (result.is_good()) {
    return ok(
        name,
        fmt::format(
            "{} ranks met and left, {:.1f} s",
            question.hosts.hosts.size(),
            took.count()));
  }
  const auto said = launch::last_line(result.err);
  return {
      "",
      name,
      level,
      !result.end    ? fmt::format("the ranks did not meet in 20 s: {}", said)
      : said.empty() ? "the ranks did not meet"
                     : said,
      level == Level::problem
          ? "correct what is told above, then try: lockstep "
            "selftest --hosts FILE"
          : "ranks can be joined by the ring without it"};
}

void try_worlds(
    const HostsQuestion& question,
    bool all_have_mpi,
    std::vector<Finding>& findings) {
  const auto asked = wanted(question);
  if (asked == Backend::nccl || asked == Backend::jaccl) {
    findings.push_back(warning(
        std::string(name_of(asked)),
        "not tried: lockstep does not start it on hosts",
        "mlx.launch --hostfile FILE does"));
  }
  if (verdict(findings)) {
    findings.push_back(warning(
        "world",
        "not tried, because of the problems above",
        "correct them, then call doctor again"));
    return;
  }
  if (asked != Backend::mpi) {
    findings.push_back(form_world(question, Backend::ring, Level::problem));
    question.on_step(7.0 / 8);
  }
  if (asked == Backend::mpi || all_have_mpi) {
    findings.push_back(form_world(
        question,
        Backend::mpi,
        asked == Backend::mpi ? Level::problem : Level::warning));
  }
}

/// Host by host, those of all together last; else in their order.
void sort_by_host(
    const std::vector<Machine>& machines, std::vector<Finding>& findings) {
  const auto place = [&](const Finding& finding) {
    return std::find_if(
               machines.begin(),
               machines.end(),
               [&](const auto& m) { return m.host.ssh == finding.host; }) -
           machines.begin();
  };
  std::stable_sort(
      findings.begin(), findings.end(), [&](const auto& a, const auto& b) {
        return place(a) < place(b);
      });
}

} // namespace

std::vector<Finding> check_hosts(const HostsQuestion& question) {
  auto ranks = question.hosts.hosts;
  launch::add_missing_addresses(ranks);
  const auto machines = all_machines(ranks);
  auto [findings, all_have_mpi] = survey(question, ranks, machines);
  try_worlds(question, all_have_mpi, findings);
  sort_by_host(machines, findings);
  return std::move(findings);
}

} // namespace lockstep::doctor
