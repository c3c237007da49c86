#include "doctor/machine.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <system_error>

#include <fmt/format.h>
#include <sys/resource.h>

#include "base/error.h"
#include "checkpoint/checkpoint.h"
#include "kernels/system.h"
#include "kernels/table.h"
#include "kernels/tables.h"
#include "launch/ask_hosts.h"
#include "launch/find_program.h"
#include "launch/mpi.h"
#include "launch/remote.h"
#include "launch/run_directory.h"

namespace lockstep::doctor {

namespace {

namespace fs = std::filesystem;

constexpr char kHere[] = "localhost";

/// What `action` throws that is no interrupt; empty when it does not.
template <class Action>
std::string failure_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) {
      throw;
    }
    return error.what();
  }
  return "";
}

void read_system(MachineFacts& facts) {
  constexpr auto kPatience = std::chrono::seconds(10);
  const auto answer = launch::ask_hosts({kHere}, kPatience).front();
  if (answer.facts) {
    facts.system = *answer.facts;
  } else {
    facts.system_failure = answer.failure;
  }
  if (facts.system.os == "Darwin" && launch::find_program("pmset")) {
    facts.sleep_settings =
        launch::run_on_hosts({{kHere, {"pmset", "-g"}, ""}}).front().out;
  }
}

void read_device(MachineFacts& facts) {
  facts.mlx = world::mlx_version();
  facts.device = world::compute_device();
  facts.device_failure = failure_of(world::require_device);
  const auto& table = kernels::best_table();
  facts.kernels = table.name;
  facts.are_portable = &table == &kernels::portable_table();
  facts.cores = kernels::physical_cores();
}

/// The first of a place and those it lies in that exists.
fs::path existing(fs::path place) {
  std::error_code error;
  while (!place.empty() && place != place.root_path() &&
         !fs::exists(place, error)) {
    place = place.parent_path();
  }
  return place.empty() ? fs::path("/") : place;
}

void add_space(MachineFacts& facts, const char* use, const fs::path& place) {
  std::error_code error;
  const auto path = existing(place);
  const auto space = fs::space(path, error);
  if (!error) {
    facts.spaces.push_back({use, path, space.available});
  }
}

void read_places(MachineFacts& facts, const fs::path& models) {
  add_space(facts, "models in", models);
  const char* temporary = std::getenv("TMPDIR");
  add_space(
      facts,
      "temporary files in",
      temporary != nullptr && *temporary == '/' ? temporary : "/tmp");
  facts.temporary_failure = failure_of([&] {
    const launch::RunDirectory directory;
    add_space(facts, "memory of runs in", directory.path().parent_path());
  });
}

std::uint64_t open_files() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

ModelFacts read_model(const MachineQuestion& question) {
  ModelFacts model;
  model.name = question.model;
  model.failure = failure_of([&] {
    const auto opened =
        checkpoint::Checkpoint::open(question.find_model(question.model));
    model.fingerprint = fmt::format("{:016x}", opened.fingerprint());
    for (const auto& tensor : opened.tensors()) {
      model.bytes += tensor.stored_bytes();
    }
  });
  return model;
}

} // namespace

MachineFacts read_machine(const MachineQuestion& question) {
  MachineFacts facts;
  facts.version = question.version;
  facts.needs_mpi = question.needs_mpi;
  facts.open_files = open_files();
  facts.environment = launch::current_environment();
  facts.seconds = std::chrono::duration_cast<std::chrono::seconds>(
                      std::chrono::system_clock::now().time_since_epoch())
                      .count();
  read_system(facts);
  read_device(facts);
  read_places(facts, question.models);
  facts.mpi_failure =
      failure_of([&] { facts.mpi = launch::require_open_mpi().version; });
  if (!question.model.empty()) {
    facts.model = read_model(question);
  }
  return facts;
}

} // namespace lockstep::doctor
