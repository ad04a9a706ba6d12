/** Changing what stands on the screen only where it changed: ten times a second, most of it has not. */

/** @param {Element} node @param {string} text */
export function say(node, text) {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

/** @param {HTMLElement} node @param {boolean} shown */
export function showIf(node, shown) {
  if (node.hidden === shown) {
    node.hidden = !shown;
  }
}

/** A part of a whole as a CSS length. @param {number} share 0 to 1 */
export function lengthOf(share) {
  return `${(Math.min(1, Math.max(0, share)) * 100).toFixed(2)}%`;
}
