/**
 * A host for `oauth-pam check` on which everything is in order, and which a test breaks in one place: device
 * sign-in by sshd, an issuer that answers, and a program made for the policy.
 *
 * @module
 */
import { type Authority, createAuthority } from "./certificates.ts";
import {
  type CheckOptions,
  type CheckResult,
  createCheckHost,
  everything,
  printCheck,
  runCheck,
} from "./check.ts";
import { writeStandIn } from "./compiled_stand_in.ts";
import {
  answer,
  type HostileIssuer,
  startHostileIssuer,
} from "./hostile_server.ts";
import type { PamHost } from "./pam.ts";

export const SSHD_CONFIG = `UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
LoginGraceTime 120
AuthenticationMethods keyboard-interactive
`;

export class BrokenHost implements AsyncDisposable {
  readonly pam: PamHost;
  readonly issuer: HostileIssuer;
  readonly authority: Authority;
  readonly #log: Deno.DatagramConn;

  constructor(
    pam: PamHost,
    { issuer, authority }: { issuer: HostileIssuer; authority: Authority },
  ) {
    this.pam = pam;
    this.issuer = issuer;
    this.authority = authority;
    this.#log = Deno.listenDatagram({
      transport: "unixpacket",
      path: this.at("log"),
    });
  }

  /** A path of this host's folder. */
  at(name: string): string {
    return `${this.pam.directory}/${name}`;
  }

  get stack(): string {
    return `${this.pam.serviceDir}/sshd`;
  }

  async edit(path: string, change: (text: string) => string): Promise<void> {
    const before = await Deno.readTextFile(path);
    const after = change(before);
    if (before === after) throw new Error(`nothing changed in ${path}`);
    await Deno.writeTextFile(path, after);
  }

  /** The line of that file that has the text; counts from 1. */
  async lineOf(path: string, text: string): Promise<number> {
    const lines = (await Deno.readTextFile(path)).split("\n");
    return lines.findIndex((line) =>
      line.includes(text) && !line.startsWith("#")
    ) + 1;
  }

  args(policy: readonly string[] = [this.pam.policy]): string[] {
    return [
      ...policy,
      ...["--pam-dir", this.pam.serviceDir],
      ...["--ssh-config", this.at("sshd_config")],
    ];
  }

  check(options: CheckOptions = {}): Promise<CheckResult> {
    return runCheck(this.args(), { permission: everything, ...options });
  }

  print(
    flags: readonly string[],
    options: CheckOptions = {},
  ): ReturnType<typeof printCheck> {
    return printCheck([...this.args(), ...flags], {
      permission: everything,
      ...options,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#log.close();
    await this.issuer.close();
    await this.pam[Symbol.asyncDispose]();
  }
}

let made: Promise<{ authority: Authority; key: JsonWebKey }> | undefined;

async function makeKeys() {
  const { publicKey } = await crypto.subtle.generateKey(
    {
      ...{ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048 },
      publicExponent: new Uint8Array([1, 0, 1]),
    },
    true,
    ["sign", "verify"],
  ) as CryptoKeyPair;
  return {
    authority: await createAuthority(),
    key: await crypto.subtle.exportKey("jwk", publicKey),
  };
}

/** Everything as pam.d.example/README.md says. */
export async function createBrokenHost(): Promise<BrokenHost> {
  await Deno.mkdir("/run/sshd", { recursive: true });
  const { authority, key } = await (made ??= makeKeys());
  const issuer = await startHostileIssuer({ authority });
  issuer.jwks = { keys: [{ ...key, use: "sig", alg: "RS256", kid: "k1" }] };
  issuer.discovery.scopes_supported = ["openid", "email", "groups"];
  issuer.on(
    "/token",
    answer({ status: 400, body: { error: "expired_token" } }),
  );
  const host = new BrokenHost(await createCheckHost(), { issuer, authority });
  const { pam } = host;
  await pam.installStack("sshd-device-sign-in", { service: "sshd" });
  await Deno.writeTextFile(host.at("sshd_config"), SSHD_CONFIG);
  await Deno.writeTextFile(host.at("ca.pem"), authority.caPem);
  await Deno.mkdir(host.at("cache"), { mode: 0o700 });
  await Deno.writeTextFile(
    pam.policy,
    `version: 1
issuers:
  campus:
    issuer: ${issuer.issuer}
    audiences: [ssh-login]
    ca_file: ${host.at("ca.pem")}
    device: {client_id: ssh-login, scopes: [openid, groups]}
rules:
  staff:
    when: {groups: {any: [staff]}}
    accounts: [{claim: sub}]
cache: {directory: ${host.at("cache")}}
log: {socket: ${host.at("log")}}
`,
  );
  await Deno.chmod(pam.policy, 0o644);
  await writeStandIn(pam.program, {
    net: [`localhost:${issuer.port}`],
    write: [host.at("cache"), host.at("log")],
  });
  return host;
}
