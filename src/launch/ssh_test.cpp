#include "launch/ssh.h"

#include <cstdlib>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "support/refused.h"

namespace lockstep::launch {

using testing::error_of;

TEST_CASE("ssh is called so that it neither asks nor waits") {
  ::unsetenv("LOCKSTEP_SSH");
  CHECK(
      fmt::format("{}", fmt::join(ssh_command("me@mac1"), " ")) ==
      "ssh -o BatchMode=yes -o ConnectTimeout=5 -o ServerAliveInterval=1 "
      "-o ServerAliveCountMax=3 -o LogLevel=ERROR "
      "-o ClearAllForwardings=yes -T -- me@mac1");
  ::setenv("LOCKSTEP_SSH", "  /opt/ssh  -F cfg ", 1);
  const auto command = ssh_command("mac1");
  CHECK(command[0] == "/opt/ssh");
  CHECK(command[2] == "cfg");
  CHECK(command[3] == "-o");
  ::setenv("LOCKSTEP_SSH", " ", 1);
  CHECK(
      error_of(ErrorKind::usage, [] { ssh_command("mac1"); }) ==
      "LOCKSTEP_SSH is \" \", expected a command such as \"ssh -F FILE\"; set "
      "it, or unset it");
  ::unsetenv("LOCKSTEP_SSH");
}

TEST_CASE("no host's name becomes an option") {
  CHECK(
      error_of(ErrorKind::usage, [] { ssh_command("-oProxyCommand=x"); }) ==
      "\"-oProxyCommand=x\" is no host that ssh can be called with, expected a "
      "name such as mac1 or user@10.0.0.1");
}

// Seen to fail with: a quote in a word left as it is.
TEST_CASE("words are quoted where a shell would change them") {
  CHECK(shell_command({"sh", "-s", "/a-b_c.d:e"}) == "sh -s /a-b_c.d:e");
  CHECK(
      shell_command({"echo", "", "a b", "it's", "$HOME"}) ==
      "echo '' 'a b' 'it'\\''s' '$HOME'");
}

TEST_CASE("what ssh says comes with what to do") {
  CHECK(
      ssh_advice("me@mac1: Permission denied (publickey).", "me@mac1") ==
      "set up a key for it: ssh-copy-id me@mac1");
  CHECK(
      ssh_advice("Host key verification failed.", "mac1") ==
      "its key is new here, or has changed; connect once by hand: ssh mac1");
  CHECK(
      ssh_advice(
          "ssh: connect to host mac1 port 22: Connection timed out", "mac1") ==
      "is it on, and on a network that reaches this machine?");
  CHECK(ssh_advice("something else", "mac1") == "try it by hand: ssh mac1");
}

} // namespace lockstep::launch
