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

function tell(place, faults) {
  place.textContent = "";
  if (faults.length === 0) {
    const good = document.createElement("p");
    good.className = "good";
    good.textContent = place.dataset.good;
    place.append(good);
    return;
  }
  const list = document.createElement("ul");
  list.className = "error";
  for (const fault of faults.slice(0, 20)) {
    const line = document.createElement("li");
    const path = fault.path && fault.path !== sheet.dataset.lint ? fault.path + " " : "";
    const at = fault.line ? place.dataset.line + " " + fault.line + ": " : "";
    line.textContent = path + at + fault.what + " → " + fault.fix;
    list.append(line);
  }
  place.append(list);
}

async function lint() {
  const text = field.value;
  const answer = await fetch("/api/v1/templates/check", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": sheet.elements.csrf.value },
    body: JSON.stringify({ files: [{ path: sheet.elements.path.value, text }] }),
  });
  // What was typed meanwhile is judged in its turn.
  if (!answer.ok || field.value !== text) return;
  tell(document.getElementById("faults"), (await answer.json()).data.faults);
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
