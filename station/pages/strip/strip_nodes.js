// The elements that a strip is made of.

import { el } from "../core/dom.js";
import { t } from "../core/i18n.js";

let made = 0;

/**
 * @param {string} label what the map shows
 * @param {boolean} isLive
 * @param {HTMLElement} foot what stands beneath
 * @returns {Object<string, HTMLElement>} `node` is all of it; `map`, `over` and `line` are canvases; `said` is
 *   read aloud when its text changes
 */
export function stripNodes(label, isLive, foot) {
  const help = `strip-keys-${(made += 1)}`;
  const map = el("canvas", {
    class: "strip-map",
    tabindex: "0",
    role: "application",
    "aria-roledescription": t("strip.map"),
    "aria-label": label,
    "aria-describedby": help,
  });
  const over = el("canvas", { class: "strip-over", "aria-hidden": "true" });
  const line = el("canvas", { class: "strip-overview", "aria-hidden": "true" });
  const empty = el("p", { class: "strip-empty" }, t("strip.empty"));
  const said = el("p", { class: "unseen", "aria-live": "polite" });
  const stage = el("div", { class: "strip-stage" }, map, over, empty);
  const keys = el("p", { class: "unseen", id: help }, t("strip.keys"));
  const node = el("div", { class: `strip ${isLive ? "strip-live" : ""}` }, stage, line, foot, said, keys);
  return { node, stage, map, over, line, empty, said };
}
