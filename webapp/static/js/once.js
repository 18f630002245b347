// A form that is sent twice by a double click acts once: otherwise twice as many raters would be invited, and the
// links of the first half never be seen.

const MEANWHILE_MS = 3000;
const sent = new WeakMap();

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  if (event.timeStamp - (sent.get(event.target) ?? -Infinity) < MEANWHILE_MS) event.preventDefault();
  else sent.set(event.target, event.timeStamp);
});
