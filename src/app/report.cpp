#include "app/report.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/table.h"
#include "base/units.h"

namespace lockstep::app {

namespace {

using engine::RankReport;

std::string device_of(const RankReport& rank) {
  if (rank.threads == 0) {
    return rank.device;
  }
  const char* plural = rank.threads == 1 ? "" : "s";
  return fmt::format("{}, {} thread{}", rank.device, rank.threads, plural);
}

Cells cells_of(const RankReport& rank) {
  return {
      std::to_string(rank.rank),
      rank.host,
      device_of(rank),
      held_text(rank.first_layer, rank.last_layer, rank.embedding, rank.head),
      format_bytes(rank.weights_bytes),
      format_bytes(rank.kv_bytes),
      fmt::format(
          "{} of {}",
          format_bytes(rank.peak_bytes),
          format_bytes(rank.memory_bytes)),
      format_bytes(rank.bytes_read),
      fmt::format("{:.0f} %", 100.0 * rank.busy)};
}

} // namespace

std::string backend_text(const world::Group& group) {
  return group.size() > 1 ? std::string(name_of(group.backend())) : "none";
}

std::string exchange_text(const std::string& name, bool is_chosen) {
  return is_chosen ? name + ", chosen" : name;
}

namespace {

/// Only where something was reused.
std::string format_reuse(const sched::Reuse& reuse) {
  return reuse.hits == 0
             ? ""
             : fmt::format(
                   "{} of {} requests began with {} tokens that were there\n",
                   reuse.hits,
                   reuse.requests,
                   reuse.reused_tokens);
}

} // namespace

std::string held_text(int first, int last, bool embedding, bool head) {
  return fmt::format(
      "{}{}-{}{}",
      embedding ? "embedding, " : "",
      first,
      last,
      head ? ", head" : "");
}

std::string format_report(const RunReport& report) {
  std::vector<Cells> rows{
      {"rank",
       "host",
       "device",
       "layers",
       "weights",
       "KV",
       "memory",
       "read",
       "busy"}};
  for (const auto& rank : report.ranks) {
    rows.push_back(cells_of(rank));
  }
  return format_table(rows, 4) + format_reuse(report.reuse) +
         fmt::format(
             "prompt {} tokens, {:.1f} tok/s; generated {} tokens, {:.1f} "
             "tok/s\n"
             "forward pass {:.1f} ms, tick {:.2f} ms, of it exchange {:.2f} "
             "ms, {:.0f} % ({}, {})\n",
             report.prompt_tokens,
             report.prompt_tps,
             report.generated_tokens,
             report.generation_tps,
             report.forward_ms,
             report.tick_ms,
             report.exchange_ms,
             1e2 * report.exchange_share(),
             report.backend,
             exchange_text(report.exchange, report.exchange_is_chosen));
}

Json report_json(const RunReport& report) {
  auto ranks = Json::array();
  for (const auto& rank : report.ranks) {
    ranks.push_back(
        {{"rank", rank.rank},
         {"host", rank.host},
         {"device", rank.device},
         {"kernels", rank.kernels},
         {"threads", rank.threads},
         {"first_layer", rank.first_layer},
         {"last_layer", rank.last_layer},
         {"embedding", rank.embedding},
         {"head", rank.head},
         {"weights_bytes", rank.weights_bytes},
         {"kv_bytes", rank.kv_bytes},
         {"memory_bytes", rank.memory_bytes},
         {"peak_bytes", rank.peak_bytes},
         {"bytes_read", rank.bytes_read},
         {"busy", rank.busy}});
  }
  return {
      {"prompt_tokens", report.prompt_tokens},
      {"requests", report.reuse.requests},
      {"reuse_hits", report.reuse.hits},
      {"reused_tokens", report.reuse.reused_tokens},
      {"prompt_tps", report.prompt_tps},
      {"generation_tps", report.generation_tps},
      {"forward_ms", report.forward_ms},
      {"tick_ms", report.tick_ms},
      {"exchange_ms", report.exchange_ms},
      {"exchange_share", report.exchange_share()},
      {"backend", report.backend},
      {"exchange", report.exchange},
      {"exchange_chosen", report.exchange_is_chosen},
      {"ranks", ranks}};
}

} // namespace lockstep::app
