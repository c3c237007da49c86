#include "world/exchange_kind.h"

#include <array>
#include <utility>

#include "base/error.h"
#include "world/gather_exchange.h"
#include "world/shift_exchange.h"
#include "world/sum_exchange.h"

namespace lockstep::world {

namespace {

constexpr std::array<std::pair<ExchangeKind, std::string_view>, 4> kNames{
    {{ExchangeKind::automatic, "auto"},
     {ExchangeKind::gather, "gather"},
     {ExchangeKind::sum, "sum"},
     {ExchangeKind::shift, "shift"}}};

} // namespace

std::string_view name_of(ExchangeKind kind) {
  for (const auto& [known, name] : kNames) {
    if (known == kind) {
      return name;
    }
  }
  fail(ErrorKind::internal, "an exchange without a name");
}

ExchangeKind parse_exchange(std::string_view text) {
  for (const auto& [kind, name] : kNames) {
    if (name == text) {
      return kind;
    }
  }
  fail(
      ErrorKind::usage,
      "--exchange is \"{}\", expected auto, gather, sum or shift",
      text);
}

bool can_carry(Backend backend, ExchangeKind kind) {
  return kind != ExchangeKind::shift || backend != Backend::nccl;
}

void check_carries(Backend backend, ExchangeKind kind) {
  if (!can_carry(backend, kind)) {
    fail(
        ErrorKind::usage,
        "--exchange is {} and MLX has no send and receive over {}; use auto, "
        "gather or sum",
        name_of(kind),
        name_of(backend));
  }
}

std::unique_ptr<Exchange> make_exchange(
    ExchangeKind kind, const Group& group, Purpose purpose) {
  check_carries(group.backend(), kind);
  switch (kind) {
    case ExchangeKind::gather:
      return std::make_unique<GatherExchange>(group, purpose);
    case ExchangeKind::sum:
      return std::make_unique<SumExchange>(group, purpose);
    case ExchangeKind::shift:
      return std::make_unique<ShiftExchange>(group, purpose);
    case ExchangeKind::automatic:
      break;
  }
  fail(ErrorKind::internal, "an exchange is to be made before it is chosen");
}

} // namespace lockstep::world
