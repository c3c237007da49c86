#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "engine/stats.h"

namespace lockstep::app {

/// Milliseconds that half, 95 and 99 of a hundred stay under.
struct Percentiles {
  double p50 = 0.0;
  double p95 = 0.0;
  double p99 = 0.0;
};

/// By the nearest rank; zeros of nothing.
Percentiles percentiles(std::vector<double> values);

/// One test with so many streams, all its repetitions together.
struct BenchResult {
  std::string test; // "pp512", "tg128", "pp512+tg128"; "@d256" at a depth
  int streams = 1;
  double tps = 0.0;    // tokens per second of all streams together, the mean
  double tps_sd = 0.0; // standard deviation over the repetitions
  Percentiles ttft_ms; // from the request to its first token
  Percentiles gap_ms;  // between one token of a stream and the next
  std::vector<double> busy; // by rank
  /// Of a decode tick, beside the slowest rank's layers.
  double exchange_ms = 0.0;
  double bytes_per_token = 0.0; // that each rank gives to exchanges
  /// Of the tokens and log-probabilities of all answers of all repetitions, 16
  /// digits; empty when the test's answers end at any place.
  std::string digest;
};

/// What all results have in common.
struct BenchSetting {
  std::string model;
  bool random_weights = false; // in the model's shape
  std::string backend;
  std::string exchange;
  bool exchange_is_chosen = false; // by measuring
  std::vector<engine::RankReport> ranks;
};

enum class BenchFormat { table, markdown, csv, json, jsonl };

/// All results in one text that ends with a line feed.
std::string format_bench(
    BenchFormat format,
    const BenchSetting& setting,
    const std::vector<BenchResult>& results);

} // namespace lockstep::app
