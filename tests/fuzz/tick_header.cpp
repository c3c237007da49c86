// The words of a tick's header, as a rank gets them.
#include <cstring>
#include <vector>

#include "fuzz/parsed.h"
#include "sched/header.h"

using namespace lockstep;

extern "C" int LLVMFuzzerTestOneInput(
    const std::uint8_t* data, std::size_t size) {
  std::vector<std::int32_t> words(size / sizeof(std::int32_t));
  if (!words.empty()) {
    std::memcpy(words.data(), data, words.size() * sizeof(std::int32_t));
  }
  const sched::Limits limits{8, 1024, 1000, 256};
  fuzz::refuses_or_parses([&] {
    const auto header = sched::decode(words, limits);
    std::vector<std::int32_t> again(
        static_cast<std::size_t>(sched::header_words(header)));
    sched::encode(header, again);
    fuzz::must(sched::decode(again, limits) == header);
  });
  return 0;
}
