/** Modals: a form in a dialog, sent as Discord sends it. */

import { $, $$, h, icon, toast } from "./dom.js";
import { render } from "./components.js";
import { line, store } from "./store.js";

const waiting = new Map();

/**
 * Opens a modal.
 * @param {{id: string, title: string, custom_id: string, components: object[]}} modal
 */
export function openModal(modal) {
  const complaint = h("p.complaint", { role: "alert" });
  const send = h("button.button.primary", {}, "Submit");
  const close = () => dialog.close();
  const form = h(
    "form",
    { method: "dialog", novalidate: true, onsubmit: (event) => (event.preventDefault(), submit()) },
    h(
      "header",
      {},
      h("img.avatar", { src: "/page/icon.svg", alt: "" }),
      h("h2", {}, modal.title),
      h("button.tool", { type: "button", "aria-label": "Close", onclick: close }, icon("close")),
    ),
    h("p.hint", {}, `This form goes to ${store.bot.name}. Do not share passwords.`),
    h(
      "div.body",
      {},
      modal.components.map((component) => render(component, { inModal: true })),
      complaint,
    ),
    h("footer", {}, h("button.button.secondary", { type: "button", onclick: close }, "Cancel"), send),
  );
  const dialog = h("dialog.modal", { "aria-label": modal.title, onclose: () => dialog.remove() }, form);
  document.body.append(dialog);
  dialog.showModal();
  $(".body :is(input, textarea, .select)", dialog)?.focus();

  async function submit() {
    if (!valid(dialog)) return;
    send.classList.add("waiting");
    try {
      const components = await Promise.all($$(".field", dialog).map(answer));
      const nonce = line.send("submit", { interaction_id: modal.id, custom_id: modal.custom_id, components });
      waiting.set(nonce, (reason) => {
        send.classList.remove("waiting");
        if (!reason) dialog.close();
        else complaint.textContent = "Something went wrong. Try again.";
      });
    } catch (error) {
      send.classList.remove("waiting");
      complaint.textContent = error.message;
    }
  }
}

function valid(dialog) {
  const wrong = $$(".field", dialog).filter((node) => {
    const complaint = node.wrong();
    const place = $(".complaint", node.closest(".labelled") ?? node);
    if (place) place.textContent = complaint ?? "";
    return complaint;
  });
  $("input, textarea, button", wrong[0]?.parentElement ?? dialog)?.focus();
  return !wrong.length;
}

async function answer(node) {
  const read = node.read();
  if (read.type === 19)
    read.values = (await Promise.all(read.values.map((file) => line.upload(file)))).map((file) => file.id);
  const around = node.closest(".labelled")?.wrap;
  return around ? { ...around, component: read } : { type: 1, components: [read] };
}

/** Tells a modal how its submit went; false if the nonce is no modal's. */
export function modalAnswered(nonce, state, reason) {
  const settle = waiting.get(nonce);
  if (!settle || state === "sent") return Boolean(settle);
  waiting.delete(nonce);
  settle(state === "failed" ? reason : null);
  return true;
}

/** Shows what the stand-in did not take. */
export function modalRefused(nonce, text) {
  if (!modalAnswered(nonce, "failed", text)) return false;
  toast(text);
  return true;
}
