/**
 * Which reports `policy lint` writes, and where to.
 *
 * @module
 */
import { type Arguments, choice, UsageError } from "../../arguments.ts";
import { whyUnwritten } from "../../input.ts";
import type { CliIo } from "../../io.ts";
import { githubFindings } from "./github.ts";
import { lintJson } from "../../output/json.ts";
import { junitFindings } from "./junit.ts";
import type { LintReport } from "./report.ts";
import { prettyFindings } from "../../output/pretty.ts";
import { sarifFindings } from "./sarif.ts";

export const FORMATS = ["pretty", "json", "github", "sarif", "junit"] as const;
type Format = typeof FORMATS[number];

export interface ReportOutput {
  readonly format: Format;
  /** `null`: standard output. */
  readonly file: string | null;
}

/** Throws {@link UsageError} when two reports would go to one place. */
export function outputsOf(options: Arguments): ReportOutput[] {
  const format = options.text("format");
  const file = options.text("output");
  const reporters = options.texts("reporter").map(reporterOf);
  const wanted = format !== undefined || file !== undefined ||
    reporters.length === 0;
  const outputs = [
    ...(wanted
      ? [{
        format: choice("format", format ?? "pretty", FORMATS),
        file: file ?? null,
      }]
      : []),
    ...reporters,
  ];
  const places = outputs.map(({ file }) => file);
  const twice = places.find((place, index) => places.indexOf(place) !== index);
  if (twice !== undefined) {
    const place = twice === null ? "standard output" : JSON.stringify(twice);
    throw new UsageError(
      `two reports would go to ${place}\nhint: give each a file, such as --reporter sarif=out.sarif`,
    );
  }
  return outputs;
}

function reporterOf(written: string): ReportOutput {
  const at = written.indexOf("=");
  const name = at < 0 ? written : written.slice(0, at);
  const file = at < 0 ? null : written.slice(at + 1);
  if (file === "") {
    throw new UsageError(`--reporter ${written} names no file after "="`);
  }
  return { format: choice("reporter", name, FORMATS), file };
}

export async function writeReports(
  report: LintReport,
  { outputs, io, texts }: {
    outputs: readonly ReportOutput[];
    io: CliIo;
    texts: ReadonlyMap<string, string>;
  },
): Promise<void> {
  for (const { format, file } of outputs) {
    const color = io.color && file === null;
    const text = REPORTERS[format](report, { texts, color });
    if (file === null) io.stdout(text);
    else await write(file, text, io);
  }
}

async function write(file: string, text: string, io: CliIo): Promise<void> {
  try {
    await io.writeFile(file, text);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new UsageError(
      `cannot write ${JSON.stringify(file)}: it ${whyUnwritten(error)}`,
    );
  }
}

const REPORTERS: Readonly<
  Record<
    Format,
    (
      report: LintReport,
      options: { texts: ReadonlyMap<string, string>; color: boolean },
    ) => string
  >
> = {
  pretty: ({ findings }, options) => prettyFindings(findings, options),
  json: ({ findings }) => lintJson(findings),
  github: githubFindings,
  sarif: sarifFindings,
  junit: junitFindings,
};
