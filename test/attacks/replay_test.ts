/**
 * RFC 7519 section 4.1.7: where the policy says so, a token admits once.
 *
 * @module
 */
// Threats: A17, F-1
import assert from "node:assert/strict";
import { setScene } from "../support/attack.ts";

const ONCE = { issuerLines: ["one_time: true"] };

Deno.test("login with one_time admits a token once", async () => {
  await using scene = await setScene(ONCE);
  const token = await scene.token();
  // an attempt that is refused anyway does not use it up
  await scene.refuses(token, "account_not_permitted", { user: "bob" });
  await scene.admits(token);
  for (const again of [token, `${token}\n`, `${token}\0`]) {
    await scene.refuses(again, "token_replayed");
  }
  for (const again of [` ${token}`, `${token} `]) {
    await scene.refuses(again, "token_malformed");
  }
  await scene.admits(await scene.token());
});

Deno.test("login with one_time admits one of twenty at once", async () => {
  await using scene = await setScene(ONCE);
  const token = await scene.token();
  const results = await Promise.all(
    Array.from({ length: 20 }, () => scene.login(token)),
  );
  const reasons = results.map(({ reason }) => reason).sort();
  assert.deepEqual(reasons, [
    "allowed",
    ...new Array(19).fill("token_replayed"),
  ]);
});

Deno.test("login with one_time refuses a token that cannot be told from others", async () => {
  await using scene = await setScene(ONCE);
  for (const jti of [undefined, null, "", 1, ["a"], { a: 1 }]) {
    const token = await scene.token({ claims: { jti } });
    await scene.refuses(token, "claim_missing");
  }
  // any text is a name, and none is a path
  for (const jti of ["../../x", "\u0000", "a".repeat(5000), "__proto__"]) {
    const token = await scene.token({ claims: { jti } });
    await scene.admits(token);
    await scene.refuses(token, "token_replayed");
  }
});

Deno.test("login with one_time knows a token by another signature", async () => {
  // (r, n - s) is as good an ECDSA signature as (r, s), and can be made of it by anybody
  await using scene = await setScene(ONCE);
  const token = await scene.token();
  const signature = Uint8Array.fromBase64(token.split(".")[2]!, {
    alphabet: "base64url",
  });
  const order =
    0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const s = BigInt(`0x${signature.subarray(32).toHex()}`);
  const twin = Uint8Array.fromHex(
    signature.subarray(0, 32).toHex() +
      (order - s).toString(16).padStart(64, "0"),
  ).toBase64({ alphabet: "base64url", omitPadding: true });
  const other = token.replace(/[^.]+$/, twin);
  await scene.admits(token);
  await scene.refuses(other, "token_replayed");
});

Deno.test("login without one_time admits a token until its end", async () => {
  await using scene = await setScene();
  const token = await scene.token();
  await scene.admits(token);
  await scene.admits(token);
  await scene.refuses(token, "token_expired", {
    now: () => Date.now() + 3_000_000,
  });
});

Deno.test("login with one_time admits nobody while others can put another cache in place", async () => {
  await using scene = await setScene(ONCE);
  const policy = await Deno.readTextFile(scene.site.policyFile);
  const above = `${scene.site.directory}/above`;
  await Deno.mkdir(above);
  await Deno.writeTextFile(
    scene.site.policyFile,
    policy.replace(scene.site.cacheDirectory, `${above}/cache`),
  );
  const used = await scene.token();
  await scene.admits(used);
  await Deno.chmod(above, 0o777);
  const { log } = await scene.refuses(await scene.token(), "internal_error");
  assert.match(log, /detail="cannot create .*\/above\\"/);
  await Deno.rename(`${above}/cache`, `${above}/forgotten`);
  await scene.refuses(used, "internal_error");
});
