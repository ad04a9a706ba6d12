/** Why the verdict is what it is: each rule that fired, with its evidence; what was odd; who judged. */

import { el } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { icon } from "../../parts/icons.js";
import { verdictBadge } from "../../parts/verdict_badge.js";

const SEVERITY = ["release", "hold", "reject"];
/** More than these are a press away: a coil may have two hundred. */
const AT_ONCE = 12;

/** @param {object} report @returns {HTMLElement[]} a panel's contents */
export function findingsOf(report) {
  return [el("h2", {}, t("coil.findings")), list(report), notesOf(report), judge(report)];
}

/** The worst first; as they fired within each. */
export function worstFirst(findings) {
  return [...findings].sort((a, b) => SEVERITY.indexOf(b.verdict) - SEVERITY.indexOf(a.verdict));
}

/** Rules write mm2, for a log has no superscripts. */
export function asRead(evidence) {
  return evidence.replaceAll(/\bmm2\b/g, "mm²");
}

function list(report) {
  if (!report.findings.length) {
    const fired = report.rules_fired.join(", ");
    const said = fired ? t("coil.rules_named", { rules: fired }) : t("coil.nothing_fired");
    return el("p", { class: "coil-calm" }, icon("check"), said);
  }
  const [first, others] = [
    worstFirst(report.findings).slice(0, AT_ONCE),
    worstFirst(report.findings).slice(AT_ONCE),
  ];
  return [
    items(first),
    others.length
      ? el(
          "details",
          { class: "coil-more-findings" },
          el("summary", {}, t("coil.more_findings", { count: others.length })),
          items(others),
        )
      : null,
  ];
}

function items(findings) {
  return el("ul", { class: "coil-findings" }, findings.map(item));
}

function item(finding) {
  return el(
    "li",
    { class: "coil-finding" },
    verdictBadge(finding.verdict),
    el("div", {}, el("h3", {}, finding.rule), el("p", { class: "soft" }, asRead(finding.evidence))),
  );
}

function notesOf(report) {
  if (!report.notes.length) {
    return null;
  }
  return el(
    "div",
    { class: "coil-notes" },
    el("h3", {}, t("coil.notes")),
    el(
      "ul",
      {},
      report.notes.map((note) => el("li", {}, note)),
    ),
  );
}

function judge(report) {
  const said = [
    t("coil.rules_version", { version: report.rules_version }),
    report.bundles.length ? t("coil.bundles", { bundles: report.bundles.join(", ") }) : "",
    report.closed_because ? t(`coil.closed_${report.closed_because}`) : "",
  ];
  return el("p", { class: "coil-judge soft" }, said.filter(Boolean).join(" · "));
}
