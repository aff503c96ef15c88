// What the page says, and what it hands out.

const at = (id) => document.getElementById(id);

/** Tell screen readers that something happened. */
export function say(text) {
  at("status").textContent = text;
}

/** Show one sentence about what went wrong. */
export function complain(text) {
  at("message").textContent = text;
  at("message").hidden = false;
}

/** Take the last complaint away. */
export function clear() {
  at("message").hidden = true;
}

/** Bytes in words. */
export const megabytes = (count) => `${(count / 2 ** 20).toFixed(count < 10 * 2 ** 20 ? 1 : 0)} MB`;

/** Hand a blob to the browser as a download. */
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
