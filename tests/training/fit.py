"""How the two readers are joined: `fit.py QUITUS`. Prints the constants of src/intent/agree.rs, a reliability table, and what thresholds cost."""
import email.message
import html
import itertools
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
from sklearn.linear_model import LogisticRegression

from common import ALWAYS, KINDS, replies, second_reading

GROUPS = dict(stop="STOP", source="RIGHT", access="RIGHT", erasure="RIGHT", rectification="RARE", restriction="RARE", portability="RARE", complaint="COMPLAINT")
# Words that many use who speak for themselves alone, as src/intent/agree.rs has them.
MERE_MENTIONS = {"other_person", "whole_firm", "death"}
FITTED_ON = ("zoe", "corpus", "alma", "bram", "cleo", "dirk")


def rendered(typed, quoted):
    """Typed lines in divs, what stands behind ">" in a blockquote; a quotation without any ">" is one as a whole."""
    whole = not any(line.startswith(">") for line in quoted.splitlines())
    lines = [(line, False) for line in typed.splitlines()] + [("", False)] + [(line, whole) for line in quoted.splitlines()]
    lines = [(line[1:].lstrip(), True) if line.startswith(">") else (line, is_quoted) for line, is_quoted in lines]
    out = ""
    for is_quoted, group in itertools.groupby(lines, key=lambda l: l[1]):
        inside = "".join(f"<div>{html.escape(line) or '<br>'}</div>" for line, _ in group)
        out += f"<blockquote>{inside}</blockquote>" if is_quoted else inside
    return f"<html><body>{out}</body></html>"


def composed(reply):
    """The mail, as src/intent/eval/compose.rs makes it."""
    typed = [p for p in (reply["body"], reply.get("signature")) if p]
    parts = typed + [p for p in (reply.get("quoted"),) if p]
    mail = email.message.EmailMessage()
    one_line = lambda s: " ".join(str(s).split())
    for name, value in (("From", reply["from"]), ("To", "us@quitus.example"), ("Subject", reply["subject"]), ("Message-ID", f"<{reply['id']}@quitus.example>")):
        try:
            mail[name] = one_line(value)
        except ValueError:
            mail[name] = one_line(value).encode("ascii", "ignore").decode()
    mail.set_content("\n\n".join(parts))
    if reply.get("html"):
        mail.set_content(rendered("\n\n".join(typed), reply.get("quoted") or ""), subtype="html")
    return mail.as_bytes()


def read(quitus, name):
    """Each reply with what both readers say of it."""
    rows = replies(name)
    with tempfile.TemporaryDirectory() as folder:
        for n, reply in enumerate(rows):
            with open(os.path.join(folder, f"{n:06}.eml"), "wb") as file:
                file.write(composed(reply))
        said = subprocess.run([quitus, "classify", "--json", folder], capture_output=True, check=True, text=True).stdout
    return [(reply, json.loads(line)) for reply, line in zip(rows, said.splitlines(), strict=True)]


def odds(p):
    p = np.clip(p, 1e-5, 1 - 1e-5)
    return float(np.log(p / (1 - p)))


def samples(pairs):
    """For each group: log-odds of the learned reader, whether the lexicons found it, and whether it is asked."""
    found = {group: [] for group in (*GROUPS.values(), "HUMAN")}
    for reply, row in pairs:
        readers = row["readers"]
        if readers["learned"] is None:
            continue
        readings = [set(reply["intents"])] + [set(s) for s in [second_reading(reply.get("note"))] if s]
        for kind in KINDS:
            asked = {kind in reading for reading in readings}
            if len(asked) == 1 and not (kind == "stop" and "erasure" in reply["intents"]):
                found[GROUPS[kind]].append((odds(readers["learned"][kind]), kind in readers["lexicons"], asked.pop()))
        if not ALWAYS & set(reply["intents"]):
            why = readers["lexicons_hold"]
            mere = why in MERE_MENTIONS
            found["HUMAN"].append((odds(readers["learned"]["human"]), why is not None and not mere, mere, not why and readers["lexicons_unsure"], reply["needs_human"]))
    return found


def main():
    pairs = [pair for name in FITTED_ON for pair in read(sys.argv[1], name)]
    table = []
    for group, rows in samples(pairs).items():
        x, y = np.array([r[:-1] for r in rows], float), np.array([r[-1] for r in rows])
        fitted = LogisticRegression(C=3.0).fit(x, y)
        (learned, lexicons, *others), offset = fitted.coef_[0], fitted.intercept_[0]
        print(f"const {group}: Fit = Fit {{ learned: {learned:.2f}, lexicons: {lexicons:.2f}, offset: {offset:.2f} }}; // {y.sum()} of {len(y)}")
        for name, weight in zip(("MENTIONED", "UNCLEAR"), others):
            print(f"const {name}: Fit = Fit {{ lexicons: {weight:.2f}, ..HUMAN }};")
        if group != "HUMAN":
            table += list(zip(fitted.predict_proba(x)[:, 1], y))
    print("\n| said | replies and kinds | asked |\n| --- | --- | --- |")
    for low, high in itertools.pairwise((0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 1.01)):
        inside = [asked for chance, asked in table if low <= chance < high]
        if inside:
            print(f"| {low:.2f}–{min(high, 1):.2f} | {len(inside)} | {100 * np.mean(inside):.1f} % |")


if __name__ == "__main__":
    main()
