#include <exception>

#include <fmt/format.h>

#include "app/command.h"
#include "app/exit_codes.h"
#include "app/output.h"
#include "base/error.h"

namespace {

using lockstep::app::Arguments;
using lockstep::app::exit_code;
using lockstep::app::write_stderr;

constexpr char kExamples[] = R"(Examples:
  lockstep generate demo -p "Why is the sky blue?"
  lockstep generate model.gguf -p "Write a haiku" -n 2 --temperature 0
  mpirun -n 2 lockstep generate ./model -p "Hello"
  lockstep selftest -n 4

MODEL is a directory (Hugging Face or MLX layout), a .gguf file, the name of a
model in the hub's cache (org/name), or "demo".
Each command has its own help: lockstep generate --help)";

int run(const Arguments& arguments) {
  lockstep::app::CommandLine program(
      "Runs one large language model across several machines or GPUs as if "
      "they were one.",
      kExamples);
  lockstep::app::add_generate(program, arguments);
  lockstep::app::add_bench(program, arguments);
  lockstep::app::add_perplexity(program, arguments);
  lockstep::app::add_plan(program, arguments);
  lockstep::app::add_selftest(program, arguments);
  lockstep::app::add_hosts(program);
  lockstep::app::add_push(program);
  lockstep::app::add_doctor(program);
  lockstep::app::add_keep_rank(program);
  lockstep::app::add_receive(program);
  lockstep::app::add_check_host(program);
  lockstep::app::add_join_world(program, arguments);
  lockstep::app::add_tokenize(program);
  lockstep::app::add_detokenize(program);
  return program.run(arguments);
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run(Arguments(argv, argv + argc));
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
