/**
 * `check`: who gets in through a stack, whatever its modules answer.
 *
 * @module
 */
import type { Level } from "../../../policy/diagnostic.ts";
import type { Finding } from "../../../policy/diagnostic.ts";
import { fine, type HostFinding, type Noted } from "../finding.ts";
import { type Mend, mendBehind, mendLine } from "../mend.ts";
import type { PamLine } from "./file.ts";
import {
  asksForProof,
  authenticationAnswers,
  credentialAnswers,
} from "./modules.ts";
import { alwaysRefuses } from "./arguments.ts";
import { decides, type OwnLine } from "./own.ts";
import { type Answer, grants } from "./walk.ts";

interface StackContext {
  readonly service: string;
  /** The auth lines. */
  readonly lines: readonly PamLine[];
  /** Those of ours. */
  readonly own: readonly OwnLine[];
}

/** What the whole of the auth lines does. At least one line of ours must be able to grant. */
export function stackFindings(context: StackContext): Noted[] {
  const open = nobodyProved(context);
  if (open.length > 0) return open;
  const closed = neverGrants(context);
  const together = closed.length > 0 ? [] : notAlone(context);
  const others = otherWays(context);
  const is = (id: string, what: string) =>
    fine(`pam/${id}`, `${context.service}: ${what}`);
  return [
    is(
      "fails-open",
      "whoever proves nothing is refused, whatever the modules answer",
    ),
    ...closed,
    ...(closed.length > 0 || together.length > 0 ? [] : [
      is(
        "never-grants",
        "a good token is enough for these lines, and pam_setcred is answered",
      ),
    ]),
    ...together,
    ...permitsAtTheEnd(context),
    ...others,
    ...(others.length > 0 ? [] : [
      is(
        "second-way-in",
        "nothing but a token lets anybody in",
      ),
    ]),
  ];
}

function ownOf(line: PamLine, { own }: StackContext): OwnLine | undefined {
  return own.find((each) => each.file === line.file && each.line === line.line);
}

function isDeciding(line: PamLine, context: StackContext): boolean {
  const own = ownOf(line, context);
  return own !== undefined && decides(own);
}

/** What a refusal of ours looks like to libpam. */
function refusal(line: PamLine): Answer {
  return line.module === "pam_exec" ? "system_err" : "auth_err";
}

interface Assumptions {
  /** Lines of ours that decide. */
  readonly ours: "refuse" | "grant";
  readonly outcome: readonly Answer[];
  /** Modules that ask for a proof. */
  readonly others: "refuse" | "not_succeed" | "any";
}

function ways(context: StackContext, assumed: Assumptions) {
  return grants(context.lines, {
    marked: (line) => isDeciding(line, context),
    answers(line) {
      const own = ownOf(line, context);
      if (own !== undefined && decides(own)) {
        const granting = assumed.ours === "grant" && !alwaysRefuses(own);
        return [granting ? "success" : refusal(line)];
      }
      if (own?.verb === "outcome") return assumed.outcome;
      const answers = authenticationAnswers(line);
      if (own !== undefined || !asksForProof(line)) return answers;
      return answers.filter((answer) =>
        assumed.others === "any" || answer !== "success" &&
          (assumed.others === "not_succeed" || answer !== "ignore")
      );
    },
  });
}

/** Neither a token nor anything else was accepted, and yet somebody gets in. */
function nobodyProved(context: StackContext): Finding[] {
  const found = ways(context, {
    ours: "refuse",
    outcome: ["success", "system_err"],
    others: "not_succeed",
  });
  return unique(found.map(({ by }) => by)).map((by) =>
    finding(by, {
      id: "pam/fails-open",
      level: "error",
      message: `"${by.module}" on this line lets in people who proved nothing`,
      hint: "end the auth lines with the decision: " +
        "[success=done ignore=ignore default=die], then a line that refuses everybody",
    })
  );
}

/** A good token is not enough, or is worth nothing when the session is opened. */
function neverGrants(context: StackContext): Finding[] {
  const [first] = context.own.filter(decides);
  if (first === undefined) return [];
  const granted = ways(context, {
    ours: "grant",
    outcome: ["success", "system_err"],
    others: "any",
  });
  if (!granted.some(({ met }) => met)) {
    return [finding(first, {
      id: "pam/never-grants",
      level: "error",
      message:
        "a good token never gets in: the lines refuse, or do not reach this one",
    })];
  }
  return answersSetcred(context) ? [] : [finding(first, {
    id: "pam/setcred",
    level: "error",
    message:
      "no line answers pam_setcred: the session is closed after a good token",
    hint: `add behind this line: ${REFUSES_EVERYBODY}`,
    ...mendBehind(first, REFUSES_EVERYBODY),
  })];
}

/** Both answers end the lines: what stands behind, a pam_deny above all, has no say in pam_setcred. */
const REFUSES_EVERYBODY = "auth [success=done default=die] pam_listfile.so " +
  "item=user sense=allow file=/dev/null onerr=fail";

/** A good token gets in only together with something else that is asked for. */
function notAlone(context: StackContext): Finding[] {
  const alone = ways(context, {
    ours: "grant",
    outcome: ["success", "system_err"],
    others: "refuse",
  });
  if (alone.some(({ met }) => met)) return [];
  const other = context.lines.find((line) =>
    ownOf(line, context) === undefined && asksForProof(line)
  );
  return other === undefined ? [] : [finding(other, {
    id: "pam/not-alone",
    level: "warning",
    message:
      `a good token alone gets nobody in: "${other.module}" must agree as well`,
    hint:
      "fine where both are wanted; else put the lines of oauth-pam above it",
  })];
}

/** What answers pam_setcred at the end of our file should not be what admits people. */
function permitsAtTheEnd(context: StackContext): Finding[] {
  const at = context.lines.findLastIndex((line) => isDeciding(line, context));
  const own = context.lines[at];
  return context.lines.slice(at + 1)
    .filter(({ module, file }) => module === "pam_permit" && file === own?.file)
    .map((line) =>
      finding(line, {
        id: "pam/permit",
        level: "warning",
        message:
          '"pam_permit" lets everybody in as soon as a line above it stops deciding',
        hint:
          `${REFUSES_EVERYBODY}, which answers pam_setcred and refuses everybody`,
        ...mendLine(line, { replace: REFUSES_EVERYBODY }),
      })
    );
}

/** sshd asks a fresh stack; others the one that authenticated, which remembers its answers. */
function answersSetcred(context: StackContext): boolean {
  const remembers = !context.service.includes("sshd");
  return grants(context.lines, {
    marked: () => false,
    answers: credentialAnswers,
    judgedAs: (line, answer) =>
      remembers && isDeciding(line, context) ? "success" : answer,
  }).length > 0;
}

/** Something else than a token lets people in, after a refusal or without asking. */
function otherWays(context: StackContext): Finding[] {
  const found = ways(context, {
    ours: "refuse",
    outcome: ["system_err"],
    others: "any",
  });
  const after = unique(
    found.filter(({ met }) => met).map(({ by }) => proofBefore(by, context)),
  );
  const instead = unique(
    found.filter(({ met }) => !met).map(({ by }) => proofBefore(by, context)),
  ).filter((line) => line.module !== "pam_rootok" && !after.includes(line));
  return [
    ...after.map((line) =>
      finding(line, {
        id: "pam/second-way-in",
        level: "warning",
        message: `whom the policy refuses can still get in by "${line.module}"`,
        hint:
          "[success=done ignore=ignore default=die] on the line of oauth-pam, or an " +
          '"outcome" line before this one',
      })
    ),
    ...instead.map((line) =>
      finding(line, {
        id: "pam/other-way-in",
        level: "info",
        message: `"${line.module}" lets people in before oauth-pam is asked`,
      })
    ),
  ];
}

/** pam_permit and its like only pass on what the module above them found. */
function proofBefore(by: PamLine, { lines }: StackContext): PamLine {
  if (asksForProof(by)) return by;
  return lines.slice(0, lines.indexOf(by)).findLast(asksForProof) ?? by;
}

function unique<Item>(items: readonly Item[]): Item[] {
  return [...new Set(items)];
}

function finding(
  { file, line }: PamLine,
  rest: { id: string; level: Level; message: string; hint?: string } & Mend,
): HostFinding {
  return { ...rest, file, line };
}
