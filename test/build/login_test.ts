/**
 * The real program, built for a policy: it starts, decides and logs with its few rights.
 *
 * @module
 */

import assert from "node:assert/strict";
import { bundleOnce } from "../support/bundle_once.ts";
import { permissionNeeds } from "../../src/build/permissions.ts";
import { parsePolicy, usable } from "../../src/policy/syntax/parse.ts";
import { type Build, BUILDS, decoder, environment } from "./site.ts";

interface Gate {
  readonly root: string;
  /** Runs `login` with what is typed; answers the exit code and the log line. */
  login(
    policyFile: string,
    typed: string,
  ): Promise<{ code: number; line: string }>;
}

function policyText(root: string, socket: string): string {
  return `version: 1
issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [ssh-prod]
rules:
  staff:
    when: {groups: {any: [staff]}}
    accounts: [{claim: sub}]
cache: {directory: ${root}/cache}
log: {socket: ${root}/${socket}}
`;
}

/** The gate is built for the policy that logs to "log a" but says that its file was `file`. */
async function withGate(
  { build, deno, file }: {
    build: Build;
    deno: string;
    file: (root: string) => string;
  },
  body: (gate: Gate) => Promise<void>,
): Promise<void> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  const program = `${root}/oauth-pam`;
  const socket = Deno.listenDatagram({
    transport: "unixpacket",
    path: `${root}/log-a`,
  });
  try {
    await Deno.mkdir(`${root}/cache`, { mode: 0o700 });
    const policy = usable(
      parsePolicy(policyText(root, "log-a"), { file: "site.yaml" }),
    );
    assert.ok(policy);
    const bytes = new TextEncoder().encode(file(root));
    const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))
      .toHex();
    await build({
      bundle: await bundleOnce({ environment, sha256, policy }),
      needs: permissionNeeds(policy),
      output: program,
      deno,
      environment,
    });
    await body({
      root,
      async login(policyFile, typed) {
        const child = new Deno.Command(program, {
          args: ["login", policyFile],
          clearEnv: true,
          env: {
            PAM_USER: "alice",
            PAM_SERVICE: "sshd",
            PAM_TYPE: "auth",
            OAUTH_PAM_CONVERSATION: "1-1",
            OAUTH_PAM_ACCOUNT: "1000:alice",
          },
          stdin: "piped",
          stdout: "piped",
          stderr: "piped",
        }).spawn();
        const writer = child.stdin.getWriter();
        await writer.write(new TextEncoder().encode(typed)).then(() =>
          writer.close()
        );
        const { code, stdout, stderr } = await child.output();
        assert.equal(decoder.decode(stdout) + decoder.decode(stderr), "");
        return { code, line: decoder.decode((await socket.receive())[0]) };
      },
    });
  } finally {
    socket.close();
    await Deno.remove(root, { recursive: true });
  }
}

for (const [what, build, deno] of BUILDS) {
  Deno.test(`${what} refuses what is not a token, with one line in the log of its policy`, () => {
    const file = (root: string) => policyText(root, "log-a");
    return withGate({ build, deno, file }, async ({ root, login }) => {
      await Deno.writeTextFile(`${root}/site.yaml`, file(root), {
        mode: 0o600,
      });
      for (const typed of ["", "hello"]) {
        const { code, line } = await login(`${root}/site.yaml`, typed);
        assert.equal(code, 7, line);
        const reason = typed === "" ? "token_missing" : "token_malformed";
        assert.ok(
          line.includes(
            `decision=deny reason=${reason} user=alice service=sshd`,
          ),
          line,
        );
      }
    });
  });

  Deno.test(`${what} does not parse again the file that it was built for`, () => {
    // The file would log elsewhere, where the program may not write: only the embedded policy
    // leads to this socket.
    const file = (root: string) => policyText(root, "log-b");
    return withGate({ build, deno, file }, async ({ root, login }) => {
      await Deno.writeTextFile(`${root}/site.yaml`, file(root), {
        mode: 0o600,
      });
      const { code, line } = await login(`${root}/site.yaml`, "hello");
      assert.deepEqual([code, line.includes("reason=token_malformed")], [
        7,
        true,
      ], line);
    });
  });

  Deno.test(`${what} parses a file that changed since it was built`, () => {
    const file = (root: string) => policyText(root, "log-b");
    return withGate({ build, deno, file }, async ({ root, login }) => {
      const changed = policyText(root, "log-a") + "# changed\n";
      await Deno.writeTextFile(`${root}/site.yaml`, changed, { mode: 0o600 });
      const { code, line } = await login(`${root}/site.yaml`, "hello");
      assert.deepEqual([code, line.includes("reason=token_malformed")], [
        7,
        true,
      ], line);
    });
  });
}
