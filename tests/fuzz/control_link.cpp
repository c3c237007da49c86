// Bytes that come over a control link, in pieces: frames, then messages.
// Seen to fail with: PayloadReader::take() not looking at what is left.
#include "fuzz/parsed.h"
#include "link/message.h"

using namespace lockstep;

extern "C" int LLVMFuzzerTestOneInput(
    const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::size_t piece = 1 + data[0];
  auto bytes = fuzz::text_of(data + 1, size - 1);
  fuzz::refuses_or_parses([&] {
    link::FrameReader reader("fuzz");
    while (!bytes.empty()) {
      reader.feed(bytes.substr(0, piece));
      bytes.remove_prefix(std::min(piece, bytes.size()));
      while (const auto frame = reader.next()) {
        fuzz::must(frame->payload.size() <= link::kMaxPayload);
        const auto message = link::decode(*frame, "fuzz");
        // What was taken in can be passed on, and is then the same.
        link::FrameReader again("fuzz");
        again.feed(link::encode(message));
        const auto copy = again.next();
        fuzz::must(copy && link::decode(*copy, "fuzz") == message);
      }
    }
  });
  return 0;
}
