/** The page's one live connection: the line's state always, and the coils that somebody looks at. */

import { CoilModel } from "../strip/coil_model.js";
import { setServerNow } from "./clock.js";
import { readEvents } from "./event_stream.js";

/** Before the next try, after one more failure each time. */
const WAITS_MS = [500, 1000, 2000, 4000, 8000];
/** A coil that has just ended is still looked at. */
const MODELS_OF_A_LINE = 2;

/** @type {Map<string, CoilModel>} */
const models = new Map();
const listeners = new Set();
const linkListeners = new Set();
let chosen = [];
let state = null;
let link = { state: "lost", sinceMs: Date.now(), why: "" };
let connection = null;
let connectedTo;

/** The newest state of the line, as the API gives it; null before the first one. */
export function lineState() {
  return state;
}

/** @returns {{state: "open"|"lost", sinceMs: number, why: string}} of the connection to the server */
export function linkState() {
  return link;
}

/** @returns {() => void} stops listening */
export function onLink(fn) {
  linkListeners.add(fn);
  return () => linkListeners.delete(fn);
}

/**
 * Listen to the line.
 * @param {string|null} coilId this coil too; null: the newest coil of each line
 * @param {(event: {type: "state", state: object}|{type: "coil", coilId: string, model: CoilModel}) => void} listener
 *   is called at once with what is known, then with each change
 * @returns {() => void} stops listening
 */
export function follow(coilId, listener) {
  listeners.add(listener);
  if (coilId !== null) {
    chosen.push(coilId);
  }
  if (state !== null) {
    listener({ type: "state", state });
  }
  for (const [each, model] of models) {
    listener({ type: "coil", coilId: each, model });
  }
  queueMicrotask(connect);
  return () => {
    listeners.delete(listener);
    if (coilId !== null) {
      chosen.splice(chosen.indexOf(coilId), 1);
    }
    setTimeout(connect); // the next view's wish comes first
  };
}

/** Connects anew, after somebody logged in or out. */
export function reconnect() {
  connectedTo = undefined;
  connect();
}

function connect() {
  const wanted = chosen.at(-1) ?? null;
  if (wanted === connectedTo) {
    return;
  }
  connectedTo = wanted;
  connection?.abort();
  connection = new AbortController();
  keepReading(wanted, connection.signal);
}

async function keepReading(coilId, signal) {
  const path = coilId === null ? "/api/live" : `/api/live?coil=${encodeURIComponent(coilId)}`;
  for (let failures = 0; !signal.aborted; failures += 1) {
    let why = "";
    try {
      await readEvents(path, signal, (name, value) => {
        if (!signal.aborted) {
          failures = 0;
          take(name, value);
        }
      });
    } catch (failure) {
      why = failure.sentence ?? "";
      if (failure.status === 401) {
        document.dispatchEvent(new CustomEvent("coilwatch:locked"));
        connectedTo = undefined;
        return;
      }
    }
    if (signal.aborted) {
      return;
    }
    setLink("lost", why);
    await pause(WAITS_MS[Math.min(failures, WAITS_MS.length - 1)], signal);
  }
}

function take(name, value) {
  if (name === "hello") {
    setServerNow(value.now_ns);
    setLink("open", "");
  } else if (name === "state") {
    state = value;
    tell({ type: "state", state });
  } else if (name === "snapshot" || name === "changes") {
    takeCoil(value);
  }
}

function takeCoil(value) {
  const known = models.get(value.coil_id);
  const model = value.since === 0 || !known ? new CoilModel(value.coil_id) : known;
  if (value.since !== 0 && value.since !== known?.seq) {
    reconnect(); // something was missed: the whole coil comes again
    return;
  }
  model.apply(value);
  models.set(value.coil_id, model);
  forgetOlder(model);
  tell({ type: "coil", coilId: value.coil_id, model });
}

function forgetOlder(model) {
  const line = [...models.values()].filter((each) => each.coil.line_id === model.coil.line_id);
  line.sort((a, b) => Number(b.coil.began_at_ns) - Number(a.coil.began_at_ns));
  for (const old of line.slice(MODELS_OF_A_LINE)) {
    if (!chosen.includes(old.coilId) && old !== model) {
      models.delete(old.coilId);
    }
  }
}

function tell(event) {
  listeners.forEach((listener) => listener(event));
}

function setLink(to, why) {
  if (link.state === to && link.why === why) {
    return;
  }
  link = { state: to, sinceMs: link.state === to ? link.sinceMs : Date.now(), why };
  linkListeners.forEach((fn) => fn(link));
}

function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
