/**
 * RFC 4648 section 3.5: bits that a decoder drops would make many tokens of one.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";
import { encodeSegment } from "../support/tokens.ts";

const ALPHABET =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

Deno.test("login refuses every other spelling of a good token", async () => {
  await using scene = await setScene();
  const token = await scene.token();
  const [header = "", payload = "", signature = ""] = token.split(".");
  // 64 bytes in 86 characters: the last four bits say nothing
  const last = ALPHABET.indexOf(signature.at(-1)!);
  for (let spare = 1; spare < 16; spare++) {
    const other = signature.slice(0, -1) + ALPHABET[last + spare];
    await scene.refusesUnasked(
      `${header}.${payload}.${other}`,
      "token_malformed",
    );
  }
  for (
    const [from, to] of [["-", "+"], ["_", "/"], ["A", "%41"]] as const
  ) {
    const other = `${signature.slice(0, -3)}${from}${signature.slice(-2)}`
      .replaceAll(from, to);
    await scene.refusesUnasked(
      `${header}.${payload}.${other}`,
      "token_malformed",
    );
  }
  for (const padding of ["=", "==", "%3D"]) {
    for (
      const padded of [
        `${header}${padding}.${payload}.${signature}`,
        `${header}.${payload}${padding}.${signature}`,
        `${header}.${payload}.${signature}${padding}`,
      ]
    ) await scene.refusesUnasked(padded, "token_malformed");
  }
  await scene.admits(token);
});

Deno.test("login refuses spare bits under a good signature", async () => {
  await using scene = await setScene();
  const header = encodeSegment({ alg: "ES256", typ: "JWT", kid: "k1" });
  for (const pad of ["", "x", "xx"]) {
    const payload = encodeSegment(scene.claims({ pad }));
    if (payload.length % 4 === 0) continue;
    const at = ALPHABET.indexOf(payload.at(-1)!);
    const spelled = payload.slice(0, -1) + ALPHABET[at + 1];
    const input = `${header}.${spelled}`;
    const signature = encodeSegment(
      await scene.signer.sign(new TextEncoder().encode(input)),
    );
    await scene.refusesUnasked(`${input}.${signature}`, "token_malformed");
  }
  await scene.admits(await scene.token());
});
