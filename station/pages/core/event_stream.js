/**
 * Server-sent events by `fetch`: unlike EventSource it tells a refusal's reason, and hears the heartbeat, so that a
 * silent connection is known to be dead. Format: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */

import { Refused } from "./http.js";

/** The server says something each 5 s. */
const SILENCE_MS = 15_000;

/**
 * Reads events until the stream ends.
 * @param {string} path
 * @param {AbortSignal} signal ends it from here
 * @param {(name: string, value: any) => void} onEvent `value` is the event's JSON
 * @throws {Refused} when it is refused
 * @throws {Error} when the connection breaks, or nothing comes for 15 s
 */
export async function readEvents(path, signal, onEvent) {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  const either = anyOf(signal, silence.signal);
  try {
    const response = await fetch(path, { credentials: "same-origin", cache: "no-store", signal: either });
    if (!response.ok) {
      const said = await response.json().catch(() => ({}));
      throw new Refused(response.status, said.error ?? "");
    }
    const parse = eventParser(onEvent);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      parse(part.value);
    }
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Takes text as it comes, in pieces of any size.
 * @param {(name: string, value: any) => void} onEvent
 * @returns {(text: string) => void}
 */
export function eventParser(onEvent) {
  const pieces = [];
  return (text) => {
    pieces.push(text);
    if (!text.includes("\n")) {
      return; // a snapshot of megabytes comes in many pieces: they are joined once
    }
    const blocks = pieces.join("").split("\n\n");
    pieces.length = 0;
    pieces.push(blocks.pop());
    blocks.forEach((block) => dispatch(block, onEvent));
  };
}

function dispatch(block, onEvent) {
  let name = "message";
  const lines = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) {
      name = line.slice(7);
    } else if (line.startsWith("data: ")) {
      lines.push(line.slice(6));
    }
  }
  if (lines.length) {
    onEvent(name, JSON.parse(lines.join("\n")));
  }
}

function anyOf(...signals) {
  const any = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) {
      any.abort();
    }
    signal.addEventListener("abort", () => any.abort(), { once: true });
  }
  return any.signal;
}
