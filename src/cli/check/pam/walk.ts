/**
 * What libpam makes of a stack: every way through it that the modules' answers can take.
 *
 * @module
 */
import type { PamLine } from "./file.ts";

/** Return values as control words name them. */
export type Answer =
  | "success"
  | "ignore"
  | "auth_err"
  | "user_unknown"
  | "authinfo_unavail"
  | "cred_err"
  | "system_err";

interface Walk {
  /** What a line may answer; each is tried. */
  readonly answers: (line: PamLine) => readonly Answer[];
  /** The answer by which the line's action is chosen, where that is another one. */
  readonly judgedAs?: (line: PamLine, answer: Answer) => Answer;
  /** Lines whose having run or having succeeded is of interest. */
  readonly marked: (line: PamLine) => boolean;
}

/** One way in. */
export interface Grant {
  /** A marked line ran. */
  readonly met: boolean;
  /** The last line that answered with success and counted. */
  readonly by: PamLine;
}

interface State {
  readonly index: number;
  readonly impression: "undefined" | "positive" | "negative";
  /** The status so far is PAM_SUCCESS. */
  readonly good: boolean;
  readonly met: boolean;
  readonly by: number;
}

/**
 * All ways in which the lines (of one type) can end in success. Follows `_pam_dispatch_aux()` of
 * Linux-PAM 1.5; a "reset" inside a substack forgets everything.
 */
export function grants(lines: readonly PamLine[], walk: Walk): Grant[] {
  const seen = new Set<string>();
  const found = new Map<string, Grant>();
  const open: State[] = [
    { index: 0, impression: "undefined", good: false, met: false, by: -1 },
  ];
  while (open.length > 0) {
    const state = open.pop();
    if (state === undefined) break;
    const key = Object.values(state).join(" ");
    if (seen.has(key)) continue;
    seen.add(key);
    const line = lines[state.index];
    if (line !== undefined) {
      open.push(
        ...walk.answers(line).map((answer) =>
          step(state, { lines, line, answer, walk })
        ),
      );
      continue;
    }
    const by = lines[state.by];
    if (state.impression === "positive" && state.good && by !== undefined) {
      found.set(`${state.by} ${state.met}`, { met: state.met, by });
    }
  }
  return [...found.values()];
}

interface Step {
  readonly lines: readonly PamLine[];
  readonly line: PamLine;
  readonly answer: Answer;
  readonly walk: Walk;
}

function step(state: State, { lines, line, answer, walk }: Step): State {
  const judged = walk.judgedAs?.(line, answer) ?? answer;
  const action = line.actions.get(judged) ?? line.actions.get("default") ??
    "bad";
  const next = {
    ...state,
    index: state.index + 1,
    met: state.met || walk.marked(line),
  };
  const end = endOfStack(lines, state.index);
  const undecided = state.impression === "undefined" ||
    (state.impression === "positive" && state.good);
  switch (action) {
    case "ignore":
      return next;
    case "reset":
      return { ...next, impression: "undefined", good: false };
    case "ok":
    case "done": {
      const counts = undecided && (answer !== "ignore" || judged === answer);
      const after: State = counts
        ? {
          ...next,
          impression: "positive",
          good: answer === "success",
          by: answer === "success" ? state.index : state.by,
        }
        : next;
      return action === "done" && after.impression === "positive"
        ? { ...after, index: end }
        : after;
    }
    case "bad":
    case "die": {
      const after: State = { ...next, impression: "negative", good: false };
      return action === "die" ? { ...after, index: end } : after;
    }
    default:
      return jump(next, { lines, line, count: Number(action) });
  }
}

function jump(
  next: State,
  { lines, line, count }: {
    lines: readonly PamLine[];
    line: PamLine;
    count: number;
  },
): State {
  let { index } = next;
  for (let left = count; left > 0; left--) {
    const skipped = lines[index];
    // nothing to skip any more, or no number: libpam refuses
    if (skipped === undefined || skipped.depth < line.depth) {
      return { ...next, index, impression: "negative", good: false };
    }
    index++;
    while ((lines[index]?.depth ?? -1) > line.depth) index++;
  }
  return Number.isInteger(count)
    ? { ...next, index }
    : { ...next, impression: "negative", good: false };
}

/** Where a decision leads: behind the substack that the line stands in. */
function endOfStack(lines: readonly PamLine[], index: number): number {
  const depth = lines[index]?.depth ?? 0;
  let end = index + 1;
  while (end < lines.length && (lines[end]?.depth ?? 0) >= depth) end++;
  return depth === 0 ? lines.length : end;
}
