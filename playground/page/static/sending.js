/** A command on its way: shown below the messages until the bot has answered it. */

import { byline, dots, onlyYou, usedLine } from "./article.js";
import { $, avatar, h, icon } from "./dom.js";
import { begin } from "./messages.js";
import { atBottom, toBottom } from "./scrolling.js";
import { person, store } from "./store.js";

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
