import "uplot/dist/uPlot.min.css";

import uPlot from "uplot";

import { makePlot, type Frame, type PlotPart } from "./plot.ts";

/** Plots under each other, each filling its host, with one cursor. */
export class Chart {
  readonly #parts: PlotPart[];
  readonly #plots: uPlot[];
  readonly #resize: ResizeObserver;
  readonly #onCursor: (unixS: number | null) => void;
  #index: number | null = null;

  constructor(frame: Frame, parts: PlotPart[], onCursor: (unixS: number | null) => void) {
    this.#parts = parts;
    this.#onCursor = onCursor;
    this.#plots = parts.map((part) => makePlot(frame, part, "history", (plot) => this.#moved(plot)));
    for (const plot of this.#plots) {
      plot.over.addEventListener("pointerdown", this.#onTouch);
      plot.over.addEventListener("pointermove", this.#onTouch);
    }
    document.addEventListener("pointerdown", this.#onElsewhere);
    this.#resize = new ResizeObserver(() => this.#fit());
    for (const part of parts) this.#resize.observe(part.host);
  }

  destroy(): void {
    this.#resize.disconnect();
    document.removeEventListener("pointerdown", this.#onElsewhere);
    for (const plot of this.#plots) plot.destroy();
  }

  /** Arrow keys walk over the buckets; Escape leaves the chart's cursor. */
  key(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -12, PageDown: 12, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    if (event.key === "Escape") this.#clear();
    if (step === undefined) return;
    event.preventDefault();
    const last = (this.#plots[0]?.data[0].length ?? 0) - 1;
    const from = this.#index ?? (step > 0 ? -1 : last + 1);
    this.#moveTo(Math.min(last, Math.max(0, from + step)));
  }

  #moveTo(index: number): void {
    for (const plot of this.#plots) {
      const at = plot.data[0][index];
      if (at !== undefined) plot.setCursor({ left: plot.valToPos(at, "x"), top: 0 });
    }
  }

  #moved(plot: uPlot): void {
    const index = plot.cursor.left !== undefined && plot.cursor.left >= 0 ? (plot.cursor.idx ?? null) : null;
    this.#index = index;
    this.#onCursor(index === null ? null : (plot.data[0][index] ?? null));
  }

  /** uPlot follows the mouse by itself; a finger drawn along the chart does the same. */
  #onTouch = (event: PointerEvent): void => {
    if (event.pointerType === "mouse") return;
    const left = event.clientX - (event.currentTarget as HTMLElement).getBoundingClientRect().left;
    for (const plot of this.#plots) plot.setCursor({ left, top: 0 });
  };

  #onElsewhere = (event: Event): void => {
    if (!this.#parts.some((part) => part.host.contains(event.target as Node))) this.#clear();
  };

  #clear(): void {
    for (const plot of this.#plots) plot.setCursor({ left: -10, top: -10 });
  }

  #fit(): void {
    this.#plots.forEach((plot, index) => {
      const { clientWidth: width, clientHeight: height } = this.#parts[index]!.host;
      if (width > 0 && (plot.width !== width || plot.height !== height)) plot.setSize({ width, height });
    });
  }
}
