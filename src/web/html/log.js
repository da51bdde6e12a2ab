// The live log: entries as they are committed, the last at the head, until somebody pauses it. Without it the page is whole.
"use strict";
(() => {
  const list = document.getElementById("entries");
  const blank = document.getElementById("entry");
  const button = document.getElementById("pause");
  const said = document.getElementById("live");
  if (!list || !blank || !button || !said || !window.EventSource) return;
  let source = null;
  let last = list.dataset.last;

  // A sentence that has no words in the page's language is English, and is marked so.
  function say(place, sentence) {
    if (!sentence.foreign) {
      place.textContent = sentence.said;
      return;
    }
    const english = document.createElement("span");
    english.lang = "en";
    english.textContent = sentence.said;
    place.append(`${list.dataset.foreign} `, english);
  }

  function row(entry) {
    const made = blank.content.cloneNode(true);
    const [time, frame, event, what] = made.querySelectorAll("time, td.frame, th, td:last-child");
    if (entry.when) {
      time.dateTime = entry.when.iso;
      time.textContent = `${entry.when.day}, ${entry.when.time}`;
    }
    frame.textContent = entry.frame;
    const word = entry.care ? document.createElement("span") : event;
    if (entry.care) {
      word.className = "mark";
      event.append(word);
    }
    say(word, entry.event);
    const about = entry.message ? document.createElement("a") : what;
    if (entry.message) {
      about.href = `/messages/${entry.message}`;
      what.append(about);
    }
    say(about, entry.what);
    if (entry.rule) {
      const rule = document.createElement("span");
      rule.className = "soft";
      rule.textContent = ` [${entry.rule}${entry.because ? `: ${entry.because}` : ""}]`;
      what.append(rule);
    }
    return made;
  }

  function begin() {
    source = new EventSource(`/log/live?after=${last}`);
    source.onopen = () => { said.textContent = said.dataset.live; };
    // Once it is closed the browser does not try again: nobody is signed in here any more, or the desk is away.
    source.onerror = () => {
      const closed = source.readyState === EventSource.CLOSED;
      said.textContent = closed ? said.dataset.ended : said.dataset.lost;
    };
    source.onmessage = (event) => {
      last = event.lastEventId;
      for (const entry of JSON.parse(event.data)) list.prepend(row(entry));
      while (list.rows.length > 500) list.deleteRow(-1);
    };
  }

  button.addEventListener("click", () => {
    const paused = button.getAttribute("aria-pressed") === "true";
    button.setAttribute("aria-pressed", String(!paused));
    if (paused) return begin();
    source.close();
    said.textContent = said.dataset.paused;
  });
  begin();
})();
