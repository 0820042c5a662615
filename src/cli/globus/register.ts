/**
 * `oauth-pam globus register FQDN`
 *
 * @module
 */
import { InputError } from "../input.ts";
import { IssuerError } from "../../issuer/errors.ts";
import { permittedHosts } from "../../issuer/hosts.ts";
import { openTransport } from "../../issuer/http.ts";
import {
  loadCaCerts,
  loadClientSecret,
  PolicyError,
} from "../../pam/host/policy_file.ts";
import type { IssuerOf } from "../../policy/model.ts";
import { usable } from "../../policy/syntax/parse.ts";
import { type Arguments, parseArguments, UsageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { registerHost, RegistrationError } from "./registration.ts";
import type { CliIo } from "../io.ts";
import { readPolicy } from "../input.ts";

export const COMMAND: Command = {
  forms: ["FQDN [OPTIONS] [--policy FILE [--issuer NAME]]"],
  about: `
Ties a host name to the Globus client: gives the client the name and the scope "ssh" where they
are missing. What is there already stays as it is. Before anything is sent, the DNS is asked for
the TXT record at FQDN, which must hold the client id: Globus Auth looks for it, too.
`,
  options: {
    "client-id": {
      value: "ID",
      says: "else the environment's CLIENT_ID, else the policy's client_id",
    },
    "client-secret-file": {
      value: "FILE",
      says:
        "else the environment's CLIENT_SECRET, else the policy's client_secret_file",
    },
    "policy": {
      value: "FILE",
      says: "a policy with an issuer of the kind globus",
    },
    "issuer": { value: "NAME", says: "which one, where there are several" },
    "name-server": {
      value: "ADDRESS[:PORT]",
      says: "ask this name server, where the host's own sees another DNS",
    },
  },
  exits: {
    0: "registered",
    1: "refused or no TXT record",
    3: "no answer, or a file cannot be read",
  },
};

const GLOBUS_AUTH = "https://auth.globus.org";
const TIMEOUT_MS = 30_000;
const DNS_TIMEOUT_MS = 10_000;

const HOST_NAME =
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** The answer is no: exit code 1. */
class Refused extends Error {}

export async function run(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const options = await parseArguments(args, COMMAND.options);
  try {
    await register(options, io);
    return EXIT.fine;
  } catch (error) {
    if (error instanceof RegistrationError || error instanceof Refused) {
      io.stderr(`oauth-pam: error: ${error.message}\n`);
      return EXIT.negative;
    }
    if (
      error instanceof IssuerError || error instanceof PolicyError ||
      error instanceof InputError
    ) {
      io.stderr(`oauth-pam: error: ${error.message}\n`);
      return EXIT.unanswered;
    }
    throw error;
  }
}

async function register(options: Arguments, io: CliIo): Promise<void> {
  const [fqdn, ...rest] = options.positionals;
  if (fqdn === undefined || rest.length > 0) {
    throw new UsageError("name one host, such as ssh.example.edu");
  }
  if (!HOST_NAME.test(fqdn)) {
    throw new UsageError(
      `${JSON.stringify(fqdn)} is not a full host name in lower case`,
    );
  }
  const nameServer = nameServerOf(options.text("name-server"));
  const issuer = await issuerOf(options, io);
  const { clientId, clientSecret } = await credentials(options, {
    issuer,
    io,
  });
  if (io.interactive) io.stderr(`looking up the TXT record at ${fqdn}\n`);
  await checkTxtRecord(fqdn, { clientId, nameServer });
  const url = issuer?.issuer ?? GLOBUS_AUTH;
  if (io.interactive) io.stderr(`asking ${url}\n`);
  const transport = openTransport({
    hosts: permittedHosts(url, []),
    caCerts: issuer === null ? [] : await loadCaCerts(issuer),
    proxy: issuer?.proxy ?? null,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  try {
    const base = url.replace(/\/$/, "");
    const client = { transport, base, clientId, clientSecret };
    const done = await registerHost(client, fqdn);
    io.stdout(`host name ${fqdn}: ${done.fqdn}\n`);
    io.stdout(`scope ssh of the client ${clientId}: ${done.scope}\n`);
  } finally {
    transport.close();
  }
}

/** The policy's issuer of the kind globus; `null` without a policy. */
async function issuerOf(
  options: Arguments,
  io: CliIo,
): Promise<IssuerOf<"globus"> | null> {
  const file = options.text("policy");
  const wanted = options.text("issuer");
  if (file === undefined) {
    if (wanted === undefined) return null;
    throw new UsageError("--issuer needs --policy");
  }
  const parsed = await readPolicy(file, io);
  const policy = usable(parsed);
  if (policy === null) {
    const [first] = parsed.diagnostics.filter(({ level }) => level === "error");
    throw new InputError(
      `${file}:${first?.line ?? 1}: ${first?.message ?? "is not a policy"}`,
    );
  }
  const issuers = policy.issuers.filter((issuer) => issuer.kind === "globus")
    .filter(({ name }) => wanted === undefined || name === wanted);
  const [issuer, ...others] = issuers;
  if (issuer === undefined || others.length > 0) {
    const count = issuer === undefined ? "no issuer" : "several issuers";
    const named = wanted === undefined ? "" : ` named "${wanted}"`;
    throw new UsageError(
      `"${file}" has ${count} of the kind globus${named}` +
        (issuer === undefined ? "" : ": name one with --issuer"),
    );
  }
  return issuer;
}

/** An option, else the environment, else the policy: each of the two on its own. */
async function credentials(
  options: Arguments,
  { issuer, io }: { issuer: IssuerOf<"globus"> | null; io: CliIo },
): Promise<{ clientId: string; clientSecret: string }> {
  const clientId = options.text("client-id") ?? variable(io, "CLIENT_ID") ??
    issuer?.client_id ?? undefined;
  const file = options.text("client-secret-file");
  const policyFile = issuer?.client_secret_file ?? undefined;
  const clientSecret = file !== undefined
    ? await loadClientSecret(file)
    : variable(io, "CLIENT_SECRET") ??
      (policyFile === undefined
        ? undefined
        : await loadClientSecret(policyFile));
  const missing = clientId === undefined
    ? "client id: give --client-id, CLIENT_ID or --policy"
    : clientSecret === undefined
    ? "client secret: give --client-secret-file, CLIENT_SECRET or --policy"
    : null;
  if (clientId === undefined || clientSecret === undefined) {
    throw new UsageError(`there is no ${missing}`);
  }
  if (!/^[A-Za-z0-9-]{1,64}$/.test(clientId)) {
    throw new UsageError(`${JSON.stringify(clientId)} is not a client id`);
  }
  return { clientId, clientSecret };
}

function variable(io: CliIo, name: string): string | undefined {
  try {
    return io.env?.(name) || undefined;
  } catch {
    return undefined; // a program that may not read it has none
  }
}

interface NameServer {
  readonly ipAddr: string;
  readonly port?: number;
}

function nameServerOf(text: string | undefined): NameServer | null {
  if (text === undefined) return null;
  const match =
    /^(?:\[([0-9a-f:.]+)\]|([0-9.]+|[0-9a-f:]*:[0-9a-f:.]*:[0-9a-f:.]*))(?::([0-9]{1,5}))?$/i
      .exec(text);
  const ipAddr = match?.[1] ?? match?.[2];
  if (ipAddr === undefined) {
    throw new UsageError(
      `--name-server is ${
        JSON.stringify(text)
      }, expected ADDRESS or ADDRESS:PORT`,
    );
  }
  return match?.[3] === undefined
    ? { ipAddr }
    : { ipAddr, port: Number(match[3]) };
}

/** Globus Auth proves the ownership of a name by this record; without it, asking is in vain. */
async function checkTxtRecord(
  fqdn: string,
  { clientId, nameServer }: { clientId: string; nameServer: NameServer | null },
): Promise<void> {
  const hint = `\nhint: publish it: ${fqdn}. IN TXT "${clientId}"`;
  let records: string[][];
  try {
    // the dot at the end: this name, and no name below the host's own domain
    records = await Deno.resolveDns(`${fqdn}.`, "TXT", {
      signal: AbortSignal.timeout(DNS_TIMEOUT_MS),
      ...(nameServer === null ? {} : { nameServer }),
    });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new Refused(`the DNS has no TXT record at ${fqdn}${hint}`);
    }
    if (error instanceof Deno.errors.NotCapable) throw error;
    const cause = error instanceof Error ? error.message : String(error);
    throw new InputError(
      `the TXT record at ${fqdn} cannot be looked up: ${cause}`,
    );
  }
  // RFC 1035 section 3.3.14: one record may come in several pieces
  const texts = records.map((pieces) => pieces.join(""));
  if (texts.includes(clientId)) return;
  throw new Refused(
    `no TXT record at ${fqdn} holds the client id, of ${texts.length}${hint}`,
  );
}
