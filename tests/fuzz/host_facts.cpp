// What a shell on a host says of itself and of its place for lockstep.
#include "launch/host_facts.h"

#include "fuzz/parsed.h"
#include "launch/host_place.h"

using namespace lockstep;

extern "C" int LLVMFuzzerTestOneInput(
    const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  fuzz::refuses_or_parses([&] { launch::parse_host_facts(text); });
  fuzz::refuses_or_parses([&] { launch::parse_place(std::string(text)); });
  return 0;
}
