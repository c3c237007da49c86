#include "launch/order.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"

namespace lockstep::launch {

namespace {

std::string text_of(const Json& value) {
  if (!value.is_string()) {
    fail(ErrorKind::network, "the order is {}, expected a text", shown(value));
  }
  return value.get<std::string>();
}

// Text of any bytes: a command line need not be UTF-8, JSON must.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && c != '%') {
      result += c;
    } else {
      constexpr char kDigits[] = "0123456789abcdef";
      result += '%';
      result += kDigits[byte >> 4];
      result += kDigits[byte & 15];
    }
  }
  return result;
}

int digit(char c) {
  return c >= '0' && c <= '9' ? c - '0'
                              : (c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
}

std::string unescaped(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    const int high = i + 1 < text.size() ? digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      fail(ErrorKind::network, "the order has a text that is cut off");
    }
    result += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (result.find('\0') != std::string::npos) {
    fail(ErrorKind::network, "the order has a text with a zero byte in it");
  }
  return result;
}

} // namespace

std::string to_line(const Order& order) {
  Json json;
  json["argv"] = Json::array();
  for (const auto& word : order.argv) {
    json["argv"].push_back(escaped(word));
  }
  json["environment"] = Json::object();
  for (const auto& [name, value] : order.environment) {
    json["environment"][name] = escaped(value);
  }
  json["directory"] = escaped(order.directory);
  return json.dump() + "\n";
}

Order parse_order(std::string_view line) {
  try {
    const auto json = parse_json(line, "the order");
    const JsonReader reader(json, "the order");
    Order order;
    if (!reader.at("argv").is_array() ||
        !reader.at("environment").is_object()) {
      fail(ErrorKind::network, "the order lacks its lists");
    }
    for (const auto& word : reader.at("argv")) {
      order.argv.push_back(unescaped(text_of(word)));
    }
    for (const auto& [name, value] : reader.at("environment").items()) {
      order.environment[name] = unescaped(text_of(value));
    }
    order.directory = unescaped(reader.string("directory"));
    return order;
  } catch (const Error& error) {
    fail(
        ErrorKind::network,
        "the launcher's order cannot be read: {}; is the same lockstep "
        "installed everywhere?",
        error.what());
  }
}

} // namespace lockstep::launch
