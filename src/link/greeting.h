#pragma once

#include <chrono>
#include <optional>

#include "link/frame.h"
#include "link/message.h"
#include "link/secret.h"

namespace lockstep::link {

/// A rank's first words with its launcher, on the main thread before anything
/// else reads the socket: with a secret both prove that they know it; then
/// hello and welcome. Puts the stdin, stdout and stderr that the welcome
/// brings in their places; of forwarded ones stdin. `reader` keeps what comes
/// behind. Throws Error{network} when the launcher says no, something else, or
/// nothing in `patience`.
Streams greet(
    int socket,
    FrameReader& reader,
    const Hello& hello,
    const std::optional<Secret>& secret,
    std::chrono::milliseconds patience);

} // namespace lockstep::link
