#include "engine/pipeline.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>
#include <utility>

#include "mlx/ops.h"
#include "mlx/transforms.h"

#include "base/error.h"
#include "sched/results.h"

namespace lockstep::engine {

namespace {

model::Pass pass_of(const sched::Batch& batch) {
  model::Pass pass;
  int first = 0;
  for (const auto& row : batch.rows) {
    pass.parts.push_back({row.slot, row.offset, first, row.n_tokens});
    first += row.n_tokens;
  }
  return pass;
}

/// Indices of the rows of hidden states at which something is wanted.
std::vector<int> wanted_places(const sched::Batch& batch) {
  std::vector<int> places;
  int end = 0;
  for (const auto& row : batch.rows) {
    end += row.n_tokens;
    for (int i = end - row.n_wanted; i < end; ++i) {
      places.push_back(i);
    }
  }
  return places;
}

} // namespace

Pipeline::Pipeline(const model::Stage& stage, const PipelineOptions& options)
    : stage_(stage),
      options_(options),
      slots_(stage.make_cache(options.limits.n_slots), options.limits.n_slots),
      headers_(static_cast<std::size_t>(options.n_ranks)) {
}

const sched::Header& Pipeline::header_before(int n_ticks) const {
  return headers_[static_cast<std::size_t>(n_ticks - 1)];
}

world::PacketSize Pipeline::packet_size() const {
  world::PacketSize size;
  size.header_words = room_.words;
  size.hidden = options_.hidden;
  size.dtype = stage_.activations();
  const int n = options_.n_ranks;
  if (n > 1) {
    size.result_words = n_result_words(header_before(n - 1).entering);
  }
  for (int rank = 0; rank < n; ++rank) {
    size.rows = std::max(size.rows, rows_on(rank));
  }
  return size;
}

int Pipeline::rows_on(int rank) const {
  if (rank < 0 || rank == options_.n_ranks - 1) {
    return 0;
  }
  return rank == 0 ? room_.tokens : header_before(rank).entering.n_tokens();
}

mx::array Pipeline::input(const sched::Batch& batch) const {
  const int n = batch.n_tokens();
  if (is_first()) {
    return stage_.embed(mx::array(batch.tokens.data(), {n}, mx::int32));
  }
  if (!hidden_ || hidden_->shape(0) < n) {
    fail(
        ErrorKind::diverged,
        "tick {}: a batch of {} tokens is due and the rank before sent {}",
        tick_,
        n,
        hidden_ ? hidden_->shape(0) : 0);
  }
  // Rank 1's room was promised before it was known what enters.
  return hidden_->shape(0) == n ? *hidden_
                                : mx::contiguous(mx::slice(
                                      *hidden_, {0, 0}, {n, options_.hidden}));
}

std::optional<mx::array> Pipeline::logits(
    const sched::Batch& batch, const mx::array& hidden) const {
  const auto places = wanted_places(batch);
  if (places.empty()) {
    return std::nullopt;
  }
  const auto n = static_cast<int>(places.size());
  if (n == batch.n_tokens()) {
    return stage_.logits(hidden);
  }
  return stage_.logits(
      mx::take(hidden, mx::array(places.data(), {n}, mx::int32), 0));
}

std::vector<sched::Sampled> Pipeline::sample_rows(
    const sched::Batch& batch, const mx::array& logits) {
  const auto vocab = static_cast<std::size_t>(logits.shape(1));
  const auto* values = logits.data<float>();
  std::vector<sched::Sampled> results;
  std::size_t end = 0;
  for (const auto& row : batch.rows) {
    end += static_cast<std::size_t>(row.n_tokens);
    const auto& sampling = slots_.sampling(row.slot);
    for (int i = 0; i < row.n_wanted; ++i, values += vocab) {
      const std::span<const float> at(values, vocab);
      const int n_after = row.n_wanted - 1 - i; // tokens of the row
      if (row.scored) {
        const auto next = end - static_cast<std::size_t>(n_after);
        results.push_back(sampler_.score(
            at,
            sampling,
            n_after == 0 ? row.next : batch.tokens[next],
            row.n_top));
      } else {
        const auto before =
            slots_.history(row.slot).first(row.offset + row.n_tokens - n_after);
        results.push_back(
            sampler_.sample(at, sampling, before, row.index + i, row.n_top));
      }
    }
  }
  return results;
}

world::Outbox Pipeline::compute(const sched::Header* header) {
  world::Outbox outbox;
  outbox.size = packet_size();
  outbox.seal = {options_.epoch, tick_, options_.plan_hash};
  outbox.rows_on = rows_on(options_.rank);
  outbox.rows_due = rows_on(options_.rank - 1);
  const auto& own = is_first() ? *header : header_before(options_.rank);
  if (options_.n_ranks == 1) {
    outbox.size.result_words = n_result_words(own.entering);
  }
  if (is_first()) {
    outbox.header.resize(static_cast<std::size_t>(room_.words));
    encode(own, outbox.header);
    if (own.entering.n_tokens() > room_.tokens) {
      fail(
          ErrorKind::internal,
          "{} tokens enter at tick {} where {} were promised",
          own.entering.n_tokens(),
          tick_,
          room_.tokens);
    }
  }
  slots_.apply(own.slot_ops);
  if (own.entering.empty()) {
    return outbox;
  }
  slots_.take(own.entering);
  const auto start = std::chrono::steady_clock::now();
  auto x = stage_.forward(
      input(own.entering), pass_of(own.entering), slots_.cache());
  std::vector<mx::array> evaluated{x};
  slots_.cache().collect(evaluated);
  std::optional<mx::array> wanted;
  if (is_last()) {
    wanted = logits(own.entering, x);
    if (wanted) {
      evaluated.push_back(*wanted);
    }
  } else {
    outbox.hidden = x;
  }
  mx::eval(std::move(evaluated));
  if (wanted) {
    outbox.results =
        encode_results(own.entering, sample_rows(own.entering, *wanted));
  }
  outbox.compute_us =
      static_cast<int>(std::chrono::duration_cast<std::chrono::microseconds>(
                           std::chrono::steady_clock::now() - start)
                           .count());
  return outbox;
}

std::vector<sched::Sampled> Pipeline::deliver(const world::Inbox& inbox) {
  auto header = sched::decode(inbox.header, options_.limits);
  if (header.tick != tick_) {
    fail(
        ErrorKind::diverged,
        "the header of tick {} came in tick {}",
        header.tick,
        tick_);
  }
  if (header.entering.n_tokens() > room_.tokens) {
    fail(
        ErrorKind::diverged,
        "tick {}: {} tokens enter where {} were promised",
        tick_,
        header.entering.n_tokens(),
        room_.tokens);
  }
  room_ = header.next;
  ended_ = header.end;
  pause_us_ = header.pause_us;
  headers_.push_front(std::move(header));
  headers_.pop_back();
  hidden_ = inbox.hidden;
  ++tick_;
  return decode_results(
      header_before(options_.n_ranks).entering, inbox.results);
}

} // namespace lockstep::engine
