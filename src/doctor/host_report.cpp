#include "doctor/host_report.h"

#include "base/utf8.h"
#include "doctor/machine_findings.h"

namespace lockstep::doctor {

namespace {

Json json_of_identity(const Identity& identity) {
  return {
      {"version", identity.version},
      {"mlx", identity.mlx},
      {"os", identity.os},
      {"machine", identity.machine},
      {"computes_on_gpu", identity.computes_on_gpu},
      {"has_mpi", identity.has_mpi},
      {"memory_bytes", identity.memory_bytes},
      {"free_bytes", identity.free_bytes},
      {"fingerprint", identity.fingerprint}};
}

} // namespace

HostReport report_of(const MachineFacts& facts) {
  HostReport report;
  report.identity = {
      facts.version,
      facts.mlx,
      facts.system.os,
      facts.system.machine,
      facts.device.is_gpu,
      facts.mpi_failure.empty(),
      facts.system.memory_bytes,
      facts.system.free_bytes,
      facts.model ? facts.model->fingerprint : ""};
  report.findings = machine_findings(facts);
  return report;
}

Json json_of(const HostReport& report) {
  Json json{
      {"identity", json_of_identity(report.identity)},
      {"findings", Json::array()}};
  for (const auto& finding : report.findings) {
    json["findings"].push_back(json_of(finding));
  }
  return json;
}

HostReport parse_report(const JsonReader& reader, const std::string& host) {
  constexpr std::int64_t kMostBytes = 1'000'000'000'000'000;
  const auto identity = reader.object("identity");
  const auto text = [&](const char* key) {
    constexpr std::size_t kMost = 100;
    return one_line(identity.string(key), kMost);
  };
  const auto bytes = [&](const char* key) {
    return static_cast<std::uint64_t>(identity.integer(key, 0, kMostBytes));
  };
  HostReport report;
  report.identity = {
      text("version"),
      text("mlx"),
      text("os"),
      text("machine"),
      identity.boolean("computes_on_gpu"),
      identity.boolean("has_mpi"),
      bytes("memory_bytes"),
      bytes("free_bytes"),
      text("fingerprint")};
  report.findings = parse_findings(reader.at("findings"), host);
  return report;
}

} // namespace lockstep::doctor
