/**
 * What the last `apply` wrote: read by the next one, and by `check`, beside the program itself.
 *
 * @module
 */
import { sha256Hex } from "../../files/state_directory.ts";
import { decodeUtf8, readTrustedFile } from "../../files/trusted_file.ts";
import { STATE } from "../../lib/installed.ts";
import { isObject } from "../../lib/json.ts";
import { MAY } from "../permission.ts";

/** The record about the program. */
export const RECORD = `${STATE}/applied.json`;

const SCHEMA = "oauth-pam/applied@1";
const MAX_RECORD_BYTES = 1024 * 1024;
/** An executable has some 100 MB. */
const MAX_PROGRAM_BYTES = 1024 * 1024 * 1024;

/** How the program was made. */
export const FORMS = ["compiled", "runtime"] as const;
export type Form = (typeof FORMS)[number];

/** What is known of the program. */
export interface Applied {
  /** The version of oauth-pam, and of the Deno that it runs on. */
  readonly version: string;
  readonly deno: string;
  readonly form: Form;
  /** Absolute, as the host knows it. */
  readonly policy: string;
  readonly policySha256: string;
  /** Of the program that launchers start. */
  readonly programSha256: string;
  /** Deno's flags. */
  readonly flags: readonly string[];
}

export function recordText(applied: Applied): string {
  const { version, deno, form, policy, policySha256, programSha256, flags } =
    applied;
  return `${
    JSON.stringify(
      {
        schema: SCHEMA,
        version,
        deno,
        form,
        policy,
        policy_sha256: policySha256,
        program_sha256: programSha256,
        flags,
      },
      null,
      2,
    )
  }\n`;
}

/** What is written there; `null` where that is not a record that only root can have written. */
export async function readRecord(path: string): Promise<Applied | null> {
  let record: unknown;
  try {
    record = JSON.parse(
      decodeUtf8(await readTrustedFile(path, { maxBytes: MAX_RECORD_BYTES })),
    );
  } catch {
    return null;
  }
  if (!isObject(record) || record.schema !== SCHEMA) return null;
  const text = (name: string) =>
    typeof record[name] === "string" ? record[name] : null;
  const form = FORMS.find((each) => each === record.form);
  const flags = record.flags;
  const [version, deno, policy, policySha256, programSha256] = [
    ...["version", "deno", "policy", "policy_sha256", "program_sha256"],
  ].map(text);
  if (
    form === undefined || !version || !deno || !policy || !policySha256 ||
    !programSha256 || !Array.isArray(flags) ||
    !flags.every((flag) => typeof flag === "string")
  ) return null;
  return {
    version,
    deno,
    form,
    policy,
    policySha256,
    programSha256,
    flags: flags as string[],
  };
}

/** The hash of a program as records have it; `null` where only root cannot have written it. */
export async function programHash(path: string): Promise<string | null> {
  try {
    const bytes = await readTrustedFile(path, { maxBytes: MAX_PROGRAM_BYTES });
    return await sha256Hex(new Uint8Array(bytes));
  } catch {
    return null;
  }
}

/** Permissions that are the same for each policy, or nearly: one line for all that is listed. */
const IN_ONE_LINE: Readonly<Record<string, string>> = {
  env: "read the variables",
  sys: "ask the system for",
};

/** What Deno's flags let a program do, a line each: `connect to login.example.edu:443`. */
export function permissionLines(flags: readonly string[]): string[] {
  return flags.flatMap((flag) => {
    const [, kind = "", list = "anything"] =
      /^--allow-([a-z]+)(?:=(.*))?$/.exec(flag) ?? [];
    if (kind === "") return [];
    const together = IN_ONE_LINE[kind];
    const entries = list.split(",");
    return together === undefined
      ? entries.map((entry) => `${MAY[kind] ?? `use ${kind}:`} ${entry}`)
      : [`${together} ${entries.join(", ")}`];
  });
}
