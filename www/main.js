/** The page: opens the store, shows what is stored, takes files in. */

import { Catalog, catalogOf } from "./catalog.js";
import { EMPTY_URL, INCOMPLETE_URL } from "./dist/convert/index.js";
import { byId, counted, foreign, make, readableBytes, readableTime } from "./dom.js";
import { giveArchive, takeFiles, takeSample } from "./intake.js";
import { List } from "./list.js";
import { Panel } from "./panel.js";
import { SchemaView } from "./schema.js";
import { Session } from "./session.js";
import { isWorking, reporting, showProblems, showStatus, working } from "./work.js";

const session = new Session();
const list = new List();
const view = new SchemaView(session);
let panel;
let catalog = new Catalog();
let shown = "";
const samples = document.querySelectorAll("[data-sample]");

await reporting(start)();

async function start() {
  const started = performance.now();
  await session.open();
  showCatalog();
  await refresh();
  const took = readableTime(performance.now() - started);
  const size = counted(catalog.entries.length);
  showStatus(`${size} ready in ${took}, ${readableTime(performance.now())} after navigation.`);

  panel = new Panel(session, {
    rebudget: (budget) => locked(() => rebudget(budget)),
    warm: () => locked(warm),
  });
  panel.show(catalog);
  session.addEventListener("change", reporting(onChange));
  addEventListener("hashchange", reporting(showChosen));
  byId("skip").addEventListener("click", skip);
  byId("add").addEventListener("click", () => byId("files").click());
  byId("pick").addEventListener("click", () => byId("files").click());
  byId("files").addEventListener("change", ({ target }) => take([...target.files]));
  byId("clear").addEventListener("click", reporting(clear));
  byId("export").addEventListener("click", () => locked(() => giveArchive(session)));
  for (const button of samples) {
    const { sample } = button.dataset;
    button.addEventListener("click", () => locked(() => takeSample(session, sample)));
  }
  acceptDrops();
  lock(false);
  await showChosen();
}

/** Brings what is shown of the catalog up to date; answers whether anything has changed. */
async function refresh() {
  const now = await session.read((store) => catalogOf(store, [EMPTY_URL, INCOMPLETE_URL]));
  if (now.equals(catalog)) return false;
  catalog = now;
  for (const canonical of session.resident) {
    if (catalog.resolve(canonical) === undefined) session.resident.delete(canonical);
  }
  showCatalog();
  return true;
}

function showCatalog() {
  list.show(catalog);
  panel?.show(catalog);
  showHome();
  for (const id of ["clear", "export"]) {
    byId(id).disabled = catalog.entries.length === 0 || isWorking();
  }
}

async function onChange() {
  if (!(await refresh())) return;
  // While a package is coming in, what one reads stays as it is.
  if (!isWorking()) await showChosen({ again: true });
}

function showHome() {
  const { length } = catalog.entries;
  byId("home-text").textContent =
    length === 0
      ? "Nothing yet. Schemas that you add stay here, over reloads and without a network."
      : "Choose a schema from the list, or add more.";
  const items = catalog.packages().map(({ source, count, bytes }) => {
    const name = foreign(source || "put directly");
    const button = make(
      "button",
      { type: "button", class: "plain", click: () => list.pick(source) },
      name,
    );
    const size = `${counted(count)}, ${readableBytes(bytes)}`;
    return make("li", {}, button, make("span", { class: "quiet number" }, size));
  });
  byId("packages").replaceChildren(...items);
}

/** What the address asks for: an entry, and which view of it. */
function asked() {
  const words = new URLSearchParams(location.hash.slice(1));
  return { canonical: words.get("entry") ?? "", tab: words.get("tab") ?? "elements" };
}

async function showChosen({ again = false } = {}) {
  const { canonical, tab } = asked();
  list.mark(canonical);
  document.body.dataset.view = canonical === "" ? "home" : "entry";
  byId("home").hidden = canonical !== "";
  if (canonical === "") {
    shown = "";
    document.title = "FHIR schemas";
    return view.hide();
  }
  if (canonical === shown && !again) return view.turn(tab);
  const started = performance.now();
  const entry = await session.entry(canonical);
  if (asked().canonical !== canonical) return;
  const moved = shown !== canonical;
  shown = canonical;
  if (entry === undefined) return view.showMissing(canonical);
  view.show(entry, performance.now() - started, catalog, tab);
  document.title = `${foreign(entry.metadata.name ?? canonical).textContent} - FHIR schemas`;
  if (moved) {
    // The one scrolls on a desk, the other on a phone.
    byId("main").scrollTop = 0;
    scrollTo(0, 0);
  }
  await panel.tick();
}

async function take(files) {
  if (files.length === 0) return;
  if (isWorking()) return showProblems(["Nothing is taken in while other work is under way."]);
  await locked(() => takeFiles(session, files));
  byId("files").value = "";
}

/** Runs what changes the store, and nothing beside it; then everything is shown anew. */
const locked = reporting(async (work) => {
  lock(true);
  try {
    await work();
  } finally {
    lock(false);
  }
  await onChange();
});

async function clear() {
  if (!confirm(`Delete ${counted(catalog.entries.length)} from this browser?`)) return;
  const deleted = await session.store.clear();
  showStatus(`${counted(deleted)} deleted.`);
  location.hash = "";
}

async function rebudget(budget) {
  const started = performance.now();
  await session.rebudget(budget);
  const { evictions } = await session.store.stats();
  const out = counted(evictions.size + evictions.entries, "eviction");
  const took = readableTime(performance.now() - started);
  showStatus(`Reopened with the new budget in ${took}: ${out}.`);
  await panel.tick();
}

async function warm() {
  const started = performance.now();
  const canonicals = catalog.entries.map(({ metadata }) => metadata.canonical);
  await working("Reading all schemas", (signal) => session.warm(canonicals, signal));
  showStatus(`${counted(canonicals.length)} read in ${readableTime(performance.now() - started)}.`);
  await panel.tick();
}

/** The address says which schema is shown: the skip link must not change it. */
function skip(event) {
  event.preventDefault();
  byId("main").focus();
}

/** What may not be used while something is under way. */
function lock(on) {
  for (const button of [byId("add"), byId("pick"), ...samples]) button.disabled = on;
  const empty = catalog.entries.length === 0;
  for (const id of ["clear", "export"]) byId(id).disabled = on || empty;
  panel.lock(on);
}

/** Files may be dropped anywhere on the page. */
function acceptDrops() {
  const over = (event, is) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    document.body.classList.toggle("dropping", is);
  };
  addEventListener("dragover", (event) => over(event, true));
  addEventListener("dragleave", (event) => over(event, false));
  addEventListener("drop", (event) => {
    over(event, false);
    take([...(event.dataTransfer?.files ?? [])]);
  });
}
