#include "checkpoint/gguf.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "checkpoint/checkpoint.h"
#include "support/gguf_writer.h"
#include "support/refused.h"
#include "support/temp_folder.h"
#include "support/tiny_gguf.h"

namespace lockstep::checkpoint {

using testing::bytes_of;
using testing::check_refused;
using testing::GgufWriter;
using testing::TempFolder;
using testing::tiny_gguf;

namespace {

struct Damage {
  ErrorKind kind;
  std::initializer_list<std::string_view> named;
  std::function<void(GgufWriter&)> apply;
};

constexpr auto kConfig = ErrorKind::config;
constexpr auto kUnsupported = ErrorKind::unsupported;
constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

void check_all_refused(const std::vector<Damage>& cases) {
  const TempFolder folder;
  for (const auto& one : cases) {
    auto writer = tiny_gguf();
    one.apply(writer);
    const auto path = folder.write("m.gguf", writer.bytes());
    const auto start = std::chrono::steady_clock::now();
    check_refused(one.kind, {"m.gguf"}, [&] { Checkpoint::open(path); });
    check_refused(one.kind, one.named, [&] { Checkpoint::open(path); });
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(1));
  }
}

} // namespace

TEST_CASE("a sound file gives its metadata and tensors") {
  const TempFolder folder;
  auto writer = tiny_gguf();
  writer.version = 2;
  writer.set("x.u8", 0, bytes_of<std::uint8_t>(200));
  writer.set("x.i8", 1, bytes_of<std::int8_t>(-7));
  writer.set("x.u16", 2, bytes_of<std::uint16_t>(65535));
  writer.set("x.i16", 3, bytes_of<std::int16_t>(-300));
  writer.set("x.i32", 5, bytes_of<std::int32_t>(-70000));
  writer.set("x.u64", 10, bytes_of<std::uint64_t>(1ull << 40));
  writer.set("x.i64", 11, bytes_of<std::int64_t>(-(1ll << 40)));
  writer.set("x.f64", 12, bytes_of(0.1));
  writer.set_bool("x.yes", true);
  writer.set_f32s("x.floats", {0.5F, -2.0F});
  writer.set("x.u16s", 9, GgufWriter::array_bytes(2, 2, {"\1\0\2\1", 4}));
  const Gguf gguf(
      std::make_shared<const File>(folder.write("m.gguf", writer.bytes())));
  CHECK(gguf.integer("x.u8", 0, 255) == 200);
  CHECK(gguf.integer("x.i8", -8, 0) == -7);
  CHECK(gguf.integer("x.u16", 0, 65535) == 65535);
  CHECK(gguf.integer("x.i16", -300, 0) == -300);
  CHECK(gguf.integer("x.i32", -70000, 0) == -70000);
  CHECK(gguf.integer("x.u64", 0, 1ll << 40) == 1ll << 40);
  CHECK(gguf.integer("x.i64", -(1ll << 40), 0) == -(1ll << 40));
  CHECK(gguf.number("x.f64", 0, 1) == 0.1);
  CHECK(gguf.number("llama.rope.freq_base", 0, 1e6) == 50000.0);
  CHECK(gguf.boolean_or("x.yes", false));
  CHECK(gguf.boolean_or("x.absent", true));
  CHECK(gguf.string("tokenizer.ggml.pre") == "smollm");
  CHECK(gguf.floats("x.floats", 2) == std::vector<float>{0.5F, -2.0F});
  CHECK(gguf.integers("x.u16s", 2) == std::vector<std::int64_t>{1, 258});
  const auto tokens = gguf.strings("tokenizer.ggml.tokens", 5);
  REQUIRE(tokens.size() == 5);
  CHECK(tokens[2] == "ab");
  CHECK(tokens[4] == "</s>");
  REQUIRE(gguf.tensors().size() == 11);
  const auto& q = *gguf.find_tensor("blk.0.ffn_down.weight");
  CHECK(q.shape == std::vector<int>{64, 32});
  CHECK(q.bytes == 64 * 32 * 4);
  CHECK(q.offset % 32 == 0);
  CHECK(q.offset + q.bytes == gguf.file().size());
}

// Seen to fail with: ggml_type's table of names emptied; read_boolean without
// its check; the names_ set never filled; read_count without its bound.
TEST_CASE("damaged headers and keys are refused by name") {
  check_all_refused({
      {kConfig, {"magic"}, [](auto& w) { w.magic = "GGML"; }},
      {kUnsupported, {"version", "1"}, [](auto& w) { w.version = 1; }},
      {kUnsupported, {"version", "4"}, [](auto& w) { w.version = 4; }},
      {kUnsupported, {"big-endian"}, [](auto& w) { w.version = 0x03000000; }},
      {kConfig, {"metadata count"}, [](auto& w) { w.n_keys = kHuge; }},
      {kConfig, {"tensor count"}, [](auto& w) { w.n_tensors = 1ull << 32; }},
      {kConfig, {"tensor count"}, [](auto& w) { w.n_tensors = 65537; }},
      {kConfig, {"tensor \"\"", "plain"}, [](auto& w) { w.n_tensors = 12; }},
      {kConfig,
       {"llama.feed_forward_length", "dimension 0"},
       [](auto& w) { w.n_keys = 4; }},
      {kConfig,
       {"metadata key number 0"},
       [](auto& w) { w.keys[0].name = std::string(70000, 'k'); }},
      {kConfig, {"is empty"}, [](auto& w) { w.keys[0].name = ""; }},
      {kConfig,
       {"llama.block_count", "twice"},
       [](auto& w) { w.keys.push_back(w.keys[1]); }},
      {kConfig,
       {"general.architecture", "value type 13"},
       [](auto& w) { w.keys[0].type = 13; }},
      {kConfig,
       {"general.architecture"},
       [](auto& w) { w.keys[0].payload = bytes_of(kHuge) + "llama"; }},
      {kConfig,
       {"general.architecture"},
       [](auto& w) { w.keys[0].payload = bytes_of(1ull << 62) + "llama"; }},
      {kConfig, {"a.b", "bool of 2"}, [](auto& w) { w.set("a.b", 7, "\2"); }},
      {kUnsupported,
       {"a.b", "array of arrays"},
       [](auto& w) { w.set("a.b", 9, GgufWriter::array_bytes(9, 0, "")); }},
      {kConfig,
       {"a.b", "value type 99"},
       [](auto& w) { w.set("a.b", 9, GgufWriter::array_bytes(99, 0, "")); }},
      {kConfig,
       {"a.b", "elements"},
       [](auto& w) { w.set("a.b", 9, GgufWriter::array_bytes(8, kHuge, "")); }},
      {kConfig,
       {"a.b", "elements"},
       [](auto& w) {
         w.set("a.b", 9, GgufWriter::array_bytes(10, (1ull << 61) + 1, ""));
       }},
      {kConfig,
       {"a.b", "2305843009213693952 elements"},
       [](auto& w) {
         w.set("a.b", 9, GgufWriter::array_bytes(4, 1ull << 61, ""));
       }},
      {kConfig,
       {"a.b"},
       [](auto& w) {
         w.set("a.b", 9, GgufWriter::array_bytes(8, 2, bytes_of(kHuge)));
       }},
      {kConfig,
       {"general.alignment", "33"},
       [](auto& w) { w.set_u32("general.alignment", 33); }},
      {kConfig,
       {"general.alignment", "0"},
       [](auto& w) { w.set_u32("general.alignment", 0); }},
      {kConfig,
       {"general.alignment", "-2147483648"},
       [](auto& w) {
         w.set("general.alignment", 5, bytes_of<std::int32_t>(1u << 31));
       }},
      {kConfig,
       {"general.alignment"},
       [](auto& w) { w.set_u32("general.alignment", 1u << 31); }},
  });
}

// Seen to fail with: place_gguf_tensors without its bound, without its test of
// alignment, and without check_overlap; checked_shape without its upper bound.
TEST_CASE("damaged tensor entries are refused by name") {
  const auto norm = "output_norm.weight";
  const auto q = "blk.0.attn_q.weight";
  check_all_refused({
      {kConfig, {norm, "twice"}, [=](auto& w) { w.tensor(q).name = norm; }},
      {kConfig,
       {"tensor number 1"},
       [=](auto& w) { w.tensor(norm).name = std::string(300, 'n'); }},
      {kConfig,
       {"plain text"},
       [=](auto& w) { w.tensor(norm).name = "a\x1b[2Jb.weight"; }},
      {kConfig, {"plain text"}, [=](auto& w) { w.tensor(norm).name = ""; }},
      {kConfig, {q, "0 dimensions"}, [=](auto& w) { w.tensor(q).dims = {}; }},
      {kConfig,
       {q, "5 dimensions"},
       [=](auto& w) { w.tensor(q).dims = {64, 64, 1, 1, 1}; }},
      {kConfig,
       {q, "dimension 1"},
       [=](auto& w) { w.tensor(q).dims = {0, 64}; }},
      {kConfig,
       {q, "dimension 0"},
       [=](auto& w) { w.tensor(q).dims = {64, kHuge}; }},
      {kConfig,
       {q, "dimension 1"},
       [=](auto& w) { w.tensor(q).dims = {(1ull << 32) + 64, 64}; }},
      {kConfig,
       {q, "dimension 1"},
       [=](auto& w) { w.tensor(q).dims = {(1u << 20) + 1, 1}; }},
      {kConfig,
       {q, "64 bits"},
       [=](auto& w) { w.tensor(q).dims = {1u << 20, 1u << 24, 1u << 20, 1}; }},
      {kConfig,
       {q, "outside"},
       [=](auto& w) { w.tensor(q).dims = {1u << 20, 1u << 24}; }},
      {kUnsupported, {q, "Q4_K"}, [=](auto& w) { w.tensor(q).type = 12; }},
      {kUnsupported, {q, "IQ2_XS"}, [=](auto& w) { w.tensor(q).type = 17; }},
      {kUnsupported, {q, "F64"}, [=](auto& w) { w.tensor(q).type = 28; }},
      {kConfig, {q, "type number 4"}, [=](auto& w) { w.tensor(q).type = 4; }},
      {kConfig,
       {q, "type number 4294967295"},
       [=](auto& w) { w.tensor(q).type = ~0u; }},
      {kConfig,
       {q, "blocks of 32"},
       [=](auto& w) {
         w.tensor(q).type = 2;
         w.tensor(q).dims = {48, 64};
       }},
      {kConfig, {norm, "needs two"}, [=](auto& w) { w.tensor(norm).type = 8; }},
      {kConfig,
       {q, "multiple of 32"},
       [=](auto& w) { w.tensor(q).offset = 16; }},
      {kConfig,
       {q, "outside"},
       [=](auto& w) { w.tensor(q).offset = 1ull << 40; }},
      {kConfig,
       {q, "outside"},
       [=](auto& w) { w.tensor(q).offset = kHuge - 31; }},
      {kConfig, {"overlap", norm}, [=](auto& w) { w.tensor(norm).offset = 0; }},
      {kConfig,
       {q, "truncated"},
       [=](auto& w) {
         w.tensors.erase(w.tensors.begin() + 4, w.tensors.end());
         w.tensors.back().data.pop_back();
       }},
      {kConfig,
       {"blk.1.attn_norm", "twice"},
       [=](auto& w) {
         w.tensor(norm).name = "model.layers.0.input_layernorm.weight";
         w.tensor("blk.0.attn_norm.weight").name = "blk.1.attn_norm.weight";
         w.tensor(q).name = "blk.1.attn_norm.weight";
       }},
      {kConfig,
       {"model.layers.0.input_layernorm.weight", "twice"},
       [=](auto& w) {
         w.tensor(norm).name = "model.layers.0.input_layernorm.weight";
       }},
      {kConfig,
       {"model.layers.1.input_layernorm.weight", "layers 0 to 0"},
       [=](auto& w) {
         w.tensor("blk.0.attn_norm.weight").name = "blk.1.attn_norm.weight";
       }},
      {kConfig,
       {"model.layers.99999999999999999999.mlp.up_proj.weight"},
       [=](auto& w) {
         w.tensor(norm).name = "blk.99999999999999999999.ffn_up.weight";
       }},
      {kConfig, {q, "63 rows"}, [=](auto& w) { w.tensor(q).dims = {64, 63}; }},
  });
}

// Seen to fail with: GgufCursor::check_room without its body (a crash).
TEST_CASE("a file cut anywhere is refused") {
  const TempFolder folder;
  const auto writer = tiny_gguf();
  const auto whole = writer.bytes();
  const auto header = writer.header().size();
  for (std::size_t size = 0; size < whole.size();
       size += size < header + 40 ? 1 : 997) {
    const auto path = folder.write("cut.gguf", whole.substr(0, size));
    check_refused(kConfig, {"cut.gguf"}, [&] { Checkpoint::open(path); });
  }
}

TEST_CASE("any byte of a header flipped opens or is refused") {
  const TempFolder folder;
  const auto writer = tiny_gguf();
  const auto sound = writer.bytes();
  const auto header = writer.header().size();
  int opened = 0;
  for (std::size_t at = 0; at < header; ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      auto bytes = sound;
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      const auto path = folder.write("flip.gguf", bytes);
      try {
        const auto checkpoint = Checkpoint::open(path);
        ++opened;
        for (const auto& info : checkpoint.tensors()) {
          (void)checkpoint.load(info);
        }
        (void)checkpoint.bos_token();
        (void)checkpoint.tokenizer_json();
      } catch (const Error& e) {
        CHECK(std::string(e.what()).find("flip.gguf") != std::string::npos);
      }
    }
  }
  CHECK(opened > 0);
}

TEST_CASE("a key of the wrong type or size is refused when it is read") {
  const TempFolder folder;
  auto writer = tiny_gguf();
  writer.set_f32("x.nan", std::numeric_limits<float>::quiet_NaN());
  const Gguf gguf(
      std::make_shared<const File>(folder.write("m.gguf", writer.bytes())));
  const auto refused = [&](std::string_view key, const auto& read) {
    check_refused(kConfig, {"m.gguf", key}, read);
  };
  refused("x.none", [&] { gguf.string("x.none"); });
  refused("x.nan", [&] { gguf.number("x.nan", -1e9, 1e9); });
  const auto count = "llama.block_count";
  refused(count, [&] { gguf.integer(count, 2, 9); });
  refused(count, [&] { gguf.string(count); });
  refused(count, [&] { gguf.boolean_or(count, true); });
  refused(count, [&] { gguf.number(count, 0, 9); });
  refused(count, [&] { gguf.strings(count, 9); });
  const auto tokens = "tokenizer.ggml.tokens";
  refused(tokens, [&] { gguf.strings(tokens, 4); });
  refused(tokens, [&] { gguf.integers(tokens, 9); });
  refused(tokens, [&] { gguf.floats(tokens, 9); });
}

} // namespace lockstep::checkpoint
