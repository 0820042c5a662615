/**
 * The policies for providers, as they are shipped, at issuers that speak like those providers: each of
 * their tests is a device sign-in, and ends as the test says.
 *
 * @module
 */
// Threats: D3
import assert from "node:assert/strict";
import { parse } from "yaml";
import { finish, start } from "../../support/device.ts";
import {
  createDialectScene,
  type Dialect,
  DIALECTS,
} from "../../support/dialects.ts";
import {
  createSigner,
  publicJwk,
  type Signer,
  signToken,
  standardClaims,
} from "../../support/tokens.ts";

const FOLDER = new URL("../../../policies/", import.meta.url).pathname;

/** Which dialect each of them meets; every shipped policy with device sign-in is here. */
const MEETS: Readonly<Record<string, string>> = {
  "auth0": "Auth0",
  "cilogon": "CILogon",
  "entra-groups": "Entra v2",
  "gitlab": "GitLab",
  "google-workspace": "Google",
  "kanidm": "Kanidm",
  "keycloak-roles": "Keycloak",
  "okta": "Okta",
  "wlcg": "INDIGO IAM",
};

/** Jobs bring their token along, and nobody signs in. */
const WITHOUT_SIGN_IN = "github-runners";

type Members = Record<string, unknown>;

interface PolicyText {
  issuers: Record<string, Members & { device?: Members; audiences: string[] }>;
  rules: Record<string, { accounts?: Members[] }>;
  [key: string]: unknown;
}

interface Case {
  readonly name?: string;
  readonly account?: string;
  readonly service?: string;
  readonly rhost?: string | null;
  readonly claims?: Members;
  readonly map_files?: Record<string, string>;
  readonly expect:
    | "allow"
    | "deny"
    | { decision?: string; reason?: string; rule?: string };
}

async function read<Content>(name: string): Promise<Content> {
  return parse(await Deno.readTextFile(FOLDER + name)) as Content;
}

/** What tokens have beside the claims of the tests. */
const NEEDED: Readonly<Record<string, Members>> = {
  wlcg: { "wlcg.ver": "1.0" },
};

/** `now-8h` and `now-28801s`, as the tests write times. */
function timed(claims: Members): Members {
  const seconds = { h: 3600, m: 60, s: 1 };
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => {
      const [, count, unit = "s"] = /^now-(\d+)([hms])$/.exec(String(value)) ??
        [];
      if (count === undefined) return [name, value ?? undefined];
      const ago = Number(count) * seconds[unit as keyof typeof seconds];
      // sign-ins take a few seconds: what must not be older yet is a little younger
      const now = Math.floor(Date.now() / 1000);
      return [name, now - ago + (unit === "h" ? 30 : -30)];
    }),
  );
}

/** An issuer in the words of the provider, and a site with the shipped policy for it. */
async function createShippedScene(name: string) {
  const policy = await read<PolicyText>(`${name}.yaml`);
  const [issuerName = "", issuer] = Object.entries(policy.issuers)[0] ?? [];
  const dialect = DIALECTS.find((one) =>
    one.name === (MEETS[name] ?? "Keycloak")
  );
  assert.ok(issuer && dialect);
  const { device = {} } = issuer;
  let token = "";
  const secret = device["client_secret_file"] === undefined
    ? {}
    : { secret: dialect.secret ?? "a-secret" };
  const { issuerLines: _, device: __, userinfo: ___, ...spoken } = dialect;
  const scene = await createDialectScene(
    {
      ...spoken,
      ...secret,
      clientId: String(device["client_id"]),
      demands: demandsOf(dialect, device),
      tokens: () => ({
        ...dialect.tokens(token),
        ...(device["token"] === "access_token" ? { access_token: token } : {}),
      }),
    },
  );
  const signer = await signerFor(issuer, scene.signer);
  scene.server.jwks = { keys: [await publicJwk(signer)] };
  const { site, server } = scene;
  const own = parse(await Deno.readTextFile(site.policyFile)) as PolicyText;
  const [standIn] = Object.values(own.issuers);
  const mapFile = `${site.directory}/accounts.map`;
  await Deno.writeTextFile(mapFile, "");
  const shipped = {
    ...policy,
    issuers: {
      [issuerName]: {
        ...issuer,
        issuer: server.issuer,
        ca_file: standIn?.["ca_file"],
        ...(issuer.device === undefined ? {} : {
          device: {
            ...device,
            starts_per_source: 1000,
            ...(secret.secret === undefined
              ? {}
              : { client_secret_file: `${site.directory}/secret` }),
          },
        }),
      },
    },
    rules: Object.fromEntries(
      Object.entries(policy.rules).map(([id, rule]) => [id, {
        ...rule,
        ...(rule.accounts === undefined ? {} : {
          accounts: rule.accounts.map((source) =>
            "map_file" in source ? { ...source, map_file: mapFile } : source
          ),
        }),
      }]),
    ),
    cache: own["cache"],
    log: own["log"],
  };
  await Deno.writeTextFile(site.policyFile, JSON.stringify(shipped));
  return {
    scene,
    async signIn(asked: Case) {
      token = await signToken({
        signer,
        header: {},
        claims: standardClaims({
          issuer: server.issuer,
          audience: issuer.audiences[0],
          ...{ auth_time: undefined, amr: undefined, email: undefined },
          ...{ email_verified: undefined, groups: undefined },
          preferred_username: undefined,
          ...NEEDED[name],
          ...timed(asked.claims ?? {}),
        }),
      });
      const [map = ""] = Object.values(asked.map_files ?? {});
      await Deno.writeTextFile(mapFile, map);
      const options = {
        policyFile: site.policyFile,
        user: asked.account ?? "alice",
        env: {
          PAM_SERVICE: asked.service ?? "sshd",
          PAM_RHOST: asked.rhost ?? undefined,
        },
      };
      if (issuer.device === undefined) {
        return await scene.attempt({ ...options, token });
      }
      scene.answerInDialect("code");
      const started = await start(options);
      assert.equal(started.reason, null, started.log);
      await scene.turns("pending", "approved");
      return await finish(options);
    },
  };
}

/** What the stand-in insists on, with this policy's client. */
function demandsOf(
  dialect: Dialect,
  device: Members,
): NonNullable<Dialect["demands"]> {
  const { demands, clientId } = dialect;
  if (demands === undefined) return () => null;
  return (request) => {
    const id = String(device["client_id"]);
    const basic = request.basic?.replace(id, clientId ?? id) ?? null;
    return demands({ ...request, basic });
  };
}

async function signerFor(issuer: Members, es256: Signer): Promise<Signer> {
  const [alg = "RS256"] = (issuer["algorithms"] as string[] | undefined) ?? [];
  return alg === "ES256" ? es256 : await createSigner({ alg, kid: "k1" });
}

Deno.test("every shipped policy with device sign-in meets its provider", async () => {
  const found: string[] = [];
  for await (const { name } of Deno.readDir(FOLDER)) {
    if (!/^[^.]+\.yaml$/.test(name)) continue;
    const { issuers } = await read<PolicyText>(name);
    const device = Object.values(issuers).some((one) =>
      one.device !== undefined
    );
    if (device) found.push(name.replace(".yaml", ""));
  }
  assert.deepEqual(found.sort(), Object.keys(MEETS));
});

for (const name of [...Object.keys(MEETS), WITHOUT_SIGN_IN]) {
  Deno.test(`people sign in by ${name}.yaml as it is shipped, and others do not`, async (t) => {
    const { scene, signIn } = await createShippedScene(name);
    await using _ = scene;
    const { defaults = {}, tests } = await read<
      { defaults?: Partial<Case>; tests: Case[] }
    >(`${name}.test.yaml`);
    let admitted = 0;
    for (const test of tests) {
      const asked: Case = {
        ...defaults,
        ...test,
        claims: { ...defaults.claims, ...test.claims },
        map_files: { ...defaults.map_files, ...test.map_files },
      };
      const { expect } = asked;
      const reason = expect === "allow"
        ? "allowed"
        : typeof expect === "object"
        ? expect.reason ?? (expect.decision === "allow" ? "allowed" : null)
        : null;
      const title = test.name ?? "";
      assert.ok(
        await t.step(title, async () => {
          const result = await signIn(asked);
          if (reason === null) assert.notEqual(result.reason, "allowed");
          else assert.equal(result.reason, reason, result.log);
          if (result.reason === "allowed") admitted++;
          else assert.equal(result.exitCode === 0, false);
        }),
      );
    }
    assert.ok(admitted > 0, "somebody signs in");
    assert.deepEqual(scene.complaints, [], "the provider was content");
  });
}
