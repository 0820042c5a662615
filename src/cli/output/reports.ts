/**
 * Which reports a verb writes, and where to: `--format`, `--output` and `--reporter`.
 *
 * @module
 */
import type { Option } from "../command.ts";
import { type Arguments, choice, UsageError } from "../arguments.ts";
import { whyUnwritten } from "../input.ts";
import type { CliIo } from "../io.ts";

/** `--format`: the first of them is the default; `remarks` tell of some what they are. */
export function formatOption<Format extends string>(
  formats: readonly [Format, ...Format[]],
  remarks: Readonly<Record<string, string>> = {},
): Option {
  return {
    value: "FORMAT",
    oneOf: Object.fromEntries(
      formats.map((format) => [format, remarks[format] ?? ""]),
    ),
    fallback: formats[0],
  };
}

/** What {@link outputsOf} reads. */
export function reportOptions<Format extends string>(
  formats: readonly [Format, ...Format[]],
  remarks: Readonly<Record<string, string>> = {},
): Readonly<Record<"format" | "output" | "reporter", Option>> {
  return {
    format: formatOption(formats, remarks),
    output: {
      value: "FILE",
      says: "write the report there instead of to standard output",
    },
    reporter: {
      value: "NAME[=FILE]",
      says: "another report, to a file or to standard output",
      oneOf: formats,
      repeat: true,
    },
  };
}

export interface ReportOutput<Format extends string> {
  readonly format: Format;
  /** `null`: standard output. */
  readonly file: string | null;
}

/** Throws {@link UsageError} when two reports would go to one place. */
export function outputsOf<Format extends string>(
  options: Arguments,
  formats: readonly [Format, ...Format[]],
): ReportOutput<Format>[] {
  const format = options.text("format");
  const file = options.text("output");
  const reporters = options.texts("reporter").map((written) =>
    reporterOf(written, formats)
  );
  const wanted = format !== undefined || file !== undefined ||
    reporters.length === 0;
  const outputs = [
    ...(wanted
      ? [{
        format: choice("format", format ?? formats[0], formats),
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
      `two reports would go to ${place}\nhint: give each a file, such as --reporter ${
        formats.at(-1)
      }=FILE`,
    );
  }
  return outputs;
}

function reporterOf<Format extends string>(
  written: string,
  formats: readonly Format[],
): ReportOutput<Format> {
  const at = written.indexOf("=");
  const name = at < 0 ? written : written.slice(0, at);
  const file = at < 0 ? null : written.slice(at + 1);
  if (file === "") {
    throw new UsageError(`--reporter ${written} names no file after "="`);
  }
  return { format: choice("reporter", name, formats), file };
}

/** Writes each report; a report that is `null` has nothing to say and is left out. */
export async function writeReports<Format extends string>(
  outputs: readonly ReportOutput<Format>[],
  io: CliIo,
  text: (format: Format, options: { readonly color: boolean }) => string | null,
): Promise<void> {
  for (const { format, file } of outputs) {
    const report = text(format, { color: io.color && file === null });
    if (report === null) continue;
    if (file === null) io.stdout(report);
    else await write(file, report, io);
  }
}

/** Throws {@link UsageError}, as for two reports in one place: the command line names the file. */
async function write(file: string, text: string, io: CliIo): Promise<void> {
  try {
    await io.writeFile(file, text);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const why = whyUnwritten(error).replace(/^cannot be written: /, "")
      .replace(/^is /, "it is ");
    throw new UsageError(`cannot write ${JSON.stringify(file)}: ${why}`);
  }
}
