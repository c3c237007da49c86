#include "base/backend.h"

#include <string>

#include <doctest/doctest.h>

#include "base/error.h"

using namespace lockstep;

TEST_CASE("the names of back ends are read back") {
  for (const auto backend :
       {Backend::automatic,
        Backend::mpi,
        Backend::ring,
        Backend::nccl,
        Backend::jaccl}) {
    CHECK(parse_backend(name_of(backend)) == backend);
  }
  CHECK(name_of(Backend::automatic) == "auto");
  CHECK(name_of(Backend::jaccl) == "jaccl");
}

TEST_CASE("an unknown back end is refused with what is known") {
  for (const char* text : {"", "MPI", "any", "mpi "}) {
    try {
      parse_backend(text);
      FAIL("taken");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(
          std::string(error.what()).find("auto, mpi, ring, nccl or jaccl") !=
          std::string::npos);
    }
  }
}
