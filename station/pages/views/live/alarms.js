/** The alarms of a line, and saying that one has been seen. */

import { el } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { postJson } from "../../core/http.js";
import { remaking } from "../../core/remaking.js";
import { alarmKey, alarmTitle, inOrder, isAcknowledged } from "./alarm_words.js";
import { alarmRow } from "./alarm_row.js";
import { say, showIf } from "./say.js";
import { askWho, who } from "./who.js";

/**
 * @param {AbortSignal} signal the page goes
 * @returns {{node: HTMLElement, show: (alarms: object[]) => void}}
 */
export function alarmsPanel(signal) {
  /** What the server answered, until the stream says the same. @type {Map<string, object>} */
  const answers = new Map();
  /** @type {Map<string, string>} alarm -> why it could not be acknowledged */
  const failures = new Map();
  const busy = new Set();
  let told = null;
  let known = [];

  const count = el("span", { class: "live-count", hidden: true });
  const news = el("p", { class: "unseen", "aria-live": "polite" });
  const none = el("p", { class: "live-note", hidden: true }, t("live.alarms.none"));
  const list = el("ul", { class: "live-list" });
  const remake = remaking(list);
  const rename = () => askWho(signal).then(draw);
  const name = el("button", { type: "button", class: "quiet live-signing", hidden: true, onclick: rename });
  const node = el(
    "section",
    { class: "panel live-alarms", "aria-label": t("live.alarms") },
    el("div", { class: "live-panel-head" }, el("h2", {}, t("live.alarms")), count, name),
    news,
    none,
    list,
  );

  function show(alarms) {
    known = alarms;
    announce(alarms);
    draw();
  }

  /** New ones are said aloud; those that stood when the page came are read where they stand. */
  function announce(alarms) {
    const ids = new Set(alarms.map(alarmKey));
    const isNew = (alarm) => !told.has(alarmKey(alarm)) && !isAcknowledged(alarm);
    const fresh = told === null ? [] : alarms.filter(isNew);
    told = ids;
    if (fresh.length) {
      say(news, t("live.alarms.new", { title: fresh.map(alarmTitle).join(", ") }));
    }
  }

  function draw() {
    const alarms = inOrder(known.map(newest));
    const open = alarms.filter((alarm) => !isAcknowledged(alarm)).length;
    showIf(none, alarms.length === 0);
    showIf(count, open > 0);
    say(count, String(open));
    showIf(name, who() !== "");
    say(name, t("live.who.signing", { who: who() }));
    const focused = focusedAlarm(list);
    const said = alarms.map((alarm) => [alarm, about(alarm)]);
    remake(said, () => alarms.map((alarm) => alarmRow(alarm, { ...about(alarm), acknowledge })));
    refocus(list, focused);
  }

  function about(alarm) {
    return { busy: busy.has(alarmKey(alarm)), failure: failures.get(alarmKey(alarm)) ?? "" };
  }

  function newest(alarm) {
    const answer = answers.get(alarmKey(alarm));
    if (!answer || alarm.acknowledged_at_ns !== null || alarm.changed_at_ns !== answer.changed_at_ns) {
      answers.delete(alarmKey(alarm));
      return alarm;
    }
    return answer;
  }

  async function acknowledge(alarm) {
    const name = who() || (await askWho(signal));
    if (!name || signal.aborted) {
      return;
    }
    const key = alarmKey(alarm);
    busy.add(key);
    failures.delete(key);
    draw();
    try {
      const [alarmId, coilId] = [alarm.alarm_id, alarm.coil_id].map(encodeURIComponent);
      const path = `/api/coils/${coilId}/alarms/${alarmId}/acknowledge`;
      answers.set(key, await postJson(path, { who: name }, { signal }));
    } catch (failure) {
      failures.set(key, failure.sentence ?? "");
    }
    busy.delete(key);
    if (!signal.aborted) {
      draw();
    }
  }

  return { node, show };
}

function focusedAlarm(list) {
  const within = list.contains(document.activeElement) ? document.activeElement : null;
  return within?.closest("[data-alarm]")?.dataset.alarm ?? null;
}

/** The list may have been remade around the person's place in it. */
function refocus(list, alarmId) {
  if (alarmId !== null && !list.contains(document.activeElement)) {
    const row = list.querySelector(`[data-alarm="${CSS.escape(alarmId)}"]`);
    (row?.querySelector("button:not(:disabled)") ?? row)?.focus({ preventScroll: true });
  }
}
