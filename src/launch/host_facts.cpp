#include "launch/host_facts.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/utf8.h"
#include "launch/interfaces.h"

namespace lockstep::launch {

namespace {

constexpr std::string_view kBegin = "--- lockstep host begin ---";
constexpr std::string_view kEnd = "--- lockstep host end ---";

// Each tool's lines come as they are, with a key before them, so that all
// reading of them is here. In braces, so that a part of it does nothing, and
// with a stdin of its own, as its tools would read the rest of it.
constexpr std::string_view kScript = R"sh({
LC_ALL=C
PATH=$PATH:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
export LC_ALL PATH
as() { sed "s/^/$1=/"; }
has() { command -v "$1" >/dev/null; }
echo '--- lockstep host begin ---'
uname -n | as name
uname -s | as os
uname -m | as machine
{ getconf _NPROCESSORS_ONLN || nproc; } | as cores
if test -r /proc/meminfo; then
  grep '^Mem' /proc/meminfo | as meminfo
fi
if has ip; then
  ip -o link show up | as link
  ip -o -4 addr show up | as address
else
  ifconfig -a | as ifconfig
fi
if test "$(uname -s)" = Darwin; then
  sysctl -n hw.memsize | as memsize
  sysctl -n machdep.cpu.brand_string | as chip
  vm_stat | as vm_stat
  networksetup -listallhardwareports | as port
fi
if has nvidia-smi; then
  nvidia-smi --query-gpu=name,memory.total,memory.free \
    --format=csv,noheader,nounits | as gpu
fi
echo '--- lockstep host end ---'
} </dev/null 2>/dev/null
)sh";

constexpr std::uint64_t kMostBytes = 1'000'000'000'000'000;

/// The number that stands first in a text, after spaces; 0 when there is none or
/// it is larger than any machine's.
std::uint64_t number_in(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  std::uint64_t number = 0;
  if (begin != std::string_view::npos) {
    std::from_chars(text.data() + begin, text.data() + text.size(), number);
  }
  return number <= kMostBytes ? number : 0;
}

/// What follows `label` in a line that begins with it.
std::optional<std::uint64_t> labelled(
    std::string_view line, std::string_view label) {
  return line.starts_with(label)
             ? std::optional(number_in(line.substr(label.size())))
             : std::nullopt;
}

std::string clean(std::string_view text) {
  constexpr std::size_t kMost = 100;
  const auto end = text.find_last_not_of(" \t\r");
  return one_line(text.substr(0, end + 1), kMost);
}

class FactsReader {
 public:
  void add(std::string_view key, std::string_view value);
  HostFacts finish();

 private:
  void add_meminfo(std::string_view line);
  void add_vm_stat(std::string_view line);
  void add_gpu(std::string_view line);

  HostFacts facts_;
  Interfaces interfaces_;
  std::uint64_t page_bytes_ = 0;
};

void FactsReader::add(std::string_view key, std::string_view value) {
  constexpr std::uint64_t kMostCores = 100'000;
  if (key == "name") {
    facts_.name = clean(value);
  } else if (key == "os") {
    facts_.os = clean(value);
  } else if (key == "machine") {
    facts_.machine = clean(value);
  } else if (key == "cores") {
    facts_.cores = static_cast<int>(std::min(number_in(value), kMostCores));
  } else if (key == "meminfo") {
    add_meminfo(value);
  } else if (key == "memsize") {
    facts_.memory_bytes = number_in(value);
  } else if (key == "vm_stat") {
    add_vm_stat(value);
  } else if (key == "gpu") {
    add_gpu(value);
  } else if (key == "chip") {
    facts_.gpus.push_back({clean(value), 0, 0});
  } else if (key == "link") {
    interfaces_.add_ip_link(value);
  } else if (key == "address") {
    interfaces_.add_ip_address(value);
  } else if (key == "ifconfig") {
    interfaces_.add_ifconfig(value);
  } else if (key == "port") {
    interfaces_.add_hardware_port(value);
  }
}

void FactsReader::add_meminfo(std::string_view line) {
  constexpr std::uint64_t kUnit = 1024;
  if (const auto total = labelled(line, "MemTotal:")) {
    facts_.memory_bytes = std::min(*total, kMostBytes / kUnit) * kUnit;
  } else if (const auto free = labelled(line, "MemAvailable:")) {
    facts_.free_bytes = std::min(*free, kMostBytes / kUnit) * kUnit;
  }
}

void FactsReader::add_vm_stat(std::string_view line) {
  constexpr std::string_view kSize = "page size of ";
  if (const auto at = line.find(kSize); at != std::string_view::npos) {
    constexpr std::uint64_t kMostPage = 1U << 20U;
    page_bytes_ =
        std::min(number_in(line.substr(at + kSize.size())), kMostPage);
  }
  // What the system takes from files and idle programs when it is asked.
  for (const auto* label :
       {"Pages free:",
        "Pages inactive:",
        "Pages speculative:",
        "Pages purgeable:"}) {
    if (const auto pages = labelled(line, label)) {
      facts_.free_bytes += std::min(*pages, kMostBytes >> 20U) * page_bytes_;
    }
  }
}

void FactsReader::add_gpu(std::string_view line) {
  // NVIDIA H200, 143771, 143155
  constexpr std::uint64_t kUnit = 1024 * 1024;
  const auto last = line.rfind(',');
  const auto middle = last == std::string_view::npos || last == 0
                          ? last
                          : line.rfind(',', last - 1);
  if (middle == std::string_view::npos) {
    return; // nvidia-smi without a driver, say
  }
  const auto bytes = [](std::string_view text) {
    return std::min(number_in(text), kMostBytes / kUnit) * kUnit;
  };
  facts_.gpus.push_back(
      {clean(line.substr(0, middle)),
       bytes(line.substr(middle + 1, last - middle - 1)),
       bytes(line.substr(last + 1))});
}

HostFacts FactsReader::finish() {
  facts_.addresses = interfaces_.addresses();
  const char* missing = facts_.name.empty()        ? "name"
                        : facts_.os.empty()        ? "system"
                        : facts_.cores == 0        ? "cores"
                        : facts_.memory_bytes == 0 ? "memory"
                                                   : nullptr;
  if (missing != nullptr) {
    fail(
        ErrorKind::network,
        "does not tell its {}, expected Linux or macOS with the usual tools",
        missing);
  }
  facts_.free_bytes = std::min(facts_.free_bytes, facts_.memory_bytes);
  return std::move(facts_);
}

} // namespace

std::string_view host_script() {
  return kScript;
}

HostFacts parse_host_facts(std::string_view output) {
  FactsReader reader;
  bool has_begun = false;
  while (!output.empty()) {
    const auto end = output.find('\n');
    const auto line = output.substr(0, end);
    output.remove_prefix(
        end == std::string_view::npos ? output.size() : end + 1);
    if (has_begun && line == kEnd) {
      return reader.finish();
    }
    const auto equals = line.find('=');
    if (line.ends_with(kBegin)) {
      has_begun = true; // noise may end without a newline
    } else if (has_begun && equals != std::string_view::npos) {
      reader.add(line.substr(0, equals), line.substr(equals + 1));
    }
  }
  fail(
      ErrorKind::network,
      "{}, expected that a POSIX sh runs there",
      has_begun ? "answered in part" : "did not answer what was asked");
}

} // namespace lockstep::launch
