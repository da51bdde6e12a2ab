"""Teaches the reader: `train.py [EPOCHS]`; judges `zoe` and `corpus` on the way, which it does not learn.

`train.py EPOCHS --after ../../config/reader/reader.safetensors --rate 1.6e-4 --share 0.5 --new emma,hugo` goes on from weights that were taught before: all
texts of the named writers and, anew in each epoch, that share of the others, so that nothing is forgotten.
`train.py EPOCHS --resume` goes on with a training that was interrupted, from the end of its last whole epoch.
"""
import argparse
import math
import random
import re
import time
import unicodedata

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch.nn import functional as F

from common import BASE, EXITS, LABELS, SENTENCE, TAUGHT, UNDERWAY, Reader, framed, joined, kept, learning_sets, padded, replies, target, tokenizer

BATCH = 32
# In the second half of the steps, the weights of every tenth go into a mean, which is what is kept: the rate never falls so low that
# they stand still.
MEAN_FROM, MEAN_EVERY, LOWEST_RATE = 0.5, 10, 0.15
# Of a text of that many pieces some are left out, so that no single word is relied upon.
LONG, LEFT_OUT = 12, 0.10
STEPS_BETWEEN = 100
NEIGHBOURS = "qwertyuiopasdfghjklzxcvbnm"


def varied(row, harmless, chance):
    """The text as somebody else might have typed it; what it asks stays the same."""
    text = row["text"]
    others = harmless.get(row["lang"])
    if others and chance.random() < 0.15 and row["y"][LABELS.index("machine")] < 0.5:
        sentences = [s for s in SENTENCE.split(chance.choice(others)) if len(s) > 8]
        if sentences:
            pair = [chance.choice(sentences), text]
            chance.shuffle(pair)
            text = "\n".join(pair)
    if row["signature"] and chance.random() < 0.25:
        text += "\n" + row["signature"]
    if chance.random() < 0.12:
        text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    if chance.random() < 0.10:
        text = re.sub(r"[,.;:!?]", " ", text)
    return mistyped(text, chance) if chance.random() < 0.12 else text


def mistyped(text, chance):
    letters = list(text)
    for _ in range(max(1, len(letters) // 60)):
        at = chance.randrange(len(letters))
        if letters[at].isalpha():
            kind = chance.random()
            if kind < 0.3:
                letters[at] = ""
            elif kind < 0.6 and at + 1 < len(letters):
                letters[at], letters[at + 1] = letters[at + 1], letters[at]
            elif kind < 0.8:
                letters[at] *= 2
            else:
                letters[at] = chance.choice(NEIGHBOURS)
    return "".join(letters)


def thinned(ids, chance):
    if len(ids) < LONG or chance.random() < 0.5:
        return ids
    return [i for i in ids if i in (0, 2) or chance.random() >= LEFT_OUT]


def batches(rows, size):
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]["text"]))
    return [order[i : i + size] for i in range(0, len(order), size)]


def judged(net, cut, rows):
    net.eval()
    out = np.zeros((len(rows), len(LABELS)))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for part in batches(rows, 48):
            said = net(*padded([framed(cut, rows[i]["text"]) for i in part]))
            out[part] = torch.sigmoid(joined([s.float() for s in said])).numpy()
    net.train()
    return out


def begin(net, cut, rows, seed):
    """The heads start as logistic regressions on the untouched states; of some thousand texts, that is enough."""
    rows = random.Random(seed).sample(rows, min(len(rows), 5000))
    net.eval()
    means = np.zeros((len(EXITS), len(rows), 384), np.float32)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for part in batches(rows, 48):
            ids, mask = padded([framed(cut, rows[i]["text"]) for i in part])
            for n, states in enumerate(net.states(ids, mask)):
                states = states.float() * mask[..., None]
                means[n, part] = (states.sum(1) / mask.sum(1)[:, None]).numpy()
    wanted = np.array([r["y"] for r in rows]) > 0.5
    for n, out in enumerate(net.out):
        middle, spread = means[n].mean(0), means[n].std(0) + 1e-4
        for label in range(len(LABELS)):
            fitted = LogisticRegression(C=0.01, max_iter=100).fit((means[n] - middle) / spread, wanted[:, label])
            weight = fitted.coef_[0] / spread
            out.weight.data[label] = torch.from_numpy(weight.astype(np.float32))
            out.bias.data[label] = float(fitted.intercept_[0] - (weight * middle).sum())
    net.train()


def report(name, rows, said):
    wanted, found = np.array([r["y"] for r in rows]) > 0.5, said > 0.5
    both, either = (wanted & found).sum(0), np.maximum(1, wanted.sum(0) + found.sum(0))
    f1 = [f"{LABELS[k]} {2 * both[k] / either[k]:.3f}" for k in range(4)]
    print(f"   {name}: F1", *f1, f"all kinds right {(wanted[:, :8] == found[:, :8]).all(1).mean():.3f}", flush=True)


def arguments():
    said = argparse.ArgumentParser()
    said.add_argument("epochs", type=int, nargs="?", default=5)
    said.add_argument("--after", help="weights that were taught before")
    said.add_argument("--rate", type=float, default=3e-4)
    said.add_argument("--share", type=float, default=1.0, help="of the texts of writers that are not new")
    said.add_argument("--new", default="", help="writers, with commas")
    said.add_argument("--seed", type=int, default=1, help="another one, and a second training makes other mistakes than the first")
    said.add_argument("--resume", action="store_true", help="go on from the end of the last whole epoch")
    return said.parse_args()


def main():
    said = arguments()
    chance = random.Random(said.seed)
    torch.manual_seed(said.seed)
    base = kept(said.after or (UNDERWAY if said.resume else BASE))
    cut = tokenizer(base["pieces"], base["scores"])
    row = lambda r: dict(text=r["body"], lang=r["lang"], signature=r["signature"], y=target(r))
    load = lambda name: [row(r) for r in replies(name) if r["body"].strip()]
    new = set(said.new.split(","))
    keeps = lambda name: name in new or chance.random() < said.share
    chosen = lambda: [r for name in learning_sets() for r in load(name) if keeps(name)]
    rows = chosen()
    others = {name: load(name) for name in ("corpus", "zoe")}
    none, human = LABELS.index("none"), LABELS.index("human")
    harmless = {}
    for r in rows:
        if r["y"][none] == 1 and r["y"][human] == 0:
            harmless.setdefault(r["lang"], []).append(r["text"])
    net = Reader(base["state"])
    if not said.after and not said.resume:
        begin(net, cut, rows, said.seed)
    count = len(net.layers)
    groups = [dict(params=layer.parameters(), lr=said.rate * 0.95 ** (count - 1 - n)) for n, layer in enumerate(net.layers)]
    groups.append(dict(params=[*net.norm.parameters(), net.position], lr=said.rate * 0.3))
    groups.append(dict(params=[*net.attend.parameters(), *net.out.parameters()], lr=said.rate * 4))
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    steps = said.epochs * math.ceil(len(rows) / BATCH)
    rise = lambda s: min(1, (s + 1) / (steps * 0.08)) * max(LOWEST_RATE, 0.5 * (1 + math.cos(math.pi * min(1, s / steps))))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rise)
    mean = torch.optim.swa_utils.AveragedModel(net)
    begun, first = time.time(), 0
    if said.resume:
        optimizer.load_state_dict(base["optimizer"])
        schedule.load_state_dict(base["schedule"])
        mean.load_state_dict(base["mean"])
        first = base["epochs"]
        chance.seed(said.seed + first)
    for epoch in range(first, said.epochs):
        rows = chosen() if epoch else rows
        taught = [(thinned(framed(cut, varied(r, harmless, chance)), chance), r["y"]) for r in rows]
        chance.shuffle(taught)
        parts, loss_sum = [], 0.0
        for at in range(0, len(taught), BATCH * 20):
            near = sorted(taught[at : at + BATCH * 20], key=lambda t: len(t[0]))
            near = [near[i : i + BATCH] for i in range(0, len(near), BATCH)]
            chance.shuffle(near)
            parts += near
        for part in parts:
            y = torch.tensor([t[1] for t in part])
            with torch.autocast("cpu", torch.bfloat16):
                judged_by = net(*padded([t[0] for t in part]))
            loss = 0
            for one, weight in zip(judged_by, (0.5, 1.0)):
                each = F.binary_cross_entropy_with_logits(one.float(), y.clamp(min=0), reduction="none")
                loss = loss + weight * (each * (y >= 0)).sum(1).mean()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            if schedule.last_epoch >= steps * MEAN_FROM and schedule.last_epoch % MEAN_EVERY == 0:
                mean.update_parameters(net)
            loss_sum += loss.item()
            if schedule.last_epoch % STEPS_BETWEEN == 0:
                print(f"   step {schedule.last_epoch} of {steps}, {time.time() - begun:.0f} s", flush=True)
        print(f"epoch {epoch}: loss {loss_sum / len(parts):.3f}, {time.time() - begun:.0f} s", flush=True)
        best = mean.module if mean.n_averaged else net
        for name, other in others.items():
            report(name, other, judged(best, cut, other))
        reader = dict(state=net.state_dict(), pieces=base["pieces"], scores=base["scores"])
        torch.save(reader | dict(state=best.state_dict()), TAUGHT)
        way = dict(optimizer=optimizer.state_dict(), schedule=schedule.state_dict(), mean=mean.state_dict(), epochs=epoch + 1)
        torch.save(reader | way, UNDERWAY)


if __name__ == "__main__":
    main()
