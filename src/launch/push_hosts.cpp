#include "launch/push_hosts.h"

#include <algorithm>
#include <charconv>
#include <memory>

#include <poll.h>

#include "base/error.h"
#include "launch/host_push.h"
#include "launch/local.h"
#include "launch/own_process.h"
#include "launch/signals.h"

namespace lockstep::launch {

namespace {

using Clock = std::chrono::steady_clock;
using Pushes = std::vector<std::unique_ptr<HostPush>>;

constexpr std::chrono::milliseconds kTold(100);

void throw_if_asked_to_end(Signals& signals) {
  for (const int signal : signals.take()) {
    if (signal != SIGCHLD) {
      fail(ErrorKind::interrupted, "interrupted");
    }
  }
}

void wait(const Pushes& pushes, const Signals& signals) {
  std::vector<pollfd> waiting{{signals.fd(), POLLIN, 0}};
  bool can_go_on = false;
  for (const auto& push : pushes) {
    push->add_to(waiting);
    can_go_on = can_go_on || push->can_go_on();
  }
  ::poll(
      waiting.data(),
      static_cast<nfds_t>(waiting.size()),
      can_go_on ? 0 : static_cast<int>(kTold.count()));
}

/// What is in each place; a host that does not say is over.
std::vector<PlaceFacts> ask_places(
    const std::vector<HostCargo>& cargos,
    const PushOptions& options,
    std::vector<PushState>& states) {
  std::vector<RemoteJob> jobs;
  jobs.reserve(cargos.size());
  for (const auto& cargo : cargos) {
    jobs.push_back({cargo.host.ssh, {"sh", "-s"}, place_script(cargo.host)});
  }
  RemoteOptions remote;
  remote.deadline = options.ask_deadline;
  remote.most_bytes = std::size_t{4} << 20U;
  const auto results = run_on_hosts(jobs, remote);
  std::vector<PlaceFacts> places(cargos.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    states[i].host = cargos[i].host.ssh;
    states[i].is_over = true;
    if (!results[i].is_good()) {
      states[i].failure = remote_failure(results[i]);
      continue;
    }
    try {
      places[i] = parse_place(results[i].out);
      states[i].is_over = false;
    } catch (const Error& error) {
      states[i].failure = fmt::format("{}: {}", states[i].host, error.what());
    }
  }
  return places;
}

} // namespace

std::vector<PushState> push_to_hosts(
    const std::vector<HostCargo>& cargos, const PushOptions& options) {
  std::vector<PushState> states(cargos.size());
  const auto places = ask_places(cargos, options, states);
  ProgramCargo program;
  program.files = push::program_files(self_path());
  program.checksums = push::checksum_lines(program.files);

  const PipeSignalIgnored no_pipe_signal;
  Signals signals;
  Pushes running;
  for (std::size_t i = 0; i < cargos.size(); ++i) {
    if (!states[i].is_over) {
      running.push_back(std::make_unique<HostPush>(
          cargos[i],
          program,
          options,
          places[i],
          signals.mask_before(),
          states[i]));
    }
  }
  auto told = Clock::now();
  while (true) {
    std::erase_if(running, [](const auto& push) { return push->is_over(); });
    if (options.on_progress &&
        (running.empty() || Clock::now() - told >= kTold)) {
      told = Clock::now();
      options.on_progress(states);
    }
    if (running.empty()) {
      return states;
    }
    wait(running, signals);
    throw_if_asked_to_end(signals);
    for (const auto& push : running) {
      push->go_on();
    }
  }
}

std::vector<CleanResult> clean_hosts(const std::vector<plan::Host>& hosts) {
  constexpr std::string_view kFreed = "freed=";
  constexpr std::uint64_t kUnit = 1024;
  std::vector<RemoteJob> jobs;
  jobs.reserve(hosts.size());
  for (const auto& host : hosts) {
    jobs.push_back({host.ssh, {"sh", "-s"}, clean_script(host)});
  }
  RemoteOptions remote;
  remote.deadline = std::chrono::minutes(2); // disks may be slow to free much
  std::vector<CleanResult> cleaned;
  for (const auto& result : run_on_hosts(jobs, remote)) {
    auto& one = cleaned.emplace_back();
    one.host = result.host;
    const auto at = result.out.rfind(kFreed);
    if (!result.is_good() || at == std::string::npos) {
      one.failure = remote_failure(result);
      continue;
    }
    std::from_chars(
        result.out.data() + at + kFreed.size(),
        result.out.data() + result.out.size(),
        one.freed);
    one.freed *= kUnit;
  }
  return cleaned;
}

} // namespace lockstep::launch
