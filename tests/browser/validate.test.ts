/** Validation in a page, by this package and by @atomic-ehr/fhirschema: the same answers as in Node. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { validate as atomic } from "@atomic-ehr/fhirschema";
import { build } from "esbuild";
import {
  type FhirSchema,
  forAtomicValidator,
  schemasFor,
  validate,
  withSetMethods,
} from "../../dist/validate/index.js";
import { CORE, examples, store, US } from "../js/validate-kit.js";
import { browserTest, withPage } from "./harness.js";

/** The other validator as one module, since a page has no node_modules. */
async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: ["@atomic-ehr/fhirschema"],
    absWorkingDir: ROOT,
    bundle: true,
    format: "esm",
    write: false,
  });
  const base64 = Buffer.from(outputFiles[0]?.text ?? "").toString("base64");
  return `data:text/javascript;base64,${base64}`;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROFILE = `${US}us-core-patient`;

browserTest("a page finds in a patient what Node finds", () =>
  withPage(async (page, { origin }) => {
    const known = await schemasFor(await store(), PROFILE);
    const patient = (await examples()).get("Patient/example");
    patient.extension[0].extension.pop();
    const planted = { ...patient, birthDate: "01.02.1990" };
    const found = await page.evaluate(inPage, {
      origin,
      other: await bundled(),
      profile: PROFILE,
      schemas: [...new Set(known.schemas.values())],
      patient: planted,
    });
    const here = validate(known, planted);
    assert.deepEqual(
      found.issues,
      here.issues.map(({ rule, path }) => `${rule} ${path}`),
    );
    assert.ok(found.issues.includes("format Patient.birthDate"));
    // The page was not given what references point at.
    assert.deepEqual(found.missing, [...here.missing]);
    const { profile, types } = forAtomicValidator<never>(known);
    const { outcome } = withSetMethods(() => atomic(planted, profile, types));
    assert.deepEqual(
      found.atomic,
      outcome.issue.map((one: Outcome) => one.details?.text),
    );
    assert.ok(found.atomic.length >= 2);
    assert.ok(known.schemas.has(`${CORE}HumanName`));
  }),
);

interface Outcome {
  readonly details?: { readonly text?: string };
}

interface Given {
  readonly origin: string;
  /** URL of the other validator. */
  readonly other: string;
  readonly profile: string;
  readonly schemas: readonly FhirSchema[];
  readonly patient: { readonly resourceType: string };
}

/** In the page. */
async function inPage({ origin, other, profile, schemas, patient }: Given) {
  const { openSchemaStore }: typeof import("../../dist/index.js") = await import(
    `${origin}/dist/index.js`
  );
  const ours: typeof import("../../dist/validate/index.js") = await import(
    `${origin}/dist/validate/index.js`
  );
  const theirs: typeof import("@atomic-ehr/fhirschema") = await import(other);
  const store = await openSchemaStore({ strategy: "memory" });
  await store.putMany(schemas.map((value) => ({ value })));
  const known = await ours.schemasFor(store, profile);
  const { issues, missing } = ours.validate(known, patient);
  const form = ours.forAtomicValidator<never>(known);
  const { outcome } = ours.withSetMethods(() => theirs.validate(patient, form.profile, form.types));
  return {
    issues: issues.map(({ rule, path }) => `${rule} ${path}`),
    missing: [...missing],
    atomic: outcome.issue.map((one: Outcome) => one.details?.text),
  };
}
