// What makes the console quicker for who uses it all day. Every page works without it.
"use strict";

// Times count on, in the words of Moment.swift.
const words = (seconds) => {
  const distance = Math.abs(seconds);
  if (distance < 45) return seconds >= 0 ? "just now" : "in a moment";
  const [count, unit] =
    distance < 2700 ? [Math.max(1, Math.floor((distance + 30) / 60)), "minute"]
    : distance < 79200 ? [Math.max(1, Math.floor((distance + 1800) / 3600)), "hour"]
    : distance < 2592000 ? [Math.max(1, Math.floor((distance + 43200) / 86400)), "day"]
    : [0, ""];
  if (!count) return null;
  const text = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return seconds >= 0 ? `${text} ago` : `in ${text}`;
};
// The server's clock is right, and this one may be wrong: only what passes here is counted.
const began = performance.now();
const shown = [...document.querySelectorAll("time[datetime]")].map((time) => [time, Date.parse(time.dateTime)]);
const served = Date.parse(document.querySelector("meta[name=served]")?.content ?? "") || Date.now();
setInterval(() => {
  const now = served + performance.now() - began;
  for (const [time, at] of shown) {
    const text = words(Math.trunc((now - at) / 1000));
    if (text && time.textContent !== text) time.textContent = text;
  }
}, 15000);

// What does not scroll is no stop on the way of the Tab key.
const stops = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
for (const region of document.querySelectorAll(".scroll")) stops.observe(region);

// What is under way is shown as it goes; when it is over, the whole page is.
const live = document.querySelector("[data-live]");
const follow = async (href) => {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 2000));
    if (document.hidden) continue;
    let text;
    try {
      const answer = await fetch(href);
      if (answer.redirected) return location.reload();
      if (!answer.ok) continue;
      text = await answer.text();
    } catch {
      continue; // The daemon may be restarting.
    }
    if (!text.includes("data-refresh")) return location.reload();
    live.innerHTML = text;
  }
};
const refresh = live?.querySelector("[data-refresh]")?.dataset.refresh;
if (refresh) follow(refresh);

// All changes of a page at once.
const all = document.querySelector("[data-tick-all]");
if (all) {
  const boxes = [...document.querySelectorAll(".changes input[type=checkbox]")];
  const box = all.querySelector("input");
  all.hidden = false;
  box.addEventListener("change", () => { for (const one of boxes) one.checked = box.checked; });
}

// Keys.
const help = document.getElementById("help");
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  const search = document.querySelector("[data-search]");
  if (event.key === "/" && search && !help?.open) {
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "?" && help && !help.open) {
    event.preventDefault();
    help.showModal();
  }
});

// A form is sent once; the page says what is wrong where it is.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", () => {
    setTimeout(() => { for (const button of form.querySelectorAll("button")) button.disabled = true; });
  });
}
document.querySelector("[aria-invalid]")?.focus();
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
