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
