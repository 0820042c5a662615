/**
 * Opening a page in the person's browser.
 *
 * @module
 */

/** Of the environment, what says which browser there is. */
interface BrowserEnvironment {
  /** `os` of `Deno.build`. */
  readonly os: string;
  readonly env: (name: string) => string | undefined;
}

/** The variables that {@link browserCommands} reads. */
const SCREENS = ["DISPLAY", "WAYLAND_DISPLAY"];

/**
 * The commands that open a URL, the one to try first in front: those of `BROWSER` (separated by
 * colons, `%s` stands for the URL), then the desktop's own, where there is a desktop: without one it
 * would start a browser for terminals in the middle of our words.
 */
export function browserCommands(
  url: string,
  { os, env }: BrowserEnvironment,
): string[][] {
  const named = (env("BROWSER") ?? "").split(":").map((command) => {
    const words = command.split(" ").filter((word) => word !== "");
    return words.some((word) => word.includes("%s"))
      ? words.map((word) => word.replaceAll("%s", () => url))
      : [...words, url];
  }).filter(({ length }) => length > 1);
  if (os === "darwin") return [...named, ["open", url]];
  const screen = SCREENS.some((name) => (env(name) ?? "") !== "");
  return [...named, ...(screen ? [["xdg-open", url]] : [])];
}

/**
 * Starts the first of the commands that can be started, and does not wait for it. Answers whether
 * there was one.
 *
 * Does not check that a page appears.
 */
export function openInBrowser(
  url: string,
  environment: BrowserEnvironment,
): boolean {
  for (const [command = "", ...args] of browserCommands(url, environment)) {
    try {
      const options = { args, stdin: "null", stdout: "null", stderr: "null" };
      new Deno.Command(command, options as Deno.CommandOptions).spawn().unref();
      return true;
    } catch {
      // it is not there, or this program may not start it: the next one, or the person's own hand
    }
  }
  return false;
}
