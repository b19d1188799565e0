/** The fields of a command's options, with their suggestions and complaints, and what follows them. */

import { $, avatar, h, icon } from "./dom.js";
import * as C from "./commands.js";
import { samples } from "./photographs.js";
import { hide, suggest, takes } from "./suggestions.js";
import { line, store } from "./store.js";
import { Upload } from "./uploads.js";

const PAUSE = 150;
const PLACES = {
  [C.STRING]: "",
  [C.INTEGER]: "a whole number",
  [C.NUMBER]: "a number",
  [C.BOOLEAN]: "True or False",
};

class Field {
  constructor(option, chips) {
    this.option = option;
    this.chips = chips;
    this.complaint = h("p.complaint", { role: "alert", id: `complaint-${option.name}` });
    this.label = h("label", { for: `option-${option.name}`, title: option.description }, option.name);
    const away = h(
      "button.tool",
      { type: "button", "aria-label": `Remove ${option.name}`, onclick: () => chips.drop(this) },
      icon("close"),
    );
    this.node = h(
      "div.chip",
      { data: { option: option.name } },
      this.label,
      !option.required && away,
      this.complaint,
    );
  }

  /** Says what is wrong, or nothing. */
  say(result) {
    this.complaint.textContent = result?.wrong ?? "";
    this.node.classList.toggle("wrong", Boolean(result?.wrong));
    return result;
  }
}

const range = ({ min_value: low, max_value: high }) =>
  low !== undefined && high !== undefined && `${low} to ${high}`;

/** An option that is typed or chosen from suggestions. */
export class TextField extends Field {
  constructor(option, chips, text) {
    super(option, chips);
    const listed =
      option.choices ||
      option.autocomplete ||
      [C.BOOLEAN, C.USER, C.CHANNEL, C.MENTIONABLE].includes(option.type);
    this.listed = listed;
    this.input = h("textarea", {
      rows: 1,
      id: `option-${option.name}`,
      placeholder: range(option) || PLACES[option.type] || option.description,
      enterkeyhint: "send",
      inputmode: option.type === C.INTEGER ? "numeric" : option.type === C.NUMBER ? "decimal" : null,
      "aria-describedby": this.complaint.id,
      "aria-required": String(Boolean(option.required)),
      ...(listed && { "aria-controls": "suggestions", "aria-autocomplete": "list" }),
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
    if (event.key === "Enter" && !event.shiftKey) (event.preventDefault(), this.chips.uses.submit());
    else if (event.key === "Escape") (event.preventDefault(), this.chips.uses.leave());
    else if (event.key === "Backspace" && !this.input.value) {
      event.preventDefault();
      if (this.option.required) this.chips.uses.leave();
      else this.chips.drop(this);
    }
  }

  check() {
    const known = {
      people: [...store.people.values()],
      channels: [...store.channels.values()].filter((c) => c.type !== 1),
    };
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
    if (type === C.BOOLEAN)
      return [
        { name: "True", value: true },
        { name: "False", value: false },
      ];
    if (type === C.CHANNEL)
      return [...store.channels.values()]
        .filter((c) => c.type !== 1)
        .map((c) => ({ name: c.name, value: c.id, lead: icon("hash") }));
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
    const nonce = line.send("complete", {
      channel_id: store.channel,
      name: entry.path[0].name,
      options: C.nested(entry, [...others, focused]),
      focused: this.option.name,
    });
    awaited = { nonce, field: this };
  }

  show(choices) {
    if (document.activeElement !== this.input) return;
    const make = (choice) => ({
      label: choice.name,
      lead: choice.lead?.cloneNode(true),
      does: () => this.choose(choice),
    });
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

/** The end of a command's line: Enter sends from here, and a name begins another option. */
export class Tail {
  constructor(chips) {
    this.chips = chips;
    this.input = h("textarea.tail", {
      rows: 1,
      enterkeyhint: "send",
      "aria-label": `/${chips.entry.name}: Enter sends, a name adds an option`,
      "aria-controls": "suggestions",
      "aria-autocomplete": "list",
      oninput: () => this.changed(),
      onblur: hide,
      onkeydown: (event) => this.key(event),
    });
  }

  text() {
    return this.input.value.trim();
  }

  /** Says what can be done here while nothing else is there to do it. */
  invite(alone, free) {
    this.input.placeholder = !alone ? "" : free ? "Enter sends, or type an option" : "Enter sends";
    this.input.classList.toggle("alone", alone);
  }

  changed() {
    const typed = this.text().toLowerCase();
    const free = this.chips.free();
    const named = free.find(({ name }) => typed === `${name}:`);
    if (named) return this.go(named);
    // Nothing is offered before something is typed, so that Enter sends.
    const fits = ({ name, description }) => `${name} ${description}`.toLowerCase().includes(typed);
    const make = (option) => ({
      label: option.name,
      note: option.description,
      does: () => this.go(option),
    });
    return suggest(this.input, typed ? free.filter(fits).map(make) : [], "Options");
  }

  go(option) {
    this.input.value = "";
    hide();
    this.chips.add(option).focus();
  }

  key(event) {
    if (takes(event) || event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) (event.preventDefault(), this.chips.uses.submit());
    else if (event.key === "Escape") (event.preventDefault(), this.chips.uses.leave());
    else if (event.key === "Backspace" && !this.input.value) (event.preventDefault(), this.chips.back());
  }
}

let awaited = null;

/** Takes completions; those of an earlier question are dropped. */
export function completed({ nonce, choices }) {
  if (awaited?.nonce === nonce) awaited.field.show(choices);
}

/** An option that takes a file. */
export class FileField extends Field {
  constructor(option, chips) {
    super(option, chips);
    this.picker = h("input", {
      type: "file",
      hidden: true,
      "aria-label": `Choose a file for ${option.name}`,
      onchange: () => this.take(this.picker.files[0]),
    });
    this.slot = h(
      "button.slot",
      {
        type: "button",
        id: `option-${option.name}`,
        "aria-describedby": this.complaint.id,
        onclick: () => this.picker.click(),
        onkeydown: (event) => this.key(event),
      },
      icon("image"),
      "Drop, paste or choose a file",
    );
    this.samples = samples((file) => this.take(file));
    this.label.after(this.slot, this.samples, this.picker);
  }

  focus() {
    (this.upload ? $(".tool", this.upload.node) : this.slot).focus();
  }

  filled() {
    return Boolean(this.upload);
  }

  key(event) {
    if (event.key === "Escape") (event.preventDefault(), this.chips.uses.leave());
    if (event.key === "Backspace" && !this.option.required) (event.preventDefault(), this.chips.drop(this));
  }

  take(file) {
    if (!file) return;
    const typing = document.activeElement?.matches("textarea") && document.activeElement;
    this.clear();
    this.upload = new Upload(file, () => (this.clear(), this.slot.focus()));
    this.slot.hidden = this.samples.hidden = true;
    this.slot.after(this.upload.node);
    this.say(null);
    // Who chose a file goes on typing, or sends, without looking for where the focus went.
    if (!typing || !this.chips.node.contains(typing)) this.chips.focus();
  }

  clear() {
    this.upload?.forget();
    this.upload?.node.remove();
    this.upload = null;
    this.picker.value = "";
    this.slot.hidden = this.samples.hidden = false;
  }

  async check() {
    if (!this.upload)
      return this.say(this.option.required ? { wrong: "This option is required. Specify a value." } : null);
    return this.say(
      await this.upload.id.then(
        (value) => ({ value }),
        (error) => ({ wrong: error.message }),
      ),
    );
  }
}

const GROWS = CSS.supports("field-sizing", "content");

/** Makes a text box as high as its text, where the browser does not do so itself. */
export function grow(box) {
  if (GROWS) return;
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
}
