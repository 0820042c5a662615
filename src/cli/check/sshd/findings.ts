/**
 * `check`: settings of sshd, with the place of each and what those meet whom no Match block speaks of.
 *
 * @module
 */
import type { Level } from "../../../policy/diagnostic.ts";
import { fine, type HostFinding, type Noted } from "../finding.ts";
import { type Mend, mendFirst, mendLine } from "../mend.ts";
import type { SshdConfig, SshdSetting } from "./config.ts";

/** Without the settings of Debian's own file, whose defaults are sshd's. */
const DEFAULTS: Readonly<Record<string, string>> = {
  usepam: "no",
  kbdinteractiveauthentication: "yes",
  passwordauthentication: "yes",
  permitrootlogin: "prohibit-password",
  logingracetime: "120",
  pubkeyauthentication: "yes",
  authorizedkeysfile: ".ssh/authorized_keys",
};

/** Every value that somebody meets, with the default where nothing is written. */
function valuesOf(
  config: SshdConfig,
  keyword: string,
): readonly SshdSetting[] {
  const general = effective(config, keyword, null);
  return [general ?? [], config.matched(keyword)].flat();
}

/**
 * What those meet who are in a Match block with these criteria and in no other, or in none (`null`);
 * `undefined` where nothing is written and sshd's default is not known here.
 */
export function effective(
  config: SshdConfig,
  keyword: string,
  match: string | null,
): SshdSetting | undefined {
  const own = match === null
    ? undefined
    : config.matched(keyword).find((each) => each.match === match);
  const written = own ?? config.first(keyword);
  const value = DEFAULTS[keyword];
  if (written !== undefined || value === undefined) return written;
  return { keyword, value, file: config.path, line: 0, match: null };
}

interface Expectation {
  readonly id: string;
  readonly level: Level;
  readonly wanted: string;
  readonly message: string;
}

/** What is found, and the settings that it is found in. */
export class SshdFindings {
  readonly all: Noted[] = [];
  readonly #config: SshdConfig;

  constructor(config: SshdConfig) {
    this.#config = config;
  }

  /** Every value that somebody meets, with the default where nothing is written. */
  values(keyword: string): readonly SshdSetting[] {
    return valuesOf(this.#config, keyword);
  }

  add(
    place: Place,
    finding: HostFinding,
  ): void {
    const { file, line } = place;
    const within = withinText(place);
    this.all.push({
      ...finding,
      id: `sshd/${finding.id}`,
      message: `${finding.message}${within}`,
      file,
      // 0: a default, which is written nowhere
      ...(line === 0 ? {} : { line }),
    });
  }

  /** What was read there is as it should be. */
  ok(id: string, message: string, place: Place): void {
    this.all.push(fine(`sshd/${id}`, `${message}${withinText(place)}`, place));
  }

  /** `spared`: whom the setting does not concern, by the criteria of their Match block. */
  expect(
    keyword: string,
    { id, level, wanted, message }: Expectation,
    spared: (match: string | null) => boolean = () => false,
  ): void {
    const name = NAMES[keyword] ?? keyword;
    for (const setting of this.values(keyword)) {
      if (setting.value.toLowerCase() === wanted) {
        const unset = setting.line === 0 ? ", sshd's own default" : "";
        this.ok(id, `${name} ${setting.value}${unset}`, setting);
        continue;
      }
      if (spared(setting.match)) continue;
      this.add(setting, {
        id,
        level: setting.match === null ? level : "warning",
        message: `${name} is "${setting.value}": ${message}`,
        ...this.#mend(setting, `${name} ${wanted}`),
      });
    }
  }

  /** sshd takes the first value: another one further down is never read. */
  #mend(
    setting: SshdSetting,
    wanted: string,
  ): { readonly hint: string } & Mend {
    const { keyword, file, line, match } = setting;
    if (line === 0) {
      return {
        hint: `write "${wanted}" into a file in sshd_config.d`,
        ...mendFirst(this.#config.path, wanted),
      };
    }
    const place = `line ${line} of ${file}`;
    const later = match !== null
      ? undefined
      : this.#config.settings.find((each) =>
        each.keyword === keyword && each.match === null &&
        `${keyword} ${each.value}`.toLowerCase() === wanted.toLowerCase()
      );
    return later === undefined
      ? {
        hint: `write "${wanted}" in place of ${place}`,
        ...mendLine(setting, { replace: wanted }),
      }
      : {
        hint:
          `remove ${place}: sshd takes the first value, and line ${later.line} of ${later.file}, ` +
          `"${wanted}", is never read`,
        ...mendLine(setting, { with: "s/^/# /" }),
      };
  }
}

type Place = Pick<SshdSetting, "file" | "line" | "match">;

function withinText({ match }: Place): string {
  return match === null ? "" : ` (in "Match ${match}")`;
}

const NAMES: Readonly<Record<string, string>> = {
  usepam: "UsePAM",
  kbdinteractiveauthentication: "KbdInteractiveAuthentication",
  passwordauthentication: "PasswordAuthentication",
};
