#include "checkpoint/ggml_types.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/error.h"

namespace lockstep::checkpoint {

namespace {

struct Entry {
  std::uint32_t id;
  GgmlType type;
};

constexpr std::array kReadable{
    Entry{0, {"F32", Encoding::dense, Dtype::f32, 1, 4}},
    Entry{1, {"F16", Encoding::dense, Dtype::f16, 1, 2}},
    Entry{2, {"Q4_0", Encoding::q4_0, Dtype::f16, 32, 18}},
    Entry{3, {"Q4_1", Encoding::q4_1, Dtype::f16, 32, 20}},
    Entry{8, {"Q8_0", Encoding::q8_0, Dtype::f16, 32, 34}},
    Entry{30, {"BF16", Encoding::dense, Dtype::bf16, 1, 2}},
};

struct Named {
  std::uint32_t id;
  const char* name;
};

constexpr std::array kNamed{
    Named{6, "Q5_0"},     Named{7, "Q5_1"},    Named{9, "Q8_1"},
    Named{10, "Q2_K"},    Named{11, "Q3_K"},   Named{12, "Q4_K"},
    Named{13, "Q5_K"},    Named{14, "Q6_K"},   Named{15, "Q8_K"},
    Named{16, "IQ2_XXS"}, Named{17, "IQ2_XS"}, Named{18, "IQ3_XXS"},
    Named{19, "IQ1_S"},   Named{20, "IQ4_NL"}, Named{21, "IQ3_S"},
    Named{22, "IQ2_S"},   Named{23, "IQ4_XS"}, Named{24, "I8"},
    Named{25, "I16"},     Named{26, "I32"},    Named{27, "I64"},
    Named{28, "F64"},     Named{29, "IQ1_M"},  Named{34, "TQ1_0"},
    Named{35, "TQ2_0"},   Named{39, "MXFP4"},
};

constexpr const char* kReadableNames = "F32, F16, BF16, Q4_0, Q4_1 and Q8_0";

} // namespace

const GgmlType& ggml_type(std::uint32_t id, const std::string& where) {
  const auto* const found =
      std::find_if(kReadable.begin(), kReadable.end(), [&](const Entry& entry) {
        return entry.id == id;
      });
  if (found != kReadable.end()) {
    return found->type;
  }
  const auto* const named =
      std::find_if(kNamed.begin(), kNamed.end(), [&](const Named& entry) {
        return entry.id == id;
      });
  if (named != kNamed.end()) {
    fail(
        ErrorKind::unsupported,
        "{}: has type {}, which is not supported; supported are {}",
        where,
        named->name,
        kReadableNames);
  }
  fail(
      ErrorKind::config,
      "{}: has type number {}, which is no known type; supported are {}",
      where,
      id,
      kReadableNames);
}

} // namespace lockstep::checkpoint
