// The settings and the help: two quiet dialogs over the rating page. What is changed holds at once.

import { KeySettings, nameOfKey } from "./keysettings.js";
import { actionOf } from "./keys.js";
import { preferences } from "./preferences.js";

let texts;

export function installDialogs() {
  texts = JSON.parse(document.getElementById("dialog-texts").textContent);
  for (const dialog of document.querySelectorAll("dialog.over")) install(dialog);
  installSettings(document.getElementById("settings"));
  document.addEventListener("keydown", (event) => {
    if (actionOf(event)?.name !== "help") return;
    event.preventDefault();
    openHelp();
  });
  preferences.subscribe(describe);
  describe();
}

export function openHelp() {
  open(document.getElementById("help"));
}

function install(dialog) {
  const opener = document.getElementById(`open-${dialog.id}`);
  opener?.setAttribute("aria-haspopup", "dialog");
  opener?.addEventListener("click", () => open(dialog, opener));
  dialog.addEventListener("click", (event) => {
    // Beside the sheet, or on a button that closes.
    if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
  });
}

function open(dialog, opener = document.activeElement) {
  if (document.querySelector("dialog[open]")) return;
  dialog.showModal();
  dialog.querySelector(".over-sheet").scrollTop = 0;
  // Browsers give the focus back to what had it; not all of them give it to a button that is clicked, and the button
  // may stand in a menu that has closed.
  const back = () => opener?.closest("details:not([open])")?.querySelector("summary") ?? opener;
  dialog.addEventListener("close", () => back()?.focus({ preventScroll: true }), { once: true });
}

function installSettings(dialog) {
  dialog.addEventListener("change", ({ target }) => {
    if (target.name === "setting-scale") preferences.set("scale", target.value);
    if (target.name === "setting-advance") preferences.set("advance", target.checked);
    if (target.name === "setting-shortcuts") preferences.set("shortcuts", target.checked);
  });
  const keys = new KeySettings(dialog.querySelector(".key-settings"), texts);
  dialog.addEventListener("close", () => keys.cancel());
}

// What the dialogs show follows the preferences, wherever they were changed.
function describe() {
  const keys = preferences.get("keys");
  for (const radio of document.querySelectorAll("[name=setting-scale]")) {
    radio.checked = radio.value === preferences.get("scale");
  }
  document.querySelector("[name=setting-advance]").checked = preferences.get("advance");
  document.querySelector("[name=setting-shortcuts]").checked = preferences.get("shortcuts");
  for (const shown of document.querySelectorAll("#help [data-key]")) {
    shown.textContent = nameOfKey(keys[shown.dataset.key], texts);
  }
  document.getElementById("shortcuts-off").hidden = preferences.get("shortcuts");
}
