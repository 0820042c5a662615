/**
 * What `policy init` and `policy import` make of other programs' configurations. Map files that these name
 * are not read: there are none in a browser.
 *
 * @module
 */
import { importOauthSsh } from "../../cli/policy/import/convert.ts";
import { importOpkssh } from "../../cli/policy/import/opkssh.ts";
import { initialPolicy, pamLine } from "../../cli/policy/init/convert.ts";

export type Foreign =
  | { readonly from: "pam-oauth-py"; readonly line: string }
  | {
    readonly from: "oauth-ssh";
    readonly text: string;
    readonly fqdns: string;
    readonly secretFile: string;
    readonly environment: string;
  }
  | {
    readonly from: "opkssh";
    readonly providers: string;
    readonly auth_id: string;
    readonly config: string;
  };

interface Converted {
  /** `null` where none can be made. */
  readonly policy: string | null;
  /** What cannot be carried over, line by line. */
  readonly remarks: readonly {
    readonly place: string;
    readonly level: "error" | "warning" | "info";
    readonly message: string;
  }[];
}

/** The text of a policy. Never throws. */
export function converted(foreign: Foreign): Converted {
  switch (foreign.from) {
    case "pam-oauth-py":
      return fromPamLine(foreign.line);
    case "oauth-ssh": {
      const { policy, remarks } = importOauthSsh(foreign.text, {
        fqdns: wordsOf(foreign.fqdns),
        secretFile: foreign.secretFile,
        environment: foreign.environment,
      });
      return {
        policy,
        remarks: remarks.map(({ line, ...rest }) => ({
          place: `oauth-ssh.conf:${line}`,
          ...rest,
        })),
      };
    }
    case "opkssh": {
      const { providers, auth_id, config } = foreign;
      const { policy, remarks } = importOpkssh({
        providers,
        auth_id,
        config: config.trim() === "" ? null : config,
      });
      return {
        policy,
        remarks: remarks.map(({ file, line, level, message }) => ({
          place: `${file}:${line}`,
          level,
          message,
        })),
      };
    }
  }
}

/** What stands before the parameters, such as the module's path, is not looked at. */
function fromPamLine(line: string): Converted {
  const words = line.split(/\s+/).filter((word) => word !== "");
  const first = words.findIndex((word) => word.includes("="));
  try {
    const given = pamLine(first < 0 ? [] : words.slice(first));
    const policy = initialPolicy(Object.fromEntries(given));
    return { policy, remarks: [] };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      policy: null,
      remarks: [{ place: "line 1", level: "error", message }],
    };
  }
}

function wordsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}
