/** The line's latest verdicts, and the coils that still wait for theirs. */

import { el } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";
import { getJson } from "../../core/http.js";
import { coilHref } from "../../core/router.js";
import { remaking } from "../../core/remaking.js";
import { verdictBadge } from "../../parts/verdict_badge.js";
import { say, showIf } from "./say.js";

const SHOWN = 4;

/**
 * @param {AbortSignal} signal the page goes
 * @returns {{node: HTMLElement, classes: () => Object<string, string>,
 *   show: (line: string|null, reports: number, coilIds: string[]) => void}} `classes`: names by class id
 */
export function verdictsPanel(signal) {
  let asked = "";
  let page = null;
  let kept = [];
  const note = el("p", { class: "live-note" }, t("live.verdicts.loading"));
  const retry = () => ask(asked);
  const again = el("button", { type: "button", hidden: true, onclick: retry }, t("live.verdicts.again"));
  const list = el("ul", { class: "live-verdicts" });
  const remake = remaking(list);
  const node = el(
    "section",
    { class: "panel", "aria-label": t("live.verdicts") },
    el(
      "div",
      { class: "live-panel-head" },
      el("h2", {}, t("live.verdicts")),
      el("a", { href: "#/coils" }, t("live.verdicts.all")),
    ),
    note,
    again,
    list,
  );

  /** `reports`: of the whole history; when it rises, there is a new one. */
  function show(line, reports, coilIds) {
    kept = coilIds;
    const query = `/api/coils?limit=${SHOWN}${line === null ? "" : `&line=${encodeURIComponent(line)}`}`;
    const key = `${query} ${reports}`;
    if (key !== asked) {
      asked = key;
      ask(key);
    }
    draw();
  }

  async function ask(key) {
    showIf(again, false);
    try {
      const answer = await getJson(key.split(" ")[0], { signal });
      if (key === asked) {
        page = answer;
        showIf(note, page.coils.length === 0);
        say(note, t("live.verdicts.none"));
        draw();
      }
    } catch (failure) {
      if (!signal.aborted && key === asked) {
        showIf(note, true);
        say(note, failure.sentence ?? "");
        showIf(again, true);
      }
    }
  }

  function draw() {
    if (page !== null) {
      const waiting = waitingCoils(kept, page.coils);
      const rows = () => [...waiting.map(waitingRow), ...page.coils.map(verdictRow)].slice(0, SHOWN);
      remake([waiting, page.coils], rows);
    }
  }

  return { node, show, classes: () => page?.classes ?? {} };
}

/**
 * Coils that are newer than the newest verdict and not the newest of all, which the page shows large.
 * @param {string[]} kept the line's coil ids, the newest first
 * @param {{coil_id: string}[]} reported
 */
export function waitingCoils(kept, reported) {
  const known = new Set(reported.map((coil) => coil.coil_id));
  const first = kept.findIndex((coilId) => known.has(coilId));
  return kept.slice(1, first === -1 ? SHOWN : Math.max(1, first));
}

function waitingRow(coilId) {
  return el("li", { class: "live-verdict" }, verdictBadge(null), el("a", { href: coilHref(coilId) }, coilId));
}

function verdictRow(coil) {
  const facts = [t("live.verdicts.defects", { count: coil.defects })];
  if (coil.length_mm) {
    facts.push(fmt.metres(coil.length_mm, 0));
  }
  const late = () => t("live.verdicts.late", { time: fmt.clock(coil.late_by_s) });
  return el(
    "li",
    { class: "live-verdict" },
    verdictBadge(coil.verdict),
    el("a", { href: coilHref(coil.coil_id) }, coil.coil_id),
    el("span", { class: "live-note" }, facts.join(" · ")),
    coil.in_time
      ? el("span", { class: "live-note live-when" }, fmt.time(coil.reported_at_ns))
      : el("span", { class: "live-when live-late" }, late()),
  );
}
