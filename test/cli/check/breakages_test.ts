/**
 * The ways in which hosts were broken by those who set them up for the first time: what `check` says of each,
 * where, and what is to be done. None that lets nobody in ends with 0.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { CheckOptions } from "../../support/check.ts";
import { createAuthority } from "../../support/certificates.ts";
import { writeStandIn } from "../../support/compiled_stand_in.ts";
import {
  answer,
  DISCOVERY_PATH,
  html,
  json,
} from "../../support/hostile_server.ts";
import {
  type BrokenHost,
  createBrokenHost,
  SSHD_CONFIG,
} from "../../support/broken_host.ts";

interface Breakage {
  /** Answers with how `check` has to be run, where that matters. */
  readonly how: (host: BrokenHost) => Promise<CheckOptions | void>;
  readonly id: string;
  /** Default: error, by which `check` ends with 1; people get in where it is a warning. */
  readonly level?: "warning" | "info";
  /** Default: 1 for an error, 0 for a warning. */
  readonly code?: number;
  /** The file, and a text of its line; `null` where nothing has a place. */
  readonly at: ((host: BrokenHost) => [file: string, text?: string]) | null;
  readonly says: RegExp;
  /** What is to be done; in the message where that says it all. */
  readonly remedy: RegExp;
  /** Whether the commands of `--fix` mend it. */
  readonly mended?: boolean;
}

const stack = ({ stack }: BrokenHost) => stack;
const config = (host: BrokenHost) => host.at("sshd_config");
const policy = ({ pam }: BrokenHost) => pam.policy;

function sshd(change: (text: string) => string): Breakage["how"] {
  return (host) => host.edit(config(host), change);
}
function pam(change: (text: string) => string): Breakage["how"] {
  return (host) => host.edit(stack(host), change);
}
/** Of a line that is no comment. */
function auth(text: string, instead: string): Breakage["how"] {
  return pam((all) =>
    all.split("\n").map((line) =>
      line.startsWith("auth") && line.includes(text)
        ? line.replace(text, instead)
        : line
    ).join("\n")
  );
}
function yaml(from: RegExp | string, to: string): Breakage["how"] {
  return (host) => host.edit(policy(host), (text) => text.replace(from, to));
}

const BREAKAGES: Readonly<Record<string, Breakage>> = {
  // the policy and its files
  "the policy is of mode 0666": {
    how: ({ pam }) => Deno.chmod(pam.policy, 0o666),
    id: "file/policy",
    at: (host) => [policy(host)],
    says: /can be written by others/,
    remedy: /chmod go-w it/,
    mended: true,
  },
  "the policy is somebody's own": {
    how: ({ pam }) => Deno.chown(pam.policy, 65534, null),
    id: "file/policy",
    at: (host) => [policy(host)],
    says: /belongs to uid 65534/,
    remedy: /chown it to root/,
    mended: true,
  },
  "a folder above is everybody's": {
    how: (host) => Deno.chmod(host.at(""), 0o777),
    id: "file/policy",
    at: (host) => [policy(host)],
    says: /can be written by others/,
    remedy: /chmod go-w it/,
    mended: true,
  },
  "the policy is a link": {
    how: async ({ pam }) => {
      await Deno.rename(pam.policy, `${pam.policy}.real`);
      await Deno.symlink(`${pam.policy}.real`, pam.policy);
    },
    id: "file/policy",
    at: (host) => [policy(host)],
    says: /is a symbolic link/,
    remedy: /name the real path/,
  },
  "the policy is broken YAML": {
    how: yaml("rules:", "rules: ["),
    id: "yaml/syntax",
    code: 3,
    at: (host) => [policy(host)],
    says: /./,
    remedy: /./,
  },
  "rules are a list": {
    how: yaml("  staff:\n    when", "  - when"),
    id: "policy/type",
    code: 3,
    at: (host) => [policy(host), "rules:"],
    says: /a list is not a mapping/,
    remedy: /name each entry/,
  },
  "the policy is not there": {
    how: ({ pam }) => Deno.remove(pam.policy),
    id: "file/unreadable",
    code: 3,
    at: (host) => [policy(host)],
    says: /does not exist/,
    remedy: /./,
  },
  "the issuer is the address of its document": {
    how: yaml(/(issuer: https.*)/, "$1/.well-known/openid-configuration"),
    id: "issuer/never-named",
    at: (host) => [policy(host), "issuer: https"],
    says: /address of a discovery document/,
    remedy: /did you mean "https:\/\/localhost:\d+"/,
  },
  "the only rule has ended": {
    how: yaml("  staff:\n", "  staff:\n    not_after: 2026-01-31T00:00:00Z\n"),
    id: "rule/ended",
    at: (host) => [policy(host)],
    says: /admits nobody any more/,
    remedy: /./,
  },
  "the certificates are no PEM": {
    how: (host) => Deno.writeTextFile(host.at("ca.pem"), "der"),
    id: "file/ca",
    at: (host) => [host.at("ca.pem")],
    says: /holds no PEM certificate/,
    remedy: /./,
  },
  "the certificates are an empty file": {
    how: (host) => Deno.truncate(host.at("ca.pem")),
    id: "file/ca",
    at: (host) => [host.at("ca.pem")],
    says: /holds no PEM certificate/,
    remedy: /./,
  },
  "a certificate of the issuer's authority has expired": {
    how: () => Promise.resolve({ now: Date.now() + 31 * 24 * 3_600_000 }),
    id: "file/ca-expired",
    level: "warning",
    // the issuer's clock is then a month behind
    code: 1,
    at: (host) => [host.at("ca.pem")],
    says: /has expired on/,
    remedy: /logins still trust it/,
  },
  "the cache directory is everybody's": {
    how: (host) => Deno.chmod(host.at("cache"), 0o777),
    id: "cache/directory",
    at: (host) => [host.at("cache")],
    says: /nobody else can write/,
    remedy: /install -d -m 0700/,
    mended: true,
  },
  "there is no syslog daemon": {
    how: (host) => Deno.remove(host.at("log")),
    id: "log/socket",
    level: "warning",
    at: (host) => [host.at("log")],
    says: /only the launcher can tell what happened/,
    remedy: /start the syslog daemon/,
  },
  // what runs
  "the launcher is not there": {
    how: ({ pam }) => Deno.remove(pam.launcher),
    id: "file/launcher",
    at: ({ pam }) => [pam.launcher],
    says: /does not exist/,
    remedy: /install the launcher/,
  },
  "the launcher cannot be run": {
    how: ({ pam }) => Deno.chmod(pam.launcher, 0o644),
    id: "file/launcher",
    at: ({ pam }) => [pam.launcher],
    says: /is not executable/,
    remedy: /chmod 755 it/,
    mended: true,
  },
  "the launcher is cut short": {
    how: ({ pam }) => Deno.truncate(pam.launcher, 400),
    id: "file/launcher",
    at: ({ pam }) => [pam.launcher],
    says: /cut short/,
    remedy: /install it again/,
  },
  "the program is not there": {
    how: ({ pam }) => Deno.remove(pam.program),
    id: "file/program",
    at: ({ pam }) => [pam.program],
    says: /does not exist/,
    remedy: /install the program/,
  },
  "the program is empty": {
    how: ({ pam }) => Deno.truncate(pam.program),
    id: "file/program",
    at: ({ pam }) => [pam.program],
    says: /is empty/,
    remedy: /is empty/,
  },
  "the program is another's": {
    how: ({ pam }) => Deno.chown(pam.program, 65534, null),
    id: "file/program",
    at: ({ pam }) => [pam.program],
    says: /belongs to uid 65534/,
    remedy: /becomes root at the next login/,
    mended: true,
  },
  "the program has a set-uid bit": {
    how: ({ pam }) => Deno.chmod(pam.program, 0o4755),
    id: "file/program",
    at: ({ pam }) => [pam.program],
    says: /set-uid/,
    remedy: /chmod ug-s it/,
    mended: true,
  },
  "the program was stripped": {
    how: ({ pam }) => Deno.copyFile("/bin/true", pam.program),
    id: "program/stripped",
    at: ({ pam }) => [pam.program],
    says: /has no code of oauth-pam in it/,
    remedy: /build it again for this policy/,
  },
  "the program is another file": {
    how: ({ pam }) => Deno.writeTextFile(pam.program, "a program to be"),
    id: "program/unknown",
    at: ({ pam }) => [pam.program],
    says: /the launcher runs nothing like this/,
    remedy: /build it again for this policy/,
  },
  "the program was built for another issuer": {
    how: ({ pam }) =>
      writeStandIn(pam.program, { net: ["login.example.edu:443"] }),
    id: "program/net",
    at: ({ pam }) => [pam.program],
    says: /may not reach "localhost:\d+" of the issuer "campus"/,
    remedy: /build it again for this policy/,
  },
  "the program may not write to the policy's cache": {
    how: (host) => writeStandIn(host.pam.program, { write: [host.at("log")] }),
    id: "program/write",
    at: ({ pam }) => [pam.program],
    says: /may not write to ".*cache"/,
    remedy: /build it again for this policy/,
  },
  // the PAM lines
  "no line is ours": {
    how: pam((text) => text.replaceAll(/^auth.*pam_exec.*$/gm, "")),
    id: "pam/no-line",
    at: (host) => [stack(host)],
    says: /no auth line of "sshd" lets oauth-pam decide/,
    remedy: /oauth-pam-launch/,
  },
  "the stack is not there": {
    how: (host) => Deno.remove(stack(host)),
    id: "pam/no-service",
    at: null,
    says: /has no file/,
    remedy: /copy a file of pam\.d\.example/,
  },
  "an included file is not there": {
    how: ({ pam }) => Deno.remove(`${pam.serviceDir}/common-account`),
    id: "pam/syntax",
    at: (host) => [stack(host), "@include common-account"],
    says: /"common-account" is included, but does not exist/,
    remedy: /./,
  },
  "a line has another policy, which is not there": {
    how: (host) =>
      auth("device finish " + policy(host), "device finish /etc/polcy.yaml")(
        host,
      ),
    id: "pam/policy",
    at: (host) => [stack(host), "device finish"],
    says: /"\/etc\/polcy\.yaml" does not exist/,
    remedy: /is the policy that was checked/,
  },
  "common-auth stands above": {
    how: pam((text) => text.replace(/^auth/m, "@include common-auth\nauth")),
    id: "pam/asks-first",
    at: ({ pam }) => [`${pam.serviceDir}/common-auth`, "pam_unix"],
    says: /asks for a password before anybody can sign in/,
    remedy: /put the lines of oauth-pam above it/,
  },
  '"quiet" is missing': {
    how: auth("quiet expose", "expose"),
    id: "pam/quiet",
    at: (host) => [stack(host), "device finish"],
    says: /the remote user reads the path/,
    remedy: /add "quiet"/,
    mended: true,
  },
  '"expose_authtok" is missing': {
    how: auth(" expose_authtok", ""),
    id: "pam/expose-authtok",
    at: (host) => [stack(host), "device finish"],
    says: /no token arrives/,
    remedy: /add "expose_authtok"/,
    mended: true,
  },
  '"stdout" is missing': {
    how: auth(" stdout", ""),
    id: "pam/stdout",
    at: (host) => [stack(host), "device start"],
    says: /nobody sees the address/,
    remedy: /add "stdout"/,
    mended: true,
  },
  '"type=account" skips the line': {
    how: auth("quiet expose", "type=account quiet expose"),
    id: "pam/option",
    at: (host) => [stack(host), "device finish"],
    says: /makes pam_exec skip this line/,
    remedy: /remove "type=account"/,
    mended: true,
  },
  "the finish stands before the start": {
    how: pam((text) =>
      text.replaceAll("device start", "device X")
        .replaceAll("device finish", "device start")
        .replaceAll("device X", "device finish")
    ),
    id: "pam/device-pair",
    at: (host) => [stack(host), "device finish"],
    says: /stands before "device start"/,
    remedy: /./,
  },
  "nothing answers pam_setcred": {
    how: auth("auth    [success=done default=die]  pam_listfile.so", "#"),
    id: "pam/setcred",
    at: (host) => [stack(host), "device finish"],
    says: /the session is closed after a good token/,
    remedy: /auth \[success=done default=die\] pam_listfile\.so/,
    mended: true,
  },
  "pam_permit stands in its place": {
    how: auth(
      "pam_listfile.so item=user sense=allow file=/dev/null onerr=fail",
      "pam_permit.so",
    ),
    id: "pam/permit",
    level: "warning",
    at: (host) => [stack(host), "pam_permit"],
    says: /lets everybody in as soon as a line above it stops deciding/,
    remedy: /auth \[success=done default=die\] pam_listfile\.so/,
    mended: true,
  },
  "the start is sufficient": {
    how: pam((text) =>
      text.replace("[success=die default=ignore]", "sufficient")
    ),
    id: "pam/fails-open",
    at: (host) => [stack(host), "device start"],
    says: /lets in people who proved nothing/,
    remedy: /end the auth lines with the decision/,
  },
  "the policy has no device sign-in": {
    how: yaml(/^ {4}device: .*\n/m, ""),
    id: "pam/device-policy",
    at: (host) => [stack(host), "device finish"],
    says: /no issuer of the policy has it/,
    remedy: /write "device" into an issuer/,
  },
  // sshd
  "sshd's configuration is not there": {
    how: (host) => Deno.remove(config(host)),
    id: "sshd/unreadable",
    at: (host) => [config(host)],
    says: /cannot be read/,
    remedy: /sshd -T/,
  },
  "UsePAM no": {
    how: sshd((text) => text.replace("UsePAM yes", "UsePAM no")),
    id: "sshd/use-pam",
    at: (host) => [config(host), "UsePAM no"],
    says: /sshd does not ask PAM/,
    remedy: /write "UsePAM yes" in place of line 1/,
    mended: true,
  },
  "UsePAM is written nowhere": {
    how: sshd((text) => text.replace("UsePAM yes\n", "")),
    id: "sshd/use-pam",
    at: (host) => [config(host)],
    says: /UsePAM is "no"/,
    remedy: /write "UsePAM yes" into a file/,
    mended: true,
  },
  "our lines are at the end": {
    how: sshd((text) => `KbdInteractiveAuthentication no\n${text}`),
    id: "sshd/kbd-interactive",
    at: (host) => [config(host), "KbdInteractiveAuthentication no"],
    says: /nobody sees a code/,
    remedy: /remove line 1 of .*sshd takes the first value, and line 3 of/,
    mended: true,
  },
  "an unknown keyword": {
    how: sshd((text) => `${text}PaswordAuthentication no\n`),
    id: "sshd/refused",
    at: (host) => [config(host), "PaswordAuthentication"],
    says: /sshd does not start with this line/,
    remedy: /correct or remove it/,
    mended: true,
  },
  "LoginGraceTime 30": {
    how: sshd((text) => text.replace("Time 120", "Time 30")),
    id: "sshd/login-grace-time",
    at: (host) => [config(host), "LoginGraceTime"],
    says: /hangs up before the policy's device timeout/,
    remedy: /LoginGraceTime 120/,
    mended: true,
  },
  "AuthenticationMethods publickey": {
    how: sshd((text) => text.replace("s keyboard-interactive", "s publickey")),
    id: "sshd/authentication-methods",
    at: (host) => [config(host), "AuthenticationMethods"],
    says: /nobody is asked for a token/,
    remedy: /name "keyboard-interactive"/,
  },
  "PasswordAuthentication yes": {
    how: sshd((text) =>
      text.replace("PasswordAuthentication no", "PasswordAuthentication yes")
    ),
    id: "sshd/password-authentication",
    level: "warning",
    at: (host) => [config(host), "PasswordAuthentication"],
    says: /nobody sees the code/,
    remedy: /PasswordAuthentication no/,
    mended: true,
  },
  "keys get in beside the policy": {
    how: sshd((text) => text.replace(/^Auth.*\n/m, "")),
    id: "other-way/public-key",
    level: "warning",
    at: (host) => [config(host)],
    says: /whoever has a key gets in without a token/,
    remedy: /AuthenticationMethods keyboard-interactive/,
  },
  "what is included cannot be read": {
    how: async (host) => {
      await host.edit(config(host), (text) => `Include extra/*.conf\n${text}`);
      await Deno.mkdir(host.at("extra/a.conf"), { recursive: true });
    },
    id: "sshd/not-read",
    level: "warning",
    at: null,
    says: /what sshd takes from there is not known/,
    remedy: /sshd -T/,
  },
  // the issuer
  "the issuer is down": {
    how: ({ issuer }) => issuer.close(),
    id: "issuer/unavailable",
    at: (host) => [policy(host)],
    says: /cannot be reached/,
    remedy: /Connection refused/,
  },
  "the issuer has no document there": {
    how: ({ issuer }) => {
      issuer.on(DISCOVERY_PATH, answer({ status: 404 }));
      return Promise.resolve();
    },
    id: "issuer/unavailable",
    at: (host) => [policy(host)],
    says: /answered with status 404/,
    remedy: /openid-configuration/,
  },
  "a captive portal answers": {
    how: ({ issuer }) => {
      issuer.on(DISCOVERY_PATH, html());
      return Promise.resolve();
    },
    id: "issuer/unavailable",
    at: (host) => [policy(host)],
    says: /openid-configuration/,
    remedy: /./,
  },
  "the issuer has a slash at its end": {
    how: yaml(/(issuer: https.*)/, "$1/"),
    id: "issuer/unavailable",
    at: (host) => [policy(host)],
    says: /is of the issuer "https:\/\/localhost:\d+", not "https/,
    remedy: /./,
  },
  "another authority signed its certificate": {
    how: async (host) =>
      await Deno.writeTextFile(
        host.at("ca.pem"),
        (await createAuthority()).caPem,
      ),
    id: "issuer/unavailable",
    at: (host) => [policy(host)],
    says: /certificate/i,
    remedy: /./,
  },
  "no key fits the algorithms": {
    how: yaml("    device:", "    algorithms: [ES384]\n    device:"),
    id: "issuer/keys",
    at: (host) => [policy(host)],
    says: /0 of 1 published keys can be used with ES384/,
    remedy: /publishes keys for RS256/,
  },
  "the device endpoint is missing": {
    how: ({ issuer }) => {
      const { device_authorization_endpoint: _, ...rest } = issuer.discovery;
      issuer.on(DISCOVERY_PATH, json(rest));
      return Promise.resolve();
    },
    id: "issuer/endpoint",
    at: (host) => [policy(host)],
    says: /no "device_authorization_endpoint"/,
    remedy: /list the host/,
  },
  "the client id is wrong": {
    how: ({ issuer }) => {
      const body = { error: "invalid_client" };
      issuer.on("/token", answer({ status: 401, body }));
      return Promise.resolve();
    },
    id: "issuer/device-client",
    at: (host) => [policy(host)],
    says: /does not know the client/,
    remedy: /correct "client_id"/,
  },
  "a scope that the issuer does not have": {
    how: yaml("[openid, groups]", "[openid, groups, emails]"),
    id: "issuer/device-scope",
    level: "warning",
    at: (host) => [policy(host)],
    says: /does not list the scope "emails"/,
    remedy: /it lists openid, email, groups/,
  },
  "a claim that the issuer does not have": {
    how: ({ issuer }) => {
      issuer.discovery.claims_supported = ["sub", "email"];
      return Promise.resolve();
    },
    id: "issuer/claim",
    // such lists need not be whole
    level: "info",
    at: (host) => [policy(host)],
    says: /does not list the claim "groups", which rules use/,
    remedy: /./,
  },
  "the issuer's clock is ten minutes off": {
    how: ({ issuer }) => {
      const date = new Date(Date.now() + 600_000).toUTCString();
      issuer.on("/jwks", answer({ headers: { date }, body: issuer.jwks }));
      return Promise.resolve();
    },
    id: "clock/issuer",
    at: (host) => [policy(host)],
    says: /s ahead of this host's/,
    remedy: /NTP/,
  },
};

Deno.test("check ends with 0 on the host that is broken below, and has a good word for each area", async () => {
  await using host = await createBrokenHost();
  const { code, findings, stdout, ok } = await host.check();
  assert.equal(code, 0, stdout);
  assert.deepEqual(
    findings.filter(({ level }) => level !== "info"),
    [],
  );
  const areas = new Set(ok.map(({ id }) => id.replace(/\/.*/, "")));
  for (const { id } of Object.values(BREAKAGES)) {
    const area = id.replace(/\/.*/, "");
    if (["yaml", "rule"].includes(area)) continue;
    assert.ok(areas.has(area), area);
  }
});

Deno.test("check finds each breakage that was met, where it is, and says what to do", async (t) => {
  let sound: readonly string[] = [];
  {
    await using host = await createBrokenHost();
    sound = (await host.check()).ok.map(({ id }) => id);
  }
  for (const [what, row] of Object.entries(BREAKAGES)) {
    await t.step(what, async () => {
      await using host = await createBrokenHost();
      const [file, text] = row.at?.(host) ?? [];
      const options = await row.how(host) ?? {};
      const result = await host.check(options);
      const { level = "error" } = row;
      const found = result.findings.filter(({ id, message, hint }) =>
        id === row.id && row.says.test(message) &&
        row.remedy.test(`${message} ${hint}`)
      );
      const [first] = found;
      assert.ok(first, result.stdout);
      assert.equal(first.level, level);
      assert.equal(first.file, file);
      if (text !== undefined && file !== undefined) {
        assert.equal(first.line, await host.lineOf(file, text));
      }
      assert.equal(result.code, row.code ?? (level === "error" ? 1 : 0));
      // nothing good is said of what was found
      assert.deepEqual(
        result.ok.filter((each) =>
          each.id === row.id && each.file === first.file &&
          each.line === first.line
        ),
        [],
      );
      if (sound.includes(row.id)) {
        const left = result.ok.filter(({ id }) => id === row.id).length;
        assert.ok(left < sound.filter((id) => id === row.id).length);
      }
      if (level === "info") return;
      const { stdout } = await host.print(["--fix"], options);
      const commands = stdout.split("\n").filter((line) =>
        line !== "" && !line.startsWith("#")
      );
      assert.ok(stdout.includes(`[${row.id}]`), stdout);
      if (row.mended !== true) return;
      assert.notDeepEqual(commands, []);
      const script = host.at("fix.sh");
      await Deno.writeTextFile(script, stdout);
      await new Deno.Command("sh", { args: [script] }).output();
      const after = await host.check(options);
      assert.deepEqual(
        after.findings.filter(({ id, level }) =>
          id === row.id && level !== "info"
        ),
        [],
        stdout,
      );
      assert.equal(after.code, 0, after.stdout);
    });
  }
  assert.ok(SSHD_CONFIG.startsWith("UsePAM"));
});
