/**
 * Certificates that carry a token, read strictly: against our own client, and against ssh-keygen.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  CERTIFICATE_TYPES,
  CertificateError,
  readCertificate,
  requireSelfSigned,
  type SshCertificate,
} from "../../src/ssh/certificate.ts";
import {
  certificateToSign,
  certificateType,
  writeCertificate,
} from "../../src/ssh/certificate_writer.ts";
import {
  type Certificate,
  type CertificateFields,
  createCertificate,
  createKey,
  type Curve,
  extensionData,
  opksshExtensions,
  publicBlob,
  type SshKey,
  writeKeyFiles,
} from "../support/opkssh.ts";

const NOW = 1_767_268_800;
const CURVES: readonly Curve[] = ["Ed25519", "P-256"];
const TOKEN = "payload:header:signature:client:signature";
const KEYS = new Map<Curve, SshKey>();

async function keyOn(curve: Curve): Promise<SshKey> {
  const key = KEYS.get(curve) ?? await createKey(curve);
  KEYS.set(curve, key);
  return key;
}

async function made(
  curve: Curve,
  fields?: CertificateFields,
): Promise<Certificate> {
  return await createCertificate(await keyOn(curve), TOKEN, fields);
}

/** Reads it and demands that it may carry its token. */
async function accept(
  { base64, type }: Pick<Certificate, "base64" | "type">,
  now = NOW,
): Promise<SshCertificate> {
  const certificate = readCertificate(base64, type);
  await requireSelfSigned(certificate, { now });
  return certificate;
}

/** Gives the message. */
async function refuse(
  certificate: Pick<Certificate, "base64" | "type">,
  now?: number,
): Promise<string> {
  try {
    await accept(certificate, now);
  } catch (error) {
    assert.ok(error instanceof CertificateError, String(error));
    assert.equal(error.name, "CertificateError");
    return error.message;
  }
  return assert.fail("it is accepted");
}

/** Of certificates of others: read, and not judged. */
function isSomebodyElses({ base64, type }: Certificate): void {
  assert.equal(readCertificate(base64, type).pkToken, null);
}

const utf8 = (text: string) => new TextEncoder().encode(text);

for (const curve of CURVES) {
  Deno.test(`readCertificate() tells what a certificate of a key on ${curve} says`, async () => {
    const key = await keyOn(curve);
    const { type, base64, bytes } = await made(curve, {
      serial: 7n,
      validAfter: BigInt(NOW),
      validBefore: BigInt(NOW + 60),
      extensions: opksshExtensions(TOKEN, "access"),
    });
    const read = await accept({ type, base64 });
    assert.deepEqual(read.blob, bytes);
    assert.deepEqual(read.key.jwk, key.jwk);
    assert.deepEqual(read.key.blob, publicBlob(key));
    assert.deepEqual(read.signatureKey, publicBlob(key));
    assert.equal(read.type, type);
    assert.equal(read.serial, 7n);
    assert.equal(read.certifies, 1);
    assert.equal(read.keyId, "alice@example.edu");
    assert.deepEqual(read.principals, ["opkssh-wildcard"]);
    assert.equal(read.validAfter, BigInt(NOW));
    assert.equal(read.validBefore, BigInt(NOW + 60));
    assert.deepEqual(read.criticalOptions, []);
    assert.deepEqual(read.extensions.map(({ name }) => name), [
      "openpubkey-act",
      "openpubkey-pkt",
      "permit-X11-forwarding",
      "permit-agent-forwarding",
      "permit-port-forwarding",
      "permit-pty",
      "permit-user-rc",
    ]);
    assert.equal(read.pkToken, TOKEN);
  });

  Deno.test(`certificateToSign() and writeCertificate() write what opkssh does, on ${curve}`, async () => {
    const key = await keyOn(curve);
    const nonce = crypto.getRandomValues(new Uint8Array(32));
    const toSign = certificateToSign({
      jwk: key.jwk,
      nonce,
      keyId: "alice@example.edu",
      principals: ["opkssh-wildcard"],
      // in another order than they must be written in
      extensions: {
        "permit-user-rc": null,
        "permit-pty": null,
        "permit-port-forwarding": null,
        "permit-agent-forwarding": null,
        "permit-X11-forwarding": null,
        "openpubkey-pkt": TOKEN,
      },
    });
    const other = await made(curve, { nonce });
    assert.deepEqual(
      toSign,
      readCertificate(other.base64, other.type).signed,
    );
    const signature = await key.sign(toSign);
    const type = certificateType(key.jwk);
    assert.equal(type, other.type);
    const base64 = writeCertificate(key.jwk, toSign, signature);
    assert.equal((await accept({ type, base64 })).pkToken, TOKEN);
    const limited = certificateToSign({
      jwk: key.jwk,
      nonce,
      keyId: "",
      principals: [],
      validAfter: 1n,
      validBefore: 2n,
      extensions: {},
    });
    const { validAfter, validBefore } = readCertificate(
      writeCertificate(key.jwk, limited, signature),
      type,
    );
    assert.deepEqual([validAfter, validBefore], [1n, 2n]);
  });

  Deno.test(`ssh-keygen reads our certificates as they are meant, on ${curve}`, async () => {
    const directory = await Deno.makeTempDir();
    try {
      const path = await writeKeyFiles(
        directory,
        await keyOn(curve),
        await made(curve, {
          serial: 42n,
          principals: ["opkssh-wildcard", "alice"],
          validAfter: 0n,
          critical: [["force-command", extensionData("true")]],
        }),
      );
      const listed = await keygen("-L", "-f", `${path}-cert.pub`);
      const kind = curve === "Ed25519" ? "ED25519" : "ECDSA";
      assert.match(listed, new RegExp(`Public key: ${kind}-CERT SHA256:`));
      assert.match(listed, new RegExp(`Signing CA: ${kind} SHA256:`));
      assert.match(listed, /user certificate/);
      assert.match(listed, /Key ID: "alice@example\.edu"/);
      assert.match(listed, /Serial: 42/);
      assert.match(listed, /Valid: (?:forever|.* to forever)/);
      assert.match(listed, /Principals:\s+opkssh-wildcard\s+alice\n/);
      assert.match(listed, /Critical Options:\s+force-command true\n/);
      assert.match(listed, /openpubkey-pkt UNKNOWN OPTION/);
      assert.match(listed, /permit-pty\n/);
      // the private key belongs to the public one
      const [type, blob] = (await keygen("-y", "-f", path)).split(/\s/);
      const [own, key] = (await Deno.readTextFile(`${path}.pub`)).split(/\s/);
      assert.deepEqual([type, blob], [own, key]);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });

  Deno.test(`certificates that ssh-keygen signs are read, on ${curve}`, async () => {
    const directory = await Deno.makeTempDir();
    try {
      const path = await writeKeyFiles(
        directory,
        await keyOn(curve),
        await made(curve),
      );
      // signed by the key itself, and by another one, with options of its own
      await keygen(
        ...["-q", "-s", path, "-I", "id", "-n", "alice,bob", "-z", "9"],
        ...["-V", "20250101000000Z:20300101000000Z"],
        ...["-O", `extension:openpubkey-pkt=${TOKEN}`, `${path}.pub`],
      );
      const [type = "", base64 = ""] =
        (await Deno.readTextFile(`${path}-cert.pub`)).split(/\s/);
      const read = await accept({ type, base64 });
      assert.equal(read.pkToken, TOKEN);
      assert.deepEqual(read.principals, ["alice", "bob"]);
      assert.equal(read.serial, 9n);
      assert.equal(read.validBefore, 1_893_456_000n);
      const authority = `${directory}/authority`;
      await keygen("-q", "-t", "rsa", "-N", "", "-f", authority);
      await keygen(
        ...["-q", "-s", authority, "-I", "id", "-h", "-n", "host"],
        `${path}.pub`,
      );
      const [hostType = "", host = ""] =
        (await Deno.readTextFile(`${path}-cert.pub`)).split(/\s/);
      const ofHost = readCertificate(host, hostType);
      assert.equal(ofHost.pkToken, null);
      assert.equal(ofHost.certifies, 2);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}

async function keygen(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("ssh-keygen", {
    args,
    env: { TZ: "UTC" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** What is wrong, what the message says of it, and the certificate. */
const WRONG: readonly [string, RegExp, CertificateFields][] = [
  ["a host's", /not one for a user/, { certifies: 2 }],
  ["of no type of certificate", /not one for a user/, { certifies: 0 }],
  ["of an unknown type", /not one for a user/, { certifies: 0xffffffff }],
  ["with a key id of several lines", /key id/, { keyId: "alice\nroot" }],
  ["with a key id that turns text around", /key id/, { keyId: "a\u202eb" }],
  ["with a key id that is not UTF-8", /key id/, { keyId: Uint8Array.of(0xff) }],
  ["with an empty principal", /a principal/, { principals: [""] }],
  ["with a principal of several lines", /a principal/, {
    principals: ["opkssh-wildcard", "root\nalice"],
  }],
  ["with a principal and a zero byte", /a principal/, {
    principals: ["root\0"],
  }],
  ["valid later", /not valid yet/, { validAfter: BigInt(NOW + 1) }],
  ["valid until now", /not valid any longer/, { validBefore: BigInt(NOW) }],
  ["never valid", /not valid/, {
    validAfter: BigInt(NOW + 1),
    validBefore: BigInt(NOW - 1),
  }],
  ["with a critical option", /critical options/, {
    critical: [["force-command", extensionData("true")]],
  }],
  ["with an unknown critical option", /critical options/, {
    critical: [["openpubkey-pkt", extensionData(TOKEN)]],
  }],
  ["with two tokens", /sorted names/, {
    extensions: [
      ["openpubkey-pkt", extensionData(TOKEN)],
      ["openpubkey-pkt", extensionData("other")],
    ],
  }],
  ["with unsorted extensions", /sorted names/, {
    extensions: opksshExtensions(TOKEN).reverse(),
  }],
  ["with an extension without a name", /sorted names/, {
    extensions: [["", new Uint8Array()], ...opksshExtensions(TOKEN)],
  }],
  ["with an extension's name of several lines", /sorted names/, {
    extensions: [["a\nb", new Uint8Array()], ...opksshExtensions(TOKEN)],
  }],
  ["with 33 extensions", /33 extensions/, {
    extensions: [
      ...Array.from({ length: 32 }, (_, index): [string, Uint8Array] => [
        `a${String(index).padStart(2, "0")}`,
        new Uint8Array(),
      ]),
      ["openpubkey-pkt", extensionData(TOKEN)],
    ],
  }],
  ["with a flag that has a value", /other data/, {
    extensions: [
      ["openpubkey-pkt", extensionData(TOKEN)],
      ["permit-pty", extensionData("yes")],
    ],
  }],
  ["with an extension that is cut off", /other data/, {
    extensions: [
      ["openpubkey-pkt", extensionData(TOKEN)],
      ["other", Uint8Array.of(0, 0, 0, 9, 1)],
    ],
  }],
  ["with an extension of two texts", /other data/, {
    extensions: [
      [
        "openpubkey-act",
        Uint8Array.of(...extensionData("a"), ...extensionData("b")),
      ],
      ["openpubkey-pkt", extensionData(TOKEN)],
    ],
  }],
  ["with a token that is not in a text", /malformed/, {
    extensions: [["openpubkey-pkt", utf8(TOKEN)]],
  }],
  ["with an empty token extension", /malformed/, {
    extensions: [["openpubkey-pkt", new Uint8Array()]],
  }],
  ["with two texts for a token", /malformed/, {
    extensions: [[
      "openpubkey-pkt",
      Uint8Array.of(...extensionData(TOKEN), ...extensionData(TOKEN)),
    ]],
  }],
  ["with a token that is not ASCII", /malformed/, {
    extensions: [["openpubkey-pkt", extensionData("a\u00e9")]],
  }],
  ["with something in what is reserved", /reserved/, {
    reserved: Uint8Array.of(0),
  }],
  ["with bytes behind its end", /malformed/, { trailing: Uint8Array.of(0) }],
  ["with another signature behind its end", /malformed/, {
    trailing: extensionData("x"),
  }],
  ["of another type inside", /another type/, { type: "ssh-ed25519" }],
  ["with a signature of no bytes", /a signature/, {
    signature: () => new Uint8Array(),
  }],
  ["with a signature that has bytes behind its end", /a signature/, {
    signature: (wire) => Uint8Array.of(...wire, 0),
  }],
];

for (const [what, message, fields] of WRONG) {
  Deno.test(`a certificate ${what} is refused`, async () => {
    for (const curve of CURVES) {
      const { type } = await made(curve);
      const { base64 } = await made(curve, fields);
      assert.match(await refuse({ type, base64 }), message);
      await accept(await made(curve));
    }
  });
}

Deno.test("a certificate is valid from its first second to before its last", async () => {
  const validity = {
    validAfter: BigInt(NOW),
    validBefore: BigInt(NOW + 10),
  };
  for (const curve of CURVES) {
    const certificate = await made(curve, validity);
    for (const now of [NOW, NOW + 0.5, NOW + 9, NOW + 9.999]) {
      await accept(certificate, now);
    }
    for (const now of [NOW - 1, NOW - 0.001, NOW + 10]) {
      assert.match(await refuse(certificate, now), /not valid/);
    }
  }
});

Deno.test("principals and key ids of every sort of opkssh are accepted", async () => {
  for (
    const fields of [
      { principals: [] },
      { principals: ["alice", "bob,root", "*"] },
      { keyId: "" },
      { keyId: "J\u00f6rg M\u00fcller <j@example.edu>" },
      { extensions: opksshExtensions(TOKEN, "a".repeat(2000)) },
      { nonce: new Uint8Array() },
    ]
  ) {
    for (const curve of CURVES) await accept(await made(curve, fields));
  }
});

Deno.test("a certificate that another key has signed is refused", async () => {
  for (const curve of CURVES) {
    const key = await keyOn(curve);
    for (const other of CURVES) {
      const authority = await createKey(other);
      assert.match(
        await refuse(await made(curve, { signWith: authority })),
        /not signed by the key/,
      );
      // it says that it has signed itself
      assert.match(
        await refuse(
          await made(curve, {
            signWith: authority,
            signatureKey: publicBlob(key),
          }),
        ),
        /signature that is not by its key/,
      );
    }
  }
});

Deno.test("a signature for other contents is refused", async () => {
  for (const curve of CURVES) {
    const key = await keyOn(curve);
    const one = await made(curve);
    const signed = readCertificate(one.base64, one.type).signature;
    assert.match(
      await refuse(await made(curve, { signature: () => signed })),
      /signature that is not by its key/,
    );
    await accept(
      await createCertificate(key, TOKEN, {
        nonce: utf8("same"),
        signature: (wire) => wire,
      }),
    );
  }
});

Deno.test("a key that is none is refused", async () => {
  const ed = await keyOn("Ed25519");
  const nist = await keyOn("P-256");
  const field = (bytes: Uint8Array) =>
    Uint8Array.of(0, 0, 0, bytes.length, ...bytes);
  const point = publicBlob(nist).slice(-65);
  const onCurve = (bytes: Uint8Array) =>
    Uint8Array.of(...field(utf8("nistp256")), ...field(bytes));
  const prime = Uint8Array.fromHex(
    "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
  );
  const root = Uint8Array.fromHex(
    "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4",
  );
  const wrong: [Curve, Uint8Array][] = [
    ["Ed25519", field(publicBlob(ed).slice(-31))],
    ["Ed25519", field(Uint8Array.of(...publicBlob(ed).slice(-32), 0))],
    ["Ed25519", field(new Uint8Array())],
    ["P-256", onCurve(new Uint8Array())],
    ["P-256", onCurve(Uint8Array.of(0))],
    ["P-256", onCurve(point.slice(0, 64))],
    ["P-256", onCurve(Uint8Array.of(...point, 0))],
    [
      "P-256",
      onCurve(Uint8Array.of(...point.slice(0, 33), 0, ...point.slice(33))),
    ],
    // compressed, or with another first byte
    ["P-256", onCurve(Uint8Array.of(2, ...point.slice(1, 33)))],
    ["P-256", onCurve(point.with(0, 6))],
    // not on the curve
    ["P-256", onCurve(point.with(64, point[64]! ^ 1))],
    ["P-256", onCurve(Uint8Array.of(4, ...new Uint8Array(64)))],
    // the point with x = 0, in the other form that fits into 32 bytes
    ["P-256", onCurve(Uint8Array.of(4, ...prime, ...root))],
    // another curve's name
    [
      "P-256",
      Uint8Array.of(...field(utf8("nistp384")), ...field(point)),
    ],
  ];
  for (const [curve, keyFields] of wrong) {
    assert.match(await refuse(await made(curve, { keyFields })), /malformed/);
  }
  // the good twins
  await accept(
    await made("Ed25519", { keyFields: field(publicBlob(ed).slice(-32)) }),
  );
  await accept(await made("P-256", { keyFields: onCurve(point) }));
  const zero = Uint8Array.of(4, ...new Uint8Array(32), ...root);
  const { type, base64 } = await made("P-256", { keyFields: onCurve(zero) });
  assert.equal(readCertificate(base64, type).pkToken, TOKEN);
});

Deno.test("types without tokens, and texts that are not canonical base64, are refused", async () => {
  for (const curve of CURVES) {
    const { type, base64 } = await made(curve);
    for (
      const other of [
        ...CERTIFICATE_TYPES.filter((each) => each !== type),
        "",
        "ssh-ed25519",
        "ssh-rsa-cert-v01@openssh.com",
        "ecdsa-sha2-nistp384-cert-v01@openssh.com",
        "sk-ssh-ed25519-cert-v01@openssh.com",
        `${type} `,
        type.toUpperCase(),
        "__proto__",
      ]
    ) await refuse({ type: other, base64 });
    for (
      const text of [
        "",
        " ",
        `${base64} `,
        `\n${base64}`,
        base64.replace("A", "-"),
        base64.replaceAll("=", ""),
        `${base64}====`,
        `${base64}AAAA`,
        base64.slice(0, -4),
        "=".repeat(8),
      ].filter((text) => text !== base64)
    ) await refuse({ type, base64: text });
    await accept({ type, base64 });
  }
});

Deno.test("keys of 200,000 characters are refused before they are decoded", async () => {
  for (const curve of CURVES) {
    const key = await keyOn(curve);
    const huge = await createCertificate(key, "x".repeat(150_000));
    assert.ok(huge.base64.length > 200_000);
    assert.match(await refuse(huge), /at most 120000 are read/);
    await refuse({ ...huge, base64: "A".repeat(200_000) });
    await refuse({ ...huge, base64: "=".repeat(200_000) });
    const large = await createCertificate(key, "x".repeat(89_000));
    assert.ok(large.base64.length <= 120_000 && large.base64.length > 119_000);
    await accept(large);
  }
});

Deno.test("lengths that lie are refused without reading beyond the end", async () => {
  for (const curve of CURVES) {
    const { type, bytes } = await made(curve);
    for (let at = 0; at + 4 <= bytes.length; at++) {
      const lie = bytes.slice();
      lie.set([0xff, 0xff, 0xff, 0xfe], at);
      await refuse({ type, base64: lie.toBase64() });
    }
  }
});

Deno.test("truncated at any byte, a certificate is refused", async () => {
  for (const curve of CURVES) {
    const { type, bytes } = await made(curve);
    for (let length = 0; length < bytes.length; length++) {
      await refuse({ type, base64: bytes.slice(0, length).toBase64() });
    }
    await accept({ type, base64: bytes.toBase64() });
  }
});

Deno.test("with any bit flipped, a certificate is refused, or carries no token any longer", async () => {
  for (const curve of CURVES) {
    const { type, bytes } = await made(curve);
    const without = new Set<number>();
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = bytes.with(at, bytes[at]! ^ (1 << bit));
        const base64 = flipped.toBase64();
        const message = await refuse({ type, base64 });
        if (message.endsWith("carries no token")) without.add(at);
      }
    }
    // the extension's name alone; of all other bytes, sshd's part included, every flip is found
    const name = new TextDecoder("latin1").decode(bytes).indexOf(
      "openpubkey-pkt",
    );
    assert.deepEqual(
      [...without],
      Array.from({ length: 14 }, (_, index) => name + index),
    );
    await accept({ type, base64: bytes.toBase64() });
  }
});

Deno.test("a number of an ECDSA signature has one form", async () => {
  const key = await keyOn("P-256");
  const field = (bytes: Uint8Array) =>
    Uint8Array.of(0, 0, 0, bytes.length, ...bytes);
  /** The signature with its two numbers as `form` has them. */
  const formed = (form: (number: Uint8Array) => Uint8Array) =>
    createCertificate(key, TOKEN, {
      signature: (wire) => {
        const inner = wire.slice(4 + 19 + 4);
        const r = inner.slice(4, 4 + inner[3]!);
        const s = inner.slice(4 + inner[3]! + 4);
        const name = utf8("ecdsa-sha2-nistp256");
        return Uint8Array.of(
          ...field(name),
          ...field(Uint8Array.of(...field(form(r)), ...field(form(s)))),
        );
      },
    });
  await accept(await formed((number) => number));
  for (
    const form of [
      (number: Uint8Array) => Uint8Array.of(0, ...number),
      (number: Uint8Array) => Uint8Array.of(0, 0, ...number),
      (number: Uint8Array) => Uint8Array.of(...number, 0),
      () => new Uint8Array(),
      () => new Uint8Array(33),
      () => new Uint8Array(32).fill(0xff),
      () => new Uint8Array(40).fill(1),
    ]
  ) assert.match(await refuse(await formed(form)), /a signature/);
});

Deno.test("a certificate without a token is somebody else's, whatever it holds", async () => {
  const flag = new Uint8Array();
  for (const curve of CURVES) {
    const authority = await createKey("Ed25519");
    for (
      const fields of [
        { extensions: [] },
        { signWith: authority, extensions: [] },
        { certifies: 2, extensions: [], signatureKey: utf8("not a key") },
        {
          critical: [["force-command", extensionData("true")]] as const,
          extensions: [["permit-pty", flag]] as const,
        },
        {
          critical: [["openpubkey-pkt", extensionData(TOKEN)]] as const,
          extensions: [],
        },
        { extensions: [["b", flag], ["a", flag], ["a", utf8("x")]] as const },
        { extensions: [["openpubkey-pkt2", extensionData(TOKEN)]] as const },
        { extensions: [], keyId: Uint8Array.of(0, 0xff), principals: [""] },
        { extensions: [], validBefore: 0n, reserved: Uint8Array.of(1) },
        { extensions: [], signature: () => utf8("not a signature") },
      ]
    ) {
      const certificate = await made(curve, fields);
      isSomebodyElses(certificate);
      assert.match(await refuse(certificate), /carries no token/);
    }
  }
});
