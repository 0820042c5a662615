/**
 * Assurance: one and the same authentication, inclusive ages, rules that only add.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  assuranceFailure,
  combine,
  type Requirements,
} from "../../../src/policy/evaluate/assurance.ts";
import type { Assurance, Issuer } from "../../../src/policy/model.ts";
import type { Authentication } from "../../../src/policy/request.ts";
import { NOW, policyWith } from "../../support/policies.ts";

const NOTHING: Assurance = {
  permitted_idps: null,
  mfa: false,
  max_auth_age: null,
  same_identity: false,
};
const NONE: Requirements = {
  permittedIdps: [],
  mfa: false,
  maxAuthAge: null,
  sameIdentity: false,
};
const GOOD: Authentication = {
  identity: "u1",
  idps: ["https://idp.example.edu"],
  auth_time: NOW - 60,
  amr: ["pwd", "mfa"],
  acr: "2",
};

function issuerWith(mfa = "{amr_any: [mfa]}"): Issuer {
  const [issuer] = policyWith(`
version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh], clock_skew: 30s, mfa: ${mfa}}
rules: {r: {accounts: [{claim: sub}]}}
`).issuers;
  assert.ok(issuer !== undefined);
  return issuer;
}

/** `met`, or what is missing. */
function lack(
  required: Partial<Requirements>,
  authentications: readonly Partial<Authentication>[],
  options: {
    mapping?: readonly (string | null)[] | null;
    mfa?: string;
    now?: number;
  } = {},
): string {
  const failure = assuranceFailure(
    { ...NONE, ...required },
    authentications.map((authentication) => ({ ...GOOD, ...authentication })),
    {
      issuer: issuerWith(options.mfa),
      now: options.now ?? NOW,
      mapping: options.mapping ?? null,
    },
  );
  return failure === null ? "met" : failure.because;
}

const IDP: Partial<Requirements> = {
  permittedIdps: [["https://idp.example.edu"]],
};
const OTHER = ["https://idp.example.org"];

const TABLE: readonly [
  string,
  string,
  Partial<Requirements>,
  Partial<Authentication>[],
][] = [
  ["met", "nothing is required of nobody", {}, []],
  ["met", "nothing is required of an old authentication", {}, [{
    auth_time: 0,
  }]],
  ["met", "exactly the age", { maxAuthAge: 60 }, [{ auth_time: NOW - 60 }]],
  ["reauthentication_required", "a second more", { maxAuthAge: 60 }, [{
    auth_time: NOW - 61,
  }]],
  ["met", "an age of zero now", { maxAuthAge: 0 }, [{ auth_time: NOW }]],
  ["reauthentication_required", "an age of zero a second ago", {
    maxAuthAge: 0,
  }, [{ auth_time: NOW - 1 }]],
  ["reauthentication_required", "no time", { maxAuthAge: 60 }, [{
    auth_time: null,
  }]],
  ["met", "an age with a fraction", { maxAuthAge: 60 }, [{
    auth_time: NOW - 59.5,
  }]],
  ["reauthentication_required", "a fraction too old", { maxAuthAge: 60 }, [{
    auth_time: NOW - 60.001,
  }]],
  ["reauthentication_required", "a fraction beyond the skew", {
    maxAuthAge: 60,
  }, [{
    auth_time: NOW + 30.001,
  }]],
  ["met", "the future within the skew", { maxAuthAge: 60 }, [{
    auth_time: NOW + 30,
  }]],
  ["reauthentication_required", "the future beyond the skew", {
    maxAuthAge: 60,
  }, [{ auth_time: NOW + 31 }]],
  ["reauthentication_required", "the future beyond the skew for mfa", {
    mfa: true,
  }, [{ auth_time: NOW + 31 }]],
  ["reauthentication_required", "the future beyond the skew for an idp", IDP, [{
    auth_time: NOW + 31,
  }]],
  ["reauthentication_required", "a time that is not a number", {
    maxAuthAge: 60,
  }, [{ auth_time: NaN }]],
  ["reauthentication_required", "not a number, mfa only", { mfa: true }, [{
    auth_time: NaN,
  }]],
  ["reauthentication_required", "infinity", { maxAuthAge: 60 }, [{
    auth_time: Infinity,
  }]],
  ["met", "no time where no age is asked", { mfa: true }, [{
    auth_time: null,
  }]],
  ["met", "mfa", { mfa: true }, [{}]],
  ["mfa_required", "one factor", { mfa: true }, [{ amr: ["pwd"] }]],
  ["mfa_required", "other case", { mfa: true }, [{ amr: ["MFA"] }]],
  ["mfa_required", "a part of the word", { mfa: true }, [{
    amr: ["mfa2", "no-mfa"],
  }]],
  ["mfa_required", "no factors", { mfa: true }, [{ amr: [] }]],
  ["mfa_required", "an acr that is not asked for", { mfa: true }, [{
    amr: [],
    acr: "2",
  }]],
  ["met", "a permitted provider", IDP, [{}]],
  ["met", "one of its names", IDP, [{
    idps: ["id", "https://idp.example.edu"],
  }]],
  ["idp_not_permitted", "another provider", IDP, [{ idps: OTHER }]],
  ["idp_not_permitted", "no provider", IDP, [{ idps: [] }]],
  ["idp_not_permitted", "a trailing slash", IDP, [{
    idps: ["https://idp.example.edu/"],
  }]],
  ["idp_not_permitted", "nobody, idp and mfa", { ...IDP, mfa: true }, []],
  ["mfa_required", "nobody, mfa and age", { mfa: true, maxAuthAge: 60 }, []],
  ["reauthentication_required", "nobody, age", { maxAuthAge: 60 }, []],
  ["idp_not_permitted", "everything wrong", {
    ...IDP,
    mfa: true,
    maxAuthAge: 1,
  }, [
    { idps: [], amr: [], auth_time: 0 },
  ]],
  ["mfa_required", "mfa and age wrong", { ...IDP, mfa: true, maxAuthAge: 1 }, [{
    amr: [],
    auth_time: 0,
  }]],
  // one and the same authentication
  ["mfa_required", "mfa at one, provider at another", { ...IDP, mfa: true }, [
    { amr: ["pwd"] },
    { idps: OTHER },
  ]],
  ["reauthentication_required", "fresh at one, mfa at another", {
    mfa: true,
    maxAuthAge: 60,
  }, [
    { auth_time: NOW, amr: ["pwd"] },
    { auth_time: NOW - 3600 },
  ]],
  ["met", "all at the second", { ...IDP, mfa: true, maxAuthAge: 60 }, [{
    amr: [],
  }, {}]],
  ["reauthentication_required", "the nearest counts", {
    ...IDP,
    mfa: true,
    maxAuthAge: 1,
  }, [
    { idps: OTHER },
    { amr: [] },
    { auth_time: 0 },
  ]],
];

for (const [expected, name, required, authentications] of TABLE) {
  Deno.test(`assuranceFailure(): ${name} is ${expected}`, () => {
    assert.equal(lack(required, authentications), expected);
    assert.equal(lack(required, authentications.toReversed()), expected);
  });
}

Deno.test("mfa is shown by any listed method or class", () => {
  const mfa =
    '{amr_any: [otp, hwk], acr_any: ["https://refeds.org/profile/mfa"]}';
  const shown = (authentication: Partial<Authentication>) =>
    lack({ mfa: true }, [authentication], { mfa });
  assert.equal(shown({ amr: ["pwd", "hwk"], acr: null }), "met");
  assert.equal(
    shown({ amr: [], acr: "https://refeds.org/profile/mfa" }),
    "met",
  );
  assert.equal(
    shown({ amr: ["mfa"], acr: "https://refeds.org/profile/sfa" }),
    "mfa_required",
  );
  assert.equal(
    shown({ amr: ["https://refeds.org/profile/mfa"], acr: "otp" }),
    "mfa_required",
  );
});

Deno.test("mfa is never shown where the issuer lists nothing", () => {
  const mfa = "{amr_any: [], acr_any: []}";
  assert.equal(lack({ mfa: true }, [{}], { mfa }), "mfa_required");
});

Deno.test("same_identity looks only at authentications of the identities that map", () => {
  const required = { ...NONE, mfa: true, sameIdentity: true };
  const both = [{ identity: "u1", amr: ["pwd"] }, { identity: "u2" }];
  assert.equal(lack(required, both, { mapping: ["u1"] }), "mfa_required");
  assert.equal(lack(required, both, { mapping: ["u2"] }), "met");
  assert.equal(lack(required, both, { mapping: ["u1", "u2"] }), "met");
  assert.equal(lack(required, both, { mapping: ["u3"] }), "mfa_required");
  assert.equal(
    lack({ ...required, sameIdentity: false }, both, { mapping: ["u1"] }),
    "met",
  );
});

Deno.test("same_identity alone asks for an authentication of the identity", () => {
  const required = { sameIdentity: true };
  assert.equal(
    lack(required, [{ identity: "u1" }], { mapping: ["u1"] }),
    "met",
  );
  assert.equal(
    lack(required, [{ identity: "u2" }], { mapping: ["u1"] }),
    "reauthentication_required",
  );
  assert.equal(
    lack(required, [], { mapping: ["u1"] }),
    "reauthentication_required",
  );
});

Deno.test("same_identity is not met by identities without an id", () => {
  assert.equal(
    lack({ sameIdentity: true }, [{ identity: null }], { mapping: [null] }),
    "reauthentication_required",
  );
});

Deno.test("same_identity does not bind accounts that belong to no identity", () => {
  assert.equal(
    lack({ sameIdentity: true, mfa: true }, [{ identity: "u9" }], {
      mapping: null,
    }),
    "met",
  );
});

Deno.test("combine() takes the stricter of both, and every list of providers", () => {
  const strict: Assurance = {
    permitted_idps: ["a"],
    mfa: true,
    max_auth_age: 60,
    same_identity: true,
  };
  const strictly = {
    permittedIdps: [["a"]],
    mfa: true,
    maxAuthAge: 60,
    sameIdentity: true,
  };
  assert.deepEqual(combine(NOTHING, NOTHING), NONE);
  assert.deepEqual(combine(strict, NOTHING), strictly);
  assert.deepEqual(combine(NOTHING, strict), strictly);
  const loose = {
    ...strict,
    permitted_idps: ["b"],
    mfa: false,
    max_auth_age: 3600,
    same_identity: false,
  };
  assert.deepEqual(combine(strict, loose), {
    ...strictly,
    permittedIdps: [["a"], ["b"]],
  });
  assert.deepEqual(combine(loose, strict), {
    ...strictly,
    permittedIdps: [["b"], ["a"]],
  });
});

Deno.test("a provider must be in the policy's list and in the rule's", () => {
  const both = { permittedIdps: [["a", "b"], ["b", "c"]] };
  assert.equal(lack(both, [{ idps: ["b"] }]), "met");
  for (const idp of ["a", "c"]) {
    assert.equal(lack(both, [{ idps: [idp] }]), "idp_not_permitted");
  }
});

Deno.test("assuranceFailure() tells what was expected and what was seen", () => {
  const failure = (
    required: Partial<Requirements>,
    authentication: Partial<Authentication>,
  ) =>
    assuranceFailure(
      { ...NONE, ...required },
      [{ ...GOOD, ...authentication }],
      {
        issuer: issuerWith(),
        now: NOW,
        mapping: null,
      },
    );
  assert.deepEqual(failure(IDP, { idps: OTHER }), {
    because: "idp_not_permitted",
    expected: ["https://idp.example.edu"],
    actual: OTHER,
  });
  assert.deepEqual(failure({ mfa: true }, { amr: ["pwd"] }), {
    because: "mfa_required",
    expected: ["mfa"],
    actual: ["pwd"],
  });
  assert.deepEqual(failure({ maxAuthAge: 5 }, { auth_time: 7 }), {
    because: "reauthentication_required",
    expected: 5,
    actual: 7,
  });
});
