// Drawing by hand: a board that notes each line with its time, and a source that draws them again, in any size.

/** The longest recording, in seconds. */
export const LONGEST = 20;
const PAPER = "#ffffff";
/** Widths of the pen, in heights of the paper, with their names. */
export const WIDTHS = [
  [0.004, "fine"],
  [0.009, "thin"],
  [0.018, "medium"],
  [0.036, "broad"],
  [0.08, "very broad"],
];
/** How far an arrow key goes, in heights of the paper; four times that with Shift. */
const STEP = 0.02;

export function drawPaper(context, width, height) {
  context.fillStyle = PAPER;
  context.fillRect(0, 0, width, height);
}

/** Draws a mark: a line, or a sheet of new paper. Its places go from 0 to 1. */
export function drawMark(context, mark, width, height) {
  if (mark.clear) {
    drawPaper(context, width, height);
    return;
  }
  context.beginPath();
  context.lineCap = "round";
  context.lineWidth = Math.max(1, mark.pen * height);
  context.strokeStyle = mark.color;
  context.moveTo(mark.from.x * width, mark.from.y * height);
  context.lineTo(mark.to.x * width, mark.to.y * height);
  context.stroke();
}

/** A board that is drawn on with a pointer or with keys. `pen` is the element that shows where keys draw. */
export class Board {
  color = "#221d1a";
  width = WIDTHS[2][0];
  /** What was recorded: marks with their seconds, and how long it is. */
  recording = null;

  #canvas;
  #pen;
  #say;
  #active = false;
  /** What is on the paper. */
  #marks = [];
  #began = null;
  #noted = [];
  #at = { x: 0.5, y: 0.5 };
  #down = false;
  #pointer = null;

  constructor({ canvas, pen, say }) {
    this.#canvas = canvas;
    this.#pen = pen;
    this.#say = say;
    canvas.addEventListener("pointerdown", (event) => this.#pointerDown(event));
    canvas.addEventListener("pointermove", (event) => this.#pointerMove(event));
    for (const type of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(type, (event) => event.pointerId === this.#pointer && (this.#pointer = null));
    }
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => this.#lift());
    new ResizeObserver(() => this.#showPen()).observe(canvas);
  }

  /** Shows the paper as it is, to be drawn on. */
  open() {
    this.#active = true;
    [this.#canvas.width, this.#canvas.height] = [1280, 720];
    this.#canvas.style.aspectRatio = "16 / 9";
    this.#canvas.tabIndex = 0;
    this.#canvas.classList.add("board");
    this.#canvas.setAttribute("role", "application");
    this.#canvas.setAttribute("aria-label", "Paper to draw on");
    this.#canvas.setAttribute("aria-describedby", "draw-help");
    this.#draw({ clear: true });
    this.#marks.forEach((mark) => this.#draw(mark));
    this.#showPen();
  }

  /** Leaves the canvas to others. */
  close() {
    this.#active = false;
    this.#lift();
    this.#pointer = null;
    this.#canvas.removeAttribute("tabindex");
    this.#canvas.removeAttribute("aria-describedby");
    this.#canvas.classList.remove("board");
    this.#canvas.setAttribute("role", "img");
    this.#canvas.setAttribute("aria-label", "The frames as they are handed to the encoder");
    this.#showPen();
  }

  get isRecording() {
    return this.#began !== null;
  }

  /** Seconds of the recording so far. */
  get seconds() {
    return this.#began === null ? 0 : Math.min(LONGEST, (performance.now() - this.#began) / 1000);
  }

  /** Begins a recording; its first picture is the paper as it is. */
  record() {
    this.#noted = this.#marks.map((mark) => ({ ...mark, t: 0 }));
    this.#began = performance.now();
  }

  stop() {
    this.recording = { marks: this.#noted, length: this.seconds };
    this.#began = null;
    this.#noted = [];
  }

  /** A new sheet of paper. */
  clear() {
    this.#add({ clear: true });
    this.#marks = [];
  }

  #add(mark) {
    this.#marks.push(mark);
    this.#draw(mark);
    if (this.isRecording) {
      this.#noted.push({ ...mark, t: this.seconds });
    }
  }

  #draw(mark) {
    const { width, height } = this.#canvas;
    drawMark(this.#canvas.getContext("2d"), mark, width, height);
  }

  #line(from, to) {
    this.#add({ from, to, color: this.color, pen: this.width });
  }

  /** Where the paper is on the page: the canvas may have bars beside it. */
  #box() {
    const box = this.#canvas.getBoundingClientRect();
    const scale = Math.min(box.width / this.#canvas.width, box.height / this.#canvas.height);
    const [width, height] = [this.#canvas.width * scale, this.#canvas.height * scale];
    return { left: box.left + (box.width - width) / 2, top: box.top + (box.height - height) / 2, width, height };
  }

  #place({ clientX, clientY }) {
    const { left, top, width, height } = this.#box();
    return { x: (clientX - left) / width, y: (clientY - top) / height };
  }

  #pointerDown(event) {
    if (!this.#active || event.button !== 0 || this.#pointer !== null) return;
    this.#pointer = event.pointerId;
    // A pointer that is gone already is not to be had any more.
    try {
      this.#canvas.setPointerCapture(event.pointerId);
    } catch {
      this.#pointer = null;
    }
    this.#lift();
    this.#at = this.#place(event);
    this.#line(this.#at, this.#at);
    this.#showPen();
  }

  #pointerMove(event) {
    if (!this.#active || event.pointerId !== this.#pointer) return;
    // A fast pen moves several times between two frames of the page.
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const move of moves.length > 0 ? moves : [event]) {
      const to = this.#place(move);
      this.#line(this.#at, to);
      this.#at = to;
    }
    this.#showPen();
  }

  #key(event) {
    if (!this.#active || event.altKey || event.ctrlKey || event.metaKey) return;
    const step = event.shiftKey ? 4 * STEP : STEP;
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === " ") {
      if (this.#down) {
        this.#lift();
        this.#say("The pen is up.");
      } else {
        this.#down = true;
        this.#line(this.#at, this.#at);
        this.#say("The pen is down: the arrow keys draw.");
      }
    } else if (event.key === "Escape" && this.#down) {
      this.#lift();
      this.#say("The pen is up.");
    } else if (event.key in ways) {
      const [x, y] = ways[event.key];
      const inside = (place) => Math.min(1, Math.max(0, place));
      // As far across as down, on paper that is not square.
      const { width, height } = this.#canvas;
      const to = { x: inside(this.#at.x + (x * step * height) / width), y: inside(this.#at.y + y * step) };
      if (this.#down) this.#line(this.#at, to);
      this.#at = to;
    } else {
      return;
    }
    event.preventDefault();
    this.#showPen();
  }

  #lift() {
    this.#down = false;
    this.#pen.classList.remove("down");
  }

  #showPen() {
    this.#pen.toggleAttribute("hidden", !this.#active);
    this.#pen.classList.toggle("down", this.#down);
    const { left, top, width, height } = this.#box();
    const stage = this.#pen.parentElement.getBoundingClientRect();
    const inside = (place) => Math.min(1, Math.max(0, place));
    this.#pen.style.left = `${left - stage.left + inside(this.#at.x) * width}px`;
    this.#pen.style.top = `${top - stage.top + inside(this.#at.y) * height}px`;
  }
}

/** Draws a recording again, frame by frame. */
export function drawingSource({ marks, length }, rate, { width, height }) {
  const count = Math.max(1, Math.round(length * rate));
  return {
    width,
    height,
    count,
    audio: undefined,
    async *frames(context) {
      drawPaper(context, width, height);
      let next = 0;
      for (let i = 0; i < count; i++) {
        // What happens while a frame is shown is on it; all that is left, on the last.
        const end = i === count - 1 ? Infinity : (i + 1) / rate;
        for (; next < marks.length && marks[next].t < end; next++) {
          drawMark(context, marks[next], width, height);
        }
        yield {};
      }
    },
    close() {},
  };
}
