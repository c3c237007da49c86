#include "engine/session.h"

#include <algorithm>
#include <utility>

#include "mlx/version.h"
#include <fmt/format.h>

#include "base/error.h"
#include "base/host.h"
#include "base/json.h"
#include "model/families/family.h"
#include "model/kv_cache.h"
#include "plan/partition.h"
#include "world/gather_exchange.h"
#include "world/start_check.h"
#include "world/sum_exchange.h"

namespace lockstep::engine {

namespace {

constexpr int kChunkAlone = 512;
constexpr int kChunkOfMany = 48; // four panels of the kernels

/// Which rank holds which layers, as one line: "0-14 15-29".
std::string plan_text(const std::vector<checkpoint::LayerRange>& plan) {
  std::string text;
  for (const auto& range : plan) {
    text += fmt::format(
        "{}{}-{}", text.empty() ? "" : " ", range.first, range.last - 1);
  }
  return text;
}

std::uint32_t hash_of(const std::string& text) {
  std::uint32_t hash = 0x811c9dc5U;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193U;
  }
  return hash;
}

std::unique_ptr<world::Exchange> make_exchange(
    ExchangeKind kind, const world::Group& group) {
  if (kind == ExchangeKind::sum) {
    return std::make_unique<world::SumExchange>(group);
  }
  return std::make_unique<world::GatherExchange>(group);
}

std::uint64_t bytes_of_stage(
    const checkpoint::Checkpoint& checkpoint,
    const plan::Costs& bytes,
    const checkpoint::LayerRange& layers) {
  double sum = 0.0;
  for (int i = layers.first; i < layers.last; ++i) {
    sum += bytes.layers[static_cast<std::size_t>(i)];
  }
  const auto* embedding = checkpoint.find("model.embed_tokens.weight");
  if (layers.first == 0 && embedding != nullptr) {
    sum += static_cast<double>(embedding->stored_bytes());
  } else if (layers.last == static_cast<int>(bytes.layers.size())) {
    sum += bytes.last;
  }
  return static_cast<std::uint64_t>(sum);
}

} // namespace

std::string_view name_of(ExchangeKind kind) {
  return kind == ExchangeKind::sum ? "sum" : "gather";
}

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
    : group_(group), checkpoint_(checkpoint) {
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
       {"the context", std::to_string(context_)},
       {"the number of slots", std::to_string(options.n_slots)}});

  lifeline.set_phase("loading");
  const auto& own = plan[static_cast<std::size_t>(group.rank())];
  const auto total =
      bytes_of_stage(checkpoint, plan::stored_bytes(checkpoint, config_), own);
  std::uint64_t done = 0;
  stage_.emplace(
      checkpoint,
      family,
      config_,
      own,
      *compute_.parts,
      [&](std::uint64_t bytes) {
        done += bytes;
        if (options.on_load && total > 0) {
          options.on_load(std::min(
              1.0, static_cast<double>(done) / static_cast<double>(total)));
        }
      });

  const int chunk = options.chunk > 0   ? options.chunk
                    : group.size() == 1 ? kChunkAlone
                                        : kChunkOfMany;
  exchange_ = make_exchange(options.exchange, group);
  PipelineOptions pipeline;
  pipeline.rank = group.rank();
  pipeline.n_ranks = group.size();
  pipeline.epoch = 1;
  pipeline.plan_hash = hash_of(fingerprint + " " + layers);
  pipeline.hidden = config_.hidden;
  const int n_slots = options.n_slots;
  pipeline.limits = {n_slots, context_, config_.vocab, chunk + n_slots};
  std::optional<sched::Scheduler> scheduler;
  if (group.is_first()) {
    sched::SchedulerOptions scheduling;
    scheduling.n_stages = group.size();
    scheduling.context = context_;
    scheduling.chunk = chunk;
    scheduling.slots = {
        n_slots,
        std::int64_t{n_slots} * model::places_held(context_),
        model::kCacheStep};
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
      {"read", own.bytes_read}};
  std::vector<RankReport> reports;
  for (const auto& line : group_.gather_texts(
           world::Purpose::report,
           text.dump(-1, ' ', true, Json::error_handler_t::replace))) {
    const int rank = static_cast<int>(reports.size());
    const auto json =
        parse_json(line, fmt::format("the report of rank {}", rank));
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
    report.bytes_read = json.at("read");
    report.busy = engine_->stats().busy(rank);
  }
  return reports;
}

} // namespace lockstep::engine
