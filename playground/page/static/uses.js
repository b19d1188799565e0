/** What was pressed or chosen and is not answered yet, or was answered badly. */

import { $ } from "./dom.js";
import { line, store } from "./store.js";

/** nonce → {message, id} of presses and choices that the bot has not answered yet */
const waiting = new Map();
/** message id → what to say under it */
const failures = new Map();

/** Why the last use of a message's components failed, if it did. */
export const failureOf = (id) => failures.get(id);

/** Presses a button or chooses in a menu. */
export function use(op, msg, component, values) {
  failures.delete(msg.id);
  const nonce = line.send(op, {
    message_id: msg.id,
    custom_id: component.custom_id,
    ...(values && { values }),
  });
  if (nonce === null) return failed(msg.id, "Not connected. Try again in a moment.");
  waiting.set(nonce, { message: msg.id, id: component.custom_id });
  refresh(msg.id);
}

/** Marks the controls whose use is not answered yet. */
export function mark(node, id) {
  for (const one of waiting.values()) {
    if (one.message === id) $(`[data-custom-id="${CSS.escape(one.id)}"]`, node)?.classList.add("waiting");
  }
}

/** Tells how a press or choice went; false if the nonce is no such. */
export function settled(nonce, state, reason) {
  const used = waiting.get(nonce);
  if (!used || state === "sent") return Boolean(used);
  waiting.delete(nonce);
  if (state === "failed") failed(used.message, reason);
  else refresh(used.message);
  return true;
}

function failed(id, reason) {
  failures.set(id, reason);
  refresh(id);
}

/** Lets whoever shows the message show it anew. */
function refresh(id) {
  store.on.USED?.(id);
}

/** Nothing that was waited for will be answered any more. */
export function forgetWaiting() {
  waiting.clear();
}
