/**
 * The page answers what the command line answers: for every shipped policy and every fixture.
 *
 * @module
 */
import assert from "node:assert/strict";
import { compared } from "../../../src/playground/answers/compare.ts";
import { explained } from "../../../src/playground/answers/explain.ts";
import { findingsOf } from "../../../src/playground/answers/findings.ts";
import { tested } from "../../../src/playground/answers/tests.ts";
import { testSuite } from "../../../src/analysis/testing/suite.ts";
import { readSheet } from "../../../src/playground/answers/sheet.ts";
import { lintJson } from "../../../src/cli/output/json.ts";
import { usable } from "../../../src/policy/syntax/parse.ts";
import { instantText } from "../../../src/policy/instant.ts";
import { cli, type CliResult } from "../../support/cli.ts";
import { fixtureNames, FIXTURES } from "../../support/policy_fixtures.ts";

/** In seconds, what `cli` has for the time. */
const NOW = Date.UTC(2026, 0, 1, 12) / 1000;

interface Case {
  readonly name: string;
  readonly policy: string;
  readonly tests: string;
}

const POLICIES = new URL("../../../policies/", import.meta.url);

const SHIPPED: Case[] = [...Deno.readDirSync(POLICIES)]
  .map(({ name }) => name)
  .filter((name) => /^[^.]+\.yaml$/.test(name)).sort()
  .map((name) => ({
    name,
    policy: Deno.readTextFileSync(new URL(name, POLICIES)),
    tests: Deno.readTextFileSync(
      new URL(name.replace(".yaml", ".test.yaml"), POLICIES),
    ),
  }));

const decoder = new TextDecoder("utf-8", { fatal: true });

const FIXED: Case[] = (["ok", "err"] as const).flatMap((kind) =>
  fixtureNames(kind).map((name) => ({
    name: `${kind}/${name}`,
    policy: decoder.decode(
      Deno.readFileSync(new URL(`${kind}/${name}`, FIXTURES)),
    ),
    tests: "",
  }))
);

const CASES = [...SHIPPED, ...FIXED];

/** The command line with the texts as files, beside each other. */
function run(
  args: readonly string[],
  { policy, tests, ...rest }: {
    policy: string;
    tests: string;
    old?: string;
    stdin?: string;
    mapFiles?: ReadonlyMap<string, string>;
  },
): Promise<CliResult> {
  const files: Record<string, string> = {
    ...Object.fromEntries(rest.mapFiles ?? []),
    "policy.yaml": policy,
  };
  if (tests !== "") files["policy.test.yaml"] = tests;
  if (rest.old !== undefined) files["old.yaml"] = rest.old;
  const { stdin } = rest;
  return cli(args, { files, ...(stdin === undefined ? {} : { stdin }) });
}

function inNone(): void {}

Deno.test("there are policies and fixtures of both kinds", () => {
  assert.ok(SHIPPED.length >= 14);
  assert.ok(FIXED.filter(({ name }) => name.startsWith("ok/")).length > 10);
  assert.ok(FIXED.filter(({ name }) => name.startsWith("err/")).length > 50);
});

Deno.test("the page finds what policy lint finds", async (t) => {
  for (const { name, policy, tests } of CASES) {
    await t.step(name, async () => {
      const { stdout } = await run([
        "policy",
        "lint",
        "policy.yaml",
        "--format",
        "json",
      ], { policy, tests });
      const { findings } = findingsOf({ policy, tests, now: NOW });
      assert.equal(lintJson(findings), stdout);
    });
  }
});

Deno.test("the page says of tests, coverage and changes what policy test says", async (t) => {
  for (const { name, policy, tests } of CASES) {
    await t.step(name, async () => {
      const args = ["policy", "test", "policy.yaml", "--coverage", "--mutate"];
      const { stdout, code } = await run([...args, "--format", "json"], {
        policy,
        tests,
      });
      const answer = tested({ policy, tests, mutate: true }, inNone);
      assert.equal(answer.json, stdout);
      assert.equal(answer.passed, code === 0);
      const { stdout: pretty } = await run(args, { policy, tests });
      assert.equal(answer.pretty, pretty);
    });
  }
});

/** Requests of the policy's own tests, and one of a stranger. */
function requestsOf({ policy, tests }: Case) {
  const { beside, ...read } = readSheet({ policy, tests });
  const parsed = usable(read);
  if (parsed === null || read.source === null) return [];
  const suite = testSuite(parsed, {
    own: read.source,
    beside: beside.sources,
  });
  const stranger = {
    account: "alice",
    service: "sshd",
    rhost: null,
    issuer: parsed.issuers[0]?.name ?? "",
    now: NOW,
    claims: {
      sub: "alice",
      email: "alice@example.edu",
      email_verified: true,
      groups: ["staff", "wheel"],
    } as Record<string, unknown>,
    mapFiles: new Map<string, string>(),
  };
  return [
    stranger,
    ...suite.cases.map(({ request, mapFiles }) => ({
      mapFiles,
      account: request.account,
      service: request.service,
      rhost: request.rhost,
      issuer: request.subject.issuer,
      now: request.now,
      claims: request.subject.claims as Record<string, unknown>,
    })),
  ];
}

Deno.test("the page decides and explains as policy explain does", async (t) => {
  const reasons = new Set<string>();
  const mapped = new Set<string>();
  for (const each of CASES) {
    await t.step(each.name, async () => {
      for (const request of requestsOf(each)) {
        const claims = JSON.stringify(request.claims);
        const { stdout, code } = await run(
          [
            ...["policy", "explain", "policy.yaml", "--format", "json"],
            ...["--account", request.account, "--claims", "-"],
            ...["--service", request.service, "--issuer", request.issuer],
            ...["--now", instantText(request.now)],
            ...request.rhost === null ? [] : ["--rhost", request.rhost],
          ],
          {
            policy: each.policy,
            tests: "",
            stdin: claims,
            mapFiles: request.mapFiles,
          },
        );
        const answer = explained({
          ...request,
          policy: each.policy,
          rhost: request.rhost ?? "",
          time: instantText(request.now),
          now: 0,
          evidence: { kind: "claims", text: claims },
        });
        if ("problem" in answer) {
          assert.equal(code, 3, answer.problem);
          reasons.add("no answer");
        } else {
          assert.equal(answer.json, stdout);
          reasons.add(answer.reason);
          if (request.mapFiles.size > 0) mapped.add(answer.reason);
        }
      }
    });
  }
  assert.ok(reasons.has("allowed") && reasons.has("no answer"));
  assert.ok(reasons.size > 5, [...reasons].join(", "));
  assert.ok(mapped.has("allowed") && mapped.size > 2, [...mapped].join(", "));
});

Deno.test("the page compares as policy diff does", async (t) => {
  const verdicts = new Set<string>();
  for (const [index, { name, policy }] of CASES.entries()) {
    const others = [policy, CASES.at(index - 1)?.policy ?? ""];
    await t.step(name, async () => {
      for (const old of others) {
        const { stdout, code } = await run(
          ["policy", "diff", "old.yaml", "policy.yaml", "--format", "json"],
          { policy, tests: "", old },
        );
        const answer = compared({ old, policy }, inNone);
        if ("problem" in answer) assert.equal(code, 3);
        else {
          assert.equal(answer.json, stdout);
          verdicts.add(answer.verdict);
        }
      }
    });
  }
  assert.ok(verdicts.has("equivalent") && verdicts.size >= 3);
});
