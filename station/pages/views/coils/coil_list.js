/** The history page by page: asks, shows, asks for more, takes in what is new. */

import { el, replace } from "../../core/dom.js";
import { getJson } from "../../core/http.js";
import { t } from "../../core/i18n.js";
import { icon } from "../../parts/icons.js";
import { coilsPath, narrows } from "./asked.js";
import { coilRow, coilTable } from "./coil_rows.js";

const PAGE = 50;

/**
 * @param {{onClear: () => void, onLines: (lines: string[]) => void}} told `onLines`: lines that rows are of
 * @returns {{node: HTMLElement, show: (asked: object) => Promise<void>, refresh: () => Promise<void>,
 *   destroy: () => void}}
 */
export function coilList({ onClear, onLines }) {
  const table = coilTable();
  const status = el("p", { class: "coils-count", role: "status" });
  const foot = el("div", { class: "coils-foot" });
  const about = { class: "coils-list", "aria-label": t("coils.title") };
  const node = el("section", about, status, table.node, foot);
  const rows = new Map();
  const lines = new Set();
  let asked = null;
  let before = null;
  let asking = new AbortController();

  async function show(nowAsked) {
    asked = nowAsked;
    node.setAttribute("aria-busy", "true");
    if (!rows.size) {
      waiting();
    }
    const page = await load({ limit: PAGE });
    if (!page) {
      return;
    }
    rows.clear();
    replace(table.body);
    put(page);
  }

  async function more() {
    const first = rows.size;
    node.setAttribute("aria-busy", "true");
    const page = await load({ before, limit: PAGE });
    if (page) {
      put(page);
      table.body.rows[first]?.querySelector("a").focus();
    }
  }

  /** New coils come to their places; one that was reported again changes where it stands. */
  async function refresh() {
    const page = node.hasAttribute("aria-busy") ? null : await load({ limit: PAGE }, { quietly: true });
    if (!page) {
      return;
    }
    if (!rows.size) {
      put(page);
      return;
    }
    page.coils.forEach((coil, index) => {
      const told = JSON.stringify(coil);
      const known = rows.get(coil.coil_id);
      const row = known?.told === told ? known.row : coilRow(coil, page.classes, true);
      if (known && known.row !== row) {
        known.row.remove();
      }
      if (table.body.rows[index] !== row) {
        table.body.insertBefore(row, table.body.rows[index] ?? null);
      }
      rows.set(coil.coil_id, { told, row });
    });
    count();
  }

  /** @returns a page; null when it was refused, and that is said, or when something else is asked by now */
  async function load(page, { quietly = false } = {}) {
    asking.abort();
    asking = new AbortController();
    try {
      return await getJson(coilsPath(asked, page), { signal: asking.signal });
    } catch (refused) {
      if (refused.name !== "AbortError" && !quietly) {
        node.removeAttribute("aria-busy");
        failed(refused.sentence ?? String(refused));
      }
      return null;
    }
  }

  function put(page) {
    node.removeAttribute("aria-busy");
    for (const coil of page.coils) {
      const row = coilRow(coil, page.classes);
      rows.set(coil.coil_id, { told: JSON.stringify(coil), row });
      table.body.append(row);
      lines.add(coil.line_id);
    }
    before = page.before;
    table.node.classList.toggle("has-lines", lines.size > 1);
    onLines([...lines]);
    count();
    table.node.hidden = !rows.size;
    if (!rows.size) {
      nothing();
    } else {
      replace(foot, before && el("button", { type: "button", onclick: more }, t("coils.more")));
    }
  }

  function count() {
    replace(status, t(before ? "coils.countSome" : "coils.count", { count: rows.size }));
  }

  function waiting() {
    table.node.hidden = true;
    replace(status, t("coils.loading"));
    const bar = () => el("div", { class: "coils-waiting", "aria-hidden": "true" });
    replace(foot, Array.from({ length: 6 }, bar));
  }

  function nothing() {
    const clear = el("button", { type: "button", onclick: onClear }, t("coils.clear"));
    replace(status);
    replace(
      foot,
      narrows(asked)
        ? empty("search", t("coils.noneFits"), t("coils.noneFitsWhat"), clear)
        : empty("coils", t("coils.none"), t("coils.noneWhat")),
    );
  }

  function failed(sentence) {
    const again = el("button", { type: "button", onclick: () => show(asked) }, t("coils.again"));
    replace(status);
    if (rows.size) {
      replace(foot, el("p", { class: "coils-failed", role: "alert" }, icon("worker_down"), sentence), again);
      return;
    }
    table.node.hidden = true;
    replace(foot, empty("worker_down", t("coils.failed"), sentence, again));
  }

  return { node, show, refresh, destroy: () => asking.abort() };
}

function empty(name, head, sentence, button = null) {
  return el("div", { class: "coils-empty" }, icon(name), el("h2", {}, head), el("p", {}, sentence), button);
}
