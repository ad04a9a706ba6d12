/** The trend: a row a class, a column a coil. The column under the pointer, or chosen by key, is read out. */

import { el, replace, svg } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";
import { coilHref } from "../../core/router.js";
import { classLook, classSwatch } from "../../parts/class_look.js";
import { icon } from "../../parts/icons.js";
import { verdictBadge } from "../../parts/verdict_badge.js";
import { coilAt, trendLayout } from "./trend_layout.js";

const SIGN_PX = 14;
const THICKEST_PX = 22;
/** Narrower columns have no room for a sign: there a verdict is told by its bar's height. */
const VERDICT_BAR_PX = { release: 4, hold: 9, reject: 14 };
const MARK_MIDDLE_PX = 17;

/**
 * @param {object} trend as `/api/trend` gives it, with one coil or more
 * @param {(coilId: string) => void} onOpen a coil was chosen
 * @returns {{node: HTMLElement, destroy: () => void}}
 */
export function trendChart(trend, onOpen) {
  const drawing = svg("svg", { class: "trend-drawing", "aria-hidden": "true", focusable: "false" });
  const plot = el("div", {
    class: "trend-plot",
    tabIndex: 0,
    role: "slider",
    "aria-label": t("coils.trend.plot"),
    "aria-valuemin": "1",
    "aria-valuemax": String(trend.coil_id.length),
    onpointermove: (event) => choose(coilAt(layout, event.clientX - plot.getBoundingClientRect().left)),
    onpointerleave: () => document.activeElement !== plot && choose(newest),
    onclick: () => onOpen(trend.coil_id[chosen]),
    onkeydown: (event) => key(event),
  });
  const labels = el("div", { class: "trend-labels" });
  const reader = el("p", { class: "trend-said" });
  const node = el("div", { class: "trend-chart" }, reader, el("div", { class: "trend-body" }, labels, plot));
  const newest = trend.coil_id.length - 1;
  let layout = trendLayout(trend, 600);
  let chosen = newest;
  let band = null;

  function choose(index) {
    chosen = Math.min(newest, Math.max(0, index));
    replace(reader, ...reading(trend, chosen));
    replace(labels, ...layout.rows.map((row) => label(trend, row, chosen)), verdictLabel(trend, chosen));
    plot.setAttribute("aria-valuenow", String(chosen + 1));
    plot.setAttribute("aria-valuetext", inWords(trend, chosen));
    band?.setAttribute("x", String(chosen * layout.columnPx));
  }

  function key(event) {
    const steps = { ArrowLeft: chosen - 1, ArrowRight: chosen + 1, Home: 0, End: newest };
    steps.ArrowDown = steps.PageDown = chosen - 10;
    steps.ArrowUp = steps.PageUp = chosen + 10;
    if (event.key in steps) {
      event.preventDefault();
      choose(steps[event.key]);
    } else if (event.key === "Enter") {
      onOpen(trend.coil_id[chosen]);
    }
  }

  function draw() {
    layout = trendLayout(trend, plot.clientWidth || 600);
    band = svg("rect", { class: "trend-band", y: 0, width: layout.columnPx, height: layout.axisTopPx });
    drawing.setAttribute("viewBox", `0 0 ${layout.widthPx} ${layout.heightPx}`);
    drawing.setAttribute("height", String(layout.heightPx));
    replace(drawing, band, layout.rows.map(classRow), verdictRow(trend, layout), axis(trend, layout));
    choose(chosen);
  }

  function classRow(row) {
    const colour = classLook(row.classId).colour;
    const thick = Math.max(1, Math.min(THICKEST_PX, layout.columnPx * (layout.columnPx > 5 ? 0.72 : 1)));
    const bars = row.heightsPx.map((heightPx, index) => {
      const x = layout.xPx[index] - thick / 2;
      return heightPx === null
        ? svg("rect", { class: "trend-unknown", x, y: row.bottomPx - 3, width: thick, height: 3 })
        : svg("rect", { class: "trend-bar", x, y: row.bottomPx - heightPx, width: thick, height: heightPx });
    });
    bars.forEach((bar) => bar.classList.contains("trend-bar") && bar.setAttribute("fill", colour));
    const most = row.most ? t("coils.trend.most", { figure: figure(row.most) }) : "";
    return svg(
      "g",
      {},
      svg("path", { class: "trend-floor", d: `M0 ${row.bottomPx + 0.5}H${layout.widthPx}` }),
      bars,
      svg("path", { class: "trend-mean", d: pathOf(row.meanPx) }),
      svg("text", { class: "trend-most", x: layout.widthPx, y: row.topPx + 12, "text-anchor": "end" }, most),
    );
  }

  const watch = new ResizeObserver(draw);
  plot.append(drawing);
  watch.observe(plot);
  draw();
  return { node, destroy: () => watch.disconnect() };
}

/** The chosen coil in words beside the chart. */
function reading(trend, index) {
  const coilId = trend.coil_id[index];
  const lengthMm = trend.length_mm[index];
  return [
    el("a", { class: "trend-coil", href: coilHref(coilId) }, coilId),
    el("span", {}, fmt.shortDateTime(trend.started_at_ns[index])),
    el("span", {}, lengthMm === null ? t("coils.trend.noLength") : fmt.metres(lengthMm, 0)),
  ];
}

function label(trend, row, index) {
  const value = trend.per_100_m[row.classId][index];
  return el(
    "div",
    { class: "trend-label" },
    classSwatch(row.classId),
    el("span", { class: "trend-name" }, className(trend, row.classId)),
    el("span", { class: "trend-figure" }, said(value)),
  );
}

function verdictLabel(trend, index) {
  return el("div", { class: "trend-label trend-label-verdict" }, verdictBadge(trend.verdict[index]));
}

function inWords(trend, index) {
  const classes = Object.entries(trend.per_100_m).map(
    ([classId, figures]) => `${className(trend, classId)} ${said(figures[index])}`,
  );
  return [trend.coil_id[index], t(`verdict.${trend.verdict[index]}`), ...classes].join(", ");
}

function verdictSign(verdict, xPx, yPx) {
  const sign = icon(verdict);
  const place = { x: xPx - SIGN_PX / 2, y: yPx - SIGN_PX / 2, width: SIGN_PX, height: SIGN_PX };
  Object.entries(place).forEach(([name, px]) => sign.setAttribute(name, px));
  sign.setAttribute("class", `trend-sign is-${verdict}`);
  return sign;
}

function verdictRow(trend, layout) {
  const middle = layout.verdictTopPx + MARK_MIDDLE_PX;
  const marks = trend.verdict.map((verdict, index) =>
    layout.columnPx >= SIGN_PX
      ? verdictSign(verdict, layout.xPx[index], middle)
      : svg("rect", {
          class: `trend-verdict is-${verdict}`,
          x: layout.xPx[index] - layout.columnPx / 2,
          y: middle + 7 - VERDICT_BAR_PX[verdict],
          width: Math.max(1, layout.columnPx - 1),
          height: VERDICT_BAR_PX[verdict],
        }),
  );
  return svg("g", {}, marks);
}

function axis(trend, layout) {
  return svg(
    "g",
    {},
    layout.ticks.map((index, tick) => {
      const last = index === layout.xPx.length - 1;
      const anchor = last ? "end" : tick === 0 ? "start" : "middle";
      const x = last ? layout.widthPx : tick === 0 ? 0 : layout.xPx[index];
      const attributes = { class: "trend-date", x, y: layout.axisTopPx + 17, "text-anchor": anchor };
      return svg("text", attributes, fmt.shortDateTime(trend.started_at_ns[index]));
    }),
  );
}

/** The line breaks where nothing is known. */
function pathOf(points) {
  return points
    .map((point, index) => {
      const command = points[index - 1] ? "L" : "M";
      return point ? command + point.map((px) => px.toFixed(1)).join(" ") : "";
    })
    .join("");
}

function className(trend, classId) {
  return trend.classes[classId] ?? t("coils.class", { classId: String(classId) });
}

function said(value) {
  return value === null ? "–" : figure(value);
}

function figure(value) {
  return fmt.number(value, value > 0 && value < 10 ? 1 : 0);
}
