#include "app/plan_result.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "app/report.h"
#include "app/table.h"
#include "base/units.h"
#include "plan/split_text.h"

namespace lockstep::app {

namespace {

using engine::WorldPlan;

constexpr int kBarWidth = 20;

std::uint64_t total_of(const WorldPlan& plan, std::size_t rank) {
  return plan.needs[rank].total(plan.n_pages());
}

/// What a rank may take: its own limit, and what the others of its device leave
/// of that; 0 = unknown.
std::uint64_t limit_of(const WorldPlan& plan, std::size_t rank) {
  const auto& own = plan.ranks[rank];
  std::uint64_t others = 0;
  for (std::size_t i = 0; i < plan.ranks.size(); ++i) {
    if (i != rank && plan.ranks[i].device == own.device) {
      others += total_of(plan, i);
    }
  }
  const auto left = own.room > others ? own.room - others : 0;
  return own.limit > 0 && left > 0 ? std::min(own.limit, left)
                                   : std::max(own.limit, left);
}

std::string bar_of(double share) {
  const int filled = static_cast<int>(
      std::lround(std::clamp(share, 0.0, 1.0) * double{kBarWidth}));
  return fmt::format("{:#<{}}{:.<{}}", "", filled, "", kBarWidth - filled);
}

std::string table_of(const WorldPlan& plan) {
  std::vector<Cells> rows{
      {"rank", "host", "layers", "weights", "KV", "total", "limit"}};
  if (plan.speed) {
    rows.front().insert(rows.front().end(), {"threads", "stage", "busy", ""});
  }
  for (std::size_t i = 0; i < plan.ranks.size(); ++i) {
    const auto limit = limit_of(plan, i);
    const auto& range = plan.layers[i];
    Cells cells{
        std::to_string(i),
        plan.ranks[i].host,
        held_text(
            range.first, range.last - 1, i == 0, i + 1 == plan.ranks.size()),
        format_bytes(plan.needs[i].weights),
        format_bytes(plan.n_pages() * plan.needs[i].page),
        format_bytes(total_of(plan, i)),
        limit > 0 ? format_bytes(limit) : "not known"};
    if (plan.speed) {
      const auto& predicted = plan.speed->predicted;
      const int threads = plan.speed->measured.threads[i];
      cells.insert(
          cells.end(),
          {threads > 0 ? std::to_string(threads) : "all",
           fmt::format("{:.2f} ms", predicted.stage_ms[i]),
           fmt::format("{:.0f} %", 100.0 * predicted.busy[i]),
           bar_of(predicted.busy[i])});
    }
    rows.push_back(std::move(cells));
  }
  return format_table(rows, 3);
}

/// Bytes per second beyond what an exchange takes however small it is; 0 where
/// the larger one takes hardly longer, which tells nothing of it.
double bandwidth_of(const engine::ExchangePlan& exchange) {
  constexpr double kClearly = 1.25;
  const double bytes = static_cast<double>(exchange.prompt_bytes) -
                       static_cast<double>(exchange.decode_bytes);
  const auto& timing = exchange.timing;
  return bytes > 0.0 && timing.prompt_us > kClearly * timing.decode_us
             ? bytes / (timing.prompt_us - timing.decode_us) * 1e6
             : 0.0;
}

/// Of a decode tick.
double exchange_share(const engine::MeasuredPlan& speed) {
  return speed.exchange->timing.decode_us / 1e3 / speed.predicted.tick_ms;
}

std::string link_text(
    const PlanSetting& setting,
    const engine::ExchangePlan& exchange,
    double share) {
  const double bandwidth = bandwidth_of(exchange);
  return fmt::format(
      "exchange over {} by {}: {:.3f} ms, {:.0f} %, of a decode tick ({}), "
      "{:.3f} ms for a chunk of a prompt ({}){}\n",
      setting.backend,
      exchange_text(
          std::string(name_of(exchange.timing.kind)), exchange.is_chosen),
      exchange.timing.decode_us / 1e3,
      1e2 * share,
      format_bytes(exchange.decode_bytes),
      exchange.timing.prompt_us / 1e3,
      format_bytes(exchange.prompt_bytes),
      bandwidth > 0.0
          ? fmt::format(
                "; {}/s", format_bytes(static_cast<std::uint64_t>(bandwidth)))
          : "");
}

std::string speed_text(
    const PlanSetting& setting,
    const WorldPlan& plan,
    const engine::MeasuredPlan& speed) {
  const auto& predicted = speed.predicted;
  std::string text;
  if (speed.exchange) {
    text += link_text(setting, *speed.exchange, exchange_share(speed));
  }
  text += fmt::format(
      "predicted: prompt {:.1f} tok/s; generation {:.1f} tok/s with {} "
      "request{} at a time, tick {:.2f} ms\n",
      predicted.prompt_tps,
      predicted.generation_tps,
      plan.n_slots,
      plan.n_slots == 1 ? "" : "s",
      predicted.tick_ms);
  if (speed.fewer) {
    const auto& fewer = *speed.fewer;
    std::string hosts;
    for (const int rank : fewer.ranks) {
      hosts += (hosts.empty() ? "" : ", ") +
               plan.ranks[static_cast<std::size_t>(rank)].host;
    }
    text += fmt::format(
        "fewer ranks would write faster: {} ({}), predicted prompt {:.1f} "
        "tok/s, generation {:.1f} tok/s\n",
        fewer.ranks.size(),
        hosts,
        fewer.predicted.prompt_tps,
        fewer.predicted.generation_tps);
  }
  return text;
}

/// What the user should know of memory; one line each.
std::string memory_warnings(const WorldPlan& plan) {
  std::string text;
  if (plan.places < plan.wanted_places) {
    text += fmt::format(
        "warning: keys and values have room for {} of {} places, {} request{} "
        "of {} tokens\n",
        plan.places,
        plan.wanted_places,
        plan.n_slots,
        plan.n_slots == 1 ? "" : "s",
        plan.context);
  }
  for (std::size_t i = 0; i < plan.ranks.size(); ++i) {
    const auto& own = plan.ranks[i];
    std::uint64_t sum = 0;
    bool is_first = true;
    for (std::size_t k = 0; k < plan.ranks.size(); ++k) {
      if (plan.ranks[k].device == own.device) {
        sum += total_of(plan, k);
        is_first = is_first && k >= i;
      }
    }
    if (is_first && !own.on_gpu && own.free > 0 && sum > own.free) {
      text += fmt::format(
          "warning: {} has {} of memory free now, and its ranks take up to "
          "{}; end other programs there\n",
          own.host,
          format_bytes(own.free),
          format_bytes(sum));
    }
  }
  return text;
}

Json predicted_json(const std::optional<plan::Prediction>& predicted) {
  if (!predicted) {
    return {{"prompt_tps", nullptr}, {"generation_tps", nullptr}};
  }
  return {
      {"prompt_tps", predicted->prompt_tps},
      {"generation_tps", predicted->generation_tps},
      {"tick_ms", predicted->tick_ms}};
}

Json rank_json(const WorldPlan& plan, std::size_t rank) {
  const auto or_null = [](std::uint64_t bytes) {
    return bytes > 0 ? Json(bytes) : Json();
  };
  const auto& range = plan.layers[rank];
  Json json{
      {"rank", rank},
      {"host", plan.ranks[rank].host},
      {"first_layer", range.first},
      {"last_layer", range.last - 1},
      {"weights_bytes", plan.needs[rank].weights},
      {"kv_bytes", plan.n_pages() * plan.needs[rank].page},
      {"total_bytes", total_of(plan, rank)},
      {"limit_bytes", or_null(limit_of(plan, rank))},
      {"free_bytes", or_null(plan.ranks[rank].free)},
      {"share", plan.shares[rank]}};
  if (plan.speed) {
    json["threads"] = plan.speed->measured.threads[rank];
    json["stage_ms"] = plan.speed->predicted.stage_ms[rank];
    json["busy"] = plan.speed->predicted.busy[rank];
  }
  return json;
}

Json exchange_json(
    const PlanSetting& setting,
    const engine::ExchangePlan& exchange,
    double share) {
  const double bandwidth = bandwidth_of(exchange);
  return {
      {"backend", setting.backend},
      {"exchange", std::string(name_of(exchange.timing.kind))},
      {"exchange_chosen", exchange.is_chosen},
      {"decode_ms", exchange.timing.decode_us / 1e3},
      {"decode_share", share},
      {"decode_bytes", exchange.decode_bytes},
      {"prompt_ms", exchange.timing.prompt_us / 1e3},
      {"prompt_bytes", exchange.prompt_bytes},
      {"bytes_per_s", bandwidth > 0.0 ? Json(bandwidth) : Json()}};
}

} // namespace

std::string format_plan(
    const PlanSetting& setting, const engine::WorldPlan& plan) {
  auto text = table_of(plan);
  if (plan.speed) {
    text += speed_text(setting, plan, *plan.speed);
  }
  text += memory_warnings(plan);
  if (plan.ranks.size() > 1) {
    text += fmt::format(
        "to use it: lockstep generate {} {} --split {}\n",
        setting.model,
        setting.hosts.empty() ? fmt::format("-n {}", plan.ranks.size())
                              : "--hosts " + setting.hosts,
        plan::split_text(plan::counts_of(plan.layers)));
  }
  return text;
}

Json plan_json(const PlanSetting& setting, const engine::WorldPlan& plan) {
  Json json{
      {"ranks", Json::array()},
      {"predicted", predicted_json({})},
      {"split", plan::counts_of(plan.layers)},
      {"context", plan.context},
      {"streams", plan.n_slots},
      {"places", plan.places},
      {"wanted_places", plan.wanted_places},
      {"exchange", nullptr},
      {"fewer", nullptr}};
  for (std::size_t rank = 0; rank < plan.ranks.size(); ++rank) {
    json["ranks"].push_back(rank_json(plan, rank));
  }
  if (plan.speed) {
    json["predicted"] = predicted_json(plan.speed->predicted);
    if (plan.speed->exchange) {
      json["exchange"] = exchange_json(
          setting, *plan.speed->exchange, exchange_share(*plan.speed));
    }
    if (plan.speed->fewer) {
      json["fewer"] = {
          {"ranks", plan.speed->fewer->ranks},
          {"predicted", predicted_json(plan.speed->fewer->predicted)}};
    }
  }
  return json;
}

} // namespace lockstep::app
