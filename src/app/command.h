#pragma once

#include "app/command_line.h"

namespace lockstep::app {

// Each adds one command to the program. `argv` is this process's own command
// line, for the ranks that it may start.
void add_generate(CommandLine& program, const Arguments& argv);
void add_bench(CommandLine& program, const Arguments& argv);
void add_perplexity(CommandLine& program, const Arguments& argv);
void add_hosts(CommandLine& program);
void add_push(CommandLine& program);
void add_plan(CommandLine& program, const Arguments& argv);
void add_doctor(CommandLine& program);
void add_selftest(CommandLine& program, const Arguments& argv);
// Hidden, for lockstep itself: on hosts, and to try a world.
void add_keep_rank(CommandLine& program);
void add_receive(CommandLine& program);
void add_check_host(CommandLine& program);
void add_join_world(CommandLine& program, const Arguments& argv);
void add_tokenize(CommandLine& program);
void add_detokenize(CommandLine& program);

} // namespace lockstep::app
