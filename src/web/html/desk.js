// Comfort for those who have script: keys to move and open, a word about them. Everything works without it.
"use strict";
document.documentElement.classList.add("has-script");

const rows = () => Array.from(document.querySelectorAll("a.row"));

function move(by) {
  const all = rows();
  if (all.length === 0) return;
  const at = all.indexOf(document.activeElement);
  const to = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1);
  all[to].focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const keys = {
    j: () => move(1),
    k: () => move(-1),
    "/": () => document.getElementById("find")?.focus(),
    "?": () => document.querySelector("footer .hint")?.classList.toggle("shown"),
  };
  const does = keys[event.key];
  if (!does) return;
  event.preventDefault();
  does();
});

// Templates: mistakes and the letter while somebody types. The buttons do the same without script.
const sheet = document.querySelector("form[data-lint]");
const field = sheet?.querySelector("textarea:not([readonly])");
let waiting;

// The page that the button would show is asked for, and its mistakes are put here: in the page's words, written once.
async function lint() {
  const text = field.value;
  const sent = new URLSearchParams(new FormData(sheet));
  sent.set("do", "check");
  const answer = await fetch(sheet.action, { method: "POST", body: sent });
  // What was typed meanwhile is judged in its turn.
  if (!answer.ok || field.value !== text) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const faults = page.getElementById("faults");
  if (faults) document.getElementById("faults").replaceChildren(...faults.childNodes);
  document.getElementById("show")?.click();
}

if (field) {
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => lint().catch(() => {}), 500);
  });
  document.querySelectorAll("[form=edit]:not(button)").forEach((one) =>
    one.addEventListener("change", () => document.getElementById("show")?.click()));
  document.getElementById("show")?.click();
}
