/** Which page is shown: the part of the address behind `#`. Going back and forth, and sharing an address, work. */

/**
 * @typedef {{title: (params: object) => string, mount: (root: HTMLElement, params: object) => (() => void)}} View
 * @typedef {{view: string, params: Object<string, string>}} Place
 */

/**
 * @param {string} hash as in `location.hash`: `#/coils/C-1?query=...`
 * @returns {Place}
 */
export function placeOf(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const parts = path.split("/").filter(Boolean).map(decoded);
  const params = Object.fromEntries(new URLSearchParams(query));
  if (parts.length === 0) {
    return { view: "live", params };
  }
  if (parts[0] === "coils" && parts.length === 2) {
    return { view: "coil", params: { ...params, coilId: parts[1] } };
  }
  if (["coils", "try", "login"].includes(parts[0]) && parts.length === 1) {
    return { view: parts[0], params };
  }
  return { view: "nowhere", params };
}

/** The address of a coil's page. */
export function coilHref(coilId) {
  return `#/coils/${encodeURIComponent(coilId)}`;
}

/** Puts parameters into the address without a new entry in the history; empty ones are left out. */
export function replaceParams(params) {
  const [path] = location.hash.split("?");
  const given = Object.entries(params).filter(
    ([, value]) => value !== "" && value !== null && value !== undefined,
  );
  const query = new URLSearchParams(given).toString();
  history.replaceState(null, "", `${path || "#/"}${query ? `?${query}` : ""}`);
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
