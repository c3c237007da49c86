#include "base/lined_json.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "base/utf8.h"

namespace lockstep {

namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxValues = 200'000;

struct Progress {
  int line = 1;       // that the reader is on
  int token_line = 1; // of the last character that is no space
};

/// Characters for the parser, which reads at most a space too far: a value that
/// it has just told of lies on the line of the last one that is none.
class Characters {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Characters(const char* at, Progress& progress)
      : at_(at), progress_(&progress) {}

  reference operator*() const { return *at_; }
  Characters& operator++() {
    if (*at_ == '\n') {
      ++progress_->line;
    } else if (*at_ != ' ' && *at_ != '\t' && *at_ != '\r') {
      progress_->token_line = progress_->line;
    }
    ++at_;
    return *this;
  }
  Characters operator++(int) {
    auto before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Characters& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  Progress* progress_;
};

/// The parser's words without the place, which it names in its own way.
std::string reason_of(std::string_view text) {
  constexpr std::size_t kReasonBytes = 200;
  for (const std::string_view before : {"] ", "column ", ": "}) {
    const auto at = text.find(before);
    if (at != std::string_view::npos) {
      text.remove_prefix(at + before.size());
    }
  }
  return one_line(text, kReasonBytes);
}

} // namespace

/// Told of each value by the parser, in the text's order.
class LinedJson::Recorder final : public Json::json_sax_t {
 public:
  Recorder(
      LinedJson& to,
      std::string_view text,
      const std::string& where,
      ErrorKind kind)
      : to_(to), text_(text), where_(where), kind_(kind) {}

  Progress& progress() { return progress_; }

  bool null() override { return add(); }
  bool boolean(bool /*value*/) override { return add(); }
  bool number_integer(std::int64_t /*value*/) override { return add(); }
  bool number_unsigned(std::uint64_t /*value*/) override { return add(); }
  bool number_float(double /*value*/, const std::string& /*text*/) override {
    return add();
  }
  bool string(std::string& /*value*/) override { return add(); }
  bool binary(Json::binary_t& /*value*/) override { return add(); }
  bool start_object(std::size_t /*size*/) override { return open(false); }
  bool start_array(std::size_t /*size*/) override { return open(true); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    auto& object = open_.back();
    if (to_.places_.contains({object.id, name})) {
      fail(
          kind_,
          "{}:{}: JSON key {} stands twice in one object",
          where_,
          progress_.token_line,
          shown(name));
    }
    object.key = name;
    return true;
  }

  bool parse_error(
      std::size_t position,
      const std::string& /*token*/,
      const Json::exception& error) override {
    const auto before = text_.substr(0, position > 0 ? position - 1 : position);
    const auto newline = before.rfind('\n');
    const auto column = newline == std::string_view::npos
                            ? before.size() + 1
                            : before.size() - newline;
    fail(
        kind_,
        "{}:{}:{}: is not valid JSON: {}",
        where_,
        1 + std::count(before.begin(), before.end(), '\n'),
        column,
        reason_of(error.what()));
  }

 private:
  struct Container {
    std::size_t id = 0;
    bool is_array = false;
    std::size_t n_items = 0;
    std::string key; // of the next value
  };

  bool add() {
    if (n_values_ == kMaxValues) {
      fail(
          kind_,
          "{}:{}: holds more than {} values",
          where_,
          progress_.token_line,
          kMaxValues);
    }
    if (open_.empty()) {
      to_.first_line_ = progress_.token_line;
    } else {
      auto& in = open_.back();
      to_.places_.insert(
          {{in.id, in.is_array ? std::to_string(in.n_items++) : in.key},
           {progress_.token_line, n_values_}});
    }
    ++n_values_;
    return true;
  }

  bool open(bool is_array) {
    if (open_.size() == kMaxDepth) {
      fail(
          kind_,
          "{}:{}: JSON nested deeper than {} levels",
          where_,
          progress_.token_line,
          kMaxDepth);
    }
    add();
    open_.push_back({n_values_ - 1, is_array, 0, {}});
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  LinedJson& to_;
  std::string_view text_;
  const std::string& where_;
  ErrorKind kind_;
  Progress progress_;
  std::vector<Container> open_;
  std::size_t n_values_ = 0;
};

LinedJson::LinedJson(
    std::string_view text, const std::string& where, ErrorKind kind) {
  Recorder recorder(*this, text, where, kind);
  const char* begin = text.data();
  Json::sax_parse(
      Characters(begin, recorder.progress()),
      Characters(begin + text.size(), recorder.progress()),
      &recorder);
  value_ = Json::parse(text.begin(), text.end());
}

int LinedJson::line_of(const Path& path) const {
  Place place{first_line_, 0};
  for (const auto& step : path) {
    const auto found = places_.find({place.id, step});
    if (found == places_.end()) {
      break;
    }
    place = found->second;
  }
  return place.line;
}

} // namespace lockstep
