"""Writes templates.json: what each template of this folder renders to by Jinja2.

    python -m venv venv && venv/bin/pip install jinja2 gguf
    venv/bin/python make.py MODEL.gguf

Jinja2 is set up as Hugging Face's transformers sets it up. The model's own
template is rendered too; of it only the result is kept.
"""

import json
import pathlib
import sys

import gguf
import jinja2
import jinja2.ext
import jinja2.sandbox

HERE = pathlib.Path(__file__).parent


class Generation(jinja2.ext.Extension):
    """The tag that marks what training learns; here only its body."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.Scope(body, lineno=line)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(
        x,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys,
    )


class Refusal(Exception):
    """What a template says through raise_exception."""


def raise_exception(message):
    raise Refusal(message)


def compiled(source):
    env = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[Generation, jinja2.ext.loopcontrols],
    )
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    return env.from_string(source)


USER = {"role": "user", "content": "What is 2+2?"}
SYSTEM = {"role": "system", "content": "  Be brief.\n"}
ANSWER = {"role": "assistant", "content": " 4 \n"}
NASTY = {
    "role": "user",
    "content": "{{ 7*7 }}{% raw %}</s><|im_end|> \"q\" 'a' \\n \u00e9\u4e2d\U0001f600\t\n{# c #}",
}
PARTS = {
    "role": "user",
    "content": [{"type": "image"}, {"type": "text", "text": " Look! "}],
}
THOUGHT = {
    "role": "assistant",
    "content": "<think>\nTwo and two.\n</think>\n\nFour.",
}
CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [
        {
            "type": "function",
            "function": {
                "name": "weather",
                "arguments": {"city": "K\u00f6ln", "days": 3, "exact": 0.5},
            },
        }
    ],
}
TWO_CALLS = dict(CALL, tool_calls=CALL["tool_calls"] * 2)
RESULT = {"role": "tool", "content": '{"sky": "grey"}'}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "tells the WEATHER\nof a place <b>&'now'</b>",
            "parameters": {
                "type": "object",
                "required": ["city"],
                "properties": {
                    "city": {"type": "string", "description": "Where"},
                    "days": {"type": "integer", "default": 1},
                    "unit": {"type": "string", "enum": ["C", "F"]},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "limit": {"type": ["number", "null"], "default": 1.5},
                },
            },
        },
    },
    {"name": "now", "description": "time", "parameters": {"properties": {}}},
]
VALUE = {
    "b": [1, 2.0, None, True, "x\u00e9\u4e2d\U0001f600\"\\/\b\f\n\r\t\x01\x7f<>&'"],
    "a": {"z": 1e16, "y": 1e-7, "x": {}, "w": [], "v": -0.5},
    "c": 12345678901234567890,
}

CONVERSATIONS = {
    "one": [USER],
    "rules": [SYSTEM, USER],
    "turns": [SYSTEM, USER, ANSWER, NASTY],
    "parts": [PARTS],
    "thought": [USER, THOUGHT, USER],
    "call": [USER, CALL, RESULT, RESULT],
    "two_calls": [SYSTEM, USER, TWO_CALLS, RESULT],
    "wrong_order": [USER, USER],
    "wrong_role": [USER, {"role": "critic", "content": "no"}],
    "loops": [
        USER,
        {"role": "skip", "content": "-"},
        ANSWER,
        ANSWER,
        {"role": "stop", "content": "-"},
        USER,
    ],
    "none": [],
}
EXTRAS = {
    "": {},
    "tools": {"tools": TOOLS},
    "value": {"value": VALUE},
    "quick": {"enable_thinking": False, "date": "22 Nov 2026"},
}


def cases(name, template):
    for conversation, messages in CONVERSATIONS.items():
        for extra_name, extra in EXTRAS.items():
            if (extra_name == "value") != (name == "values"):
                continue
            if name == "schema" and not extra.get("tools"):
                continue
            if name in ("lines", "values") and conversation != "one":
                continue
            prompt = len(messages) % 2 == 1
            case = {
                "template": name,
                "conversation": conversation,
                "extra": extra_name,
                "add_generation_prompt": prompt,
            }
            variables = {
                "tools": None,
                "documents": None,
                "bos_token": "<s>",
                "eos_token": "</s>",
                **extra,
            }
            try:
                case["text"] = template.render(
                    messages=messages, add_generation_prompt=prompt, **variables
                )
            except Refusal as e:
                case["refused"] = str(e)
            except (jinja2.exceptions.TemplateError, TypeError):
                case["failed"] = True
            yield case


def main():
    sources = {p.stem: p.read_text() for p in sorted(HERE.glob("*.jinja"))}
    fields = gguf.GGUFReader(sys.argv[1]).fields
    sources["(demo model)"] = fields["tokenizer.chat_template"].contents()
    done = [c for n, s in sources.items() for c in cases(n, compiled(s))]
    text = ",\n".join(json.dumps(case) for case in done)
    (HERE / "templates.json").write_text(
        '{"made_by": %s,\n"conversations": %s,\n"extras": %s,\n"cases": [\n%s\n]}\n'
        % (
            json.dumps("jinja2 " + jinja2.__version__),
            json.dumps(CONVERSATIONS),
            json.dumps(EXTRAS),
            text,
        )
    )


main()
