#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "lockstep_text.h"

namespace lockstep::text {

/// Copies a text of the Rust side and frees it; `text` is empty after that.
std::string take(LockstepText& text);

/// Throws Error{kind}: `where`, then the Rust side's reason, on one line.
[[noreturn]] void fail_with(
    ErrorKind kind, std::string_view where, LockstepText& reason);

} // namespace lockstep::text
