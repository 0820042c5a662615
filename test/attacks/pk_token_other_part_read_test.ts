/**
 * CVE-2025-4658: what is verified of a PK token must be what is read. One payload, one header of each
 * signer; none of the other ways to write them is read at all.
 *
 * @module
 */
// Threats: L3
import { createKey } from "../support/opkssh.ts";
import { setPkScene } from "../support/pk_scene.ts";
import { encodeSegment } from "../support/tokens.ts";

type Parts = [string, string, string, string, string];

Deno.test("a PK token in which another payload stands than the one that was signed is refused", async () => {
  const scene = await setPkScene();
  const own = await scene.token({ claims: { sub: "mallory" } });
  const alices = await scene.token();
  const [, header, signature, client, signed] = own.split(":") as Parts;
  const [payload] = alices.split(":") as Parts;
  await scene.refuses(
    [payload, header, signature, client, signed].join(":"),
    "signature_invalid",
  );
  // the client signs what it likes: its signature proves nothing of the payload
  const resigned = encodeSegment(
    await scene.key.sign(new TextEncoder().encode(`${client}.${payload}`)),
  );
  await scene.refuses(
    [payload, header, signature, client, resigned].join(":"),
    "signature_invalid",
  );
  await scene.admits(alices);
});

Deno.test("a PK token whose headers two readers could read differently is refused", async () => {
  const scene = await setPkScene();
  const token = await scene.token();
  const [payload, header, signature, client, signed] = token.split(
    ":",
  ) as Parts;
  const headerOf = (text: string) =>
    new TextDecoder().decode(
      Uint8Array.fromBase64(text, { alphabet: "base64url" }),
    );
  const second = (text: string, member: string) =>
    encodeSegment(headerOf(text).replace(/\}$/, `,${member}}`));
  const mallory = await createKey("Ed25519");
  const upk = JSON.stringify({ alg: "EdDSA", ...mallory.jwk });
  for (
    const changed of [
      [second(header, '"typ":"CIC"'), signature, client, signed],
      [second(header, '"alg":"none"'), signature, client, signed],
      [header, signature, second(client, '"typ":"JWT"'), signed],
      [header, signature, second(client, `"upk":${upk}`), signed],
      [header, signature, second(client, '"\\u0072z":"00"'), signed],
      // a whole token, or a JSON serialization, where a part should be
      [`${header}.${payload}`, signature, client, signed],
      [encodeSegment({ signatures: [] }), signature, client, signed],
    ]
  ) {
    await scene.refuses([payload, ...changed].join(":"), "token_malformed");
  }
  // names in another case are other names, also to whoever folds them
  await scene.refuses(
    [payload, header, signature, second(client, `"UPK":"a"`), signed].join(":"),
    "signature_invalid",
  );
  await scene.admits(token);
});
