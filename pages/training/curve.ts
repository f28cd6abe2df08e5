/** The loss of each step, faint, and its running mean. */
const [width, height, left, top, bottom] = [600, 260, 44, 12, 28];

/** Share of what was before in the running mean. */
const kept = 0.9;

export class Curve {
  private losses: number[] = [];

  constructor(
    private readonly svg: SVGSVGElement,
    private readonly steps: number,
  ) {
    this.draw();
  }

  add(loss: number): void {
    this.losses.push(loss);
    this.draw();
  }

  private draw(): void {
    const most = Math.max(1, ...this.losses) * 1.05;
    const x = (step: number) => left + ((width - left - 8) * step) / Math.max(1, this.steps - 1);
    const y = (loss: number) => top + (height - top - bottom) * (1 - loss / most);
    const path = (values: readonly number[]) => values.map((value, i) => `${x(i)},${y(value)}`).join(" ");
    const floor = height - bottom;
    this.svg.replaceChildren(
      element("line", { class: "axis", x1: left, x2: width - 8, y1: floor, y2: floor }),
      element("line", { class: "axis", x1: left, x2: left, y1: top, y2: floor }),
      label(most.toFixed(1), { x: left - 6, y: top + 10, "text-anchor": "end" }),
      label("0", { x: left - 6, y: floor, "text-anchor": "end" }),
      label("loss", { x: left + 6, y: top + 10 }),
      label(`step ${this.steps}`, { x: width - 8, y: height - 8, "text-anchor": "end" }),
      element("polyline", { class: "each", points: path(this.losses) }),
      element("polyline", { class: "mean", points: path(running(this.losses)) }),
    );
  }
}

/** Begins as the plain mean, so that the first steps count as they should. */
function running(values: readonly number[]): number[] {
  let [sum, weight] = [0, 0];
  return values.map((value) => {
    sum = kept * sum + value;
    weight = kept * weight + 1;
    return sum / weight;
  });
}

function element(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

function label(text: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = element("text", attributes);
  made.textContent = text;
  return made;
}
