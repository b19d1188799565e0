/** The input: plain messages, command lines, and commands being filled in. */

import { $, h, icon, toast } from "./dom.js";
import { Chips } from "./chips.js";
import * as C from "./commands.js";
import { grow } from "./fields.js";
import { menu } from "./menus.js";
import { PHOTOGRAPHS, asFile, view } from "./photographs.js";
import { hide, suggest, takes } from "./suggestions.js";
import { channel, line, person, store } from "./store.js";
import { toBottom } from "./scrolling.js";
import { sending } from "./sending.js";
import { Upload } from "./uploads.js";

const form = $("#composer");
const input = $("#input");
const fields = $("#fields");
const tray = $("#tray");
const LONGEST = 2000;

let chips = null;
let uploads = [];
let reply = null;
/** channel id → text not sent yet */
const drafts = new Map();
/** nonce → called with a reason if it failed, with nothing if it went well */
const sent = new Map();

const all = () => C.entries(store.commands, store.channel);

// What is in it

/** Puts text into the input, as if typed. */
export function fill(text) {
  leave(false);
  input.value = text;
  input.focus();
  input.setSelectionRange(text.length, text.length);
  changed();
}

/** Puts a command's line with a photograph into the fields. */
export async function begin(text, photograph) {
  const { entry, rest } = C.read(all(), text);
  const file = await asFile(photograph);
  leave(false);
  clearFiles();
  choose(entry, C.pairs(entry, rest));
  attach([file]);
  chips.focus();
}

/** Adds text at the end, such as a mention. */
export const add = (text) =>
  fill(`${input.value}${input.value && !input.value.endsWith(" ") ? " " : ""}${text} `);

/** Keeps the draft of the channel that is left and brings that of the new one. */
export function changeChannel(before) {
  drafts.set(before, chips ? chips.text() : input.value);
  leave(false);
  clearFiles();
  replyTo(null);
  input.value = drafts.get(store.channel) ?? "";
  refresh();
}

/** Fits the input to the channel and its permissions. */
export function refresh() {
  const { name = "", type, can_send: may = true } = channel() ?? {};
  const place = type === 1 ? `@${name}` : `#${name}`;
  input.disabled = !may;
  $("#attach").disabled = !may;
  input.placeholder = may
    ? `Message ${place}`
    : "You do not have permission to send messages in this channel.";
  grow(input);
  complain("");
  hint();
}

/** Sets or clears the message that the next one answers. */
export function replyTo(msg) {
  reply = msg;
  const box = $("#replying");
  box.hidden = !msg;
  if (!msg) return;
  const stop = h(
    "button.tool",
    { type: "button", "aria-label": "Do not reply", onclick: () => (replyTo(null), input.focus()) },
    icon("close"),
  );
  box.replaceChildren(h("span", {}, "Replying to ", h("b", {}, person(msg.author).name)), stop);
  leave(false);
  input.focus();
}

function complain(text) {
  $("#problem").textContent = text;
}

function clear() {
  input.value = "";
  drafts.delete(store.channel);
  clearFiles();
  replyTo(null);
  changed();
}

// Typing

function changed() {
  grow(input);
  complain("");
  offer();
  hint();
  form.classList.toggle("ready", Boolean(input.value.trim() || uploads.length || chips));
}

/** Offers the commands while their name is typed. */
function offer() {
  const typed = input.value.match(/^\/([\p{L}\p{N}_-]*(?: [\p{L}\p{N}_-]*)*)$/u)?.[1];
  const known = C.read(all(), input.value);
  if (typed === undefined || (known && input.value.length > known.typed.length + 1)) return hide();
  const found = C.matching(all(), typed);
  if (!found.length && typed.includes(" ")) return hide();
  const make = (entry) => ({
    label: `/${entry.name}`,
    note: entry.description,
    lead: h("img.avatar", { src: "/page/icon.svg", alt: "" }),
    does: () => choose(entry),
  });
  return suggest(input, found.map(make), store.bot.name);
}

/** Shows how the command goes whose line is being written. */
function hint() {
  const known = chips ? null : C.read(all(), input.value);
  const begun = known && input.value.length > known.typed.length + 1 ? known.entry : null;
  const box = $("#usage");
  box.hidden = !begun;
  if (!begun) return;
  const option = (o) => h(o.required ? "span.required" : "span", { title: o.description }, o.name);
  box.replaceChildren(
    h("b", {}, `/${begun.name}`),
    ...begun.options.map(option),
    h("small", {}, "Enter sends · Tab opens the fields"),
  );
}

function choose(entry, given = {}) {
  hide();
  chips = new Chips(
    entry,
    { values: given.values, files: uploads.map((upload) => upload.file) },
    { submit, leave: () => leave(true) },
  );
  if (chips.refuse.length) complain(`/${entry.name} takes no more files.`);
  clearFiles();
  replyTo(null);
  fields.replaceChildren(chips.node);
  fields.hidden = false;
  input.hidden = true;
  fields.setAttribute("aria-label", `Options of /${entry.name}`);
  chips.focus();
  input.value = "";
  hint();
  form.classList.add("ready", "filling");
}

/** Back from the fields to plain text, which keeps what was filled in. */
function leave(keep) {
  if (!chips) return;
  const text = keep ? chips.text() : "";
  chips = null;
  fields.hidden = true;
  fields.replaceChildren();
  input.hidden = false;
  form.classList.remove("filling");
  hide();
  if (keep) {
    input.value = text;
    input.focus();
    input.select();
  }
  grow(input);
  complain("");
  hint();
}

input.addEventListener("input", changed);
input.addEventListener("blur", hide);
input.addEventListener("focus", offer);
input.addEventListener("keydown", (event) => {
  if (takes(event) || event.isComposing) return;
  const known = C.read(all(), input.value);
  if (event.key === "Enter" && !event.shiftKey) (event.preventDefault(), submit());
  else if (event.key === "Tab" && !event.shiftKey && known)
    (event.preventDefault(), choose(known.entry, C.pairs(known.entry, known.rest)));
  else if (event.key === "Escape") replyTo(null);
});
form.addEventListener("submit", (event) => (event.preventDefault(), submit()));

// Sending

function submit() {
  if (chips) return run(chips);
  const text = input.value.trim();
  const known = C.read(all(), text);
  if (known) return runLine(known);
  const meant = text.match(/^\/(\p{L}[\p{L}\p{N}_-]*)/u)?.[1];
  if (meant)
    return complain(
      store.commands.length
        ? `There is no command /${meant} here. Type / to see them all.`
        : `${store.bot.name} is not here yet; try again in a moment.`,
    );
  return say(text);
}

/** What is wrong with words that no option takes, and which options there are. */
function untaken(entry, words) {
  const names = entry.options.map((option) => `${option.name}:`);
  const known = names.length ? `It has ${names.join(", ")}, each with its value after it.` : "It has none.";
  return `No option of /${entry.name} takes “${words}”. ${known}`;
}

/** Runs a command line; where something is wrong it opens the fields, which say what. */
async function runLine({ entry, rest }) {
  const { values, stray } = C.pairs(entry, rest);
  choose(entry, { values });
  if (stray) complain(untaken(entry, stray));
  else if (!$("#problem").textContent) await run(chips);
}

async function run(filled) {
  if (filled.tail.text()) return complain(untaken(filled.entry, filled.tail.text()));
  const options = await filled.read();
  if (!options || filled !== chips) return;
  const { entry } = filled;
  const text = filled.text();
  const nonce = command(
    { name: entry.path[0].name, type: 1, options: C.nested(entry, options) },
    `/${entry.name}`,
    (reason) => reason && restore(text),
  );
  if (nonce === null) return;
  leave(false);
  clear();
  input.focus({ preventScroll: true });
}

/** Uses a command; `failed` hears why it was not taken. */
export function command(asked, shown, failed = () => {}) {
  const nonce = line.send("command", { channel_id: store.channel, ...asked });
  if (nonce === null) complain("Not connected. Try again in a moment.");
  else {
    sent.set(nonce, { settle: sending(shown), failed });
    toBottom();
  }
  return nonce;
}

const restore = (text) => !input.value && !chips && fill(text);

async function say(text) {
  if (!text && !uploads.length) return;
  const content = named(text);
  if (content.length > LONGEST)
    return complain(`Your message is ${content.length} characters long; ${LONGEST} are allowed.`);
  const reference = reply?.id;
  try {
    const files = await Promise.all(uploads.map((upload) => upload.id));
    const nonce = line.send("say", {
      channel_id: store.channel,
      content,
      files,
      ...(reference && { reference }),
    });
    if (nonce === null) return complain("Not connected. Try again in a moment.");
    sent.set(nonce, { settle: (reason) => reason && toast(reason), failed: () => restore(text) });
    clear();
    toBottom();
  } catch (error) {
    complain(error.message);
  }
}

/** Names after @ as the mentions that they stand for. */
function named(text) {
  const everyone = [...store.people.values()].sort((a, b) => b.name.length - a.name.length);
  return everyone.reduce(
    (said, { id, name }) => said.replaceAll(new RegExp(`(?<![\\w<])@${name}\\b`, "gi"), `<@${id}>`),
    text,
  );
}

/** Tells how something sent from here went; false if the nonce is of something else. */
export function answered(nonce, state, reason) {
  const one = sent.get(nonce);
  if (!one || state === "sent") return Boolean(one);
  sent.delete(nonce);
  one.settle(state === "acknowledged" ? null : reason);
  if (state === "refused") one.failed(reason);
  return true;
}

/** Whatever was sent before the line broke gets no answer here any more. */
export function forgetSent() {
  for (const { settle } of sent.values()) settle(null);
  sent.clear();
}

// Files

function clearFiles() {
  for (const upload of uploads) upload.forget();
  uploads = [];
  tray.replaceChildren();
  tray.hidden = true;
}

/** Takes files that were chosen, dropped or pasted. */
export function attach(files) {
  if (!files.length || input.disabled) return;
  complain("");
  if (chips) {
    if (chips.attach(files).length) complain(`/${chips.entry.name} takes no more files.`);
    return;
  }
  for (const file of files) {
    const upload = new Upload(file, () => drop(upload));
    uploads.push(upload);
    tray.append(h("li", {}, upload.node));
  }
  tray.hidden = false;
  input.focus();
  changed();
}

function drop(upload) {
  uploads = uploads.filter((other) => other !== upload);
  upload.forget();
  upload.node.parentElement.remove();
  tray.hidden = !uploads.length;
  input.focus();
  changed();
}

$("#attach").append(icon("plus"));
$("#send").append(icon("send"));
$("#attach").addEventListener("click", () => {
  const example = (one) => ({
    label: one.shows,
    note: one.credit,
    lead: view(one),
    does: async () => attach([await asFile(one)]),
  });
  const own = { label: "Upload a file", icon: "image", does: () => $("#file").click() };
  menu($("#attach"), [own, null, ...PHOTOGRAPHS.map(example)], "Attach a file");
});
$("#file").addEventListener("change", ({ target }) => {
  attach([...target.files]);
  target.value = "";
});
addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (!files.length || event.target.closest?.("dialog")) return;
  event.preventDefault();
  attach(files);
});

const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files") && !$("dialog[open]");
let depth = 0;
const veil = (by) => $("#drop").classList.toggle("over", (depth = Math.max(0, depth + by)) > 0);
addEventListener("dragenter", (event) => carries(event) && veil(1));
addEventListener("dragleave", (event) => carries(event) && veil(-1));
addEventListener("dragover", (event) => carries(event) && event.preventDefault());
addEventListener("drop", (event) => {
  if (!carries(event)) return;
  event.preventDefault();
  veil(-depth);
  attach([...event.dataTransfer.files]);
});
