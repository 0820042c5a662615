/**
 * A certificate first, then a code for the same person: `device: {after: publickey}` with a real
 * provider, a real sshd and ssh, and the stack as it is written.
 *
 * @module
 */
// Threats: D1, D7
import assert from "node:assert/strict";
import {
  attemptsOf,
  type CertificateBench,
  SERVICE,
  withCertificateBench,
} from "../support/certificate_bench.ts";
import { readPrompt } from "../support/device_bench.ts";
import { readExample } from "../support/pam.ts";
import {
  approveDevice,
  idToken,
  startProvider,
  type TestProvider,
} from "../support/provider.ts";
import type { Sshd } from "../support/sshd.ts";

interface StepUp {
  readonly bench: CertificateBench;
  readonly provider: TestProvider;
  /** Asks for a key, then for a code. */
  readonly sshd: Sshd;
  /** A certificate of that person's, by the provider. */
  certificateOf(
    account: string,
  ): ReturnType<CertificateBench["certificate"]>;
}

function test(
  title: string,
  body: (scene: StepUp, step: Deno.TestContext["step"]) => Promise<void>,
): void {
  Deno.test(`ssh with a certificate and a code ${title}`, async (context) => {
    await using provider = await startProvider();
    await withCertificateBench({
      provider,
      issuer: [
        "ssh_certificates: {}",
        "device: {client_id: ssh-login, scopes: [openid, email], starts_per_source: 50, after: publickey}",
      ],
    }, async (bench) => {
      const stackFile = await bench.host.writeService(
        SERVICE,
        (await readExample("sshd-device-sign-in"))
          .replaceAll(
            "/usr/libexec/oauth-pam/oauth-pam-launch",
            bench.host.launcher,
          )
          .replaceAll("/etc/oauth-pam/policy.yaml", bench.policy),
      );
      const [lines = ""] = (await bench.config()).split(/^(?=Match )/m);
      const config = lines
        .replace(
          "AuthenticationMethods publickey",
          "AuthenticationMethods publickey,keyboard-interactive",
        )
        .replace("KbdInteractiveAuthentication no", "");
      await using sshd = await bench.sshd({ stackFile, config, match: "" });
      const certificateOf: StepUp["certificateOf"] = (account) =>
        bench.certificate({
          token: {
            idToken: (nonce) =>
              idToken(provider, { account, nonce, scope: "openid email" }),
          },
        });
      await body(
        { bench, provider, sshd, certificateOf },
        context.step.bind(context),
      );
    });
  });
}

const BOTH = "publickey,keyboard-interactive";

test(
  "admits the person of the certificate, and nobody else",
  async ({ bench, provider, sshd, certificateOf }, step) => {
    const certificate = await certificateOf("alice");
    const login = (approver: string) =>
      bench.ssh(sshd, {
        certificate,
        methods: BOTH,
        token: async (prompt) => {
          const { code } = readPrompt(prompt);
          await approveDevice(provider, { account: approver, userCode: code });
          return "";
        },
      });
    await step("alice", async () => {
      const { stdout } = await login("alice");
      assert.equal(stdout, `${bench.account.name}\n`, await sshd.log());
      const [offered, line] = await attemptsOf(bench, 2);
      assert.match(
        offered ?? "",
        / method=certificate .* phase=offered .* sub=u1 /,
      );
      assert.match(line ?? "", / decision=allow reason=allowed .* sub=u1 /);
      assert.doesNotMatch(line ?? "", /phase=/);
    });
    await step("bob, who approves alice's code", async () => {
      const { ok } = await login("bob");
      assert.equal(ok, false);
      const lines = await attemptsOf(bench, 4);
      assert.match(
        lines[3] ?? "",
        / decision=deny reason=key_not_bound .* detail="the certificate that sshd has accepted is about somebody else"/,
      );
    });
  },
);

test("shows no code to whom sshd has accepted no key of", async ({ bench, provider, sshd, certificateOf }) => {
  const before = provider.requestCount("/device/auth");
  const prompts: string[] = [];
  // sshd asks for the key first
  const refused = await bench.ssh(sshd, {
    certificate: await certificateOf("bob"),
    methods: BOTH,
    token: (prompt) => {
      prompts.push(prompt);
      return "";
    },
  });
  assert.equal(refused.ok, false);
  assert.deepEqual(prompts, []);
  // an sshd that does not: the program refuses
  const [lines = ""] = (await bench.config()).split(/^(?=Match )/m);
  await using careless = await bench.sshd({
    stackFile: `${bench.host.serviceDir}/${SERVICE}`,
    config: lines
      .replace(
        "AuthenticationMethods publickey",
        "AuthenticationMethods keyboard-interactive",
      )
      .replace("KbdInteractiveAuthentication no", ""),
    match: "",
  });
  const shown: string[] = [];
  const result = await careless.ssh({
    user: bench.account.name,
    token: (prompt) => {
      shown.push(prompt);
      return "";
    },
  });
  assert.equal(result.ok, false);
  assert.doesNotMatch(shown.join(""), /[A-Z]{4}-[A-Z]{4}/);
  assert.equal(provider.requestCount("/device/auth"), before);
  const log = (await bench.attempts()).join("\n");
  assert.match(
    log,
    / reason=request_invalid .*sshd has accepted no key before/,
  );
});
