#include "launch/host_facts.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "launch/remote.h"
#include "support/refused.h"

namespace lockstep::launch {

using testing::check_refused;

namespace {

std::string framed(const std::string& lines) {
  return "--- lockstep host begin ---\n" + lines +
         "--- lockstep host end ---\n";
}

const std::string needed =
    "name=a\nos=Linux\ncores=1\nmeminfo=MemTotal: 9 kB\n";

std::string shown(const std::vector<Address>& addresses) {
  std::string text;
  for (const auto& a : addresses) {
    text += a.interface + " " + a.ip + "/" + std::to_string(a.prefix_bits) +
            " " + std::string(name_of(a.kind)) + "\n";
  }
  return text;
}

} // namespace

// Seen to fail with: kilobytes of 1000; bridges to containers kept; interfaces
// without a link kept.
TEST_CASE("a Linux machine's answer is understood") {
  const auto facts =
      parse_host_facts("Welcome!\nname=liar\nno newline" + framed(R"(name=linux1
os=Linux
machine=x86_64
cores=32
meminfo=MemTotal:       65536000 kB
meminfo=MemFree:         1000000 kB
meminfo=MemAvailable:   60000000 kB
link=1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
link=2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP
link=3: wlp2s0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500
link=4: enp3s0: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 state DOWN
link=5: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500
address=1: lo    inet 127.0.0.1/8 scope host lo\       valid_lft forever
address=3: wlp2s0    inet 192.168.1.9/24 brd 192.168.1.255 scope global wlp2s0
address=2: eth0    inet 203.0.113.7/24 brd 203.0.113.255 scope global eth0
address=2: eth0    inet 169.254.3.4/16 scope link eth0
address=2: eth0    inet 10.1.0.5/16 brd 10.1.255.255 scope global eth0
address=4: enp3s0    inet 192.168.7.1/24 scope global enp3s0
address=5: docker0    inet 172.17.0.1/16 brd 172.17.255.255 scope global
address=6: thunderbolt0    inet 10.99.0.1/30 scope global thunderbolt0
address=7: wg0    inet 10.8.0.2 peer 10.8.0.1/32 scope global wg0
address=8: tailscale0    inet 100.101.2.3/32 scope global tailscale0
gpu=NVIDIA H200, 143771, 143155
gpu=NVIDIA GH200 480GB, [N/A], [N/A]
gpu=NVIDIA-SMI has failed because it could not communicate
unknown=thing
)") + "name=after\n");
  CHECK(facts.name == "linux1");
  CHECK(facts.os == "Linux");
  CHECK(facts.machine == "x86_64");
  CHECK(facts.cores == 32);
  CHECK(facts.memory_bytes == 65'536'000ULL * 1024);
  CHECK(facts.free_bytes == 60'000'000ULL * 1024);
  REQUIRE(facts.gpus.size() == 2);
  CHECK(facts.gpus[0].name == "NVIDIA H200");
  CHECK(facts.gpus[0].memory_bytes == 143'771ULL * 1024 * 1024);
  CHECK(facts.gpus[0].free_bytes == 143'155ULL * 1024 * 1024);
  CHECK(facts.gpus[1].memory_bytes == 0);
  CHECK(
      shown(facts.addresses) ==
      "thunderbolt0 10.99.0.1/30 thunderbolt\n"
      "eth0 10.1.0.5/16 wired\n"
      "wlp2s0 192.168.1.9/24 wireless\n"
      "tailscale0 100.101.2.3/32 tunnel\n"
      "wg0 10.8.0.2/32 tunnel\n"
      "eth0 203.0.113.7/24 open\n"
      "eth0 169.254.3.4/16 link-local\n");
}

// Seen to fail with: the page size taken for 4096; "status: inactive" not read.
TEST_CASE("a Mac's answer is understood") {
  const auto facts = parse_host_facts(framed(R"(name=mac1.local
os=Darwin
machine=arm64
cores=10
ifconfig=lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384
ifconfig=	inet 127.0.0.1 netmask 0xff000000
ifconfig=	inet6 ::1 prefixlen 128
ifconfig=en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
ifconfig=	inet6 fe80::1%en0 prefixlen 64 secured scopeid 0xb
ifconfig=	inet 192.168.1.20 netmask 0xffffff00 broadcast 192.168.1.255
ifconfig=	status: active
ifconfig=en1: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
ifconfig=	inet 192.168.1.21 netmask 0xffffff00 broadcast 192.168.1.255
ifconfig=	status: active
ifconfig=en5: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
ifconfig=	inet 10.3.3.3 netmask 0xff000000 broadcast 10.255.255.255
ifconfig=	status: inactive
ifconfig=en2: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
ifconfig=	inet 192.168.0.1 netmask 0xfffffffc broadcast 192.168.0.3
ifconfig=	status: active
ifconfig=bridge0: flags=8863<UP,BROADCAST,SMART,RUNNING> mtu 1500
ifconfig=	inet 169.254.10.2 netmask 0xffff0000 broadcast 169.254.255.255
ifconfig=	member: en2 flags=3<LEARNING,DISCOVER>
ifconfig=	status: active
ifconfig=bridge100: flags=8863<UP,BROADCAST,SMART,RUNNING> mtu 1500
ifconfig=	inet 192.168.64.1 netmask 0xffffff00 broadcast 192.168.64.255
ifconfig=en9: flags=8822<BROADCAST,SMART,SIMPLEX,MULTICAST> mtu 1500
ifconfig=	inet 10.9.9.9 netmask 0xff000000 broadcast 10.255.255.255
ifconfig=en7: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
ifconfig=	inet 169.254.7.7 netmask 0xffff0000 broadcast 169.254.255.255
ifconfig=utun4: flags=8051<UP,POINTOPOINT,RUNNING,MULTICAST> mtu 1280
ifconfig=	inet 100.70.1.2 --> 100.70.1.2 netmask 0xffffffff
memsize=17179869184
chip=Apple M4
vm_stat=Mach Virtual Memory Statistics: (page size of 16384 bytes)
vm_stat=Pages free:                              100000.
vm_stat=Pages active:                            300000.
vm_stat=Pages inactive:                          200000.
vm_stat=Pages speculative:                         1000.
vm_stat=Pages purgeable:                            500.
port=
port=Hardware Port: Ethernet
port=Device: en0
port=Ethernet Address: aa:bb:cc:dd:ee:00
port=
port=Hardware Port: Wi-Fi
port=Device: en1
port=Hardware Port: Thunderbolt 1
port=Device: en2
port=Hardware Port: Thunderbolt Bridge
port=Device: bridge0
)"));
  CHECK(facts.name == "mac1.local");
  CHECK(facts.memory_bytes == 17'179'869'184);
  CHECK(facts.free_bytes == 301'500ULL * 16384);
  REQUIRE(facts.gpus.size() == 1);
  CHECK(facts.gpus[0].name == "Apple M4");
  CHECK(
      shown(facts.addresses) ==
      "bridge0 169.254.10.2/16 thunderbolt\n"
      "en2 192.168.0.1/30 thunderbolt\n"
      "en7 169.254.7.7/16 thunderbolt\n"
      "en0 192.168.1.20/24 wired\n"
      "en1 192.168.1.21/24 wireless\n"
      "utun4 100.70.1.2/32 tunnel\n");
}

TEST_CASE("Linux's ifconfig is understood where there is no ip") {
  const auto facts = parse_host_facts(framed(
      needed +
      "ifconfig=eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500\n"
      "ifconfig=        inet 10.0.0.7  netmask 255.255.255.0  broadcast x\n"));
  CHECK(shown(facts.addresses) == "eth0 10.0.0.7/24 wired\n");
}

// Seen to fail with: numbers not bounded.
TEST_CASE("an answer that is none is refused") {
  const auto refused = [](const std::string& text, const char* words) {
    check_refused(ErrorKind::network, {words}, [&] { parse_host_facts(text); });
  };
  refused("", "did not answer what was asked");
  refused("Last login: today\nname=x\n", "did not answer what was asked");
  refused("--- lockstep host begin ---\n" + needed, "answered in part");
  refused(framed(""), "does not tell its name");
  refused(framed("name=a\n"), "does not tell its system");
  refused(framed("name=a\nos=Linux\ncores=many\n"), "tell its cores");
  refused(framed("name=a\nos=Linux\ncores=4\n"), "tell its memory");
  refused(
      framed("name=a\nos=Linux\ncores=4\nmemsize=18446744073709551615\n"),
      "tell its memory");
}

// Seen to fail with: bytes that are no ASCII kept.
TEST_CASE("whatever a host says, it is text of one line and sane numbers") {
  const auto facts = parse_host_facts(framed(
      "name=a\x1b[31m\xff\n" + std::string("os=") + std::string(500, 'x') +
      "\ncores=99999999999999999999\ncores=4000000000\n"
      "meminfo=MemTotal: 18446744073709551615 kB\n"
      "meminfo=MemTotal: 1000000000000000 kB\n"
      "meminfo=MemAvailable: 999999999999999 kB\n"
      "vm_stat=page size of 99999999999\nvm_stat=Pages free: 999999999999999\n"
      "gpu=,,\ngpu=x,999999999999999,-1\ngpu=a\n"
      "address=\naddress=1:\naddress=2: e inet\naddress=2: e inet 10.0.0.1/99\n"
      "address=3: f inet 10.0.0.300/24\nlink=\nlink=5: x\nport=Device: \n"
      "ifconfig=\nifconfig=\tinet 10.0.0.2 netmask 0xff00ff00\n"
      "ifconfig=\tinet 10.0.0.3 netmask\n=\n==\n"));
  CHECK(facts.name == "a?[31m?");
  CHECK(facts.os == std::string(100, 'x') + "...");
  CHECK(facts.cores == 100'000);
  CHECK(facts.memory_bytes <= 1'000'000'000'000'000);
  CHECK(facts.free_bytes <= facts.memory_bytes);
  REQUIRE(facts.gpus.size() == 2);
  CHECK(facts.gpus[1].memory_bytes <= 1'000'000'000'000'000);
  CHECK(facts.gpus[1].free_bytes == 0);
  for (const auto& address : facts.addresses) {
    CHECK(address.prefix_bits >= 0);
    CHECK(address.prefix_bits <= 32);
  }
}

TEST_CASE("this machine answers") {
  const auto results =
      run_on_hosts({{"localhost", {"sh", "-s"}, std::string(host_script())}});
  REQUIRE(results[0].is_good());
  CHECK(results[0].err.empty());
  const auto facts = parse_host_facts(results[0].out);
  CHECK(facts.cores > 0);
  CHECK(facts.free_bytes > 0);
}

} // namespace lockstep::launch
