"""What the steps share: where things lie, the labels, the texts, and the encoder in torch."""
import json
import math
import os
import re

import numpy as np
import torch
from safetensors.numpy import load_file
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers
from torch import nn
from torch.nn import functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
WORK = os.path.join(ROOT, "target", "training-out")
BASE, TAUGHT, UNDERWAY = (os.path.join(WORK, name) for name in ("base.pt", "taught.pt", "underway.pt"))
# src/intent/learned/mod.rs has the same list.
KINDS = ["stop", "source", "access", "erasure", "rectification", "restriction", "portability", "complaint"]
LABELS = KINDS + ["interested", "not_interested", "wrong_person", "ooo", "question", "none", "machine", "human"]
# A human sees these whatever else is said; whether one must see them for another reason too was labelled unevenly.
ALWAYS = {"rectification", "restriction", "portability", "complaint"}
JUDGING = {"alma", "apart", "bram", "cleo", "dirk", "enid", "everyday", "gus", "office", "zoe"}
LONGEST = 192
# Layers below each exit. src/intent/learned/encoder.rs stops at the first one where that is sure of every label.
EXITS, SURE = (6, 12), 4.5
SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")


def learning_sets():
    names = sorted(f[:-6] for f in os.listdir(os.path.join(ROOT, "tests", "texts")) if f.endswith(".jsonl"))
    return [n for n in names if n not in JUDGING]


def path_of(name):
    folder = "corpus/replies" if name == "corpus" else f"texts/{name}"
    return os.path.join(ROOT, "tests", folder + ".jsonl")


def replies(name):
    with open(path_of(name), encoding="utf8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def second_reading(note):
    """The labels of "(alt: …)", or None."""
    found = re.search(r"\(alt:?\s*([^)]*)\)", note or "")
    return [w for w in re.findall(r"[a-z_]+", found.group(1)) if w in LABELS] if found else None


def target(reply):
    """A probability for each label; -1 where nothing is taught."""
    y = dict.fromkeys(LABELS, 0.0)
    for intent in reply["intents"]:
        y[intent] = 1.0
    other = second_reading(reply.get("note"))
    for label in set(other or reply["intents"]) ^ set(reply["intents"]):
        y[label] = 0.65 if label in reply["intents"] else 0.35
    y["machine"], y["human"] = float(reply["must_not_answer"]), float(reply["needs_human"])
    if other and not reply["needs_human"] and "human" in reply["note"]:
        y["human"] = 0.35
    if ALWAYS & set(reply["intents"]) and not reply["must_not_answer"]:
        y["human"] = -1.0
    return [y[label] for label in LABELS]


def tokenizer(pieces, scores):
    """src/intent/learned/words.rs cuts the same way."""
    cut = Tokenizer(models.Unigram([(p, float(s)) for p, s in zip(pieces, scores)], unk_id=3, byte_fallback=False))
    cut.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    cut.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    return cut


def framed(cut, text):
    """The numbers of the pieces between the marks; of a text that is too long its first two thirds and its end."""
    ids = cut.encode(text, add_special_tokens=False).ids
    if len(ids) > LONGEST - 2:
        head = (LONGEST - 2) * 2 // 3
        ids = ids[:head] + ids[-(LONGEST - 2 - head) :]
    return [0] + ids + [2]


def padded(rows):
    width = -(-max(map(len, rows)) // 8) * 8
    ids, mask = torch.full((len(rows), width), 1), torch.zeros(len(rows), width, dtype=torch.bool)
    for n, row in enumerate(rows):
        ids[n, : len(row)] = torch.tensor(row)
        mask[n, : len(row)] = True
    return ids, mask


CHANCE = np.random.Generator(np.random.SFC64(1))


def dropped(x, share, training):
    """Dropout. torch draws its numbers one by one on a CPU, which took a quarter of a step; here each is a byte of many."""
    if not training:
        return x
    limit = round(256 * share)
    kept = torch.frombuffer(bytearray(CHANCE.bytes(x.numel())), dtype=torch.uint8) >= limit
    return x * (kept.view(x.shape).to(x.dtype) * (256 / (256 - limit)))


class Layer(nn.Module):
    def __init__(self, size=384, wide=1536, dropout=0.1):
        super().__init__()
        self.query, self.key, self.value, self.join = (nn.Linear(size, size) for _ in range(4))
        self.widen, self.narrow = nn.Linear(size, wide), nn.Linear(wide, size)
        self.joined, self.narrowed = nn.LayerNorm(size, eps=1e-12), nn.LayerNorm(size, eps=1e-12)
        self.dropout = dropout

    def forward(self, x, bias):
        b, t, h = x.shape
        heads = lambda y: y.view(b, t, 12, h // 12).transpose(1, 2)
        # Of short texts three products are cheaper on a CPU than the fused kernel, whose way back took a third of a step.
        near = heads(self.query(x)) @ heads(self.key(x)).transpose(2, 3) / math.sqrt(h // 12) + bias
        looked = near.softmax(-1) @ heads(self.value(x))
        looked = self.join(looked.transpose(1, 2).reshape(b, t, h))
        x = self.joined(x + dropped(looked, self.dropout, self.training))
        return self.narrowed(x + dropped(self.narrow(F.gelu(self.widen(x))), self.dropout, self.training))


class Reader(nn.Module):
    """The encoder, and for each label an attention over the states of each exit."""

    def __init__(self, state):
        super().__init__()
        pieces, size = state["word"].shape
        self.word, self.position = nn.Parameter(torch.empty(pieces, size), False), nn.Parameter(torch.empty_like(state["position"]))
        self.norm = nn.LayerNorm(size, eps=1e-12)
        count = 1 + max(int(k.split(".")[1]) for k in state if k.startswith("layers."))
        self.layers = nn.ModuleList(Layer() for _ in range(count))
        self.attend, self.out = (nn.ModuleList(nn.Linear(size, len(LABELS)) for _ in EXITS) for _ in range(2))
        for part in (*self.attend.parameters(), *self.out.parameters()):
            nn.init.zeros_(part)
        self.load_state_dict(state, strict=False)

    def states(self, ids, mask):
        """The states at each exit."""
        x = self.norm(F.embedding(ids, self.word) + self.position[: ids.shape[1]])
        x = dropped(x, 0.1, self.training)
        bias = torch.zeros(mask.shape, dtype=x.dtype).masked_fill(~mask, -1e4)[:, None, None, :]
        states = []
        for below, layer in enumerate(self.layers, 1):
            x = layer(x, bias.to(x.dtype))
            if below in EXITS:
                states.append(x)
        return states

    def forward(self, ids, mask):
        """The log-odds at each exit."""
        said = []
        for x, attend, out in zip(self.states(ids, mask), self.attend, self.out):
            weights = attend(x).float().masked_fill(~mask[..., None], -1e4).softmax(1)
            said.append((weights * out(x).float()).sum(1))
        return said


def unpacked(rows, scale):
    """What export.py packed four bits each."""
    numbers = np.concatenate([rows.reshape(len(rows), -1, 16) & 15, rows.reshape(len(rows), -1, 16) >> 4], 2).astype(np.float32) - 8
    return (numbers * scale[..., None]).reshape(len(rows), -1)


def written(file):
    """What export.py wrote, as train.py keeps it: nobody has to keep its files of full precision to go on."""
    raw = load_file(file)
    count = 1 + max(int(name.split(".")[0].removeprefix("layer")) for name in raw if name.startswith("layer"))
    state = {"word": unpacked(raw["word"], raw["word.scale"]), "position": np.zeros((512, raw["word.scale"].shape[1] * 32), np.float32)}
    state["position"][: len(raw["position"])] = raw["position"]
    for name in ("norm.weight", "norm.bias"):
        state[name] = raw[name]
    for n in range(count):
        for part in ("looks", "join", "widen", "narrow"):
            name = f"layer{n}.{part}"
            panels = raw[name]
            weight = panels.transpose(0, 2, 1).reshape(-1, panels.shape[1]) * raw[name + ".scale"][:, None]
            for at, short in enumerate(("query", "key", "value") if part == "looks" else (part,)):
                size = len(weight) // (3 if part == "looks" else 1)
                state[f"layers.{n}.{short}.weight"] = weight[at * size : (at + 1) * size]
                state[f"layers.{n}.{short}.bias"] = raw[name + ".bias"][at * size : (at + 1) * size]
        for part in ("joined", "narrowed"):
            for kind in ("weight", "bias"):
                state[f"layers.{n}.{part}.{kind}"] = raw[f"layer{n}.{part}.{kind}"]
    for n, below in enumerate(EXITS):
        for head in ("attend", "out"):
            state[f"{head}.{n}.weight"], state[f"{head}.{n}.bias"] = raw[f"exit{below}.{head}"], raw[f"exit{below}.{head}.bias"]
    tensors = {name: torch.from_numpy(np.ascontiguousarray(value, np.float32)) for name, value in state.items()}
    pieces = bytes(raw["vocabulary.pieces"]).decode().split("\n")
    return dict(state=tensors, pieces=pieces, scores=[float(s) for s in raw["vocabulary.scores"]])


def kept(file):
    """Weights of train.py or of export.py."""
    return written(file) if file.endswith(".safetensors") else torch.load(file, weights_only=False)


def joined(said):
    """What the program makes of the exits' log-odds: the first one's where it is sure of all, else their mean."""
    sure = (said[0].abs() >= SURE).all(1)[:, None]
    return torch.where(sure, said[0], torch.stack(said).mean(0))
