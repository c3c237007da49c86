// The text of a hosts file.
#include "fuzz/parsed.h"
#include "plan/hosts.h"

using namespace lockstep;

extern "C" int LLVMFuzzerTestOneInput(
    const std::uint8_t* data, std::size_t size) {
  std::string text;
  fuzz::refuses_or_parses([&] {
    const auto hosts = plan::parse_hosts(fuzz::text_of(data, size), "fuzz");
    fuzz::must(!hosts.hosts.empty() && hosts.hosts.size() <= plan::kMostHosts);
    text = plan::hosts_text(hosts);
  });
  // What we write we read.
  if (!text.empty()) {
    fuzz::must(plan::hosts_text(plan::parse_hosts(text, "fuzz")) == text);
  }
  return 0;
}
