/**
 * From the configuration of an opkssh server to a policy, and where the two differ. The policy admits
 * nobody whom opkssh refuses; each way in which it refuses more is a remark.
 *
 * @module
 */
import {
  ACCOUNT_PATTERNS,
  isAccountName,
} from "../../../policy/account_name.ts";
import { yamlText } from "../../../policy/syntax/write.ts";
import { conditionsOf } from "./opkssh_conditions.ts";
import {
  type AuthRow,
  type DenyLists,
  type FileRemark,
  lineOf,
  readAuthIds,
  readConfig,
  readProviders,
  Remarks,
} from "./opkssh_files.ts";
import { type ImportedIssuer, issuersOf, nameOf } from "./opkssh_issuers.ts";

interface OpksshImport {
  /** `null` when there is an error among the remarks. */
  readonly policy: string | null;
  readonly remarks: readonly FileRemark[];
}

type Written = Record<string, unknown>;

/** Carries the three files over; `config` may be missing. Never throws. */
export function importOpkssh(
  files: {
    readonly providers: string;
    readonly auth_id: string;
    readonly config: string | null;
  },
): OpksshImport {
  const providers = readProviders(files.providers);
  const rows = readAuthIds(files.auth_id);
  const config = readConfig(files.config ?? "");
  const remarks = new Remarks([
    ...providers.remarks,
    ...rows.remarks,
    ...config.remarks,
  ]);
  if (remarks.failed) return { policy: null, remarks: remarks.sorted() };
  const issuers = issuersOf(providers.rows, remarks);
  const rules = new Rules(issuers, remarks);
  for (const [, group] of grouped(rows.rows)) rules.add(group);
  rules.deny(config.deny, files.config ?? "");
  const { written, notes, names } = rules;
  const pattern = ACCOUNT_PATTERNS.find((each) =>
    names.every((name) => isAccountName(name, each))
  );
  if (!Object.values(written).some(({ effect }) => effect !== "deny")) {
    remarks.say("auth_id", 1, "error", "no line is left that admits anybody");
  }
  remarks.say(
    "auth_id",
    1,
    "warning",
    "lines in people's own ~/.opk/auth_id are not carried over: a policy that people write themselves is refused. Add those that should stay to this one",
  );
  if (remarks.failed) return { policy: null, remarks: remarks.sorted() };
  const text = yamlText({
    version: 1,
    issuers: Object.fromEntries(
      [...issuers.values()].map(({ name, document, lists }) => [
        name,
        lists.size === 0 ? document : { ...document, lists: [...lists] },
      ]),
    ),
    rules: written,
    ...(pattern === undefined || pattern === "posix"
      ? {}
      : { accounts_pattern: pattern }),
  });
  return {
    policy: `# yaml-language-server: $schema=./schema.json\n${
      annotated(text, notes)
    }`,
    remarks: remarks.sorted(),
  };
}

/** A comment at the head of a rule is about its next line, the issuers. */
function annotated(text: string, notes: ReadonlyMap<string, string>): string {
  const rules = text.indexOf("\nrules:\n");
  const [head, tail] = [text.slice(0, rules), text.slice(rules)];
  return head + tail.replace(/^ {2}([^\s:]+):$/gm, (line, id: string) => {
    const note = notes.get(id);
    return note === undefined ? line : `${line}\n    ${note}`;
  });
}

interface Group {
  readonly identity: string;
  readonly issuer: string;
  readonly rows: readonly AuthRow[];
}

/** Lines about the same person or group at the same issuer. */
function grouped(rows: readonly AuthRow[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const row of rows) {
    const key = JSON.stringify([row.identity, row.issuer]);
    const known = groups.get(key);
    groups.set(key, {
      identity: row.identity,
      issuer: row.issuer,
      rows: [...known?.rows ?? [], row],
    });
  }
  return groups;
}

class Rules {
  readonly written: Record<string, Written> = {};
  /** A comment at the head of a rule. */
  readonly notes = new Map<string, string>();
  /** All accounts that are named. */
  readonly names: string[] = [];
  readonly #issuers: ReadonlyMap<string, ImportedIssuer>;
  readonly #remarks: Remarks;
  readonly #ids = new Set<string>();
  /** Whether a rule admits whatever the address in the token may be. */
  #anyAddress = false;

  constructor(
    issuers: ReadonlyMap<string, ImportedIssuer>,
    remarks: Remarks,
  ) {
    this.#issuers = issuers;
    this.#remarks = remarks;
  }

  add({ identity, issuer: url, rows }: Group): void {
    const line = rows[0]?.line ?? 1;
    const say = (level: FileRemark["level"], message: string) =>
      this.#remarks.say("auth_id", line, level, message);
    const issuer = this.#issuers.get(url);
    if (issuer === undefined) {
      say(
        "warning",
        `the issuer ${
          JSON.stringify(url)
        } is not among the providers: the line admits nobody`,
      );
      return;
    }
    const accounts = this.#accountsOf(rows);
    if (accounts.length === 0) return;
    const conditions = conditionsOf(identity, issuer, say);
    const others = accounts.filter((account) => account !== "root");
    const root = accounts.includes("root");
    for (const { when, suffix = "", note } of conditions) {
      if (!("email" in when) || isObjectLike(when["email"])) {
        this.#anyAddress = true;
      }
      for (
        const [names, opened] of [[others, false], [
          root ? ["root"] : [],
          true,
        ]] as const
      ) {
        if (names.length === 0) continue;
        const id = nameOf(
          `${slug(identity)}${suffix}${opened ? "-root" : ""}`,
          this.#ids,
        );
        this.written[id] = {
          issuers: [issuer.name],
          services: ["sshd"],
          when,
          accounts: [{ names }],
          ...(opened ? { allow_protected: true } : {}),
        };
        if (note !== undefined) this.notes.set(id, note);
      }
    }
    if (root && conditions.length > 0) {
      this.#remarks.say(
        "auth_id",
        rows.find(({ account }) => account === "root")?.line ?? line,
        "warning",
        '"root" is opened by "allow_protected": let people log in as themselves and use sudo, or ask for a second factor in the rule',
      );
    }
  }

  #accountsOf(rows: readonly AuthRow[]): string[] {
    const accounts = new Set<string>();
    for (const { account, line } of rows) {
      if (isAccountName(account, "relaxed")) accounts.add(account);
      else {
        this.#remarks.say(
          "auth_id",
          line,
          "warning",
          `${
            JSON.stringify(account)
          } is not an account name: the line admits nobody`,
        );
      }
    }
    this.names.push(...accounts);
    return [...accounts];
  }

  deny({ emails, users }: DenyLists, text: string): void {
    const names = users.filter((user) => isAccountName(user, "relaxed"));
    if (names.length > 0) {
      this.names.push(...names);
      this.written[nameOf("deny-users", this.#ids)] = {
        effect: "deny",
        accounts: [{ names }],
      };
    }
    if (emails.length === 0) return;
    const spellings = new Set(
      emails.flatMap((email) => [email.toLowerCase(), email]),
    );
    this.written[nameOf("deny-emails", this.#ids)] = {
      effect: "deny",
      when: { email: { in: [...spellings] } },
    };
    // where an address must be in lower case to get in at all, no other spelling does
    if (!this.#anyAddress) return;
    this.#remarks.say(
      "config",
      lineOf(text, "deny_emails"),
      "warning",
      'addresses are compared letter by letter: so that nobody on "deny_emails" gets in by other capitals, addresses with one of these capitals are refused',
    );
    for (const capital of capitalsOf(emails)) {
      const id = nameOf(`deny-emails-with-${codeOf(capital)}`, this.#ids);
      this.written[id] = {
        effect: "deny",
        when: { email: { like: `*${capital}*` } },
      };
    }
  }
}

/** Every letter that some reader takes for one in the texts, and is another in lower case. */
function capitalsOf(texts: readonly string[]): string[] {
  const letters = new Set([...texts.join("").toLowerCase()]);
  const capitals = [...letters].map((letter) => letter.toUpperCase()).filter((
    capital,
  ) => !letters.has(capital) && [...capital].length === 1);
  // the kelvin sign and the long s are a k and an s to Unicode's simple case folding
  const odd = [["k", "\u212a"], ["s", "\u017f"]].flatMap(([letter, other]) =>
    letter !== undefined && other !== undefined && letters.has(letter)
      ? [other]
      : []
  );
  return [...capitals, ...odd];
}

function codeOf(letter: string): string {
  return /^[A-Z]$/.test(letter)
    ? letter
    : `U${letter.codePointAt(0)?.toString(16)}`;
}

function slug(identity: string): string {
  return identity.replace(/^oidc(?:-match-end)?:/, "").toLowerCase();
}

function isObjectLike(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
