import type uPlot from "uplot";

import { moved, zoomed, type Bounds, type View } from "../logic/view.ts";
import { listen } from "./gestures.ts";
import { dataOf, makePlot, type Drawn, type Frame, type Line } from "./plot.ts";

export interface ChartEvents {
  /** The view moved by hand; comes each frame. */
  onView(view: View): void;
  /** The bucket under the cursor; null: none. */
  onCursor(index: number | null): void;
}

const PAN_SHARE = 0.25;
const KEY_ZOOM = 0.6;
const AWAY_PX = -10;

/** A plot that fills its host and can be dragged, zoomed and walked through. */
export class Chart {
  readonly #host: HTMLElement;
  readonly #events: ChartEvents;
  readonly #plot: uPlot;
  readonly #resize: ResizeObserver;
  readonly #deafen: () => void;
  #bounds: Bounds;
  #drawn: Drawn;
  #view: View;
  #frame = 0;
  #index: number | null = null;

  constructor(host: HTMLElement, lines: Line[], frame: Frame, drawn: Drawn, view: View, bounds: Bounds, events: ChartEvents) {
    this.#host = host;
    this.#events = events;
    this.#drawn = drawn;
    this.#view = view;
    this.#bounds = bounds;
    this.#plot = makePlot(host, lines, frame, view, () => this.#drawn, (plot) => this.#moved(plot));
    this.#deafen = listen(this.#plot.over, {
      pan: (px) => this.#look(moved(this.#view, -px * this.#sPerPx(), this.#bounds)),
      zoom: (factor, px) => this.#look(zoomed(this.#view, factor, this.#view.startS + px * this.#sPerPx(), this.#bounds)),
      point: (px) => this.#plot.setCursor({ left: px, top: 0 }),
    });
    this.#resize = new ResizeObserver(() => this.#fit());
    this.#resize.observe(host);
    document.addEventListener("pointerdown", this.#onElsewhere);
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    this.#resize.disconnect();
    this.#deafen();
    document.removeEventListener("pointerdown", this.#onElsewhere);
    this.#plot.destroy();
  }

  /** Other buckets of the same lines, and another view of them. */
  show(drawn: Drawn, view: View, bounds: Bounds): void {
    this.#bounds = bounds;
    const same = view.startS === this.#view.startS && view.endS === this.#view.endS;
    if (same && drawn === this.#drawn) return;
    this.#view = view;
    this.#plot.batch(() => {
      if (drawn !== this.#drawn) {
        this.#drawn = drawn;
        this.#plot.setData(dataOf(drawn) as uPlot.AlignedData, false);
      }
      this.#plot.setScale("x", { min: view.startS, max: view.endS });
    });
  }

  /** The picture as it stands. */
  get canvas(): HTMLCanvasElement {
    return this.#plot.ctx.canvas;
  }

  /** Arrow keys walk over the buckets, with Shift they pan; + and - zoom; Escape leaves the cursor. */
  key(event: KeyboardEvent): void {
    const spanS = this.#view.endS - this.#view.startS;
    const way = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (event.key === "Escape") return this.#clear();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (way !== 0 && event.shiftKey) this.#look(moved(this.#view, way * spanS * PAN_SHARE, this.#bounds));
    else if (event.key === "+" || event.key === "=") this.zoom(KEY_ZOOM);
    else if (event.key === "-") this.zoom(1 / KEY_ZOOM);
    else if (!this.#walk(event.key, way)) return;
    event.preventDefault();
  }

  /** Around the cursor, or around the middle. */
  zoom(factor: number): void {
    const { startS, endS } = this.#view;
    const at = this.#index === null ? undefined : this.#plot.data[0][this.#index];
    this.#look(zoomed(this.#view, factor, at ?? (startS + endS) / 2, this.#bounds));
  }

  #walk(key: string, way: number): boolean {
    const [first, last] = this.#plot.series[0]!.idxs ?? [0, 0];
    const steps: Record<string, number> = { PageUp: -12, PageDown: 12, Home: -Infinity, End: Infinity };
    const step = way === 0 ? steps[key] : way;
    if (step === undefined) return false;
    const from = this.#index ?? (step > 0 ? first - 1 : last + 1);
    const at = this.#plot.data[0][Math.min(last, Math.max(first, from + step))];
    if (at !== undefined) this.#plot.setCursor({ left: this.#plot.valToPos(at, "x"), top: 0 });
    return true;
  }

  #sPerPx(): number {
    return (this.#view.endS - this.#view.startS) / this.#plot.over.clientWidth;
  }

  #look(view: View): void {
    this.#view = view;
    this.#draw();
  }

  /** Once a frame, however often hands move. */
  #draw(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#plot.setScale("x", { min: this.#view.startS, max: this.#view.endS });
      this.#events.onView(this.#view);
    });
  }

  #moved(plot: uPlot): void {
    const index = plot.cursor.left !== undefined && plot.cursor.left >= 0 ? (plot.cursor.idx ?? null) : null;
    if (index === this.#index) return;
    this.#index = index;
    this.#events.onCursor(index);
  }

  #onElsewhere = (event: Event): void => {
    if (!this.#host.contains(event.target as Node)) this.#clear();
  };

  #clear(): void {
    this.#plot.setCursor({ left: AWAY_PX, top: AWAY_PX });
  }

  #fit(): void {
    const { clientWidth: width, clientHeight: height } = this.#host;
    if (width > 0 && (this.#plot.width !== width || this.#plot.height !== height)) this.#plot.setSize({ width, height });
  }
}
