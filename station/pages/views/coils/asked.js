/** What is asked of the history. It stands in the address, so a search can be kept, sent and gone back to. */

export const VERDICTS = ["release", "hold", "reject"];

/**
 * @typedef {object} Asked
 * @property {string} query is looked for in coil ids
 * @property {string} verdict one of VERDICTS; "" for all
 * @property {string} line "" for all
 */

const MOST_CHARACTERS = 64;

/** @param {Object<string, string>} params of the address @returns {Asked} only what makes sense */
export function askedOf(params) {
  const { query = "", verdict = "", line = "" } = params;
  return { query: query.slice(0, MOST_CHARACTERS), verdict: VERDICTS.includes(verdict) ? verdict : "", line };
}

/** @param {Asked} one @param {Asked} other @returns {boolean} whether both ask for the same */
export function same(one, other) {
  return one.query === other.query && one.verdict === other.verdict && one.line === other.line;
}

/**
 * @param {Asked} asked
 * @param {{before?: string|null, limit: number}} page `before`: the last page's cursor
 * @returns {string} the API's path
 */
export function coilsPath(asked, { before = null, limit }) {
  const said = new URLSearchParams(Object.entries(asked).filter(([, value]) => value));
  said.set("limit", String(limit));
  if (before) {
    said.set("before", before);
  }
  return `/api/coils?${said}`;
}

/** @param {string} line "" for all @param {number} last coils @returns {string} the API's path */
export function trendPath(line, last) {
  const said = new URLSearchParams({ last: String(last) });
  if (line) {
    said.set("line", line);
  }
  return `/api/trend?${said}`;
}

/** @param {Asked} asked @returns {boolean} whether anything is left out */
export function narrows(asked) {
  return Boolean(asked.query || asked.verdict || asked.line);
}
