/** Asks the station's API. What goes wrong is one kind of error, with a sentence for the person. */

import { t } from "./i18n.js";

const OURS = { "X-Coilwatch": "1" };

/** The server said no, or could not be reached. */
export class Refused extends Error {
  /**
   * @param {number} status HTTP's; 0 when nobody answered
   * @param {string} sentence for the person
   */
  constructor(status, sentence) {
    super(sentence);
    this.name = "Refused";
    this.status = status;
    this.sentence = sentence;
  }
}

/** @param {string} path @param {{signal?: AbortSignal}} [options] @returns {Promise<any>} @throws {Refused} */
export function getJson(path, options = {}) {
  return ask(path, options);
}

/** @throws {Refused} */
export function postJson(path, body, options = {}) {
  const headers = { ...OURS, "Content-Type": "application/json" };
  return ask(path, { ...options, method: "POST", headers, body: JSON.stringify(body) });
}

/** @param {FormData} form @throws {Refused} */
export function postForm(path, form, options = {}) {
  return ask(path, { ...options, method: "POST", headers: OURS, body: form });
}

/**
 * A file from the server, for a picture. The caller revokes the object URL that it makes of it.
 * @returns {Promise<Blob>} @throws {Refused}
 */
export async function getBlob(path, options = {}) {
  return (await answered(path, options)).blob();
}

async function ask(path, options) {
  return (await answered(path, options)).json();
}

async function answered(path, options) {
  const response = await reached(path, options);
  if (response.ok) {
    return response;
  }
  if (response.status === 401 && path !== "/api/login") {
    document.dispatchEvent(new CustomEvent("coilwatch:locked"));
  }
  throw new Refused(response.status, await sentenceOf(response));
}

async function reached(path, options) {
  try {
    return await fetch(path, { credentials: "same-origin", ...options });
  } catch (failure) {
    if (failure.name === "AbortError") {
      throw failure;
    }
    throw new Refused(0, t("http.unreachable"));
  }
}

async function sentenceOf(response) {
  try {
    const said = await response.json();
    return said.error ?? t("http.status", { status: String(response.status) });
  } catch {
    return t("http.status", { status: String(response.status) });
  }
}
