/** A chosen command's options as labelled fields, required ones first. */

import { $, avatar, h, icon } from "./dom.js";
import * as C from "./commands.js";
import { hide, suggest, takes } from "./suggestions.js";
import { line, store } from "./store.js";
import { Upload } from "./uploads.js";

const PAUSE = 150;
const PLACES = { [C.STRING]: "", [C.INTEGER]: "a whole number", [C.NUMBER]: "a number", [C.BOOLEAN]: "True or False" };

/** A command being filled in. */
export class Chips {
  /**
   * @param {object} entry of `entries`
   * @param {{values?: Map<string, string>, files?: File[]}} given what is known already
   * @param {{submit: Function, leave: Function}} uses
   */
  constructor(entry, { values = new Map(), files = [] }, uses) {
    this.entry = entry;
    this.uses = uses;
    this.fields = new Map();
    this.node = h("div.chips", {}, h("button.command", { type: "button", title: "Leave this command (Esc)", onclick: () => uses.leave() }, `/${entry.name}`));
    this.more = h("div.optional");
    this.node.append(this.more);
    for (const option of entry.options) {
      if (option.required || values.has(option.name)) this.add(option, values.get(option.name) ?? "");
    }
    this.refuse = this.attach(files);
    this.offer();
  }

  /** Puts the options that can still be added behind the fields. */
  offer() {
    const free = this.entry.options.filter((option) => !this.fields.has(option.name));
    const make = (option) => h("button.add", { type: "button", title: option.description, onclick: () => this.add(option).focus() }, icon("plus"), option.name);
    this.more.replaceChildren(...free.map(make));
  }

  add(option, text = "") {
    const field = option.type === C.ATTACHMENT ? new FileField(option, this) : new TextField(option, this, text);
    this.fields.set(option.name, field);
    const order = this.entry.options.map((o) => o.name);
    const later = [...this.fields.values()].find((f) => order.indexOf(f.option.name) > order.indexOf(option.name));
    this.node.insertBefore(field.node, later?.node ?? this.more);
    this.offer();
    return field;
  }

  drop(field) {
    if (field.option.required) return field.clear();
    field.clear();
    field.node.remove();
    this.fields.delete(field.option.name);
    this.offer();
    return this.focus();
  }

  /** Gives files to the attachment options that have none; returns those that found no place. */
  attach(files) {
    return files.filter((file) => {
      const options = this.entry.options.filter((o) => o.type === C.ATTACHMENT && !this.fields.get(o.name)?.upload);
      if (options[0]) (this.fields.get(options[0].name) ?? this.add(options[0])).take(file);
      return !options[0];
    });
  }

  /** Focuses the first field that still wants something. */
  focus() {
    const all = [...this.fields.values()];
    const aim = all.find((f) => f.option.required && !f.filled()) ?? all.findLast((f) => f.input);
    if (aim) aim.focus();
    else $("button", this.node).focus();
  }

  next(field) {
    const all = [...this.fields.values()];
    (all.slice(all.indexOf(field) + 1).find((f) => !f.filled()) ?? field).focus();
  }

  /** Every option's value for the stand-in; null if one is wrong, which its field then says. */
  async read() {
    const all = [...this.fields.values()];
    const checked = await Promise.all(all.map((field) => field.check()));
    const wrong = all.find((field, i) => checked[i]?.wrong);
    if (wrong) return wrong.focus(), null;
    return all.flatMap(({ option }, i) => (checked[i] ? [{ name: option.name, type: option.type, value: checked[i].value }] : []));
  }

  /** The values as typed, for completions. */
  typed() {
    return [...this.fields.values()].filter((f) => f.input && f.input.value).map(({ option, input }) => ({ name: option.name, type: option.type, value: input.value }));
  }

  /** The command as one line of text. */
  text() {
    return [`/${this.entry.name}`, ...this.typed().map(({ name, value }) => `${name}:${value}`)].join(" ");
  }
}

class Field {
  constructor(option, chips) {
    this.option = option;
    this.chips = chips;
    this.complaint = h("p.complaint", { role: "alert", id: `complaint-${option.name}` });
    this.label = h("label", { for: `option-${option.name}`, title: option.description }, option.name);
    const away = h("button.tool", { type: "button", "aria-label": `Remove ${option.name}`, onclick: () => chips.drop(this) }, icon("close"));
    this.node = h("div.chip", { data: { option: option.name } }, this.label, !option.required && away, this.complaint);
  }

  /** Says what is wrong, or nothing. */
  say(result) {
    this.complaint.textContent = result?.wrong ?? "";
    this.node.classList.toggle("wrong", Boolean(result?.wrong));
    return result;
  }
}

const range = ({ min_value: low, max_value: high }) => low !== undefined && high !== undefined && `${low} to ${high}`;

class TextField extends Field {
  constructor(option, chips, text) {
    super(option, chips);
    const listed = option.choices || option.autocomplete || [C.BOOLEAN, C.USER, C.CHANNEL, C.MENTIONABLE].includes(option.type);
    this.listed = listed;
    this.input = h("textarea", {
      rows: 1,
      id: `option-${option.name}`,
      placeholder: range(option) || PLACES[option.type] || option.description,
      enterkeyhint: "send",
      inputmode: option.type === C.INTEGER ? "numeric" : option.type === C.NUMBER ? "decimal" : null,
      "aria-describedby": this.complaint.id,
      "aria-required": String(Boolean(option.required)),
      ...(listed && { role: "combobox", "aria-expanded": "false", "aria-controls": "suggestions", "aria-autocomplete": "list" }),
      oninput: () => this.changed(),
      onfocus: () => this.suggest(),
      onblur: () => (hide(), this.filled() && this.check()),
      onkeydown: (event) => this.key(event),
    });
    this.label.after(this.input);
    this.node.classList.toggle("wide", option.type === C.STRING && !option.choices);
    this.input.value = text;
  }

  focus() {
    this.input.focus();
    grow(this.input);
  }

  filled() {
    return this.input.value !== "";
  }

  clear() {
    this.input.value = "";
    this.chosen = null;
  }

  changed() {
    this.chosen = null;
    const own = `${this.option.name}:`;
    if (this.input.value === own) this.input.value = "";
    grow(this.input);
    this.say(null);
    if (!this.jumped()) this.suggest();
  }

  /** Typing `name:` of another option goes on in that option. */
  jumped() {
    const found = this.input.value.match(/(?:^|\s)([\w-]+):$/u);
    const option = found && this.chips.entry.options.find((o) => o.name === found[1] && o !== this.option);
    if (!option || this.chips.fields.get(option.name)?.filled()) return false;
    this.input.value = this.input.value.slice(0, found.index).trimEnd();
    (this.chips.fields.get(option.name) ?? this.chips.add(option)).focus();
    return true;
  }

  key(event) {
    if (takes(event) || event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) event.preventDefault(), this.chips.uses.submit();
    else if (event.key === "Escape") event.preventDefault(), this.chips.uses.leave();
    else if (event.key === "Backspace" && !this.input.value) {
      event.preventDefault();
      if (this.option.required) this.chips.uses.leave();
      else this.chips.drop(this);
    }
  }

  check() {
    const known = { people: [...store.people.values()], channels: [...store.channels.values()].filter((c) => c.type !== 1) };
    if (this.chosen?.name === this.input.value) return this.say({ value: this.chosen.value });
    return this.say(C.check(this.option, this.input.value, known));
  }

  // Suggestions

  suggest() {
    if (!this.listed) return;
    if (this.option.autocomplete) return this.askLater();
    const text = this.input.value.toLowerCase();
    this.show(this.candidates().filter(({ name }) => this.chosen || name.toLowerCase().includes(text)));
  }

  candidates() {
    const { type, choices } = this.option;
    if (choices) return choices;
    if (type === C.BOOLEAN) return [{ name: "True", value: true }, { name: "False", value: false }];
    if (type === C.CHANNEL) return [...store.channels.values()].filter((c) => c.type !== 1).map((c) => ({ name: c.name, value: c.id, lead: icon("hash") }));
    return [...store.people.values()].map((p) => ({ name: p.name, value: p.id, lead: avatar(p) }));
  }

  askLater() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  ask() {
    if (document.activeElement !== this.input) return;
    const others = this.chips.typed().filter((o) => o.name !== this.option.name);
    const focused = { name: this.option.name, type: this.option.type, value: this.input.value };
    const { entry } = this.chips;
    const nonce = line.send("complete", { channel_id: store.channel, name: entry.path[0].name, options: C.nested(entry, [...others, focused]), focused: this.option.name });
    awaited = { nonce, field: this };
  }

  show(choices) {
    if (document.activeElement !== this.input) return;
    const make = (choice) => ({ label: choice.name, lead: choice.lead?.cloneNode(true), does: () => this.choose(choice) });
    suggest(this.input, choices.map(make), this.option.description);
  }

  choose(choice) {
    this.input.value = choice.name;
    this.chosen = choice;
    grow(this.input);
    this.say(null);
    this.chips.next(this);
    hide();
  }
}

let awaited = null;

/** Takes completions; those of an earlier question are dropped. */
export function completed({ nonce, choices }) {
  if (awaited?.nonce === nonce) awaited.field.show(choices);
}

class FileField extends Field {
  constructor(option, chips) {
    super(option, chips);
    this.picker = h("input", { type: "file", hidden: true, "aria-label": `Choose a file for ${option.name}`, onchange: () => this.take(this.picker.files[0]) });
    this.slot = h("button.slot", { type: "button", id: `option-${option.name}`, "aria-describedby": this.complaint.id, onclick: () => this.picker.click(), onkeydown: (event) => this.key(event) }, icon("image"), "Drop, paste or choose a file");
    this.label.after(this.slot, this.picker);
  }

  focus() {
    (this.upload ? $(".tool", this.upload.node) : this.slot).focus();
  }

  filled() {
    return Boolean(this.upload);
  }

  key(event) {
    if (event.key === "Escape") event.preventDefault(), this.chips.uses.leave();
    if (event.key === "Backspace" && !this.option.required) event.preventDefault(), this.chips.drop(this);
  }

  take(file) {
    if (!file) return;
    this.clear();
    this.upload = new Upload(file, () => (this.clear(), this.slot.focus()));
    this.slot.hidden = true;
    this.slot.after(this.upload.node);
    this.say(null);
  }

  clear() {
    this.upload?.forget();
    this.upload?.node.remove();
    this.upload = null;
    this.picker.value = "";
    this.slot.hidden = false;
  }

  async check() {
    if (!this.upload) return this.say(this.option.required ? { wrong: "This option is required. Specify a value." } : null);
    return this.say(await this.upload.id.then((value) => ({ value }), (error) => ({ wrong: error.message })));
  }
}

const GROWS = CSS.supports("field-sizing", "content");

/** Makes a text box as high as its text, where the browser does not do so itself. */
export function grow(box) {
  if (GROWS) return;
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
}

