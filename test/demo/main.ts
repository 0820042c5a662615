/**
 * `deno task demo`: a certified OpenID provider on loopback, tokens from it by its own flows, the
 * built program run as PAM runs it, and a table of who gets in and why.
 *
 * @module
 */
import { buildProgram } from "../support/built_program.ts";
import {
  idToken,
  startProvider,
  type TestProvider,
} from "../support/provider.ts";

/** A client whose tokens live for a second, so that one can be seen to expire. */
const SHORT_LIVED = "ssh-login-rs256";

interface Row {
  readonly what: string;
  readonly account: string;
  readonly token: string;
  readonly expected: string;
}

const POLICY = (site: { issuer: string; directory: string }) =>
  `version: 1
issuers:
  campus:
    issuer: ${site.issuer}
    audiences: [ssh-login, ${SHORT_LIVED}]
    ca_file: ${site.directory}/ca.pem
    clock_skew: 0s
rules:
  staff:
    description: Staff log in as themselves
    services: [sshd]
    when:
      groups: {any: [staff]}
      email_verified: true
    accounts:
      - {claim: email, strip_suffix: "@example.edu"}
cache:
  directory: ${site.directory}/cache
`;

/** Runs the demonstration; the exit code. */
async function demo(): Promise<number> {
  await using provider = await startProvider({
    clientLifetimes: { [SHORT_LIVED]: 1 },
  });
  const directory = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "oauth-pam-demo-" }),
  );
  try {
    const policy = `${directory}/policy.yaml`;
    const program = `${directory}/oauth-pam`;
    await Deno.writeTextFile(`${directory}/ca.pem`, provider.caPem);
    await Deno.writeTextFile(
      policy,
      POLICY({ issuer: provider.issuer, directory }),
    );
    await buildProgram({ policy, output: program, kind: "runtime" });
    print(
      `provider   ${provider.issuer} (oidc-provider, certified), keys RS256`,
    );
    print(`program    built for the policy below, run as PAM runs it`);
    print("");
    print((await Deno.readTextFile(policy)).trim().replace(/^/gm, "  "));
    print("");
    return await table(await rows(provider), { program, policy });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function rows(provider: TestProvider): Promise<Row[]> {
  const expired = await idToken(provider, {
    account: "alice",
    client: SHORT_LIVED,
  });
  const alice = await idToken(provider, { account: "alice" });
  const bob = await idToken(provider, { account: "bob" });
  const other = await idToken(provider, {
    account: "alice",
    client: "ssh-login-secret",
  });
  await pastExpiry(expired);
  return [
    {
      what: "alice's token",
      account: "alice",
      token: alice,
      expected: "allowed",
    },
    {
      what: "expired",
      account: "alice",
      token: expired,
      expected: "token_expired",
    },
    {
      what: "wrong audience",
      account: "alice",
      token: other,
      expected: "audience_mismatch",
    },
    {
      what: "another user's token",
      account: "alice",
      token: bob,
      expected: "account_not_permitted",
    },
    {
      what: "account not mapped",
      account: "backup",
      token: alice,
      expected: "account_not_permitted",
    },
    {
      what: "signature tampered",
      account: "alice",
      token: tampered(alice),
      expected: "signature_invalid",
    },
    {
      what: "truncated at 511 bytes",
      account: "alice",
      token: alice.slice(0, 511),
      expected: "token_truncated",
    },
  ];
}

/** The same token with another character in the middle of its signature. */
function tampered(token: string): string {
  const at = token.lastIndexOf(".") + 20;
  return token.slice(0, at) + (token[at] === "A" ? "B" : "A") +
    token.slice(at + 1);
}

/** Waits until a token's `exp` has passed. */
async function pastExpiry(token: string): Promise<void> {
  const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll(
    "_",
    "/",
  );
  const { exp } = JSON.parse(atob(payload)) as { exp: number };
  const left = exp * 1000 - Date.now();
  if (left >= 0) await new Promise((resolve) => setTimeout(resolve, left + 1));
}

async function table(
  attempts: readonly Row[],
  options: { program: string; policy: string },
): Promise<number> {
  const columns = (cells: readonly string[]) =>
    cells.map((cell, index) => cell.padEnd([24, 9, 10, 23][index] ?? 0)).join(
      "",
    ).trimEnd();
  print(columns(["attempt", "account", "decision", "reason", "exit code"]));
  let wrong = 0;
  for (const { what, account, token, expected } of attempts) {
    const { code, log } = await run({ ...options, account, token });
    const decision = /\bdecision=(\w+)/.exec(log)?.[1] ?? "?";
    const reason = /\breason=(\w+)/.exec(log)?.[1] ?? "?";
    const right = reason === expected &&
      (code === 0) === (expected === "allowed");
    if (!right) wrong++;
    const note = right ? "" : `   <- expected ${expected}: ${log.trim()}`;
    print(columns([what, account, decision, reason, `${code}${note}`]));
  }
  print("");
  print(wrong === 0 ? "all as expected" : `${wrong} not as expected`);
  return wrong === 0 ? 0 : 1;
}

/** As pam_exec does: an environment of PAM variables only, the token without a newline. */
async function run(
  options: { program: string; policy: string; account: string; token: string },
): Promise<{ code: number; log: string }> {
  const child = new Deno.Command(options.program, {
    args: ["login", options.policy],
    clearEnv: true,
    env: {
      PAM_TYPE: "auth",
      PAM_SERVICE: "sshd",
      PAM_USER: options.account,
      PAM_RHOST: "192.0.2.7",
    },
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(options.token));
  await writer.close();
  const { code, stderr } = await child.output();
  return { code, log: new TextDecoder().decode(stderr) };
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) Deno.exit(await demo());
