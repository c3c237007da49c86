// The scripts run here, with a home of their own.
#include "launch/host_place.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "base/file.h"
#include "checkpoint/brought.h"
#include "launch/remote.h"
#include "push/program_files.h"
#include "push/tar_stream.h"
#include "support/refused.h"
#include "support/temp_folder.h"

namespace lockstep::launch {

namespace fs = std::filesystem;

using testing::TempFolder;
using Program = PlaceFacts::Program;

namespace {

/// A machine that is a folder: HOME, and a way to run scripts there.
struct Machine {
  explicit Machine(const std::string& dir = "") { host.dir = dir; }

  RemoteResult run(
      const std::string& script, const std::string& in = "") const {
    const auto home = "HOME=" + folder.path().string();
    return run_on_hosts({{"localhost", {"env", home, "sh", "-c", script}, in}})
        .at(0);
  }
  PlaceFacts facts() const { return parse_place(run(place_script(host)).out); }
  RemoteResult install(const std::vector<push::ProgramFile>& files) const {
    push::TarStream stream(files);
    std::string archive;
    for (auto bytes = stream.next(); !bytes.empty(); bytes = stream.next()) {
      archive += bytes;
    }
    return run(install_script(host), archive);
  }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((place() / name).parent_path());
    folder.write(fs::relative(place() / name, folder.path()), text);
    fs::permissions(place() / name, fs::perms::owner_all);
  }
  fs::path place() const {
    return folder.path() /
           (host.dir.empty() ? ".lockstep" : host.dir.substr(2));
  }

  TempFolder folder;
  plan::Host host;
};

std::vector<push::ProgramFile> program_that(const std::string& does) {
  const auto file = [](const char* place, const std::string& text) {
    return push::ProgramFile{place, {}, text, text.size(), true};
  };
  return {
      file("bin/lockstep", "#!/bin/sh\n" + does + "\n"),
      file(push::kProgramMark, "pushed\n"),
      file("lib/lockstep/some/library", "library")};
}

} // namespace

TEST_CASE("a place says what is in it") {
  // Seen to fail with: checksums of files outside the program's folders.
  for (const auto* dir : {"", "~/it's here"}) {
    const Machine machine(dir);
    CHECK(machine.facts().system == push::system_name());
    CHECK(
        machine.facts().program ==
        (*dir == '\0' ? Program::elsewhere : Program::none));
    const auto files = program_that("echo $1");
    const auto done = machine.install(files);
    CHECK_MESSAGE(done.is_good(), done.err);
    auto facts = machine.facts();
    CHECK(facts.program == Program::pushed);
    CHECK(facts.checksums == push::checksum_lines(files));
    machine.write("lib/lockstep/some/library", "Library");
    CHECK(machine.facts().checksums != facts.checksums);
    fs::remove_all(machine.place() / "lib");
    CHECK(machine.facts().program == Program::own);
  }
}

TEST_CASE("a program that does not run there changes nothing") {
  // Seen to fail with: --version not tried.
  const Machine machine;
  REQUIRE(machine.install(program_that("echo one")).is_good());
  const auto before = machine.facts().checksums;
  const auto failed = machine.install(program_that("echo no luck >&2; exit 1"));
  CHECK(!failed.is_good());
  CHECK(remote_failure(failed).find("no luck") != std::string::npos);
  CHECK(machine.facts().checksums == before);
  REQUIRE(machine.install(program_that("echo two")).is_good());
  CHECK(machine.facts().checksums != before);
  int n_entries = 0; // bin and lib, and nothing of the installing
  for (const auto& entry : fs::directory_iterator(machine.place())) {
    n_entries += entry.is_directory() ? 1 : 100;
  }
  CHECK(n_entries == 2);
}

TEST_CASE("the program of a place is run, else the one where ours lies") {
  // Seen to fail with: our own place taken first; a `dir` without a program
  // that falls back to it.
  const Machine machine;
  machine.write("bin/lockstep", "#!/bin/sh\necho it is $*\n");
  CHECK(
      machine.run("exec " + program_on(machine.host) + " a 'b c'").out ==
      "it is a b c\n");
  fs::remove(machine.place() / "bin/lockstep");
  const auto ours = machine.run("exec " + program_on(machine.host) + " --help");
  CHECK(ours.out.find("doctest") != std::string::npos); // this very program
  const Machine other("~/there");
  const auto none = other.run("exec " + program_on(other.host) + " a");
  CHECK(none.end->exit_code == 127);
  CHECK(none.err.find("/there/bin/lockstep") != std::string::npos);
}

TEST_CASE("cleaning takes what push brought and nothing else") {
  // Seen to fail with: all of models/ removed, links taken for folders.
  const Machine machine;
  REQUIRE(machine.install(program_that("echo")).is_good());
  const std::string list = checkpoint::kBroughtName;
  machine.write("models/whole/" + list, "{}");
  machine.write("models/whole/weights", std::string(300'000, 'x'));
  machine.write("models/half/" + list + ".part", "{}");
  machine.write("models/mine/weights", "mine");
  machine.write("elsewhere/" + list, "{}");
  fs::create_directory_symlink(
      machine.place() / "elsewhere", machine.place() / "models/link");
  const auto done = machine.run(clean_script(machine.host));
  CHECK(done.is_good());
  CHECK(std::atoi(done.out.c_str() + std::string("freed=").size()) > 290);
  CHECK(!fs::exists(machine.place() / "bin"));
  CHECK(!fs::exists(machine.place() / "lib"));
  CHECK(!fs::exists(machine.place() / "models/whole"));
  CHECK(!fs::exists(machine.place() / "models/half"));
  CHECK(fs::exists(machine.place() / "models/mine/weights"));
  CHECK(fs::is_symlink(machine.place() / "models/link"));
  CHECK(fs::exists(machine.place() / "elsewhere" / list));

  // A program that somebody built there stays; a place that is empty goes.
  const Machine own("~/own");
  own.write("bin/lockstep", "#!/bin/sh\n");
  CHECK(own.run(clean_script(own.host)).out == "freed=0\n");
  CHECK(fs::exists(own.place() / "bin/lockstep"));
  const Machine only;
  REQUIRE(only.install(program_that("echo")).is_good());
  CHECK(only.run(clean_script(only.host)).is_good());
  CHECK(!fs::exists(only.place()));
  CHECK(only.run(clean_script(only.host)).out == "freed=0\n");
}

TEST_CASE("an answer that is none is refused") {
  for (const auto* text : {"", "hello", "--- lockstep place begin ---\n"}) {
    testing::check_refused(
        ErrorKind::network, {"POSIX sh"}, [&] { parse_place(text); });
  }
}

} // namespace lockstep::launch
