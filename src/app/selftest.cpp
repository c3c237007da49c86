#include "world/selftest.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/command.h"
#include "app/exit_codes.h"
#include "app/output.h"
#include "app/progress.h"
#include "app/rank.h"
#include "base/json.h"
#include "base/units.h"
#include "world/exchange_kind.h"
#include "world/start_check.h"

namespace lockstep::app {

namespace {

struct SelftestOptions {
  WorldOptions world;
  int n_ticks = 10000;
  bool json = false;
};

/// Bytes that reach a rank, over the time it takes.
double gigabytes_per_second(
    const world::CollectiveTiming& timing, int n_ranks) {
  return static_cast<double>(timing.bytes) * (n_ranks - 1) /
         (timing.microseconds * 1e3);
}

std::vector<world::CheckResult> check_exchanges(
    const world::Group& group, int n_ticks) {
  using world::ExchangeKind;
  std::vector<ExchangeKind> kinds{ExchangeKind::gather, ExchangeKind::sum};
  if (world::can_carry(group.backend(), ExchangeKind::shift)) {
    kinds.push_back(ExchangeKind::shift);
  }
  const auto n_kinds = static_cast<int>(kinds.size());
  const int n = (n_ticks + n_kinds - 1) / n_kinds; // of each
  std::vector<world::CheckResult> results;
  for (const auto kind : kinds) {
    const auto exchange =
        world::make_exchange(kind, group, world::Purpose::trial);
    const std::string name(name_of(kind));
    ProgressBar bar(fmt::format("ticks by {}", name));
    results.push_back(
        world::check_ticks(group, *exchange, name, n, [&](int done) {
          if (group.is_first()) {
            bar.show(static_cast<double>(done) / n);
          }
        }));
  }
  return results;
}

void print_text(
    const world::Group& group,
    const std::vector<world::CheckResult>& checks,
    const std::vector<world::CollectiveTiming>& timings) {
  std::string text;
  for (const auto& check : checks) {
    text += fmt::format("{}  {}\n", check.passed ? "PASS" : "FAIL", check.name);
  }
  text += fmt::format("\n{:<12}{:>10}{:>14}", "collective", "bytes", "median");
  text += group.size() > 1 ? fmt::format("{:>14}\n", "bandwidth") : "\n";
  for (const auto& timing : timings) {
    text += fmt::format(
        "{:<12}{:>10}{:>11.1f} us",
        timing.operation,
        format_bytes(timing.bytes),
        timing.microseconds);
    text += group.size() > 1 ? fmt::format(
                                   "{:>9.2f} GB/s\n",
                                   gigabytes_per_second(timing, group.size()))
                             : "\n";
  }
  write_stdout(text);
}

void print_json(
    const world::Group& group,
    const std::vector<world::CheckResult>& checks,
    const std::vector<world::CollectiveTiming>& timings) {
  Json json{
      {"ranks", group.size()},
      {"backend",
       group.size() > 1 ? std::string(name_of(group.backend())) : "none"},
      {"checks", Json::array()},
      {"timings", Json::array()}};
  for (const auto& check : checks) {
    json["checks"].push_back({{"name", check.name}, {"passed", check.passed}});
  }
  for (const auto& timing : timings) {
    json["timings"].push_back(
        {{"operation", timing.operation},
         {"bytes", timing.bytes},
         {"us", timing.microseconds}});
  }
  write_stdout(json.dump() + "\n");
}

int run_rank(
    const SelftestOptions& options,
    const world::Group& group,
    link::Lifeline& lifeline) {
  lifeline.set_phase("testing the collectives");
  world::check_same_facts(
      group, {{"the number of ticks", std::to_string(options.n_ticks)}});
  auto checks = world::check_collectives(group);
  for (auto& check : check_exchanges(group, options.n_ticks)) {
    checks.push_back(std::move(check));
  }
  const auto timings = world::time_collectives(group);
  bool passed = true;
  for (const auto& check : checks) {
    passed = passed && check.passed;
  }
  if (group.is_first()) {
    (options.json ? print_json : print_text)(group, checks, timings);
  }
  return passed ? 0 : exit_code(ErrorKind::diverged);
}

std::optional<std::string> check_nothing(SelftestOptions&) {
  return std::nullopt;
}

} // namespace

void add_selftest(CommandLine& program, const Arguments& argv) {
  auto options = std::make_shared<SelftestOptions>();
  auto command = program.add(
      "selftest", "try the collectives on all ranks: exactness and speed");
  add_world_options(command, options->world);
  command.value("--ticks", "N", options->n_ticks, "exchanges to try (10000)")
      .within(1, 100'000'000);
  command.flag("--json", options->json, "print one JSON object");
  command.does(action_over_ranks(options, argv, check_nothing, run_rank));
}

} // namespace lockstep::app
