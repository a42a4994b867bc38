import { colours } from "./paint.ts";

/** A title, what the lines mean, and the chart under them, as one PNG on the card's ground. */
export async function asPng(chart: HTMLCanvasElement, host: HTMLElement, title: string, when: string, lines: { label: string; colour: number }[]): Promise<Blob> {
  const paint = colours(host);
  const scale = devicePixelRatio;
  const margin = 16 * scale;
  const rowPx = 22 * scale;
  const canvas = document.createElement("canvas");
  const ctx = canvas.getContext("2d")!;
  canvas.width = chart.width + 2 * margin;
  const places = legend(ctx, lines, canvas.width - 2 * margin, `${12 * scale}px ${paint.font}`, scale);
  const rows = (places.at(-1)?.row ?? 0) + 1;
  const top = margin + 2 * rowPx + rows * rowPx + 6 * scale;
  canvas.height = top + chart.height + margin;
  ctx.fillStyle = paint.card;
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.textBaseline = "top";
  ctx.fillStyle = paint.ink;
  ctx.font = `600 ${15 * scale}px ${paint.font}`;
  ctx.fillText(title, margin, margin);
  ctx.fillStyle = paint.soft;
  ctx.font = `${12 * scale}px ${paint.font}`;
  ctx.fillText(when, margin, margin + rowPx);
  for (const { line, left, row } of places) {
    const y = margin + (2 + row) * rowPx;
    ctx.fillStyle = paint.lines[line.colour]!;
    ctx.fillRect(margin + left, y + 2 * scale, 9 * scale, 9 * scale);
    ctx.fillStyle = paint.ink;
    ctx.fillText(line.label, margin + left + 15 * scale, y);
  }
  ctx.drawImage(chart, margin, top);
  return await new Promise((resolve, reject) => canvas.toBlob((blob) => (blob === null ? reject(new Error("no picture")) : resolve(blob))));
}

function legend<T extends { label: string }>(ctx: CanvasRenderingContext2D, lines: T[], widthPx: number, font: string, scale: number): { line: T; left: number; row: number }[] {
  ctx.font = font;
  let left = 0;
  let row = 0;
  return lines.map((line) => {
    const needed = ctx.measureText(line.label).width + 33 * scale;
    if (left > 0 && left + needed > widthPx) {
      left = 0;
      row += 1;
    }
    const place = { line, left, row };
    left += needed;
    return place;
  });
}

/** Hand a file to the reader. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
