#pragma once

namespace lockstep::launch {

/// Tells a rank, whose stderr is a pipe, how wide the launcher's terminal is;
/// not set when there is none.
inline constexpr char kTerminalVariable[] = "LOCKSTEP_TERMINAL";

/// Columns of the terminal that our stderr is; 0 when it is none.
int terminal_columns();

} // namespace lockstep::launch
