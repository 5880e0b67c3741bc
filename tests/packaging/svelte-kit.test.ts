/** The packed package in SvelteKit: rendered on the server, run in Chromium, and in its service worker. */

import { join } from "node:path";
import { after, before } from "node:test";
import { createServer } from "vite";
import { browserTest } from "../browser/harness.js";
import { HERE, Project, withSite, withTab } from "./project.js";
import { storesAndReloads, storing } from "./site.js";
import { assertAllRight, inServiceWorker, writeWorker } from "./workers.js";

const PACKAGE = "fhir-schema-store";

let project: Project;
before(async () => {
  // SvelteKit wants to find itself in the folders above the project.
  project = new Project(HERE);
  project.write(
    "svelte.config.js",
    `import adapter from "@sveltejs/adapter-static";
     export default { kit: { adapter: adapter(), serviceWorker: { register: false } } };`,
  );
  project.write(
    "vite.config.js",
    `import { sveltekit } from "@sveltejs/kit/vite";
     export default { plugins: [sveltekit()] };`,
  );
  project.write(
    "src/app.html",
    "<!doctype html><html><head>%sveltekit.head%</head><body>%sveltekit.body%</body></html>",
  );
  project.write("src/routes/+layout.js", "export const prerender = true;");
  project.write(
    "src/routes/+page.svelte",
    `<script>
       import { onMount } from "svelte";
       import { openSchemaStore } from "${PACKAGE}";
       let found = $state("-");
       const tell = (text) => { found = text; };
       onMount(async () => { ${storing("tell")} });
     </script>
     <svelte:head><title>{found}</title></svelte:head>`,
  );
  await writeWorker(project, "src/service-worker.js", { entry: `${PACKAGE}/inline` });
  const vite = join(HERE, "node_modules/vite/bin/vite.js");
  project.run(process.execPath, [vite, "build"]);
});
after(() => project.remove());

browserTest("SvelteKit builds it into a page", async () => {
  await withSite(join(project.folder, "build"), (tab, origin) =>
    storesAndReloads(tab, `${origin}/`),
  );
});

browserTest("SvelteKit serves it in development", async () => {
  // SvelteKit reads its configuration from there.
  const before = process.cwd();
  process.chdir(project.folder);
  try {
    const server = await createServer({
      logLevel: "error",
      server: { host: "127.0.0.1", port: 0 },
    });
    try {
      await server.listen();
      await withTab(new URL(server.resolvedUrls?.local[0] ?? "").origin, (tab, origin) =>
        storesAndReloads(tab, `${origin}/`),
      );
    } finally {
      await server.close();
    }
  } finally {
    process.chdir(before);
  }
});

browserTest(
  "SvelteKit makes a plain script of its service worker, from the inline entry",
  async () => {
    const root = join(project.folder, "build");
    // As its pages register it.
    assertAllRight(await inServiceWorker(root, "service-worker.js", "classic"));
  },
);
