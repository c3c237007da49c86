#pragma once

#include <string>

#include "base/json.h"
#include "engine/world_plan.h"

namespace lockstep::app {

/// What else belongs to a plan on show.
struct PlanSetting {
  std::string model;   // as the user named it
  std::string hosts;   // the hosts file; empty: all ranks are here
  std::string backend; // "mpi"; empty where no ranks were started
};

/// A table of the ranks, their speed and the link where they were measured, and
/// the options that use the plan.
std::string format_plan(
    const PlanSetting& setting, const engine::WorldPlan& plan);

Json plan_json(const PlanSetting& setting, const engine::WorldPlan& plan);

} // namespace lockstep::app
