#include "checkpoint/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "checkpoint/limits.h"

namespace lockstep::checkpoint {

static_assert(
    std::endian::native == std::endian::little,
    "files are little-endian and read as they are");

namespace {

constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
constexpr std::uint64_t kLengthBytes = 8;
constexpr std::size_t kMaxTensors = 1'000'000;
constexpr std::size_t kMaxStoredDims = 8;

struct DtypeBits {
  std::string_view name;
  std::uint64_t bits;
};

constexpr std::array kDtypes{
    DtypeBits{"BOOL", 8},    DtypeBits{"U8", 8},      DtypeBits{"I8", 8},
    DtypeBits{"F8_E5M2", 8}, DtypeBits{"F8_E4M3", 8}, DtypeBits{"F8_E8M0", 8},
    DtypeBits{"F4", 4},      DtypeBits{"F6_E2M3", 6}, DtypeBits{"F6_E3M2", 6},
    DtypeBits{"I16", 16},    DtypeBits{"U16", 16},    DtypeBits{"F16", 16},
    DtypeBits{"BF16", 16},   DtypeBits{"I32", 32},    DtypeBits{"U32", 32},
    DtypeBits{"F32", 32},    DtypeBits{"I64", 64},    DtypeBits{"U64", 64},
    DtypeBits{"F64", 64},    DtypeBits{"C64", 64},
};

std::uint64_t bits_of(const std::string& dtype, const std::string& where) {
  const auto* const found =
      std::find_if(kDtypes.begin(), kDtypes.end(), [&](const DtypeBits& known) {
        return known.name == dtype;
      });
  if (found == kDtypes.end()) {
    fail(
        ErrorKind::unsupported,
        "{}: has dtype {}, which is not known",
        where,
        shown(dtype));
  }
  return found->bits;
}

std::string read_header(const File& file) {
  const auto name = file.path().string();
  std::uint64_t length = 0;
  if (file.size() >= kLengthBytes) {
    file.read_at(0, std::as_writable_bytes(std::span(&length, 1)));
  }
  if (length < 2 || length > kMaxHeaderBytes ||
      length > file.size() - kLengthBytes) {
    fail(
        ErrorKind::config,
        "{}: header length is {}, expected 2 to {} in a file of {} bytes; it "
        "is truncated or no safetensors file",
        name,
        length,
        kMaxHeaderBytes,
        file.size());
  }
  std::string header(length, '\0');
  file.read_at(kLengthBytes, std::as_writable_bytes(std::span(header)));
  if (header.front() != '{') {
    fail(
        ErrorKind::config,
        "{}: header begins with {}, expected {{",
        name,
        shown(header.substr(0, 1)));
  }
  return header;
}

void check_metadata(const Json& metadata, const std::string& where) {
  if (metadata.is_null()) { // MLX writes this when there is none
    return;
  }
  const JsonReader reader(metadata, where);
  for (const auto& [key, value] : metadata.items()) {
    if (!value.is_string()) {
      reader.refuse(key.c_str(), "a string");
    }
  }
}

// An array of non-negative integers under `key`.
std::vector<std::uint64_t> numbers(
    const JsonReader& entry, const char* key, std::size_t most) {
  const auto& list = entry.at(key);
  const bool sound = list.is_array() && list.size() <= most &&
                     std::all_of(list.begin(), list.end(), [](const Json& n) {
                       return n.is_number_unsigned();
                     });
  if (!sound) {
    entry.refuse(
        key, fmt::format("a list of up to {} integers from 0 upwards", most));
  }
  return list.get<std::vector<std::uint64_t>>();
}

StoredTensor read_entry(
    const std::string& name,
    const Json& json,
    std::uint64_t data_bytes,
    const std::string& where) {
  const JsonReader entry(json, where);
  StoredTensor tensor{name, entry.string("dtype"), {}};
  tensor.dims = numbers(entry, "shape", kMaxStoredDims);
  const auto offsets = numbers(entry, "data_offsets", 2);
  if (offsets.size() != 2 || offsets[0] > offsets[1] ||
      offsets[1] > data_bytes) {
    entry.refuse(
        "data_offsets",
        fmt::format(
            "begin and end, in order, within {} bytes of data", data_bytes));
  }
  std::uint64_t bits = bits_of(tensor.dtype, where);
  for (const auto dim : tensor.dims) {
    bits = checked_product(bits, dim, where);
  }
  tensor.offset = offsets[0];
  tensor.bytes = offsets[1] - offsets[0];
  if (bits % 8 != 0 || tensor.bytes != bits / 8) {
    entry.refuse(
        "data_offsets", fmt::format("{} bytes by dtype and shape", bits / 8));
  }
  return tensor;
}

// By offset; an empty tensor lies between its neighbours, never inside one.
void check_layout(
    const std::vector<StoredTensor>& tensors,
    std::uint64_t data_bytes,
    const std::string& where) {
  std::vector<const StoredTensor*> order;
  order.reserve(tensors.size());
  for (const auto& tensor : tensors) {
    order.push_back(&tensor);
  }
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return std::tie(a->offset, a->bytes) < std::tie(b->offset, b->bytes);
  });
  std::uint64_t end = 0;
  for (const auto* tensor : order) {
    if (tensor->offset != end) {
      fail(
          ErrorKind::config,
          "{}: tensor {}: begins at byte {} of the data, expected {}: tensors "
          "overlap or leave a hole",
          where,
          shown(tensor->name),
          tensor->offset,
          end);
    }
    end += tensor->bytes;
  }
  if (end != data_bytes) {
    fail(
        ErrorKind::config,
        "{}: tensors end at byte {} of the data, but the file has {}",
        where,
        end,
        data_bytes);
  }
}

} // namespace

std::vector<StoredTensor> read_safetensors(const File& file) {
  const auto where = file.path().string();
  const auto text = read_header(file);
  const auto header = parse_json(text, where + ": header");
  const auto start = kLengthBytes + text.size();
  const auto data_bytes = file.size() - start;
  if (header.size() > kMaxTensors) {
    fail(
        ErrorKind::config,
        "{}: has {} tensors, expected at most {}",
        where,
        header.size(),
        kMaxTensors);
  }
  std::vector<StoredTensor> tensors;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      check_metadata(entry, where + ": __metadata__");
    } else {
      tensors.push_back(read_entry(
          name, entry, data_bytes, where + ": tensor " + shown(name)));
    }
  }
  check_layout(tensors, data_bytes, where);
  for (auto& tensor : tensors) {
    tensor.offset += start;
  }
  return tensors;
}

} // namespace lockstep::checkpoint
