#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "engine/stats.h"
#include "sched/admission.h"
#include "world/group.h"

namespace lockstep::app {

/// What a run took, for people and scripts.
struct RunReport {
  int prompt_tokens = 0;
  sched::Reuse reuse; // of what earlier requests left
  int generated_tokens = 0;
  double prompt_tps = 0.0;
  double generation_tps = 0.0;
  double forward_ms = 0.0; // one token through all ranks
  double tick_ms = 0.0;
  double exchange_ms = 0.0;
  std::string backend; // "none" for a single rank
  std::string exchange;
  bool exchange_is_chosen = false; // by measuring
  std::vector<engine::RankReport> ranks;

  /// Of a decode tick.
  double exchange_share() const {
    return tick_ms > 0.0 ? exchange_ms / tick_ms : 0.0;
  }
};

/// The back end's name; "none" for a single rank.
std::string backend_text(const world::Group& group);

/// The exchange's name, with a word on it when it was chosen by measuring.
std::string exchange_text(const std::string& name, bool is_chosen);

/// What a rank holds, as "embedding, 0-17": layers with both ends included.
std::string held_text(int first, int last, bool embedding, bool head);

/// A table of the ranks and two lines of speeds, for a terminal of 80 columns.
std::string format_report(const RunReport& report);

/// The same as the keys that product JSON has for it.
Json report_json(const RunReport& report);

} // namespace lockstep::app
