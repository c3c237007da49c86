#include "checkpoint/gguf_header.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <set>
#include <utility>

#include "base/json.h"
#include "checkpoint/gguf_cursor.h"
#include "checkpoint/gguf_layout.h"
#include "checkpoint/limits.h"

namespace lockstep::checkpoint {

static_assert(
    std::endian::native == std::endian::little,
    "files are little-endian and read as they are");

namespace {

constexpr std::uint32_t kMagic = 0x46554747; // "GGUF"
constexpr std::uint64_t kMaxHeaderBytes = std::uint64_t{256} << 20;
constexpr std::uint64_t kMaxEntries = 65536; // keys, tensors
constexpr std::uint64_t kMaxArray = std::uint64_t{1} << 24;
constexpr std::uint64_t kMaxKeyBytes = 65535;
constexpr std::uint64_t kMaxNameBytes = 256;
constexpr std::uint64_t kMaxStringBytes = std::uint64_t{1} << 24;
constexpr std::uint64_t kMaxAlignment = std::uint64_t{1} << 20;
constexpr std::uint64_t kLeastKeyBytes = 8 + 4 + 1;
constexpr std::uint64_t kLeastTensorBytes = 8 + 4 + 8 + 4 + 8;

class HeaderReader {
 public:
  explicit HeaderReader(const File& file)
      : file_(file), cursor_(file, kMaxHeaderBytes) {}

  GgufHeader read() {
    read_magic();
    const auto n_tensors = read_count("tensor count", kLeastTensorBytes);
    const auto n_keys = read_count("metadata count", kLeastKeyBytes);
    for (std::uint64_t i = 0; i < n_keys; ++i) {
      read_key(i);
    }
    for (std::uint64_t i = 0; i < n_tensors; ++i) {
      read_tensor(i);
    }
    const auto alignment = read_alignment();
    const auto start =
        (cursor_.position() + alignment - 1) / alignment * alignment;
    place_gguf_tensors(file_, start, alignment, header_.tensors);
    return std::move(header_);
  }

 private:
  void read_magic() {
    cursor_.set_field("magic");
    const auto magic = cursor_.number<std::uint32_t>();
    if (magic != kMagic) {
      cursor_.refuse(fmt::format(
          "is {:#010x}, expected {:#010x}; this is not a GGUF file",
          magic,
          kMagic));
    }
    cursor_.set_field("version");
    const auto version = cursor_.number<std::uint32_t>();
    if (version != 0 && (version & 0xffffU) == 0) {
      cursor_.refuse(
          "the file is big-endian, expected little-endian",
          ErrorKind::unsupported);
    }
    if (version != 2 && version != 3) {
      cursor_.refuse(
          fmt::format("is {}, supported are 2 and 3", version),
          ErrorKind::unsupported);
    }
  }

  std::uint64_t read_count(const char* field, std::uint64_t least_bytes) {
    cursor_.set_field(field);
    const auto count = cursor_.number<std::uint64_t>();
    if (count > kMaxEntries || count > cursor_.remaining() / least_bytes) {
      cursor_.refuse(fmt::format(
          "is {}, more than {} or than the {} bytes left can hold",
          count,
          kMaxEntries,
          cursor_.remaining()));
    }
    return count;
  }

  void read_key(std::uint64_t index) {
    cursor_.set_field(fmt::format("metadata key number {}", index));
    auto key = cursor_.string(kMaxKeyBytes);
    cursor_.set_field("metadata key " + shown(key));
    if (key.empty()) {
      cursor_.refuse("is empty");
    }
    auto value = read_value();
    if (!header_.metadata.emplace(std::move(key), std::move(value)).second) {
      cursor_.refuse("stands twice in the file");
    }
  }

  GgufType read_type() {
    const auto type = cursor_.number<std::uint32_t>();
    if (type > static_cast<std::uint32_t>(GgufType::f64)) {
      cursor_.refuse(fmt::format("has value type {}, expected 0 to 12", type));
    }
    return static_cast<GgufType>(type);
  }

  GgufValue read_value() {
    const auto type = read_type();
    switch (type) {
      case GgufType::u8:
        return std::uint64_t{cursor_.number<std::uint8_t>()};
      case GgufType::i8:
        return std::int64_t{cursor_.number<std::int8_t>()};
      case GgufType::u16:
        return std::uint64_t{cursor_.number<std::uint16_t>()};
      case GgufType::i16:
        return std::int64_t{cursor_.number<std::int16_t>()};
      case GgufType::u32:
        return std::uint64_t{cursor_.number<std::uint32_t>()};
      case GgufType::i32:
        return std::int64_t{cursor_.number<std::int32_t>()};
      case GgufType::u64:
        return std::uint64_t{cursor_.number<std::uint64_t>()};
      case GgufType::i64:
        return std::int64_t{cursor_.number<std::int64_t>()};
      case GgufType::f32:
        return double{cursor_.number<float>()};
      case GgufType::f64:
        return cursor_.number<double>();
      case GgufType::boolean:
        return read_boolean();
      case GgufType::string:
        return cursor_.string(kMaxStringBytes);
      case GgufType::array:
        break;
    }
    return read_array();
  }

  bool read_boolean() {
    const auto value = cursor_.number<std::uint8_t>();
    if (value > 1) {
      cursor_.refuse(fmt::format("is a bool of {}, expected 0 or 1", value));
    }
    return value == 1;
  }

  GgufArray read_array() {
    GgufArray array;
    array.element = read_type();
    array.count = cursor_.number<std::uint64_t>();
    array.offset = cursor_.position();
    if (array.element == GgufType::array) {
      cursor_.refuse("is an array of arrays", ErrorKind::unsupported);
    }
    const auto width = std::max<std::uint64_t>(
        gguf_type_bytes(array.element),
        array.element == GgufType::string ? 8 : 1);
    if (array.count > kMaxArray || array.count > cursor_.remaining() / width) {
      cursor_.refuse(fmt::format(
          "is an array of {} elements, more than {} or than the {} bytes left "
          "can hold; the file is truncated or damaged",
          array.count,
          kMaxArray,
          cursor_.remaining()));
    }
    if (array.element == GgufType::string) {
      for (std::uint64_t i = 0; i < array.count; ++i) {
        cursor_.skip_string(kMaxStringBytes);
      }
    } else {
      cursor_.skip(array.count * width);
    }
    array.bytes = cursor_.position() - array.offset;
    return array;
  }

  void read_tensor(std::uint64_t index) {
    cursor_.set_field(fmt::format("tensor number {}", index));
    GgufTensor tensor;
    tensor.name = cursor_.string(kMaxNameBytes);
    cursor_.set_field("tensor " + shown(tensor.name));
    const auto where = file_.path().string() + ": tensor " + shown(tensor.name);
    if (!names_.insert(tensor.name).second) {
      cursor_.refuse("stands twice in the file");
    }
    const bool plain =
        !tensor.name.empty() &&
        std::all_of(tensor.name.begin(), tensor.name.end(), [](char c) {
          return c > ' ' && c <= '~';
        });
    if (!plain) {
      cursor_.refuse("its name is not plain text");
    }
    const auto n_dims = cursor_.number<std::uint32_t>();
    if (n_dims < 1 || n_dims > kMaxDimensions) {
      cursor_.refuse(fmt::format(
          "has {} dimensions, expected 1 to {}", n_dims, kMaxDimensions));
    }
    std::vector<std::uint64_t> dims(n_dims);
    for (auto it = dims.rbegin(); it != dims.rend(); ++it) {
      *it = cursor_.number<std::uint64_t>();
    }
    tensor.shape = checked_shape(dims, where);
    tensor.type = ggml_type(cursor_.number<std::uint32_t>(), where);
    tensor.offset = cursor_.number<std::uint64_t>();
    tensor.bytes = gguf_tensor_bytes(tensor, where);
    header_.tensors.push_back(std::move(tensor));
  }

  std::uint64_t read_alignment() {
    const auto found = header_.metadata.find("general.alignment");
    if (found == header_.metadata.end()) {
      return 32;
    }
    cursor_.set_field("metadata key \"general.alignment\"");
    const auto* value = std::get_if<std::uint64_t>(&found->second);
    if (value == nullptr || *value < 8 || *value > kMaxAlignment ||
        !std::has_single_bit(*value)) {
      cursor_.refuse(fmt::format(
          "is {}, expected a power of two from 8 to {}",
          describe(found->second),
          kMaxAlignment));
    }
    return *value;
  }

  const File& file_;
  GgufCursor cursor_;
  GgufHeader header_;
  std::set<std::string> names_;
};

} // namespace

GgufHeader read_gguf_header(const File& file) {
  return HeaderReader(file).read();
}

} // namespace lockstep::checkpoint
