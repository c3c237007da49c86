#include "checkpoint/random_weights.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "support/refused.h"
#include "support/temp_folder.h"

namespace lockstep::checkpoint {

using testing::check_refused;
using testing::TempFolder;

namespace {

std::vector<TensorNeed> needs() {
  return {
      {"model.norm.weight", {64}},
      {"model.a.weight", {10, 64}},
      {"model.b.weight", {10, 64}},
      {"model.a.bias", {10}}};
}

Json config_of(const char* text) {
  return parse_json(text, "test");
}

} // namespace

// Seen to fail with: vectors quantized too; settings of one module not asked.
TEST_CASE("random weights have the config's type and quantization") {
  const auto dense = random_weights(
      config_of(R"({"dtype": "float16"})"), "shape.json", needs());
  REQUIRE(dense.size() == 4);
  CHECK(dense[1].encoding == Encoding::dense);
  CHECK(dense[1].dtype == Dtype::f16);
  CHECK(dense[1].stored_bytes() == 10 * 64 * 2);

  const auto quantized = random_weights(
      config_of(
          R"({"torch_dtype": "bfloat16",
              "quantization": {"bits": 3, "group_size": 32,
                               "model.b": {"bits": 8, "group_size": 64}}})"),
      "shape.json",
      needs());
  CHECK(!quantized[0].affine);
  CHECK(quantized[1].affine == Affine{3, 32});
  CHECK(quantized[1].encoding == Encoding::affine);
  CHECK(quantized[1].stored_bytes() == 10 * (64 * 3 / 8 + 2 * 2 * 2));
  CHECK(quantized[2].affine == Affine{8, 64});
  CHECK(!quantized[3].affine);
  CHECK(quantized[3].stored_bytes() == 20);
}

TEST_CASE("a type or quantization that random weights cannot have is refused") {
  const auto refused = [](std::vector<std::string_view> words,
                          const char* config,
                          ErrorKind kind = ErrorKind::config) {
    words.push_back("shape.json");
    check_refused(kind, words, [&] {
      random_weights(config_of(config), "shape.json", needs());
    });
  };
  refused({"torch_dtype", "missing"}, "{}");
  refused({"torch_dtype", "int8", "bfloat16"}, R"({"torch_dtype": "int8"})");
  refused({"torch_dtype", "16"}, R"({"torch_dtype": 16})");
  refused(
      {"64 inputs", "groups of 128", "model.a.weight"},
      R"({"torch_dtype": "float16",
          "quantization": {"bits": 4, "group_size": 128}})");
  refused(
      {"bits", "7"},
      R"({"torch_dtype": "float16",
          "quantization": {"bits": 7, "group_size": 64}})");
  refused(
      {"gptq"},
      R"({"torch_dtype": "float16",
          "quantization_config": {"quant_method": "gptq"}})",
      ErrorKind::unsupported);
}

// Seen to fail with: eos_token_id left as the file has it.
TEST_CASE("a shape is a model without tensors, tokenizer and end") {
  const TempFolder folder;
  const auto path = folder.write(
      "tiny.json",
      R"({"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2,
          "torch_dtype": "float32", "eos_token_id": 5})");
  const auto shape = Checkpoint::open_shape(path);
  CHECK(shape.tensors().empty());
  CHECK(shape.config().at("eos_token_id") == Json::array());
  CHECK(shape.bos_token().empty());
  check_refused(ErrorKind::unsupported, {"tiny.json", "no tokenizer"}, [&] {
    shape.tokenizer_json();
  });
  const auto model = shape.with_random_weights(needs());
  CHECK(model.tensors().size() == 4);
  CHECK(model.fingerprint() != shape.fingerprint());
  const auto* info = model.find("model.a.weight");
  REQUIRE(info != nullptr);
  CHECK(model.load(*info).values.size() == info->stored_bytes());
  CHECK(model.bytes_read() == info->stored_bytes());
  CHECK(shape.bytes_read() == 0);
}

TEST_CASE("a file that is no shape is refused") {
  const TempFolder folder;
  const auto refused = [&](std::vector<std::string_view> words,
                           std::string_view text) {
    words.push_back("bad.json");
    const auto path = folder.write("bad.json", text);
    check_refused(
        ErrorKind::config, words, [&] { Checkpoint::open_shape(path); });
  };
  refused({"not valid JSON"}, "{");
  refused({"[1]", "JSON object"}, "[1]");
  refused({"model_type", "missing"}, "{}");
  refused(
      {"num_hidden_layers", "1000000000", "1024"},
      R"({"model_type": "llama", "num_hidden_layers": 1000000000})");
  refused({"vocab_size", "0"}, R"({"model_type": "llama", "vocab_size": 0})");
  check_refused(ErrorKind::config, {"none.json"}, [&] {
    Checkpoint::open_shape(folder.path() / "none.json");
  });
}

} // namespace lockstep::checkpoint
