#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "doctor/finding.h"
#include "doctor/host_findings.h"
#include "doctor/link_findings.h"
#include "launch/host_lines.h"

namespace lockstep::doctor {

struct SurveyQuestion {
  std::string version;
  std::string mlx;
  std::string model;
  bool needs_mpi = false;
};

/// Asks agents on machines (doctor/host_agent), one step after the other.
class HostSurvey {
 public:
  /// Keeps a reference to `machines`. Starts the agents.
  HostSurvey(
      const std::vector<Machine>& machines, const SurveyQuestion& question);

  // In this order.
  void ask_facts();
  void ask_clocks();
  void try_addresses();
  void try_links();
  /// The ring of these machines, of which each may be named several times.
  void measure_links(const std::vector<std::size_t>& ring);

  /// In the order in which they were found.
  const std::vector<Finding>& findings() const { return findings_; }
  /// Machines on which no lockstep answered: what is known without it is all.
  std::vector<std::size_t> silent() const;
  bool all_have_mpi() const;

 private:
  static constexpr char kAnswer[] = "its answer";
  /// For a step; more than any takes.
  static constexpr auto kPatience = std::chrono::seconds(5);

  using Questions = std::vector<std::optional<Json>>;

  /// Lets `take` read each answer. A machine whose answer says that something
  /// failed, or cannot be read, is found to have a problem with `topic`.
  void ask(
      const Questions& questions,
      std::chrono::milliseconds deadline,
      const std::string& topic,
      const std::function<void(std::size_t, const JsonReader&)>& take);
  Questions to_all(const Json& question) const;
  void tell(Finding finding) { findings_.push_back(std::move(finding)); }
  void tell_silent(std::size_t machine);
  void compare_all();
  /// Those of the ring that work.
  std::vector<Link> links_of(const std::vector<std::size_t>& ring) const;
  void take_places(std::size_t machine, const JsonReader& answer);
  const std::string& name(std::size_t machine) const {
    return machines_[machine].host.ssh;
  }

  const std::vector<Machine>& machines_;
  SurveyQuestion question_;
  launch::HostLines lines_;
  std::vector<std::optional<Identity>> identities_;
  std::vector<std::chrono::microseconds> waited_; // for the last answers
  std::vector<std::vector<int>> ports_;           // by machine and address
  std::vector<Reach> reaches_;
  std::vector<Finding> findings_;
  std::vector<bool> is_told_;
};

} // namespace lockstep::doctor
