// One request to the server, and what became of it.

const LONGEST_REPLY_MS = 10000;
const LONGEST_MS = 24 * 3600 * 1000;

// {reply} when the server took it; {error, status} when it refused it; {} when it could not be reached.
// `known` is the count of the last state that came: where it fits, the reply leaves the answers out.
export async function post(base, entries, known) {
  const now = Date.now();
  const of = (kind) => entries.filter((entry) => entry.kind === kind);
  const body = {
    answers: of("answer").map((entry) => answerBody(entry, now)),
    viewings: of("viewing").map((entry) => viewingBody(entry, now)),
    known,
  };
  return ask(`${base}/answers`, {
    method: "POST",
    body: JSON.stringify(body),
    keepalive: true, // goes on when the page is left
    headers: { "Content-Type": "application/json", Accept: "application/json" },
  });
}

export async function askState(base) {
  return ask(`${base}/state`, { headers: { Accept: "application/json" }, cache: "no-store" });
}

async function ask(address, options) {
  try {
    const response = await fetch(address, { ...options, signal: AbortSignal.timeout(LONGEST_REPLY_MS) });
    if (response.ok) return { reply: await response.json() };
    if (response.status >= 500) return {};
    const { error } = await response.json().catch(() => ({ error: response.statusText }));
    return { error, status: response.status };
  } catch {
    return {};
  }
}

// Ages and not times: a device's clock may be wrong by hours, the difference of two of its readings hardly is.
function answerBody({ id, image, answer, confidence, response_ms, hidden_ms, at, after }, now) {
  const timed = response_ms >= 0 && response_ms <= LONGEST_MS;
  return {
    id,
    image,
    answer,
    confidence: confidence ?? null,
    response_ms: timed ? response_ms : null,
    hidden_ms: bounded(hidden_ms),
    age_ms: Math.max(0, now - at),
    after: after ?? null,
  };
}

function viewingBody({ id, image, visible_ms, hidden_ms, at }, now) {
  return { id, image, visible_ms: bounded(visible_ms), hidden_ms: bounded(hidden_ms), age_ms: Math.max(0, now - at) };
}

function bounded(milliseconds) {
  return Math.min(Math.max(milliseconds || 0, 0), LONGEST_MS);
}
