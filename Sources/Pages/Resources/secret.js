// Secrets are masked 30 seconds after they were shown.
for (const box of document.querySelectorAll("[data-secret]")) {
  const value = box.querySelector("[data-value]");
  const reveal = box.querySelector("[data-reveal]");
  const said = box.querySelector("[data-said]");
  const secret = value.textContent;
  let timer;
  const show = (visible) => {
    clearTimeout(timer);
    value.textContent = visible ? secret : "•".repeat(Math.min(secret.length, 32));
    reveal.textContent = visible ? "Mask" : "Reveal";
    if (visible) timer = setTimeout(() => { show(false); said.textContent = "Masked again."; }, 30000);
  };
  reveal.addEventListener("click", () => { said.textContent = ""; show(reveal.textContent === "Reveal"); });
  box.querySelector("[data-copy]").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(secret);
      said.textContent = "Copied.";
    } catch {
      show(true);
      getSelection().selectAllChildren(value);
      said.textContent = "Selected: copy it with your keyboard.";
    }
  });
  box.querySelector(".buttons").hidden = false;
  show(true);
  addEventListener("pagehide", () => show(false));
}
