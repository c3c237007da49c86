#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/command.h"
#include "app/exit_codes.h"
#include "app/model_path.h"
#include "app/output.h"
#include "app/push_progress.h"
#include "app/world_options.h"
#include "app/world_places.h"
#include "base/error.h"
#include "base/json.h"
#include "base/units.h"
#include "checkpoint/model_files.h"
#include "engine/world_plan.h"
#include "launch/push_hosts.h"
#include "model/families/family.h"
#include "plan/held_tensors.h"

namespace lockstep::app {

namespace {

constexpr char kPushExamples[] =
    R"(Each host gets this program with the libraries it needs, and of the model the
bytes of the layers that its ranks hold. They lie in the "dir" of the hosts file,
or in ~/.lockstep, where lockstep finds them when it starts ranks there. What is
there already is not sent again; a push that was cut off goes on.

Examples:
  lockstep push model.gguf --hosts hosts.json
  lockstep push demo --hosts hosts.json --dry-run
  lockstep push --clean --hosts hosts.json)";

struct PushCommand {
  std::string model;
  WorldOptions world; // its hosts file and split
  bool clean = false;
  bool dry_run = false;
  bool verify = false;
  bool json = false;
};

/// The machines of a hosts file that are not this one, each once.
std::vector<plan::Host> machines_of(const plan::Hosts& hosts) {
  std::vector<plan::Host> machines;
  bool has_told = false;
  for (const auto& host : hosts.hosts) {
    const bool is_known =
        std::any_of(machines.begin(), machines.end(), [&](const auto& other) {
          return other.ssh == host.ssh && other.dir == host.dir;
        });
    if (host.is_here()) {
      if (!std::exchange(has_told, true)) {
        write_stderr(fmt::format(
            "lockstep: {} is this machine and has its own files\n", host.ssh));
      }
    } else if (!is_known) {
      machines.push_back(host);
    }
  }
  return machines;
}

std::vector<launch::HostCargo> cargos_of(
    const std::string& model,
    const WorldOptions& world,
    const plan::Hosts& hosts,
    const std::vector<plan::Host>& machines) {
  const auto name = pushed_name(model);
  const auto checkpoint = checkpoint::Checkpoint::open(find_model(model));
  const auto config = model::family_of(checkpoint).parse(checkpoint);
  const auto layers =
      engine::plan_unmeasured(
          checkpoint, session_options(world), places_of(world, hosts))
          .layers;
  std::vector<launch::HostCargo> cargos;
  for (const auto& machine : machines) {
    std::vector<checkpoint::LayerRange> own;
    for (std::size_t rank = 0; rank < layers.size(); ++rank) {
      if (hosts.hosts[rank].ssh == machine.ssh &&
          hosts.hosts[rank].dir == machine.dir) {
        own.push_back(layers[rank]);
      }
    }
    auto files = model_files(checkpoint, name, [&](const auto& tensor) {
      return plan::is_held(tensor, own, config);
    });
    cargos.push_back({machine, {name, std::move(files)}});
  }
  return cargos;
}

Json json_of(const launch::PushState& state) {
  Json json{
      {"host", state.host},
      {"program_bytes", state.program_sent},
      {"sent_bytes", state.sent},
      {"present_bytes", state.present},
      {"seconds", state.seconds}};
  if (!state.failure.empty()) {
    json["error"] = state.failure;
  }
  return json;
}

/// Tells of each that failed. -> the exit code
template <class Result>
int tell_failures(const std::vector<Result>& results) {
  int code = 0;
  for (const auto& result : results) {
    if (!result.failure.empty()) {
      write_stderr(fmt::format("lockstep: {}\n", result.failure));
      code = exit_code(ErrorKind::network);
    }
  }
  return code;
}

int clean(const PushCommand& command, const std::vector<plan::Host>& machines) {
  const auto results = launch::clean_hosts(machines);
  auto json = Json::array();
  for (const auto& result : results) {
    json.push_back({{"host", result.host}, {"freed_bytes", result.freed}});
    if (!result.failure.empty()) {
      json.back()["error"] = result.failure;
    } else if (!command.json) {
      write_stderr(fmt::format(
          "{}: {} freed\n", result.host, format_bytes(result.freed)));
    }
  }
  if (command.json) {
    write_stdout(json.dump() + "\n");
  }
  return tell_failures(results);
}

int push_model(
    const PushCommand& command,
    const plan::Hosts& hosts,
    const std::vector<plan::Host>& machines) {
  const auto cargos = cargos_of(command.model, command.world, hosts, machines);
  launch::PushOptions options;
  options.sending = {command.verify, command.dry_run};
  std::vector<launch::PushState> states;
  {
    PushProgress progress;
    if (!command.dry_run) {
      options.on_progress = [&](const auto& now) { progress.show(now); };
    }
    states = launch::push_to_hosts(cargos, options);
  }
  if (command.json) {
    auto json = Json::array();
    for (const auto& state : states) {
      json.push_back(json_of(state));
    }
    write_stdout(json.dump() + "\n");
  } else if (!states.empty()) {
    write_stderr(
        (command.dry_run ? "would send, of the model and as program:\n" : "") +
        push_table(states));
  }
  return tell_failures(states);
}

int push(const PushCommand& command) {
  if (command.clean && !command.model.empty()) {
    fail(
        ErrorKind::usage,
        "MODEL is \"{}\", expected none beside --clean, which removes all that "
        "was brought",
        command.model);
  }
  if (!command.clean && command.model.empty()) {
    fail(ErrorKind::usage, "MODEL is missing, expected {}", kModelHelp);
  }
  const auto hosts = plan::read_hosts(command.world.hosts_file);
  const auto machines = machines_of(hosts);
  return command.clean ? clean(command, machines)
                       : push_model(command, hosts, machines);
}

} // namespace

void add_push(CommandLine& program) {
  auto options = std::make_shared<PushCommand>();
  auto command = program.add("push", "bring program and weights to the hosts");
  command.examples(kPushExamples);
  command.argument("MODEL", options->model, kModelHelp);
  command
      .value(
          "--hosts",
          "FILE",
          options->world.hosts_file,
          "the machines (lockstep hosts)")
      .required();
  add_split_option(command, options->world);
  const auto dry_run = command.flag(
      "--dry-run", options->dry_run, "send nothing, say what would be sent");
  const auto verify = command.flag(
      "--verify",
      options->verify,
      "read all that is there, not only what has changed since");
  command
      .flag("--clean", options->clean, "remove what push brought, all models")
      .excludes(dry_run)
      .excludes(verify);
  command.flag("--json", options->json, "print what came of each host");
  command.does([options] { return push(*options); });
}

} // namespace lockstep::app
