/**
 * The texts that a page holds, read as the command line reads the files.
 *
 * @module
 */
import type { Policy } from "../../policy/model.ts";
import {
  type ParsedPolicy,
  parsePolicy,
  usable,
} from "../../policy/syntax/parse.ts";
import { readTestFile } from "../../analysis/testing/suite.ts";
import { POLICY_FILE } from "../names.ts";
import { NOTHING_BESIDE, type runTests } from "../../cli/policy/testing/run.ts";
import { prettyFindings } from "../../cli/output/pretty.ts";

/** A policy and the file of tests beside it, as they are written; no tests where there is no file. */
export interface Sheet {
  readonly policy: string;
  readonly tests: string;
  /** What the policy is called in answers; `policy.yaml` unless given. */
  readonly file?: string;
}

/** There is no answer, and why. */
export interface Problem {
  readonly problem: string;
}

interface ReadSheet extends ParsedPolicy {
  readonly file: string;
  readonly text: string;
  readonly beside: Parameters<typeof runTests>[1];
  /** Of each file, for code frames. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Reads both texts. Never throws. */
export function readSheet(sheet: Sheet): ReadSheet {
  const file = sheet.file ?? POLICY_FILE;
  const testFile = file.replace(/\.(ya?ml)$/, ".test.$1");
  const texts = new Map([[file, sheet.policy]]);
  const parsed = parsePolicy(sheet.policy, { file });
  const all = { file, text: sheet.policy, ...parsed, texts };
  if (sheet.tests.trim() === "") return { ...all, beside: NOTHING_BESIDE };
  texts.set(testFile, sheet.tests);
  const { source, diagnostics } = readTestFile(sheet.tests, { file: testFile });
  const sources = source === null ? [] : [source];
  return { ...all, beside: { sources, diagnostics } };
}

/** Findings that keep from an answer; the tab of findings has the others. */
const MAX_TOLD = 20;

/** A policy that decisions can be made with, or its findings as the command line prints them. */
export function usablePolicy(
  { text, file }: { readonly text: string; readonly file: string },
): { policy: Policy; parsed: ParsedPolicy } | Problem {
  const parsed = parsePolicy(text, { file });
  const policy = usable(parsed);
  if (policy !== null) return { policy, parsed };
  const texts = new Map([[file, text]]);
  const first = parsed.diagnostics.slice(0, MAX_TOLD);
  const more = parsed.diagnostics.length - first.length;
  const findings = prettyFindings(first, { texts, color: false }).trimEnd();
  return {
    problem: more === 0 ? findings : `${findings}\n… and ${more} more`,
  };
}
