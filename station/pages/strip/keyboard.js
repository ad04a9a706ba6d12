// The map by keyboard.

const PAN_SHARE = 0.15;
const PAGE_SHARE = 0.9;
const ZOOM = 0.7;

/**
 * @param {HTMLElement} canvas
 * @param {{pan: (share: number, shareAcross: number) => void, zoom: (factor: number) => void,
 *   end: (which: "head" | "tail") => void, whole: () => void, beside: (step: 1 | -1) => void,
 *   pick: () => void, leave: () => void}} told
 * @returns {() => void} stops listening
 */
export function listenToKeys(canvas, told) {
  const keys = {
    ArrowLeft: () => told.pan(-PAN_SHARE, 0),
    ArrowRight: () => told.pan(PAN_SHARE, 0),
    ArrowUp: () => told.pan(0, -PAN_SHARE),
    ArrowDown: () => told.pan(0, PAN_SHARE),
    PageUp: () => told.pan(-PAGE_SHARE, 0),
    PageDown: () => told.pan(PAGE_SHARE, 0),
    "+": () => told.zoom(ZOOM),
    "=": () => told.zoom(ZOOM),
    "-": () => told.zoom(1 / ZOOM),
    0: () => told.whole(),
    Home: () => told.end("head"),
    End: () => told.end("tail"),
    n: () => told.beside(1),
    p: () => told.beside(-1),
    // The same keys on a Russian keyboard.
    т: () => told.beside(1),
    з: () => told.beside(-1),
    Enter: () => told.pick(),
    " ": () => told.pick(),
    Escape: () => told.leave(),
  };
  const listener = (event) => {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.ctrlKey || event.metaKey || event.altKey || !(key in keys)) {
      return;
    }
    event.preventDefault();
    keys[key]();
  };
  canvas.addEventListener("keydown", listener);
  return () => canvas.removeEventListener("keydown", listener);
}
