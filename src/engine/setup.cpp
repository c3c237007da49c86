#include "engine/setup.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "mlx/version.h"
#include <fmt/format.h>

#include "base/error.h"
#include "model/kv_cache.h"
#include "plan/partition.h"
#include "plan/split_text.h"
#include "sched/header.h"
#include "world/start_check.h"

namespace lockstep::engine {

namespace mx = mlx::core;

namespace {

constexpr int kChunkAlone = 512;
constexpr int kChunkOfMany = 48;  // four panels of the kernels
constexpr int kChunkOfGpus = 256; // where starting an operation takes long
/// So much the split cares to have room for where nobody says how long
/// sequences get; models allow far more than most need.
constexpr int kUsualContext = 4096;

int chunk_of(
    const SessionOptions& options, const Compute& compute, int n_ranks) {
  return options.chunk > 0     ? options.chunk
         : n_ranks == 1        ? kChunkAlone
         : compute.set.empty() ? kChunkOfGpus
                               : kChunkOfMany;
}

plan::ModelWork work_of(
    const checkpoint::ModelConfig& config,
    const SessionOptions& options,
    const model::Parts& parts,
    int n_ranks,
    int rows) {
  plan::ModelWork work;
  for (const auto& layer : config.layers) {
    work.page_bytes.push_back(parts.caches({layer}).page_bytes);
  }
  work.n_ranks = n_ranks;
  work.rows = rows;
  work.n_wanted = options.scores ? rows : options.n_slots;
  return work;
}

} // namespace

int context_of(const checkpoint::ModelConfig& config, int asked) {
  if (asked > config.max_positions) {
    fail(
        ErrorKind::request,
        "a context of {} tokens is asked for, expected at most the model's {}",
        asked,
        config.max_positions);
  }
  return asked > 0 ? asked : config.max_positions;
}

Setup make_setup(
    const checkpoint::Checkpoint& checkpoint,
    const SessionOptions& options,
    std::vector<RankPlace> places,
    Compute compute) {
  const auto& family = model::family_of(checkpoint);
  auto config = family.parse(checkpoint);
  const int context = context_of(config, options.context);
  const int n_ranks = static_cast<int>(places.size());
  const int chunk = chunk_of(options, compute, n_ranks);
  const int rows = std::min(chunk, context) + options.n_slots;
  plan::MemoryModel memory(
      checkpoint,
      config,
      work_of(config, options, *compute.parts, n_ranks, rows));
  Setup setup{
      family,
      std::move(config),
      context,
      chunk,
      std::int64_t{options.n_slots} * model::places_held(context),
      std::move(compute),
      std::move(places),
      std::move(memory),
      {}};
  const auto costs = plan::token_costs(checkpoint, setup.config);
  std::vector<plan::Costs> by_rank;
  by_rank.reserve(setup.places.size());
  for (const auto& place : setup.places) {
    by_rank.push_back(plan::at_speed(costs, place.share));
  }
  setup.layers = choose_layers(setup, options, by_rank);
  return setup;
}

std::vector<checkpoint::LayerRange> choose_layers(
    const Setup& setup,
    const SessionOptions& options,
    const std::vector<plan::Costs>& costs) {
  if (!options.split.empty()) {
    return plan::ranges_of(
        options.split, setup.n_ranks(), setup.memory.n_layers());
  }
  const int held = model::places_held(
      options.context > 0 ? setup.context
                          : std::min(setup.context, kUsualContext));
  return plan::choose_layout(
             costs,
             setup.memory,
             rooms_of(setup.places),
             static_cast<std::uint64_t>(options.n_slots) *
                 static_cast<std::uint64_t>(held / model::kPagePlaces))
      .layers;
}

Setup agree_on_setup(
    const world::Group& group,
    const checkpoint::Checkpoint& checkpoint,
    const SessionOptions& options) {
  world::check_carries(group.backend(), options.exchange);
  auto places = gather_places(group, {options.max_memory, options.share});
  const auto& own = places[static_cast<std::size_t>(group.rank())];
  auto compute =
      choose_compute(options.compute, n_ranks_on(places, own.host), checkpoint);
  auto setup =
      make_setup(checkpoint, options, std::move(places), std::move(compute));
  const auto kv_bits = std::to_string(setup.compute.kv_bits);
  world::check_same_facts(
      group,
      {{"the model", fmt::format("{:016x}", checkpoint.fingerprint())},
       {"the layers", layers_text(setup.layers)},
       {"the exchange", std::string(name_of(options.exchange))},
       {"the kernels", std::string(name_of(setup.compute.kernels))},
       {"the bits of keys and values", kv_bits},
       {"the context", std::to_string(setup.context)},
       {"the number of slots", std::to_string(options.n_slots)}});
  return setup;
}

world::TypicalSizes typical_sizes(const Setup& setup, int n_slots) {
  constexpr int kMostBytes = 1 << 20; // beyond it only bandwidth counts
  constexpr int kSlotOps = 2;
  const int hidden = setup.config.hidden;
  const auto dtype = setup.compute.parts->activations();
  const int row_bytes = hidden * static_cast<int>(size_of(dtype));
  const auto size_of_tick = [&](int n_rows, int n_tokens) {
    const int fitting = std::max(1, kMostBytes / row_bytes);
    return world::PacketSize{
        sched::header_words(n_rows, n_tokens, kSlotOps),
        2 * n_rows,
        std::min(n_tokens, fitting),
        hidden,
        dtype};
  };
  const int n_rows = (n_slots + setup.n_ranks() - 1) / setup.n_ranks();
  return {size_of_tick(n_rows, n_rows), size_of_tick(1, setup.chunk)};
}

std::string layers_text(const std::vector<checkpoint::LayerRange>& layers) {
  std::string text;
  for (const auto& range : layers) {
    text += fmt::format(
        "{}{}-{}", text.empty() ? "" : " ", range.first, range.last - 1);
  }
  return text;
}

} // namespace lockstep::engine
