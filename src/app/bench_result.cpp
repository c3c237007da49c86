#include "app/bench_result.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/report.h"
#include "app/table.h"
#include "base/units.h"

namespace lockstep::app {

namespace {

/// Name and text of each column; the same in the table and in Markdown.
using Columns = std::vector<std::pair<std::string, std::string>>;

std::uint64_t weights_of(const BenchSetting& setting) {
  std::uint64_t sum = 0;
  for (const auto& rank : setting.ranks) {
    sum += rank.weights_bytes;
  }
  return sum;
}

std::string layers_of(const BenchSetting& setting) {
  std::vector<std::string> ranges;
  ranges.reserve(setting.ranks.size());
  for (const auto& rank : setting.ranks) {
    ranges.push_back(fmt::format("{}-{}", rank.first_layer, rank.last_layer));
  }
  return fmt::format("{}", fmt::join(ranges, " "));
}

std::string busy_of(const BenchResult& result) {
  std::vector<std::string> shares;
  shares.reserve(result.busy.size());
  for (const double busy : result.busy) {
    shares.push_back(fmt::format("{:.0f}", 100.0 * busy));
  }
  return fmt::format("{}", fmt::join(shares, " "));
}

std::string text_of(const Percentiles& p) {
  return p.p50 == 0.0
             ? "-"
             : fmt::format("{:.1f} {:.1f} {:.1f}", p.p50, p.p95, p.p99);
}

Columns columns_of(const BenchSetting& setting, const BenchResult& result) {
  const auto& first = setting.ranks.front();
  return {
      {"model",
       setting.model + (setting.random_weights ? " (random weights)" : "")},
      {"size", format_bytes(weights_of(setting))},
      {"kernels", first.kernels},
      {"ranks", std::to_string(setting.ranks.size())},
      {"threads", first.threads == 0 ? "-" : std::to_string(first.threads)},
      {"layers", layers_of(setting)},
      {"backend", setting.backend},
      {"exchange",
       setting.ranks.size() > 1
           ? exchange_text(setting.exchange, setting.exchange_is_chosen)
           : "-"},
      {"test", result.test},
      {"streams", std::to_string(result.streams)},
      {"t/s", fmt::format("{:.2f} ± {:.2f}", result.tps, result.tps_sd)},
      {"first token ms", text_of(result.ttft_ms)},
      {"gap ms p50 95 99", text_of(result.gap_ms)},
      {"busy %", busy_of(result)},
      {"exchange ms", fmt::format("{:.3f}", result.exchange_ms)},
      {"B/token", fmt::format("{:.0f}", result.bytes_per_token)}};
}

Json percentiles_json(const Percentiles& p) {
  return {{"p50", p.p50}, {"p95", p.p95}, {"p99", p.p99}};
}

Json json_of(const BenchSetting& setting, const BenchResult& result) {
  std::vector<Json> layers;
  layers.reserve(setting.ranks.size());
  for (const auto& rank : setting.ranks) {
    layers.push_back({rank.first_layer, rank.last_layer});
  }
  return {
      {"model", setting.model},
      {"random_weights", setting.random_weights},
      {"weights_bytes", weights_of(setting)},
      {"device", setting.ranks.front().device},
      {"kernels", setting.ranks.front().kernels},
      {"backend", setting.backend},
      {"exchange", setting.exchange},
      {"exchange_chosen", setting.exchange_is_chosen},
      {"test", result.test},
      {"streams", result.streams},
      {"ranks", setting.ranks.size()},
      {"threads", setting.ranks.front().threads},
      {"layers", layers},
      {"tps", result.tps},
      {"tps_sd", result.tps_sd},
      {"ttft_ms", percentiles_json(result.ttft_ms)},
      {"gap_ms", percentiles_json(result.gap_ms)},
      {"busy", result.busy},
      {"exchange_ms", result.exchange_ms},
      {"bytes_per_token", result.bytes_per_token},
      {"digest", result.digest}};
}

/// As text that a spreadsheet reads: RFC 4180.
std::string csv_text(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    result += c == '"' ? "\"\"" : std::string(1, c);
  }
  return result + "\"";
}

std::string format_csv(
    const BenchSetting& setting, const std::vector<BenchResult>& results) {
  std::string text;
  for (const auto& result : results) {
    const auto flat_json = json_of(setting, result).flatten();
    std::vector<std::string> names;
    std::vector<std::string> cells;
    for (const auto& [name, value] : flat_json.items()) {
      // "/gap_ms/p50" -> "gap_ms_p50"
      auto flat = name.substr(1);
      std::replace(flat.begin(), flat.end(), '/', '_');
      names.push_back(csv_text(flat));
      cells.push_back(
          value.is_string() ? csv_text(value.get<std::string>())
                            : value.dump());
    }
    if (text.empty()) {
      text = fmt::format("{}\n", fmt::join(names, ","));
    }
    text += fmt::format("{}\n", fmt::join(cells, ","));
  }
  return text;
}

std::string format_markdown(
    const BenchSetting& setting, const std::vector<BenchResult>& results) {
  std::string text;
  for (const auto& result : results) {
    std::string names = "|";
    std::string rule = "|";
    std::string cells = "|";
    for (const auto& [name, cell] : columns_of(setting, result)) {
      names += fmt::format(" {} |", name);
      rule += " --- |";
      cells += fmt::format(" {} |", cell);
    }
    if (text.empty()) {
      text = fmt::format("{}\n{}\n", names, rule);
    }
    text += cells + "\n";
  }
  return text;
}

/// For a terminal: what all rows share stands above them.
std::string format_for_terminal(
    const BenchSetting& setting, const std::vector<BenchResult>& results) {
  constexpr std::size_t kShared = 8; // leading columns that are the same
  constexpr std::size_t kOnALine = 4;
  std::string text;
  std::vector<Cells> rows(1); // the first has the names
  for (const auto& result : results) {
    const auto columns = columns_of(setting, result);
    const bool is_first = rows.size() == 1;
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto& [name, cell] = columns[i];
      if (i >= kShared) {
        row.push_back(cell);
      }
      if (is_first && i >= kShared) {
        rows.front().push_back(name);
      } else if (is_first) {
        const char* after = (i + 1) % kOnALine == 0 ? "\n" : ", ";
        text += fmt::format("{} {}{}", name, cell, after);
      }
    }
  }
  return text + "\n" + format_table(rows, 1);
}

} // namespace

Percentiles percentiles(std::vector<double> values) {
  if (values.empty()) {
    return {};
  }
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    const auto rank = std::ceil(share * static_cast<double>(values.size()));
    return values[static_cast<std::size_t>(std::max(1.0, rank)) - 1];
  };
  return {at(0.50), at(0.95), at(0.99)};
}

std::string format_bench(
    BenchFormat format,
    const BenchSetting& setting,
    const std::vector<BenchResult>& results) {
  switch (format) {
    case BenchFormat::markdown:
      return format_markdown(setting, results);
    case BenchFormat::csv:
      return format_csv(setting, results);
    case BenchFormat::json: {
      auto list = Json::array();
      for (const auto& result : results) {
        list.push_back(json_of(setting, result));
      }
      return list.dump(1) + "\n";
    }
    case BenchFormat::jsonl: {
      std::string text;
      for (const auto& result : results) {
        text += json_of(setting, result).dump() + "\n";
      }
      return text;
    }
    case BenchFormat::table:
      break;
  }
  return format_for_terminal(setting, results);
}

} // namespace lockstep::app
