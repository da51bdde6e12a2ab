"""The script that somebody writes in an afternoon, as a yardstick: read each reply, look for four words, note it, answer, flag it.

`script.py IMAPS_PORT CA_FILE USER PASSWORD SMTP_PORT` prints messages a second and its CPU in milliseconds a message.
"""
import email
import email.message
import email.policy
import imaplib
import os
import re
import smtplib
import sqlite3
import ssl
import sys
import tempfile
import time

imaps, ca, user, password, smtp = sys.argv[1:]
WORDS = re.compile(r"\b(stop|unsubscribe|remove me|désinscri\w*)\b", re.IGNORECASE)

box = imaplib.IMAP4_SSL("127.0.0.1", int(imaps), ssl_context=ssl.create_default_context(cafile=ca))
box.login(user, password)
box.select("INBOX")
uids = box.uid("SEARCH", None, "ALL")[1][0].split()
sink = smtplib.SMTP("127.0.0.1", int(smtp))
folder = tempfile.TemporaryDirectory()
base = sqlite3.connect(os.path.join(folder.name, "replies.db"))
base.execute("CREATE TABLE replies (message_id TEXT PRIMARY KEY, sender TEXT, stop INTEGER)")

begun, before = time.monotonic(), time.process_time()
for uid in uids:
    data = box.uid("FETCH", uid, "(RFC822)")[1]
    reply = email.message_from_bytes(data[0][1], policy=email.policy.default)
    body = reply.get_body(("plain", "html"))
    text = body.get_content() if body else ""
    fresh = "\n".join(line for line in text.splitlines() if not line.startswith(">"))
    with base:
        row = (reply["Message-ID"], reply["From"], bool(WORDS.search(fresh)))
        base.execute("INSERT OR IGNORE INTO replies VALUES (?, ?, ?)", row)
    answer = email.message.EmailMessage()
    answer["From"], answer["To"] = user, reply["From"]
    answer["Subject"], answer["In-Reply-To"] = f"Re: {reply['Subject']}", reply["Message-ID"]
    answer.set_content("Vous ne recevrez plus de message de notre part.\n\n" * 20)
    sink.send_message(answer)
    box.uid("STORE", uid, "+FLAGS", r"(\Answered)")
seconds, cpu = time.monotonic() - begun, time.process_time() - before
print(len(uids) / seconds, 1000 * cpu / len(uids))
