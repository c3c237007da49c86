#include "launch/host_place.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "checkpoint/brought.h"
#include "launch/local.h"
#include "launch/ssh.h"
#include "push/program_files.h"

namespace lockstep::launch {

namespace {

constexpr std::string_view kHome = "~/";
constexpr std::string_view kBegin = "--- lockstep place begin ---";
constexpr std::string_view kEnd = "--- lockstep place end ---";

} // namespace

std::string place_on(const plan::Host& host) {
  return host.dir.empty() ? "~/.lockstep" : host.dir;
}

std::string models_on(const plan::Host& host) {
  return place_on(host) + "/models";
}

std::string place_word(const plan::Host& host, const std::string& below) {
  const auto path = place_on(host) + below;
  return path.starts_with(kHome)
             ? "\"$HOME\"/" + shell_command({path.substr(kHome.size())})
             : shell_command({path});
}

std::string program_on(const plan::Host& host) {
  auto program = place_word(host, "/bin/lockstep");
  if (!host.dir.empty()) {
    return program;
  }
  const auto script = fmt::format(
      "test ! -x {0} || exec {0} \"$@\"; exec {1} \"$@\"",
      program,
      shell_command({self_path().string()}));
  return shell_command({"/bin/sh", "-c", script, "lockstep"});
}

std::string program_text(const plan::Host& host) {
  const auto program = place_on(host) + "/bin/lockstep";
  return host.dir.empty()
             ? fmt::format("{} or {}", program, self_path().string())
             : program;
}

std::string place_script(const plan::Host& host) {
  constexpr std::string_view kScript = R"sh({{
echo '{begin}'
uname -sm | sed 's/^/system=/'
if test -f {place}/{mark}; then
  echo program=pushed
  cd {place} && find bin/lockstep lib/lockstep -type f -exec cksum {{}} + |
    sed 's/^/file=/'
elif test -x {place}/bin/lockstep; then
  echo program=own
elif test -x {elsewhere}; then
  echo program=elsewhere
else
  echo program=none
fi
echo '{end}'
}} </dev/null 2>/dev/null
)sh";
  return fmt::format(
      fmt::runtime(kScript),
      fmt::arg("begin", kBegin),
      fmt::arg("end", kEnd),
      fmt::arg("place", place_word(host, "")),
      fmt::arg("mark", push::kProgramMark),
      fmt::arg(
          "elsewhere",
          host.dir.empty() ? shell_command({self_path().string()}) : "''"));
}

PlaceFacts parse_place(const std::string& output) {
  constexpr std::string_view kSystem = "system=";
  constexpr std::string_view kProgram = "program=";
  constexpr std::string_view kFile = "file=";
  PlaceFacts facts;
  bool has_begun = false;
  for (std::string_view left = output; !left.empty();) {
    const auto end = left.find('\n');
    const auto line = left.substr(0, end);
    left.remove_prefix(end == std::string_view::npos ? left.size() : end + 1);
    if (!has_begun) {
      has_begun = line.ends_with(kBegin);
    } else if (line == kEnd) {
      std::sort(facts.checksums.begin(), facts.checksums.end());
      return facts;
    } else if (line.starts_with(kSystem)) {
      facts.system = line.substr(kSystem.size());
    } else if (line.starts_with(kProgram)) {
      using Program = PlaceFacts::Program;
      const auto word = line.substr(kProgram.size());
      facts.program = word == "pushed"      ? Program::pushed
                      : word == "own"       ? Program::own
                      : word == "elsewhere" ? Program::elsewhere
                                            : Program::none;
    } else if (line.starts_with(kFile)) {
      facts.checksums.emplace_back(line.substr(kFile.size()));
    }
  }
  fail(
      ErrorKind::network,
      "did not say what is in its place for lockstep, expected that a POSIX sh "
      "runs there");
}

std::string install_script(const plan::Host& host) {
  // What is there stays in use until the new one is known to run.
  constexpr std::string_view kScript = R"sh(set -e
umask 022
place={place}
new=$place/.new.$$
trap 'rm -rf "$new"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$new" "$place/bin" "$place/lib"
tar -xf - -C "$new"
"$new/bin/lockstep" --version >/dev/null
mkdir "$new/old"
test ! -e "$place/lib/lockstep" || mv "$place/lib/lockstep" "$new/old/"
mv "$new/lib/lockstep" "$place/lib/lockstep"
mv -f "$new/bin/lockstep" "$place/bin/lockstep"
)sh";
  return fmt::format(
      fmt::runtime(kScript), fmt::arg("place", place_word(host, "")));
}

std::string clean_script(const plan::Host& host) {
  constexpr std::string_view kScript = R"sh(place={place}
freed=0
remove() {{
  n=$(du -sk "$1" 2>/dev/null | sed 's/[^0-9].*//')
  rm -rf "$1" || exit 1
  freed=$((freed + ${{n:-0}}))
}}
if cd "$place" 2>/dev/null; then
  if test -f {mark}; then
    remove bin/lockstep
    remove lib/lockstep
  fi
  for model in models/*; do
    if test ! -L "$model" &&
      {{ test -f "$model/{list}" || test -f "$model/{list}.part"; }}; then
      remove "$model"
    fi
  done
  for folder in .new.*; do
    test ! -d "$folder" || remove "$folder"
  done
  rmdir bin lib models 2>/dev/null
  cd / && rmdir "$place" 2>/dev/null
fi
echo "freed=$freed"
)sh";
  return fmt::format(
      fmt::runtime(kScript),
      fmt::arg("place", place_word(host, "")),
      fmt::arg("mark", push::kProgramMark),
      fmt::arg("list", checkpoint::kBroughtName));
}

} // namespace lockstep::launch
