/**
 * What an issuer says of its errors, made fit for a log line.
 *
 * @module
 */
// Threats: A14, H1
import assert from "node:assert/strict";
import type { JsonRequest } from "../../src/issuer/http.ts";
import { credentialParts } from "../../src/token/client_auth.ts";
import { fitForLog, issuerWords } from "../../src/token/issuer_words.ts";
import { quoted } from "../../src/pam/log/audit.ts";

interface Said {
  readonly error: string;
  readonly error_description?: string;
}

function fit(said: Said, request: JsonRequest = {}): Said {
  return fitForLog({ status: 400, body: said }, request).body as Said;
}

const SECRETS = ["s3 cr~et!(of)'ours'*", "ünï-kod", 'quo"ted\\back', "%41%2b+"];

for (const clientSecret of SECRETS) {
  for (const clientAuth of ["basic", "post"] as const) {
    Deno.test(`fitForLog() hides the secret ${clientSecret} of a client with ${clientAuth}, however it is written`, () => {
      const { headers, form } = credentialParts({
        clientId: "ssh",
        clientSecret,
        clientAuth,
      });
      const sent = new URLSearchParams(form).toString();
      const header = headers.authorization ?? "";
      const lower = (text: string) =>
        text.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase());
      const echoes = [
        clientSecret,
        encodeURIComponent(clientSecret),
        lower(encodeURIComponent(clientSecret)),
        JSON.stringify(clientSecret),
        ...[sent, lower(sent), header, header && atob(header.slice(6))],
      ];
      for (const echo of echoes) {
        const told = fit({ error: echo, error_description: `got ${echo}` }, {
          headers,
          form,
        });
        const all = `${told.error} ${told.error_description}`;
        // what stands in the longest form that nobody changed
        for (
          const part of [
            clientSecret,
            encodeURIComponent(clientSecret),
            JSON.stringify(clientSecret).slice(1, -1),
            new URLSearchParams({ x: clientSecret }).toString().slice(2),
            header.slice(6) || clientSecret,
          ]
        ) {
          assert.ok(!all.toLowerCase().includes(part.toLowerCase()), all);
        }
      }
    });
  }
}

Deno.test("what an issuer says of an error is one short line without control characters", () => {
  const description = `\u001b[31m\u0007${"\u0000\r\n\u2028\u202e".repeat(5)}${
    "x".repeat(10_000)
  }`;
  const { error, error_description } = fit({
    error: `a\nb${"y".repeat(10_000)}`,
    error_description: description,
  });
  assert.ok((error_description ?? "").length <= 300);
  const words = quoted(issuerWords(error, error_description), 200);
  assert.match(words, /^[\x20-\x7e]{20,202}$/);
});

Deno.test("fitForLog() touches no answer that names no error", () => {
  for (
    const body of [null, [], "error", 1, { error: 1 }, { error: null }, {
      error_description: "x",
    }]
  ) {
    assert.deepEqual(fitForLog({ status: 400, body }, {}), {
      status: 400,
      body,
    });
  }
});
