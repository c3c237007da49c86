"""A float32 reference of the llama family in NumPy, written for comparison.

It shares nothing with the program: its own GGUF reader, its own rotary
embedding on GGUF's interleaved rows, one sequence, one plain loop. Norms and
softmax are summed in float64, so what is left is the rounding of float32
matrix products.
"""

import struct

import numpy as np

# GGUF value types to struct codes; 8 is a string, 9 an array.
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?",
           10: "Q", 11: "q", 12: "d"}
# Tensor types: values a block, bytes a block.
BLOCKS = {0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 8: (32, 34)}


class Gguf:
    """metadata: name -> value; tensor(name): float32, outermost axis first."""

    def __init__(self, path):
        self.data = np.memmap(path, dtype=np.uint8, mode="r")
        self.at = 0
        magic, version = self._take("4s"), self._take("I")
        if magic != b"GGUF" or version not in (2, 3):
            raise ValueError(f"{path}: magic {magic}, version {version}")
        n_tensors, n_values = self._take("Q"), self._take("Q")
        self.metadata = {}
        for _ in range(n_values):
            name = self._string()
            self.metadata[name] = self._value(self._take("I"))
        self.places = {}
        for _ in range(n_tensors):
            name = self._string()
            shape = [self._take("Q") for _ in range(self._take("I"))]
            self.places[name] = (shape[::-1], self._take("I"), self._take("Q"))
        align = self.metadata.get("general.alignment", 32)
        self.start = -(-self.at // align) * align

    def _take(self, code):
        size = struct.calcsize("<" + code)
        value = struct.unpack("<" + code, self.data[self.at:self.at + size])[0]
        self.at += size
        return value

    def _string(self):
        size = self._take("Q")
        text = bytes(self.data[self.at:self.at + size]).decode()
        self.at += size
        return text

    def _value(self, kind):
        if kind == 8:
            return self._string()
        if kind == 9:
            of, count = self._take("I"), self._take("Q")
            return [self._value(of) for _ in range(count)]
        return self._take(SCALARS[kind])

    def __contains__(self, name):
        return name in self.places

    def tensor(self, name):
        shape, kind, offset = self.places[name]
        values, size = BLOCKS[kind]
        n = int(np.prod(shape)) // values * size
        raw = self.data[self.start + offset:][:n]
        return dequantize(raw, kind).reshape(shape)


def dequantize(raw, kind):
    if kind in (0, 1):
        return raw.view((np.float32, np.float16)[kind]).astype(np.float32)
    raw = raw.reshape(-1, BLOCKS[kind][1])
    scale = raw[:, :2].view(np.float16).astype(np.float32)
    if kind == 8:
        return scale * raw[:, 2:].view(np.int8)
    # 16 bytes hold 32 values: the low halves come first.
    packed = raw[:, -16:]
    nibbles = np.concatenate([packed & 15, packed >> 4], 1).astype(np.float32)
    if kind == 2:
        return scale * (nibbles - 8)
    return scale * nibbles + raw[:, 2:4].view(np.float16).astype(np.float32)


class Llama:
    """forward() takes the next tokens of the one sequence it holds."""

    def __init__(self, path, dtype=np.float32):
        self.gguf = Gguf(path)
        self.dtype = dtype
        of = lambda key: self.gguf.metadata["llama." + key]
        self.n_layers = of("block_count")
        self.n_heads = of("attention.head_count")
        self.n_kv_heads = of("attention.head_count_kv")
        self.head_dim = of("embedding_length") // self.n_heads
        self.eps = of("attention.layer_norm_rms_epsilon")
        self.base = of("rope.freq_base")
        self.weights = {name: self.gguf.tensor(name).astype(dtype)
                        for name in self.gguf.places}
        self.restart()

    def restart(self):
        self.keys = [None] * self.n_layers
        self.values = [None] * self.n_layers
        self.n_past = 0

    def norm(self, x, name):
        mean = np.mean(np.square(x, dtype=np.float64), -1, keepdims=True)
        return (x / np.sqrt(mean + self.eps)).astype(self.dtype) \
            * self.weights[name]

    def linear(self, x, name):
        return x @ self.weights[name].T

    def rope(self, x):
        """x [L, H, D]; the GGUF's rows keep the two of a pair side by side."""
        half = np.arange(0, self.head_dim, 2, dtype=np.float64)
        place = np.arange(self.n_past, self.n_past + len(x), dtype=np.float64)
        angle = place[:, None] * self.base ** (-half / self.head_dim)
        cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
        even, odd = x[..., 0::2], x[..., 1::2]
        turned = np.stack([even * cos - odd * sin, even * sin + odd * cos], -1)
        return turned.reshape(x.shape).astype(self.dtype)

    def attention(self, x, layer):
        n = len(x)
        part = lambda kind: self.linear(x, f"blk.{layer}.attn_{kind}.weight") \
            .reshape(n, -1, self.head_dim)
        queries, keys, values = self.rope(part("q")), self.rope(part("k")), \
            part("v")
        if self.n_past:
            keys = np.concatenate([self.keys[layer], keys])
            values = np.concatenate([self.values[layer], values])
        self.keys[layer], self.values[layer] = keys, values
        shared = self.n_heads // self.n_kv_heads
        keys, values = np.repeat(keys, shared, 1), np.repeat(values, shared, 1)
        scores = np.einsum("lhd,thd->hlt", queries, keys).astype(np.float64)
        scores /= np.sqrt(self.head_dim)
        later = np.arange(len(keys))[None] > self.n_past + np.arange(n)[:, None]
        scores[:, later] = -np.inf
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores = (scores / scores.sum(-1, keepdims=True)).astype(self.dtype)
        mixed = np.einsum("hlt,thd->lhd", scores, values).reshape(n, -1)
        return self.linear(mixed, f"blk.{layer}.attn_output.weight")

    def feed_forward(self, x, layer):
        part = lambda kind, y: self.linear(y, f"blk.{layer}.ffn_{kind}.weight")
        gate = part("gate", x)
        return part("down", gate / (1 + np.exp(-gate)) * part("up", x))

    def forward(self, tokens):
        """-> log-probabilities [len(tokens), vocab], float64."""
        x = self.weights["token_embd.weight"][tokens]
        for layer in range(self.n_layers):
            x = x + self.attention(
                self.norm(x, f"blk.{layer}.attn_norm.weight"), layer)
            x = x + self.feed_forward(
                self.norm(x, f"blk.{layer}.ffn_norm.weight"), layer)
        self.n_past += len(tokens)
        x = self.norm(x, "output_norm.weight")
        tied = "output.weight" not in self.gguf
        logits = self.linear(
            x, "token_embd.weight" if tied else "output.weight")
        logits = logits.astype(np.float64)
        logits -= logits.max(-1, keepdims=True)
        return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def perplexity(model, tokens, window):
    """-> (perplexity, standard error, log-probabilities of scored tokens).

    Windows do not overlap and each starts afresh; in each the tokens of the
    second half are scored, all but the first of them; a last part that fills
    no window is left out.
    """
    scored = []
    for start in range(0, len(tokens) - window + 1, window):
        part = tokens[start:start + window]
        model.restart()
        logprobs = model.forward(part)
        scored += [logprobs[i, part[i + 1]]
                   for i in range(window // 2, window - 1)]
    scored = np.array(scored)
    value = np.exp(-scored.mean())
    error = value * scored.std(ddof=1) / np.sqrt(len(scored))
    return value, error, scored
