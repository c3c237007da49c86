// What a hosts file may say wrong, and the whole of what is answered.
#include <string>

#include <doctest/doctest.h>

#include "plan/hosts.h"
#include "support/refused.h"

namespace lockstep::plan {

namespace {

struct Case {
  std::string text;
  std::string message; // after "F:"
};

const std::string ssh_text =
    "what ssh is called with, such as \"mac1\" or \"user@10.0.0.1\", without "
    "spaces, quotes or a leading \"-\"";
const std::string ip_text =
    "an IPv4 address such as 10.0.0.1; MLX's ring takes no names and no IPv6";
const std::string memory_text =
    "bytes from 1M on, such as 800000000 or \"16G\"";
const std::string device_text =
    "null, an RDMA device such as \"rdma_en2\", or a list of such";
const std::string setting_text =
    "\"NAME=VALUE\" in one line, the name of letters, digits and _";
const std::string object_text =
    "expected an object such as {\"ssh\": \"mac1\", \"ips\": [\"10.0.0.1\"]}";

/// A good host "a" on line 2 and one with these keys on line 3.
Case host(const std::string& keys, const std::string& message) {
  return {
      "[\n{\"ssh\": \"a\", \"ips\": [\"10.0.0.1\"]},\n{" + keys + "}\n]",
      "3: host 1" + message};
}

/// The same where the host is called "b".
Case key(const std::string& key, const std::string& message) {
  return host("\"ssh\": \"b\", " + key, " (\"b\"): key " + message);
}

/// A value of the outermost object, on line 2.
Case top(const std::string& key, const std::string& message) {
  return {"{\"hosts\": [{\"ssh\": \"a\"}],\n" + key + "}", "2: key " + message};
}

void check(const std::vector<Case>& cases) {
  for (const auto& [text, message] : cases) {
    CAPTURE(text);
    CHECK(testing::error_of(ErrorKind::usage, [&] {
            parse_hosts(text, "F");
          }) == "F:" + message);
  }
}

} // namespace

TEST_CASE("a file that is no hosts file is refused") {
  check({
      {"",
       "1:1: is not valid JSON: syntax error while parsing value - unexpected "
       "end of input; expected '[', '{', or a literal"},
      {"[\n  {\"ssh\": \"a\",}\n]",
       "2:15: is not valid JSON: syntax error while parsing object key - "
       "unexpected '}'; expected string literal"},
      {"[{\"ssh\": 'a'}]",
       "1:10: is not valid JSON: syntax error while parsing value - invalid "
       "literal; last read: '\"ssh\": ''"},
      {"[{\"ssh\": \"a\"}\n",
       "2:1: is not valid JSON: syntax error while parsing array - unexpected "
       "end of input; expected ']'"},
      {"[\n{\"ssh\": \"a\",\n\"ssh\": \"b\"}]",
       "3: JSON key \"ssh\" stands twice in one object"},
      {std::string(65, '['), "1: JSON nested deeper than 64 levels"},
      {"\n5", "2: is 5, expected a list of hosts, or an object with \"hosts\""},
      {"\"mac1,mac2\"",
       "1: is \"mac1,mac2\", expected a list of hosts, or an object with "
       "\"hosts\""},
      {"null",
       "1: is null, expected a list of hosts, or an object with \"hosts\""},
      {"[]", "1: names 0 hosts, expected 1 to 256"},
      {"{\n\"hosts\": []}", "2: names 0 hosts, expected 1 to 256"},
      {"{}", "1: key \"hosts\" is missing, expected a list of hosts"},
      {"{\"hosts\": null}",
       "1: key \"hosts\" is missing, expected a list of hosts"},
      {"{\n\"hosts\": {\"a\": 1}}",
       "2: key \"hosts\" is {\"a\":1}, expected a list of hosts"},
      {"[\n\"mac1\"]", "2: host 0: is \"mac1\", " + object_text},
      {"[{\"ssh\": \"a\"},\n[\"10.0.0.1:5000\"]]",
       "2: host 1: is [\"10.0.0.1:5000\"], " + object_text},
  });
  std::string many = "[{\"ssh\": \"h0\"}";
  for (int i = 1; i < 257; ++i) {
    many += ",\n{\"ssh\": \"h" + std::to_string(i) + "\"}";
  }
  check({{many + "]", "1: names 257 hosts, expected 1 to 256"}});
}

// Seen to fail with: a leading '-' let through; '@' not looked behind.
TEST_CASE("what ssh could take for something else is refused") {
  check({
      host("", ": key \"ssh\" is missing, expected " + ssh_text),
      host("\"ssh\": null", ": key \"ssh\" is missing, expected " + ssh_text),
      host("\"ssh\": \"\"", ": key \"ssh\" is \"\", expected " + ssh_text),
      host("\"ssh\": 7", ": key \"ssh\" is 7, expected " + ssh_text),
      host(
          "\"ssh\": \"a b\"", ": key \"ssh\" is \"a b\", expected " + ssh_text),
      host(
          "\"ssh\": \"-oProxyCommand=x\"",
          ": key \"ssh\" is \"-oProxyCommand=x\", expected " + ssh_text),
      host(
          "\"ssh\": \"me@-oX\"",
          ": key \"ssh\" is \"me@-oX\", expected " + ssh_text),
      host(
          "\"ssh\": \"-l@a\"",
          ": key \"ssh\" is \"-l@a\", expected " + ssh_text),
      host(
          "\"ssh\": \"me@\"", ": key \"ssh\" is \"me@\", expected " + ssh_text),
      host("\"ssh\": \"@a\"", ": key \"ssh\" is \"@a\", expected " + ssh_text),
      host(
          "\"ssh\": \"a\\nb\"",
          ": key \"ssh\" is \"a\\nb\", expected " + ssh_text),
      host(
          "\"ssh\": \"a;reboot\"",
          ": key \"ssh\" is \"a;reboot\", expected " + ssh_text),
      host(
          "\"ssh\": \"m\u00fcller\"",
          ": key \"ssh\" is \"m\\u00fcller\", expected " + ssh_text),
      host(
          "\"ssh\": \"" + std::string(256, 'h') + "\"",
          ": key \"ssh\" is \"" + std::string(79, 'h') + "..., expected " +
              ssh_text),
  });
}

// Seen to fail with: every address compared with the own host's alone.
TEST_CASE("addresses that MLX's ring cannot take are refused") {
  const auto bad = [](const std::string& value) {
    return key(
        "\"ips\": [\"10.0.0.2\", " + value + "]",
        "\"ips[1]\" is " + value + ", expected " + ip_text);
  };
  check({
      key("\"ips\": \"10.0.0.2\"",
          "\"ips\" is \"10.0.0.2\", expected a list of IPv4 addresses"),
      key("\"ips\": {\"en0\": 1}",
          "\"ips\" is {\"en0\":1}, expected a list of IPv4 addresses"),
      bad("\"fe80::1\""),
      bad("\"mac1.local\""),
      bad("\"10.0.0\""),
      bad("\"10.0.0.256\""),
      bad("\"10.0.0.2:5000\""),
      bad("\" 10.0.0.2\""),
      bad("\"0.0.0.0\""),
      bad("\"255.255.255.255\""),
      bad("\"\""),
      bad("null"),
      bad("167772162"),
      key("\"ips\": [\"10.0.0.2\", \"10.0.0.2\"]",
          "\"ips[1]\" is \"10.0.0.2\", expected each address once"),
      key("\"ips\": [\"10.0.0.1\"]",
          "\"ips[0]\" is \"10.0.0.1\", expected an address of its own: host 0 "
          "(\"a\") has this one"),
      {"[{\"ssh\": \"a\"},\n{\"ssh\": \"b\", \"ips\": [\n\"10.0.0.1\",\n"
       "\"x\"]}]",
       "4: host 1 (\"b\"): key \"ips[1]\" is \"x\", expected " + ip_text},
  });
}

TEST_CASE("RDMA devices that do not fit the hosts are refused") {
  check({
      key("\"rdma\": \"rdma_en2\"",
          "\"rdma\" is \"rdma_en2\", expected a list with null or the name of "
          "a device for each host"),
      key("\"rdma\": [null]",
          "\"rdma\" has 1 value, expected 2, one for each host"),
      key("\"rdma\": [null, null, null]",
          "\"rdma\" has 3 values, expected 2, one for each host"),
      key("\"rdma\": [null, \"rdma_en2\"]",
          "\"rdma[1]\" is \"rdma_en2\", expected null, as that is the host "
          "itself"),
      key("\"rdma\": [2, null]", "\"rdma[0]\" is 2, expected " + device_text),
      key("\"rdma\": [\"\", null]",
          "\"rdma[0]\" is \"\", expected " + device_text),
      key("\"rdma\": [[\"rdma_en2\", null], null]",
          "\"rdma[0]\" is [\"rdma_en2\",null], expected " + device_text),
      key("\"rdma\": [\"../en2\", null]",
          "\"rdma[0]\" is \"../en2\", expected " + device_text),
  });
}

// Seen to fail with: integers compared after they became an int, which lets
// 4294968320 pass for port 1024.
TEST_CASE("values of our own keys are refused outside their bounds") {
  const std::string share = "a number from 0.001 to 1000000";
  const std::string port = "an integer from 1024 to 65535";
  check({
      key("\"memory\": 0", "\"memory\" is 0, expected " + memory_text),
      key("\"memory\": -1", "\"memory\" is -1, expected " + memory_text),
      key("\"memory\": 1.5e9",
          "\"memory\" is 1500000000.0, expected " + memory_text),
      key("\"memory\": \"16GiB\"",
          "\"memory\" is \"16GiB\", expected " + memory_text),
      key("\"memory\": \"999K\"",
          "\"memory\" is \"999K\", expected " + memory_text),
      key("\"memory\": 18446744073709551615",
          "\"memory\" is 18446744073709551615, expected " + memory_text),
      key("\"memory\": true", "\"memory\" is true, expected " + memory_text),
      key("\"threads\": 0",
          "\"threads\" is 0, expected an integer from 1 to 1024"),
      key("\"threads\": \"8\"",
          "\"threads\" is \"8\", expected an integer from 1 to 1024"),
      key("\"threads\": 2.5",
          "\"threads\" is 2.5, expected an integer from 1 to 1024"),
      key("\"share\": 0", "\"share\" is 0, expected " + share),
      key("\"share\": -1.5", "\"share\" is -1.5, expected " + share),
      key("\"share\": 1e300", "\"share\" is 1e+300, expected " + share),
      key("\"share\": \"half\"", "\"share\" is \"half\", expected " + share),
      key("\"dir\": \"lockstep\"",
          "\"dir\" is \"lockstep\", expected an absolute path, or \"~/PATH\""),
      key("\"dir\": \"~other/x\"",
          "\"dir\" is \"~other/x\", expected an absolute path, or \"~/PATH\""),
      key("\"dir\": \"/a\\u0000b\"",
          "\"dir\" is \"/a\\u0000b\", expected an absolute path, or "
          "\"~/PATH\""),
      key("\"dir\": 1",
          "\"dir\" is 1, expected an absolute path, or \"~/PATH\""),
      key("\"gpu\": -1", "\"gpu\" is -1, expected an integer from 0 to 255"),
      key("\"gpu\": \"0\"",
          "\"gpu\" is \"0\", expected an integer from 0 to 255"),
      key("\"port\": 80", "\"port\" is 80, expected " + port),
      key("\"port\": 65536", "\"port\" is 65536, expected " + port),
      key("\"port\": 4294968320", "\"port\" is 4294968320, expected " + port),
      key("\"port\": 18446744073709551615",
          "\"port\" is 18446744073709551615, expected " + port),
  });
}

TEST_CASE("keys that are mistyped or in the wrong place are refused") {
  check({
      key("\"thread\": 4", "\"thread\" is not known, expected \"threads\""),
      key("\"memmory\": 4", "\"memmory\" is not known, expected \"memory\""),
      key("\"Memory\": 4", "\"Memory\" is not known, expected \"memory\""),
      key("\"ip\": 4", "\"ip\" is not known, expected \"ips\""),
      key("\"gpus\": 4", "\"gpus\" is not known, expected \"gpu\""),
      key("\"backend\": \"mpi\"",
          "\"backend\" is not read here, expected it beside \"hosts\", not in "
          "a host"),
      top("\"host\": []", "\"host\" is not known, expected \"hosts\""),
      top("\"env\": []", "\"env\" is not known, expected \"envs\""),
      top("\"port\": 5000",
          "\"port\" is not read here, expected it in each host"),
  });
}

// Seen to fail with: MLX_RANK let through.
TEST_CASE("a back end or variables that cannot be are refused") {
  const std::string backends = "ring, mpi, nccl, jaccl or jaccl-ring";
  const std::string by_itself =
      ", which lockstep sets by itself, expected other variables";
  check({
      top("\"backend\": \"tcp\"",
          "\"backend\" is \"tcp\", expected " + backends),
      top("\"backend\": \"auto\"",
          "\"backend\" is \"auto\", expected " + backends),
      top("\"backend\": 1", "\"backend\" is 1, expected " + backends),
      top("\"envs\": {\"A\": \"1\"}",
          "\"envs\" is {\"A\":\"1\"}, expected a list of variables such as "
          "[\"NAME=VALUE\"]"),
      top("\"envs\": [\"A\"]",
          "\"envs[0]\" is \"A\", expected " + setting_text),
      top("\"envs\": [\"=1\"]",
          "\"envs[0]\" is \"=1\", expected " + setting_text),
      top("\"envs\": [\"A=1\", \"2B=1\"]",
          "\"envs[1]\" is \"2B=1\", expected " + setting_text),
      top("\"envs\": [\"A B=1\"]",
          "\"envs[0]\" is \"A B=1\", expected " + setting_text),
      top("\"envs\": [\"A=1\\n2\"]",
          "\"envs[0]\" is \"A=1\\n2\", expected " + setting_text),
      top("\"envs\": [1]", "\"envs[0]\" is 1, expected " + setting_text),
      top("\"envs\": [\"MLX_RANK=0\"]",
          "\"envs[0]\" sets MLX_RANK" + by_itself),
      top("\"envs\": [\"LOCKSTEP_SECRET=hidden\"]",
          "\"envs[0]\" sets LOCKSTEP_SECRET" + by_itself),
      top("\"envs\": [\"A=1\", \"A=2\"]",
          "\"envs[1]\" sets A again, expected each variable once"),
  });
}

} // namespace lockstep::plan
