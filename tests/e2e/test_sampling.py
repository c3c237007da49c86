"""Sampled answers: the same on any number of ranks, and the very tokens that
follow from the log-probabilities they came with, computed here once more.

Seen to fail with: the steps' order changed (XTC before top-p); the prompt left
out of what penalties look at; DRY's exponent off by one; the random numbers'
draw 1 and 0 exchanged; an answer not cancelled after its stop text; no token
found for a breaker's text; end tokens not banned by --ignore-eos.
"""

import math
import unittest

from harness import MODEL, run, run_json

PROMPT = "One, two, three, one, two, three, one, two,"
ASK = ["generate", MODEL, "--raw", "-p", PROMPT, "--json"]
MASK = 0xFFFFFFFF


def philox(counter, key):
    """Philox4x32-10, as its authors describe it."""
    for _ in range(10):
        a = 0xD2511F53 * counter[0]
        b = 0xCD9E8D57 * counter[2]
        counter = [(b >> 32) ^ counter[1] ^ key[0], b & MASK,
                   (a >> 32) ^ counter[3] ^ key[1], a & MASK]
        key = [(key[0] + 0x9E3779B9) & MASK, (key[1] + 0xBB67AE85) & MASK]
    return counter


def uniform(seed, index, draw):
    words = philox([index, draw, 0, 0], [seed & MASK, seed >> 32])
    return ((words[0] << 32 | words[1]) >> 11) / 2.0 ** 53


def dry(history, allowed, multiplier, base):
    """-> what each token loses that would continue a repetition"""
    longest = {}
    for following in range(1, len(history)):
        n = 0
        while n < following and \
                history[following - 1 - n] == history[-1 - n]:
            n += 1
        token = history[following]
        longest[token] = max(longest.get(token, 0), n)
    return {token: multiplier * base ** (n - allowed)
            for token, n in longest.items() if n >= allowed}


def normalized(logits):
    largest = max(logits.values())
    weights = {t: math.exp(x - largest) for t, x in logits.items()}
    total = sum(weights.values())
    return {t: w / total for t, w in weights.items()}


def take_until(tokens, probabilities, enough):
    """The first of `tokens` up to the one with which `enough` says stop."""
    kept, total = [], 0.0
    for token in tokens:
        kept.append(token)
        total += probabilities[token]
        if enough(total):
            break
    return kept


class Reference:
    """One choice after the other, from the 20 best of each place."""

    def __init__(self, history, **settings):
        self.history = list(history)
        self.settings = settings

    def edited(self, top):
        """-> logits (up to a constant) of the tokens in `top`, and a bound of
        all others"""
        s = self.settings
        window = self.history[-s["repeat_last_n"]:]
        losses = dry(self.history, 2, s["dry_multiplier"], s["dry_base"])
        logits = {}
        for entry in top:
            token = entry["token"]
            count = window.count(token)
            logits[token] = (
                entry["logprob"] + s["logit_bias"].get(token, 0.0)
                - count * s["frequency_penalty"]
                - (s["presence_penalty"] if count else 0.0)
                - losses.get(token, 0.0))
        return logits, top[-1]["logprob"]

    def choose(self, top, index):
        """-> the token, or None where the 20 best do not decide it"""
        s = self.settings
        logits, others = self.edited(top)
        best = sorted(logits, key=lambda t: (-logits[t], t))[:s["top_k"]]
        if logits[best[-1]] <= others:
            return None
        left = {t: logits[t] for t in best}

        p = normalized(left)
        entropy = -sum(x * math.log(x) for x in p.values())
        nearest = sorted(p, key=lambda t: abs(-math.log(p[t]) - entropy))
        kept = take_until(nearest, p, lambda x: x > s["typical_p"])
        left = {t: left[t] for t in kept}

        p = normalized(left)
        order = sorted(p, key=lambda t: -p[t])
        kept = take_until(order, p, lambda x: x >= s["top_p"])
        left = {t: left[t] for t in kept if p[t] >= s["min_p"] * p[order[0]]}

        if uniform(s["seed"], index, 1) < s["xtc_probability"]:
            p = normalized(left)
            above = sorted((t for t in p if p[t] >= s["xtc_threshold"]),
                           key=lambda t: p[t])
            left = {t: x for t, x in left.items() if t not in above[1:]}

        p = normalized({t: x / s["temperature"] for t, x in left.items()})
        rest = uniform(s["seed"], index, 0)
        for token in sorted(p):
            rest -= p[token]
            if rest < 0:
                return token
        return max(p)


def flags(settings):
    """The command line's way to say `settings`."""
    arguments = ["--dry-sequence-breaker", "none"]
    for name, value in settings.items():
        if name == "logit_bias":
            for token, bias in value.items():
                arguments += ["--logit-bias", f"{token}{bias:+}"]
        else:
            arguments += ["--" + name.replace("_", "-"), value]
    return arguments


SETTINGS = {
    "temperature": 1.3, "top_k": 12, "typical_p": 0.95, "top_p": 0.9,
    "min_p": 0.01, "xtc_probability": 0.5, "xtc_threshold": 0.1,
    "frequency_penalty": 0.2, "presence_penalty": 0.3, "repeat_last_n": 16,
    "dry_multiplier": 0.4, "dry_base": 1.2, "seed": 12345678901234567,
    "logit_bias": {28: -0.5, 338: 0.75}}


class Sampling(unittest.TestCase):
    def test_choices_follow_from_log_probabilities(self):
        prompt = run_json("tokenize", MODEL, "--json", stdin=PROMPT)["tokens"]
        answer = run_json(*ASK, "--max-tokens", 80, "--ignore-eos",
                          "--logprobs", 20, *flags(SETTINGS))
        reference = Reference(prompt, **SETTINGS)
        n_decided = 0
        for index, entry in enumerate(answer["logprobs"]):
            expected = reference.choose(entry["top"], index)
            n_decided += expected is not None
            if expected is not None:
                self.assertEqual(entry["token"], expected, index)
            reference.history.append(entry["token"])
        self.assertGreater(n_decided, 60)

    def test_ranks(self):
        settings = dict(SETTINGS, repeat_penalty=1.2)
        arguments = [*ASK, "--max-tokens", 24, "--logprobs", 3,
                     *flags(settings)[2:]]
        alone = run_json(*arguments)
        for ranks in (2, 3):
            found = run_json(*arguments, "-n", ranks)
            for key in ("text", "tokens", "logprobs", "finish_reason"):
                self.assertEqual(found[key], alone[key], (key, ranks))
        plain = run_json(*ASK, "--max-tokens", 24, "--seed", settings["seed"])
        self.assertNotEqual(plain["tokens"], alone["tokens"])

    def test_breakers(self):
        """Where a phrase ends, repeating the next is free."""
        greedy = [*ASK, "--max-tokens", 12, "--temperature", "0"]
        plain = run_json(*greedy)["tokens"]
        dry = [*greedy, "--dry-multiplier", "5"]
        self.assertNotEqual(run_json(*dry)["tokens"], plain)
        for breaker in (",", "o"):
            dry += ["--dry-sequence-breaker", breaker]
        self.assertEqual(run_json(*dry)["tokens"], plain)

    def test_end(self):
        chat = ["generate", MODEL, "-p", "Explain in one sentence what a "
                "computer program is.", "--temperature", "0", "--json",
                "--max-tokens", 40]
        plain = run_json(*chat)
        self.assertEqual(plain["finish_reason"], "stop")
        end = plain["tokens"][-1]
        n = len(plain["tokens"])
        for more in (["--min-tokens", n], ["--ignore-eos"],
                     ["--logit-bias", f"{end}-inf"]):
            longer = run_json(*chat, *more)
            self.assertGreater(len(longer["tokens"]), n, more)
            self.assertEqual(longer["tokens"][:n - 1], plain["tokens"][:-1])
            self.assertNotIn(end, longer["tokens"][:n])

    def test_stop(self):
        greedy = [*ASK, "--max-tokens", 12, "--temperature", "0"]
        whole = run_json(*greedy)
        self.assertIn(" one", whole["text"])
        before = whole["text"].split(" one")[0]
        stopped = run_json(*greedy, "--stop", "never said", "--stop", " one",
                           "-n", 2)
        self.assertEqual(stopped["text"], before)
        self.assertEqual(stopped["finish_reason"], "stop")
        self.assertLess(len(stopped["tokens"]), len(whole["tokens"]))
        done = run(*[a for a in greedy if a != "--json"], "--stop", " one")
        self.assertEqual(done.stdout, before + "\n")
        late = run_json(*greedy, "--stop", " one", "--min-tokens", 8)
        self.assertGreaterEqual(len(late["tokens"]), 8)


if __name__ == "__main__":
    unittest.main()
