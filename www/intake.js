/** Taking files in, and giving all of it out. */

import { openPackage, savePackage } from "./dist/convert/index.js";
import { counted, describe, make, readableBytes, readableTime } from "./dom.js";
import { showProblems, showStatus, showWarnings, working } from "./work.js";

/** Reads, converts and stores files one after the other; a stop ends all of it. */
export async function takeFiles(session, files) {
  const [problems, warnings] = [[], []];
  showProblems(problems);
  showWarnings(warnings);
  for (const file of files) {
    const finished = await takeFile(session, file, problems, warnings);
    showProblems(problems);
    showWarnings(warnings);
    if (!finished) return;
  }
}

async function takeFile(session, file, problems, warnings) {
  const started = performance.now();
  let converted = 0;
  try {
    if (file.name.endsWith(".fss")) {
      await takeArchive(session, file, file.name);
      return true;
    }
    const report = await working(`Converting ${file.name}`, async (signal, progress) => {
      const source = await openPackage(file, { fileName: file.name });
      signal.throwIfAborted();
      return savePackage(session.store, source, {
        signal,
        onProgress(now) {
          converted += 1;
          progress(now);
        },
      });
    });
    if (report === undefined) {
      await session.store.flush();
      showStatus(`Stopped. ${counted(converted)} of ${file.name} were converted and stay.`);
      return false;
    }
    problems.push(...report.failed.map(({ file: part, error }) => `${part}: ${describe(error)}`));
    warnings.push(...report.warnings);
    const nothing = report.foundInstead?.sentence;
    showStatus(nothing ?? summary(report, file.name, performance.now() - started));
    return true;
  } catch (error) {
    showStatus(`${file.name} was not saved.`);
    problems.push(`${file.name}: ${describe(error)}`);
    return true;
  }
}

/**
 * Brings an archive in, all of it or nothing. What is stored already but different stays, unless
 * the reader wants it replaced.
 */
export async function takeArchive(session, archive, name) {
  const started = performance.now();
  const bring = (conflicts) =>
    working(`Importing ${name}`, () => session.import(archive, { conflicts }));
  let report = await bring("keep");
  const { conflicting } = report;
  const question = `${counted(conflicting)} of ${name} are stored with another content. Replace them?`;
  if (conflicting > 0 && confirm(question)) {
    const { replaced } = await bring("replace");
    report = { ...report, replaced, conflicting: conflicting - replaced };
  }
  const { added, skipped, replaced } = report;
  const counts = [
    `${added} added`,
    skipped > 0 ? `${skipped} there already` : "",
    replaced > 0 ? `${replaced} replaced` : "",
    report.conflicting > 0 ? `${report.conflicting} different and left` : "",
  ];
  const took = readableTime(performance.now() - started);
  showStatus(`${name}: ${counts.filter(Boolean).join(", ")} in ${took}.`);
}

/** An archive that came with the page. */
export async function takeSample(session, name) {
  const response = await fetch(`samples/${name}`);
  if (!response.ok) throw new Error(`samples/${name}: status ${response.status}`);
  await takeArchive(session, await response.blob(), name);
}

/** Gives everything out as one archive, to be saved as a file. */
export async function giveArchive(session) {
  const blob = await working("Exporting", () => new Response(session.store.export()).blob());
  const address = URL.createObjectURL(blob);
  const link = make("a", { href: address, download: "schemas.fss" });
  link.click();
  // The browser has its own reference once the download has begun.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  showStatus(`Exported as schemas.fss, ${readableBytes(blob.size)}.`);
}

function summary(report, fileName, milliseconds) {
  const { converted, removed, unchanged, failed, missingDependencies } = report;
  const counts = [
    `${converted} converted`,
    removed.length > 0 ? `${removed.length} removed` : "",
    unchanged.length > 0 ? `${unchanged.length} unchanged` : "",
    failed.length > 0 ? `${failed.length} failed` : "",
  ];
  const missing =
    missingDependencies.length > 0 ? ` It builds on ${missingDependencies.join(", ")}.` : "";
  const what = report.package ?? fileName;
  return `${what}: ${counts.filter(Boolean).join(", ")} in ${readableTime(milliseconds)}.${missing}`;
}
