/**
 * The playground of this checkout.
 *
 * @module
 */
import { BUILD_ENVIRONMENT } from "../../src/build/deno.ts";
import { playgroundPage } from "../../src/build/playground/page.ts";

/** The page, as `deno task playground` writes it. */
export async function playgroundHere(): Promise<string> {
  return await playgroundPage(Object.fromEntries(
    BUILD_ENVIRONMENT.flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  ));
}
