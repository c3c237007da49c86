#include "push/receiver.h"

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "link/digest.h"
#include "support/refused.h"
#include "support/temp_folder.h"

namespace lockstep::push {

namespace fs = std::filesystem;

using testing::check_refused;
using testing::TempFolder;

namespace {

const FileBegin kFile{"f", 100, ""};

/// Refuses the last of these messages, naming `words`, and writes nothing.
void refused(
    const std::vector<Message>& messages,
    const std::vector<std::string_view>& words) {
  const TempFolder folder;
  Receiver receiver(folder.path() / "models", [](const Message&) {});
  for (std::size_t i = 0; i + 1 < messages.size(); ++i) {
    receiver.take(messages[i]);
  }
  check_refused(
      ErrorKind::network, words, [&] { receiver.take(messages.back()); });
  CHECK(fs::is_empty(folder.path()));
}

Piece piece_of(const std::string& bytes, std::uint64_t offset = 0) {
  return {0, offset, link::digest_of(bytes), bytes};
}

} // namespace

TEST_CASE("no name leads out of the model's folder") {
  // Seen to fail with: names of files not checked, names of models not checked.
  for (const auto* name :
       {"",
        ".",
        "..",
        "../f",
        "a/b",
        "/etc/passwd",
        "a\\b",
        "c:",
        "a\nb",
        ".lockstep-pushed.json",
        "f.part",
        "\xff"}) {
    refused({Begin{name, false}}, {"is no name"});
    refused({Begin{"m", false}, FileBegin{name, 1, ""}}, {"is no name"});
  }
  refused(
      {Begin{"m", false}, FileBegin{std::string("a\0b", 3), 1, ""}},
      {"is no name"});
  refused({Begin{std::string(201, 'x'), false}}, {"is no name"});
}

TEST_CASE("sizes from outside allocate nothing and index nothing") {
  // Seen to fail with: spans not held against the file's size, the file's number
  // not checked.
  const Begin begin{"m", false};
  constexpr auto kHuge = ~std::uint64_t{0};
  refused({begin, FileBegin{"f", kHuge, ""}}, {"f", "bytes"});
  refused({begin, kFile, kFile}, {"f", "once"});
  for (const auto& spans :
       {std::vector<Span>{{0, 101}},
        {{101, 1}},
        {{kHuge, 1}},
        {{1, kHuge}},
        {{kHuge, kHuge}},
        {{0, 0}},
        {{10, 10}, {15, 10}},
        {{10, 10}, {0, 5}}}) {
    refused({begin, kFile, FileSpans{spans}}, {"f", "within the file of 100"});
  }
  const auto most = std::uint64_t{1} << 50;
  refused(
      {begin, FileBegin{"f", most, ""}, FileSpans{{{0, most}}}}, {"pieces"});
  const std::vector<Message> planned{
      begin, kFile, FileSpans{{{0, 50}}}, PlanEnd{}};
  const auto after = [&](const Message& message) {
    auto messages = planned;
    messages.push_back(message);
    return messages;
  };
  refused(after(Keep{1, 0}), {"file 1"});
  refused(after(Keep{~0U, 0}), {"one of 1 files"});
  refused(after(Keep{0, 1}), {"byte 1"});
  refused(after(Keep{0, 0}), {"is not here"});
  refused(after(Finish{}), {"have not come"});
  refused(after(PlanEnd{}), {"order"});
  refused(after(Done{}), {"order"});
}

TEST_CASE("messages out of order are refused") {
  const Begin begin{"m", false};
  refused({FileBegin{"f", 1, ""}}, {"order"});
  refused({PlanEnd{}}, {"order"});
  refused({Finish{}}, {"order"});
  refused({piece_of("x")}, {"order"});
  refused({begin, begin}, {"order"});
  refused({begin, FileSpans{{{0, 1}}}}, {"order"});
  refused({begin, piece_of("x")}, {"order"});
  refused({begin, Compared{}}, {"order"});
}

TEST_CASE("bytes that are no messages are refused, whatever they are") {
  std::mt19937 random(3);
  int n_decoded = 0;
  for (int round = 0; round < 20000; ++round) {
    link::Frame frame;
    frame.type = static_cast<std::uint8_t>(random() % 14);
    for (auto n = random() % 40; n > 0; --n) {
      frame.payload += static_cast<char>(random() % 3 == 0 ? random() : 0);
    }
    try {
      decode(frame, "peer");
      ++n_decoded;
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::network);
    }
  }
  CHECK(n_decoded > 0);
}

TEST_CASE("every message comes back as it was sent") {
  link::FrameReader frames("", kMostPayload);
  const std::string bytes(kPieceBytes, 'x');
  frames.feed(encode(Piece{3, 7, "digest", bytes}));
  const auto piece = std::get<Piece>(decode(*frames.next(), ""));
  CHECK(piece.file == 3);
  CHECK(piece.offset == 7);
  CHECK(piece.digest == "digest");
  CHECK(piece.bytes == bytes);
  frames.feed(encode(FileBegin{"name", 5, "source"}));
  const auto file = std::get<FileBegin>(decode(*frames.next(), ""));
  CHECK(file.name == "name");
  CHECK(file.size == 5);
  CHECK(file.source == "source");
  frames.feed(encode(FileSpans{{{1, 2}, {3, 4}}}));
  const auto spans = std::get<FileSpans>(decode(*frames.next(), ""));
  CHECK(spans.spans == std::vector<Span>{{1, 2}, {3, 4}});
}

TEST_CASE("a folder that push did not make is left alone") {
  // Seen to fail with: Receiver::begin() that does not look.
  const TempFolder folder;
  fs::create_directories(folder.path() / "m");
  folder.write("m/mine", "mine");
  Receiver receiver(folder.path(), [](const Message&) {});
  check_refused(ErrorKind::network, {"/m", "move it away"}, [&] {
    receiver.take(Begin{"m", false});
  });
}

TEST_CASE("what is no regular file is not written through") {
  // Seen to fail with: O_NOFOLLOW left out.
  const TempFolder folder;
  const TempFolder outside;
  const auto target = outside.write("target", "old");
  fs::create_directories(folder.path() / "m");
  folder.write("m/.lockstep-pushed.json", R"({"files": []})");
  for (const auto* name : {"f", "f.part"}) {
    fs::create_symlink(target, folder.path() / "m" / name);
    Receiver receiver(folder.path(), [](const Message&) {});
    receiver.take(Begin{"m", false});
    receiver.take(kFile);
    receiver.take(FileSpans{{{0, 50}}});
    check_refused(
        ErrorKind::network, {"/m/f"}, [&] { receiver.take(PlanEnd{}); });
    fs::remove(folder.path() / "m" / name);
  }
}

TEST_CASE("two pushes do not write into one folder at once") {
  // Seen to fail with: flock() left out.
  const TempFolder folder;
  std::vector<Receiver> receivers;
  for (int i = 0; i < 2; ++i) {
    receivers.emplace_back(folder.path(), [](const Message&) {});
    receivers.back().take(Begin{"m", false});
    receivers.back().take(kFile);
    receivers.back().take(FileSpans{{{0, 3}}});
    receivers.back().take(PlanEnd{});
  }
  receivers[0].take(piece_of("abc"));
  check_refused(ErrorKind::network, {"another push"}, [&] {
    receivers[1].take(piece_of("abc"));
  });
}

} // namespace lockstep::push
