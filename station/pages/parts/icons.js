/** Icons, drawn on 24 by 24 units in the colour of the text beside them. No file: they show without the server too. */

import { svg } from "../core/dom.js";

/** Name -> strokes, as SVG path data. */
const STROKES = {
  release: "M4.5 12.5 10 18 19.5 7",
  hold: "M8.5 5.5v13M15.5 5.5v13",
  reject: "M6 6l12 12M18 6 6 18",
  open: "M3.5 12a8.5 8.5 0 1 0 17 0a8.5 8.5 0 1 0 -17 0M12 7.5V12l3 2",
  running: "M3 12h15M13 6.5l5.5 5.5-5.5 5.5",
  idle: "M3.5 12a8.5 8.5 0 1 0 17 0a8.5 8.5 0 1 0 -17 0M8.5 12h7",
  stale: "M7 3.5h10M7 20.5h10M8 3.5v3.2l4 5.3 4-5.3V3.5M8 20.5v-3.2l4-5.3 4 5.3v3.2",
  no_data: "M3.5 12a8.5 8.5 0 1 0 17 0a8.5 8.5 0 1 0 -17 0",
  worker_down: "M12 3.5 22 20.5H2zM12 10v4.5M12 17.4v.1",
  broker_away: "M9 7V3.5M15 7V3.5M6.5 7h11v3.5a5.5 5.5 0 0 1-11 0zM12 16v4.5M3.5 3.5l17 17",
  lost: "M4 9.5a11.5 11.5 0 0 1 4-2.4M20 9.5a11.5 11.5 0 0 0-7-3M7.5 13.2a6.8 6.8 0 0 1 3.5-1.6M12 18.2v.1M3.5 3.5l17 17",
  alarm: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 2h-15zM10 21h4",
  check: "M5 12.5 10 17.5 19 7.5",
  close: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  search: "M4 10.5a6.5 6.5 0 1 0 13 0a6.5 6.5 0 1 0 -13 0M15.5 15.5 20.5 20.5",
  download: "M12 4v11M7 10.5l5 5 5-5M4.5 20h15",
  upload: "M12 16V5M7 9.5l5-5 5 5M4.5 20h15",
  theme: "M3.5 12a8.5 8.5 0 1 0 17 0a8.5 8.5 0 1 0 -17 0M12 3.5v17a8.5 8.5 0 0 0 0-17z",
  live: "M3 12h4l3-7 4 14 3-7h4",
  coils: "M3.5 12a7.5 7.5 0 1 0 15 0a7.5 7.5 0 1 0 -15 0M8 12a3 3 0 1 0 6 0a3 3 0 1 0 -6 0M11 19.5h10",
  try: "M3.5 5h17v14h-17zM3.5 16l5-5 4 4 2.5-2.5 5.5 5.5M14.3 9.5a1.2 1.2 0 1 0 2.4 0a1.2 1.2 0 1 0 -2.4 0",
  mask: "M5 13c0-5 3-8 7-8s8 2 7 7-4 7-8 7-6-2-6-6zM8 15l7-8M11 17.5l6-7",
  plus: "M12 5.5v13M5.5 12h13",
  minus: "M5.5 12h13",
  fit: "M4 12h16M7.5 8.5 4 12l3.5 3.5M16.5 8.5 20 12l-3.5 3.5",
  left: "M14.5 5.5 8 12l6.5 6.5",
  right: "M9.5 5.5 16 12l-6.5 6.5",
  up: "M5.5 14.5 12 8l6.5 6.5",
  down: "M5.5 9.5 12 16l6.5-6.5",
  out: "M14 4.5H5.5v15H14M10 12h10.5M16.5 8l4 4-4 4",
};
const BOLD = new Set(["hold", "reject", "release", "plus", "minus", "left", "right", "up", "down"]);
const FILLED = { theme: "M12 3.5v17a8.5 8.5 0 0 0 0-17z" };
const DASHES = { no_data: "3 4.4" };

/**
 * @param {string} name
 * @returns {SVGElement} decorative: a word stands beside it, or the button has a label
 */
export function icon(name) {
  const filled = FILLED[name];
  return svg(
    "svg",
    { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    svg("path", {
      d: STROKES[name],
      fill: "none",
      stroke: "currentColor",
      "stroke-width": BOLD.has(name) ? 2.6 : 2.2,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
      "stroke-dasharray": DASHES[name] ?? null,
    }),
    filled ? svg("path", { d: filled, fill: "currentColor" }) : null,
  );
}
