/**
 * What `check` says of a stack is what the real libpam does with it.
 *
 * @module
 */
// Threats: G7
import assert from "node:assert/strict";
import { checkService, createCheckHost } from "../../../support/check.ts";

/** Stacks without a token, judged by check and tried with the real libpam. */
const TRIED: Readonly<Record<string, string>> = {
  refuses: "auth [success=done ignore=ignore default=die] OURS",
  "ignores and ends": "auth [default=ignore] OURS",
  "optional and permit": "auth optional OURS\nauth required pam_permit.so",
  "required and permit": "auth required OURS\nauth required pam_permit.so",
  "requisite and permit": "auth requisite OURS\nauth sufficient pam_permit.so",
  "sufficient and deny": "auth sufficient OURS\nauth required pam_deny.so",
  "sufficient and permit": "auth sufficient OURS\nauth optional pam_permit.so",
  "jump over a refusal":
    "auth [success=1 default=2] OURS\nauth requisite pam_deny.so\nauth requisite pam_deny.so\nauth required pam_permit.so",
  "jump to a refusal":
    "auth [success=done default=1] OURS\nauth required pam_permit.so\nauth requisite pam_deny.so",
  "jump to a refusal that is lost":
    "auth [success=done default=1] OURS\nauth requisite pam_deny.so\nauth required pam_permit.so",
  "jump to the end":
    "auth [success=done default=1] OURS\nauth required pam_permit.so",
  "jump too far":
    "auth [success=ok default=5] OURS\nauth required pam_permit.so",
  "permit, then bad": "auth required pam_permit.so\nauth required OURS",
  "permit, then ignored":
    "auth required pam_permit.so\nauth [success=ok default=ignore] OURS",
  "reset after permit":
    "auth required pam_permit.so\nauth [success=ok default=reset] OURS",
  "done above": "auth sufficient pam_permit.so\nauth required OURS",
  "a substack that dies":
    "auth substack inner-die\nauth required pam_permit.so",
  "a substack that is done": "auth substack inner-done\nauth requisite OURS",
  "a substack skipped as one":
    "auth [default=1] OURS\nauth substack inner-deny\nauth required pam_permit.so",
  "a list that refuses everybody":
    "auth [success=done default=ignore] OURS\nauth required pam_listfile.so item=user sense=allow file=inner-list file=/dev/null",
  "a list whose last word is another":
    "auth [success=done default=ignore] OURS\nauth required pam_listfile.so item=user sense=allow file=/dev/null file=inner-list",
  "an include skipped in part":
    "auth [default=1] OURS\nauth include inner-deny\nauth required pam_permit.so",
};

Deno.test("check says pam/fails-open exactly where libpam lets a refused token in", async (t) => {
  await using host = await createCheckHost();
  const ours =
    `pam_exec.so quiet expose_authtok ${host.launcher} login ${host.policy}`;
  await host.writeService("inner-die", "auth [default=die] pam_deny.so\n");
  await host.writeService(
    "inner-done",
    "auth sufficient pam_permit.so\nauth required pam_deny.so\n",
  );
  await host.writeService(
    "inner-deny",
    "auth required pam_deny.so\nauth required pam_deny.so\n",
  );
  await host.writeService("inner-list", "root\n");
  const seen = new Set<boolean>();
  for (const [what, stack] of Object.entries(TRIED)) {
    await t.step(what, async () => {
      // pam_wrapper redirects services, but not what they include
      const lines = stack.replaceAll("OURS", ours).replaceAll(
        "inner-",
        `${host.serviceDir}/inner-`,
      );
      await host.writeService("tried", `${lines}\n`);
      const attempt = await host.authenticate({
        ...{ service: "tried", user: "root", password: "refused" },
      });
      const { findings } = await checkService(host, "tried");
      const open = findings.some(({ id }) => id === "pam/fails-open");
      assert.equal(open, attempt.ok, `${attempt.output}${attempt.log}`);
      seen.add(open);
    });
  }
  assert.equal(seen.size, 2);
});

const DENY_ALL =
  "auth requisite pam_listfile.so item=user sense=allow file=/dev/null onerr=fail";

const ANSWER = DENY_ALL.replace("requisite", "[success=done default=die]");

/** Stacks with a good token, and what pam_setcred makes of them. */
const CREDENTIALS: readonly string[] = [
  `auth [success=done ignore=ignore default=die] OURS\n${DENY_ALL}`,
  `auth [success=done default=die] OURS\n${DENY_ALL}`,
  "auth [success=done ignore=ignore default=die] OURS",
  "auth [success=done ignore=ignore default=die] OURS\nauth requisite pam_deny.so",
  "auth required OURS\nauth required pam_permit.so",
  "auth required OURS",
  "auth sufficient OURS\nauth required pam_deny.so",
  "auth [success=1 default=die] OURS\nauth requisite pam_deny.so\nauth required pam_permit.so",
  "auth optional pam_faildelay.so\nauth requisite OURS",
  `auth [success=done ignore=ignore default=1] OURS\n${ANSWER}\nauth requisite pam_deny.so`,
  "auth [success=done ignore=ignore default=1] OURS\nauth requisite pam_deny.so",
  `auth [success=done ignore=ignore default=ignore] OURS\nauth [cred_err=ignore default=die] pam_deny.so\n${DENY_ALL}`,
];

for (const service of ["oauthpam-sshd", "sudo"]) {
  Deno.test(`check says pam/setcred exactly where libpam closes the session of a good token (${service})`, async (t) => {
    await using host = await createCheckHost();
    await Deno.writeTextFile(
      host.program,
      '#!/bin/sh\nexit "$OAUTH_PAM_GRANT"\n',
    );
    const ours = "pam_exec.so quiet seteuid expose_authtok " +
      `${host.launcher} login ${host.policy}`;
    // sshd sets credentials in another process than the one that authenticates
    const parts = service === "sudo"
      ? [["authenticate", "setcred(PAM_ESTABLISH_CRED)"]]
      : [["authenticate"], ["setcred(PAM_ESTABLISH_CRED)"]];
    const seen = new Set<boolean>();
    for (const stack of CREDENTIALS) {
      await t.step(stack, async () => {
        await host.writeService(service, `${stack.replaceAll("OURS", ours)}\n`);
        let ok = true;
        for (const operations of parts) {
          const attempt = await host.authenticate({
            ...{ service, user: "root", password: "good", operations },
          });
          ok &&= attempt.ok;
        }
        const { findings, stdout } = await checkService(host, service);
        const closed = findings.some(({ id }) =>
          id === "pam/setcred" || id === "pam/never-grants"
        );
        assert.equal(closed, !ok, stdout);
        seen.add(closed);
      });
    }
    assert.equal(seen.size, 2);
  });
}
