/** Discord's components, old and new, for messages and modals: one table from type to function. */

import { $, $$, h, icon, local } from "./dom.js";
import { chooser } from "./menus.js";
import { markdown } from "./markdown.js";
import { download, mosaic, picture } from "./media.js";
import { samples } from "./photographs.js";
import { names, store } from "./store.js";

const STYLES = ["", "primary", "secondary", "success", "danger", "link", "premium"];

/**
 * Draws a component.
 * @param {object} component as Discord sends it
 * @param {{press?: Function, select?: Function, inModal?: boolean}} uses what using it does
 */
export function render(component, uses = {}) {
  return (RENDER[component.type] ?? unknown)(component, uses);
}

const all = (components, uses) => (components ?? []).map((component) => render(component, uses));
const rich = (text) => h("div.markdown", {}, markdown(text, names));
const unknown = ({ type }) => h("p.hint", {}, `(a component of type ${type})`);
const mark = (emoji) => emoji && h("span.emoji", {}, emoji.id ? `:${emoji.name}:` : emoji.name);

const RENDER = {
  1: ({ components }, uses) => h("div.row", {}, all(components, uses)),
  2: button,
  3: select,
  4: textInput,
  5: select,
  6: select,
  7: select,
  8: select,
  9: ({ components, accessory }, uses) =>
    h("div.section", {}, h("div", {}, all(components, uses)), accessory && render(accessory, uses)),
  10: ({ content }) => rich(content),
  11: ({ media, description, spoiler }) =>
    h("div.thumbnail", {}, picture({ ...media, description }, { hidden: spoiler, widest: 96 })),
  12: ({ items }) =>
    mosaic(
      items.map(({ media, description, spoiler }) => picture({ ...media, description }, { hidden: spoiler })),
    ),
  13: ({ file, name, size }) =>
    download({ ...file, size, filename: name ?? local(file.url).split("?")[0].split("/").pop() }),
  14: ({ divider, spacing }) => h(divider === false ? "hr.empty" : "hr", { data: { spacing: spacing ?? 1 } }),
  17: container,
  18: label,
  19: fileUpload,
  21: (component) => group(component, "radio"),
  22: (component) => group(component, "checkbox"),
  23: checkbox,
};

function container({ components, accent_color: accent, spoiler }, uses) {
  const style =
    accent === null || accent === undefined
      ? {}
      : { "--accent-line": `#${accent.toString(16).padStart(6, "0")}` };
  const inside = h("div.container", { style }, all(components, uses));
  if (spoiler) {
    inside.classList.add("covered");
    inside.addEventListener(
      "click",
      (event) => (event.stopPropagation(), inside.classList.remove("covered")),
      { capture: true, once: true },
    );
  }
  return inside;
}

function button(component, uses) {
  const { style = 2, label: text, emoji, url, custom_id: id, disabled } = component;
  const inside = [mark(emoji), text && h("span", {}, text), url && icon("external")];
  if (url) return h("a.button.link", { href: url, target: "_blank", rel: "noopener noreferrer" }, inside);
  const press = (event) => !event.currentTarget.classList.contains("waiting") && uses.press?.(component);
  return h(
    `button.button.${STYLES[style]}`,
    { type: "button", disabled, data: { customId: id ?? "" }, onclick: press },
    inside,
  );
}

const ENTITIES = {
  5: () => people(),
  6: () => store.guild.roles.map((r) => ({ label: r.name, value: r.id })),
  7: () => people(),
  8: () =>
    [...store.channels.values()]
      .filter((c) => c.type !== 1)
      .map((c) => ({ label: c.name, value: c.id, lead: icon("hash") })),
};
const people = () => [...store.people.values()].map((p) => ({ label: p.name, value: p.id }));

function select(component, uses) {
  const {
    type,
    custom_id: id,
    placeholder,
    disabled,
    min_values: least = 1,
    max_values: most = 1,
  } = component;
  const options = ENTITIES[type]?.() ?? component.options.map((o) => ({ ...o, lead: mark(o.emoji) }));
  const preset = ENTITIES[type]
    ? (component.default_values ?? []).map((v) => v.id)
    : component.options.filter((o) => o.default).map((o) => o.value);
  const shown = h("span");
  const box = h(
    "button.select",
    {
      type: "button",
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      disabled,
      data: { customId: id, values: "[]" },
      onclick: openList,
    },
    shown,
    icon("chevron"),
  );
  function openList() {
    const rules = {
      chosen: JSON.parse(box.dataset.values),
      least,
      most: Math.min(most, options.length),
      label: placeholder,
    };
    chooser(box, options, { ...rules, done: (values) => (show(values), uses.select?.(component, values)) });
  }
  function show(values) {
    box.dataset.values = JSON.stringify(values);
    const picked = options.filter((o) => values.includes(o.value)).map((o) => o.label);
    shown.textContent = picked.join(", ") || placeholder || "Make a selection";
    box.setAttribute("aria-label", [placeholder, ...picked].filter(Boolean).join(", ") || "Make a selection");
    box.classList.toggle("empty", !picked.length);
  }
  show(preset);
  return field(
    box,
    component,
    () => ({ values: JSON.parse(box.dataset.values) }),
    (n) => (n && n < least ? `Choose at least ${least}.` : null),
  );
}

// Modals. Every field is a node with `read`, which gives what a submit carries, and `wrong`.

function field(node, { type, id, custom_id, required }, values, rule = () => null) {
  node.read = () => ({ type, ...(id && { id }), custom_id, ...values() });
  node.wrong = () => {
    const { value, values: several } = values();
    const count = several ? several.length : value === null || value === "" ? 0 : 1;
    return count === 0 && required !== false ? "This field is required." : rule(count);
  };
  node.classList.add("field");
  return node;
}

function textInput(component) {
  const {
    style,
    label: text,
    placeholder,
    value,
    custom_id,
    required,
    min_length: least = 0,
    max_length: most = 4000,
  } = component;
  const rules = {
    placeholder,
    maxlength: most,
    "aria-required": String(required !== false),
    data: { customId: custom_id },
  };
  const box = style === 2 ? h("textarea", { rows: 4, ...rules }) : h("input", { type: "text", ...rules });
  box.value = value ?? "";
  const short = () => box.value && box.value.length < least && `Must be ${least} or more in length.`;
  const node = field(
    box,
    component,
    () => ({ value: box.value }),
    () => short() || null,
  );
  return text ? labelled(text, null, node, required !== false) : node;
}

function label({ label: text, description, component, id }) {
  const node = render(component, { inModal: true });
  const required = component.required ?? ![23].includes(component.type);
  const whole = labelled(text, description, node, required);
  whole.wrap = { type: 18, ...(id && { id }) };
  return whole;
}

let labels = 0;

function labelled(text, description, node, required) {
  const control = node.matches("input, textarea, button") ? node : ($("input, button", node) ?? node);
  control.id ||= `field-${++labels}`;
  const complaint = h("p.complaint", { id: `${control.id}-complaint`, role: "alert" });
  control.setAttribute("aria-describedby", complaint.id);
  const title = h(
    "label",
    { for: control.id },
    text,
    required && h("span.required", { "aria-hidden": "true" }, "*"),
  );
  return h("div.labelled", {}, title, description && h("small", {}, description), node, complaint);
}

function fileUpload(component) {
  const { min_values: least = 1, max_values: most = 1, custom_id } = component;
  const input = h("input", { type: "file", multiple: most > 1, data: { customId: custom_id } });
  const node = h("div.upload", {}, input, samples(choose));
  const rule = (count) =>
    count > most
      ? `Choose at most ${most} files.`
      : count && count < least
        ? `Choose at least ${least} files.`
        : null;
  field(node, component, () => ({ values: [...input.files] }), rule);
  return node;

  function choose(file) {
    const chosen = new DataTransfer();
    chosen.items.add(file);
    input.files = chosen.files;
    input.focus();
  }
}

let groups = 0;

function group(component, kind) {
  const name = `group-${++groups}`;
  const make = ({ label: text, value, description, default: on }) =>
    h(
      "label.choice",
      {},
      h("input", { type: kind, name, value, checked: on }),
      h("span", {}, text, description && h("small", {}, description)),
    );
  const node = h(
    "div.choices",
    { role: kind === "radio" ? "radiogroup" : "group", data: { customId: component.custom_id } },
    component.options.map(make),
  );
  const ticked = () => $$("input:checked", node).map((input) => input.value);
  const values = () => (kind === "radio" ? { value: ticked()[0] ?? null } : { values: ticked() });
  const { min_values: least = 0, max_values: most = 10 } = component;
  const rule = (count) =>
    kind === "radio" || !count
      ? null
      : count < least
        ? `Choose at least ${least}.`
        : count > most
          ? `Choose at most ${most}.`
          : null;
  return field(node, component, values, rule);
}

function checkbox(component) {
  const input = h("input", {
    type: "checkbox",
    checked: component.default,
    data: { customId: component.custom_id },
  });
  const node = h("div.choice", {}, input);
  return field(node, { ...component, required: false }, () => ({ value: input.checked }));
}
