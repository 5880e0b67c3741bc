/** Taking files in. */

import { openPackage, savePackage } from "./dist/convert/index.js";
import { counted, describe, readableTime } from "./dom.js";
import { showProblems, showStatus, working } from "./work.js";

/** Reads, converts and stores files one after the other; a stop ends all of it. */
export async function takeFiles(session, files) {
  const problems = [];
  showProblems(problems);
  for (const file of files) {
    const finished = await takeFile(session, file, problems);
    showProblems(problems);
    if (!finished) return;
  }
}

async function takeFile(session, file, problems) {
  const started = performance.now();
  let converted = 0;
  try {
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
    showStatus(summary(report, file.name, performance.now() - started));
    return true;
  } catch (error) {
    showStatus(`${file.name} was not saved.`);
    problems.push(`${file.name}: ${describe(error)}`);
    return true;
  }
}

function summary(report, fileName, milliseconds) {
  const { converted, unchanged, failed, missingDependencies } = report;
  const counts = [
    `${converted} converted`,
    unchanged > 0 ? `${unchanged} unchanged` : "",
    failed.length > 0 ? `${failed.length} failed` : "",
  ];
  const missing =
    missingDependencies.length > 0 ? ` It builds on ${missingDependencies.join(", ")}.` : "";
  const what = report.package ?? fileName;
  return `${what}: ${counts.filter(Boolean).join(", ")} in ${readableTime(milliseconds)}.${missing}`;
}
