// The line that tells a keeper what its rank is to be.
#include "fuzz/parsed.h"
#include "launch/order.h"

using namespace lockstep;

extern "C" int LLVMFuzzerTestOneInput(
    const std::uint8_t* data, std::size_t size) {
  fuzz::refuses_or_parses([&] {
    const auto order = launch::parse_order(fuzz::text_of(data, size));
    const auto line = launch::to_line(order);
    const auto again =
        launch::parse_order(std::string_view(line).substr(0, line.size() - 1));
    fuzz::must(
        again.argv == order.argv && again.environment == order.environment &&
        again.directory == order.directory);
  });
  return 0;
}
