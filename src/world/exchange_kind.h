#pragma once

#include <memory>
#include <string_view>

#include "world/exchange.h"
#include "world/group.h"

namespace lockstep::world {

/// The ways to carry packets; all give the same bits. `automatic` is the one
/// that measures fastest at the start.
enum class ExchangeKind { automatic, gather, sum, shift };

/// "auto", "gather", "sum" or "shift".
std::string_view name_of(ExchangeKind kind);

/// The way back. Throws Error{usage} naming the text.
ExchangeKind parse_exchange(std::string_view text);

/// Whether MLX has over `backend` what `kind` needs.
bool can_carry(Backend backend, ExchangeKind kind);
/// Throws Error{usage} when it has not.
void check_carries(Backend backend, ExchangeKind kind);

/// An exchange over `group`, of a kind that is not automatic; `purpose`:
/// exchange, or what exchanges are tried for. Throws Error{usage} when the
/// group's back end cannot carry it.
std::unique_ptr<Exchange> make_exchange(
    ExchangeKind kind, const Group& group, Purpose purpose = Purpose::exchange);

} // namespace lockstep::world
