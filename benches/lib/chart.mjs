/** Line charts as SVG, side by side under one legend; readable on light and on dark ground. */

const [PANEL_WIDTH, PANEL_HEIGHT, ACROSS] = [300, 220, 3];
/** Around the lines of a panel: room for its title and its axes. */
const [TOP, RIGHT, BOTTOM, LEFT] = [30, 20, 44, 48];
const LEGEND = 44;

/** Colours that stand out from white and from near black; the dashes tell them apart without colour. */
const LINES = [
  ["#d62728", ""],
  ["#1f9e4b", "6 3"],
  ["#3b8edb", ""],
  ["#9467bd", "2 2"],
  ["#e08a1e", "6 3"],
  ["#17a2b0", "8 3 2 3"],
  ["#d0608a", "2 2"],
  ["#7f7f7f", "8 3 2 3"],
];

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .ground { fill: #ffffff } .grid { stroke: #d0d7de } .axis { stroke: #656d76 }
  .title { font-weight: 600 } .small { font-size: 11px }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .ground { fill: #0d1117 } .grid { stroke: #30363d } .axis { stroke: #8d96a0 }
  }`;

/**
 * `panels`: `{ title, unit, sizes, lines }`, where `lines` has per cents by name of a line, one for each
 * size; `names` are the lines in the order of the legend, the first one thick.
 */
export function chart({ title, label, names, panels }) {
  const across = Math.min(ACROSS, panels.length);
  const width = across * PANEL_WIDTH;
  const height = LEGEND + Math.ceil(panels.length / across) * PANEL_HEIGHT;
  const drawn = panels.map((panel, at) => {
    const [x, y] = [(at % across) * PANEL_WIDTH, LEGEND + Math.floor(at / across) * PANEL_HEIGHT];
    return `<g transform="translate(${x} ${y})">${drawPanel(panel, names, label)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="${escaped(title)}">
<title>${escaped(title)}</title>
<style>${STYLE}
</style>
<rect class="ground" width="100%" height="100%"/>
${legend(names, width)}
${drawn.join("\n")}
</svg>
`;
}

function legend(names, width) {
  const step = (width - 20) / Math.ceil(names.length / 2);
  return names
    .map((name, at) => {
      const [x, y] = [12 + Math.floor(at / 2) * step, at % 2 ? 34 : 16];
      const line = `<line x1="${x}" y1="${y}" x2="${x + 26}" y2="${y}" ${strokeOf(at)}/>`;
      return `${line}<text x="${x + 32}" y="${y + 4}">${escaped(name)}</text>`;
    })
    .join("\n");
}

function drawPanel({ title, unit, sizes, lines }, names, label) {
  const most = Math.max(1, ...names.flatMap((name) => lines[name]));
  const step = [1, 2, 5, 10, 20, 25].find((step) => most / step <= 5) ?? 25;
  const top = Math.ceil(most / step) * step;
  const [inner, deep] = [PANEL_WIDTH - LEFT - RIGHT, PANEL_HEIGHT - TOP - BOTTOM];
  // By ratio: twice the memory is the same distance everywhere.
  const span = Math.log(sizes.at(-1) / sizes[0]);
  const x = (size) => round(LEFT + (Math.log(size / sizes[0]) / span) * inner);
  const y = (value) => round(TOP + (1 - value / top) * deep);
  const bottom = TOP + deep;
  const parts = [`<text class="title" x="${LEFT}" y="18">${escaped(title)}</text>`];
  for (let value = 0; value <= top; value += step) {
    const kind = value === 0 ? "axis" : "grid";
    const ends = `x1="${LEFT}" y1="${y(value)}" x2="${LEFT + inner}" y2="${y(value)}"`;
    parts.push(`<line class="${kind}" ${ends}/>`);
    parts.push(text(LEFT - 6, y(value) + 4, value, "end"));
  }
  for (const size of sizes) {
    parts.push(
      `<line class="axis" x1="${x(size)}" y1="${bottom}" x2="${x(size)}" y2="${bottom + 4}"/>`,
    );
    parts.push(text(x(size), bottom + 17, size, "middle"));
  }
  parts.push(text(LEFT + inner / 2, bottom + 34, unit, "middle"));
  const middle = TOP + deep / 2;
  parts.push(
    `<text class="small" text-anchor="middle" transform="translate(12 ${middle}) rotate(-90)">${escaped(label)}</text>`,
  );
  // The first one last, so that it lies above the others.
  for (const [at, name] of [...names.entries()].reverse()) {
    const points = sizes.map((size, place) => `${x(size)},${y(lines[name][place])}`).join(" ");
    parts.push(`<polyline fill="none" points="${points}" ${strokeOf(at)}/>`);
  }
  return parts.join("\n");
}

function strokeOf(at) {
  const [colour, dashes] = LINES[at % LINES.length];
  const dashed = dashes && ` stroke-dasharray="${dashes}"`;
  return `stroke="${colour}" stroke-width="${at === 0 ? 3 : 1.5}"${dashed}`;
}

function text(x, y, value, anchor) {
  return `<text class="small" text-anchor="${anchor}" x="${x}" y="${y}">${escaped(String(value))}</text>`;
}

function round(value) {
  return Math.round(value * 10) / 10;
}

function escaped(value) {
  return value.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
