/**
 * What sshd asks about a certificate, in process: an issuer that does as it is told, a site whose policy
 * takes its certificates, and alice's certificate.
 *
 * @module
 */
import { EXIT_CODES, pamCode } from "../../src/pam/exit_code.ts";
import { sshKeys } from "../../src/pam/ssh_keys.ts";
import type { Reason } from "../../src/lib/reason.ts";
import { createScene, type Scene } from "./login_scene.ts";
import type { SiteOptions } from "./login.ts";
import {
  type Certificate,
  type CertificateFields,
  createCertificate,
  createKey,
  createPkToken,
  type PkTokenOptions,
  type SshKey,
} from "./opkssh.ts";
import { standardClaims } from "./tokens.ts";

export interface KeyScene extends Scene {
  readonly key: SshKey;
  /** Alice's certificate, good but for what is given. */
  certificate(options?: CertificateOptions): Promise<Certificate>;
  /** What sshd is told; about a good certificate unless given. */
  ask(options?: AskOptions): Promise<Answer>;
}

export interface CertificateOptions {
  readonly claims?: Record<string, unknown>;
  readonly token?: Partial<PkTokenOptions>;
  readonly fields?: CertificateFields;
}

export interface AskOptions {
  readonly certificate?: Certificate;
  readonly user?: string;
  /** Milliseconds since the epoch. */
  readonly now?: number;
  readonly connection?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

export interface Answer {
  /** `null` where the key is not ours to judge. */
  readonly reason: Reason | null;
  readonly exitCode: number;
  readonly line: string | null;
  /** Standard error: there is no syslog daemon on the site's socket. */
  readonly log: string;
}

/** Lines for `ssh_certificates` are in `issuerLines` where given. */
export async function createKeyScene(
  { issuerLines = ["ssh_certificates: {}"], ...options }: Partial<
    SiteOptions
  > = {},
): Promise<KeyScene> {
  const scene = await createScene({ ...options, issuerLines });
  const key = await createKey("Ed25519");
  const certificate: KeyScene["certificate"] = async (
    { claims = {}, token = {}, fields } = {},
  ) =>
    await createCertificate(
      token.key ?? key,
      await createPkToken({
        key,
        signer: scene.signer,
        claims: standardClaims({
          issuer: scene.server.issuer,
          audience: "ssh-prod",
          ...claims,
        }),
        ...token,
      }),
      fields,
    );
  return Object.assign(scene, {
    key,
    certificate,
    ask: async (options: AskOptions = {}): Promise<Answer> => {
      const { type, base64 } = options.certificate ?? await certificate();
      const env: Readonly<Record<string, string>> = {
        OAUTH_PAM_ACCOUNT: `1000:${options.user ?? "alice"}`,
        ...options.env,
      };
      let log = "";
      const result = await sshKeys(
        options.args ?? [
          ...[scene.site.policyFile, options.user ?? "alice", base64, type],
          ...options.connection === undefined ? [] : [options.connection],
        ],
        {
          env: (name) => env[name],
          now: () => options.now ?? Date.now(),
          stdin: { read: () => Promise.resolve(null) },
          stdout: (text) => log += `stdout: ${text}`,
          stderr: (text) => log += text,
        },
      );
      if (result === null) {
        return { reason: null, exitCode: 0, line: null, log };
      }
      const { reason, line = null } = result;
      const exitCode = reason === "allowed"
        ? 0
        : EXIT_CODES[pamCode(reason, result)];
      return { reason, exitCode, line, log };
    },
  });
}
