#include "app/world_options.h"

#include "base/error.h"

namespace lockstep::app {

namespace {

constexpr int kMostRanks = 64;

engine::ExchangeKind parse_exchange(const std::string& text) {
  for (const auto kind :
       {engine::ExchangeKind::gather, engine::ExchangeKind::sum}) {
    if (text == name_of(kind)) {
      return kind;
    }
  }
  fail(ErrorKind::usage, "--exchange is \"{}\", expected gather or sum", text);
}

} // namespace

void add_world_options(
    CLI::App& command, WorldOptions& options, bool exchange) {
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
  if (exchange) {
    command
        .add_option_function<std::string>(
            "--exchange",
            [&options](const std::string& text) {
              options.exchange = parse_exchange(text);
            },
            "how ranks hand over: gather (default) or sum")
        ->type_name("KIND");
  }
}

} // namespace lockstep::app
