// Practice pages are plain forms; this only lets the same keys answer as in the study.

import { actionOf } from "./keys.js";

document.addEventListener("keydown", (event) => {
  const action = actionOf(event);
  if (action?.name === "next") document.getElementById("next")?.click();
  else if (action) document.querySelector(`button.answer[value="${action.name}"]`)?.click();
});
