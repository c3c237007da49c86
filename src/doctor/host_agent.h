#pragma once

#include "doctor/machine.h"

namespace lockstep::doctor {

/// What lockstep does on a host that is checked: answers questions, a line of
/// JSON each, on stdin until it ends (launch/host_lines). `question` says what
/// this program is; what the launcher asks for replaces the rest.
///
///   {"ask": "facts", "directory", "model", "needs_mpi"} -> HostReport
///   {"ask": "clock"} -> {"microseconds"}, since 1970
///   {"ask": "listen", "token", "ips": […], "ports": [[ip, port]…]}
///     -> {"places": [{"port", "failure"}…], "ports": [failure…]}
///   {"ask": "reach", "to": [[ip, port]…]} -> {"failures": ["", …]}
///   {"ask": "measure", "to": [[ip, port]]} -> {"latency_us", "bytes_per_s"}
///
/// What cannot be done is answered by {"failure"}. Returns the exit code.
int answer_questions(MachineQuestion question);

} // namespace lockstep::doctor
