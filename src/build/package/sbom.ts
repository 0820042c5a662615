/**
 * What a package is made of, as a CycloneDX 1.6 document: Deno, its denort and the packages in the bundle,
 * each with the checksum by which it was taken.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { NpmPackage } from "./npm.ts";

/** A program that is packed as it was found. */
export interface Binary {
  readonly name: "deno" | "denort";
  readonly version: string;
  /** In hex. */
  readonly sha256: string;
}

/** The document, the same for the same input. */
export function sbom(
  { version, date, binaries, bundled }: {
    readonly version: string;
    readonly date: Date;
    readonly binaries: readonly Binary[];
    readonly bundled: readonly NpmPackage[];
  },
): string {
  const own = `pkg:generic/oauth-pam@${version}`;
  const document = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: date.toISOString(),
      component: {
        "type": "application",
        "bom-ref": own,
        name: "oauth-pam",
        version,
        licenses: [{ license: { id: "MIT" } }],
        purl: own,
      },
    },
    components: [
      ...binaries.map(({ name, version, sha256 }) => ({
        "type": "platform",
        "bom-ref": `pkg:generic/${name}@${version}`,
        name,
        version,
        hashes: [{ alg: "SHA-256", content: sha256 }],
        licenses: [{ license: { id: "MIT" } }],
        purl: `pkg:generic/${name}@${version}`,
      })),
      ...bundled.map((one) => ({
        "type": "library",
        "bom-ref": purl(one),
        ...scoped(one.name),
        version: one.version,
        hashes: [{ alg: "SHA-512", content: one.sha512 }],
        licenses: [{ license: { id: one.license } }],
        purl: purl(one),
      })),
    ],
    dependencies: [
      {
        ref: own,
        dependsOn: [
          ...binaries.map(({ name, version }) =>
            `pkg:generic/${name}@${version}`
          ),
          ...bundled.map(purl),
        ],
      },
      ...bundled.map((one) => ({
        ref: purl(one),
        dependsOn: bundled.filter(({ name, version }) =>
          one.dependencies.includes(`${name}@${version}`)
        ).map(purl),
      })),
    ],
  };
  const { bomFormat, specVersion, ...rest } = document;
  const named = { bomFormat, specVersion, serialNumber: serial(rest), ...rest };
  return `${JSON.stringify(named, null, 2)}\n`;
}

/** A package URL: the "@" of a scope is written in percent. */
function purl({ name, version }: NpmPackage): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

function scoped(name: string): { group?: string; name: string } {
  const [group, short] = name.split("/");
  return short === undefined ? { name } : { group: group ?? "", name: short };
}

/** A UUID of version 8 (RFC 9562), which stands for the content. */
function serial(content: unknown): string {
  const hex = createHash("sha256").update(JSON.stringify(content)).digest(
    "hex",
  );
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${
    hex.slice(13, 16)
  }-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
