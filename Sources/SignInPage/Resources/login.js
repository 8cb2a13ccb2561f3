// The link's token leaves the address bar and the history; a form is sent once. The page works without this.
"use strict";
if (location.search) history.replaceState(null, "", location.pathname);
for (const form of document.forms) {
  form.addEventListener("submit", () => {
    // Later, for the button that was pressed is a part of what is sent.
    setTimeout(() => { for (const button of form.querySelectorAll("button")) button.disabled = true; });
  });
}
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
