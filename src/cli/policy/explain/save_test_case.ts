/**
 * `policy explain --save-test`: a case that happened becomes a test of the policy.
 *
 * @module
 */
import { testText, type WrittenTest } from "../../../analysis/testing/write.ts";
import type { MapFiles } from "../../../policy/evaluate/accounts.ts";
import { readClaim } from "../../../policy/claims.ts";
import type { Explanation } from "../../../analysis/explain/explain.ts";
import { accountsOf } from "../../../policy/evaluate/map_file.ts";
import { keyAttribute } from "../../../policy/identity_claims.ts";
import {
  mentionedLocations,
  restrictClaims,
} from "../../../policy/evaluate/claims_used.ts";
import { instantText } from "../../../policy/instant.ts";
import type { Issuer, Policy } from "../../../policy/model.ts";
import type { AccessRequest } from "../../../policy/request.ts";
import { subjectFromClaims } from "../../../policy/evaluate/subject.ts";
import { evaluate } from "../../../policy/evaluate/evaluate.ts";
import { mapFilesOfIssuer } from "../../../analysis/map_files.ts";
import { readTestFile, writtenTests } from "../../../analysis/testing/suite.ts";
import { decodeUtf8 } from "../../../files/trusted_file.ts";
import type { CliIo } from "../../io.ts";
import { RefusedFile } from "../../read_file.ts";
import { InputError, writeOutput } from "../../input.ts";

export interface Case {
  readonly explanation: Explanation;
  readonly policy: Policy;
  readonly issuer: Issuer;
  readonly request: AccessRequest;
  readonly mapFiles: MapFiles;
  /** Whether the token came in a certificate. */
  readonly certificate: boolean;
  /** What a session by certificate may use; `null` where there is none. */
  readonly permit: readonly string[] | null;
}

/** Appends the case to a file of tests, which need not be there. Throws {@link InputError}. */
export async function saveTest(
  path: string,
  saved: Case,
  io: CliIo,
): Promise<void> {
  const { before, names, end, indent } = await placeIn(
    await textOf(path, io),
    path,
  );
  const name = uniqueName(saved.explanation, names);
  const item = testText(testOf(saved, name), indent);
  const head = before.slice(0, end);
  const gap = head === "" || head.endsWith("\n") ? "" : "\n";
  const text = head + gap + item + before.slice(end);
  const read = readTestFile(text, { file: path });
  const wrong = read.diagnostics.length > 0 || read.source === null ||
    writtenTests(read.source.document, { policy: false }).issues.length > 0;
  if (wrong) {
    throw new InputError(`the test cannot be added to the file "${path}"`);
  }
  await writeOutput(path, text, io);
}

async function textOf(path: string, io: CliIo): Promise<string> {
  try {
    const text = decodeUtf8(await io.readFile(path, { toAddTo: true }));
    return text.trim() === "" ? "tests:\n" : text;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "tests:\n";
    const why = error instanceof RefusedFile ? error.message : "cannot be read";
    throw new InputError(`the file "${path}" ${why}`);
  }
}

interface Place {
  readonly before: string;
  readonly names: ReadonlySet<string>;
  /** Where the next test belongs. */
  readonly end: number;
  readonly indent: string;
}

/** The end of the list of tests. Throws where it cannot be lengthened without touching the rest. */
async function placeIn(text: string, path: string): Promise<Place> {
  const { isMap, isScalar, isSeq, parseDocument } = await import("yaml");
  const document = parseDocument(text);
  const root = document.contents;
  const tests = isMap(root) ? root.get("tests", true) : undefined;
  if (document.errors.length > 0 || !isMap(root)) {
    throw new InputError(`the file "${path}" is not a file of tests`);
  }
  if (tests === undefined) {
    const gap = text.endsWith("\n") ? "" : "\n";
    return await placeIn(`${text}${gap}tests:\n`, path);
  }
  const names = new Set<string>();
  if (!isSeq(tests)) {
    const empty = isScalar(tests) && tests.value === null &&
      /^tests:[ \t]*(?:#.*)?\n?$/m.test(text.slice(text.lastIndexOf("tests:")));
    if (!empty) throw new InputError(`"tests" in "${path}" is not a list`);
    return { before: text, names, end: text.length, indent: "  " };
  }
  if (tests.flow === true) {
    const message = `write "tests" in "${path}" as a list with a line for each`;
    throw new InputError(message);
  }
  for (const item of tests.items) {
    const name = isMap(item) ? item.get("name") : undefined;
    if (typeof name === "string") names.add(name);
  }
  const [start, , end] = tests.range ?? [0, text.length, text.length];
  const line = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
  return { before: text, names, end, indent: line.replace(/[^ ].*$/, "") };
}

function uniqueName(
  explanation: Explanation,
  names: ReadonlySet<string>,
): string {
  const { decision, account, issuer } = explanation;
  const what = decision.decision === "allow"
    ? `${issuer} admits to ${account} by ${decision.rule}`
    : `${issuer} does not admit to ${account}: ${decision.reason}`;
  let name = what;
  for (let count = 2; names.has(name); count++) name = `${what} (${count})`;
  return name;
}

function testOf(saved: Case, name: string): WrittenTest {
  const { explanation, issuer, request, permit, certificate } = saved;
  const { decision, reason, rule } = explanation.decision;
  const { claims, mapFiles } = essentials(saved);
  const expect = decision === "allow"
    ? { decision, rule, ...(permit === null ? {} : { ssh: { permit } }) }
    : { decision, reason, ...(rule === null ? {} : { rule }) };
  return {
    name,
    ...(certificate ? { way: "certificate" } : {}),
    account: request.account,
    issuer: issuer.name,
    service: request.service,
    ...(request.rhost === null ? {} : { rhost: request.rhost }),
    now: instantText(request.now),
    claims,
    ...(Object.keys(mapFiles).length === 0 ? {} : { map_files: mapFiles }),
    expect,
  };
}

/** Only what the decision depends on: a test should not spread who somebody is. */
function essentials(
  { policy, issuer, request, mapFiles, explanation }: Case,
): {
  claims: AccessRequest["subject"]["claims"];
  mapFiles: Record<string, string>;
} {
  const all = request.subject.claims;
  const claims = restrictClaims(all, mentionedLocations(policy, issuer), {
    absent: "left out",
  });
  const lines = Object.fromEntries(
    mapFilesOfIssuer(policy, issuer).map((path) => [
      path,
      linesFor(path, { policy, request, mapFiles }),
    ]),
  );
  const small = {
    ...request,
    subject: subjectFromClaims(issuer, claims),
  };
  const { decision, reason, rule } = evaluate(policy, small, {
    mapFiles: new Map(Object.entries(lines)),
  });
  const same = decision === explanation.decision.decision &&
    reason === explanation.decision.reason &&
    rule === explanation.decision.rule;
  return same
    ? { claims, mapFiles: lines }
    : { claims: all, mapFiles: Object.fromEntries(mapFiles) };
}

/** The lines of a map file that concern the person. */
function linesFor(
  path: string,
  options: { policy: Policy; request: AccessRequest; mapFiles: MapFiles },
): string {
  const { policy, request, mapFiles } = options;
  const { claims, identities } = request.subject;
  const keys = policy.rules.flatMap(({ accounts }) => accounts ?? []).flatMap(
    (source) =>
      source.source === "map_file" && source.path === path ? source.keys : [],
  );
  const values = keys.flatMap((key): unknown[] => {
    const attribute = keyAttribute(key);
    return attribute === null
      ? [readClaim(claims, key)]
      : identities.map((identity) => identity[attribute]);
  }).filter((value) => typeof value === "string");
  return [...new Set(values)].flatMap((value) => {
    const accounts = accountsOf(mapFiles.get(path) ?? "", value);
    return accounts.length === 0 ? [] : [`${value} ${accounts.join(",")}\n`];
  }).join("");
}
