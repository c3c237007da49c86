#include "app/world_options.h"

#include "base/error.h"

namespace lockstep::app {

namespace {

constexpr int kMostRanks = 64;
constexpr int kMostThreads = 1024;

engine::ExchangeKind parse_exchange(const std::string& text) {
  for (const auto kind :
       {engine::ExchangeKind::gather, engine::ExchangeKind::sum}) {
    if (text == name_of(kind)) {
      return kind;
    }
  }
  fail(ErrorKind::usage, "--exchange is \"{}\", expected gather or sum", text);
}

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

} // namespace

void add_world_options(CLI::App& command, WorldOptions& options) {
  command
      .add_option(
          "-n,--ranks",
          options.n_ranks,
          "start this many ranks on this machine")
      ->check(CLI::Range(1, kMostRanks))
      ->type_name("N");
  command
      .add_option_function<std::string>(
          "--backend",
          [&options](const std::string& text) {
            options.backend = parse_backend(text);
          },
          "what carries the collectives: auto, mpi, ring, nccl, jaccl")
      ->type_name("NAME");
}

void add_model_options(CLI::App& command, WorldOptions& options) {
  command
      .add_option_function<std::string>(
          "--exchange",
          [&options](const std::string& text) {
            options.exchange = parse_exchange(text);
          },
          "how ranks hand over: gather (default) or sum")
      ->type_name("KIND");
  command
      .add_option(
          "-t,--threads",
          options.compute.threads,
          "of each rank (its share of the cores)")
      ->check(CLI::Range(1, kMostThreads))
      ->type_name("N");
  command
      .add_option_function<std::string>(
          "--kernels",
          [&options](const std::string& text) {
            options.compute.kernels = parse_kernels(text);
          },
          "on CPUs: exact (default), fast (rounds to 8 bits) or mlx")
      ->type_name("KIND");
}

} // namespace lockstep::app
