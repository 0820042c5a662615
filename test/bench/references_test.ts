/**
 * The C program, which is only worth comparing with when it refuses what it should.
 *
 * Debian packages: gcc libssl-dev.
 *
 * @module
 */
import assert from "node:assert/strict";
import { runMetered } from "../support/metered.ts";
import { listenSyslog } from "../support/syslog.ts";
import {
  createSigner,
  publicJwk,
  signRaw,
  signToken,
} from "../support/tokens.ts";
import { buildC, cCommand } from "./references.ts";

const ISSUER = "https://login.example.edu";

Deno.test("the C program grants a good token and refuses every other", async () => {
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-c-" });
  await using log = await listenSyslog();
  try {
    const program = `${folder}/baseline`;
    await buildC(program);
    const signer = await createSigner({ alg: "RS256", kid: "k1" });
    const stranger = await createSigner({ alg: "RS256", kid: "k1" });
    const other = await createSigner({ alg: "ES256", kid: "k2" });
    const keySet = `${folder}/jwks.json`;
    const keys = [await publicJwk(other), await publicJwk(signer)];
    await Deno.writeTextFile(keySet, JSON.stringify({ keys }));
    const now = Math.floor(Date.now() / 1000);
    const good = {
      ...{ iss: ISSUER, aud: "ssh-prod", exp: now + 600 },
      ...{ groups: ["guests", "staff"], preferred_username: "alice" },
    };
    const signed = (claims: object, header = {}) =>
      signToken({ signer, claims: { ...good, ...claims }, header });
    const token = await signed({});
    const [head = "", body = "", end = ""] = token.split(".");
    const raw = (payload: string) =>
      signRaw({ signer, payload, headerJson: { alg: "RS256", kid: "k1" } });
    const text = JSON.stringify(good);
    const cases: [string, string][] = [
      [token, "allowed"],
      [`${token}\n`, "allowed"],
      [await signed({ aud: ["other", "ssh-prod"] }), "allowed"],
      [
        await signToken({ signer: stranger, claims: good }),
        "signature_invalid",
      ],
      [`${head}.${body}.${end.slice(0, -8)}AAAAAAAA`, "signature_invalid"],
      [
        `${head}.${(await signed({ sub: "u2" })).split(".")[1]}.${end}`,
        "signature_invalid",
      ],
      [await signed({ aud: "other" }), "audience_mismatch"],
      [await signed({ aud: ["other"] }), "audience_mismatch"],
      [await signed({ aud: undefined }), "audience_mismatch"],
      [await signed({ exp: now - 1 }), "token_expired"],
      [await signed({ exp: undefined }), "claim_missing"],
      [await signed({ exp: `${now + 600}` }), "claim_missing"],
      [await signed({ exp: null }), "token_expired"],
      [await signed({ iss: `${ISSUER}/` }), "issuer_unknown"],
      [await signed({ groups: ["guests"] }), "no_rule_matched"],
      [await signed({ groups: "staff" }), "no_rule_matched"],
      [await signed({ preferred_username: "bob" }), "account_not_permitted"],
      [await signed({}, { kid: "k3" }), "key_not_found"],
      [await signed({}, { kid: "k2" }), "key_not_found"],
      [await signed({}, { alg: "none" }), "algorithm_not_allowed"],
      [await signed({}, { crit: ["exp"] }), "token_malformed"],
      [
        await signToken({ signer: other, claims: good }),
        "algorithm_not_allowed",
      ],
      [
        await raw(text.replace("{", `{"preferred_username":"bob",`)),
        "account_not_permitted",
      ],
      [await raw(text.slice(0, -1)), "token_malformed"],
      [await raw(`${text}x`), "token_malformed"],
      [`${token}=`, "token_malformed"],
      [`${head}.${body}.`, "token_malformed"],
      [`${head}.${body}`, "token_malformed"],
      ["A".repeat(20_000), "token_malformed"],
      ["", "token_malformed"],
    ];
    const command = cCommand(program, {
      ...{ keySet, issuer: ISSUER, user: "alice", socket: log.socket },
    });
    for (const [stdin, reason] of cases) {
      const before = (await log.lines()).length;
      const { code, stderr } = await runMetered(command, { env: {}, stdin });
      const lines = (await log.lines()).slice(before);
      assert.equal(lines.length, 1, stderr);
      assert.match(lines[0] ?? "", new RegExp(`reason=${reason} `), stdin);
      assert.equal(code, reason === "allowed" ? 0 : 1, stdin);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
