/**
 * Reading what an opkssh server is configured by: `providers`, `auth_id` and `config.yml`.
 *
 * @module
 */
import { isObject } from "../../../lib/json.ts";
import { listOf } from "../../../lib/text.ts";
import { readYaml, toPlain, YamlError } from "../../../policy/syntax/yaml.ts";

/** Which of the files; a remark names it by this. */
type OpksshFile = "providers" | "auth_id" | "config";

/** A remark about a line; an "error" means that no policy can be made. */
export interface FileRemark {
  readonly file: OpksshFile;
  readonly line: number;
  readonly level: "error" | "warning" | "info";
  readonly message: string;
}

/** How long a certificate serves, as a policy says it. */
export interface Lifetime {
  /** `8h`, or `token`. */
  readonly lifetime: string;
  readonly refreshed: boolean;
}

export interface ProviderRow {
  readonly line: number;
  readonly issuer: string;
  readonly clientId: string;
  readonly expires: string;
  readonly lifetime: Lifetime;
}

export interface AuthRow {
  readonly line: number;
  readonly account: string;
  readonly identity: string;
  readonly issuer: string;
}

export interface DenyLists {
  readonly emails: readonly string[];
  readonly users: readonly string[];
}

const token = (refreshed: boolean): Lifetime => ({
  lifetime: "token",
  refreshed,
});
const fixed = (lifetime: string): Lifetime => ({ lifetime, refreshed: false });

const EXPIRATION: Readonly<Record<string, Lifetime>> = {
  "12h": fixed("12h"),
  "24h": fixed("24h"),
  "48h": fixed("48h"),
  "1week": fixed("7d"),
  "oidc": token(false),
  // the documents write it in one way, and the program takes the other
  "oidc-refreshed": token(true),
  "oidc_refreshed": token(true),
  "never": fixed("7d"),
};

/** Lines `ISSUER CLIENT_ID EXPIRATION`. Never throws. */
export function readProviders(
  text: string,
): { rows: ProviderRow[]; remarks: FileRemark[] } {
  const remarks: FileRemark[] = [];
  const rows: ProviderRow[] = [];
  for (const { line, words } of rowsOf(text)) {
    const error = (message: string) =>
      remarks.push({ file: "providers", line, level: "error", message });
    const [issuer = "", clientId = "", expires = ""] = words;
    if (words.length !== 3) {
      error(`expected "ISSUER CLIENT_ID EXPIRATION", found ${count(words)}`);
    } else if (!/^https:\/\/[^/\s?#@\\]+(?:\/[^\s?#@\\]*)?$/.test(issuer)) {
      error(`the issuer ${JSON.stringify(issuer)} is not an https URL`);
    } else if (!Object.hasOwn(EXPIRATION, expires)) {
      error(
        `the expiration is ${JSON.stringify(expires)}, expected one of ${
          listOf(Object.keys(EXPIRATION), 10)
        }`,
      );
    } else {
      const lifetime = EXPIRATION[expires] ?? token(false);
      rows.push({ line, issuer, clientId, expires, lifetime });
    }
  }
  if (rows.length === 0 && remarks.length === 0) {
    remarks.push({
      file: "providers",
      line: 1,
      level: "error",
      message: "there is no provider, so that nobody gets in",
    });
  }
  return { rows, remarks };
}

/** Lines `ACCOUNT IDENTITY ISSUER`. Never throws. */
export function readAuthIds(
  text: string,
): { rows: AuthRow[]; remarks: FileRemark[] } {
  const remarks: FileRemark[] = [];
  const rows: AuthRow[] = [];
  for (const { line, words } of rowsOf(text)) {
    const [account = "", identity = "", issuer = ""] = words;
    if (words.length === 3) rows.push({ line, account, identity, issuer });
    else {
      remarks.push({
        file: "auth_id",
        line,
        level: "warning",
        message: `expected "ACCOUNT IDENTITY ISSUER", found ${
          count(words)
        }: the line admits nobody`,
      });
    }
  }
  return { rows, remarks };
}

/** `deny_emails` and `deny_users` of `config.yml`; other keys are named. Never throws. */
export function readConfig(
  text: string,
): { deny: DenyLists; remarks: FileRemark[] } {
  const remarks: FileRemark[] = [];
  const say = (level: FileRemark["level"], message: string, line = 1) =>
    remarks.push({ file: "config", line, level, message });
  const nobody = { emails: [], users: [] };
  let document: unknown;
  try {
    const yaml = readYaml(text);
    document = toPlain(yaml.root);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    if (/^(?:\s|#[^\n]*)*$/.test(text)) return { deny: nobody, remarks };
    say("error", `the file is not plain YAML: ${error.message}`);
    return { deny: nobody, remarks };
  }
  if (document === null) return { deny: nobody, remarks };
  if (!isObject(document)) {
    say("error", "the file is not a mapping");
    return { deny: nobody, remarks };
  }
  const lists: Record<string, string[]> = {};
  for (const [key, value] of Object.entries(document)) {
    if (key !== "deny_emails" && key !== "deny_users") {
      say(
        "warning",
        `${JSON.stringify(key)} is not carried over`,
        lineOf(text, key),
      );
    } else if (
      Array.isArray(value) &&
      value.every((each) => typeof each === "string" && each !== "")
    ) lists[key] = value;
    else if (value !== null) {
      // who is not kept out would get in
      say("error", `"${key}" is not a list of names`, lineOf(text, key));
    }
  }
  return {
    deny: {
      emails: lists["deny_emails"] ?? [],
      users: lists["deny_users"] ?? [],
    },
    remarks,
  };
}

export function lineOf(text: string, key: string): number {
  const index = text.split("\n").findIndex((line) =>
    line.trim().startsWith(`${key}:`)
  );
  return index < 0 ? 1 : index + 1;
}

/** Words of lines; quotes keep blanks together, and `#` begins a comment. */
function* rowsOf(text: string): Generator<{ line: number; words: string[] }> {
  for (const [index, raw] of text.split("\n").entries()) {
    const words: string[] = [];
    for (const [word] of raw.matchAll(/#.*$|(?:"[^"]*"|[^\s"#]|(?<=\S)#)+/g)) {
      if (word.startsWith("#")) break;
      words.push(word);
    }
    if (words.length > 0) yield { line: index + 1, words };
  }
}

function count(words: readonly string[]): string {
  return `${words.length} ${words.length === 1 ? "word" : "words"}`;
}

/** Each thing is said once, at the first line that it is about. */
export class Remarks {
  readonly #all: FileRemark[];
  readonly #said = new Set<string>();

  constructor(first: readonly FileRemark[]) {
    this.#all = [...first];
  }

  get failed(): boolean {
    return this.#all.some(({ level }) => level === "error");
  }

  say(
    file: OpksshFile,
    line: number,
    level: FileRemark["level"],
    message: string,
  ): void {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    this.#all.push({ file, line, level, message });
  }

  sorted(): FileRemark[] {
    const order = ["providers", "auth_id", "config"];
    return this.#all.toSorted((a, b) =>
      order.indexOf(a.file) - order.indexOf(b.file) || a.line - b.line
    );
  }
}
