/** Files on their way: handed over as soon as they are chosen, shown small until they are sent. */

import { bytes, h, icon } from "./dom.js";
import { line, store } from "./store.js";

/** One chosen file. `id` resolves to what the stand-in calls it, or rejects with a sentence. */
export class Upload {
  /**
   * @param {File} file
   * @param {() => void} removed called when the person takes it away
   */
  constructor(file, removed) {
    this.file = file;
    this.preview = file.type.startsWith("image/") ? URL.createObjectURL(file) : null;
    this.node = h(
      "div.thumb.waiting",
      {},
      this.preview ? h("img", { src: this.preview, alt: "" }) : icon("file"),
      h("span", {}, file.name, h("small", {}, bytes(file.size))),
      h(
        "button.tool",
        { type: "button", "aria-label": `Remove ${file.name}`, onclick: removed },
        icon("close"),
      ),
    );
    this.id = this.send();
    this.id.then(
      () => this.node.classList.remove("waiting"),
      (error) => this.fail(error.message),
    );
  }

  async send() {
    const limit = store.uploadLimit ?? Infinity;
    if (this.file.size > limit) throw new Error(`Your file is too large: the limit is ${bytes(limit)}.`);
    return (await line.upload(this.file)).id;
  }

  fail(reason) {
    this.node.classList.replace("waiting", "wrong");
    this.node.title = reason;
    this.node.querySelector("small").textContent = reason;
  }

  /** Frees the preview. */
  forget() {
    if (this.preview) URL.revokeObjectURL(this.preview);
  }
}
