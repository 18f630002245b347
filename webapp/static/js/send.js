// Sends one answer until the server has acknowledged it or has refused it for a reason.
// The body carries an id made once, so sending it again can never store it twice.

const LONGEST_WAIT_MS = 10000;

export async function send(address, body, troubled) {
  for (let wait = 500; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    const reply = await attempt(address, body);
    if (reply) return reply;
    troubled();
    await new Promise((done) => {
      setTimeout(done, wait);
      window.addEventListener("online", done, { once: true });
    });
  }
}

async function attempt(address, body) {
  try {
    const response = await fetch(address, {
      method: "POST",
      body,
      keepalive: true, // goes on when the page is left
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(LONGEST_WAIT_MS),
    });
    if (response.ok) return await response.json();
    if (response.status >= 500) return null;
    const { error } = await response.json();
    return { refused: error };
  } catch {
    return null;
  }
}
