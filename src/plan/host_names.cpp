#include "plan/host_names.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <arpa/inet.h>

namespace lockstep::plan {

namespace {

bool is_letter_or_digit(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

bool is_control(char c) {
  return std::iscntrl(static_cast<unsigned char>(c)) != 0;
}

std::string_view after(std::string_view text, std::size_t n) {
  return text.substr(std::min(n, text.size()));
}

} // namespace

bool is_ssh_name(std::string_view text) {
  constexpr std::size_t kMost = 255;
  constexpr std::string_view kShells = "'`\"$\\;&<>|(){},*?!#";
  const auto host = text.substr(text.rfind('@') + 1);
  return !host.empty() && text.size() <= kMost && text.front() != '-' &&
         text.front() != '@' && host.front() != '-' &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return c > ' ' && c <= '~' &&
                  kShells.find(c) == std::string_view::npos;
         });
}

bool is_host_ipv4(const std::string& text) {
  in_addr address{};
  if (::inet_pton(AF_INET, text.c_str(), &address) != 1 ||
      text.find('\0') != std::string::npos) {
    return false;
  }
  constexpr unsigned kFirstMulticast = 224;
  const auto first = ntohl(address.s_addr) >> 24U;
  return first > 0 && first < kFirstMulticast;
}

bool is_setting(std::string_view text) {
  const auto name = text.substr(0, text.find('='));
  return name.size() < text.size() && !name.empty() &&
         std::isdigit(static_cast<unsigned char>(name.front())) == 0 &&
         std::all_of(
             name.begin(),
             name.end(),
             [](char c) { return is_letter_or_digit(c) || c == '_'; }) &&
         std::none_of(text.begin(), text.end(), is_control);
}

bool is_launchers_variable(std::string_view name) {
  constexpr std::array<std::string_view, 13> kPrefixes{
      "OMPI_COMM_WORLD_",
      "OMPI_UNIVERSE_",
      "PMIX_",
      "PMI_",
      "SLURM_",
      "MLX_RANK",
      "MLX_WORLD_SIZE",
      "MLX_HOSTFILE",
      "MLX_IBV_DEVICES",
      "MLX_JACCL_",
      "JACCL_",
      "LOCKSTEP_LIFELINE",
      "LOCKSTEP_SEAT_"};
  constexpr std::array<std::string_view, 5> kNames{
      "NCCL_HOST_IP",
      "NCCL_PORT",
      "LOCKSTEP_SECRET",
      "LOCKSTEP_TERMINAL",
      "LOCKSTEP_MODELS"};
  return std::any_of(
             kPrefixes.begin(),
             kPrefixes.end(),
             [&](auto prefix) { return name.starts_with(prefix); }) ||
         std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool is_place(std::string_view text) {
  constexpr std::size_t kMost = 1024;
  return (text.starts_with('/') || text.starts_with("~/")) &&
         text.size() <= kMost &&
         std::none_of(text.begin(), text.end(), is_control);
}

bool is_device_name(std::string_view text) {
  constexpr std::size_t kMost = 64;
  return !text.empty() && text.size() <= kMost &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.';
         });
}

bool is_nearly(std::string_view text, std::string_view known) {
  constexpr std::size_t kShort = 3;
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  const auto [a, b] =
      std::mismatch(lower.begin(), lower.end(), known.begin(), known.end());
  const std::string_view left(a, lower.end());
  const std::string_view right(b, known.end());
  const bool is_swapped = left.size() > 1 && right.size() > 1 &&
                          left[0] == right[1] && left[1] == right[0] &&
                          after(left, 2) == after(right, 2);
  const bool has_another = after(left, 1) == after(right, 1) &&
                           (known.size() > kShort || left == right);
  return is_swapped || has_another || after(left, 1) == right ||
         left == after(right, 1);
}

} // namespace lockstep::plan
