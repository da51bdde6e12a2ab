"""Writes the weights for the program, and some judgements that the program must repeat: `export.py [FILE.pt …]`, of several their mean."""
import hashlib
import json
import os
import sys

import numpy as np
import torch
from safetensors.numpy import save_file

from common import EXITS, LABELS, LONGEST, ROOT, TAUGHT, Reader, framed, joined, kept, learning_sets, padded, path_of, replies, tokenizer

WEIGHTS = os.path.join(ROOT, "config", "reader", "reader.safetensors")
JUDGED = os.path.join(ROOT, "tests", "cases", "reader", "judged.jsonl")


def four_bits(rows):
    """Groups of 32 with one scale: the largest number of a group becomes -8."""
    groups = rows.reshape(rows.shape[0], -1, 32)
    largest = np.take_along_axis(groups, np.abs(groups).argmax(-1)[..., None], -1)[..., 0]
    scale = largest / -8
    inverse = np.where(scale == 0, 0, 1 / np.where(scale == 0, 1, scale))
    q = np.clip(np.round(groups * inverse[..., None]) + 8, 0, 15).astype(np.uint8)
    return (q[..., :16] | (q[..., 16:] << 4)).reshape(rows.shape[0], -1), scale.astype(np.float32)


def panels(weight):
    """Outputs × inputs as src/intent/learned/product.rs multiplies them: 32 outputs side by side, a row for each input."""
    return weight.reshape(-1, 32, weight.shape[1]).transpose(0, 2, 1)


def mean(files):
    """The first one, with the mean of all their weights."""
    taught, *others = [kept(file) for file in files]
    for name, value in taught["state"].items():
        taught["state"][name] = sum((o["state"][name].float() for o in others), value.float()) / len(files)
    return taught


def main():
    taught = mean(sys.argv[1:] or [TAUGHT])
    state = {name: value.float().numpy() for name, value in taught["state"].items()}
    out = {"position": state["position"][:LONGEST]}
    out["word"], out["word.scale"] = four_bits(state["word"])
    parts = {}
    for name, value in state.items():
        if name.startswith("layers."):
            layer, part = name.removeprefix("layers.").split(".", 1)
            parts[f"layer{layer}.{part}"] = value
    for n in range(sum(name.endswith(".query.weight") for name in parts)):
        for kind in ("weight", "bias"):
            parts[f"layer{n}.looks.{kind}"] = np.concatenate([parts.pop(f"layer{n}.{part}.{kind}") for part in ("query", "key", "value")])
    for name, value in parts.items():
        if value.ndim == 2:
            name, scale = name.removesuffix(".weight"), np.abs(value).max(1) / 127
            out[name] = panels(np.round(value / scale[:, None]).astype(np.int8))
            out[name + ".scale"] = scale.astype(np.float32)
        else:
            out[name] = value
    for name in ("norm.weight", "norm.bias"):
        out[name] = state[name]
    for n, below in enumerate(EXITS):
        for head in ("attend", "out"):
            out[f"exit{below}.{head}"], out[f"exit{below}.{head}.bias"] = state[f"{head}.{n}.weight"], state[f"{head}.{n}.bias"]
    out["vocabulary.pieces"] = np.frombuffer("\n".join(taught["pieces"]).encode(), np.uint8)
    out["vocabulary.scores"] = np.array(taught["scores"], np.float32)
    learned = hashlib.sha256(b"".join(open(path_of(s), "rb").read() for s in learning_sets())).hexdigest()
    said = dict(labels=",".join(LABELS), base="multilingual-e5-small (MIT)", texts_sha256=learned)
    os.makedirs(os.path.dirname(WEIGHTS), exist_ok=True)
    save_file({name: np.ascontiguousarray(value) for name, value in out.items()}, WEIGHTS, metadata=said)
    print(f"{os.path.getsize(WEIGHTS) / 1e6:.1f} MB, learned from {learned}")
    samples(taught)


def samples(taught):
    """Three texts a language, cut and judged in full precision."""
    net, cut = Reader(taught["state"]), tokenizer(taught["pieces"], taught["scores"])
    net.load_state_dict(taught["state"])
    net.eval()
    os.makedirs(os.path.dirname(JUDGED), exist_ok=True)
    with open(JUDGED, "w", encoding="utf8") as file:
        seen = {}
        for reply in (r for name in learning_sets() for r in replies(name)):
            seen[reply["lang"]] = seen.get(reply["lang"], 0) + 1
            if seen[reply["lang"]] > 3 or not reply["body"].strip():
                continue
            with torch.no_grad():
                said = torch.sigmoid(joined(net(*padded([framed(cut, reply["body"])]))))[0]
            encoded = cut.encode(reply["body"], add_special_tokens=False)
            pieces = [p if i != 3 else "<unk>" for p, i in zip(encoded.tokens, encoded.ids)]
            row = dict(text=reply["body"], pieces=pieces, says=[round(float(p), 4) for p in said])
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
