/**
 * Processes whose cost is compared, run in turns: ABAB…, so that whatever else the machine does falls
 * on all of them alike.
 *
 * @module
 */
import { type Metered, runMetered } from "../support/metered.ts";
import type { LogSink } from "../support/syslog.ts";
import { median } from "./statistics.ts";

export type Cost = Pick<
  Metered,
  "milliseconds" | "processorMs" | "megabytes"
>;

export interface Subject {
  readonly name: string;
  /** Throws unless it does what its name says. It fills caches, too. */
  check(): Promise<void>;
  /** Throws when it ends otherwise than it should. */
  run(): Promise<Cost>;
}

/** The medians of each subject by its name. */
export type Results = ReadonlyMap<string, Cost>;

export interface ProcessSubject {
  readonly name: string;
  /** The whole path of the program first. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** With which it ends. Default: 0. */
  readonly code?: number;
  /** Done before each run, and not measured. */
  readonly before?: () => Promise<void>;
  /** What the log line of one run holds; `null` where it writes none. */
  readonly logs: string | null;
  /** What one run asks of an issuer. Default: nothing. */
  readonly requests?: number;
}

/** Where it can be seen what a process did. */
export interface Witness {
  readonly log: LogSink;
  /** How many requests issuers have got so far. */
  requests(): number;
}

export function processSubject(
  subject: ProcessSubject,
  witness: Witness,
): Subject {
  const { name, command, env = {}, stdin = "", code = 0, logs } = subject;
  const run = async (): Promise<Cost> => {
    await subject.before?.();
    const cost = await runMetered(command, { env, stdin });
    if (cost.code === code) return cost;
    throw new Error(
      `${name}: ended with ${cost.code}, not ${code}: ${cost.stderr}${cost.stdout}`,
    );
  };
  return {
    name,
    run,
    async check() {
      await run();
      await run();
      const [lines, requests] = [await witness.log.lines(), witness.requests()];
      await run();
      const written = (await witness.log.lines()).slice(lines.length);
      const right = logs === null
        ? written.length === 0
        : written.length === 1 && written[0]?.includes(logs) === true;
      if (!right) {
        throw new Error(
          `${name}: the log should have one line with ${logs}: ${
            JSON.stringify(written)
          }`,
        );
      }
      const asked = witness.requests() - requests;
      if (asked !== (subject.requests ?? 0)) {
        throw new Error(
          `${name}: ${asked} requests, not ${subject.requests ?? 0}`,
        );
      }
    },
  };
}

/** Checks all subjects, then runs them in turns. */
export async function interleave(
  subjects: readonly Subject[],
  rounds: number,
): Promise<Results> {
  for (const subject of subjects) await subject.check();
  const costs = new Map<string, Cost[]>();
  for (let round = 0; round < rounds; round++) {
    for (const { name, run } of subjects) {
      costs.set(name, [...costs.get(name) ?? [], await run()]);
    }
  }
  return new Map(
    [...costs].map(([name, all]) => [name, {
      milliseconds: median(all.map(({ milliseconds }) => milliseconds)),
      processorMs: median(all.map(({ processorMs }) => processorMs)),
      megabytes: median(all.map(({ megabytes }) => megabytes)),
    }]),
  );
}

const NOTHING: Cost = { milliseconds: NaN, processorMs: NaN, megabytes: NaN };

/** `NaN` throughout for a subject that was not run. */
export function costOf(results: Results, name: string): Cost {
  return results.get(name) ?? NOTHING;
}

/** `-` stands for what was not measured. */
export function figure(value: number, digits = 1): string {
  return Number.isFinite(value) ? value.toFixed(digits) : "-";
}
