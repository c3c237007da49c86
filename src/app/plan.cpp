#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/command.h"
#include "app/model_check.h"
#include "app/model_path.h"
#include "app/output.h"
#include "app/plan_result.h"
#include "app/rank.h"
#include "app/report.h"
#include "app/world_options.h"
#include "app/world_places.h"
#include "base/error.h"
#include "engine/world_plan.h"
#include "launch/started_by.h"
#include "plan/hosts.h"

namespace lockstep::app {

namespace {

using checkpoint::Checkpoint;

constexpr int kMostStreams = 256;

struct PlanOptions {
  std::string model;
  WorldOptions world;
  std::string output; // a hosts file to write
  int streams = 1;
  int context = 0;
  bool quick = false;
  bool json = false;
};

engine::SessionOptions session_of(const PlanOptions& options) {
  auto session = session_options(options.world);
  session.context = options.context;
  session.n_slots = options.streams;
  return session;
}

void print_plan(
    const PlanOptions& options,
    const std::string& backend,
    const engine::WorldPlan& plan) {
  const PlanSetting setting{options.model, options.world.hosts_file, backend};
  write_stdout(
      options.json ? plan_json(setting, plan).dump() + "\n"
                   : format_plan(setting, plan));
}

/// The same hosts, each with the share of the work that the plan gives it.
void write_hosts(const PlanOptions& options, const engine::WorldPlan& plan) {
  auto hosts = plan::read_hosts(options.world.hosts_file);
  for (std::size_t i = 0; i < plan.shares.size(); ++i) {
    hosts.hosts[i].share = plan.shares[i];
  }
  std::ofstream file(options.output);
  file << plan::hosts_text(hosts);
  file.close();
  if (!file) {
    fail(
        ErrorKind::output,
        "cannot write {}; give --output a file in a folder that is there and "
        "may be written to",
        options.output);
  }
}

int run_rank(
    const PlanOptions& options,
    const world::Group& group,
    link::Lifeline& lifeline) {
  const auto checkpoint = Checkpoint::open(find_model(options.model));
  lifeline.set_phase("measuring");
  const auto plan =
      engine::plan_measured(group, checkpoint, session_of(options));
  if (group.is_first()) {
    if (!options.output.empty()) {
      write_hosts(options, plan);
    }
    print_plan(options, backend_text(group), plan);
  }
  return 0;
}

int run_quick(const PlanOptions& options) {
  if (launch::started_by(launch::current_environment()).is_rank()) {
    fail(
        ErrorKind::usage,
        "--quick is given and a launcher started this rank, expected none: it "
        "plans without ranks; run it by itself, with -n or --hosts");
  }
  const auto checkpoint = Checkpoint::open(find_model(options.model));
  auto places =
      options.world.hosts_file.empty()
          ? places_here(options.world)
          : places_of(
                options.world, plan::read_hosts(options.world.hosts_file));
  print_plan(
      options,
      "",
      engine::plan_unmeasured(
          checkpoint, session_of(options), std::move(places)));
  return 0;
}

/// Refuses options that contradict each other.
void check_combination(const PlanOptions& options) {
  if (!options.output.empty() &&
      (options.world.hosts_file.empty() || options.quick)) {
    fail(
        ErrorKind::usage,
        "--output is {}, and {}; it writes the hosts file of --hosts again, "
        "with what was measured",
        options.output,
        options.quick ? "--quick measures nothing" : "--hosts is missing");
  }
}

std::optional<std::string> check_options(PlanOptions& options) {
  check_model(options.model, options.world);
  if (!options.output.empty() &&
      !plan::read_hosts(options.world.hosts_file).hosts.front().is_here()) {
    fail(
        ErrorKind::usage,
        "--output is {}, and the first host of {} is not localhost, expected "
        "this machine: rank 0 writes it",
        options.output,
        options.world.hosts_file);
  }
  return std::nullopt;
}

} // namespace

void add_plan(CommandLine& program, const Arguments& argv) {
  auto options = std::make_shared<PlanOptions>();
  auto command =
      program.add("plan", "which rank gets which layers, and how fast that is");
  command.argument("MODEL", options->model, kModelHelp).required();
  add_world_options(command, options->world);
  add_model_options(command, options->world);
  command.value("-s,--streams", "N", options->streams, "requests at a time (1)")
      .within(1, kMostStreams);
  command
      .value(
          "--context",
          "N",
          options->context,
          "most tokens of each (all that the model allows)")
      .within(1, 1 << 30);
  command.flag(
      "--quick",
      options->quick,
      "from sizes and the hosts file alone; starts no ranks");
  command.value(
      "-o,--output",
      "FILE",
      options->output,
      "write the hosts file again, with measured shares");
  command.flag("--json", options->json, "print one JSON object");
  auto over_ranks = action_over_ranks(options, argv, check_options, run_rank);
  command.does([options, over_ranks = std::move(over_ranks)] {
    check_combination(*options);
    return options->quick ? run_quick(*options) : over_ranks();
  });
}

} // namespace lockstep::app
