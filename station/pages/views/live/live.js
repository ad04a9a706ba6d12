/** Live: the strip as it is rolled, the time that is left, and what wants attention. */

import { el, replace } from "../../core/dom.js";
import { serverNowMs } from "../../core/clock.js";
import { t } from "../../core/i18n.js";
import { follow, lineState, onLink } from "../../core/stream.js";
import { conditionNow } from "../../parts/condition_band.js";
import { alarmsPanel } from "./alarms.js";
import { classes } from "./classes.js";
import { counters } from "./counters.js";
import { asOf, doingNow } from "./doing.js";
import { emptyLine } from "./empty.js";
import { head } from "./head.js";
import { InspectionRate } from "./inspection_rate.js";
import { lineChoice, lineToShow } from "./lines.js";
import { predict, settledFrames } from "./prediction.js";
import { showIf } from "./say.js";
import { stripPanel } from "./strip_panel.js";
import { verdictsPanel } from "./verdicts.js";

/** The slack's seconds must not seem to stumble. */
const TICK_MS = 250;

/** @returns {string} */
export function title() {
  return t("nav.live");
}

/**
 * @param {HTMLElement} root
 * @returns {() => void} lets go of everything
 */
export function mount(root) {
  const gone = new AbortController();
  const parts = {
    lines: lineChoice(() => paint()),
    empty: emptyLine(),
    head: head(),
    strip: stripPanel(),
    counters: counters(),
    classes: classes(),
    alarms: alarmsPanel(gone.signal),
    verdicts: verdictsPanel(gone.signal),
  };
  const figures = el("div", { class: "live-figures" }, parts.counters.node, parts.classes.node);
  const side = el("div", { class: "live-side" }, parts.alarms.node, parts.verdicts.node);
  const body = el("div", { class: "live-body" }, parts.empty.node, parts.strip.node, side, figures);
  replace(root, parts.lines.node, parts.head.node, body);

  /** @type {Map<string, object>} */
  const models = new Map();
  let rates = newRates("");
  let drawn = { model: null, revision: -1 };
  let frame = 0;

  function paint() {
    frame = 0;
    const state = lineState();
    const condition = conditionNow();
    const line = state && lineToShow(state);
    const model = line === null ? null : (models.get(state.coils[line][0]) ?? null);
    parts.empty.show(condition?.name ?? null, !model);
    [parts.head.node, parts.strip.node, figures].forEach((node) => showIf(node, model !== null));
    showIf(side, state !== null);
    if (state !== null) {
      parts.lines.show(state);
      parts.alarms.show(state.alarms.filter((alarm) => line === null || alarm.line_id === line));
      parts.verdicts.show(line, state.counters.reports ?? 0, line === null ? [] : state.coils[line]);
    }
    if (model !== null) {
      paintCoil(model, state, condition);
    }
  }

  function paintCoil(model, state, condition) {
    const { coil, report } = model;
    const nowMs = serverNowMs();
    const nowS = performance.now() / 1000;
    const known = condition?.look === "calm";
    const waiting = known ? state.worker.waiting_frames : null;
    const ratePerS = known && rates.coilId === coil.coil_id ? rates.settled.perS(nowS) : null;
    const prediction = predict(coil, report, waiting, ratePerS, nowMs);
    const now = doingNow(condition, prediction.phase);
    const reachedMm = model.inMm ? model.lengthMm() : null;
    parts.head.show({ coil, report, prediction, now, nowMs, reachedMm });
    parts.counters.show(coil, known ? rates.inspected.perS(nowS) : null, waiting);
    parts.classes.show(coil, { ...parts.verdicts.classes(), ...state.classes });
    parts.strip.asOf(asOf(condition, coil));
    parts.strip.show(model, drawn.model !== model || drawn.revision !== model.revision);
    drawn = { model, revision: model.revision };
  }

  function paintSoon() {
    frame ||= requestAnimationFrame(paint);
  }

  function hear(event) {
    if (event.type === "coil") {
      models.set(event.coilId, event.model);
      note(event.model.coil);
    } else if (event.type === "state") {
      forgetOld(event.state);
    }
    paintSoon();
  }

  /** The pace is that of the coil which is shown. */
  function note(coil) {
    const state = lineState();
    const line = state && lineToShow(state);
    if (line === null || state.coils[line][0] !== coil.coil_id) {
      return;
    }
    if (rates.coilId !== coil.coil_id) {
      rates = newRates(coil.coil_id);
    }
    const nowS = performance.now() / 1000;
    rates.settled.note(nowS, settledFrames(coil));
    rates.inspected.note(
      nowS,
      coil.cameras.reduce((sum, camera) => sum + camera.received, 0),
    );
  }

  function forgetOld(state) {
    const newest = new Set(Object.values(state.coils).map((coilIds) => coilIds[0]));
    [...models.keys()].filter((coilId) => !newest.has(coilId)).forEach((coilId) => models.delete(coilId));
  }

  const stops = [follow(null, hear), onLink(paintSoon)];
  const timer = setInterval(paint, TICK_MS);
  paint();
  return () => {
    gone.abort();
    clearInterval(timer);
    cancelAnimationFrame(frame);
    stops.forEach((stop) => stop());
    parts.strip.destroy();
  };
}

function newRates(coilId) {
  return { coilId, settled: new InspectionRate(), inspected: new InspectionRate() };
}
