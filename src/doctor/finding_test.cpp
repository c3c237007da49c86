#include "doctor/finding.h"

#include <doctest/doctest.h>

#include "doctor/host_report.h"
#include "support/refused.h"

namespace lockstep::doctor {

TEST_CASE("findings pass from machine to machine") {
  HostReport report;
  report.identity = {
      "0.1.0", "0.32.4", "Linux", "x86_64", true, false, 7, 5, "00ff"};
  report.findings = {
      ok("memory", "much"), problem("mpi", "none\n\033[31m", "get it")};
  const auto json = json_of(report);
  const auto read = parse_report(JsonReader(json, "mac2"), "mac2");
  CHECK(json_of(read).at("identity") == json.at("identity"));
  REQUIRE(read.findings.size() == 2);
  CHECK(read.findings[0].host == "mac2");
  CHECK(read.findings[0].level == Level::ok);
  CHECK(read.findings[1].topic == "mpi");
  CHECK(read.findings[1].level == Level::problem);
  CHECK(read.findings[1].text == "none??[31m");
  CHECK(read.findings[1].advice == "get it");
}

TEST_CASE("findings that are none are refused") {
  const auto refused = [](const char* text, std::string_view words) {
    testing::check_refused(ErrorKind::config, {words}, [&] {
      parse_findings(Json::parse(text), "mac2");
    });
  };
  refused("{}", "expected a list");
  refused("[1]", "mac2");
  refused(R"([{"topic": "x", "text": "", "advice": ""}])", "level");
  refused(
      R"([{"topic": "x", "level": "bad", "text": "", "advice": ""}])",
      "expected ok, warning or problem");
  refused(Json(std::vector<int>(1001)).dump().c_str(), "at most 1000");
}

// Seen to fail with: the first problem's kind, whatever comes after it.
TEST_CASE(
    "a run would end with what cannot be reached, else the first problem") {
  CHECK_FALSE(verdict({}));
  CHECK_FALSE(verdict({ok("ssh", ""), warning("ssh", "", "")}));
  const auto model = problem("model", "", "");
  const auto version = problem("version", "", "");
  CHECK(verdict({model, version}) == ErrorKind::config);
  CHECK(verdict({warning("x", "", ""), version, model}) == ErrorKind::diverged);
  CHECK(verdict({model, problem("ssh", "", "")}) == ErrorKind::network);
  CHECK(verdict({problem("what is new", "", "")}) == ErrorKind::network);
}

} // namespace lockstep::doctor
