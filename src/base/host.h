#pragma once

#include <string>

namespace lockstep {

/// The name of this machine; "?" when it has none.
std::string host_name();

} // namespace lockstep
