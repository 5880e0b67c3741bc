/** Tables of text. */

import { printable } from "./output.js";

const GAP = "  ";
/** A column is not made narrower than this. */
const LEAST_WIDTH = 10;
const ELLIPSIS = "\u2026";

/** Lines with their cells in columns; the columns in `numeric` to the right. */
export function table(
  rows: readonly (readonly string[])[],
  {
    numeric = [],
    width = Number.POSITIVE_INFINITY,
  }: { numeric?: readonly number[]; width?: number } = {},
): string[] {
  const cells = rows.map((row) => row.map(printable));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  }
  const fitting = fitted(widths, width);
  return cells.map((row) =>
    row
      .map((cell, at) => {
        const most = fitting[at] ?? 0;
        const short = shortened(cell, most);
        return numeric.includes(at) ? short.padStart(most) : short.padEnd(most);
      })
      .join(GAP)
      .trimEnd(),
  );
}

/** How wide a table on standard output may be: as wide as its terminal, and any width elsewhere. */
export function terminalWidth(): number {
  const { isTTY, columns } = process.stdout;
  return isTTY && columns > 0 ? columns : Number.POSITIVE_INFINITY;
}

/** The widths, the widest made narrower until all fit. */
function fitted(widths: readonly number[], width: number): number[] {
  const fitting = [...widths];
  const least = (LEAST_WIDTH + GAP.length) * widths.length - GAP.length;
  let total = fitting.reduce((sum, one) => sum + one + GAP.length, -GAP.length);
  while (total > Math.max(width, least)) {
    const widest = fitting.indexOf(Math.max(...fitting));
    fitting[widest] = (fitting[widest] ?? 0) - 1;
    total -= 1;
  }
  return fitting;
}

/** The text with its middle left out: canonicals begin alike, and end in name and version. */
function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const head = Math.floor((most - 1) / 3);
  return text.slice(0, head) + ELLIPSIS + text.slice(text.length - (most - 1 - head));
}
