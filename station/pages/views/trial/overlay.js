/** What was found, drawn over the picture: outlines that stay sharp at any size, letters for the largest. */

import { el, replace, svg } from "../../core/dom.js";
import { classLook, classSwatch } from "../../parts/class_look.js";

/** More letters than this hide what they name. */
const LETTERS = 24;
/** A PATTERNS name, as lines of a tile 8 by 8. */
const STROKES = {
  diagonal: "M-2 2l4-4M0 8l8-8M6 10l4-4",
  backslash: "M-2 6l4 4M0 0l8 8M6-2l4 4",
  cross: "M0 0l8 8M8 0l-8 8",
  vertical: "M4 0v8",
  horizontal: "M0 4h8",
  dots: "M4 4h.01",
};

/**
 * @param {{widthPx: number, heightPx: number}} picture
 * @param {(index: number|null) => void} onRegion the pointer is over a region, or over none
 * @returns {{node: HTMLElement, draw: (result: object|null) => void, mark: (index: number|null) => void}}
 */
export function overlay(picture, onRegion) {
  const drawing = svg("svg", {
    viewBox: `0 0 ${picture.widthPx} ${picture.heightPx}`,
    preserveAspectRatio: "none",
    "aria-hidden": "true",
    focusable: "false",
  });
  const letters = el("div", { class: "overlay-letters", "aria-hidden": "true" });
  const node = el("div", { class: "overlay" }, drawing, letters);
  let shapes = [];

  function draw(result) {
    const regions = result?.regions ?? [];
    const scale = result?.fitted?.scale ?? 1;
    const classIds = [...new Set(regions.map((region) => region.class_id))];
    // the largest first in the answer: drawn in that order, small ones lie on top
    shapes = regions.map((region, index) => shapeOf(region, index, onRegion));
    const patternScale = picture.widthPx / 1100 || 1;
    replace(
      drawing,
      svg(
        "defs",
        {},
        classIds.map((classId) => pattern(classId, patternScale)),
      ),
      svg("g", { transform: `scale(${1 / scale})` }, shapes),
    );
    replace(
      letters,
      regions.slice(0, LETTERS).map((region) => letter(region, scale, picture)),
    );
  }

  function mark(index) {
    shapes.forEach((shape, at) => shape.classList.toggle("is-marked", at === index));
  }

  return { node, draw, mark };
}

function shapeOf(region, index, onRegion) {
  const shape = svg("path", {
    class: "overlay-region",
    d: pathOf(region),
    stroke: classLook(region.class_id).colour,
    fill: `url(#trial-class-${region.class_id})`,
    "vector-effect": "non-scaling-stroke",
  });
  shape.addEventListener("pointerenter", () => onRegion(index));
  shape.addEventListener("pointerleave", () => onRegion(null));
  return shape;
}

/** Contours run through the middles of pixels; a region without one is its box. */
function pathOf(region) {
  const { contour, col_min: left, col_max: right, row_min: top, row_max: bottom } = region;
  if (contour.length < 3) {
    return `M${left} ${top}H${right + 1}V${bottom + 1}H${left}Z`;
  }
  return `M${contour.map(([col, row]) => `${col + 0.5} ${row + 0.5}`).join("L")}Z`;
}

function pattern(classId, scale) {
  const look = classLook(classId);
  const strokes = STROKES[look.pattern];
  return svg(
    "pattern",
    {
      id: `trial-class-${classId}`,
      width: 8,
      height: 8,
      patternUnits: "userSpaceOnUse",
      patternTransform: `scale(${scale})`,
    },
    svg("rect", { width: 8, height: 8, fill: look.colour, "fill-opacity": strokes ? 0.22 : 0.38 }),
    strokes &&
      svg("path", {
        d: strokes,
        stroke: look.colour,
        "stroke-width": look.pattern === "dots" ? 3 : 1.5,
        "stroke-linecap": "round",
        "stroke-opacity": 0.8,
        fill: "none",
      }),
  );
}

function letter(region, scale, picture) {
  const sign = classSwatch(region.class_id);
  sign.style.left = `${(region.col_min / scale / picture.widthPx) * 100}%`;
  sign.style.top = `${(region.row_min / scale / picture.heightPx) * 100}%`;
  return sign;
}
