#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include "app/command.h"
#include "app/exit_codes.h"
#include "app/findings_text.h"
#include "app/model_path.h"
#include "app/output.h"
#include "app/progress.h"
#include "base/json.h"
#include "doctor/check_hosts.h"
#include "doctor/host_agent.h"
#include "doctor/machine.h"
#include "doctor/machine_findings.h"
#include "launch/started_by.h"
#include "plan/hosts.h"
#include "world/devices.h"

namespace lockstep::app {

namespace {

constexpr char kDoctorExamples[] =
    R"(Each line is ok, a warning (works, but not as it could) or a problem, with
what to do below it. The exit code is 0 without a problem, else what a run would
end with: 69 when a host or what ranks need cannot be reached or started, 73
when versions or models differ, 5 for memory, 3 for the model, 2 for variables.

Examples:
  lockstep doctor
  lockstep doctor demo
  lockstep doctor --hosts hosts.json model.gguf
  lockstep doctor --hosts hosts.json --backend mpi --json)";

struct DoctorOptions {
  std::string hosts_file;
  std::string model;
  Backend backend = Backend::automatic;
  bool json = false;
};

doctor::MachineQuestion machine_question(const DoctorOptions& options) {
  doctor::MachineQuestion question;
  question.version = LOCKSTEP_VERSION;
  question.model = options.model;
  question.find_model = find_model;
  question.models = hub_cache();
  question.needs_mpi = options.backend == Backend::mpi;
  return question;
}

std::vector<doctor::Finding> findings_here(const DoctorOptions& options) {
  auto findings =
      machine_findings(doctor::read_machine(machine_question(options)));
  for (auto& finding : findings) {
    finding.host = "localhost";
  }
  return findings;
}

std::vector<doctor::Finding> findings_of_hosts(const DoctorOptions& options) {
  ProgressBar bar("checking hosts");
  doctor::HostsQuestion question;
  question.file = options.hosts_file;
  question.hosts = plan::read_hosts(options.hosts_file);
  question.backend = options.backend;
  question.version = LOCKSTEP_VERSION;
  question.mlx = world::mlx_version();
  question.model = options.model;
  question.on_step = [&bar](double share) { bar.show(share); };
  return check_hosts(question);
}

bool wants_colour() {
  const char* no_colour = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) != 0 &&
         (no_colour == nullptr || *no_colour == '\0');
}

std::string json_text(const std::vector<doctor::Finding>& findings) {
  Json json{
      {"findings", Json::array()},
      {"problems", count(findings, doctor::Level::problem)},
      {"warnings", count(findings, doctor::Level::warning)}};
  for (const auto& finding : findings) {
    json["findings"].push_back(json_of(finding));
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

int examine(const DoctorOptions& options) {
  const auto findings = options.hosts_file.empty() ? findings_here(options)
                                                   : findings_of_hosts(options);
  write_stdout(
      options.json ? json_text(findings)
                   : findings_text(findings, wants_colour()));
  const auto kind = verdict(findings);
  return kind ? exit_code(*kind) : 0;
}

} // namespace

void add_doctor(CommandLine& program) {
  auto options = std::make_shared<DoctorOptions>();
  auto command =
      program.add("doctor", "look for what would keep ranks from running");
  command.examples(kDoctorExamples);
  const auto model = command.argument(
      "MODEL", options->model, "look for this model too, on every host");
  command.value("--model", "MODEL", options->model, "the same").excludes(model);
  command.value(
      "--hosts",
      "FILE",
      options->hosts_file,
      "look at the hosts of this file and between them");
  command.parsed(
      "--backend",
      "NAME",
      [options](const auto& text) { options->backend = parse_backend(text); },
      "what is to carry the collectives: auto, mpi, ring");
  command.flag("--json", options->json, "print one JSON object");
  command.does([options] { return examine(*options); });
}

void add_check_host(CommandLine& program) {
  auto command = program.add_hidden("check-host");
  command.does([] { return doctor::answer_questions(machine_question({})); });
}

} // namespace lockstep::app
