// Which action a key press asks for, by the rater's own keys.

import { preferences } from "./preferences.js";

const MODIFIERS = new Set(["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "NumLock", "Fn", "OS"]);
// These belong to the browser, or press what has the focus.
const RESERVED = new Set(["Tab", "Escape", "Enter", " ", "ContextMenu"]);
// What an input method reports in place of the letter.
const UNSAID = new Set(["Process", "Dead", "Unidentified"]);
const PAN = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
// Holding a key may move the view; it never answers.
const HELD = new Set(["pan", "zoomIn", "zoomOut"]);

// The name under which a key is kept: its letter, or the letter at its place on a Latin keyboard where it writes
// none (Cyrillic, Greek, an input method); null for a modifier alone.
export function keyOf(event) {
  const { key, code = "" } = event;
  if (!key || MODIFIERS.has(key)) return null;
  const foreign = key.length === 1 && key.codePointAt(0) > 127;
  const place = /^(?:Key([A-Z])|Digit([0-9]))$/.exec(code);
  if (place && (foreign || UNSAID.has(key))) return (place[1] ?? place[2]).toLowerCase();
  return key.length === 1 ? key.toLowerCase() : key;
}

// Whether an action may be given to a key: digits 1 to 9 are the confidence, function keys are the browser's.
export function assignable(key) {
  return key !== null && !RESERVED.has(key) && !UNSAID.has(key) && !/^([1-9]|F\d+)$/.test(key);
}

export function actionOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return null;
  if (document.querySelector("dialog[open]")) return null;
  const target = event.target instanceof Element ? event.target : document.body;
  if (writes(target)) return null;
  const action = meaning(event, target);
  return event.repeat && !HELD.has(action?.name) ? null : action;
}

function meaning(event, target) {
  const key = keyOf(event);
  if (key === null) return null;
  if (key === "Escape") return { name: "zoomReset" };
  if (event.shiftKey && PAN[key]) return { name: "pan", dx: PAN[key][0], dy: PAN[key][1] };
  // Among radio buttons the arrows choose.
  if (PAN[key] && target.closest("input[type=radio], [role=radio]")) return null;
  // WCAG 2.1.4: with the shortcuts off nothing that writes a character does anything.
  if (!preferences.get("shortcuts") && !PAN[key]) return null;
  const keys = preferences.get("keys");
  const name = Object.keys(keys).find((one) => keys[one] === key);
  if (name) return { name };
  const level = levelOf(event, key);
  if (level) return { name: "confidence", level };
  // "+" stands on the key of "=" on many keyboards.
  return key === "=" && keys.zoomIn === "+" ? { name: "zoomIn" } : null;
}

// French keyboards write digits only with Shift: without it the place of the key counts.
function levelOf(event, key) {
  if (/^[1-9]$/.test(key)) return Number(key);
  const place = /^Digit([1-9])$/.exec(event.code ?? "");
  return place && !event.shiftKey ? Number(place[1]) : null;
}

function writes(target) {
  if (target.closest("textarea, select, [contenteditable]:not([contenteditable=false])")) return true;
  const input = target.closest("input");
  return input !== null && !["radio", "checkbox", "button", "submit", "reset"].includes(input.type);
}
