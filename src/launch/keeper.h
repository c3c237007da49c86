#pragma once

namespace lockstep::launch {

/// Keeps one rank on a host for a launcher elsewhere: reads an Order from
/// stdin, starts this program with it, and ends it (politely, then by SIGKILL)
/// when stdin ends or is silent, as both mean that the launcher or the way to
/// it is gone. The launcher writes a byte at least every kKeepAlive.
///
/// Returns what a shell would: the rank's exit code, or 128 and its signal.
/// Throws Error{network} when no order comes or the rank cannot be started.
/// Call it from the main thread before others are started.
int keep_rank();

} // namespace lockstep::launch
