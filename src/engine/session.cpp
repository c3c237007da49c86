#include "engine/session.h"

#include <algorithm>
#include <utility>

#include "mlx/device.h"
#include "mlx/memory.h"
#include "mlx/version.h"
#include <fmt/format.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/host.h"
#include "base/json.h"
#include "engine/memory.h"
#include "engine/stage_needs.h"
#include "model/families/family.h"
#include "model/kv_cache.h"
#include "plan/partition.h"
#include "world/choose_exchange.h"
#include "world/gather_json.h"
#include "world/start_check.h"

namespace lockstep::engine {

namespace {

constexpr int kChunkAlone = 512;
constexpr int kKeptSlots = 32;    // for what ended sequences leave
constexpr int kChunkOfMany = 48;  // four panels of the kernels
constexpr int kChunkOfGpus = 256; // where starting an operation takes long

/// Which rank holds which layers, as one line: "0-14 15-29".
std::string plan_text(const std::vector<checkpoint::LayerRange>& plan) {
  std::string text;
  for (const auto& range : plan) {
    text += fmt::format(
        "{}{}-{}", text.empty() ? "" : " ", range.first, range.last - 1);
  }
  return text;
}

/// What ticks of `n_slots` sequences and prompts in chunks will be like.
world::TypicalSizes typical_sizes(
    int n_ranks, int n_slots, int chunk, int hidden, mx::Dtype dtype) {
  constexpr int kMostBytes = 1 << 20; // beyond it only bandwidth counts
  constexpr int kSlotOps = 2;
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
  const int n_rows = (n_slots + n_ranks - 1) / n_ranks;
  return {size_of_tick(n_rows, n_rows), size_of_tick(1, chunk)};
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

Session::Session(
    const world::Group& group,
    const checkpoint::Checkpoint& checkpoint,
    const SessionOptions& options,
    link::Lifeline& lifeline)
    : group_(group),
      checkpoint_(checkpoint),
      exchange_kind_(options.exchange),
      exchange_is_chosen_(
          options.exchange == world::ExchangeKind::automatic &&
          group.size() > 1) {
  world::check_carries(group.backend(), exchange_kind_);
  const auto& family = model::family_of(checkpoint);
  config_ = family.parse(checkpoint);
  context_ = context_of(config_, options.context);
  const auto plan =
      plan::split_layers(plan::token_costs(checkpoint, config_), group.size());
  const auto fingerprint = fmt::format("{:016x}", checkpoint.fingerprint());
  const auto layers = plan_text(plan);
  compute_ = choose_compute(options.compute, group, checkpoint);
  world::check_same_facts(
      group,
      {{"lockstep", options.version},
       {"MLX", mx::version()},
       {"the model", fingerprint},
       {"the layers", layers},
       {"the exchange", std::string(name_of(options.exchange))},
       {"the kernels", std::string(name_of(compute_.kernels))},
       {"the bits of keys and values", std::to_string(compute_.kv_bits)},
       {"the context", std::to_string(context_)},
       {"the number of slots", std::to_string(options.n_slots)}});

  lifeline.set_phase("loading");
  const auto& own = plan[static_cast<std::size_t>(group.rank())];
  const int chunk = options.chunk > 0      ? options.chunk
                    : group.size() == 1    ? kChunkAlone
                    : compute_.set.empty() ? kChunkOfGpus
                                           : kChunkOfMany;
  const int rows = std::min(chunk, context_) + options.n_slots;
  auto needs = needs_of(
      {checkpoint,
       config_,
       *compute_.parts,
       own,
       group.size(),
       rows,
       options.scores ? rows : options.n_slots});
  needs.most = options.max_memory;
  memory_ = plan_memory(
      group,
      needs,
      std::int64_t{options.n_slots} * model::places_held(context_));
  std::uint64_t done = 0;
  stage_.emplace(
      checkpoint,
      family,
      config_,
      own,
      *compute_.parts,
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
    exchange_kind_ = world::choose_exchange(
        group,
        typical_sizes(
            group.size(),
            options.n_slots,
            chunk,
            config_.hidden,
            stage_->activations()));
  }
  exchange_ = world::make_exchange(exchange_kind_, group);
  PipelineOptions pipeline;
  pipeline.rank = group.rank();
  pipeline.n_ranks = group.size();
  pipeline.epoch = 1;
  pipeline.plan_hash =
      static_cast<std::uint32_t>(fnv1a(fingerprint + " " + layers));
  pipeline.hidden = config_.hidden;
  const int n_slots = options.n_slots;
  pipeline.limits = {
      n_slots + kKeptSlots, context_, config_.vocab, chunk + n_slots};
  std::optional<sched::Scheduler> scheduler;
  if (group.is_first()) {
    sched::SchedulerOptions scheduling;
    scheduling.n_stages = group.size();
    scheduling.context = context_;
    scheduling.chunk = chunk;
    scheduling.slots = {
        n_slots + kKeptSlots,
        n_slots,
        memory_.places,
        model::kPagePlaces,
        stage_->shares_pages()};
    scheduling.vocab = config_.vocab;
    scheduler.emplace(scheduling);
  }
  engine_ = std::make_unique<Engine>(
      Pipeline(*stage_, pipeline),
      *exchange_,
      std::move(scheduler),
      lifeline,
      group.size());
}

RankReport Session::own_report() const {
  RankReport report;
  report.rank = group_.rank();
  report.host = host_name();
  report.device = compute_.device;
  report.kernels =
      compute_.set.empty()
          ? std::string(name_of(compute_.kernels))
          : fmt::format("{}, {}", compute_.set, name_of(compute_.kernels));
  report.threads = compute_.threads;
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
