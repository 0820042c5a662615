/**
 * `oauth-pam ssh-keys`: one line or nothing, why, and what the log says.
 *
 * @module
 */
// Threats: F1, G12
import assert from "node:assert/strict";
import fc from "fast-check";
import { formatAddress, inNetworks } from "../../src/policy/network.ts";
import { answer, hang } from "../support/hostile_server.ts";
import { forgetFailures, type SiteOptions } from "../support/login.ts";
import { readCertificate } from "../../src/ssh/certificate.ts";
import {
  createKey,
  opksshExtensions,
  type PkTokenOptions,
  publicBlob,
} from "../support/opkssh.ts";
import {
  type Answer,
  createKeyScene,
  type KeyScene,
} from "../support/ssh_keys.ts";
import { fastest } from "../support/timing.ts";
import {
  createSigner,
  publicJwk,
  signToken,
  standardClaims,
} from "../support/tokens.ts";

function test(
  title: string,
  body: (scene: KeyScene) => Promise<void>,
  options: Partial<SiteOptions> = {},
): void {
  Deno.test(`ssh-keys ${title}`, {
    sanitizeOps: true,
    sanitizeResources: true,
  }, async () => {
    await using scene = await createKeyScene(options);
    await body(scene);
  });
}

function refused(answer: Answer, reason: string, exitCode = 7): void {
  const { log: _log, ...rest } = answer;
  assert.deepEqual(rest, { reason, exitCode, line: null }, answer.log);
  assert.match(answer.log, new RegExp(` decision=deny reason=${reason} `));
}

test("says nothing and logs no yes where it could not end with one", async (scene) => {
  for (const named of ["", "0", "64"]) {
    const answer = await scene.ask({ env: { OAUTH_PAM_GRANT: named } });
    refused(answer, "internal_error", 4);
  }
  const answer = await scene.ask({ env: { OAUTH_PAM_GRANT: "40" } });
  assert.equal(answer.reason, "allowed", answer.log);
});

test("answers a good certificate with its own key as its authority", async (scene) => {
  const { key } = scene;
  const { line, reason, log } = await scene.ask();
  assert.equal(reason, "allowed");
  assert.equal(
    line,
    `cert-authority,principals="opkssh-wildcard" ssh-ed25519 ${
      publicBlob(key).toBase64()
    }`,
  );
  assert.match(
    log,
    /^oauth-pam: decision=allow reason=allowed user=alice service=sshd method=certificate key=SHA256:[A-Za-z0-9+/]{43} phase=offered issuer=campus sub=u1 jti_sha256=[0-9a-f]{16} rule=staff policy_sha256=[0-9a-f]{16} ms=\d+\n$/,
  );
  // keys are kept where this user may write, and nowhere else
  assert.deepEqual(
    [...Deno.readDirSync(scene.site.directory)].map(({ name }) => name).sort(),
    ["ca.pem", "keys", "policy.yaml"],
  );
});

test("takes P-256 keys, too", async (scene) => {
  const key = await createKey("P-256");
  const certificate = await scene.certificate({ token: { key } });
  const { line } = await scene.ask({ certificate });
  assert.equal(
    line,
    `cert-authority,principals="opkssh-wildcard" ecdsa-sha2-nistp256 ${
      publicBlob(key).toBase64()
    }`,
  );
});

test("lets sshd look for the account among all principals but the one", async (scene) => {
  const plain = `cert-authority ssh-ed25519 ${
    publicBlob(scene.key).toBase64()
  }`;
  for (
    const principals of [
      ["alice"],
      ["root"],
      ["x", "opkssh-wildcard"],
      ["opkssh-wildcard", "opkssh-wildcard"],
      ["opkssh-wildcard,root"],
      ["*"],
    ]
  ) {
    const certificate = await scene.certificate({ fields: { principals } });
    const { line, log } = await scene.ask({ certificate });
    assert.equal(line, plain, String(principals));
    assert.doesNotMatch(log, /warning=/);
  }
  const certificate = await scene.certificate({ fields: { principals: [] } });
  const { line, log } = await scene.ask({ certificate });
  assert.equal(line, plain);
  assert.match(log, / warning="certificate without principals"/);
});

test("says in the log that a client sends its access token to servers", async (scene) => {
  const { pkToken } = readCertificate(
    (await scene.certificate()).base64,
    "ssh-ed25519-cert-v01@openssh.com",
  );
  for (const access of [undefined, "an.access.token"]) {
    const certificate = await scene.certificate({
      fields: { extensions: opksshExtensions(pkToken ?? "", access) },
    });
    const { reason, log } = await scene.ask({ certificate });
    assert.equal(reason, "allowed", log);
    const warned = / warning="the certificate gives an access token away"/;
    assert.equal(warned.test(log), access !== undefined, log);
    assert.doesNotMatch(log, /an\.access\.token/);
  }
});

test("never puts text of the client's into the line", async (scene) => {
  const evil = '",command="id" ssh-rsa AAAA\n';
  for (
    const fields of [
      { keyId: evil },
      { principals: [evil.replace("\n", "")] },
      { principals: [evil] },
    ]
  ) {
    const certificate = await scene.certificate({ fields });
    const { line } = await scene.ask({ certificate });
    assert.doesNotMatch(line ?? "", /command|ssh-rsa|\n/);
  }
});

test("has nothing to say about other keys, and says nothing", async (scene) => {
  const { policyFile } = scene.site;
  const nothing = { reason: null, exitCode: 0, line: null, log: "" };
  for (
    const type of ["ssh-ed25519", "ssh-rsa", "ssh-rsa-cert-v01@openssh.com", ""]
  ) {
    assert.deepEqual(
      await scene.ask({ args: [policyFile, "alice", "AAAA", type] }),
      nothing,
    );
  }
  // somebody's with a CA, whatever it says
  const { createCertificate } = await import("../support/opkssh.ts");
  const certificate = await createCertificate(scene.key, null, {
    signWith: await createKey("Ed25519"),
    critical: [["force-command", new TextEncoder().encode("\0\0\0\x02id")]],
    principals: ["alice"],
  });
  assert.deepEqual(await scene.ask({ certificate }), nothing);
  assert.equal(scene.server.connections, 0);
});

test("refuses a certificate that is not in order, before anything is asked", async (scene) => {
  const { type, base64 } = await scene.certificate();
  const args = (key: string, kind = type) => ({
    args: [scene.site.policyFile, "alice", key, kind],
  });
  refused(
    await scene.ask(args(`${base64.slice(0, -8)}AAAA`)),
    "certificate_malformed",
  );
  refused(await scene.ask(args("")), "certificate_malformed");
  refused(await scene.ask(args("A".repeat(200_000))), "certificate_malformed");
  refused(
    await scene.ask(args(base64, "ecdsa-sha2-nistp256-cert-v01@openssh.com")),
    "certificate_malformed",
  );
  const other = await createKey("Ed25519");
  const certificate = await scene.certificate({ fields: { signWith: other } });
  refused(await scene.ask({ certificate }), "certificate_malformed");
  assert.equal(scene.server.connections, 0);
});

test("refuses another's ID token, whose nonce names another key", async (scene) => {
  const certificate = await scene.certificate({
    token: { commit: () => "n-0S6_WzA2Mj" },
  });
  refused(await scene.ask({ certificate }), "key_not_bound");
});

test("decides by the policy as for any token", async (scene) => {
  refused(
    await scene.ask({ user: "bob" }),
    "account_not_permitted",
    10,
  );
  refused(
    await scene.ask({ user: "root", env: { OAUTH_PAM_ACCOUNT: "0:root" } }),
    "account_not_permitted",
    10,
  );
  const certificate = await scene.certificate({
    claims: { groups: ["staff", "suspended"] },
  });
  refused(await scene.ask({ certificate }), "denied_by_rule");
}, {
  lines: ["# a deny rule stands in the rules"],
  ruleLines: [
    "services: [sshd]",
    "when: {groups: {any: [staff]}}",
    "\n  suspended: {effect: deny, when: {groups: {any: [suspended]}}}",
  ],
});

test("refuses an account that the host does not have, or has by another name", async (scene) => {
  const hosts = ["", "1001:bob"];
  for (const fact of hosts) {
    refused(
      await scene.ask({ env: { OAUTH_PAM_ACCOUNT: fact } }),
      "account_not_permitted",
      10,
    );
  }
  refused(
    await scene.ask({ env: { OAUTH_PAM_ACCOUNT: "999:alice" } }),
    "account_protected",
  );
});

test("does not take rules for other services", async (scene) => {
  refused(await scene.ask(), "account_not_permitted", 10);
}, { ruleLines: ["services: [sudo]"] });

test(
  "takes no certificates of issuers without ssh_certificates",
  async (scene) => {
    refused(await scene.ask(), "issuer_unknown");
    assert.equal(scene.server.connections, 0);
  },
  { issuerLines: [] },
);

test("is a refusal of its own without a policy or an issuer", async (scene) => {
  const { site, server } = scene;
  server.on("/jwks", answer({ status: 503 }));
  refused(await scene.ask(), "issuer_unavailable", 9);
  server.on("/jwks");
  refused(await scene.ask(), "issuer_unavailable", 9);
  await forgetFailures(`${site.directory}/keys`);
  assert.equal((await scene.ask()).reason, "allowed");
  await Deno.writeTextFile(site.policyFile, "version: 2\n");
  refused(await scene.ask(), "policy_invalid", 3);
  await Deno.remove(site.policyFile);
  refused(await scene.ask(), "policy_invalid", 3);
});

test("answers by cached keys while the issuer is away", async (scene) => {
  const certificate = await scene.certificate();
  assert.equal((await scene.ask({ certificate })).reason, "allowed");
  assert.equal(scene.server.requestCount("/jwks"), 1);
  scene.server.on("/jwks", hang());
  assert.equal((await scene.ask({ certificate })).reason, "allowed");
  assert.equal(scene.server.requestCount("/jwks"), 1);
});

test("opens the way to the issuer for keys that have to be fetched, and no earlier", async (scene) => {
  const certificate = await scene.certificate();
  const { policyFile, directory } = scene.site;
  const text = await Deno.readTextFile(policyFile);
  const [, ca = ""] = /ca_file: (\S+)/.exec(text) ?? [];
  assert.ok(ca.startsWith(directory), ca);
  const pem = await Deno.readTextFile(ca);
  await Deno.writeTextFile(ca, "not a certificate");
  assert.equal((await scene.ask({ certificate })).reason, "policy_invalid");
  await Deno.writeTextFile(ca, pem);
  assert.equal((await scene.ask({ certificate })).reason, "allowed");
  await Deno.writeTextFile(ca, "not a certificate");
  assert.equal((await scene.ask({ certificate })).reason, "allowed");
});

test("logs one line for one login, which is asked about twice", async (scene) => {
  const certificate = await scene.certificate();
  const now = Date.now();
  const conversation = (pid: number) => ({
    OAUTH_PAM_ACCOUNT: "1000:alice",
    OAUTH_PAM_CONVERSATION: `${pid}-1234`,
  });
  const first = await scene.ask({ certificate, now, env: conversation(7) });
  assert.match(first.log, / phase=offered /);
  // also where a minute begins in between
  const again = await scene.ask({
    certificate,
    now: now + 59_000,
    env: conversation(7),
  });
  assert.deepEqual(again, { ...first, log: "" });
  // another process, another answer, another certificate, later
  const logged = async (options: Parameters<KeyScene["ask"]>[0]) => {
    const { log } = await scene.ask({ certificate, now, ...options });
    assert.match(log, / phase=offered /);
  };
  await logged({ env: conversation(8) });
  await logged({ env: conversation(7), user: "bob" });
  await logged({
    env: conversation(7),
    certificate: await scene.certificate(),
  });
  await logged({ env: conversation(7), now: now + 180_000 });
});

test("leaves nothing behind of earlier logins", async (scene) => {
  const now = Date.now();
  for (let minute = 0; minute < 4; minute++) {
    await scene.ask({
      now: now + minute * 60_000,
      env: {
        OAUTH_PAM_ACCOUNT: "1000:alice",
        OAUTH_PAM_CONVERSATION: `${minute + 1}-1`,
      },
    });
  }
  const folder = `${scene.site.directory}/keys/recent`;
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => !name.startsWith("."));
  assert.ok(names.length <= 2, String(names));
});

test("writes its audit record beside its keys", async (scene) => {
  const { policyFile, cacheDirectory } = scene.site;
  await Deno.writeTextFile(
    policyFile,
    `${await Deno.readTextFile(policyFile)}
audit: {file: ${cacheDirectory}/audit/logins.jsonl}
`,
  );
  await scene.ask();
  const records = (await Deno.readTextFile(
    `${scene.site.directory}/keys/audit/logins.jsonl`,
  )).trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(records.length, 1);
  assert.equal(records[0].method, "certificate");
  assert.equal(records[0].decision, "allow");
  assert.equal(records[0].claims.email, "alice@example.edu");
});

test("withholds what no rule permits", async (scene) => {
  const restricted = async (claims: Record<string, unknown>) => {
    const certificate = await scene.certificate({ claims });
    return (await scene.ask({ certificate })).line?.split(" ")[0];
  };
  const wildcard = 'cert-authority,principals="opkssh-wildcard"';
  assert.equal(
    await restricted({ groups: ["staff"] }),
    `${wildcard},restrict,pty,X11-forwarding`,
  );
  assert.equal(await restricted({ groups: ["ci"] }), `${wildcard},restrict`);
  // several rules that admit are united
  assert.equal(
    await restricted({ groups: ["staff", "ci", "dev"] }),
    `${wildcard},restrict,pty,port-forwarding,agent-forwarding,X11-forwarding,user-rc`,
  );
  assert.equal(await restricted({ groups: ["staff", "admin"] }), wildcard);
}, {
  ruleLines: [
    "when: {groups: {any: [staff]}}",
    "ssh: {permit: [x11, pty]}",
    "\n  ci: {when: {groups: {any: [ci]}}, accounts: [{names: [alice]}], ssh: {permit: []}}",
    "\n  dev: {when: {groups: {any: [dev]}}, accounts: [{names: [alice]}], ssh: {permit: [user_rc, agent_forwarding, port_forwarding]}}",
    "\n  admin: {when: {groups: {any: [admin]}}, accounts: [{names: [alice]}]}",
  ],
});

const NETWORKS: Partial<SiteOptions> = {
  ruleLines: [
    'rhosts: ["10.0.0.0/8", "2001:db8::/32"]',
    "ssh: {permit: [pty]}",
    '\n  jail: {effect: deny, rhosts: ["10.66.0.0/16"]}',
    '\n  lab: {accounts: [{names: [alice]}], rhosts: ["10.66.7.0/24", "10.5.0.0/16"]}',
  ],
};

test(
  "leaves the networks to sshd where it does not tell the address",
  async (scene) => {
    const { line } = await scene.ask();
    const from = /,from="([^"]*)",restrict,pty /.exec(line ?? "")?.[1] ?? "";
    const networks = from.split(",");
    assert.ok(networks.includes("2001:db8::/32"), from);
    const certificate = await scene.certificate();
    const address = fc.oneof(
      fc.bigInt(0x0a00_0000n, 0x0aff_ffffn).map((bits) => ({
        family: 4 as const,
        bits,
      })),
      fc.bigInt(0x0a42_0000n, 0x0a42_ffffn).map((bits) => ({
        family: 4 as const,
        bits,
      })),
      fc.bigInt(0n, (1n << 32n) - 1n).map((bits) => ({
        family: 4 as const,
        bits,
      })),
      fc.bigInt(0n, 1n << 100n).map((bits) => ({
        family: 6 as const,
        bits: (0x2001_0db7n << 96n) + bits,
      })),
    );
    const asked: string[] = [];
    await fc.assert(
      fc.asyncProperty(address.map(formatAddress), async (rhost) => {
        asked.push(rhost);
        const { reason } = await scene.ask({
          certificate,
          connection: `${rhost} 50000 192.0.2.1 22`,
        });
        assert.equal(reason === "allowed", inNetworks(networks, rhost), rhost);
      }),
      { numRuns: 200 },
    );
    assert.ok(new Set(asked).size > 150);
  },
  NETWORKS,
);

test("decides about the address where sshd tells it", async (scene) => {
  const from = (address: string) =>
    scene.ask({ connection: `${address} 50000 192.0.2.1 22` });
  const wildcard = 'cert-authority,principals="opkssh-wildcard"';
  const { line, log } = await from("10.1.2.3");
  assert.ok(
    line?.startsWith(`${wildcard},restrict,pty ssh-ed25519 `),
    line ?? "",
  );
  assert.match(log, / rhost=10\.1\.2\.3 /);
  // another rule, that permits everything
  assert.ok((await from("10.5.0.1")).line?.startsWith(`${wildcard} `));
  refused(await from("10.66.7.1"), "denied_by_rule");
  refused(await from("192.0.2.9"), "account_not_permitted", 10);
}, NETWORKS);

test("refuses where no network at all is admitted", async (scene) => {
  refused(await scene.ask(), "denied_by_rule");
}, {
  ruleLines: [
    '\n  all: {effect: deny, rhosts: ["0.0.0.0/0", "::/0"]}',
    "\n  none: {effect: deny}",
  ],
});

test(
  "says which rule refuses, where it refuses from everywhere",
  async (scene) => {
    refused(await scene.ask(), "denied_by_rule");
  },
  {
    ruleLines: ['\n  all: {effect: deny, rhosts: ["0.0.0.0/0", "::/0"]}'],
  },
);

const MANY = 1000;

test(
  "decides in time by a policy with many networks and many rules",
  async (scene) => {
    const { line } = await scene.ask();
    const networks = /,from="([^"]*)"/.exec(line ?? "")?.[1]?.split(",") ?? [];
    assert.ok(networks.includes("172.16.0.0/32"), line ?? "");
    assert.equal(networks.length, MANY);
    // not once for each network and each rule
    const connection = "192.0.2.7 50000 192.0.2.1 22";
    const once = await fastest(() => scene.ask({ connection }));
    const all = await fastest(() => scene.ask());
    assert.ok(all < 3 * once, `${all} ms, and ${once} ms about one address`);
  },
  {
    ruleLines: [
      `rhosts: [${
        Array.from(
          { length: MANY },
          (_, n) => `172.16.${n >> 7}.${2 * (n & 127)}`,
        ).join(", ")
      }]`,
      ...Array.from(
        { length: MANY },
        (_, n) =>
          `\n  r${n}: {when: {team: t${n}}, accounts: [{names: [alice]}], ` +
          `rhosts: [10.${n >> 8}.${n & 255}.0/24]}`,
      ),
    ],
  },
);

test("refuses questions that are not in order", async (scene) => {
  const { type, base64 } = await scene.certificate();
  const { policyFile } = scene.site;
  const good = [policyFile, "alice", base64, type];
  for (
    const args of [
      [],
      [policyFile, "alice", base64],
      [...good, "192.0.2.7 50000 192.0.2.1 22", "x"],
      [...good, "192.0.2.7"],
      [...good, "%C"],
      [...good, ""],
      [...good, "client 50000 192.0.2.1 22"],
      [policyFile, "../alice", base64, type],
      [policyFile, "", base64, type],
      [policyFile, "al ice", base64, type],
    ]
  ) {
    refused(await scene.ask({ args }), "request_invalid");
  }
});

test("takes tokens as old as the policy says, and no older", async (scene) => {
  const iat = Math.floor(Date.now() / 1000);
  const certificate = await scene.certificate({
    claims: { iat, exp: iat + 60, nbf: iat },
  });
  const at = async (seconds: number) =>
    (await scene.ask({ certificate, now: (iat + seconds) * 1000 })).reason;
  assert.equal(await at(3600), "allowed");
  assert.equal(await at(8 * 3600 + 29), "allowed");
  assert.equal(await at(8 * 3600 + 31), "token_too_old");
  assert.equal(await at(-120), "token_not_yet_valid");
}, { issuerLines: ["ssh_certificates: {lifetime: 8h}"] });

Deno.test("what a certificate carries is refused at a prompt", async () => {
  await using scene = await createKeyScene({
    issuerLines: ["ssh_certificates: {}", "types: [JWT, at+jwt]"],
  });
  const { policyFile } = scene.site;
  for (const header of [{}, { typ: "JWT" }, { typ: "at+jwt" }]) {
    const token = await scene.token({ header });
    const { reason, exitCode, log } = await scene.attempt({
      policyFile,
      token,
    });
    assert.equal(reason, "token_kind_unexpected");
    assert.equal(exitCode, 7);
    assert.match(log, /come in SSH certificates, and not by themselves/);
  }
  assert.equal(scene.server.connections, 0);
});

Deno.test("what a certificate holds opens nothing at a prompt, whatever its type", async () => {
  await using scene = await createKeyScene({
    issuerLines: [
      "ssh_certificates: {refreshed: true}",
      "types: [JWT, at+jwt]",
    ],
  });
  const { policyFile } = scene.site;
  const claims = standardClaims({
    issuer: scene.server.issuer,
    audience: "ssh-prod",
  });
  for (const typ of ["at+jwt", "application/AT+JWT"]) {
    const parts: string[] = [];
    const certificate = await scene.certificate({
      token: {
        header: { typ },
        edit: (all) => {
          parts.push(...all);
          return all;
        },
      },
    });
    assert.equal((await scene.ask({ certificate })).reason, "allowed", typ);
    const [payload, header, signature] = parts;
    const token = `${header}.${payload}.${signature}`;
    const { reason, log } = await scene.attempt({ policyFile, token });
    assert.equal(reason, "token_kind_unexpected", log);
    // a refreshed one need not have a nonce to be known by
    const later = await signToken({
      signer: scene.signer,
      header: { typ },
      claims: {
        ...claims,
        iat: Number(claims.iat) + 60,
        exp: Number(claims.exp) + 600,
      },
    });
    const now = 1000 * (Number(claims.exp) + 60);
    const answer = await scene.ask({
      now,
      certificate: await scene.certificate({ token: { refreshed: later } }),
    });
    assert.equal(answer.reason, "type_not_allowed", answer.log);
  }
});

Deno.test("a token by a key that the issuer lacks makes no storm of requests", async () => {
  await using scene = await createKeyScene();
  const stranger = await createSigner({ alg: "ES256", kid: "k9" });
  const certificate = await scene.certificate({ token: { signer: stranger } });
  for (let times = 0; times < 5; times++) {
    refused(await scene.ask({ certificate }), "key_not_found");
  }
  assert.ok(scene.server.requestCount("/jwks") <= 2);
});

for (
  const [commitment, audience] of [
    ["aud", "anything"],
    ["gq", "OPENPUBKEY-PKTOKEN:ci"],
    ["cnf", "ssh-prod"],
  ] as const
) {
  Deno.test(`ssh-keys takes tokens that commit by "${commitment}", and not by another way`, async () => {
    await using scene = await createKeyScene({
      issuerLines: [
        `ssh_certificates: {commitment: ${commitment}}`,
      ],
      audiences: [audience],
    });
    const policy = await Deno.readTextFile(scene.site.policyFile);
    await Deno.writeTextFile(
      scene.site.policyFile,
      policy.replace("algorithms: [ES256]", "algorithms: [RS256, ES256]"),
    );
    const signer = await createSigner({ alg: "RS256", kid: "r1" });
    scene.server.jwks.keys.push(await publicJwk(signer));
    const made = (options: Partial<PkTokenOptions>) =>
      scene.certificate({
        claims: { aud: audience, email: "alice@example.edu" },
        token: { signer, ...options },
      });
    const certificate = await made({ commitment });
    const answer = await scene.ask({ certificate });
    assert.equal(answer.reason, "allowed", answer.log);
    for (const other of ["nonce", "aud", "gq", "cnf"] as const) {
      if (other === commitment) continue;
      const { reason, line } = await scene.ask({
        certificate: await made({ commitment: other }),
      });
      assert.notEqual(reason, "allowed", other);
      assert.equal(line, null);
    }
  });
}
