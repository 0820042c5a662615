/**
 * The tables of the documents, made of what the program itself goes by.
 *
 * A document has each of them between `<!-- generated: NAME -->` and `<!-- end -->`.
 *
 * @module
 */
import { NeverSchema } from "../../src/analysis/never/schema.ts";
import {
  PolicyFileSchema,
  TableSchema,
  TestSchema,
} from "../../src/analysis/testing/schema.ts";
import { VERBS } from "../../src/cli/cli.ts";
import { AUDIT_FIELDS } from "../../src/lib/audit_record.ts";
import { REASON_MEANS, REASONS } from "../../src/lib/reason.ts";
import { EXIT_CODES, pamCode } from "../../src/pam/exit_code.ts";
import {
  KIND_KEYS,
  KIND_ROWS,
  KINDS,
  kindsWith,
} from "../../src/policy/kinds.ts";
import { keyRows } from "../../src/policy/syntax/row.ts";
import { CONDITION_KEYS } from "../../src/policy/syntax/condition_schema.ts";
import {
  AccountSchema,
  AssuranceSchema,
  RuleSchema,
} from "../../src/policy/syntax/rule_schema.ts";
import { DeviceSchema, IssuerSchema } from "../../src/policy/syntax/schema.ts";

/** The documents with tables, from the top of the checkout. */
export const DOCUMENTS = [
  "README.md",
  "policies/README.md",
  "pam.d.example/README.md",
] as const;

type Table = () => Promise<string> | string;

const TABLES: Readonly<Record<string, Table>> = {
  "policy keys": () =>
    keyTable(PolicyFileSchema, {
      without: ["version", "defaults", "tests", "tables"],
    }),
  "never keys": () => keyTable(NeverSchema.value, {}),
  "issuer keys": () => keyTable(IssuerSchema, { kinds: true }),
  "device keys": () => keyTable(DeviceSchema, {}),
  "rule keys": () => keyTable(RuleSchema, {}),
  "assurance keys": () => keyTable(AssuranceSchema, {}),
  conditions: () =>
    table(
      ["condition", "holds when"],
      keyRows({ entries: CONDITION_KEYS }).map(({ key, says }) => [
        code(key),
        says,
      ]),
    ),
  "account entries": () =>
    table(
      ["entry", "with", "yields"],
      AccountSchema.options.map((option) => {
        const [first, ...others] = keyRows(option);
        return [
          code(first?.key ?? ""),
          others.map(({ key }) => code(key)).join(", "),
          first?.says ?? "",
        ];
      }),
    ),
  "test keys": () => meaningTable(TestSchema),
  "table keys": () => meaningTable(TableSchema),
  kinds: () =>
    table(
      ["kind", "its tokens are", "algorithms", "groups", "must have"],
      KINDS.map((kind) => {
        const row = KIND_ROWS[kind];
        return [
          code(kind),
          row.opaque ? "asked about at the issuer" : "verified here",
          row.opaque ? "" : code(row.algorithms.join(", ")),
          code(row.groups),
          row.needs.map(code).join(", "),
        ];
      }),
    ),
  reasons: () =>
    table(
      ["reason", "means", "exit code"],
      REASONS.map((reason) => [
        code(reason),
        REASON_MEANS[reason],
        String(
          EXIT_CODES[reason === "allowed" ? "success" : pamCode(reason)],
        ),
      ]),
    ),
  "audit fields": () =>
    table(
      ["member", "type", "where there is none", "meaning"],
      Object.entries(AUDIT_FIELDS).map(([name, row]) => [
        code(name),
        row.type,
        row.absent === "null"
          ? row.fileOnly
            ? code("null")
            : `${code("null")}, left out in the line`
          : row.absent === "left out"
          ? "left out"
          : "",
        row.fileOnly ? `file only: ${row.says}` : row.says,
      ]),
    ),
  commands: async () =>
    table(
      ["command", "does"],
      await Promise.all(VERBS.map(async ({ summary, load }) => {
        const [usage = ""] = (await load()).HELP.trim().split("\n");
        return [code(usage.replace("usage: oauth-pam ", "")), summary];
      })),
    ),
};

/** A table as Markdown; `deno fmt` aligns its columns. Throws for a name that there is not. */
export async function generatedTable(name: string): Promise<string> {
  const make = Object.hasOwn(TABLES, name) ? TABLES[name] : undefined;
  if (make === undefined) {
    throw new Error(`no table "${name}", expected one of ${TABLE_NAMES}`);
  }
  return await make();
}

export const TABLE_NAMES: readonly string[] = Object.keys(TABLES);

/** What stands between the marks of each table. */
export const MARKED = /(<!-- generated: (.+?) -->\n)(.*?)(<!-- end -->)/gs;

function meaningTable(schema: Keyed): string {
  return table(
    ["key", "meaning"],
    keyRows(schema).map(({ key, says, needed }) => [
      code(key),
      needed ? `required; ${says}` : says,
    ]),
  );
}

type Keyed = Parameters<typeof keyRows>[0];

function keyTable(
  schema: Keyed,
  { without = [], kinds = false }: { without?: string[]; kinds?: boolean },
): string {
  const rows = flat(schema).filter(({ key }) => !without.includes(key));
  const head = ["key", "default", "meaning"];
  return table(
    kinds ? [...head, "kinds"] : head,
    rows.map((row) => {
      const cells = [code(row.key), fallback(row), row.says];
      // what stands inside a mapping is there where the mapping is
      const [outer] = row.key.split(".");
      const only = KIND_KEYS.find((key) => key === outer);
      return kinds
        ? [...cells, only === undefined ? "all" : kindsWith(only).join(", ")]
        : cells;
    }),
  );
}

/** Mappings inside a mapping with their keys in one table; those that have a table are left out. */
function flat(schema: Keyed): ReturnType<typeof keyRows> {
  return keyRows(schema).flatMap((row) => {
    const inner = innerMapping(schema.entries[row.key]);
    if (inner === null) return [row];
    if (inner === DeviceSchema.entries || inner === AssuranceSchema.entries) {
      return [{ ...row, usually: null }];
    }
    return keyRows({ entries: inner }).map((each) => ({
      ...each,
      key: `${row.key}.${each.key}`,
      // nobody must write what only another key needs
      ...(each.needed ? { needed: row.needed, usually: null } : {}),
    }));
  });
}

/** The keys of the mapping that a row is about, or `null`. */
function innerMapping(schema: unknown): Keyed["entries"] | null {
  const { wrapped, entries } = schema as {
    wrapped?: unknown;
    entries?: Keyed["entries"];
  };
  return wrapped === undefined ? entries ?? null : innerMapping(wrapped);
}

/** Empty where the key says itself what holds without it. */
function fallback(
  { needed, fallback, usually }: ReturnType<typeof keyRows>[number],
): string {
  const value = usually === undefined ? fallback : usually;
  if (needed) return "required";
  if (value === undefined) return "";
  if (value === null) return "none";
  return code(Array.isArray(value) ? `[${value.join(", ")}]` : text(value));
}

function text(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly string[][]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [head, head.map(() => "---"), ...rows].map(line).join("\n");
}
