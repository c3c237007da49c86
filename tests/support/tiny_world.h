#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "mlx/ops.h"
#include "mlx/transforms.h"

#include "engine/pipeline.h"
#include "kernels/context.h"
#include "model/families/family.h"
#include "model/kernel_parts.h"
#include "model/mlx_parts.h"
#include "plan/partition.h"
#include "sched/scheduler.h"
#include "support/tiny_model.h"
#include "world/packet.h"

namespace lockstep::testing {

namespace mx = mlx::core;

inline constexpr int kTinyContext = 512;

/// Whose arithmetic the stages use.
enum class Kind { kernels, mlx };

inline std::unique_ptr<model::Parts> make_parts(
    Kind kind, kernels::KvType kv = kernels::KvType::f32) {
  return kind == Kind::mlx
             ? model::mlx_parts(
                   checkpoint::Dtype::f32,
                   kv == kernels::KvType::i8 ? model::KvStored::i8
                                             : model::KvStored::as_computed)
             : model::kernel_parts(
                   std::make_shared<kernels::Context>(
                       *kernels::usable_tables().front(),
                       kernels::Accuracy::exact,
                       2),
                   kv);
}

/// N ranks in one thread: the pipelines of a whole world, and the exchange
/// between them done by hand.
class TinyWorld {
 public:
  TinyWorld(
      const TinyModel& model,
      int n_ranks,
      int chunk,
      Kind kind = Kind::kernels,
      int n_slots = 1,
      kernels::KvType kv = kernels::KvType::f32)
      : memory_(
            kind == Kind::mlx ? world::Memory::device : world::Memory::host),
        scheduler_(
            {n_ranks,
             kTinyContext,
             chunk,
             {2 * n_slots,
              n_slots,
              std::int64_t{n_slots} * kTinyContext,
              model::kPagePlaces,
              kind == Kind::kernels}}) {
    const auto checkpoint = model.open();
    const auto& family = model::family_of(checkpoint);
    const auto config = family.parse(checkpoint);
    const auto plan =
        plan::split_layers(plan::token_costs(checkpoint, config), n_ranks);
    const auto parts = make_parts(kind, kv);
    for (int rank = 0; rank < n_ranks; ++rank) {
      stages_.push_back(std::make_unique<model::Stage>(
          checkpoint,
          family,
          config,
          plan[static_cast<std::size_t>(rank)],
          *parts));
      engine::PipelineOptions options;
      options.rank = rank;
      options.n_ranks = n_ranks;
      options.hidden = config.hidden;
      options.limits = {2 * n_slots, kTinyContext, config.vocab, 64 + n_slots};
      pipelines_.emplace_back(*stages_.back(), options);
    }
  }

  /// Of a request that runs alone.
  std::vector<sched::Sampled> run(sched::Request request) {
    std::vector<sched::Sampled> results;
    scheduler_.add(std::move(request));
    while (!scheduler_.idle()) {
      for (auto& event : tick()) {
        n_reused = event.n_reused;
        results.push_back(std::move(event.sampled));
      }
    }
    return results;
  }

  void add(sched::Request request) { scheduler_.add(std::move(request)); }
  bool idle() const { return scheduler_.idle(); }

  std::vector<sched::TokenEvent> tick() {
    const auto header = scheduler_.next();
    std::vector<world::Outbox> outboxes;
    std::vector<mx::array> packets;
    for (auto& pipeline : pipelines_) {
      outboxes.push_back(
          pipeline.compute(outboxes.empty() ? &header : nullptr));
      packets.push_back(world::pack(outboxes.back(), memory_));
    }
    auto all = mx::concatenate(packets);
    mx::eval(all);
    std::vector<sched::Sampled> sampled;
    for (std::size_t rank = 0; rank < pipelines_.size(); ++rank) {
      sampled = pipelines_[rank].deliver(
          world::unpack(all, outboxes[rank], static_cast<int>(rank), memory_));
    }
    return scheduler_.apply(sampled);
  }

  const model::Stage& stage(std::size_t rank) const { return *stages_[rank]; }
  std::uint64_t kv_bytes(std::size_t rank) const {
    return pipelines_[rank].kv_bytes();
  }

  int n_reused = 0; // tokens, by the request that ran last

 private:
  world::Memory memory_; // MLX's arithmetic also packs as for a GPU
  sched::Scheduler scheduler_;
  std::vector<std::unique_ptr<model::Stage>> stages_;
  std::vector<engine::Pipeline> pipelines_;
};

} // namespace lockstep::testing
