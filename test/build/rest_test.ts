/**
 * What the program loads only when it is needed works in every build, and its errors keep their
 * meaning although it has its own copy of their classes.
 *
 * @module
 */
// Threats: F5
import assert from "node:assert/strict";
import { BUILD_KINDS, buildProgram } from "../support/built_program.ts";
import { createAuthority } from "../support/certificates.ts";
import { startHostileIssuer } from "../support/hostile_server.ts";
import { createSite } from "../support/login.ts";
import { runProgram } from "../support/run_program.ts";

const PAM = { PAM_TYPE: "auth", PAM_USER: "alice", PAM_SERVICE: "sshd" };

for (const kind of BUILD_KINDS) {
  Deno.test(`the built program runs the verbs for people (${kind})`, async () => {
    const authority = await createAuthority();
    await using site = await createSite({
      issuer: "https://login.example.edu",
      caPem: authority.caPem,
    });
    const output = `${site.directory}/oauth-pam`;
    await buildProgram({ policy: site.policyFile, output, kind });
    const lint = await runProgram(output, {
      args: ["policy", "lint", "--format", "json", site.policyFile],
    });
    assert.equal(lint.code, 1, lint.stderr);
    const { schema, findings } = JSON.parse(lint.stdout);
    assert.equal(schema, "oauth-pam/lint@1");
    assert.ok(
      findings.some(({ id }: { id: string }) =>
        id === "claim/email-unverified"
      ),
    );
    const under = await runProgram(output, {
      args: ["policy", "lint", site.policyFile],
      env: PAM,
    });
    assert.equal(under.code, 4, "under PAM nothing but a grant ends with 0");
  });

  Deno.test(`the built program reads a policy that changed since it was built (${kind})`, async () => {
    const authority = await createAuthority();
    await using site = await createSite({
      issuer: "https://login.example.edu",
      caPem: authority.caPem,
    });
    const output = `${site.directory}/oauth-pam`;
    await buildProgram({ policy: site.policyFile, output, kind });
    await Deno.writeTextFile(site.policyFile, "\nnonsense: true\n", {
      append: true,
    });
    const login = { args: ["login", site.policyFile], env: PAM, stdin: "x" };
    const broken = await runProgram(output, login);
    assert.equal(broken.code, 3);
    assert.match(
      broken.stderr,
      /reason=policy_invalid .*unknown key \\"nonsense\\"/,
    );
    const text = await Deno.readTextFile(site.policyFile);
    await Deno.writeTextFile(
      site.policyFile,
      text.replace("nonsense: true", "# changed"),
    );
    const whole = await runProgram(output, login);
    assert.equal(whole.code, 7);
    assert.match(whole.stderr, /reason=token_malformed /);
  });

  Deno.test(`an issuer's failure keeps its reason in what is loaded later (${kind})`, async () => {
    const authority = await createAuthority();
    await using issuer = await startHostileIssuer({ authority });
    await using site = await createSite({
      issuer: issuer.issuer,
      caPem: authority.caPem,
      issuerLines: [
        "kind: introspection",
        "client_id: gate",
        "client_secret_file: SECRET",
        `introspection_endpoint: ${issuer.issuer}/introspect`,
      ],
    });
    const secret = `${site.directory}/secret`;
    await Deno.writeTextFile(secret, "s3cret\n", { mode: 0o600 });
    const text = await Deno.readTextFile(site.policyFile);
    await Deno.writeTextFile(site.policyFile, text.replace("SECRET", secret));
    const output = `${site.directory}/oauth-pam`;
    await buildProgram({ policy: site.policyFile, output, kind });
    const { code, stderr } = await runProgram(output, {
      args: ["login", site.policyFile],
      env: PAM,
      stdin: "an-opaque-token",
    });
    assert.match(stderr, /reason=issuer_refused /);
    assert.equal(code, 3);
    assert.ok(issuer.requestCount() > 0);
  });
}
