/** What a person chose on this browser. Without storage (private windows) a choice lasts as long as the page. */

const PREFIX = "coilwatch.";
const unstored = new Map();

/**
 * @param {string} name
 * @param {string} fallback
 * @returns {string}
 */
export function preference(name, fallback) {
  try {
    return localStorage.getItem(PREFIX + name) ?? unstored.get(name) ?? fallback;
  } catch {
    return unstored.get(name) ?? fallback;
  }
}

/** Remember a choice. */
export function prefer(name, value) {
  unstored.set(name, value);
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // full or forbidden: it is kept until the page goes
  }
}
