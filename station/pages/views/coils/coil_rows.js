/** The history's table. On a phone each row is a card; roles keep it a table for those who hear it. */

import { el } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";
import { coilHref } from "../../core/router.js";
import { classSwatch } from "../../parts/class_look.js";
import { icon } from "../../parts/icons.js";
import { verdictBadge } from "../../parts/verdict_badge.js";

/** The coil's own page has them all. */
const RULES_SHOWN = 4;

/** @returns {{node: HTMLTableElement, body: HTMLElement}} rows go into `body` */
export function coilTable() {
  const names = ["verdict", "coil", "started", "length", "defects", "found", "deadline"];
  const heads = names.map((name) =>
    el("th", { scope: "col", role: "columnheader", class: `at-${name}` }, t(`coils.column.${name}`)),
  );
  const body = el("tbody", { role: "rowgroup" });
  const node = el(
    "table",
    { class: "coils-table", role: "table" },
    el("caption", { class: "unseen" }, t("coils.title")),
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, heads)),
    body,
  );
  return { node, body };
}

/**
 * @param {object} coil a summary as `/api/coils` gives it
 * @param {Object<string, string>} classes names by class id
 * @param {boolean} [isNew] whether it came while somebody was looking
 * @returns {HTMLTableRowElement}
 */
export function coilRow(coil, classes, isNew = false) {
  return el(
    "tr",
    { role: "row", class: `coils-row${isNew ? " is-new" : ""}`, dataset: { coil: coil.coil_id } },
    cell("verdict", verdictBadge(coil.verdict)),
    cell("coil", link(coil), el("span", { class: "coils-line" }, coil.line_id)),
    cell("started", moment(coil.started_at_ns)),
    cell("length", coil.length_mm === null ? "–" : fmt.metres(coil.length_mm, 0)),
    cell("defects", defects(coil, classes)),
    cell("found", found(coil)),
    cell("deadline", deadline(coil)),
  );
}

function cell(name, ...children) {
  const head = el("span", { class: "cell-head", "aria-hidden": "true" }, t(`coils.column.${name}`));
  return el("td", { role: "cell", class: `at-${name}` }, head, children);
}

/** Its after-box covers the row: one can click anywhere, and hears one link. */
function link(coil) {
  return el("a", { class: "coils-link", href: coilHref(coil.coil_id) }, coil.coil_id);
}

function defects(coil, classes) {
  if (!coil.defects) {
    return el("span", { class: "soft" }, t("coils.noDefects"));
  }
  const kinds = Object.entries(coil.defects_by_class).map(([classId, count]) => {
    const name = classes[classId] ?? t("coils.class", { classId });
    return el(
      "span",
      { class: "coils-kind", title: name },
      classSwatch(Number(classId)),
      el("span", { class: "unseen" }, `${name} `),
      fmt.number(count),
    );
  });
  return el("span", { class: "coils-kinds" }, kinds);
}

/** What else was found, in the words that matter: marks, what is missing, the rules that decided. */
function found(coil) {
  const more = coil.rules_fired.length - RULES_SHOWN;
  const rule = (words) => el("span", { class: "coils-rule" }, words);
  const rules = coil.rules_fired.slice(0, RULES_SHOWN).map(rule);
  return el(
    "span",
    { class: "coils-found" },
    coil.marks ? note("alarm", t("coils.marks", { count: coil.marks })) : null,
    coil.missing ? note("worker_down", t("coils.missing", { count: coil.missing })) : null,
    !coil.complete && !coil.missing ? note("worker_down", t("coils.incomplete")) : null,
    rules.length ? rules : el("span", { class: "soft" }, t("coils.noRule")),
    more > 0 ? rule(t("coils.moreRules", { count: more })) : null,
  );
}

function note(name, words) {
  return el("span", { class: `coils-note is-${name}` }, icon(name), el("span", {}, words));
}

function deadline(coil) {
  return coil.in_time
    ? el("span", { class: "soft" }, t("coils.inTime", { time: fmt.clock(coil.slack_s) }))
    : note("stale", t("coils.late", { time: fmt.clock(coil.late_by_s) }));
}

function moment(ns) {
  return el("time", { datetime: new Date(Number(ns) / 1e6).toISOString() }, fmt.shortDateTime(ns));
}
