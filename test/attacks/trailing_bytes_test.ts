/**
 * What surrounds a token is part of what was typed; only one end mark is not.
 *
 * @module
 */
// Threats: A7
import { setScene } from "../support/attack.ts";

Deno.test("login takes off one newline or one NUL and nothing else", async () => {
  await using scene = await setScene();
  const token = await scene.token();
  for (
    const typed of [
      `${token}\n\n`,
      `${token}\0\0`,
      `${token}\0\n`,
      `${token}\n\0`,
      `${token}\r\n`,
      `${token}\r`,
      `${token} `,
      `${token}\t`,
      ` ${token}`,
      `\n${token}`,
      `\ufeff${token}`,
      `\0${token}`,
      `Bearer ${token}`,
      `bearer ${token}`,
      `Authorization: Bearer ${token}`,
      `"${token}"`,
      `'${token}'`,
      `<${token}>`,
      `${token}.`,
      `.${token}`,
      `${token}=`,
      `${token},${token}`,
      `${token}\n${token}`,
      `${token}\0root`,
      token.replace(".", ".\n"),
      token.replace(".", " . "),
      token.replaceAll(".", "\u2024"),
    ]
  ) await scene.refusesUnasked(typed, "token_malformed");
  for (const nothing of ["", "\n", "\0"]) {
    await scene.refusesUnasked(nothing, "token_missing");
  }
  for (const typed of [token, `${token}\n`, `${token}\0`]) {
    await scene.admits(typed);
  }
});
