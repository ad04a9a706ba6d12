/** The trend's figures as a table: for those who read rather than look, and to copy. */

import { el } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";
import { coilHref } from "../../core/router.js";
import { verdictBadge } from "../../parts/verdict_badge.js";

/**
 * @param {object} trend as `/api/trend` gives it
 * @returns {HTMLElement} folded away; filled when it is opened
 */
export function trendTable(trend) {
  const label = t("coils.trend.table");
  const scroller = el("div", { class: "trend-table", tabIndex: 0, role: "region", "aria-label": label });
  return el(
    "details",
    {
      class: "trend-figures",
      ontoggle: (event) => event.target.open && !scroller.firstChild && scroller.append(table(trend)),
    },
    el("summary", {}, t("coils.trend.figures")),
    scroller,
  );
}

function table(trend) {
  const classIds = Object.keys(trend.per_100_m)
    .map(Number)
    .sort((a, b) => a - b);
  const heads = ["coil", "started", "verdict", "length"].map((name) => t(`coils.column.${name}`));
  const unnamed = (classId) => t("coils.class", { classId: String(classId) });
  const names = classIds.map((classId) => trend.classes[classId] ?? unnamed(classId));
  const newestFirst = trend.coil_id.map((_, index) => index).reverse();
  return el(
    "table",
    {},
    el("caption", { class: "unseen" }, t("coils.trend.title")),
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        [...heads, ...names].map((name) => el("th", { scope: "col" }, name)),
      ),
    ),
    el(
      "tbody",
      {},
      newestFirst.map((index) => line(trend, index, classIds)),
    ),
  );
}

function line(trend, index, classIds) {
  const lengthMm = trend.length_mm[index];
  const figures = classIds.map((classId) => trend.per_100_m[classId][index]);
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, el("a", { href: coilHref(trend.coil_id[index]) }, trend.coil_id[index])),
    el("td", {}, fmt.shortDateTime(trend.started_at_ns[index])),
    el("td", {}, verdictBadge(trend.verdict[index])),
    el("td", { class: "number" }, lengthMm === null ? "–" : fmt.metres(lengthMm, 0)),
    figures.map((value) => el("td", { class: "number" }, value === null ? "–" : fmt.number(value, 1))),
  );
}
