/** A chosen command's options as labelled fields, required ones first. */

import { h, icon } from "./dom.js";
import * as C from "./commands.js";
import { FileField, Tail, TextField } from "./fields.js";

/** A command being filled in. */
export class Chips {
  /**
   * @param {object} entry of `entries`
   * @param {{values?: Map<string, string>, files?: File[]}} given what is known already
   * @param {{submit: Function, leave: Function}} uses what Enter and Escape do
   */
  constructor(entry, { values = new Map(), files = [] }, uses) {
    this.entry = entry;
    this.uses = uses;
    this.fields = new Map();
    this.node = h(
      "div.chips",
      {},
      h(
        "button.command",
        { type: "button", title: "Leave this command (Esc)", onclick: () => uses.leave() },
        `/${entry.name}`,
      ),
    );
    this.tail = new Tail(this);
    this.more = h("div.optional");
    this.node.append(this.tail.input, this.more);
    for (const option of entry.options) {
      if (option.required || values.has(option.name)) this.add(option, values.get(option.name) ?? "");
    }
    this.refuse = this.attach(files);
    this.offer();
  }

  /** The options that can still be added. */
  free() {
    return this.entry.options.filter((option) => !this.fields.has(option.name));
  }

  /** Puts the options that can still be added behind the fields. */
  offer() {
    const free = this.free();
    const make = (option) =>
      h(
        "button.add",
        { type: "button", title: option.description, onclick: () => this.add(option).focus() },
        icon("plus"),
        option.name,
      );
    this.more.replaceChildren(...free.map(make));
    this.tail.invite(!this.fields.size, free.length > 0);
  }

  add(option, text = "") {
    const field =
      option.type === C.ATTACHMENT ? new FileField(option, this) : new TextField(option, this, text);
    this.fields.set(option.name, field);
    const order = this.entry.options.map((o) => o.name);
    const later = [...this.fields.values()].find(
      (f) => order.indexOf(f.option.name) > order.indexOf(option.name),
    );
    this.node.insertBefore(field.node, later?.node ?? this.tail.input);
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
      const options = this.entry.options.filter(
        (o) => o.type === C.ATTACHMENT && !this.fields.get(o.name)?.upload,
      );
      if (options[0]) (this.fields.get(options[0].name) ?? this.add(options[0])).take(file);
      return !options[0];
    });
  }

  /** Focuses the first field that still wants something. */
  focus() {
    const all = [...this.fields.values()];
    const aim = all.find((f) => f.option.required && !f.filled()) ?? all.findLast((f) => f.input);
    (aim ?? this.tail.input).focus();
  }

  /** Backspace at the end of the line: into the last field, or out of a command that has none. */
  back() {
    const last = [...this.fields.values()].findLast((field) => field.input);
    if (last) last.focus();
    else this.uses.leave();
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
    if (wrong) return (wrong.focus(), null);
    return all.flatMap(({ option }, i) =>
      checked[i] ? [{ name: option.name, type: option.type, value: checked[i].value }] : [],
    );
  }

  /** The values as typed, for completions. */
  typed() {
    return [...this.fields.values()]
      .filter((f) => f.input && f.input.value)
      .map(({ option, input }) => ({ name: option.name, type: option.type, value: input.value }));
  }

  /** The command as one line of text. */
  text() {
    return [`/${this.entry.name}`, ...this.typed().map(({ name, value }) => `${name}:${value}`)].join(" ");
  }
}
