#pragma once

#include <cstddef>
#include <vector>

#include "checkpoint/config.h"
#include "plan/partition.h"

namespace lockstep::plan {

/// What a rank takes for each layer, for the embedding (first) and for the head
/// with its sampler (last), in milliseconds.
struct RankTimes {
  Costs alone; // one token, while all other ranks wait
  Costs one;   // one token, while all ranks compute
  Costs part;  // a token of each sequence of a part, while all compute
  Costs chunk; // a chunk of a prompt, while all compute; one row at the head
};

/// What was measured of a world, and of what sizes.
struct WorldTimes {
  std::vector<RankTimes> ranks;
  int streams = 1;      // sequences that answer at a time
  int part = 1;         // of them that follow one another through the ranks
  int chunk = 1;        // tokens
  int prompt = 1;       // tokens of the prompt that is predicted
  double decode_ms = 0; // of one exchange with a part; 0 for a rank alone
  double prompt_ms = 0; // of one exchange with a chunk
};

/// How fast a split will be.
struct Prediction {
  double prompt_tps = 0.0;      // tokens per second of one prompt
  double generation_tps = 0.0;  // of all streams together
  double tick_ms = 0.0;         // of a decode tick, on average
  std::vector<double> stage_ms; // of a decode tick, by rank that has a part
  std::vector<double> busy;     // share of time that each rank computes
};

/// By the rules of docs/tick.md: a token is home after one tick for each rank,
/// a tick is as long as its slowest rank and its exchange, and sequences are
/// divided into the parts that sched::choose_parts() chooses.
Prediction predict(
    const WorldTimes& times, const std::vector<checkpoint::LayerRange>& layers);

/// What split_layers() is to share out: milliseconds of a token, of answers
/// and prompts as token_costs() has them.
std::vector<Costs> costs_of(const WorldTimes& times);

} // namespace lockstep::plan
