#include "world/exchange_kind.h"

#include <doctest/doctest.h>

#include "base/error.h"

namespace lockstep::world {

TEST_CASE("every kind has a name that is read back") {
  for (const auto kind :
       {ExchangeKind::automatic,
        ExchangeKind::gather,
        ExchangeKind::sum,
        ExchangeKind::shift}) {
    CHECK(parse_exchange(name_of(kind)) == kind);
  }
  CHECK_THROWS_WITH_AS(
      parse_exchange("Gather"),
      doctest::Contains("expected auto, gather, sum or shift"),
      Error);
}

TEST_CASE("only what MLX has over a back end is carried by it") {
  // Seen to fail with: shift let through over every back end.
  for (const auto backend : {Backend::mpi, Backend::ring, Backend::jaccl}) {
    CHECK_NOTHROW(check_carries(backend, ExchangeKind::shift));
  }
  for (const auto kind :
       {ExchangeKind::automatic, ExchangeKind::gather, ExchangeKind::sum}) {
    CHECK_NOTHROW(check_carries(Backend::nccl, kind));
  }
  CHECK_THROWS_WITH_AS(
      check_carries(Backend::nccl, ExchangeKind::shift),
      doctest::Contains("no send and receive over nccl"),
      Error);
}

} // namespace lockstep::world
