/** What hands do to a chart, in pixels of its plot. */
export interface Gestures {
  pan(byPx: number): void;
  /** More than 1: farther away. */
  zoom(factor: number, atPx: number): void;
  /** A finger asks what stands here. */
  point(atPx: number): void;
}

const WHEEL_ZOOM = 0.0015;
const LINE_PX = 30;
const DRAG_PX = 6;
const HOLD_MS = 300;

/** Drags pan, two fingers pinch, the wheel zooms; a finger that taps or rests first reads out. Returns the undoing. */
export function listen(over: HTMLElement, act: Gestures): () => void {
  const fingers = new Map<number, number>();
  let mode: "none" | "waiting" | "pan" | "read" = "none";
  let startPx = 0;
  let hold: number | undefined;
  const at = (event: PointerEvent | WheelEvent | MouseEvent): number => event.clientX - over.getBoundingClientRect().left;

  const down = (event: PointerEvent): void => {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    fingers.set(event.pointerId, at(event));
    over.setPointerCapture(event.pointerId);
    window.clearTimeout(hold);
    mode = fingers.size === 1 ? "waiting" : "pan";
    startPx = at(event);
    if (event.pointerType !== "mouse" && fingers.size === 1) {
      hold = window.setTimeout(() => {
        mode = "read";
        act.point(startPx);
      }, HOLD_MS);
    }
  };

  const pinch = (event: PointerEvent): void => {
    const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, px]) => px);
    const before = fingers.get(event.pointerId)!;
    const now = at(event);
    const far = Math.abs(before - other!);
    const near = Math.abs(now - other!);
    if (far > 8 && near > 8) act.zoom(far / near, other!);
    fingers.set(event.pointerId, now);
  };

  const move = (event: PointerEvent): void => {
    const before = fingers.get(event.pointerId);
    if (before === undefined) return;
    if (fingers.size > 1) return pinch(event);
    const now = at(event);
    if (mode === "read") return act.point(now);
    if (mode === "waiting" && Math.abs(now - startPx) > DRAG_PX) {
      mode = "pan";
      window.clearTimeout(hold);
    }
    if (mode === "pan") {
      act.pan(now - before);
      over.classList.add("is-dragged");
    }
    if (mode === "pan") fingers.set(event.pointerId, now);
  };

  const up = (event: PointerEvent): void => {
    if (mode === "waiting" && event.pointerType !== "mouse" && event.type === "pointerup") act.point(at(event));
    window.clearTimeout(hold);
    fingers.delete(event.pointerId);
    if (fingers.size === 0) mode = "none";
    over.classList.remove("is-dragged");
  };

  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const scale = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) act.pan(-event.deltaX * scale);
    // A pinch on a trackpad comes as a wheel with ctrl, in smaller steps.
    else act.zoom(Math.exp(event.deltaY * scale * WHEEL_ZOOM * (event.ctrlKey ? 6 : 1)), at(event));
  };

  const twice = (event: MouseEvent): void => act.zoom(0.5, at(event));

  const events = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up, wheel, dblclick: twice } as const;
  for (const [name, handler] of Object.entries(events)) over.addEventListener(name, handler as EventListener, { passive: false });
  return () => {
    window.clearTimeout(hold);
    for (const [name, handler] of Object.entries(events)) over.removeEventListener(name, handler as EventListener);
  };
}
