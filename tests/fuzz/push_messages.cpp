// Bytes that come to either end of a push.
#include "fuzz/parsed.h"
#include "link/frame.h"
#include "push/messages.h"

using namespace lockstep;

extern "C" int LLVMFuzzerTestOneInput(
    const std::uint8_t* data, std::size_t size) {
  fuzz::refuses_or_parses([&] {
    link::FrameReader reader("fuzz", push::kMostPayload);
    reader.feed(fuzz::text_of(data, size));
    while (const auto frame = reader.next()) {
      const auto message = push::decode(*frame, "fuzz");
      link::FrameReader again("fuzz", push::kMostPayload);
      again.feed(push::encode(message));
      const auto copy = again.next();
      fuzz::must(
          copy &&
          push::encode(push::decode(*copy, "fuzz")) == push::encode(message));
    }
  });
  return 0;
}
