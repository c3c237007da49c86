#include "doctor/host_agent.h"

#include <chrono>
#include <iostream>
#include <memory>

#include "base/error.h"
#include "doctor/host_report.h"
#include "doctor/link_probe.h"
#include "doctor/link_server.h"
#include "launch/host_lines.h"
#include "launch/own_process.h"
#include "launch/ports.h"

namespace lockstep::doctor {

namespace {

constexpr char kWhere[] = "the question";
constexpr std::int64_t kMostPort = 65535;
constexpr std::size_t kMostEnds = 4096;

std::vector<LinkEnd> ends_in(const JsonReader& reader, const char* key) {
  const auto& list = reader.at(key);
  if (!list.is_array() || list.size() > kMostEnds) {
    reader.refuse(key, "a list of addresses");
  }
  std::vector<LinkEnd> ends;
  ends.reserve(list.size());
  for (const auto& value : list) {
    if (!value.is_array() || value.size() != 2 || !value[0].is_string() ||
        !value[1].is_number_integer() || value[1] < 1 || value[1] > kMostPort) {
      reader.refuse(key, "pairs of an address and a port");
    }
    ends.push_back({value[0].get<std::string>(), value[1].get<int>()});
  }
  return ends;
}

std::string port_failure(const LinkEnd& end) {
  try {
    const launch::ReservedPort port(end.ip, end.port);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

/// A launcher's questions, one after the other.
class Agent {
 public:
  explicit Agent(MachineQuestion question) : question_(std::move(question)) {}

  Json answer(const std::string& line);

 private:
  Json facts(const JsonReader& reader);
  Json listen(const JsonReader& reader);
  Json reach(const JsonReader& reader) const;
  Json measure(const JsonReader& reader) const;

  MachineQuestion question_;
  std::string token_;
  std::unique_ptr<LinkServer> server_;
};

Json Agent::answer(const std::string& line) {
  try {
    const auto json = parse_json(line, kWhere);
    const JsonReader reader(json, kWhere);
    const auto ask = reader.string("ask");
    if (ask == "facts") {
      return facts(reader);
    }
    if (ask == "clock") {
      return {
          {"microseconds",
           std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
               .count()}};
    }
    if (ask == "listen") {
      return listen(reader);
    }
    if (ask == "reach") {
      return reach(reader);
    }
    if (ask == "measure") {
      return measure(reader);
    }
    reader.refuse("ask", "facts, clock, listen, reach or measure");
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) {
      throw;
    }
    return {{"failure", error.what()}};
  }
}

Json Agent::facts(const JsonReader& reader) {
  if (server_) {
    reader.refuse("ask", "facts before all else"); // no other thread runs then
  }
  launch::enter_directory(reader.string("directory"));
  question_.model = reader.string("model");
  question_.needs_mpi = reader.boolean("needs_mpi");
  return json_of(report_of(read_machine(question_)));
}

Json Agent::listen(const JsonReader& reader) {
  token_ = reader.string("token");
  const auto& list = reader.at("ips");
  if (token_.size() != kTokenBytes || !list.is_array() ||
      list.size() > kMostEnds) {
    reader.refuse("token", "64 characters, and a list of addresses");
  }
  std::vector<std::string> ips;
  for (const auto& ip : list) {
    if (!ip.is_string()) {
      reader.refuse("ips", "addresses");
    }
    ips.push_back(ip.get<std::string>());
  }
  Json result{{"places", Json::array()}, {"ports", Json::array()}};
  for (const auto& end : ends_in(reader, "ports")) {
    result["ports"].push_back(port_failure(end));
  }
  server_.reset();
  server_ = std::make_unique<LinkServer>(token_, ips);
  for (const auto& [port, failure] : server_->places()) {
    result["places"].push_back({{"port", port}, {"failure", failure}});
  }
  return result;
}

Json Agent::reach(const JsonReader& reader) const {
  return {{"failures", try_reach(token_, ends_in(reader, "to"))}};
}

Json Agent::measure(const JsonReader& reader) const {
  const auto ends = ends_in(reader, "to");
  if (ends.size() != 1) {
    reader.refuse("to", "one pair");
  }
  const auto speed = measure_link(token_, ends.front());
  return {{"latency_us", speed.latency_us}, {"bytes_per_s", speed.bytes_per_s}};
}

} // namespace

int answer_questions(MachineQuestion question) {
  const launch::PipeSignalIgnored no_pipe_signal;
  Agent agent(std::move(question));
  for (std::string line; std::getline(std::cin, line);) {
    // Bytes of a message that are no UTF-8 are replaced, not refused.
    std::cout << launch::kAnswerMark
              << agent.answer(line).dump(
                     -1, ' ', false, Json::error_handler_t::replace)
              << std::endl;
  }
  return 0;
}

} // namespace lockstep::doctor
