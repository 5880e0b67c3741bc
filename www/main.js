/** The page: opens the store, takes files in, shows what is stored. */

import { openPackage, savePackage } from "../dist/convert/index.js";
import { openSchemaStore } from "../dist/index.js";
import * as view from "./view.js";

/** How long changes are gathered before the list is made anew, in milliseconds. */
const GATHER_MS = 150;

let store;
let entries = [];

await reporting(open)();

async function open() {
  const started = performance.now();
  store = await openSchemaStore();
  await refresh();
  const milliseconds = Math.round(performance.now() - started);
  view.showStatus(`Opened; ${view.counted(entries.length)} listed after ${milliseconds} ms.`);

  // Whoever changes the store: this page or another tab.
  let gathering;
  store.on("change", () => {
    clearTimeout(gathering);
    gathering = setTimeout(reporting(refresh), GATHER_MS);
  });
  view.filter.addEventListener("input", showList);
  view.indent.addEventListener("change", reporting(showChosen));
  view.files.addEventListener("change", reporting(save));
  view.clear.addEventListener("click", reporting(clear));
  addEventListener("hashchange", reporting(showChosen));
  view.files.disabled = false;
  await showChosen();
}

/** The same work, with its failure shown to the reader. */
function reporting(work) {
  return () => work().catch((error) => view.showProblems([view.describe(error)]));
}

async function refresh() {
  entries = await store.list();
  showList();
}

function showList() {
  const words = view.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entries.filter(({ canonical, name = "", type = "", source = "" }) => {
    const text = `${canonical} ${name} ${type} ${source}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  view.showEntries(found, entries.length, chosen());
}

/** The chosen entry stands in the address, so that it survives a reload and "back" works. */
function chosen() {
  return new URLSearchParams(location.hash.slice(1)).get("entry") ?? "";
}

async function showChosen() {
  const canonical = chosen();
  view.markChosen(canonical);
  view.hideEntry();
  if (canonical === "") return;
  const text = await store.getText(canonical);
  const metadata = await store.metadata(canonical);
  const known = text !== undefined && metadata !== undefined;
  if (known && canonical === chosen()) view.showEntry(metadata, text);
}

async function save() {
  const files = [...view.files.files];
  const problems = [];
  view.showProblems(problems);
  view.files.disabled = true;
  try {
    for (const file of files) {
      view.showStatus(`Converting ${file.name}.`);
      problems.push(...(await saveFile(file)));
      view.showProblems(problems);
    }
  } finally {
    view.showProgress();
    view.files.value = "";
    view.files.disabled = false;
  }
}

/** Answers what went wrong, a line each. */
async function saveFile(file) {
  const started = performance.now();
  try {
    const source = await openPackage(file, { fileName: file.name });
    const report = await savePackage(store, source, { onProgress: view.showProgress });
    const { converted, unchanged, failed } = report;
    const milliseconds = Math.round(performance.now() - started);
    view.showStatus(
      `${report.package ?? file.name}: ${converted} converted, ${unchanged} unchanged, ` +
        `${failed.length} failed in ${milliseconds} ms.`,
    );
    return failed.map((one) => `${one.file}: ${view.describe(one.error)}`);
  } catch (error) {
    view.showStatus(`${file.name} was not saved.`);
    return [view.describe(error)];
  }
}

async function clear() {
  if (!confirm(`Delete ${view.counted(entries.length)} from this browser?`)) return;
  const deleted = await store.clear();
  view.showStatus(`${view.counted(deleted)} deleted.`);
  view.hideEntry();
}
