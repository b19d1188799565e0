/** What was pressed, chosen or sent and is not answered yet, or was answered badly. */

import { byline, dots, onlyYou, usedLine } from "./article.js";
import { $, avatar, h, icon } from "./dom.js";
import { atBottom, begin, put, toBottom } from "./messages.js";
import { inChannel, line, person, store } from "./store.js";

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

function refresh(id) {
  const msg = inChannel().get(id);
  if (msg) put(msg);
}

/** Nothing that was waited for will be answered any more. */
export function forgetWaiting() {
  waiting.clear();
}

/** Shows a command as being sent; returns what to call when it is settled. */
export function sending(name) {
  let node = null;
  const show = (...body) => {
    const low = atBottom();
    const made = h(
      "article.message.private.headed",
      { tabindex: -1, data: { by: "", at: Date.now(), headed: true } },
      usedLine(person(store.me), name),
      h("div.gutter", {}, avatar(person(store.bot.id))),
      h("div.body", {}, byline(person(store.bot.id), new Date()), body),
    );
    begin();
    if (node) node.replaceWith(made);
    else $("#messages").append(made);
    node = made;
    if (low) toBottom();
  };
  const late = setTimeout(() => show(h("p.thinking", {}, dots(), "Sending command…")), 250);
  return (reason) => {
    clearTimeout(late);
    if (reason)
      show(
        h("p.failed", { role: "alert" }, icon("warning"), reason),
        onlyYou(() => node.remove()),
      );
    else node?.remove();
  };
}
