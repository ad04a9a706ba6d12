/** What is read from three metres: which coil, what the line does, how much time is left. */

import { el } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";
import { coilHref } from "../../core/router.js";
import { remaking } from "../../core/remaking.js";
import { nameSize } from "../../parts/name_size.js";
import { verdictBadge } from "../../parts/verdict_badge.js";
import { deadlineBar } from "./deadline_bar.js";
import { outlook, slackWords } from "./outlook.js";
import { say } from "./say.js";

/**
 * @typedef {object} HeadFacts
 * @property {object} coil as on the wire
 * @property {object|null} report
 * @property {import("./prediction.js").Prediction} prediction
 * @property {{key: string, alert: boolean}} now which words say what the line does
 * @property {number} nowMs
 * @property {number|null} reachedMm
 */

/** @returns {{node: HTMLElement, show: (facts: HeadFacts) => void}} */
export function head() {
  const coilLink = el("a", {});
  const facts = el("p", { class: "live-facts" });
  const doing = el("p", { class: "live-doing", "aria-live": "polite" });
  const ahead = el("p", { class: "live-outlook" });
  const slackTitle = el("p", { class: "live-eyebrow" });
  const slack = el("p", { class: "live-slack" });
  const slackNote = el("p", { class: "live-outlook" });
  const bar = deadlineBar();
  const remake = remaking(doing);
  const top = el(
    "div",
    { class: "live-head" },
    el(
      "div",
      { class: "live-head-coil" },
      el("p", { class: "live-eyebrow" }, t("live.coil")),
      el("h1", { class: "live-coil-id" }, coilLink),
      facts,
    ),
    el("div", { class: "live-head-now" }, el("p", { class: "live-eyebrow" }, t("live.now")), doing, ahead),
    el("div", { class: "live-head-slack" }, slackTitle, slack, slackNote),
  );

  function show({ coil, report, prediction, now, nowMs, reachedMm }) {
    say(coilLink, coil.coil_id);
    coilLink.className = nameSize(coil.coil_id);
    coilLink.href = coilHref(coil.coil_id);
    say(facts, coilFacts(coil, reachedMm));
    top.dataset.risk = prediction.risk;
    top.dataset.alert = String(now.alert);
    remake([now.key, report?.verdict], () => [
      report ? verdictBadge(report.verdict, { large: true }) : document.createTextNode(t(now.key)),
    ]);
    say(ahead, outlook(prediction, report, now));
    const words = slackWords(prediction);
    say(slackTitle, words.title);
    say(slack, words.figure);
    say(slackNote, words.note);
    bar.show(prediction, nowMs);
  }

  return { node: el("section", { class: "live-top", "aria-label": t("live.coil") }, top, bar.node), show };
}

function coilFacts(coil, reachedMm) {
  const said = [t("live.since", { time: fmt.time(coil.started_at_ns ?? coil.began_at_ns) })];
  const lengthMm = coil.length_mm ?? reachedMm;
  if (lengthMm) {
    said.push(fmt.metres(lengthMm));
  }
  if (coil.width_mm) {
    said.push(t("live.wide", { width: fmt.mm(coil.width_mm) }));
  }
  return said.join(" · ");
}
