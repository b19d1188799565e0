/** Example photographs, for people who have none at hand; `photographs/CREDITS.md` has the details. */

import { h } from "./dom.js";

export const PHOTOGRAPHS = [
  { name: "coffee.jpg", shows: "A cup of coffee", credit: "Rachel Michetti, CC0" },
  { name: "cat.jpg", shows: "A cat", credit: "Stéfan van der Walt, CC0" },
  { name: "astronaut.jpg", shows: "An astronaut", credit: "NASA, public domain" },
];

const address = ({ name }) => `/page/photographs/${name}`;

/** An example as a file, as if it had been chosen from a disk. */
export async function asFile(photograph) {
  const answer = await fetch(address(photograph));
  return new File([await answer.blob()], photograph.name, { type: "image/jpeg" });
}

/** A small view of an example; whoever shows it says in words what it is. */
export const view = (photograph) => h("img.sample", { src: address(photograph), alt: "" });

/** The examples as a row of small buttons. */
export function samples(take) {
  const make = (photograph) =>
    h(
      "button",
      {
        type: "button",
        title: `${photograph.shows} (${photograph.credit})`,
        "aria-label": `Example photograph: ${photograph.shows.toLowerCase()}, by ${photograph.credit}`,
        onclick: async () => take(await asFile(photograph)),
      },
      view(photograph),
    );
  return h("div.samples", { role: "group", "aria-label": "Example photographs" }, PHOTOGRAPHS.map(make));
}
