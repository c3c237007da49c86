#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace lockstep::testing {

/// Makes safetensors files, sound ones and, by changing what is public, damaged
/// ones.
class SafetensorsWriter {
 public:
  struct Tensor {
    std::string name;
    std::string dtype;
    std::string shape; // JSON
    std::string data;
    std::string offsets; // JSON; one after another when empty
  };

  void add(
      const std::string& name,
      const std::string& dtype,
      const std::vector<int>& shape,
      std::string data) {
    std::string json = "[";
    for (std::size_t i = 0; i < shape.size(); ++i) {
      json += (i == 0 ? "" : ",") + std::to_string(shape[i]);
    }
    tensors.push_back({name, dtype, json + "]", std::move(data), ""});
  }

  std::string header() const {
    std::string out = "{" + extra;
    std::size_t at = 0;
    for (const auto& tensor : tensors) {
      const auto end = at + tensor.data.size();
      const auto offsets =
          tensor.offsets.empty()
              ? "[" + std::to_string(at) + "," + std::to_string(end) + "]"
              : tensor.offsets;
      out += (out.size() > 1 ? ",\"" : "\"") + tensor.name +
             "\":{\"dtype\":\"" + tensor.dtype +
             "\",\"shape\":" + tensor.shape + ",\"data_offsets\":" + offsets +
             "}";
      at = end;
    }
    return out + "}";
  }
  static std::string with_header(
      const std::string& header, const std::string& data) {
    const std::uint64_t length = header.size();
    std::string out(sizeof length, '\0');
    std::memcpy(out.data(), &length, sizeof length);
    return out + header + data;
  }
  std::string data() const {
    std::string out;
    for (const auto& tensor : tensors) {
      out += tensor.data;
    }
    return out + tail;
  }
  std::string bytes() const { return with_header(header(), data()); }

  std::string extra; // JSON members before the tensors
  std::string tail;  // bytes after the last tensor
  std::vector<Tensor> tensors;
};

} // namespace lockstep::testing
