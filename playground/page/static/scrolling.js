/** The list's window: who is at the bottom stays there, whatever grows; messages are found by id. */

import { $ } from "./dom.js";
import { store } from "./store.js";

const NEAR_BOTTOM = 60;
const NEAR_TOP = 400;
const MARKED = 1600;
const list = $("#messages");
const scroller = $("#scroller");

export const atBottom = () =>
  scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_BOTTOM;
let pinned = true;
let extent = "";

/** Where the list stands, or null while it follows its end. */
export const place = () => (pinned ? null : scroller.scrollTop);

/** Brings the list back to where it stood. */
export function toPlace(top) {
  if (top === null) toBottom();
  else scroller.scrollTop = top;
}

/** Whether the list or its window changed in size since it was last asked. */
function resized() {
  const before = extent;
  extent = `${scroller.scrollHeight} ${scroller.clientHeight}`;
  return extent !== before;
}

export function toBottom() {
  pinned = true;
  scroller.scrollTop = scroller.scrollHeight;
  $("#to-present").hidden = true;
}

/** Lets something grow above what is shown, which stays where it is. */
export function growAbove(change) {
  const below = scroller.scrollHeight - scroller.scrollTop;
  change();
  scroller.scrollTop = scroller.scrollHeight - below;
}

/** Says that something came below what is shown. */
export const offerBottom = () => ($("#to-present").hidden = false);

// A change of size moves the list, too; only a person's scrolling leaves the bottom.
scroller.addEventListener("scroll", () => {
  pinned = atBottom() || (pinned && resized());
  if (pinned) $("#to-present").hidden = true;
  if (scroller.scrollTop < NEAR_TOP) store.on.TOP?.();
});
const grown = new ResizeObserver(() => {
  resized();
  if (pinned) toBottom();
});
grown.observe(list);
grown.observe(scroller);
$("#to-present").addEventListener("click", toBottom);

/** A message's article, if the shown channel has it. */
export const byId = (id) => $(`[data-message-id="${CSS.escape(id)}"]`, list);

/** Brings a message into view and marks it for a moment; one that is not here is asked for. */
export function jump(id) {
  const node = byId(id);
  if (!node) return store.on.WANTED?.(id);
  pinned = false;
  node.scrollIntoView({ block: "center" });
  node.focus({ preventScroll: true });
  node.classList.add("found");
  return setTimeout(() => byId(id)?.classList.remove("found"), MARKED);
}
