#pragma once

#include <vector>

#include <signal.h>

#include "link/descriptor.h"

namespace lockstep::launch {

/// A descriptor that is readable when one of the blocked signals in `watched`
/// has come. Throws Error{internal}.
link::Descriptor open_signal_source(const sigset_t& watched);

/// Takes what came. Does not block.
std::vector<int> read_signal_source(int fd, const sigset_t& watched);

} // namespace lockstep::launch
