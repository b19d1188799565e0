// A picture with a mask painted over it. What was painted is kept as a list of strokes, so undoing
// one is to leave it out.

const LONGEST = 1024; // pixels of the mask's longer side while it is painted
const SENT = 512; // and as it is sent
const COLOUR = "#6a4bff";

export class Board {
  /** `changed` is called when there is something else to undo or redo. */
  constructor(canvas, picture, changed) {
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    Object.assign(this, { canvas, picture, changed, tool: "brush", share: 0.35 });
    this.context = canvas.getContext("2d");
    this.settled = this.layer();
    this.shown = this.layer();
    this.stripes = stripes(this.shown.context);
    this.strokes = [];
    this.undone = [];
    this.current = null;
    this.finger = null;
    this.cursor = null;
    this.listen();
    this.refresh();
  }

  get longer() {
    return Math.max(this.canvas.width, this.canvas.height);
  }

  /** The brush's diameter: from a hundredth to a quarter of the longer side. */
  get diameter() {
    return this.longer * (0.01 + 0.24 * this.share ** 1.5);
  }

  undo() {
    this.move(this.strokes, this.undone);
  }

  redo() {
    this.move(this.undone, this.strokes);
  }

  clear() {
    if (this.strokes.length) this.add({ tool: "clear", points: [] });
  }

  /** Whether the last thing painted leaves something painted; erased bits count. */
  get empty() {
    return !this.strokes.length || this.strokes.at(-1).tool === "clear";
  }

  resize(share) {
    this.share = share;
    this.draw();
  }

  /** The mask as a PNG: white where it is painted. */
  async mask() {
    const scale = Math.min(1, SENT / this.longer);
    const size = [this.canvas.width, this.canvas.height].map((side) => Math.ceil(side * scale));
    const sheet = new OffscreenCanvas(...size);
    const context = sheet.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, ...size);
    context.globalCompositeOperation = "destination-in";
    context.drawImage(this.settled.canvas, 0, 0, ...size);
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "#000";
    context.fillRect(0, 0, ...size);
    return sheet.convertToBlob({ type: "image/png" });
  }

  // Strokes

  begin(point) {
    this.current = { tool: this.tool, width: this.diameter, points: [point] };
    this.draw();
  }

  extend(...points) {
    this.current?.points.push(...points);
    this.draw();
  }

  end() {
    const stroke = this.current;
    this.current = null;
    if (stroke) this.add(stroke);
  }

  cancel() {
    this.current = null;
    this.finger = null;
    this.draw();
  }

  add(stroke) {
    this.strokes.push(stroke);
    this.undone = [];
    this.refresh();
  }

  move(from, to) {
    this.cancel();
    if (from.length) to.push(from.pop());
    this.refresh();
  }

  refresh() {
    const { context } = this.settled;
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    for (const stroke of this.strokes) paint(context, stroke);
    this.draw();
    this.changed();
  }

  // Seeing

  layer() {
    const canvas = new OffscreenCanvas(this.canvas.width, this.canvas.height);
    return { canvas, context: canvas.getContext("2d") };
  }

  draw() {
    this.asked ??= requestAnimationFrame(() => {
      this.asked = null;
      this.render();
    });
  }

  render() {
    const { width, height } = this.canvas;
    const over = this.shown.context;
    over.globalCompositeOperation = "source-over";
    over.clearRect(0, 0, width, height);
    over.drawImage(this.settled.canvas, 0, 0);
    if (this.current) paint(over, this.current);
    over.globalCompositeOperation = "source-in";
    over.fillStyle = this.stripes;
    over.fillRect(0, 0, width, height);
    this.context.drawImage(this.picture, 0, 0, width, height);
    this.context.globalAlpha = 0.7;
    this.context.drawImage(this.shown.canvas, 0, 0);
    this.context.globalAlpha = 1;
    if (this.cursor) this.ring(this.cursor);
  }

  /** Where the brush is and how wide, for a mouse and the keyboard. */
  ring({ x, y }) {
    const round = this.tool === "brush" || this.tool === "eraser";
    const radius = round ? this.diameter / 2 : this.longer / 90;
    const pixel = this.canvas.width / (this.canvas.clientWidth || this.canvas.width);
    for (const [colour, width] of [["#000", 3.5], ["#fff", 1.5]]) {
      this.context.beginPath();
      this.context.arc(x, y, radius, 0, 2 * Math.PI);
      this.context.strokeStyle = colour;
      this.context.lineWidth = width * pixel;
      this.context.stroke();
    }
  }

  // Hands

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.moved(event));
    canvas.addEventListener("pointerup", (event) => this.up(event));
    canvas.addEventListener("pointercancel", () => this.cancel());
    canvas.addEventListener("pointerleave", () => this.hover(null));
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => this.hover(null));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  at({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: ((clientX - box.left) * this.canvas.width) / box.width,
      y: ((clientY - box.top) * this.canvas.height) / box.height,
    };
  }

  down(event) {
    if (event.button || this.finger !== null) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true, focusVisible: false });
    this.canvas.setPointerCapture(event.pointerId);
    this.finger = event.pointerId;
    this.begin(this.at(event));
  }

  moved(event) {
    if (event.pointerType === "mouse") this.hover(this.at(event));
    if (event.pointerId !== this.finger) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    this.extend(...(passed.length ? passed : [event]).map((each) => this.at(each)));
  }

  up(event) {
    if (event.pointerId !== this.finger) return;
    this.finger = null;
    this.end();
  }

  hover(point) {
    this.cursor = point;
    this.draw();
  }

  key(event) {
    const way = WAYS[event.key];
    if (way) this.step(way, event.shiftKey ? 4 : 1);
    else if (event.key === " ") this.lower();
    else if (event.key === "Escape") this.cancel();
    else return;
    event.preventDefault();
  }

  /** The brush goes one way; it paints on its way if it is lowered. */
  step([across, down], times) {
    const { width, height } = this.canvas;
    const from = this.cursor ?? { x: width / 2, y: height / 2 };
    const far = (times * this.longer) / 60;
    const within = (place, side) => Math.min(side, Math.max(0, place));
    this.cursor = { x: within(from.x + far * across, width), y: within(from.y + far * down, height) };
    this.extend(this.cursor);
  }

  /** The space bar lowers the brush, and lifts it. */
  lower() {
    this.cursor ??= { x: this.canvas.width / 2, y: this.canvas.height / 2 };
    if (this.current) this.end();
    else this.begin(this.cursor);
  }
}

const WAYS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

function paint(context, { tool, width, points }) {
  context.globalCompositeOperation = tool === "eraser" ? "destination-out" : "source-over";
  context.fillStyle = context.strokeStyle = COLOUR;
  Object.assign(context, { lineWidth: width, lineCap: "round", lineJoin: "round" });
  const [first, last] = [points[0], points.at(-1)];
  if (tool === "clear") {
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  } else if (tool === "rectangle") {
    context.fillRect(first.x, first.y, last.x - first.x, last.y - first.y);
  } else {
    trace(context, points);
    if (tool === "lasso") context.fill();
    else context.stroke();
  }
  context.globalCompositeOperation = "source-over";
}

function trace(context, points) {
  context.beginPath();
  context.moveTo(points[0].x, points[0].y);
  for (const { x, y } of points) context.lineTo(x + 0.01, y);
}

/** Slanted stripes, which show on a picture of any colour. */
function stripes(context) {
  const tile = new OffscreenCanvas(16, 16);
  const pen = tile.getContext("2d");
  pen.fillStyle = COLOUR;
  pen.fillRect(0, 0, 16, 16);
  pen.strokeStyle = "#fff";
  pen.lineWidth = 3;
  for (const shift of [-16, 0, 16]) {
    pen.moveTo(shift - 2, 18);
    pen.lineTo(shift + 18, -2);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}
