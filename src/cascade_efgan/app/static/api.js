// The service's answers. Every failure becomes one Error whose message is a sentence for the page.

const AWAY = "The service does not answer: is `efgan app` still running?";

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { cache: "no-store", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error(AWAY);
  }
  if (answer.ok) return answer;
  let sentence = `The service answered with status ${answer.status}.`;
  try {
    sentence = (await answer.json()).error ?? sentence;
  } catch { /* no JSON: the status says what is known */ }
  throw Object.assign(new Error(sentence), { status: answer.status });
}

const json = (value) => ({
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value),
});
const bytes = (blob) => ({ method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: blob });

export const about = async () => (await ask("api/about")).json();
export const openPhotograph = async (blob) => (await ask("api/photos", bytes(blob))).json();
export const edit = async (token, request) => (await ask(`api/photos/${token}/edit`, json(request))).json();
export const download = async (token, request) => (await ask(`api/photos/${token}/download`, json(request))).blob();
export const animate = async (token, request) => (await ask(`api/photos/${token}/animation`, json(request))).blob();
export const editZip = async (blob, expression) =>
  (await ask(`api/batch?expression=${encodeURIComponent(expression)}`, bytes(blob))).blob();

/** Forget a photograph, also when the page closes. Best effort: the service forgets by age as well. */
export const forget = (token) =>
  fetch(`api/photos/${token}`, { method: "DELETE", keepalive: true }).catch(() => {});
