/** The coil's name, its verdict in words, its figures, its files. */

import { el } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";
import { icon } from "../../parts/icons.js";
import { nameSize } from "../../parts/name_size.js";
import { verdictBadge } from "../../parts/verdict_badge.js";
import { timeline } from "./timeline.js";

const FILES = ["pdf", "csv", "json"];

/**
 * Who it is, its verdict, its files.
 * @param {import("./coil_source.js").CoilSource} source with a report or a map
 * @returns {HTMLElement[]}
 */
export function headTop(source) {
  const { coilId, report, model } = source;
  return [
    el(
      "div",
      { class: "coil-ways" },
      el("a", { class: "coil-back", href: "#/coils" }, icon("left"), t("coil.back")),
      report ? files(coilId) : null,
    ),
    el(
      "div",
      { class: "coil-name" },
      el("h1", { class: "wall" }, el("span", { class: nameSize(coilId) }, coilId)),
      el("p", { class: "soft" }, subtitle(source)),
    ),
    el(
      "div",
      { class: "coil-verdict" },
      verdictBadge(report?.verdict ?? null, { large: true }),
      el("p", { class: "coil-verdict-why" }, report ? why(report) : waiting(model)),
    ),
  ];
}

/**
 * Its times and its figures.
 * @param {import("./coil_source.js").CoilSource} source with a report or a map
 * @returns {HTMLElement[]}
 */
export function headBelow({ report, model }) {
  return [
    timeline(timesOf(report, model)),
    el("dl", { class: "coil-figures" }, figuresOf(report, model).map(figure)),
  ];
}

function subtitle({ view, model, report }) {
  const lineId = view?.line_id || model?.coil?.line_id || "";
  const said = [lineId, sizeOf(report ?? model?.coil)];
  if ((report?.report_version ?? 1) > 1) {
    said.push(t("coil.version", { version: report.report_version }));
  }
  return said.filter(Boolean).join(" · ");
}

function sizeOf(known) {
  const length = known?.length_mm ?? known?.reached_mm ?? null;
  const parts = [length === null ? "" : fmt.metres(length), known?.width_mm ? fmt.mm(known.width_mm) : ""];
  return parts.filter(Boolean).join(" × ");
}

function why(report) {
  const rules = report.findings.length || report.rules_fired.length;
  const said = rules ? t("coil.rules_fired", { count: rules }) : t("coil.no_rule_fired");
  const time = report.in_time
    ? t("coil.in_time", { time: fmt.duration(report.slack_s) })
    : t("coil.late", { time: fmt.duration(report.late_by_s) });
  return [
    el("span", {}, said),
    el("span", { class: report.in_time ? "" : "coil-late" }, time),
    report.complete ? null : el("span", {}, t("coil.incomplete")),
  ];
}

function waiting(model) {
  const { runs, outstanding } = model?.coil ?? {};
  if (runs) {
    return t("coil.still_runs");
  }
  return outstanding ? t("coil.frames_wait", { count: outstanding }) : t("coil.report_comes");
}

function timesOf(report, model) {
  const known = report ?? model?.coil ?? {};
  return {
    startedAtNs: known.started_at_ns ?? model?.coil?.began_at_ns ?? null,
    endedAtNs: known.ended_at_ns ?? null,
    reportedAtNs: report?.reported_at_ns ?? null,
    deadlineAtNs: known.deadline_at_ns ?? null,
  };
}

/** @returns {{label: string, value: string, note?: string}[]} */
function figuresOf(report, model) {
  const defects = report?.defects_total ?? sum(Object.values(model?.coil?.regions_by_class ?? {}));
  const lengthMm = report?.length_mm ?? model?.coil?.length_mm ?? model?.coil?.reached_mm ?? null;
  const frames = framesOf(report, model);
  return [
    { label: t("coil.figure_defects"), value: fmt.number(defects) },
    { label: t("coil.figure_per_100_m"), value: lengthMm ? rate(defects / (lengthMm / 1e5)) : "–" },
    { label: t("coil.figure_repeats"), value: fmt.number(repeatsOf(report, model)) },
    { label: t("coil.figure_inspected"), value: frames.announced ? inspected(frames) : "–" },
  ];
}

function framesOf(report, model) {
  const ledgers = report ? Object.values(report.ledger_by_camera) : (model?.cameras ?? []);
  const total = (name) => sum(ledgers.map((ledger) => ledger[name] ?? 0));
  const announced = report ? total("announced") : sum(ledgers.map((each) => each.announced ?? each.frames));
  return { announced, seen: total("clean") + total("defective") };
}

function repeatsOf(report, model) {
  return (report?.marks ?? model?.marks ?? []).length + (report?.lanes ?? []).length;
}

/** Rounded down: a frame that is missing never reads as 100 %. */
function inspected({ announced, seen }) {
  const share = Math.min(1, seen / announced);
  return fmt.percent(Math.floor(share * 1000) / 1000, share === 1 ? 0 : 1);
}

function rate(value) {
  return fmt.number(value, value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

function figure({ label, value }) {
  return el("div", {}, el("dt", {}, label), el("dd", { class: "figure" }, value));
}

function files(coilId) {
  const path = `/api/coils/${encodeURIComponent(coilId)}/report`;
  return el(
    "div",
    { class: "coil-files", role: "group", "aria-label": t("coil.files") },
    FILES.map((form) =>
      el(
        "a",
        { class: "button", href: `${path}.${form}`, download: "", "aria-label": t(`coil.file_${form}`) },
        icon("download"),
        form.toUpperCase(),
      ),
    ),
  );
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
