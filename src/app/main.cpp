#include <algorithm>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/command.h"
#include "app/exit_codes.h"
#include "app/output.h"
#include "base/error.h"

namespace {

using lockstep::app::Action;
using lockstep::app::Arguments;
using lockstep::app::exit_code;
using lockstep::app::write_stderr;

constexpr char kFooter[] = R"(Examples:
  lockstep generate demo -p "Why is the sky blue?"
  lockstep generate model.gguf -p "Write a haiku" -n 2 --temperature 0
  mpirun -n 2 lockstep generate ./model -p "Hello"
  lockstep selftest -n 4

MODEL is a directory (Hugging Face or MLX layout), a .gguf file, the name of a
model in the hub's cache (org/name), or "demo".
Each command has its own help: lockstep generate --help)";

bool has_command(const CLI::App& program, const std::string& name) {
  const auto commands = program.get_subcommands({});
  return std::any_of(commands.begin(), commands.end(), [&](const auto* c) {
    return c->get_name() == name;
  });
}

int run(int argc, char** argv) {
  const Arguments arguments(argv, argv + argc);
  CLI::App program(
      "Runs one large language model across several machines or GPUs as if "
      "they were one.",
      "lockstep");
  program.set_version_flag("--version", "lockstep " LOCKSTEP_VERSION);
  program.footer(kFooter);
  program.require_subcommand(1);
  Action action;
  lockstep::app::add_generate(program, arguments, action);
  lockstep::app::add_perplexity(program, arguments, action);
  lockstep::app::add_selftest(program, arguments, action);
  lockstep::app::add_tokenize(program, action);
  lockstep::app::add_detokenize(program, action);
  // CLI11 would only say that a command is missing.
  if (argc > 1 && argv[1][0] != '-' && !has_command(program, argv[1])) {
    write_stderr(fmt::format(
        "lockstep: \"{}\" is no command; see lockstep --help\n", argv[1]));
    return exit_code(lockstep::ErrorKind::usage);
  }
  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& e) {
    return program.exit(e);
  } catch (const CLI::ParseError& e) {
    write_stderr(fmt::format(
        "lockstep: {}; see lockstep --help\n", std::string(e.what())));
    return exit_code(lockstep::ErrorKind::usage);
  }
  return action();
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const lockstep::Error& e) {
    if (e.kind() != lockstep::ErrorKind::closed) {
      write_stderr(fmt::format("lockstep: {}\n", e.what()));
    }
    return exit_code(e.kind());
  } catch (const std::exception& e) {
    write_stderr(fmt::format("lockstep: {}\n", e.what()));
    return exit_code(lockstep::ErrorKind::internal);
  }
}
