/**
 * Addresses and networks, without conversions that widen them.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  contains,
  isCanonical,
  parseAddress,
  parseNetwork,
} from "../../src/policy/network.ts";

const ADDRESSES: readonly [string, string][] = [
  ["0.0.0.0", "4 0"],
  ["192.0.2.7", "4 3221225991"],
  ["255.255.255.255", "4 4294967295"],
  ["::", "6 0"],
  ["::1", "6 1"],
  ["2001:db8::", "6 42540766411282592856903984951653826560"],
  ["2001:DB8::", "6 42540766411282592856903984951653826560"],
  ["1:2:3:4:5:6:7::", "6 5192455318486707404433266433261568"],
  ["1:2:3:4:5:6:0.7.0.8", "6 5192455318486707404433266433261576"],
  ["::ffff:192.0.2.7", "4 3221225991"],
  ["::FFFF:c000:207", "4 3221225991"],
  ["0:0:0:0:0:ffff:192.0.2.7", "4 3221225991"],
  ["::192.0.2.7", "6 3221225991"],
];

for (const [text, expected] of ADDRESSES) {
  Deno.test(`parseAddress() reads ${text}`, () => {
    const address = parseAddress(text);
    assert.equal(address && `${address.family} ${address.bits}`, expected);
  });
}

const NO_ADDRESSES = [
  ...[
    "",
    " ",
    "localhost",
    "host.example.org",
    "10",
    "10.0.0",
    "10.0.0.0.1",
    "10.0.0.256",
  ],
  ...[
    "010.0.0.1",
    "10.0.0.01",
    "0x0a.0.0.1",
    "10.0.0.1 ",
    " 10.0.0.1",
    "10.0.0.1\n",
    "10.0.0.-1",
  ],
  ...["10.0.0.1/32", "１０.0.0.1", "167772161", "10.0.0.1%eth0", "10.0.0.1:22"],
  ...[
    ":",
    ":::",
    "1::2::3",
    ":1::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
  ],
  ...[
    "12345::",
    "g::",
    "::1%eth0",
    "fe80::1%1",
    "[::1]",
    "::1 ",
    "::1\0",
    "1.2.3.4::",
  ],
  ...[
    "::1.2.3",
    "::1.2.3.4.5",
    "::01.2.3.4",
    "::1.2.3.4:5",
    "1:2:3:4:5:6:7:1.2.3.4",
    "UNKNOWN",
  ],
];

for (const text of NO_ADDRESSES) {
  Deno.test(`parseAddress() takes ${JSON.stringify(text)} for no address`, () => {
    assert.equal(parseAddress(text), null);
  });
}

for (
  const text of [
    ...[
      "10.0.0.0/33",
      "10.0.0.0/-1",
      "10.0.0.0/08",
      "10.0.0.0/",
      "/8",
      "10.0.0.0/8/8",
      "10.0.0.0/8 ",
    ],
    ...[
      "2001:db8::/129",
      "::ffff:10.0.0.0/95",
      "10.0.0.0/255.0.0.0",
      "10.*",
      "*",
      "example.edu",
    ],
    ...["10.0.0.0-10.0.0.9", "10.0.0.0/8\n", "10.0.0.0/1e1"],
  ]
) {
  Deno.test(`parseNetwork() takes ${JSON.stringify(text)} for no network`, () => {
    assert.equal(parseNetwork(text), null);
  });
}

const MEMBERS: readonly [string, string, boolean][] = [
  ["10.0.0.0/8", "10.0.0.0", true],
  ["10.0.0.0/8", "10.255.255.255", true],
  ["10.0.0.0/8", "9.255.255.255", false],
  ["10.0.0.0/8", "11.0.0.0", false],
  ["10.0.0.0/8", "::ffff:10.1.2.3", true],
  ["10.0.0.0/8", "::ffff:0a01:0203", true],
  ["10.0.0.0/8", "::10.1.2.3", false],
  ["10.0.0.0/8", "2002:0a01:0203::", false],
  ["::ffff:10.0.0.0/104", "10.1.2.3", true],
  ["::ffff:10.0.0.0/104", "11.1.2.3", false],
  ["::ffff:192.0.2.7", "192.0.2.7", true],
  ["192.0.2.7", "192.0.2.7", true],
  ["192.0.2.7", "192.0.2.6", false],
  ["192.0.2.6/31", "192.0.2.7", true],
  ["192.0.2.6/31", "192.0.2.8", false],
  ["0.0.0.0/0", "203.0.113.9", true],
  ["0.0.0.0/0", "::1", false],
  ["0.0.0.0/0", "::ffff:203.0.113.9", true],
  ["::/0", "2001:db8::1", true],
  ["::/0", "203.0.113.9", false],
  ["::/0", "::ffff:203.0.113.9", false],
  ["2001:db8::/32", "2001:db8:ffff:ffff::1", true],
  ["2001:db8::/32", "2001:db9::", false],
  ["2001:db8::1/128", "2001:0db8:0:0:0:0:0:1", true],
  ["10.1.2.3/8", "10.9.9.9", true],
];

for (const [network, address, expected] of MEMBERS) {
  Deno.test(`${network} ${expected ? "holds" : "does not hold"} ${address}`, () => {
    const parsed = [parseNetwork(network), parseAddress(address)] as const;
    assert.ok(parsed[0] !== null && parsed[1] !== null);
    assert.equal(contains(parsed[0], parsed[1]), expected);
  });
}

Deno.test("isCanonical() tells whether bits are set behind the prefix", () => {
  const canonical = (text: string) => {
    const network = parseNetwork(text);
    assert.ok(network !== null);
    return isCanonical(network);
  };
  for (
    const text of [
      "10.0.0.0/8",
      "10.1.2.3",
      "0.0.0.0/0",
      "::/0",
      "2001:db8::/32",
      "::1",
    ]
  ) {
    assert.equal(canonical(text), true, text);
  }
  for (
    const text of [
      "10.1.0.0/8",
      "10.0.0.1/31",
      "1.0.0.0/0",
      "2001:db8::1/32",
      "::ffff:10.1.2.3/104",
    ]
  ) {
    assert.equal(canonical(text), false, text);
  }
});
