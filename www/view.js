/** What the page shows. Text from outside goes into the document as `textContent` only. */

const byId = (id) => document.getElementById(id);

export const files = byId("files");
export const filter = byId("filter");
export const indent = byId("indent");
export const clear = byId("clear");

/** The line that says what happened last; read out by screen readers. */
export function showStatus(text) {
  byId("status").textContent = text;
}

/** What went wrong, a line each. */
export function showProblems(lines) {
  byId("problems").replaceChildren(...lines.map((line) => element("li", line)));
}

/** One line for an error. */
export function describe(error) {
  return error.code === undefined ? String(error) : `${error.code}: ${error.message}`;
}

/** How far a file has come; hidden where none is under way. */
export function showProgress(progress) {
  const { done = 0, total = 0 } = progress ?? {};
  Object.assign(byId("progress"), { hidden: progress === undefined, max: total, value: done });
}

/** The list: the entries found, of `total` stored. */
export function showEntries(found, total, chosen) {
  byId("count").textContent =
    found.length === total ? counted(total) : `${found.length} of ${counted(total)}`;
  clear.disabled = total === 0;
  byId("entries").replaceChildren(...found.map(listItem));
  markChosen(chosen);
}

/** Marks the list's link to the chosen entry. */
export function markChosen(canonical) {
  for (const link of byId("entries").querySelectorAll("a")) {
    if (link.dataset.canonical === canonical) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

/** One entry with its text. */
export function showEntry({ canonical, name, type, source, size, dependencies }, text) {
  byId("title").textContent = canonical;
  const facts = [name, type, source, readableBytes(size), `${dependencies.length} dependencies`];
  byId("facts").textContent = facts.filter(Boolean).join(", ");
  byId("text").textContent = indent.checked ? JSON.stringify(JSON.parse(text), null, 2) : text;
  byId("entry").hidden = false;
}

/** No entry is chosen. */
export function hideEntry() {
  byId("entry").hidden = true;
  byId("text").textContent = "";
}

/** A number of entries in words. */
export function counted(number) {
  return number === 1 ? "1 entry" : `${number} entries`;
}

function listItem({ canonical, name, type, source, size }) {
  const link = element("a", canonical);
  link.href = `#${new URLSearchParams({ entry: canonical })}`;
  link.dataset.canonical = canonical;
  const facts = element(
    "span",
    [name, type, source, readableBytes(size)].filter(Boolean).join(", "),
  );
  facts.className = "quiet";
  link.append(facts);
  const item = element("li", "");
  item.append(link);
  return item;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function readableBytes(bytes) {
  return bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(1)} KB`;
}
