/** The packed package in Next, with both of its bundlers: rendered on the server, run in Chromium. */

import { join } from "node:path";
import { after, before } from "node:test";
import { browserTest } from "../browser/harness.js";
import { HERE, Project, withSite } from "./project.js";
import { storesAndReloads, storing } from "./site.js";

let project: Project;
before(() => {
  // Next wants to find itself in the folders above the project.
  project = new Project(HERE);
  const root = JSON.stringify(HERE);
  project.write(
    "next.config.mjs",
    `export default { output: "export", turbopack: { root: ${root} } };`,
  );
  project.write(
    "app/layout.jsx",
    "export default ({ children }) => <html><body>{children}</body></html>;",
  );
  project.write(
    "app/page.jsx",
    `"use client";
     import { useEffect, useState } from "react";
     import { openSchemaStore } from "fhir-schema-store";
     export default function Page() {
       const [found, tell] = useState("-");
       useEffect(() => {
         (async () => { ${storing("tell")} })();
       }, []);
       return <title>{found}</title>;
     }`,
  );
});
after(() => project.remove());

for (const bundler of ["turbopack", "webpack"]) {
  browserTest(`Next builds it with ${bundler}`, async () => {
    const next = join(HERE, "node_modules/next/dist/bin/next");
    project.run(process.execPath, [next, "build", `--${bundler}`]);
    await withSite(join(project.folder, "out"), (tab, origin) =>
      storesAndReloads(tab, `${origin}/`),
    );
  });
}
