#include "doctor/host_survey.h"

#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"
#include "base/utf8.h"
#include "launch/host_ranks.h"
#include "launch/local.h"
#include "launch/ssh.h"

namespace lockstep::doctor {

namespace {

using std::chrono::microseconds;

constexpr char kCommand[] = "check-host";

std::vector<launch::HostLine> agents(const std::vector<Machine>& machines) {
  std::vector<launch::HostLine> lines;
  lines.reserve(machines.size());
  for (const auto& [host, n_ranks, memory, ports] : machines) {
    if (host.is_here()) {
      lines.push_back({host.ssh, {launch::self_path().string(), kCommand}});
    } else {
      lines.push_back(
          {host.ssh,
           {"sh",
            "-c",
            fmt::format(
                "{}={} exec {} {}",
                launch::kModelsVariable,
                launch::shell_command({launch::models_on(host)}),
                launch::program_on(host),
                kCommand)}});
    }
  }
  return lines;
}

std::string here() {
  std::error_code no_directory; // then it is the home
  return std::filesystem::current_path(no_directory).string();
}

microseconds now() {
  return std::chrono::duration_cast<microseconds>(
      std::chrono::system_clock::now().time_since_epoch());
}

} // namespace

HostSurvey::HostSurvey(
    const std::vector<Machine>& machines, const SurveyQuestion& question)
    : machines_(machines),
      question_(question),
      lines_(agents(machines)),
      identities_(machines.size()),
      waited_(machines.size()),
      ports_(machines.size()),
      is_told_(machines.size(), false) {
}

HostSurvey::Questions HostSurvey::to_all(const Json& question) const {
  return Questions(machines_.size(), question);
}

void HostSurvey::ask(
    const Questions& questions,
    std::chrono::milliseconds deadline,
    const std::string& topic,
    const std::function<void(std::size_t, const JsonReader&)>& take) {
  std::vector<std::optional<std::string>> texts;
  texts.reserve(questions.size());
  for (const auto& question : questions) {
    texts.push_back(question ? std::optional(question->dump()) : std::nullopt);
  }
  const auto said = lines_.ask(texts, deadline);
  for (std::size_t i = 0; i < machines_.size(); ++i) {
    if (!said[i]) {
      tell_silent(i);
      continue;
    }
    waited_[i] = said[i]->waited;
    try {
      const auto answer = parse_json(said[i]->text, kAnswer);
      const JsonReader reader(answer, kAnswer);
      if (reader.has("failure")) {
        fail(ErrorKind::network, "{}", reader.string("failure"));
      }
      take(i, reader);
    } catch (const Error& error) {
      constexpr std::size_t kMost = 300;
      auto finding = problem(
          topic, one_line(error.what(), kMost), "try it again, or by hand");
      finding.host = name(i);
      tell(std::move(finding));
    }
  }
}

void HostSurvey::tell_silent(std::size_t machine) {
  if (lines_.is_there(machine) || is_told_[machine]) {
    return;
  }
  is_told_[machine] = true;
  const auto& result = lines_.result(machine);
  tell(missing(
      name(machine),
      launch::remote_failure(result),
      result.end ? result.end->exit_code : 0));
}

void HostSurvey::ask_facts() {
  constexpr auto kDeadline = std::chrono::seconds(15);
  ask(to_all(
          {{"ask", "facts"},
           {"directory", here()},
           {"model", question_.model},
           {"needs_mpi", question_.needs_mpi}}),
      kDeadline,
      "lockstep",
      [this](std::size_t i, const JsonReader& answer) {
        auto report = parse_report(answer, name(i));
        identities_[i] = std::move(report.identity);
        for (auto& finding : report.findings) {
          tell(std::move(finding));
        }
      });
  compare_all();
}

void HostSurvey::compare_all() {
  std::optional<Identity> ours;
  std::vector<std::pair<std::string, std::string>> fingerprints;
  for (std::size_t i = 0; i < machines_.size(); ++i) {
    const auto& its = identities_[i];
    if (!its) {
      continue;
    }
    if (!ours) {
      ours = its;
      ours->version = question_.version;
      ours->mlx = question_.mlx;
    }
    for (auto& finding : compare(machines_[i], *its, *ours)) {
      tell(std::move(finding));
    }
    if (machines_[i].n_ranks > 0) {
      fingerprints.emplace_back(name(i), its->fingerprint);
    }
  }
  for (auto& finding : compare_models(fingerprints)) {
    tell(std::move(finding));
  }
}

void HostSurvey::ask_clocks() {
  const auto asked = now();
  ask(to_all({{"ask", "clock"}}),
      kPatience,
      "clock",
      [this, asked](std::size_t i, const JsonReader& answer) {
        constexpr std::int64_t kMost = 10'000'000'000'000'000;
        const microseconds theirs(
            answer.integer("microseconds", -kMost, kMost));
        const auto ahead = theirs - asked - waited_[i] / 2;
        if (!machines_[i].host.is_here()) {
          tell(clock_of(name(i), static_cast<double>(ahead.count()) / 1e6));
        }
      });
}

std::vector<std::size_t> HostSurvey::silent() const {
  std::vector<std::size_t> machines;
  for (std::size_t i = 0; i < machines_.size(); ++i) {
    if (!identities_[i]) {
      machines.push_back(i);
    }
  }
  return machines;
}

bool HostSurvey::all_have_mpi() const {
  for (std::size_t i = 0; i < machines_.size(); ++i) {
    if (!identities_[i] || !identities_[i]->has_mpi) {
      return false;
    }
  }
  return true;
}

} // namespace lockstep::doctor
