// Pointers, wheel and pinch on the map, told as pan, zoom, hover and pick.

const CLICK_PX = 5;
const WHEEL_STEP = 0.0016;
/** A wheel that counts lines or pages instead of px. */
const WHEEL_UNIT_PX = [1, 30, 300];
const MOST_WHEEL_PX = 240;

/**
 * @param {HTMLElement} canvas
 * @param {{pan: (dx: number, dy: number) => void, zoom: (factor: number, x: number, y: number) => void,
 *   hover: (at: {x: number, y: number, clientX: number, clientY: number} | null) => void,
 *   pick: (at: {x: number, y: number, coarse: boolean}) => void, grab: (held: boolean) => void}} told
 * @returns {() => void} stops listening
 */
export function listenToGestures(canvas, told) {
  const pointers = new Map();
  let travelled = 0;
  const listening = new AbortController();
  const on = (name, listener, options = {}) =>
    canvas.addEventListener(name, listener, { signal: listening.signal, ...options });

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const { clientX, clientY } = event;
    return { x: clientX - box.left, y: clientY - box.top, clientX, clientY };
  };

  on("pointerdown", (event) => {
    if (event.button !== 0) {
      return;
    }
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place(event));
    if (pointers.size === 1) {
      travelled = 0;
    }
    told.grab(true);
  });

  on("pointermove", (event) => {
    const now = place(event);
    const before = pointers.get(event.pointerId);
    if (!before) {
      told.hover(now);
      return;
    }
    travelled += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    if (pointers.size === 2) {
      pinch(pointers, event.pointerId, now, told);
    } else if (travelled > CLICK_PX) {
      told.pan(now.x - before.x, now.y - before.y);
    }
    pointers.set(event.pointerId, now);
  });

  const release = (event) => {
    const held = pointers.delete(event.pointerId);
    if (held && pointers.size === 0) {
      told.grab(false);
    }
    return held;
  };
  on("pointerup", (event) => {
    if (release(event) && pointers.size === 0 && travelled <= CLICK_PX) {
      told.pick({ ...place(event), coarse: event.pointerType === "touch" });
    }
    if (pointers.size === 1) {
      travelled = CLICK_PX + 1; // one finger of a pinch stays: that is no tap
    }
  });
  on("pointercancel", release);
  on("pointerleave", () => told.hover(null));

  on(
    "wheel",
    (event) => {
      event.preventDefault();
      const unit = WHEEL_UNIT_PX[event.deltaMode];
      const along = event.shiftKey && !event.deltaX ? event.deltaY : event.deltaX;
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        told.pan(-along * unit, 0);
        return;
      }
      const by = Math.min(MOST_WHEEL_PX, Math.max(-MOST_WHEEL_PX, event.deltaY * unit));
      // A pinch on a touchpad comes as a wheel with ctrl, in much smaller steps.
      const { x, y } = place(event);
      told.zoom(Math.exp(by * WHEEL_STEP * (event.ctrlKey ? 6 : 1)), x, y);
    },
    { passive: false },
  );
  return () => listening.abort();
}

function pinch(pointers, moved, now, told) {
  const [other] = [...pointers].filter(([id]) => id !== moved).map(([, at]) => at);
  const before = pointers.get(moved);
  const was = Math.max(20, Math.hypot(before.x - other.x, before.y - other.y));
  const is = Math.max(20, Math.hypot(now.x - other.x, now.y - other.y));
  // First closer, then along: the whole strip leaves no room to move it.
  told.zoom(was / is, (before.x + other.x) / 2, (before.y + other.y) / 2);
  told.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
}
