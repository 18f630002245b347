// Presses, keys, clicks and the browser's own back button, each turned into what it asks for.

import { actionOf } from "./keys.js";

export function installControls({ rating, stage, zoom, preferences, sync, trial }) {
  installForm(rating);
  installKeys(rating, zoom, trial);
  installLinks(rating);
  installZoom(zoom);
  installMenu();
  installSurround();

  showKeys(preferences);
  preferences.subscribe(() => showKeys(preferences));
  const fit = () => stage.fit(preferences.get("scale"));
  preferences.subscribe((name) => name === "scale" && fit());
  new ResizeObserver(fit).observe(document.getElementById("stage"));

  window.addEventListener("popstate", (event) => {
    rating.show(event.state?.position ?? trial.position, { push: false });
  });
  window.addEventListener("pagehide", () => rating.end());
  window.addEventListener("pageshow", (event) => event.persisted && rating.show(rating.position, { push: false }));
  window.addEventListener("beforeunload", (event) => {
    if (sync.atRisk) event.preventDefault(); // the browser asks whether to leave with an answer not saved
  });
}

function installForm(rating) {
  const form = document.getElementById("answers");
  let roving = false; // the arrow keys go over the levels; only Enter, Space or a click chooses
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=answer]");
    if (button) rating.press({ moment: event.timeStamp, answer: button.value });
  });
  form.addEventListener("keydown", (event) => {
    const activates = event.key === "Enter" || event.key === " ";
    const level = event.target.name === "confidence";
    if (activates && (event.repeat || level)) event.preventDefault();
    if (activates && level && !event.repeat) press(event);
    roving = level && event.key.startsWith("Arrow");
  });
  form.addEventListener("change", (event) => event.target.name === "confidence" && press(event, !roving));
  form.addEventListener("pointerdown", () => (roving = false));

  const press = (event, whole = true) =>
    rating.press({ moment: event.timeStamp, level: Number(event.target.value), whole });
}

function installKeys(rating, zoom, { options }) {
  document.addEventListener("keydown", (event) => {
    const action = actionOf(event);
    if (!action || (action.name === "confidence" && action.level > options.confidence_levels)) return;
    const moment = event.timeStamp;
    const does = {
      real: () => rating.press({ moment, answer: "real" }),
      fake: () => rating.press({ moment, answer: "fake" }),
      confidence: () => rating.press({ moment, level: action.level }),
      previous: () => rating.step(-1),
      back: () => rating.step(-1),
      next: () => rating.step(1),
      undo: () => rating.undo(),
    }[action.name];
    if (does) does();
    else if (!zoom.act(action)) return;
    event.preventDefault();
  });
}

// The keys of a single letter stand on their buttons, as she has set them.
function showKeys(preferences) {
  const keys = preferences.get("shortcuts") ? preferences.get("keys") : {};
  for (const shown of document.querySelectorAll("#rate kbd[data-of]")) {
    const key = keys[shown.dataset.of] ?? "";
    shown.textContent = key.length === 1 ? key.toUpperCase() : "";
  }
}

function installLinks(rating) {
  const goes = {
    previous: () => rating.step(-1),
    next: () => rating.step(1),
    overview: () => rating.leave("review"),
  };
  for (const [id, go] of Object.entries(goes)) {
    document.getElementById(id).addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      go();
    });
  }
  document.getElementById("undo")?.addEventListener("click", () => rating.undo());
}

// Whoever cannot drag or pinch looks closer by these.
function installZoom(zoom) {
  for (const id of ["zoomIn", "zoomOut"]) document.getElementById(id)?.addEventListener("click", () => zoom.act(id));
}

function installMenu() {
  const menu = document.getElementById("menu");
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target) || event.target.closest("[id^=open-]")) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.preventDefault();
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

function installSurround() {
  const form = document.getElementById("surround");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = event.submitter;
    const chosen = button.value;
    document.body.classList.remove("dark", "light");
    document.body.classList.add(chosen);
    document.cookie = `surround=${chosen}; path=${form.dataset.path}; max-age=31536000; samesite=lax`;
    button.value = chosen === "dark" ? "light" : "dark";
    button.textContent = button.dataset[chosen];
  });
}
