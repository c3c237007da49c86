#pragma once

#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace lockstep::app {

/// The command line of this process, as it was given.
using Arguments = std::vector<std::string>;

/// What the chosen command does; returns the exit code, may throw Error.
using Action = std::function<int()>;

// Each adds one command to the program; when it is chosen, `action` becomes
// what it does.
void add_generate(CLI::App& program, const Arguments& argv, Action& action);
void add_perplexity(CLI::App& program, const Arguments& argv, Action& action);
void add_selftest(CLI::App& program, const Arguments& argv, Action& action);
void add_tokenize(CLI::App& program, Action& action);
void add_detokenize(CLI::App& program, Action& action);

} // namespace lockstep::app
