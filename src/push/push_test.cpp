#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/file.h"
#include "checkpoint/brought.h"
#include "link/digest.h"
#include "push/receiver.h"
#include "push/sender.h"
#include "support/refused.h"
#include "support/temp_folder.h"

namespace lockstep::push {

namespace fs = std::filesystem;

using checkpoint::ModelFile;
using testing::check_refused;
using testing::TempFolder;

namespace {

constexpr std::uint64_t kSize = 5 * kPieceBytes + 1000;
constexpr char kModel[] = "m";
constexpr char kName[] = "m.gguf";

std::string some_bytes(std::uint64_t n) {
  std::string bytes(n, '\0');
  std::uint32_t state = 1;
  for (auto& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24U | 1U); // never zero
  }
  return bytes;
}

/// A model here and a place to push it to.
struct World {
  World() : bytes(some_bytes(kSize)) { write(); }

  void write() const { from.write("model", bytes); }
  /// As a host of these bytes is to have it.
  Cargo cargo(std::vector<Span> needed = {{0, kSize}}) const {
    return {kModel, {{kName, from.path() / "model", kSize, std::move(needed)}}};
  }
  fs::path folder() const { return to.path() / "models" / kModel; }
  fs::path file() const { return folder() / kName; }
  bool has_arrived() const { return read_text_file(file()) == bytes; }

  std::string bytes;
  TempFolder from;
  TempFolder to;
};

/// Both ends in turns, with what happens to messages on their way.
struct Push {
  Push(const World& world, const Cargo& cargo, const SendOptions& options = {})
      : sender(cargo, options),
        receiver(world.to.path() / "models", [this](const Message& message) {
          answers.push_back(encode(message));
        }) {}

  /// -> the number of pieces that went; `most` of them
  int run(int most = 1000) {
    link::FrameReader frames("", kMostPayload);
    int n_pieces = 0;
    while (!sender.is_done()) {
      auto bytes = sender.next();
      if (!bytes.empty()) {
        frames.feed(bytes);
        auto message = decode(*frames.next(), "");
        if (auto* piece = std::get_if<Piece>(&message)) {
          if (n_pieces++ == most) {
            return most;
          }
          if (n_damaged > 0) {
            --n_damaged;
            piece->bytes.back() ^= 1;
          }
        }
        receiver.take(message);
      } else {
        const bool someone_goes_on =
            sender.can_go_on() || sender.is_done() || !answers.empty();
        REQUIRE(someone_goes_on);
      }
      if (!answers.empty()) {
        sender.feed(answers.front());
        answers.pop_front();
      }
    }
    return n_pieces;
  }

  int n_damaged = 0; // pieces that are, on their way
  std::deque<std::string> answers;
  Sender sender;
  Receiver receiver;
};

int push(
    const World& world, const Cargo& cargo, const SendOptions& options = {}) {
  return Push(world, cargo, options).run();
}

void change_byte(const fs::path& path, std::uint64_t at, bool keeps_time) {
  const auto time = fs::last_write_time(path);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(at));
  file.put('\0');
  file.close();
  if (keeps_time) {
    fs::last_write_time(path, time);
  } else {
    fs::last_write_time(path, time + std::chrono::seconds(1));
  }
}

} // namespace

TEST_CASE("a file arrives whole, and again only what has changed") {
  // Seen to fail with: pieces whose digest differs kept, sources not compared.
  World world;
  const auto cargo = world.cargo();
  CHECK(push(world, cargo) == 6);
  CHECK(world.has_arrived());
  CHECK(push(world, cargo) == 0);
  // From another time with the same bytes: compared by checksums.
  fs::last_write_time(
      cargo.files[0].path,
      fs::last_write_time(cargo.files[0].path) + std::chrono::seconds(5));
  {
    Push again(world, cargo);
    CHECK(again.run() == 0);
    CHECK(again.sender.present() == kSize);
  }
  world.bytes[3 * kPieceBytes + 5] = 'z';
  world.write();
  CHECK(push(world, cargo) == 1);
  CHECK(world.has_arrived());
}

TEST_CASE("a byte that was changed there is found and mended") {
  // Seen to fail with: times of the file there not looked at; verify ignored.
  const World world;
  const auto cargo = world.cargo();
  push(world, cargo);
  change_byte(world.file(), 2 * kPieceBytes + 7, false);
  CHECK(push(world, cargo) == 1);
  CHECK(world.has_arrived());
  change_byte(world.file(), 2 * kPieceBytes + 7, true);
  CHECK(push(world, cargo) == 0); // as its time says
  SendOptions verify;
  verify.verify = true;
  CHECK(push(world, cargo, verify) == 1);
  CHECK(world.has_arrived());
}

TEST_CASE("only the bytes that are needed come, the others are holes") {
  // Seen to fail with: pieces of an earlier push dropped from the list.
  const World world;
  const Span first{100, kPieceBytes};
  const Span second{3 * kPieceBytes, kPieceBytes / 2};
  CHECK(push(world, world.cargo({first, second})) == 3);
  CHECK(fs::file_size(world.file()) == kSize);
  const auto bytes = read_text_file(world.file());
  for (const auto& span : {first, second}) {
    const bool is_here = bytes.substr(span.offset, span.bytes) ==
                         world.bytes.substr(span.offset, span.bytes);
    CHECK(is_here);
  }
  const auto between = bytes.substr(2 * kPieceBytes, kPieceBytes);
  const bool is_hole = between == std::string(kPieceBytes, '\0');
  CHECK(is_hole);
  // For another split of the layers, and back.
  CHECK(push(world, world.cargo({{4 * kPieceBytes, 10}})) == 1);
  CHECK(push(world, world.cargo({first, second})) == 0);
  const auto brought =
      checkpoint::read_brought(world.folder() / checkpoint::kBroughtName);
  CHECK(
      brought->find(kName)->held() ==
      std::vector<Span>{first, second, {4 * kPieceBytes, 10}});
  // With an end in the midst of a piece that is there.
  CHECK(push(world, world.cargo({{100, kPieceBytes / 2}})) == 0);
  CHECK(push(world, world.cargo({{100, kPieceBytes + 1}})) == 1);
  CHECK(push(world, world.cargo({first, second})) == 0);
}

TEST_CASE("a push that was cut off goes on with what is missing") {
  // Seen to fail with: pieces written into the file under its name, NAME.part
  // emptied when it is opened.
  const World world;
  const auto cargo = world.cargo();
  CHECK(Push(world, cargo).run(4) == 4);
  CHECK(!fs::exists(world.file()));
  CHECK(!fs::exists(world.folder() / checkpoint::kBroughtName));
  CHECK(push(world, cargo) == 2);
  CHECK(world.has_arrived());
  CHECK(push(world, cargo) == 0);
}

TEST_CASE("a whole file is hidden while it changes") {
  // Seen to fail with: pieces written into the file under its name.
  World world;
  const auto cargo = world.cargo();
  push(world, cargo);
  world.bytes.assign(kSize, 'q');
  world.write();
  CHECK(Push(world, cargo).run(2) == 2);
  CHECK(!fs::exists(world.file()));
  CHECK(push(world, cargo) == 4);
  CHECK(world.has_arrived());
}

TEST_CASE("a piece that arrives damaged is asked for again, once") {
  // Seen to fail with: checksums of pieces not compared.
  const World world;
  const auto cargo = world.cargo();
  Push once(world, cargo);
  once.n_damaged = 1;
  CHECK(once.run() == 7);
  CHECK(world.has_arrived());
  const World other;
  const auto same = other.cargo({{0, kPieceBytes}});
  Push always(other, same);
  always.n_damaged = 1000;
  check_refused(ErrorKind::network, {kName, "checksum"}, [&] { always.run(); });
}

TEST_CASE("a dry run counts and changes nothing") {
  // Seen to fail with: pieces sent nevertheless.
  World world;
  const auto cargo = world.cargo();
  SendOptions dry;
  dry.dry_run = true;
  Push counted(world, cargo, dry);
  CHECK(counted.run() == 0);
  CHECK(counted.sender.sent() == kSize);
  CHECK(!fs::exists(world.to.path() / "models"));
  push(world, cargo);
  world.bytes[0] = '!';
  world.write();
  Push recounted(world, cargo, dry);
  CHECK(recounted.run() == 0);
  CHECK(recounted.sender.sent() == kPieceBytes);
  CHECK(recounted.sender.present() == kSize - kPieceBytes);
}

TEST_CASE("files of an earlier push that are not wanted any more go") {
  // Seen to fail with: remove_others() left out.
  const World world;
  auto cargo = world.cargo();
  cargo.files.push_back(cargo.files.front());
  cargo.files.back().name = "other";
  push(world, cargo);
  CHECK(fs::exists(world.folder() / "other"));
  CHECK(push(world, world.cargo()) == 0);
  CHECK(!fs::exists(world.folder() / "other"));
}

TEST_CASE("a model that changes while it is read is refused by its name") {
  // Seen to fail with: sources compared only once.
  const World world;
  const auto cargo = world.cargo();
  Push begun(world, cargo);
  begun.run(2);
  fs::last_write_time(
      cargo.files[0].path,
      fs::last_write_time(cargo.files[0].path) + std::chrono::seconds(5));
  check_refused(ErrorKind::config, {"model", "changed"}, [&] { begun.run(); });
}

} // namespace lockstep::push
