#include "launch/mpi.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

using namespace lockstep::launch;

TEST_CASE("mpirun is called with what keeps ranks fast and mortal") {
  RankProgram ranks;
  ranks.n_ranks = 3;
  ranks.program = "/opt/lockstep";
  ranks.argv = {"/opt/lockstep", "generate", "a model", "-p", "$HOME \"x\""};
  ranks.own_variables = {"LOCKSTEP_LIFELINE", "LOCKSTEP_TERMINAL"};
  const auto command = mpirun_command(ranks, "/usr/bin/mpirun", "/run/x");
  CHECK(command[0] == "mpirun");
  std::string text;
  for (const auto& word : command) {
    text += word + "|";
  }
  for (const char* part :
       {"|-n|3|",
        "|--oversubscribe|",
        "|--bind-to|none|",
        "|--mca|odls_base_sigkill_timeout|0|",
        "|--mca|mpi_yield_when_idle|1|",
        "|--mca|btl|vader,self|",
        "|--mca|btl_vader_backing_directory|/run/x|",
        "|--mca|orte_tmpdir_base|/run/x|",
        "|-x|LOCKSTEP_LIFELINE|",
        "|-x|LOCKSTEP_TERMINAL|",
        "|/opt/lockstep|generate|a model|-p|$HOME \"x\"|"}) {
    CAPTURE(text);
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
  }
  // The ranks' own arguments come last, as they are.
  CHECK(command.back() == "$HOME \"x\"");
}
