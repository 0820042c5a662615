/**
 * A host where sshd asks the built program about certificates: a folder that only root can change, a user
 * for the command, the launcher, sshd's lines and the stack as they are written, and an issuer.
 *
 * Debian packages: openssh-server openssh-client passwd.
 *
 * @module
 */
import { type BuildKind, buildProgram } from "./built_program.ts";
import { createAuthority } from "./certificates.ts";
import { type HostileIssuer, startHostileIssuer } from "./hostile_server.ts";
import {
  type Certificate,
  type CertificateFields,
  createCertificate,
  createKey,
  createPkToken,
  type PkTokenOptions,
  type SshKey,
  writeKeyFiles,
} from "./opkssh.ts";
import { createPamHost, type PamHost, readExample, until } from "./pam.ts";
import {
  type Account,
  ordinaryAccount,
  type Sshd,
  type SshdOptions,
  type SshOptions,
  startSshd,
} from "./sshd.ts";
import { listenSyslog, type LogSink } from "./syslog.ts";
import type { TestProvider } from "./provider.ts";
import {
  createSigner,
  publicJwk,
  type Signer,
  standardClaims,
} from "./tokens.ts";

export const SERVICE = "oauthpam-sshd";

export interface CertificateBench {
  readonly host: PamHost;
  /** Only root can change what is in it. */
  readonly folder: string;
  readonly policy: string;
  readonly program: string;
  /** `oauth-pam-ssh-keys`. */
  readonly launcher: string;
  readonly keysDirectory: string;
  readonly server: HostileIssuer;
  readonly signer: Signer;
  /** Alice's. */
  readonly account: Account;
  /** Of AuthorizedKeysCommandUser. */
  readonly user: string;
  readonly log: LogSink;
  readonly key: SshKey;
  certificate(
    options?: {
      claims?: Record<string, unknown>;
      token?: Partial<PkTokenOptions>;
      fields?: CertificateFields;
    },
  ): Promise<Certificate>;
  /** sshd_config-certificates with the paths of this host. */
  config(): Promise<string>;
  /** An sshd with these lines, which are those of `config()` unless given. */
  sshd(options?: Partial<SshdOptions>): Promise<Sshd>;
  /** Logs in with the certificate: what `id -un` prints there, or another command. */
  ssh(
    sshd: Sshd,
    options?: {
      certificate?: Certificate;
      key?: SshKey;
      user?: string;
      command?: string;
      methods?: string;
      token?: SshOptions["token"];
      options?: readonly string[];
    },
  ): Promise<{ ok: boolean; stdout: string; stderr: string }>;
  /** The lines of attempts so far. */
  attempts(): Promise<readonly string[]>;
}

export interface CertificateBenchOptions {
  /** In place of an issuer that does as it is told. */
  readonly provider?: TestProvider;
  /** Of the provider; "ssh-login" unless given. */
  readonly clientId?: string;
  readonly kind?: BuildKind;
  /** Further lines of the issuer and of the rule, and further rules. */
  readonly issuer?: readonly string[];
  readonly rule?: readonly string[];
  readonly rules?: readonly string[];
}

async function run(...[command = "", ...args]: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args })
    .output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** Sets everything up, runs the body, and takes everything down. */
export async function withCertificateBench(
  options: CertificateBenchOptions,
  body: (bench: CertificateBench) => Promise<void>,
): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const account = cleanup.use(await ordinaryAccount({ create: true }));
  const log = cleanup.use(await listenSyslog());
  // whoever the command runs as must be able to send to it
  await Deno.chmod(log.socket.replace(/\/[^/]*$/, ""), 0o755);
  await Deno.chmod(log.socket, 0o666);
  const host = cleanup.use(await createPamHost({ syslogSocket: log.socket }));
  // sshd wants that nobody else can change what it runs, which /tmp is not good for
  const folder = await Deno.makeTempDir({
    dir: "/var/lib",
    prefix: "oauth-pam-",
  });
  cleanup.defer(() => Deno.remove(folder, { recursive: true }));
  await Deno.chmod(folder, 0o755);
  const user = `oauthpamkeys${crypto.getRandomValues(new Uint16Array(1))[0]}`;
  await run(
    ...[
      "useradd",
      "--system",
      "--no-create-home",
      "--shell",
      "/usr/sbin/nologin",
    ],
    user,
  );
  cleanup.defer(() => run("userdel", user));
  const keysDirectory = `${folder}/keys`;
  await run(
    "install",
    "-d",
    "-o",
    user,
    "-g",
    "root",
    "-m",
    "0700",
    keysDirectory,
  );
  const authority = options.provider?.authority ?? await createAuthority();
  const server = await startHostileIssuer({ authority });
  const { issuer } = options.provider ?? server;
  cleanup.defer(() => server.close());
  const signer = await createSigner({ alg: "ES256", kid: "k1" });
  server.jwks = { keys: [await publicJwk(signer)] };
  const policy = `${folder}/policy.yaml`;
  const program = `${folder}/oauth-pam`;
  const launcher = `${folder}/oauth-pam-ssh-keys`;
  await Deno.writeTextFile(`${folder}/ca.pem`, authority.caPem);
  const indented = (lines: readonly string[] = []) =>
    lines.map((line) => `    ${line}\n`).join("");
  await Deno.writeTextFile(
    policy,
    `version: 1
issuers:
  campus:
    issuer: ${issuer}
    audiences: [${
      options.provider ? options.clientId ?? "ssh-login" : "opkssh"
    }]
    algorithms: [RS256, ES256]
    ca_file: ${folder}/ca.pem
${indented(options.issuer ?? ["ssh_certificates: {}"])}rules:
  staff:
    when: {email_verified: true}
    accounts:
      - {map: {alice@example.edu: [${account.name}]}, keys: [email]}
${indented(options.rule)}${
      (options.rules ?? []).map((line) => `  ${line}\n`).join("")
        .replaceAll("ACCOUNT", account.name)
    }cache:
  directory: ${folder}/cache
  ssh_keys_directory: ${keysDirectory}
log:
  socket: ${log.socket}
`,
  );
  await buildProgram({
    policy,
    output: program,
    kind: options.kind ?? "runtime",
  });
  await Deno.writeTextFile(
    launcher,
    (await readExample("oauth-pam-ssh-keys"))
      .replace(/^program=.*$/m, `program=${program}`)
      .replace("logger -t", `logger -u ${log.socket} -t`),
    { mode: 0o755 },
  );
  await Deno.chmod(launcher, 0o755);
  // for stacks beside it, which root runs
  await Deno.writeTextFile(
    host.launcher,
    (await Deno.readTextFile(host.launcher))
      .replace(/^program=.*$/m, `program=${program}`),
  );
  const key = await createKey("Ed25519");
  const stackFile = await host.writeService(
    SERVICE,
    await readExample("sshd-certificates"),
  );
  const config = async () =>
    (await readExample("sshd_config-certificates"))
      .replace("/usr/libexec/oauth-pam/oauth-pam-ssh-keys", launcher)
      .replace("/etc/oauth-pam/policy.yaml", policy)
      .replace(
        "AuthorizedKeysCommandUser oauth-pam",
        `AuthorizedKeysCommandUser ${user}`,
      );
  let logins = 0;
  await body({
    ...{ host, folder, policy, program, launcher, keysDirectory },
    ...{ server, signer, account, user, log, key, config },
    certificate: async ({ claims = {}, token = {}, fields } = {}) =>
      await createCertificate(
        token.key ?? key,
        await createPkToken({
          ...{ key, signer },
          claims: standardClaims({
            issuer,
            audience: "opkssh",
            ...claims,
          }),
          ...token,
        }),
        fields,
      ),
    sshd: async (given = {}) => {
      const [lines = "", match = ""] = (await config()).split(/^(?=Match )/m);
      return await startSshd({
        host,
        stackFile,
        config: lines,
        match,
        ...given,
      });
    },
    async ssh(sshd, given = {}) {
      const directory = `${sshd.directory}/login${logins++}`;
      await Deno.mkdir(directory);
      const own = given.key ?? key;
      const identity = await writeKeyFiles(
        directory,
        own,
        given.certificate ?? await this.certificate({ token: { key: own } }),
      );
      return await sshd.ssh({
        user: given.user ?? account.name,
        token: given.token ?? "",
        methods: given.methods ?? "publickey",
        ...given.command === undefined ? {} : { command: given.command },
        options: [
          `IdentityFile=${identity}`,
          "IdentitiesOnly=yes",
          ...given.options ?? [],
        ],
      });
    },
    attempts: async () =>
      (await log.lines()).filter((line) => line.includes("decision=")),
  });
}

/** As many lines of attempts as that. */
export async function attemptsOf(
  bench: CertificateBench,
  count: number,
): Promise<readonly string[]> {
  return await until(
    async () => {
      const lines = await bench.attempts();
      return lines.length >= count ? lines : undefined;
    },
    { what: `${count} log lines` },
  );
}
