#include "app/world_options.h"

#include <charconv>
#include <cstdlib>
#include <locale>
#include <sstream>
#include <string>

#include "base/error.h"
#include "base/units.h"
#include "plan/split_text.h"

namespace lockstep::app {

namespace {

constexpr int kMostRanks = 64;
constexpr int kMostThreads = 1024;

engine::KernelKind parse_kernels(const std::string& text) {
  using engine::KernelKind;
  for (const auto kind :
       {KernelKind::automatic,
        KernelKind::exact,
        KernelKind::fast,
        KernelKind::mlx}) {
    if (text == name_of(kind)) {
      return kind;
    }
  }
  fail(
      ErrorKind::usage,
      "--kernels is \"{}\", expected auto, exact, fast or mlx",
      text);
}

std::uint64_t parse_memory(const char* name, const std::string& text) {
  constexpr std::uint64_t kLeast = 1'000'000;
  const auto bytes = parse_bytes(text);
  if (bytes.value_or(0) < kLeast) {
    fail(
        ErrorKind::usage,
        "{} is \"{}\", expected bytes from 1M on, such as 800M or 16G",
        name,
        text);
  }
  return *bytes;
}

/// Of the work, against the other ranks'.
int parse_threads(const char* name, const std::string& text) {
  int threads = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, threads);
  if (error != std::errc() || stop != end || threads < 1 ||
      threads > kMostThreads) {
    fail(
        ErrorKind::usage,
        "{} is \"{}\", expected 1 to {}",
        name,
        text,
        kMostThreads);
  }
  return threads;
}

double parse_share(const char* name, const std::string& text) {
  constexpr double kLeast = 0.001;
  constexpr double kMost = 1e6;
  std::istringstream stream(text);
  stream.imbue(std::locale::classic());
  double share = 0.0;
  if (!(stream >> share) || !stream.eof() || share < kLeast || share > kMost) {
    fail(
        ErrorKind::usage,
        "{} is \"{}\", expected a number from {} to {}",
        name,
        text,
        kLeast,
        kMost);
  }
  return share;
}

/// The variable's value by `parse`; `unset` where it is not set or empty.
template <class Value>
Value from_environment(
    const char* name,
    Value (*parse)(const char* name, const std::string& text),
    Value unset) {
  const char* text = std::getenv(name);
  return text != nullptr && *text != '\0' ? parse(name, text) : unset;
}

int parse_kv_bits(const std::string& text) {
  for (const int bits : {8, 16, 32}) {
    if (text == std::to_string(bits)) {
      return bits;
    }
  }
  fail(ErrorKind::usage, "--kv-bits is \"{}\", expected 8, 16 or 32", text);
}

} // namespace

void add_world_options(Command& command, WorldOptions& options) {
  command
      .value(
          "-n,--ranks",
          "N",
          options.n_ranks,
          "start this many ranks on this machine")
      .within(1, kMostRanks);
  command.value(
      "--hosts",
      "FILE",
      options.hosts_file,
      "start a rank on each host of this file (lockstep hosts)");
  command.parsed(
      "--backend",
      "NAME",
      [&options](const auto& text) { options.backend = parse_backend(text); },
      "what carries the collectives: auto, mpi, ring, nccl, jaccl");
}

void add_model_options(Command& command, WorldOptions& options) {
  command.parsed(
      "--exchange",
      "KIND",
      [&options](const auto& text) {
        options.exchange = world::parse_exchange(text);
      },
      "how ranks hand over: auto (default), gather, sum or shift");
  command
      .value(
          "-t,--threads",
          "N",
          options.compute.threads,
          "of each rank (its share of the cores)")
      .within(1, kMostThreads);
  command.parsed(
      "--kernels",
      "KIND",
      [&options](const auto& text) {
        options.compute.kernels = parse_kernels(text);
      },
      "on CPUs: exact (default), fast (rounds to 8 bits) or mlx");
  command.parsed(
      "--kv-bits",
      "N",
      [&options](const auto& text) {
        options.compute.kv_bits = parse_kv_bits(text);
      },
      "of keys and values: 8, 16 (default) or 32");
  command.parsed(
      "--max-memory",
      "SIZE",
      [&options](const auto& text) {
        options.max_memory = parse_memory("--max-memory", text);
      },
      "that each rank may take, such as 800M or 16G");
  add_split_option(command, options);
}

void add_split_option(Command& command, WorldOptions& options) {
  command.parsed(
      "--split",
      "N,N,…",
      [&options](const auto& text) { options.split = plan::parse_split(text); },
      "layers of each rank, as `lockstep plan` shows them");
}

engine::SessionOptions session_options(const WorldOptions& options) {
  engine::SessionOptions session;
  session.exchange = options.exchange;
  session.compute = options.compute;
  session.max_memory = options.max_memory;
  const auto own =
      from_environment("LOCKSTEP_MAX_MEMORY", parse_memory, std::uint64_t{0});
  if (own > 0 && (session.max_memory == 0 || own < session.max_memory)) {
    session.max_memory = own;
  }
  if (session.compute.threads == 0) {
    session.compute.threads =
        from_environment("LOCKSTEP_THREADS", parse_threads, 0);
  }
  session.share = from_environment("LOCKSTEP_SHARE", parse_share, 0.0);
  session.split = options.split;
  return session;
}

} // namespace lockstep::app
