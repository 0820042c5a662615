/**
 * What the program goes by, as tables: the documents and the man pages print them.
 *
 * A cell is plain text with code between backquotes.
 *
 * @module
 */
import { NeverSchema } from "../analysis/never/schema.ts";
import {
  PolicyFileSchema,
  TableSchema,
  TestSchema,
} from "../analysis/testing/schema.ts";
import { VERBS } from "../cli/cli.ts";
import { optionHead, synopses, toldOptions } from "../cli/command.ts";
import { AUDIT_FIELDS } from "../lib/audit_record.ts";
import { REASON_MEANS, REASONS } from "../lib/reason.ts";
import { EXIT_CODES, pamCode } from "../pam/exit_code.ts";
import { KIND_KEYS, KIND_ROWS, KINDS, kindsWith } from "../policy/kinds.ts";
import { keyRows } from "../policy/syntax/row.ts";
import { CONDITION_KEYS } from "../policy/syntax/condition_schema.ts";
import {
  AccountSchema,
  AssuranceSchema,
  RuleSchema,
} from "../policy/syntax/rule_schema.ts";
import { DeviceSchema, IssuerSchema } from "../policy/syntax/schema.ts";

interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Each by its name. */
export const TABLES: Readonly<Record<string, () => Promise<Table> | Table>> = {
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
      await Promise.all(VERBS.map(async ({ words, summary, load }) => {
        const { COMMAND } = await load();
        return [synopses(words, COMMAND).map(code).join("\n"), summary];
      })),
    ),
  "command options": async () =>
    table(
      ["command", "option", "does"],
      (await Promise.all(VERBS.map(async ({ words, load }) => {
        const { options } = (await load()).COMMAND;
        return toldOptions(options).map(({ name, option, text }, index) => [
          index === 0 ? code(words) : "",
          code(optionHead(name, option)),
          text,
        ]);
      }))).flat(),
    ),
};

function meaningTable(schema: Keyed): Table {
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
): Table {
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

function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): Table {
  return { head, rows };
}
