/** Light and dark, the notice, and the drawer of refused requests. */

import { $, h, icon } from "./dom.js";
import { store } from "./store.js";

// Light and dark

const dark = matchMedia("(prefers-color-scheme: dark)");

function dress() {
  const chosen = localStorage.getItem("theme");
  const now = chosen ?? (dark.matches ? "dark" : "light");
  document.documentElement.dataset.theme = now;
  $("#theme").replaceChildren(icon(now === "dark" ? "sun" : "moon"));
}

function toggleTheme() {
  const other = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  if (other === (dark.matches ? "dark" : "light")) localStorage.removeItem("theme");
  else localStorage.setItem("theme", other);
  dress();
}

// The notice and the drawer

/** Shows or hides what the stand-in says about itself; a closed notice stays closed. */
export function notice(open) {
  $("#notice").hidden = !open || !store.about;
  $("#help").hidden = !store.about;
  $("#notice p").textContent = store.about ?? "";
  if (store.about) localStorage.setItem("notice", open ? "" : store.about);
}

function openDrawer(open) {
  $("#drawer").hidden = !open;
  $("#open-drawer").setAttribute("aria-expanded", String(open));
  if (open) $("#drawer button").focus();
  else $("#open-drawer").focus();
}

/** Adds a refused request to the drawer. */
export function refused({ method, path, reason }) {
  const words = typeof reason === "string" ? reason : JSON.stringify(reason);
  const time = new Date().toLocaleTimeString();
  $("#refused").prepend(
    h("li", {}, h("b", {}, method), h("code", {}, path), h("p", {}, words), h("time", {}, time)),
  );
  while ($("#refused").childElementCount > 200) $("#refused").lastElementChild.remove();
  $("#open-drawer").dataset.count = $("#refused").childElementCount;
}

$("#theme").addEventListener("click", toggleTheme);
$("#help").addEventListener("click", () => notice($("#notice").hidden));
$("#notice button").addEventListener("click", () => notice(false));
$("#open-drawer").addEventListener("click", () => openDrawer($("#drawer").hidden));
$("#drawer button").addEventListener("click", () => openDrawer(false));
dark.addEventListener("change", dress);
dress();
