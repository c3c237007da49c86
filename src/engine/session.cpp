#include "engine/session.h"

#include <algorithm>
#include <utility>

#include "mlx/device.h"
#include "mlx/memory.h"
#include <fmt/format.h>

#include "base/hash.h"
#include "base/host.h"
#include "base/json.h"
#include "model/kv_cache.h"
#include "world/choose_exchange.h"
#include "world/gather_json.h"

namespace lockstep::engine {

namespace {

constexpr int kKeptSlots = 32; // for what ended sequences leave

/// Equal on ranks that hold the same model by the same layers.
std::uint32_t hash_of(
    const checkpoint::Checkpoint& checkpoint, const Setup& setup) {
  return static_cast<std::uint32_t>(fnv1a(fmt::format(
      "{:016x} {}", checkpoint.fingerprint(), layers_text(setup.layers))));
}

} // namespace

Session::Session(
    const world::Group& group,
    const checkpoint::Checkpoint& checkpoint,
    const SessionOptions& options,
    link::Lifeline& lifeline)
    : group_(group),
      checkpoint_(checkpoint),
      setup_(agree_on_setup(group, checkpoint, options)),
      exchange_kind_(options.exchange),
      exchange_is_chosen_(
          options.exchange == world::ExchangeKind::automatic &&
          group.size() > 1) {
  lifeline.set_phase("loading");
  const auto& own = setup_.layers[static_cast<std::size_t>(group.rank())];
  const auto needs = setup_.memory.needs_of(own);
  memory_ = plan_memory(group, setup_.places, needs, setup_.wanted_places);
  std::uint64_t done = 0;
  stage_.emplace(
      checkpoint,
      setup_.family,
      setup_.config,
      own,
      *setup_.compute.parts,
      [&](std::uint64_t bytes) {
        done += bytes;
        if (options.on_load && needs.weights > 0) {
          options.on_load(std::min(
              1.0,
              static_cast<double>(done) / static_cast<double>(needs.weights)));
        }
      });

  if (exchange_kind_ == world::ExchangeKind::automatic) {
    lifeline.set_phase("choosing an exchange");
    exchange_kind_ =
        world::choose_exchange(group, typical_sizes(setup_, options.n_slots));
  }
  exchange_ = world::make_exchange(exchange_kind_, group);
  make_engine(options.n_slots, lifeline);
}

void Session::make_engine(int n_slots, link::Lifeline& lifeline) {
  PipelineOptions pipeline;
  pipeline.rank = group_.rank();
  pipeline.n_ranks = group_.size();
  pipeline.epoch = 1;
  pipeline.plan_hash = hash_of(checkpoint_, setup_);
  pipeline.hidden = setup_.config.hidden;
  pipeline.limits = {
      n_slots + kKeptSlots,
      setup_.context,
      setup_.config.vocab,
      setup_.chunk + n_slots};
  std::optional<sched::Scheduler> scheduler;
  if (group_.is_first()) {
    sched::SchedulerOptions scheduling;
    scheduling.n_stages = group_.size();
    scheduling.context = setup_.context;
    scheduling.chunk = setup_.chunk;
    scheduling.slots = {
        n_slots + kKeptSlots,
        n_slots,
        memory_.places,
        model::kPagePlaces,
        stage_->shares_pages()};
    scheduling.vocab = setup_.config.vocab;
    scheduler.emplace(scheduling);
  }
  engine_ = std::make_unique<Engine>(
      Pipeline(*stage_, pipeline),
      *exchange_,
      std::move(scheduler),
      lifeline,
      group_.size());
}

RankReport Session::own_report() const {
  RankReport report;
  report.rank = group_.rank();
  report.host = host_name();
  report.device = setup_.compute.device;
  report.kernels =
      setup_.compute.set.empty()
          ? std::string(name_of(setup_.compute.kernels))
          : fmt::format(
                "{}, {}", setup_.compute.set, name_of(setup_.compute.kernels));
  report.threads = setup_.compute.threads;
  report.first_layer = stage_->layers().first;
  report.last_layer = stage_->layers().last - 1;
  report.embedding = stage_->has_embedding();
  report.head = stage_->has_head();
  report.weights_bytes = stage_->weights_bytes();
  report.kv_bytes = engine_->kv_bytes();
  report.memory_bytes = memory_.total;
  report.peak_bytes = mx::default_device() == mx::Device(mx::Device::gpu)
                          ? mx::get_peak_memory()
                          : peak_memory_bytes();
  report.bytes_read = checkpoint_.bytes_read();
  return report;
}

std::vector<RankReport> Session::gather_reports() const {
  const auto own = own_report();
  const Json text{
      {"host", own.host.substr(0, 255)},
      {"device", own.device.substr(0, 127)},
      {"kernels", own.kernels.substr(0, 63)},
      {"threads", own.threads},
      {"layers", {own.first_layer, own.last_layer}},
      {"embedding", own.embedding},
      {"head", own.head},
      {"weights", own.weights_bytes},
      {"kv", own.kv_bytes},
      {"memory", own.memory_bytes},
      {"peak", own.peak_bytes},
      {"read", own.bytes_read}};
  std::vector<RankReport> reports;
  for (const auto& json :
       world::gather_json(group_, world::Purpose::report, text)) {
    const int rank = static_cast<int>(reports.size());
    auto& report = reports.emplace_back();
    report.rank = rank;
    report.host = json.at("host");
    report.device = json.at("device");
    report.kernels = json.at("kernels");
    report.threads = json.at("threads");
    report.first_layer = json.at("layers").at(0);
    report.last_layer = json.at("layers").at(1);
    report.embedding = json.at("embedding");
    report.head = json.at("head");
    report.weights_bytes = json.at("weights");
    report.kv_bytes = json.at("kv");
    report.memory_bytes = json.at("memory");
    report.peak_bytes = json.at("peak");
    report.bytes_read = json.at("read");
    report.busy = engine_->stats().busy(rank);
  }
  return reports;
}

} // namespace lockstep::engine
