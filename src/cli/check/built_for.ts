/**
 * `check`: whether the installed program fits the policy as it is now, and the package that it came with.
 *
 * @module
 */
import { sha256Hex } from "../../files/state_directory.ts";
import { type Allowed, bytesAsText, engineOf } from "./compiled.ts";
import {
  type CheckContext,
  type CheckHost,
  fine,
  type HostFinding,
  type Noted,
  orFine,
} from "./finding.ts";
import { type Mend, mend } from "./mend.ts";
import { needsOf } from "./permissions.ts";
import { issuerFile, keysFile, restFile } from "../../lib/bundle_files.ts";

/** An installed program, as far as it could be read. */
export interface ProgramParts {
  readonly path: string;
  readonly allowed: Allowed;
  /** Its code, the policy in it included, as `bytesAsText` shows it. */
  readonly code: string;
  /** All code beside it, which is loaded when it is needed; the same text where all are in one file. */
  readonly rest: string;
  /** Of the program that the code was put into, or that runs it; `null` where that cannot be told. */
  readonly engine: string | null;
}

/** How a program is made again; for the package's it is one command. */
export function rebuilt(
  program: string,
  { host, policyPath }: Pick<CheckContext, "host" | "policyPath">,
): { readonly hint: string } & Mend {
  return program === host.applied
    ? {
      hint: `oauth-pam apply ${policyPath}`,
      ...mend(["oauth-pam", "apply", policyPath]),
    }
    : {
      hint:
        "build it again for this policy, and install it: deno task build POLICY",
    };
}

/** What the program lacks for the policy, and whether the policy in it is the one that is there. */
export async function policyOfProgram(
  program: ProgramParts,
  context: CheckContext,
): Promise<Noted[]> {
  const { host, policy, policyPath } = context;
  if (policy === null) return [];
  const { path, allowed } = program;
  const remedy = { file: path, ...rebuilt(path, context) };
  const { net, write } = needsOf(policy);
  // without a place for what sign-ins remember nobody gets in; without the others, more slowly
  const remembers = policy.issuers.some((issuer) =>
    issuer.device !== null || "one_time" in issuer && issuer.one_time
  );
  const needed = (shown: string) =>
    remembers && shown === policy.cache.directory;
  const lacks = (
    id: string,
    message: string,
    level: HostFinding["level"] = "error",
  ): HostFinding => ({ id, level, message, ...remedy });
  const hosts = net.filter(({ host }) => !covers(allowed.net, host, isHost));
  const paths = write.filter(({ path }) =>
    !covers(allowed.write, path, isPath)
  );
  const [embedded] = SHA256.exec(program.code)?.slice(1) ?? [];
  const now = await host.io.readHostFile(policyPath).then(sha256Hex)
    .catch(() => null);
  return [
    ...orFine(
      hosts.map(({ host, issuer }) =>
        lacks(
          "program/net",
          `program: "${path}" may not reach "${host}" of the issuer "${issuer}": it was built for another ` +
            "policy, and refuses everybody of that issuer",
        )
      ),
      fine(
        "program/net",
        `"${path}" may reach ${together(net.map(({ host }) => host))}`,
        remedy,
      ),
    ),
    ...orFine(
      paths.map(({ shown }) =>
        lacks(
          "program/write",
          `program: "${path}" may not write to "${shown}": it was built for another policy, and ${
            needed(shown)
              ? "refuses sign-ins"
              : "can keep and tell nothing there"
          }`,
          needed(shown) ? "error" : "warning",
        )
      ),
      fine(
        "program/write",
        `"${path}" may write to ${together(write.map(({ shown }) => shown))}`,
        remedy,
      ),
    ),
    ...(embedded === undefined || now === null || embedded === now ? [] : [
      {
        id: "program/policy-changed",
        level: "info",
        message:
          `program: "${path}" has an earlier text of the policy inside: the file is parsed, by a ` +
          "compiled program at each login, by another once after each change",
        ...remedy,
      } as const,
    ]),
  ];
}

function together(names: readonly string[]): string {
  return [...new Set(names)].map((name) => `"${name}"`).join(" and ");
}

/** As the build writes the policy into the code: JSON in a string. */
const SHA256 = /"\{\\"sha256\\":\\"([0-9a-f]{64})\\"/;

/** As it says that the policy lies in a file beside it. */
const BESIDE = /"\{\\"sha256\\":\\"[0-9a-f]{64}\\",\\"digest\\":/;

/** Whether a program's code names a file with the parsed policy. */
export function hasPolicyBeside(code: string): boolean {
  return BESIDE.test(code);
}

/** `null` covers nothing, an empty list everything. */
function covers(
  allowed: readonly string[] | null,
  needed: string,
  same: (entry: string, needed: string) => boolean,
): boolean {
  if (allowed === null) return false;
  return allowed.length === 0 || allowed.some((entry) => same(entry, needed));
}

/** An entry without a port is for all of them. */
function isHost(entry: string, needed: string): boolean {
  return entry === needed || entry === needed.replace(/:[0-9]+$/, "");
}

function isPath(entry: string, needed: string): boolean {
  return needed === entry || needed.startsWith(`${entry.replace(/\/$/, "")}/`);
}

/** Where the package's code takes a policy; not by its whole name, which this text would then have, too. */
const PLACE = /(["'`])@@OAUTH_PAM_EMBEDDED_[A-Z]+@@\1/;

/** Whether the program was made of what the package has now; nothing where there is no package. */
export async function packageOfProgram(
  program: ProgramParts,
  context: CheckContext,
): Promise<Noted[]> {
  const { host } = context;
  const { path } = program;
  const parts = await packageParts(host);
  if (parts === null || path !== host.applied) return [];
  const remedy = { file: path, ...rebuilt(path, context) };
  const { engines } = parts;
  const whole = holds(program.code, parts.main) &&
    parts.beside.every((part) => holds(program.rest, part));
  const known = program.engine !== null && engines.length > 0;
  const other = !whole
    ? "of another version of oauth-pam"
    : known && !engines.includes(program.engine)
    ? "with another Deno"
    : null;
  if (other === null) {
    const what = known
      ? "the package's code, and its Deno"
      : "the package's code";
    return [fine("program/older", `"${path}" has ${what}`, remedy)];
  }
  return [{
    id: "program/older",
    level: "warning",
    message:
      `program: "${path}" was made ${other} than the package has: what an upgrade brought is not in force`,
    ...remedy,
  }];
}

/** Whether a program has that code, whatever policy was put into it. */
function holds(text: string, code: string): boolean {
  const pieces = code.split(PLACE);
  const start = text.indexOf(pieces[0] ?? "");
  return start >= 0 && text.includes(pieces.at(-1) ?? "", start);
}

/** Whether the package of this program is installed. */
export async function hasPackage(host: CheckHost): Promise<boolean> {
  return await packageParts(host) !== null;
}

async function packageParts(
  { io, parts }: CheckHost,
): Promise<{ main: string; beside: string[]; engines: string[] } | null> {
  const main = `${parts}/login.js`;
  const read = async (path: string) => bytesAsText(await io.readHostFile(path));
  try {
    return {
      main: await read(main),
      beside: await Promise.all(
        [restFile, issuerFile, keysFile].map((of) => read(of(main))),
      ),
      engines: (await Promise.all(
        ["denort", "deno"].map((name) => engineOf(`${parts}/${name}`)),
      )).filter((each) => each !== null),
    };
  } catch {
    return null;
  }
}
