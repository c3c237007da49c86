// Prints the part of the model that must not differ from the table of
// collectives: step by step what ranks meet for, and of what size.
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "sched/header.h"
#include "world/collectives.h"

namespace {

using lockstep::world::Collective;
using lockstep::world::kCollectives;
using lockstep::world::Purpose;
using lockstep::world::SizeRule;

constexpr const Collective& kTick =
    lockstep::world::collective_for(Purpose::exchange);
static_assert(
    kTick.size == SizeRule::promised && kTick.repeats && !kTick.is_optional,
    "the model's ticks meet in exchanges whose size was promised");

/// What a model's step has at its place.
struct Step {
  std::string_view purpose;
  std::string bytes;
};

/// As often as the model has them: twice is enough to show that one repeats.
std::vector<Step> steps_of(const Collective& collective) {
  Step step{collective.name, "0"};
  if (collective.size == SizeRule::fixed) {
    step.bytes = std::to_string(collective.bytes);
  } else if (collective.size == SizeRule::agreed) {
    step.bytes = "AGREED";
  }
  const bool twice = collective.repeats && &collective != &kTick;
  return std::vector<Step>(twice ? 2 : 1, step);
}

/// A choice by the number of the step, as Promela writes it.
template <class Member>
std::string choice(const std::vector<Step>& steps, Member member) {
  std::string text;
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
    text += "((k) == " + std::to_string(i) + " -> ";
    text += std::string(steps[i].*member) + " : ";
  }
  text += steps.back().*member;
  return text.append(steps.size() - 1, ')');
}

} // namespace

int main() {
  std::string names;
  std::vector<Step> steps;
  std::size_t ticks = 0;
  for (const auto& collective : kCollectives) {
    names += (names.empty() ? "" : ", ") + std::string(collective.name);
    if (&collective == &kTick) {
      ticks = steps.size();
    } else if (collective.size == SizeRule::promised) {
      std::fprintf(stderr, "print_collectives: only exchanges are promised\n");
      return 1;
    }
    for (const auto& step : steps_of(collective)) {
      steps.push_back(step);
    }
  }
  std::printf(
      "mtype = { %s };\n"
      "#define FIRST_ROOM_TOKENS %d\n"
      "#define TICKS %zu\n"
      "#define N_STEPS %zu\n"
      "#define PURPOSE_AT(k) %s\n"
      "#define BYTES_AT(k) %s\n",
      names.c_str(),
      lockstep::sched::kFirstRoom.tokens,
      ticks,
      steps.size(),
      choice(steps, &Step::purpose).c_str(),
      choice(steps, &Step::bytes).c_str());
  return 0;
}
