#include <algorithm>
#include <set>
#include <utility>

#include "base/utf8.h"
#include "doctor/host_survey.h"
#include "link/secret.h"

namespace lockstep::doctor {

namespace {

/// A failure that another machine tells, by its index in a list.
std::string failure_in(const Json& list, std::size_t i) {
  constexpr std::size_t kMost = 200;
  return i < list.size() && list[i].is_string()
             ? one_line(list[i].get<std::string>(), kMost)
             : "it did not say";
}

} // namespace

void HostSurvey::try_addresses() {
  const auto token = link::Secret::random().text();
  Questions questions(machines_.size());
  for (std::size_t i = 0; i < machines_.size(); ++i) {
    const auto& host = machines_[i].host;
    Json question{
        {"ask", "listen"},
        {"token", token},
        {"ips", host.ips},
        {"ports", Json::array()}};
    for (const int port : machines_[i].ports) {
      question["ports"].push_back({host.ips.front(), port});
    }
    questions[i] = std::move(question);
  }
  ask(questions,
      kPatience,
      "address",
      [this](std::size_t i, const JsonReader& answer) {
        take_places(i, answer);
      });
}

void HostSurvey::take_places(std::size_t machine, const JsonReader& answer) {
  constexpr int kMostPort = 65535;
  const auto& places = answer.at("places");
  const auto& ips = machines_[machine].host.ips;
  auto& ports = ports_[machine];
  ports.assign(ips.size(), 0);
  for (std::size_t j = 0; j < ips.size() && j < places.size(); ++j) {
    const JsonReader place(places[j], kAnswer);
    ports[j] = static_cast<int>(place.integer("port", 0, kMostPort));
    if (auto finding =
            address_of(name(machine), ips[j], place.string("failure"))) {
      tell(std::move(*finding));
    }
  }
  const auto& wished = machines_[machine].ports;
  const bool is_own = !ports.empty() && ports.front() != 0;
  for (std::size_t j = 0; is_own && j < wished.size(); ++j) {
    tell(port_of(name(machine), wished[j], failure_in(answer.at("ports"), j)));
  }
}

void HostSurvey::try_links() {
  Questions questions(machines_.size());
  std::vector<std::vector<Reach>> asked(machines_.size());
  for (std::size_t from = 0; from < machines_.size(); ++from) {
    Json to = Json::array();
    for (std::size_t i = 0; i < machines_.size(); ++i) {
      for (std::size_t j = 0; i != from && j < ports_[i].size(); ++j) {
        if (ports_[i][j] != 0) {
          const auto& ip = machines_[i].host.ips[j];
          to.push_back({ip, ports_[i][j]});
          asked[from].push_back({from, i, ip, ""});
        }
      }
    }
    if (!to.empty()) {
      questions[from] = Json{{"ask", "reach"}, {"to", std::move(to)}};
    }
  }
  ask(questions,
      kPatience,
      "reach",
      [&](std::size_t from, const JsonReader& answer) {
        const auto& failures = answer.at("failures");
        for (std::size_t i = 0; i < asked[from].size(); ++i) {
          asked[from][i].failure = failure_in(failures, i);
          reaches_.push_back(asked[from][i]);
        }
      });
  std::vector<std::string> systems;
  systems.reserve(identities_.size());
  for (const auto& identity : identities_) {
    systems.push_back(identity ? identity->os : "");
  }
  for (auto& finding : reach_findings(machines_, systems, reaches_)) {
    tell(std::move(finding));
  }
}

std::vector<Link> HostSurvey::links_of(
    const std::vector<std::size_t>& ring) const {
  std::set<Link> links;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    const Link link{ring[i], ring[(i + 1) % ring.size()]};
    const bool works =
        std::any_of(reaches_.begin(), reaches_.end(), [&](const Reach& reach) {
          return reach.from == link.first && reach.to == link.second &&
                 reach.failure.empty() &&
                 reach.ip == machines_[reach.to].host.ips.front();
        });
    if (works) {
      links.insert(link);
    }
  }
  return {links.begin(), links.end()};
}

void HostSurvey::measure_links(const std::vector<std::size_t>& ring) {
  for (const auto& round : rounds_of(links_of(ring))) {
    Questions questions(machines_.size());
    std::vector<std::size_t> other(machines_.size());
    for (const auto& [from, to] : round) {
      other[from] = to;
      Json end = Json::array();
      end.push_back({machines_[to].host.ips.front(), ports_[to].front()});
      questions[from] = Json{{"ask", "measure"}, {"to", std::move(end)}};
    }
    ask(questions,
        kPatience,
        "link",
        [&](std::size_t from, const JsonReader& answer) {
          constexpr double kMost = 1e15;
          tell(link_of(
              name(from),
              name(other[from]),
              {answer.number("latency_us", 0, kMost),
               answer.number("bytes_per_s", 0, kMost)}));
        });
  }
}

} // namespace lockstep::doctor
