#include "engine/world_plan.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "engine/memory.h"
#include "engine/setup.h"
#include "model/kv_cache.h"
#include "plan/partition.h"
#include "world/exchange_in_turns.h"
#include "world/seal.h"

namespace lockstep::engine {

namespace {

std::vector<plan::StageNeeds> needs_by_rank(
    const Setup& setup, const std::vector<checkpoint::LayerRange>& layers) {
  std::vector<plan::StageNeeds> needs;
  needs.reserve(layers.size());
  for (const auto& range : layers) {
    needs.push_back(setup.memory.needs_of(range));
  }
  return needs;
}

WorldPlan plan_of(
    const Setup& setup,
    const checkpoint::Checkpoint& checkpoint,
    const SessionOptions& options,
    std::vector<checkpoint::LayerRange> layers) {
  WorldPlan plan;
  plan.ranks = setup.places;
  plan.needs = needs_by_rank(setup, layers);
  plan.shares =
      plan::shares_of(plan::token_costs(checkpoint, setup.config), layers);
  plan.layers = std::move(layers);
  plan.context = setup.context;
  plan.n_slots = options.n_slots;
  plan.wanted_places = setup.wanted_places;
  return plan;
}

std::uint64_t bytes_of(const world::PacketSize& size) {
  const auto words = std::uint64_t{world::kSealWords} +
                     static_cast<std::uint64_t>(size.header_words) +
                     static_cast<std::uint64_t>(size.result_words);
  return words * sizeof(std::int32_t) +
         static_cast<std::uint64_t>(size.rows) *
             static_cast<std::uint64_t>(size.hidden) *
             static_cast<std::uint64_t>(size_of(size.dtype));
}

ExchangePlan measure_exchange(
    const world::Group& group,
    const Setup& setup,
    const StageProbe& probe,
    const SessionOptions& options) {
  const auto sizes = typical_sizes(setup, options.n_slots);
  const auto timings = world::time_exchanges(group, sizes);
  ExchangePlan plan;
  plan.is_chosen = options.exchange == world::ExchangeKind::automatic;
  const auto kind = plan.is_chosen ? world::best_of(timings) : options.exchange;
  plan.timing =
      *std::find_if(timings.begin(), timings.end(), [kind](const auto& timing) {
        return timing.kind == kind;
      });
  auto token = probe.runs({});
  plan.timing.decode_us = world::time_exchange_in_turns(
      group, kind, sizes.decode, [&token] { token.once(); });
  plan.decode_bytes = bytes_of(sizes.decode);
  plan.prompt_bytes = bytes_of(sizes.prompt);
  return plan;
}

std::vector<plan::RankSeat> seats_of(
    const Setup& setup, const SessionOptions& options) {
  std::vector<plan::RankSeat> seats;
  seats.reserve(setup.places.size());
  for (const auto& place : setup.places) {
    seats.push_back(
        {place.host, !place.on_gpu && options.compute.threads == 0});
  }
  return seats;
}

} // namespace

std::uint64_t WorldPlan::n_pages() const {
  return static_cast<std::uint64_t>(places / model::kPagePlaces);
}

WorldPlan plan_unmeasured(
    const checkpoint::Checkpoint& checkpoint,
    const SessionOptions& options,
    std::vector<RankPlace> ranks) {
  auto compute = choose_compute(
      options.compute, n_ranks_on(ranks, ranks.front().host), checkpoint);
  const auto setup =
      make_setup(checkpoint, options, std::move(ranks), std::move(compute));
  auto plan = plan_of(setup, checkpoint, options, setup.layers);
  plan.places = places_for(setup.places, plan.needs, setup.wanted_places);
  return plan;
}

WorldPlan plan_measured(
    const world::Group& group,
    const checkpoint::Checkpoint& checkpoint,
    const SessionOptions& options) {
  const auto setup = agree_on_setup(group, checkpoint, options);
  MeasuredPlan speed;
  StageProbe probe(setup, checkpoint, group.rank());
  speed.measured =
      measure_ranks(group, checkpoint, setup, probe, options.n_slots);
  auto& times = speed.measured.times;
  auto plan = plan_of(
      setup,
      checkpoint,
      options,
      choose_layers(setup, options, plan::costs_of(times)));
  const auto own = static_cast<std::size_t>(group.rank());
  plan.places =
      plan_memory(group, setup.places, plan.needs[own], setup.wanted_places)
          .places;
  if (group.size() > 1) {
    speed.exchange = measure_exchange(group, setup, probe, options);
    times.decode_ms = speed.exchange->timing.decode_us / 1e3;
    times.prompt_ms = speed.exchange->timing.prompt_us / 1e3;
  }
  speed.predicted = plan::predict(times, plan.layers);
  speed.fewer = plan::faster_with_fewer(
      times,
      speed.predicted,
      seats_of(setup, options),
      setup.memory,
      rooms_of(setup.places),
      plan.n_pages());
  plan.speed = std::move(speed);
  return plan;
}

} // namespace lockstep::engine
