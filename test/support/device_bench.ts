/**
 * A host with device sign-in installed: a real provider, the built program, the launcher, and the
 * stacks as they are written.
 *
 * @module
 */
import { type BuildKind, buildProgram } from "./built_program.ts";
import { createPamHost, type PamHost, until } from "./pam.ts";
import { startProvider, type TestProvider } from "./provider.ts";
import { type Account, ordinaryAccount } from "./sshd.ts";
import { listenSyslog, type LogSink } from "./syslog.ts";

export interface DeviceBench {
  readonly provider: TestProvider;
  readonly host: PamHost;
  /** Alice's, by the policy's map. */
  readonly account: Account;
  readonly log: LogSink;
  /** The next line of an attempt that nobody has asked for yet. */
  nextAttempt(): Promise<string>;
}

export interface DeviceBenchOptions {
  readonly kind?: BuildKind;
  /** Further members of the policy's `device`; default: enough starts for a test. */
  readonly device?: string;
  /** More lines of the rule, such as `assurance: {max_auth_age: 15m}`. */
  readonly rule?: readonly string[];
  /** A throw-away account instead of one that is there. */
  readonly createAccount?: boolean;
}

function policyText(
  bench: Pick<DeviceBench, "provider" | "host" | "account" | "log">,
  { device = "starts_per_source: 50", rule = [] }: DeviceBenchOptions,
): string {
  return `version: 1
issuers:
  campus:
    issuer: ${bench.provider.issuer}
    audiences: [ssh-login-es256]
    algorithms: [RS256, ES256]
    ca_file: ${bench.host.directory}/ca.pem
    device: {client_id: ssh-login, scopes: [openid, email], ${device}}
rules:
  staff:
    when:
      email_verified: true
    accounts:
      - {map: {alice@example.edu: [${bench.account.name}]}, keys: [email]}
${rule.map((line) => `    ${line}\n`).join("")}cache:
  directory: ${bench.host.directory}/cache
log:
  socket: ${bench.log.socket}
`;
}

/** Sets everything up, runs the body, and takes everything down. */
export async function withDeviceBench(
  options: DeviceBenchOptions,
  body: (bench: DeviceBench) => Promise<void>,
): Promise<void> {
  await using provider = await startProvider();
  await using account = await ordinaryAccount({
    create: options.createAccount ?? false,
  });
  await using log = await listenSyslog();
  await using host = await createPamHost({ syslogSocket: log.socket });
  const { policy, program: output } = host;
  await Deno.writeTextFile(`${host.directory}/ca.pem`, provider.caPem);
  await Deno.writeTextFile(
    policy,
    policyText({ provider, host, account, log }, options),
  );
  await buildProgram({ policy, output, kind: options.kind ?? "runtime" });
  let seen = 0;
  const nextAttempt = async () => {
    const attempts = async () =>
      (await log.lines()).filter((line) => line.includes("decision="));
    const line = await until(async () => (await attempts())[seen], {
      what: "a log line",
    });
    seen++;
    return line;
  };
  await body({ provider, host, account, log, nextAttempt });
}

/** The address and the code that the text at a prompt shows. */
export function readPrompt(prompt: string): { url: string; code: string } {
  return {
    url: /^ {2}1\. Open {3}(\S+)\r?$/m.exec(prompt)?.[1] ?? "",
    code: /^ {2}2\. Enter {2}([A-Z0-9-]+)\r?$/m.exec(prompt)?.[1] ?? "",
  };
}

/** Whether a process has the text among its arguments. */
export async function isRunning(text: string): Promise<boolean> {
  // the pattern comes on standard input: grep must not find itself
  const child = new Deno.Command("sh", {
    args: ["-c", "grep -aqsF -f - /proc/[0-9]*/cmdline"],
    stdin: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`${text}\n`));
  await writer.close();
  return (await child.status).success;
}
