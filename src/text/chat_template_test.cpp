#include "text/chat_template.h"

#include <chrono>
#include <ctime>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/file.h"

using namespace lockstep;
using namespace lockstep::text;

namespace {

const std::string kGolden = LOCKSTEP_GOLDEN_DIR "/templates/";

OrderedJson hello() {
  return {{{"role", "user"}, {"content", "Hello"}}};
}

std::string rendered(
    const std::string& source,
    const OrderedJson& extra = OrderedJson::object()) {
  return ChatTemplate(source, "<s>", "</s>").render(hello(), true, extra);
}

/// The error of rendering; fails the test when there is none.
std::string error_of(const std::string& source) {
  const ChatTemplate chat(source, "<s>", "</s>");
  try {
    chat.render(hello(), true);
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::request);
    return e.what();
  }
  FAIL("no error from " << source);
  return {};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string times(int n, const std::string& text) {
  std::string out;
  for (int i = 0; i < n; ++i) {
    out += text;
  }
  return out;
}

void check_golden(
    const ChatTemplate& chat, const OrderedJson& golden, const OrderedJson& c) {
  CAPTURE(c["template"].get<std::string>());
  CAPTURE(c["conversation"].get<std::string>());
  CAPTURE(c["extra"].get<std::string>());
  const auto& messages =
      golden["conversations"][c["conversation"].get<std::string>()];
  const auto& extra = golden["extras"][c["extra"].get<std::string>()];
  const bool prompt = c["add_generation_prompt"];
  try {
    const auto text = chat.render(messages, prompt, extra);
    REQUIRE(c.contains("text"));
    CHECK(text == c["text"].get<std::string>());
  } catch (const Error& e) {
    CAPTURE(e.what());
    CHECK(!c.contains("text"));
    if (c.contains("refused")) {
      CHECK(
          e.what() == "chat template: refuses these messages: " +
                          c["refused"].get<std::string>());
    }
  }
}

} // namespace

// Seen to fail with: trim_blocks(false); tools left out instead of none; keys
// sorted (Json for OrderedJson); minijinja's own tojson.
TEST_CASE("templates render as Jinja2 renders them, byte for byte") {
  const auto golden =
      OrderedJson::parse(read_text_file(kGolden + "templates.json"));
  std::map<std::string, ChatTemplate> templates;
  int n_checked = 0;
  for (const auto& c : golden["cases"]) {
    const std::string name = c["template"];
    if (name == "(demo model)") {
      continue; // its source is in the model's file: tests/integration
    }
    auto found = templates.find(name);
    if (found == templates.end()) {
      const auto source = read_text_file(kGolden + name + ".jinja");
      found =
          templates.emplace(name, ChatTemplate(source, "<s>", "</s>")).first;
    }
    check_golden(found->second, golden, c);
    ++n_checked;
  }
  CHECK(templates.size() == 10);
  CHECK(n_checked > 200);
}

TEST_CASE("what a user writes is data") {
  const OrderedJson messages = {
      {{"role", "{{ 1 + 1 }}"},
       {"content", "{% for i in range(9) %}{{ i }}{% endfor %}{# c #}\n"}}};
  const ChatTemplate chat(
      "{{ messages[0].role }}|{{ messages[0].content }}", "", "");
  CHECK(
      chat.render(messages, true) ==
      "{{ 1 + 1 }}|{% for i in range(9) %}{{ i }}{% endfor %}{# c #}\n");
}

TEST_CASE("variables: absent tokens, own names, order of keys") {
  const ChatTemplate bare("{{ bos_token is defined }}", "", "");
  CHECK(bare.render(hello(), true) == "False");
  CHECK(rendered("{{ bos_token }}{{ eos_token }}") == "<s></s>");
  CHECK(rendered("{{ bos_token }}", {{"bos_token", "B"}}) == "B");
  CHECK(
      rendered("{{ x | tojson }}", {{"x", {{"z", 1}, {"a", 2}}}}) ==
      "{\"z\": 1, \"a\": 2}");
  CHECK(
      rendered("{{ messages | length }}{{ add_generation_prompt }}") ==
      "1True");
  const ChatTemplate chat("x", "", "");
  CHECK_THROWS_AS(chat.render({{"role", "user"}}, true), Error);
  CHECK_THROWS_AS(chat.render(hello(), true, {{"messages", 1}}), Error);
  CHECK_THROWS_AS(chat.render(hello(), true, OrderedJson::array()), Error);
  CHECK_THROWS_AS(chat.render({"\xFF"}, true), Error);
}

TEST_CASE("assignments of every form keep their values") {
  CHECK(rendered("{% set x, y = 1, 2 %}{{ x }}{{ y }}") == "12");
  CHECK(rendered("{% set x = {'a': [1, (2, 3)]} %}{{ x.a[1][0] }}") == "2");
  CHECK(
      rendered("{% set y = 1 %}{{ {'b': y, 'a': [y]} }}{{ [y, (y,)] }}") ==
      "{'b': 1, 'a': [1]}[1, (1,)]");
  CHECK(rendered("{% set q = '%}=' -%}  {{ q }}") == "%}=");
  CHECK(rendered("{%- set q='a' if true else 'b'%}{{ q }}") == "a");
  CHECK(
      rendered("{% set n = namespace(x=1) %}{% set n.x=n.x+1 %}{{ n.x }}") ==
      "2");
  CHECK(rendered("{% set x %}a{{ 1 }}{% endset %}{{ x }}") == "a1");
  CHECK(rendered("{% set __keep = 3 %}{% set y = 4 %}{{ __keep + y }}") == "7");
}

TEST_CASE("a wrong template is an error of the model with its line") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a\nb\n{% if x %}", "line 3"},
      {"a\n{% frobnicate %}\n", "line 2"},
      {"{{ 'open", "line 1"},
      {"\n{% include 'file' %}", "line 2"},
      {"{% for x in %}{% endfor %}", "line 1"},
      {"\n\n{{ a | no_such_filter }}", ""},
      {std::string(100000, '('), ""},
      {"{{ " + std::string(100000, '('), "line 1"},
      {"{{ " + std::string(100000, '['), "line 1"},
      {"{% set x.y = %}", "line 1"},
      {"\xFF", "UTF-8"}};
  for (const auto& [source, place] : cases) {
    CAPTURE(source.substr(0, 80));
    try {
      const ChatTemplate chat(source, "", "");
      CHECK(place.empty());
    } catch (const Error& e) {
      CHECK(e.kind() == ErrorKind::config);
      CHECK_MESSAGE(contains(e.what(), place), e.what());
      CHECK(std::string(e.what()).size() < 300);
    }
  }
}

TEST_CASE("what fails while rendering names its line") {
  CHECK(contains(error_of("a\nb\n{{ x.y.z }}"), "line 3"));
  CHECK(contains(error_of("\n{{ 1 / 0 }}"), "line 2"));
  CHECK(contains(error_of("{{ 'a' + 1 }}"), "line 1"));
  CHECK(contains(error_of("{{ messages | no_such }}"), "no_such"));
  CHECK(contains(error_of("{{ no_such() }}"), "no_such"));
  CHECK(contains(error_of("{{ 'x'.no_such() }}"), "no_such"));
  CHECK(contains(error_of("{{ x | tojson }}"), "tojson"));
  CHECK(
      error_of("{{ raise_exception('only text') }}") ==
      "chat template: refuses these messages: only text");
}

// Seen to fail with: fuel not set; the guards of method() left out; the
// engine's own + and [] in place of guard.rs's.
TEST_CASE("a template cannot run on, fill memory or dig too deep") {
  const std::vector<std::string> sources = {
      "{% for a in range(100000) %}{% for b in range(100000) %}"
      "{% endfor %}{% endfor %}",
      "{{ range(1000000000) | list }}",
      "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
      "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
      "{{ 'a' * 1000000000 }}",
      "{{ ('a' * 10000000000) | length }}",
      "{{ [1] * 1000000000 }}",
      "{{ ([1] * 1000000000) | tojson }}",
      "{{ ([1] * 1000000000) | join('x') }}",
      "{{ ','.join([1] * 1000000000) }}",
      "{{ ('a' * 100000).join(range(100000)) }}",
      "{{ ([1] * 1000000000).count(2) }}",
      "{{ ('a' * 10000).replace('a', 'b' * 100000) }}",
      "{{ ('a' * 10000) | replace('a', 'b' * 100000) }}",
      "{{ '{:>9000000000}'.format(1) }}",
      "{{ '%9000000000d' | format(1) }}",
      "{{ 'x' | indent(1000000000) }}",
      "{{ [1] | tojson(indent=1000000000) }}",
      "{{ [1] | tojson(indent='b' * 1000000) }}",
      "{% set n = namespace(x='ab') %}{% for i in range(64) %}"
      "{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x | length }}",
      "{% set n = namespace(x='ab') %}{% for i in range(64) %}"
      "{% set n.x = n.x.replace('a', n.x) %}{% endfor %}",
      "{% set n = namespace(x=[1]) %}{% for i in range(64) %}"
      "{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x | string }}",
      "{% set n = namespace(x=[1]) %}{% for i in range(64) %}"
      "{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
      "{% set n = namespace(x=[1]) %}{% for i in range(64) %}"
      "{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x | tojson }}",
      "{% set n = namespace(x=[1]) %}{% for i in range(64) %}"
      "{% set n.x = n.x + n.x %}{% endfor %}{{ n.x | tojson }}",
      "{% set n = namespace(x=[1]) %}{% for i in range(64) %}"
      "{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x | upper }}",
      "{% macro f(x, n) %}{{ f([x, x], n - 1) if n else x | upper }}"
      "{% endmacro %}{{ f([1], 40) }}",
      "{% set n = namespace() %}{% set n.x = n %}{{ n }}",
      "{% set n = namespace() %}{% set n.x = n %}{{ n | upper }}",
      "{% with x = [1] %}" + times(60, "{% with x = x + x %}") +
          "{{ x | length }}" + times(61, "{% endwith %}"),
      "{% with x = [1] %}" + times(60, "{% with x = [x, x] %}") +
          "{{ x | upper }}" + times(61, "{% endwith %}"),
      "{% set n = namespace() %}{% set n.x = [n] %}{{ n.x | upper }}",
      "{% set n = namespace() %}{% set m = namespace(x=n) %}"
      "{% set n.x = m %}{{ n == m }}",
      "{{ ([1] * 1000000000) | upper }}",
      "{{ ([[1], [2]] * 100000) | sum(start=[1] * 10000000) }}",
      "{% for i in range(10000) %}{{ 'a' * 10000 }}{% endfor %}",
      "{{ 2 ** 1000000000 }}",
      "{{ strftime_now('%Y' * 100000) }}",
      "{% set n = namespace(x=[]) %}{% for i in range(100000) %}"
      "{% set n.x = [n.x] %}{% endfor %}{{ n.x | tojson }}"};
  for (const auto& source : sources) {
    CAPTURE(source);
    const auto start = std::chrono::steady_clock::now();
    const auto error = error_of(source);
    CHECK(error.size() < 300);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(3));
  }
}

TEST_CASE("long conversations are within the bounds") {
  OrderedJson messages = OrderedJson::array();
  for (int i = 0; i < 2000; ++i) {
    messages.push_back(
        {{"role", i % 2 == 0 ? "user" : "assistant"},
         {"content", std::string(5000, 'x')}});
  }
  const ChatTemplate chat(
      read_text_file(kGolden + "tools.jinja"), "<s>", "</s>");
  const auto text = chat.render(messages, true);
  CHECK(text.size() > 2000 * 5000);
}

TEST_CASE("strftime_now gives local time") {
  const auto today = [] {
    const auto now = std::time(nullptr);
    std::tm parts{};
    localtime_r(&now, &parts);
    char text[64];
    text[std::strftime(text, sizeof text, "%d %b %Y", &parts)] = '\0';
    return std::string(text);
  };
  const auto before = today();
  const auto shown = rendered("{{ strftime_now('%d %b %Y') }}");
  CHECK((shown == before || shown == today()));
}
